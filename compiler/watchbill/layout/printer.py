"""The tree as text: two spaces, lists not indented under their key, brackets where they fit on a line, aligned comments."""

import re

import msgspec

from watchbill.layout.order import inside, shape_of
from watchbill.layout.scalars import WIDTH, block, written
from watchbill.layout.tree import Alias, Collection, Document, Entry, Node, Scalar
from watchbill.spec.kinds.service import Alert
from watchbill.spec.shapes import MapShape, PlacedShape, ScalarShape, Shape, StructShape

COMMENT_COLUMN = 41  # of comments after something, counted from 0; five spaces after what reaches that far
GAP = 5
WORD = 32  # a list of longer texts has each on a line of its own


class Line(msgspec.Struct):
    """`solid`: inside a block of text, where nothing may be changed. `table`: the lined-up mapping it is a row of."""

    text: str
    comment: str = ""
    solid: bool = False
    table: int = 0

    @property
    def empty(self) -> bool:
        return not self.text and not self.comment


def text_of(documents: list[Document]) -> str:
    parts = []
    for document in documents:
        lines = _comments(document.head, 0) + _mapping(document.root, shape_of(document), 0)
        parts.append(_joined(_trimmed(lines + _comments(document.foot, 0))))
    return "---\n".join(parts)


def _comments(texts: list[str], column: int) -> list[Line]:
    return [Line(" " * column + text if text else "") for text in texts]


def _trimmed(lines: list[Line]) -> list[Line]:
    """No blank line first or last, and never two."""
    found: list[Line] = []
    for line in lines:
        if line.solid or not line.empty or (found and not found[-1].empty):
            found.append(line)
    while found and found[-1].empty and not found[-1].solid:
        found.pop()
    return found


def _joined(lines: list[Line]) -> str:
    """Lines with their comments: in one column, but after long lines that are neighbours, and in a table, in another."""
    columns: dict[int, int] = {}
    for line in lines:
        if line.table and line.comment:
            columns[line.table] = max(columns.get(line.table, COMMENT_COLUMN), _behind(line))
    parts: list[str] = []
    neighbour: Line | None = None  # the first of the long lines right above this one
    column = COMMENT_COLUMN
    for position, line in enumerate(lines):
        if not line.comment:
            parts.append(line.text)
            neighbour = None
            continue
        if line.table:
            column = columns[line.table]
        elif line.text and _behind(line) == COMMENT_COLUMN:
            column, neighbour = COMMENT_COLUMN, None
        elif line.text and (neighbour is None or _depth(neighbour) != _depth(line)):
            neighbour = line
            column = _column_of(lines, position)
        parts.append(f"{line.text:<{column}}{line.comment}")
    return "".join(f"{part}\n" for part in parts)


def _behind(line: Line) -> int:
    """Where a comment after this line stands, if it is alone."""
    return COMMENT_COLUMN if len(line.text) <= COMMENT_COLUMN - 3 else len(line.text) + GAP


def _column_of(lines: list[Line], start: int) -> int:
    """The column for a run of long lines of one depth with comments."""
    column = 0
    for line in lines[start:]:
        if not line.comment or line.table or (line.text and _depth(line) != _depth(lines[start])):
            break
        if line.text and _behind(line) == COMMENT_COLUMN:
            break
        column = max(column, _behind(line) if line.text else 0)
    return column


def _depth(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip(" "))


def _mapping(node: Collection, shape: Shape | None, column: int) -> list[Line]:
    lines: list[Line] = []
    names = [_key(entry, shape) + ":" for entry in node.entries]
    width = _table_width(node, shape, column, names)
    for position, (entry, name) in enumerate(zip(node.entries, names, strict=True)):
        head = entry.head[1:] if position == 0 and entry.head[:1] == [""] else entry.head
        prefix = f"{' ' * column}{name:<{width}} "
        comments, inner = _entry(entry, prefix, column, inside(shape, entry.key.value if entry.key else None))
        if width:
            for line in inner:
                line.table = id(node)
        lines += _comments([*head, *comments], column) + inner
    return lines + _comments(node.foot, column)


def _key(entry: Entry, shape: Shape | None) -> str:
    key = entry.key
    if key is None:
        return ""
    if isinstance(shape, MapShape):
        return written(key, ScalarShape(shape.key))
    known = isinstance(shape, (StructShape, PlacedShape)) and re.fullmatch(r"[a-zA-Z][\w.]*", key.value)
    return key.value if known else written(key, None)


def _table_width(node: Collection, shape: Shape | None, column: int, names: list[str]) -> int:
    """How wide the keys are when the values are lined up, which is so where the author began it and all are short."""
    if not node.table:
        return 0
    width = longest = 0
    for entry, name in zip(node.entries, names, strict=True):
        if isinstance(entry.value, Scalar) and not entry.value.raw:
            continue
        width = max(width, len(name))
        text = _inline(entry.value, inside(shape, entry.key.value if entry.key else None))
        if text is None:
            return 0
        longest = max(longest, len(text))
    return width if column + width + 1 + longest <= WIDTH else 0


