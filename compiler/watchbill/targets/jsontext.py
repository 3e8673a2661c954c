"""JSON for people to review: a value on one line where that is short enough, else one member to a line."""

import json
from collections.abc import Callable, Sequence
from typing import Any

WIDTH = 110  # a value whose JSON is longer is broken into lines

encoded: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode


def wrapped(value: Any, indent: str) -> str:
    """JSON on one line where that is short enough, else one member to a line."""
    text = encoded(value)
    if len(text) <= WIDTH or not isinstance(value, dict | list | tuple):
        return text
    inner = indent + " "
    if isinstance(value, dict):
        entries = [f"{inner}{encoded(str(key))}: {wrapped(member, inner)}" for key, member in value.items()]
        return f"{{\n{joined(entries)}{indent}}}"
    return f"[\n{joined([inner + wrapped(member, inner) for member in value])}{indent}]"


def joined(entries: Sequence[str]) -> str:
    return ",\n".join(entries) + "\n" if entries else ""
