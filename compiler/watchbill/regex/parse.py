"""RE2 patterns to syntax trees. A pattern that RE2 refuses never comes here, so nothing is checked twice."""

import re
from typing import Literal

import msgspec

from watchbill.regex.charset import EVERY, NEWLINE, Ranges, complement, matched_by, one, union

Assertion = Literal["text-start", "text-end", "line-start", "line-end", "word", "not-word"]
DEEPEST = 100  # groups inside groups


class Characters(msgspec.Struct, frozen=True):
    """One character out of a set."""

    ranges: Ranges


class Check(msgspec.Struct, frozen=True):
    """No character: something about the place between two."""

    of: Assertion


class Sequence(msgspec.Struct, frozen=True):
    parts: tuple["Tree", ...]


class Choice(msgspec.Struct, frozen=True):
    parts: tuple["Tree", ...]


class Repeat(msgspec.Struct, frozen=True):
    """`most` None: as often as you like."""

    part: "Tree"
    least: int
    most: int | None


Tree = Characters | Check | Sequence | Choice | Repeat


class TooDeep(Exception):  # noqa: N818  (it never leaves the room)
    """More groups inside groups than anybody writes."""


_REPEAT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_GROUP = re.compile(r"\?P?<\w+>|\?([imsU]*)(?:-([imsU]*))?([:)])")
_PROPERTY = re.compile(r"[pP](?:\{[^}]*\}|.)", re.DOTALL)
_POSIX = re.compile(r"\[:\^?\w+:\]")
_CODES = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PERL: dict[str, Ranges] = {
    "d": ((48, 57),),
    "s": ((9, 10), (12, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_EDGES: dict[str, Assertion] = {"A": "text-start", "z": "text-end", "b": "word", "B": "not-word"}
_MORE = {"k": 0x212A, "s": 0x17F}  # what else is the same letter in another case: the kelvin sign, the long s


class _Flags(msgspec.Struct, frozen=True):
    fold: bool = False
    lines: bool = False
    dot_newline: bool = False


def parse(pattern: str, *, dot_newline: bool = False) -> Tree:
    """The tree of a pattern that RE2 takes. `dot_newline`: as under `(?s)`, which is how Prometheus reads a matcher."""
    return _Parser(pattern).choice(_Flags(dot_newline=dot_newline), 0)[0]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def choice(self, flags: _Flags, depth: int) -> tuple[Tree, _Flags]:
        """Up to the end of the group. Flags that are set within hold until there, beyond a `|` as well."""
        if depth > DEEPEST:
            raise TooDeep
        choices: list[Tree] = []
        parts: list[Tree] = []
        while self.place < len(self.text):
            character = self.text[self.place]
            if character == ")":
                break
            if character == "|":
                self.place += 1
                choices.append(Sequence(tuple(parts)))
                parts = []
            elif character == "(":
                inner, flags = self._group(flags, depth)
                if inner is not None:
                    parts.append(self._repeated(inner))
            elif self.text.startswith("\\Q", self.place):
                parts.extend(self._quoted(flags))
            else:
                parts.append(self._repeated(self._atom(flags)))
        choices.append(Sequence(tuple(parts)))
        return (choices[0] if len(choices) == 1 else Choice(tuple(choices))), flags

    def _group(self, flags: _Flags, depth: int) -> tuple[Tree | None, _Flags]:
        """A group, or flags that hold from here on."""
        self.place += 1
        inside = flags
        header = _GROUP.match(self.text, self.place)
        if header is not None:
            self.place = header.end()
            on, off, end = header.group(1) or "", header.group(2) or "", header.group(3)
            inside = _flags(flags, on, off)
            if end == ")":
                return None, inside
        tree, _ = self.choice(inside, depth + 1)
        self.place += 1
        return tree, flags

    def _repeated(self, part: Tree) -> Tree:
        while self.place < len(self.text):
            character = self.text[self.place]
            counted = _REPEAT.match(self.text, self.place) if character == "{" else None
            if counted is not None:
                least, most = int(counted[1]), int(counted[1])
                part = Repeat(part, least, (int(counted[3]) if counted[3] else None) if counted[2] else most)
                self.place = counted.end()
            elif character in "*+?":
                part = Repeat(part, int(character == "+"), 1 if character == "?" else None)
                self.place += 1
            else:
                break
            if self.text[self.place : self.place + 1] == "?":  # as few as possible: the same texts
                self.place += 1
        return part

    def _quoted(self, flags: _Flags) -> list[Tree]:
        r"""Literal text from `\Q` to `\E`; a sign of repetition behind it is about its last character."""
        end = self.text.find("\\E", self.place)
        literal = self.text[self.place + 2 : end if end >= 0 else len(self.text)]
        self.place = end + 2 if end >= 0 else len(self.text)
        found: list[Tree] = [Characters(_letter(character, flags)) for character in literal]
        return [*found[:-1], self._repeated(found[-1])] if found else []

    def _atom(self, flags: _Flags) -> Tree:
        character = self.text[self.place]
        self.place += 1
        if character == ".":
            return Characters(EVERY if flags.dot_newline else complement(((NEWLINE, NEWLINE),)))
        if character == "^":
            return Check("line-start" if flags.lines else "text-start")
        if character == "$":
            return Check("line-end" if flags.lines else "text-end")
        if character == "[":
            return Characters(self._class(flags))
        if character == "\\":
            following = self.text[self.place]
            if following in _EDGES:
                self.place += 1
                return Check(_EDGES[following])
            return Characters(self._escape(flags))
        return Characters(_letter(character, flags))

    def _escape(self, flags: _Flags) -> Ranges:
        """What stands behind a backslash, in a class or outside."""
        following = self.text[self.place]
        if following in "pP":
            start = self.place - 1
            match = _PROPERTY.match(self.text, self.place)
            self.place = match.end() if match is not None else len(self.text)
            return matched_by(("(?i)" if flags.fold else "") + self.text[start : self.place])
        if following.lower() in _PERL:
            self.place += 1
            if flags.fold:
                return matched_by(f"(?i)\\{following}")
            ranges = _PERL[following.lower()]
            return ranges if following.islower() else complement(ranges)
        return _letter(self._code(), flags)

    def _code(self) -> str:
        """One character, by its escape."""
        following = self.text[self.place]
        self.place += 1
        if following in _CODES:
            return chr(_CODES[following])
        if following == "x":
            digits = re.compile(r"\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2})").match(self.text, self.place)
            if digits is not None:
                self.place = digits.end()
                return chr(int(digits[1] or digits[2], 16))
        if following in "01234567":
            octal = re.compile(r"[0-7]{1,3}").match(self.text, self.place - 1)
            if octal is not None:
                self.place = octal.end()
                return chr(int(octal[0], 8))
        return following

    def _class(self, flags: _Flags) -> Ranges:
        negated = self.text[self.place] == "^"
        self.place += negated
        parts: list[Ranges] = []
        first = True
        while first or self.text[self.place] != "]":
            first = False
            posix = _POSIX.match(self.text, self.place)
            if posix is not None:
                self.place = posix.end()
                parts.append(matched_by(f"{'(?i)' if flags.fold else ''}[{posix[0]}]"))
            elif self.text[self.place] == "\\" and self.text[self.place + 1] in "pPdDsSwW":
                self.place += 1
                parts.append(self._escape(flags))
            else:
                parts.append(self._span(flags))
        self.place += 1
        ranges = union(parts)
        return complement(ranges) if negated else ranges

    def _span(self, flags: _Flags) -> Ranges:
        """A character of a class, or a range of them."""
        low = high = self._member()
        if self.text[self.place] == "-" and self.text[self.place + 1] != "]":
            self.place += 1
            high = self._member()
        if not flags.fold:
            return ((ord(low), ord(high)),)
        return _letter(low, flags) if low == high else matched_by(f"(?i)[\\x{{{ord(low):x}}}-\\x{{{ord(high):x}}}]")

    def _member(self) -> str:
        character = self.text[self.place]
        self.place += 1
        return self._code() if character == "\\" else character


def _flags(flags: _Flags, on: str, off: str) -> _Flags:
    def now(letter: str, before: bool) -> bool:
        return (before or letter in on) and letter not in off

    return _Flags(now("i", flags.fold), now("m", flags.lines), now("s", flags.dot_newline))


def _letter(character: str, flags: _Flags) -> Ranges:
    """A character; under `i` in either case."""
    if not flags.fold:
        return one(character)
    if character.isascii():
        lower = character.lower()
        alike = {ord(lower), ord(character.upper())} | ({_MORE[lower]} if lower in _MORE else set())
        return union(((point, point),) for point in alike)
    return matched_by(f"(?i)\\x{{{ord(character):x}}}")
