"""Symbolic locations to lines and columns: a file is composed again only when a finding in it is shown."""

from pathlib import Path

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.diagnostic import Location, Span, Where
from watchbill.source.yaml import LINE_BREAK, Document, compose, decode_text, node_span

_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}


class _Source(msgspec.Struct, frozen=True):
    text: str
    lines: tuple[str, ...]
    documents: tuple[Document, ...]


class Sources:
    """The policy files behind the findings, read when first asked for. `paths` maps a shown name to the real file."""

    def __init__(self, root: Path, paths: dict[str, Path] | None = None) -> None:
        self._root = root
        self._paths = paths or {}
        self._read: dict[str, _Source] = {}

    def lines(self, file: str) -> tuple[str, ...]:
        return self._source(file).lines

    def locate(self, where: Where) -> Span:
        """The span of a location; the nearest enclosing value when its path is written in a short form."""
        if isinstance(where, Span):
            return where
        source = self._source(where.file)
        if where.document >= len(source.documents):
            return Span(where.file)
        node, whole = _follow(source.documents[where.document].node, where)
        if where.end >= 0 and whole and isinstance(node, ScalarNode):
            return scalar_span(where.file, source.text, node, where.start, where.end)
        return node_span(where.file, node)

    def enclosing_name(self, where: Where) -> tuple[Span, str] | None:
        """The `name` of the list item that a finding stands in ("in this alert"), when it is on another line."""
        span = self.locate(where)
        source = self._source(where.file)
        best: tuple[Span, str] | None = None
        for document in source.documents:
            node: Node | None = document.node
            key = ""
            while node is not None:
                inner = _child_at(node, span)
                if inner is None:
                    break
                child_key, node = inner
                if isinstance(node, MappingNode) and isinstance(child_key, int):
                    named = next(
                        (v for k, v in node.value if getattr(k, "value", None) == "name" and isinstance(v, ScalarNode)),
                        None,
                    )
                    if named is not None:
                        best = (node_span(where.file, named), key)
                key = child_key if isinstance(child_key, str) else key
        return best if best and best[0].line != span.line else None

    def _source(self, file: str) -> _Source:
        if file not in self._read:
            path = self._paths.get(file, self._root / file)
            try:
                text, _ = decode_text(file, path.read_bytes())
            except OSError:
                text = None
            if text is None:
                self._read[file] = _Source("", (), ())
            else:
                documents, _ = compose(file, text)
                self._read[file] = _Source(text, tuple(LINE_BREAK.split(text)), tuple(documents))
        return self._read[file]


def _follow(node: Node, where: Location) -> tuple[Node, bool]:
    """The node at a path, and whether the whole path was there."""
    for position, step in enumerate(where.path):
        last = position == len(where.path) - 1
        following: Node | None = None
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if isinstance(key, ScalarNode) and key.value == step:
                    following = key if last and where.key else value
                    break
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            following = node.value[step]
        if following is None:
            rest_is_default = where.path[position:] == ("default",)
            return node, rest_is_default
        node = following
    return node, True


def _child_at(node: Node, span: Span) -> tuple[str | int, Node] | None:
    position = (span.line - 1, span.column - 1)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if _start(key) <= position < _end(value):
                return str(getattr(key, "value", "")), value
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            if _start(value) <= position < _end(value):
                return index, value
    return None


def _start(node: Node) -> tuple[int, int]:
    return node.start_mark.line, node.start_mark.column


def _end(node: Node) -> tuple[int, int]:
    return node.end_mark.line, node.end_mark.column


def scalar_span(file: str, text: str, node: ScalarNode, start: int, end: int) -> Span:
    """The span of characters `start` to `end` of a scalar's value, through YAML's folding, quoting and escapes.

    Falls back to the whole scalar where the text cannot be aligned.
    """
    offset = _index(text, node)
    raw = text[offset : offset + (node.end_mark.index - node.start_mark.index)]
    positions = _align(raw, node)
    if positions is None or not node.value:
        return node_span(file, node)
    start = max(0, min(start, len(node.value) - 1))
    end = max(start + 1, min(end, len(node.value)))
    first, last = offset + positions[start], offset + positions[end - 1]
    line, column = _line_column(text, first)
    end_line, end_column = _line_column(text, last)
    return Span(file, line, column, end_line, end_column + 1)


def _index(text: str, node: ScalarNode) -> int:
    """The node's start as an index into `text` (libyaml counts characters, as we do)."""
    return min(int(node.start_mark.index), len(text))


def _line_column(text: str, index: int) -> tuple[int, int]:
    line, line_start = 1, 0
    for match in LINE_BREAK.finditer(text, 0, index):
        if match.end() > index:
            break
        line, line_start = line + 1, match.end()
    return line, index - line_start + 1


def _align(raw: str, node: ScalarNode) -> list[int] | None:
    """For each character of the value, its index in the raw text; None when they do not align."""
    position = 0
    if node.style in ("|", ">"):
        position = raw.find("\n") + 1
        if position == 0:
            return None
    elif node.style in ("'", '"'):
        position = 1
    positions: list[int] = []
    for character in node.value:
        if node.style == '"':
            while raw[position : position + 2] in ("\\\n", "\\\r"):
                position = _skip_blank(raw, position + 1)
        if character.isspace():
            positions.append(min(position, len(raw) - 1))
            position += _consumed(raw, position, node.style)
            continue
        position = _skip_blank(raw, position) if raw[position : position + 1] != character else position
        if position >= len(raw):
            return None
        taken = _consumed(raw, position, node.style)
        if taken == 1 and raw[position] != character:
            return None
        positions.append(position)
        position += taken
    return positions


def _skip_blank(raw: str, position: int) -> int:
    while position < len(raw) and raw[position].isspace():
        position += 1
    return position


def _consumed(raw: str, position: int, style: str | None) -> int:
    """How many raw characters make one character of the value here; none where a fold made the space."""
    here = raw[position : position + 1]
    if style == '"' and here == "\\":
        return _ESCAPE_LENGTH.get(raw[position + 1 : position + 2], 2)
    if style == "'" and raw[position : position + 2] == "''":
        return 2
    return 1
