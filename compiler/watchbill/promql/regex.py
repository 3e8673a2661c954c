"""Regular expressions of matchers: RE2, anchored at both ends, as Prometheus compiles them."""

import functools
import re

import re2

_PLAIN = re.compile(r"[A-Za-z0-9_ /:@%,=~<>!\"'#&;-]+(?:\|[A-Za-z0-9_ /:@%,=~<>!\"'#&;-]+)*")


@functools.lru_cache(maxsize=8192)
def problem(pattern: str) -> str | None:
    """What RE2 says against the pattern, or None when it is one."""
    if pattern in {".*", ".+", ""} or _PLAIN.fullmatch(pattern):
        return None
    try:
        _compiled(pattern)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
    return None


@functools.lru_cache(maxsize=8192)
def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches. The pattern must have passed `problem`. Mirrors `labels.FastRegexMatcher`."""
    if pattern in {".*", ".+"}:
        return bool(value) or pattern == ".*"
    return _compiled(pattern).fullmatch(value) is not None


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> "re2._Regexp[str]":
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    return re2.compile(pattern, options)
