"""Regular expressions as Alertmanager compiles them: RE2, with `^(?:` before and `)$` behind (labels.NewMatcher)."""

from functools import lru_cache

import re2

from watchbill.promql.regex import problem as re2_problem

_MEMORY = 64 << 20  # bytes; the usual 8 MiB are too few for some patterns that Go compiles
_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, or None."""
    return re2_problem(anchored(pattern))


@lru_cache(maxsize=1 << 17)
def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches; a `.` is any character but a line break. The pattern must have no `problem`."""
    return _compiled(pattern).search(value) is not None


@lru_cache(maxsize=1 << 14)
def listed(pattern: str) -> tuple[str, ...] | None:
    """The values of a pattern that only lists some: `a|b` is ("a", "b"). None for any other pattern."""
    values = pattern.removeprefix("^(?:").removesuffix(")$").split("|") if whole(pattern) else pattern.split("|")
    return tuple(values) if not any(_SPECIAL & set(value) for value in values) else None


def whole(pattern: str) -> bool:
    """Whether a pattern is written as one that matches the whole value, as those of `match_re` are."""
    return pattern.startswith("^(?:") and pattern.endswith(")$")


def anchored(pattern: str) -> str:
    """A pattern as Go is asked for it."""
    return f"^(?:{pattern})$"


@lru_cache(maxsize=1 << 14)
def _compiled(pattern: str) -> "re2._Regexp[str]":
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(anchored(pattern), options)
