"""YAML, written the same way on every machine: keys in the order given, strings quoted only where they must be."""

import re
from typing import Any

from watchbill.spec.basefile import Unquoted

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"))
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NEEDS_DOUBLE = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\xa0|\u2028|\u2029|\ufeff")


def scalar(value: str) -> str:
    """A string as a YAML scalar that every YAML 1.1 and 1.2 reader takes for that string."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if _NEEDS_DOUBLE.search(value):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    return "'" + value.replace("'", "''") + "'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\U{ord(character):08x}" if _NEEDS_DOUBLE.match(character) else character


def block(value: str, indent: str) -> str:
    """A string of several lines as a literal block, when it can be one; else as a scalar on one line.

    `indent` is that of the lines below the key.
    """
    lines = value.split("\n")
    if len(lines) == 1 or lines[-1] == "" or any(line != line.rstrip() or line == "" for line in lines):
        return scalar(value)
    if lines[0][0] == " " or _NEEDS_DOUBLE.search(value.replace("\n", "")):
        return scalar(value)
    return "|-\n" + "\n".join(f"{indent}{line}" for line in lines)


def dump(value: Any, indent: str = "") -> str:
    """Mappings, lists, strings, booleans and numbers as block YAML; ends with a line break. Empty ones stand in flow form."""
    if isinstance(value, dict) and value:
        return "".join(_entry(f"{indent}{_inline(key)}:", item, indent) for key, item in value.items())
    if isinstance(value, list | tuple) and value:
        return "".join(_item(item, indent) for item in value)
    return f"{indent}{_inline(value)}\n"


def _entry(head: str, value: Any, indent: str) -> str:
    if isinstance(value, dict) and value:
        return f"{head}\n{dump(value, indent + '  ')}"
    if isinstance(value, list | tuple) and value:
        return f"{head}\n{dump(value, indent)}"
    if isinstance(value, str) and "\n" in value:
        return f"{head} {block(value, indent + '  ')}\n"
    return f"{head} {_inline(value)}\n"


def _item(value: Any, indent: str) -> str:
    if isinstance(value, dict | list | tuple) and value:
        text = dump(value, indent + "  ")
        return f"{indent}- {text[len(indent) + 2 :]}"
    if isinstance(value, str) and "\n" in value:
        return f"{indent}- {block(value, indent + '  ')}\n"
    return f"{indent}- {_inline(value)}\n"


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return str(value) if isinstance(value, Unquoted) else scalar(value)
