"""One `Diagnostic` type for everything that can be said about a policy, an artifact or a tool."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from watchbill.source.codes import Code

Severity = Literal["error", "warning", "note"]

RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


class Location(msgspec.Struct, frozen=True, array_like=True, tag="at"):
    """Where something stands in a policy file, as a path of keys: cheap to carry, resolved to lines only when shown.

    `file` is relative to the workspace. `path` is empty for a whole document. `key` points at the key instead of its
    value. `start` and `end` are character offsets into a scalar's value (`end` -1: the whole scalar); with `put` they
    are offsets into that text, which is the value with its params put in.
    """

    file: str
    document: int = 0
    path: tuple[str | int, ...] = ()
    key: bool = False
    start: int = 0
    end: int = -1
    put: str = ""

    def at(self, *path: str | int, key: bool = False) -> "Location":
        return Location(self.file, self.document, (*self.path, *path), key)

    def naming(self, text: str, start: int, end: int) -> "Location":
        """The same, narrowed to what stands at these offsets of `text`: the value, but with params put into it."""
        return Location(self.file, self.document, self.path, self.key, start, end, text)

    def within(self, start: int, end: int) -> "Location":
        return Location(self.file, self.document, self.path, self.key, start, end)


class Span(msgspec.Struct, frozen=True, array_like=True, tag="span"):
    """A stretch of a text file. Lines and columns count from 1, in characters; the end is exclusive."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


Where = Location | Span


class Related(msgspec.Struct, frozen=True, array_like=True):
    """A second place that explains the first: "first defined here", "in this alert"."""

    where: Where
    text: str


class Diagnostic(msgspec.Struct, frozen=True):
    """A finding. `message` says what is wrong; `label` stands under the caret; `help` what to do; `notes` what follows."""

    code: Code
    message: str
    where: Where | None = None
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    severity: Severity | None = None

    @property
    def level(self) -> Severity:
        return self.severity or self.code.severity


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.level == "error" for diagnostic in diagnostics)


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word`, or None. Ties go to the first in sorted order, so the answer never wavers."""
    from difflib import get_close_matches  # noqa: PLC0415  (only a mistake needs it, and it costs 6 ms)

    pool = sorted(set(candidates))
    close = get_close_matches(word, pool, n=1, cutoff=0.6)
    if close:
        return close[0]
    folded = {candidate.lower().replace("_", "-"): candidate for candidate in reversed(pool)}
    return folded.get(word.lower().replace("_", "-"))
