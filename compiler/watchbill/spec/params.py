"""`${name}`: typed values put into PromQL and texts by the compiler."""

import re
from typing import Literal

import msgspec

from watchbill.spec.kinds.service import Param
from watchbill.spec.scalars import NAME, byte_count, ratio, seconds

_REFERENCE = re.compile(r"\$(\$?)\{([^}]*)(\}?)")
_RANGE_BEFORE = re.compile(r"(\[|:|\boffset\s+-?)\s*$")

_FORMS = {
    "ratio": (re.compile(r"[0-9]+(\.[0-9]+)?%?"), "a ratio such as 5% or 0.05"),
    "duration": (re.compile(r"([0-9]+(ms|[smhdwy]))+"), "a duration such as 500ms or 5m"),
    "bytes": (re.compile(r"[0-9]+(\.[0-9]+)?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?"), "an amount such as 10GiB or 4096"),
    "number": (re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"), "a number"),
    "name": (re.compile(rf"{NAME}|[A-Za-z_][A-Za-z0-9_.:/-]*"), "a name of letters, digits and `_ . : / -`"),
}
_LONGEST = 256  # Python makes no number of 400 digits
_STAND_INS = {"ratio": "1", "duration": "5m", "bytes": "1", "number": "1", "name": "name"}


class Substitution(msgspec.Struct, frozen=True):
    """A text with its params put in. `spans` maps stretches of the result back to the source: result start and end,
    source start and end.
    """

    text: str
    spans: tuple[tuple[int, int, int, int], ...]
    used: tuple[str, ...]

    def source_offset(self, offset: int) -> int:
        """The offset in the source of an offset in the result; inside a param's value, the start of its `${…}`."""
        shift = 0
        for start, end, source_start, source_end in self.spans:
            if offset < start:
                break
            if offset < end:
                return source_start
            shift = source_end - end
        return offset + shift

    def source_range(self, start: int, end: int) -> tuple[int, int]:
        first = self.source_offset(start)
        for result_start, result_end, _, source_end in self.spans:
            if result_start < end <= result_end:
                return first, source_end
        return first, max(first + 1, self.source_offset(max(start, end - 1)) + 1)


class UnknownParam(msgspec.Struct, frozen=True):
    """`${name}` without such a param, at these offsets of the source."""

    name: str
    start: int
    end: int


def is_value(type_: str, value: str) -> bool:
    return len(value) <= _LONGEST and _FORMS[type_][0].fullmatch(value) is not None


def expected(type_: str) -> str:
    return _FORMS[type_][1]


def value_at(param: Param, environment: str, place: str) -> str:
    by = param.by or {}
    return by.get(place, by.get(environment, param.default))


def substitute(
    text: str, params: dict[str, tuple[str, str]], form: Literal["promql", "text"]
) -> Substitution | UnknownParam:
    """Put values in: `params` maps a name to its type and value. `$${` stands for a literal `${`."""
    if "${" not in text:
        return Substitution(text, (), ())
    parts: list[str] = []
    spans: list[tuple[int, int, int, int]] = []
    used: list[str] = []
    done = length = 0
    for match in _REFERENCE.finditer(text):
        before = text[done : match.start()]
        parts.append(before)
        length += len(before)
        if match.group(1):
            value = match.group()[1:]
        else:
            name = match.group(2)
            if name not in params or not match.group(3):
                return UnknownParam(name, match.start(), match.end())
            used.append(name)
            value = _written(*params[name], "".join(parts), form)
        spans.append((length, length + len(value), match.start(), match.end()))
        parts.append(value)
        length += len(value)
        done = match.end()
    parts.append(text[done:])
    return Substitution("".join(parts), tuple(spans), tuple(used))


def _written(type_: str, value: str, before: str, form: str) -> str:
    if not is_value(type_, value):
        value = _STAND_INS[type_]  # told where the value stands; the expression around it is still looked at
    if form == "text" or type_ in ("number", "name"):
        return value
    if type_ == "ratio":
        return _number(ratio(value))
    if type_ == "bytes":
        return _number(byte_count(value))
    return value if _RANGE_BEFORE.search(before) else _number(seconds(value))


def _number(value: float) -> str:
    """The shortest decimal that reads back as this number; never `5e-05` where `0.00005` does."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(round(value, 12))
    return f"{value:.12f}".rstrip("0").rstrip(".") if "e" in text else text
