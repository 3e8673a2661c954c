"""JSON for people to review: a value on one line where that is short enough, else one member to a line."""

import json
from collections.abc import Callable, Sequence
from typing import Any

WIDTH = 110  # a line that is longer is broken at the members of its value

encoded: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode


def wrapped(value: Any, indent: str, step: str = " ", taken: int = 0) -> str:
    """A value after `indent` and `taken` more characters of its line; its members stand a `step` further in."""
    text = encoded(value)
    if len(indent) + taken + len(text) <= WIDTH or not isinstance(value, dict | list | tuple):
        return text
    return broken(value, indent, step)


def broken(value: Any, indent: str, step: str = " ") -> str:
    """One member to a line, however short it is."""
    inner = indent + step
    if isinstance(value, dict):
        keys = [f"{encoded(str(key))}: " for key in value]
        entries = [
            f"{inner}{key}{wrapped(member, inner, step, len(key))}"
            for key, member in zip(keys, value.values(), strict=True)
        ]
        return f"{{\n{joined(entries)}{indent}}}"
    return f"[\n{joined([inner + wrapped(member, inner, step) for member in value])}{indent}]"


def joined(entries: Sequence[str]) -> str:
    return ",\n".join(entries) + "\n" if entries else ""
