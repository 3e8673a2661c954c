"""Regular expressions of matchers: RE2, anchored at both ends, as Prometheus compiles them."""

import functools
import re

import re2

# Escapes one by one, and quoted stretches as a whole, so that `\\C` is not mistaken for `\C`.
_ESCAPES = re.compile(r"\\Q.*?(?:\\E|\Z)|\\(.)", re.DOTALL)

_MEMORY = 64 << 20
"""Bytes for a compiled pattern. The usual 8 MiB are too few for some that Go compiles."""

_PLAIN = re.compile(r"[A-Za-z0-9_ /:@%,=~<>!\"'#&;-]+(?:\|[A-Za-z0-9_ /:@%,=~<>!\"'#&;-]+)*")


@functools.lru_cache(maxsize=8192)
def problem(pattern: str) -> str | None:
    """What RE2 says against the pattern, or None when it is one."""
    if pattern in {".*", ".+", ""} or _PLAIN.fullmatch(pattern):
        return None
    # The RE2 of C++ knows one escape that the RE2 of Go, which Prometheus uses, does not.
    if any(escape[1] == "C" for escape in _ESCAPES.finditer(pattern)):
        return "invalid escape sequence: \\C"
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
    options.max_mem = _MEMORY
    return re2.compile(pattern, options)
