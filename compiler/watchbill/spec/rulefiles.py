"""The rule files that somebody names on the command line: files, folders and patterns."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from watchbill.source.codes import rules as codes
from watchbill.source.diagnostic import Diagnostic, Span, has_errors
from watchbill.source.files import PolicyFile, read, shown
from watchbill.source.silencing import MARK
from watchbill.spec.rulefile import Reading, read_manifests

_ENDINGS = (".yaml", ".yml", ".rules")
_GROUPS = re.compile(rb"^\s*[\"']?groups[\"']?\s*:", re.MULTILINE)
_PATTERN = re.compile(r"[*?\[]")


class RuleFiles(msgspec.Struct, frozen=True):
    """`readings` are of the files that could be read; `passed_by` counts those in folders that hold no rules.

    `commented` are the names of those that may hold comments which silence findings.
    """

    files: tuple[PolicyFile, ...]
    readings: tuple[Reading, ...]
    passed_by: int = 0
    commented: tuple[str, ...] = ()

    @property
    def paths(self) -> dict[str, Path]:
        return {file.name: file.path for file in self.files}


def read_rule_files(named: Sequence[Path], here: Path) -> tuple[RuleFiles, list[Diagnostic]]:
    """The rules in these files, in all files of these folders that hold rules, and in what these patterns name.

    A file that is named itself must hold rules; in a folder all kinds of YAML may lie.
    """
    files: dict[str, PolicyFile] = {}
    readings: list[Reading] = []
    found: list[Diagnostic] = []
    passed_by = 0
    commented: list[str] = []
    for path, by_name in _paths(named, here):
        file = PolicyFile(_shown(path, here), path)
        if file.name in files:
            continue
        data, problem = read(file)
        if data is not None and not by_name and not _GROUPS.search(data):
            passed_by += 1
            continue
        files[file.name] = file
        if problem is not None:
            found.append(problem)
        if data is None:
            continue
        if MARK in data:
            commented.append(file.name)
        read_here, told = read_manifests(file.name, data)
        readings += read_here
        if not any(reading.rules for reading in read_here) and not has_errors(told):
            message = "this file holds no rules"
            told.append(Diagnostic(codes.NO_RULES, message, Span(file.name), help="name the files that do"))
        found += told
    return RuleFiles(tuple(files.values()), tuple(readings), passed_by, tuple(commented)), found


def _paths(named: Iterable[Path], here: Path) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether it was named itself (a pattern names what it matches)."""
    for name in named:
        path = here / name
        if path.is_dir():
            yield from ((one, False) for one in _below(path))
        elif _PATTERN.search(str(name)) and not path.exists():
            matched = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  (`**` and absolute patterns alike)
            yield from ((Path(one), True) for one in matched if not os.path.isdir(one))  # noqa: PTH112
            if not matched:
                yield path, True
        else:
            yield path, True


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(names) if name.endswith(_ENDINGS) and not name.startswith("."))


def _shown(path: Path, here: Path) -> str:
    return shown(path.relative_to(here) if path.is_relative_to(here) else path)
