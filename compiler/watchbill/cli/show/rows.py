"""Values with where they come from, in 80 columns: a key, what is in force, and at the right edge who says so."""

import re
import textwrap
from collections.abc import Iterable, Iterator

import msgspec

WIDTH = 80
_WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\S)+|\s+""")


class Row(msgspec.Struct, frozen=True):
    """`value` may have several lines; `code` is broken between words only where no text in quotes is broken with it."""

    key: str
    value: str
    origin: str = ""
    code: bool = False


def table(rows: Iterable[Row], indent: int = 2) -> Iterator[str]:
    """The rows; a key that comes again right below is not said again."""
    listed = list(rows)
    keys = max((len(row.key) for row in listed), default=0)
    column = indent + min(keys, 24) + 2
    before = None
    for row in listed:
        key = row.key if row.key != before else ""
        before = row.key
        lines = [part for line in row.value.splitlines() or [""] for part in _broken(line, WIDTH - column, row.code)]
        head = f"{' ' * indent}{key:<{column - indent}}"
        if len(head) > column or (len(head.rstrip()) > column - 2 and key):
            yield head.rstrip()
            head = " " * column
        for number, line in enumerate(lines):
            text = f"{head if number == 0 else ' ' * column}{line}"
            last = number == len(lines) - 1
            if not last or not row.origin:
                yield text.rstrip()
            elif len(text) + 2 + len(row.origin) <= WIDTH:
                yield f"{text}{row.origin:>{WIDTH - len(text)}}"
            else:
                yield text
                yield f"{row.origin:>{WIDTH}}"


def _broken(line: str, width: int, code: bool) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    if len(line) <= width:
        return [line]
    if not code:
        return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    lines = [indent]
    for word in _WORD.findall(line[len(indent) :]):
        if lines[-1].strip() and len(lines[-1]) + len(word) > width:
            lines.append(f"{indent}  ")
        lines[-1] += word if lines[-1].strip() or not word.isspace() else ""
    return [one.rstrip() for one in lines]


def paragraph(text: str, indent: int = 2, hanging: int = 0) -> list[str]:
    """A sentence in 80 columns; what goes on is indented by `hanging` more."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
