"""Matchers, and the two ways in which Alertmanager reads them: the classic one, and the one that knows UTF-8 names.

Both are tried (compat.FallbackMatchersParser): where only the classic one understands a text, or the two understand it
differently, the classic one wins, and Alertmanager writes a warning to its log.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from watchbill.routing import patterns
from watchbill.routing.classic import classic
from watchbill.routing.notation import SPACES, Malformed, Operator, Raw
from watchbill.routing.utf8 import utf8

Labels = Mapping[str, str]
Doubt = Literal["only-classic", "two-meanings"]


class Matcher(msgspec.Struct, frozen=True):
    """One condition on one label. A label that is absent is an empty one. Made by `make`, which knows the patterns."""

    label: str
    value: str
    operator: Operator = "="

    def holds(self, value: str) -> bool:
        """Whether the label's value fulfils it (labels.Matcher.Matches)."""
        if self.operator == "=":
            return value == self.value
        if self.operator == "!=":
            return value != self.value
        return patterns.matches(self.value, value) == (self.operator == "=~")

    def matches(self, labels: Labels) -> bool:
        return self.holds(labels.get(self.label, ""))

    def __str__(self) -> str:
        """As Alertmanager writes it, in logs and in group keys (labels.Matcher.String)."""
        if any(one in _RESERVED for one in self.label):
            return f"{_quoted(self.label)}{self.operator}{_quoted(self.value)}"
        value = self.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        return f'{self.label}{self.operator}"{value}"'


_RESERVED = frozenset("{}!=~,\\\"'`" + SPACES)
_ORDER: dict[Operator, int] = {"=": 0, "!=": 1, "=~": 2, "!~": 3}


def make(label: str, operator: Operator, value: str) -> Matcher:
    """Raises `Malformed` when the value is a pattern that RE2 does not accept."""
    if "~" in operator and (problem := patterns.problem(value)) is not None:
        raise Malformed(f"`{value}` is not a regular expression: {problem}")
    return Matcher(label, value, operator)


def read_matchers(text: str) -> tuple[tuple[Matcher, ...], Doubt | None]:
    """The matchers of one entry of `matchers`, in their order. Raises `Malformed` when neither parser takes it.

    The second part says that Alertmanager has its doubts: the parser to come would not read it, or read it otherwise.
    """
    try:
        new: tuple[Matcher, ...] | None = _made(utf8(text))
    except Malformed:
        new = None
    try:
        old = _made(classic(text))
    except Malformed:
        if new is None:
            raise
        return new, None
    if new is None:
        return old, "only-classic"
    return old, None if new == old else "two-meanings"


def in_order(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """By name, value and operator, as Alertmanager keeps them (labels.Matchers.Less)."""
    return tuple(sorted(matchers, key=lambda one: (one.label, one.value, _ORDER[one.operator])))


def all_match(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(one.matches(labels) for one in matchers)


def written(matchers: Iterable[Matcher]) -> str:
    """Matchers as they stand in a group key (labels.Matchers.String)."""
    return "{" + ",".join(map(str, matchers)) + "}"


def _made(raw: Iterable[Raw]) -> tuple[Matcher, ...]:
    return tuple(make(*one) for one in raw)


def _quoted(text: str) -> str:
    """A text in quotes, as Go's strconv.Quote writes it."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b"}
    escapes |= {"\f": "\\f", "\v": "\\v"}
    return '"' + "".join(escapes.get(one) or (one if one.isprintable() else _coded(one)) for one in text) + '"'


def _coded(character: str) -> str:
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x80 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
