"""Workspaces after an accident: every way in which a file of policies gets broken on its way."""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

Change = Callable[[str, random.Random], str | bytes]

VALUES = (
    "",
    "~",
    "null",
    "true",
    "-1",
    "1e999",
    "9" * 400,
    "0x10",
    "5m5m",
    "[]",
    "{}",
    "[a, b]",
    "{a: b}",
    "[[[[a]]]]",
    "!!python/object:os.system x",
    "!secret x",
    "*nothing",
    "&a [*a]",
    '"unclosed',
    "'",
    "|",
    ">-",
    "? a",
    "${param}",
    "$${",
    "{{ $labels.x",
    "{{ end }}",
    "(((((",
    "up[5m]",
    "2026-02-30",
    "Mars/Phobos",
    "../../etc/passwd",
    "http://user:secret@host/",
    "%",
    "@",
    "\u202e",
    "\x85",
    "💥",
)
_KEY = re.compile(r"([A-Za-z_]+)(:\s)")
_NUMBER = re.compile(r"[0-9]+")
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


def mutations(files: Mapping[str, str]) -> st.SearchStrategy[dict[str, bytes]]:
    """The same files with one to three accidents."""
    seeds = st.integers(0, 2**32)
    changes = st.lists(st.tuples(st.sampled_from(sorted(_CHANGES)), seeds), min_size=1, max_size=3)
    return changes.map(lambda chosen: _broken(files, chosen))


def _broken(files: Mapping[str, str], chosen: list[tuple[str, int]]) -> dict[str, bytes]:
    result: dict[str, Any] = dict(files)
    for name, seed in chosen:
        chance = random.Random(seed)
        path = chance.choice(sorted(result))
        text = result[path] if isinstance(result[path], str) else result[path].decode("utf-8", "replace")
        if name == "lose the file" and len(result) > 1:
            del result[path]
        elif name == "the file twice":
            result[path.removesuffix(".yaml") + "-2.yaml"] = result[path]
        else:
            result[path] = _CHANGES[name](text, chance)
    return {
        path: text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        for path, text in result.items()
    }


def _lines(text: str, chance: random.Random, change: Callable[[list[str], int], None]) -> str:
    lines = text.split("\n")
    change(lines, chance.randrange(len(lines)))
    return "\n".join(lines)


def _delete_line(text: str, chance: random.Random) -> str:
    return _lines(text, chance, lambda lines, at: lines.pop(at) and None)


def _double_line(text: str, chance: random.Random) -> str:
    return _lines(text, chance, lambda lines, at: lines.insert(at, lines[at]))


def _move_line(text: str, chance: random.Random) -> str:
    return _lines(text, chance, lambda lines, at: lines.insert(chance.randrange(len(lines)), lines.pop(at)))


def _other_line(text: str, chance: random.Random) -> str:
    return _lines(text, chance, lambda lines, at: lines.__setitem__(at, chance.choice(lines)))


def _indent(text: str, chance: random.Random) -> str:
    def change(lines: list[str], at: int) -> None:
        shift = chance.choice((" ", "    ", "\t", "", "\u00a0"))
        lines[at] = shift + (lines[at].lstrip() if chance.random() < 0.5 else lines[at])

    return _lines(text, chance, change)


def _misspell(text: str, chance: random.Random) -> str:
    keys = list(_KEY.finditer(text))
    if not keys:
        return text
    found = chance.choice(keys)
    key = list(found.group(1))
    at = chance.randrange(len(key))
    key[at] = chance.choice(("", key[at] * 2, key[at].upper(), "_", "x"))
    return text[: found.start()] + "".join(key) + text[found.end(1) :]


def _other_value(text: str, chance: random.Random) -> str:
    keys = list(_KEY.finditer(text))
    if not keys:
        return text
    found = chance.choice(keys)
    end = min((at for at in (text.find(mark, found.end()) for mark in ("\n", ",", "}")) if at >= 0), default=len(text))
    return text[: found.end()] + chance.choice(VALUES) + text[end:]


def _huge_number(text: str, chance: random.Random) -> str:
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return text
    found = chance.choice(numbers)
    return text[: found.start()] + chance.choice(("9" * 30, "9" * 5000, "0", "00", "-0", "1_0")) + text[found.end() :]


def _other_word(text: str, chance: random.Random) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    found, other = chance.choice(words), chance.choice(words)
    return text[: found.start()] + other.group() + text[found.end() :]


def _bytes(text: str, chance: random.Random) -> bytes:
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    at = chance.randrange(len(data) + 1)
    data[at : at + chance.choice((0, 1, 5))] = chance.randbytes(chance.choice((1, 2, 8)))
    return bytes(data)


def _characters(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(VALUES) + text[at + chance.choice((0, 1, 10)) :]


def _cut(text: str, chance: random.Random) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return data[: chance.randrange(len(data) + 1)]


def _whole(text: str, chance: random.Random) -> str | bytes:
    return chance.choice(
        (
            "",
            "---\n" + text + "---\n",
            "\ufeff" + text,
            text.replace("\n", "\r\n"),
            text.replace("\n", "\r"),
            text.encode("utf-16"),
            text + "\0",
            text * 3,
            "[" * 300 + text,
            "- " * 2000 + text,
            "a: &a [" + "x, " * 9 + "]\n" + "".join(f"b{n}: &b{n} [{'*a, ' * 9}]\n" for n in range(3)) + text,
            "{{ x }}\n" + text,
            "kind: " + text,
            "%YAML 1.1\n" + text,
        )
    )


_CHANGES: dict[str, Change] = {
    "lose the file": lambda text, _: text,
    "the file twice": lambda text, _: text,
    "delete a line": _delete_line,
    "double a line": _double_line,
    "move a line": _move_line,
    "a line from elsewhere": _other_line,
    "indentation": _indent,
    "misspell a key": _misspell,
    "another value": _other_value,
    "a huge number": _huge_number,
    "a word from elsewhere": _other_word,
    "random bytes": _bytes,
    "odd characters": _characters,
    "cut off": _cut,
    "the whole file": _whole,
}