def _sequence(node: Collection, shape: Shape | None, column: int) -> list[Line]:
    lines: list[Line] = []
    item_shape = inside(shape, None)
    are_alerts = isinstance(item_shape, StructShape) and issubclass(item_shape.type, Alert)
    long_before = False
    for position, entry in enumerate(node.entries):
        comments, inner = _entry(entry, " " * column + "- ", column, item_shape)
        head = [*entry.head, *comments]
        long = sum(not line.empty for line in inner) > 1 or any(head)
        if position == 0 or (are_alerts and head[:1] == [""]):
            head = head[head[:1] == [""] :]
        if position > 0 and are_alerts and (long or long_before):
            head = ["", *head]
        lines += _comments(head, column) + inner
        long_before = long
    # Deeper than what follows, or it would be read as said of that.
    return lines + _comments(node.foot, column + 2)


def _entry(entry: Entry, prefix: str, column: int, shape: Shape | None) -> tuple[list[str], list[Line]]:
    """The lines of a key or an item, `prefix` before its value; and the comments that have to stand above it."""
    value = entry.value
    if not isinstance(value, Alias) and value.anchor:
        prefix += f"&{value.anchor} "
    if isinstance(value, Scalar):
        text = block(value, column + 2)
        if text is not None:
            head = Line(prefix + text[0], entry.tail[0] if entry.tail else "")
            return entry.tail[1:], [head, *(Line(line, solid=True) for line in text[1:])]
    inline = _inline(value, shape)
    if inline is not None and (not isinstance(value, Collection) or not value.entries or len(prefix + inline) <= WIDTH):
        return [], _with_tail((prefix + inline).rstrip(), entry.tail)
    assert isinstance(value, Collection)  # noqa: S101  (only a collection is not inline)
    if inline is not None and (words := _words(value, shape)):
        return entry.tail, [
            Line(f"{prefix}["),
            *_filled(words, column + 2),
        ]  # behind the bracket it would be the first word's
    if entry.key is not None:
        inner = _block(value, shape, column + 2 if value.mapping else column)
        return [], [*_with_tail(prefix.rstrip(), entry.tail), *inner]
    above = [*entry.tail, *(_lifted(value) if not value.anchor else [])]
    inner = _block(value, shape, column + 2)
    if value.anchor:
        return above, [Line(prefix.rstrip()), *inner]
    inner[0].text = prefix + inner[0].text[len(prefix) :]
    return above, inner


def _words(node: Collection, shape: Shape | None) -> list[str]:
    """The items of a list of dates or names, which are read across; nothing for any other collection."""
    if node.mapping or any(isinstance(entry.value, Collection) for entry in node.entries):
        return []
    words = [_inline(entry.value, inside(shape, None)) or "" for entry in node.entries]
    return words if max(map(len, words)) <= WORD else []


def _filled(words: list[str], column: int) -> list[Line]:
    """As many on a line as fit. The bracket closes behind the last: alone it would stand too far to the left for YAML."""
    lines = [" " * column]
    for position, word in enumerate(words):
        text = f"{word}{',' if position + 1 < len(words) else ']'}"
        if len(lines[-1]) > column and len(lines[-1]) + 1 + len(text) > WIDTH:
            lines.append(" " * column)
        lines[-1] += text if len(lines[-1]) == column else f" {text}"
    return [Line(line) for line in lines]


def _block(node: Collection, shape: Shape | None, column: int) -> list[Line]:
    print_ = _mapping if node.mapping else _sequence
    return print_(node, shape, column)


def _with_tail(text: str, tail: list[str]) -> list[Line]:
    return [Line(text, tail[0] if tail else ""), *(Line("", comment) for comment in tail[1:])]


def _lifted(node: Collection) -> list[str]:
    """The comments above the first entry of an item: no line can stand between the dash and that entry."""
    first = node.entries[0]
    found = [text for text in first.head if text]
    first.head = []
    if first.key is None and isinstance(first.value, Collection) and first.value.entries:
        found += _lifted(first.value)
    return found


def _inline(node: Node, shape: Shape | None) -> str | None:
    """A value on one line; None for what is written in lines, or has comments within."""
    if isinstance(node, Alias):
        return f"*{node.name}"
    if isinstance(node, Scalar):
        return written(node, shape)
    if not node.entries and not node.foot:
        return "{}" if node.mapping else "[]"
    if not node.flow or node.foot:
        return None
    parts = []
    for entry in node.entries:
        value = entry.value
        text = _inline(value, inside(shape, entry.key.value if entry.key is not None else None))
        if text is None or any(entry.head) or entry.tail:
            return None
        if not isinstance(value, Alias) and value.anchor:
            text = f"&{value.anchor} {text}"
        parts.append(f"{_key(entry, shape)}: {text}" if entry.key is not None else text)
    return f"{{{', '.join(parts)}}}" if node.mapping else f"[{', '.join(parts)}]"
