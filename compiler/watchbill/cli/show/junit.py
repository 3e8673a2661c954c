"""Tests for a build server: JUnit's XML, with the attributes that Jenkins, GitLab and the others read."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree import ElementTree as ET

# What XML 1.0 can hold (its production [2]); labels may hold anything else.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case(NamedTuple):
    """One test: the suite and class it belongs to, where it stands, and what is to be said when it did not pass.

    `seconds` is None where nobody measured it. `failure` is a message and all that is to be said; `skipped` a reason.
    """

    suite: str
    group: str
    name: str
    file: str = ""
    line: int = 0
    seconds: float | None = None
    failure: tuple[str, str] | None = None
    skipped: str | None = None


def junit(name: str, cases: Iterable[Case], seconds: float) -> str:
    """All cases by their suites, in the order in which those come first."""
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    everything = [case for some in suites.values() for case in some]
    root = ET.Element("testsuites", {"name": _text(name), **_counts(everything), "time": f"{seconds:.3f}"})
    for suite, some in suites.items():
        took = sum(case.seconds or 0.0 for case in some)
        inside = ET.SubElement(root, "testsuite", {"name": _text(suite), **_counts(some), "time": f"{took:.3f}"})
        for case in some:
            _add(inside, case)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(cases: list[Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.failure is not None for case in cases)),
        "errors": "0",
        "skipped": str(sum(case.skipped is not None for case in cases)),
    }


def _add(suite: ET.Element, case: Case) -> None:
    attributes = {"classname": _text(case.group), "name": _text(case.name)}
    if case.file:
        attributes |= {"file": _text(case.file), "line": str(case.line)}
    if case.seconds is not None:
        attributes["time"] = f"{case.seconds:.3f}"
    element = ET.SubElement(suite, "testcase", attributes)
    if case.failure is not None:
        message, text = case.failure
        ET.SubElement(element, "failure", {"message": _text(message), "type": "failure"}).text = _text(text)
    if case.skipped is not None:
        ET.SubElement(element, "skipped", {"message": _text(case.skipped)})


def _text(text: str) -> str:
    return _UNSPEAKABLE.sub("\N{REPLACEMENT CHARACTER}", text)
