"""How one value is written: quotes only where they are needed or the author wants them, texts folded when too wide."""

import re

from watchbill.layout.order import leaf
from watchbill.layout.tree import Scalar
from watchbill.spec import scalars as language
from watchbill.spec.decode import AMBIGUOUS
from watchbill.spec.shapes import BoolShape, ChoiceShape, ScalarShape, Shape

WIDTH = 120

# A word that is the same plain text to every reader of YAML, in brackets too.
_WORD = re.compile(r"[A-Za-z/][A-Za-z0-9_./:@+-]*(?<!:)")
_NUMBER = re.compile(r"[0-9][A-Za-z0-9.%:+-]*(?<!:)")
_RESERVED = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|~)")
_QUOTED = {language.Version, language.ClockTime, language.Hours}
QUOTED = {scalar.__metadata__[0] for scalar in _QUOTED}  # type: ignore[attr-defined]
PROMQL = language.PromQL.__metadata__[0]  # type: ignore[attr-defined]
_JOINERS = "\u200c\u200d"  # parts of a word or of an emoji
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\x1b": "\\e"}


def ambiguous(scalar: Scalar, shape: Shape | None) -> bool:
    """Whether a plain text of the language is read as something else by YAML 1.1."""
    wanted = leaf(shape)
    return (
        not scalar.style
        and isinstance(wanted, ScalarShape)
        and len(scalar.value) < 12
        and AMBIGUOUS.fullmatch(scalar.value) is not None
    )


def written(scalar: Scalar, shape: Shape | None) -> str:
    """A value on one line. A block is written out by `block`; here it is the text between quotes."""
    wanted = leaf(shape)
    exact = wanted.scalar if isinstance(wanted, ScalarShape) else None
    one_line = "\n" not in scalar.raw
    if not scalar.style:
        if ambiguous(scalar, shape) or (
            exact is not None and exact in QUOTED and re.fullmatch(exact.pattern, scalar.value)
        ):
            return double(scalar.value)
        if one_line:
            return scalar.raw
        return double(scalar.value) if "\n" in scalar.value else scalar.value
    if _plain_is_house_style(scalar.value, wanted):
        return scalar.value
    if exact is None and wanted is None and one_line and scalar.style in ("'", '"'):
        return scalar.raw  # not of the language: as it is
    return _quoted(scalar, "'" if exact == PROMQL else '"')


def _plain_is_house_style(value: str, wanted: Shape | None) -> bool:
    """Names, references, durations, dates, addresses and words of a list stand plain; sentences keep their quotes."""
    if isinstance(wanted, ChoiceShape):
        return _WORD.fullmatch(value) is not None and not _RESERVED.fullmatch(value)
    if isinstance(wanted, BoolShape) or not isinstance(wanted, ScalarShape) or not wanted.scalar.pattern:
        return False
    if wanted.scalar in QUOTED or not re.fullmatch(wanted.scalar.pattern, value) or AMBIGUOUS.fullmatch(value):
        return False
    if _WORD.fullmatch(value):
        return not _RESERVED.fullmatch(value)
    return wanted.scalar in PLAIN_NUMBERS and _NUMBER.fullmatch(value) is not None


_PLAIN_NUMBERS = {language.Duration, language.Ratio, language.Date, language.LocalTime}
PLAIN_NUMBERS = {scalar.__metadata__[0] for scalar in _PLAIN_NUMBERS}  # type: ignore[attr-defined]


def _quoted(scalar: Scalar, prefer: str) -> str:
    """In the quotes that are preferred, unless the others need fewer escapes; as written, where that is it already."""
    value = scalar.value
    in_double = sum(character in '"\\' for character in value)
    in_single = value.count("'")
    single = in_single < in_double or (prefer == "'" and in_single <= in_double)
    style = "'" if single and value.isprintable() else '"'
    if scalar.style == style and "\n" not in scalar.raw:
        return scalar.raw
    return "'" + value.replace("'", "''") + "'" if style == "'" else double(value)


def double(value: str) -> str:
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() or character in _JOINERS:
        return character
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def block(scalar: Scalar, column: int) -> list[str] | None:
    """A text as block lines, the head (`|`, `>-`) first, the others indented by `column`; None: not as a block."""
    value = scalar.value
    if scalar.style in ("|", ">") and not _blockable(value):
        return None
    if scalar.style == "|":
        return _literal(value, column)
    if scalar.style == ">":
        return _folded(scalar, column) or _literal(value, column)
    if "\n" in scalar.raw and len(value) + column > WIDTH and _foldable(value):
        lines: list[str] = []
        for word in value.split(" "):
            if lines and len(lines[-1]) + len(word) + 1 + column <= WIDTH:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return [">-", *(" " * column + line for line in lines)]
    return None


def _blockable(value: str) -> bool:
    return bool(value.strip()) and not any(character in "\r\x85\u2028\u2029" for character in value)


def _foldable(value: str) -> bool:
    return value.isprintable() and value == value.strip(" ") and "  " not in value


def _literal(value: str, column: int) -> list[str]:
    text = value.rstrip("\n")
    ends = len(value) - len(text)
    lines = text.split("\n")
    first = next(index for index, line in enumerate(lines) if line.strip(" "))
    told = any(lines[:first]) or lines[first].startswith((" ", "\t"))  # whether the depth must be said
    indent = "2" if told else ""
    chomp = "-" if ends == 0 else "+" if ends > 1 else ""
    return [f"|{indent}{chomp}", *(" " * column + line if line else "" for line in lines), *[""] * (ends - 1)]


def _folded(scalar: Scalar, column: int) -> list[str] | None:
    """The author's own lines; None where how deep they stand cannot be told."""
    head, _, rest = scalar.raw.partition("\n")
    if re.match(r">[-+]?[0-9]", head):
        return None
    lines = rest.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or not lines[0].strip() or scalar.value.rstrip("\n").endswith((" ", "\t")):
        return None
    deep = len(lines[0]) - len(lines[0].lstrip(" "))
    ends = len(scalar.value) - len(scalar.value.rstrip("\n"))
    chomp = "-" if ends == 0 else "+" if ends > 1 else ""
    text = [" " * column + line[deep:] if line[deep:] else "" for line in lines]
    return [f">{chomp}", *text, *[""] * (ends - 1)]
