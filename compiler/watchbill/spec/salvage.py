"""What a broken file defines, as far as its text tells: a reference to it is not a second mistake."""

import re
from collections.abc import Iterator

from yaml.nodes import MappingNode, Node

from watchbill.source.diagnostic import Diagnostic, did_you_mean
from watchbill.spec.kinds import KINDS
from watchbill.spec.scalars import NAME
from watchbill.spec.shapes import fields_of

_OF_OTHERS = re.compile(rb"^(groups|route|receivers):|^kind: *PrometheusRule", re.MULTILINE)
_BESIDE_THE_POINT = ("requires", "objectives", "retention", "heartbeat", "pagerduty", "timing", "targets", "versions")
_DOCUMENT = re.compile(r"^---", re.MULTILINE)


def headers(text: str) -> Iterator[tuple[int, str, str, str | None]]:
    """The position, kind, name and team of each document whose header can be read though the document cannot."""
    for position, document in enumerate(_DOCUMENT.split(text)):
        kind, name = _word("kind", "[A-Za-z]+", document), _word("name", NAME, document)
        if kind in KINDS and name is not None:
            yield position, str(kind), name, _word("team", NAME, document)


def _word(key: str, pattern: str, document: str) -> str | None:
    found = re.search(rf"^{key}:[ \t]*[\"']?({pattern})[\"']?[ \t]*(?:#.*)?\r?$", document, re.MULTILINE)
    return found.group(1) if found else None


def of_others(data: bytes) -> bool:
    """Whether a file is rules of Prometheus or a configuration of Alertmanager: no policy, whoever names it."""
    return _OF_OTHERS.search(data) is not None


def misspelt_name(kind: str, header: dict[str, Node]) -> bool:
    """Whether a document without a name has a key that is like `name`: what is misspelt is not missing as well."""
    known = {field.key for field in fields_of(KINDS[kind])}
    return any(did_you_mean(key, ("name",)) for key in header if key not in known)


def beside_the_point(node: MappingNode, wrong: list[Diagnostic]) -> bool:
    """Whether all that is wrong with a Workspace is under keys from which nothing follows for other documents."""
    for key, value in node.value:
        lines = range(key.start_mark.line + 1, value.end_mark.line + 2)
        if any(one.where is None or getattr(one.where, "line", 0) in lines for one in wrong):
            meant = did_you_mean(key.value, [field.key for field in fields_of(KINDS["Workspace"])])
            if meant not in (None, *_BESIDE_THE_POINT):
                return False
    return True
