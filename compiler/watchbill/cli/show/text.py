"""For a person at a terminal: the place in the source, a caret, what to do, and what would have happened."""

from collections.abc import Sequence

from watchbill.source.codes.structure import SECRET_IN_TEXT
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.locate import Sources

_COLORS = {"error": 31, "warning": 33, "note": 36, "dim": 2, "bold": 1, "help": 32}
MAX_WIDTH = 160


def render(placed: Sequence[tuple[Diagnostic, Span | None]], sources: Sources, color: bool) -> str:
    for diagnostic, span in placed:
        if diagnostic.code is SECRET_IN_TEXT and span is not None:
            sources.hide(span)
    return "\n".join(_one(diagnostic, span, sources, color) for diagnostic, span in placed)


def _paint(text: str, style: str, color: bool) -> str:
    return f"\x1b[{_COLORS[style]}m{text}\x1b[0m" if color else text


def _one(diagnostic: Diagnostic, span: Span | None, sources: Sources, color: bool) -> str:
    level = diagnostic.level
    head = (
        f"{_paint(f'{level}[{diagnostic.code.id}]', level, color)} {_paint(_safe(diagnostic.message), 'bold', color)}"
    )
    lines = [f"{head}  ({diagnostic.code.name})"]
    if span is not None:
        lines.append(f"  --> {_safe(span.file)}:{span.line}:{span.column}")
        lines.extend(_excerpt(diagnostic, span, sources, color))
    for related in diagnostic.related:
        other = sources.locate(related.where)
        lines.append(
            f"  {_paint('note', 'note', color)}: {_safe(related.text)}: {_safe(other.file)}:{other.line}:{other.column}"
        )
    if diagnostic.help:
        lines.append(f"  {_paint('help', 'help', color)}: {_safe(diagnostic.help)}")
    lines.extend(f"  {_paint('note', 'note', color)}: {_safe(note)}" for note in diagnostic.notes)
    return "\n".join(lines) + "\n"


def _excerpt(diagnostic: Diagnostic, span: Span, sources: Sources, color: bool) -> list[str]:
    source = sources.lines(span.file) if span != Span(span.file) else ()  # else it is about the file as a whole
    if not source or span.line > len(source):
        return []
    shown: dict[int, tuple[int, int, str, bool]] = {}
    enclosing = sources.enclosing_name(span)
    if enclosing is not None:
        name, what = enclosing
        shown[name.line] = (name.column, name.end_column, f"in this {_singular(what)}", False)
    line = source[span.line - 1]
    end = span.end_column if span.end_line == span.line else len(line.rstrip()) + 1
    shown[span.line] = (span.column, max(end, span.column + 1), diagnostic.label, True)
    width = len(str(max(shown)))
    rows = [f"{' ' * width} |"]
    before = 0
    for number in sorted(shown):
        if before and number > before + 1:
            rows.append("...")
        column, end, label, primary = shown[number]
        text, shift = _window(source[number - 1], column)
        rows.append(f"{number:>{width}} | {text}")
        mark = "^" if primary else "-"
        start = column - 1 - shift
        length = max(1, _width(text[start : end - 1 - shift]))
        under = f"{mark * min(length, MAX_WIDTH - start)} {_safe(label)}".rstrip()
        style = diagnostic.level if primary else "dim"
        rows.append(f"{' ' * width} | {' ' * _width(text[:start])}{_paint(under, style, color)}")
        before = number
    return [*rows, f"{' ' * width} |"]


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and how many characters were cut before it."""
    line = _safe(line.replace("\t", " "))
    if len(line) <= MAX_WIDTH:
        return line, 0
    start = max(0, column - MAX_WIDTH // 2)
    return line[start : start + MAX_WIDTH], start


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese, Japanese, Korean and emoji take two for a character."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  (few policies need it)

    return sum(0 if combining(character) else 1 + (east_asian_width(character) in "WF") for character in text)


def _singular(key: str) -> str:
    return key.removesuffix("s") if key else "item"


def _safe(text: str) -> str:
    """Text from a policy never moves the cursor or colours the terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
