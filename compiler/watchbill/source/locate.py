"""Symbolic locations to lines and columns: a file is composed again only when a finding in it is shown."""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.alignment import origins
from watchbill.source.diagnostic import Location, Span, Where
from watchbill.source.files import PolicyFile, read
from watchbill.source.substituted import written
from watchbill.source.yaml import LINE_BREAK, MAX_DEPTH, Document, compose, decode_text, node_span

_NAMES = ("name", "alert", "record")  # the last two in rules of Prometheus


class _Source(msgspec.Struct, frozen=True):
    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    documents: tuple[Document, ...]


class Sources:
    """The policy files behind the findings, read when first asked for. `paths` maps a shown name to the real file."""

    def __init__(self, root: Path, paths: dict[str, Path] | None = None) -> None:
        self._root = root
        self._paths = paths or {}
        self._read: dict[str, _Source] = {}

    def lines(self, file: str) -> tuple[str, ...]:
        return self._source(file).lines

    def documents(self, file: str) -> tuple[Document, ...]:
        return self._source(file).documents

    def hide(self, span: Span) -> None:
        """Blot a stretch out of the lines that are shown: a secret that somebody wrote into a policy."""
        source = self._source(span.file)
        lines = list(source.lines)
        for number in range(span.line, min(span.end_line, len(lines)) + 1):
            line = lines[number - 1]
            start = span.column - 1 if number == span.line else 0
            end = span.end_column - 1 if number == span.end_line else len(line)
            lines[number - 1] = line[:start] + "*" * len(line[start:end]) + line[end:]
        self._read[span.file] = msgspec.structs.replace(source, lines=tuple(lines))

    def locate(self, where: Where) -> Span:
        """The span of a location; the nearest enclosing value when its path is written in a short form."""
        if isinstance(where, Span):
            return where
        source = self._source(where.file)
        if where.document >= len(source.documents):
            return Span(where.file)
        node, whole = _follow(source.documents[where.document].node, where)
        if whole and where.put:
            node, where = _as_written(node, where)
        if whole and isinstance(node, ScalarNode) and where.start >= 0 and where.end >= 0:
            return _within_scalar(where, source, node)
        return node_span(where.file, node)

    def enclosing_name(self, where: Where) -> tuple[Span, str] | None:
        """The name of the list item that a finding stands in ("in this alert"), when it is on another line."""
        span = self.locate(where)
        documents = self._source(where.file).documents
        position = bisect_right(documents, (span.line - 1, span.column - 1), key=lambda one: _start(one.node)) - 1
        if position < 0:
            return None
        best: tuple[Span, str] | None = None
        node = documents[position].node
        key = ""
        for _ in range(MAX_DEPTH):  # an alias may make a node contain itself
            inner = _child_at(node, span)
            if inner is None:
                break
            child_key, node = inner
            if isinstance(node, MappingNode) and isinstance(child_key, int):
                named = next(
                    (v for k, v in node.value if getattr(k, "value", None) in _NAMES and isinstance(v, ScalarNode)),
                    None,
                )
                if named is not None:
                    best = (node_span(where.file, named), key)
            key = child_key if isinstance(child_key, str) else key
        return best if best and best[0].line != span.line else None

    def _source(self, file: str) -> _Source:
        if file not in self._read:
            data, _ = read(PolicyFile(file, self._paths.get(file, self._root / file)))
            text, _ = decode_text(file, data) if data is not None else (None, [])
            if text is None:
                shown = data.decode("utf-8", "replace") if data and b"\0" not in data[:2] else ""
                self._read[file] = _Source("", tuple(LINE_BREAK.split(shown)), (), ())
            else:
                documents, _ = compose(file, text)
                starts = (0, *(match.end() for match in LINE_BREAK.finditer(text)))
                self._read[file] = _Source(text, tuple(LINE_BREAK.split(text)), starts, tuple(documents))
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
    """The child that holds a place: its key or number, and itself."""
    position = (span.line - 1, span.column - 1)
    if isinstance(node, MappingNode):
        index = bisect_right(node.value, position, key=lambda pair: _start(pair[0])) - 1
        if index >= 0 and position < _end(node.value[index][1]):
            key, value = node.value[index]
            return str(getattr(key, "value", "")), value
    elif isinstance(node, SequenceNode):
        index = bisect_right(node.value, position, key=_start) - 1
        if index >= 0 and position < _end(node.value[index]):
            return index, node.value[index]
    return None


def _start(node: Node) -> tuple[int, int]:
    return node.start_mark.line, node.start_mark.column


def _end(node: Node) -> tuple[int, int]:
    return node.end_mark.line, node.end_mark.column


def _as_written(node: Node, where: Location) -> tuple[Node, Location]:
    """The scalar that a text with params came from, and the place in it. By place there may be several of them.

    Where the compiler has put more into the text than params, the words are looked for.
    """
    scalars = [node] if isinstance(node, ScalarNode) else list(_scalars(node))
    for scalar in scalars:
        found = written(scalar.value, where.put, where.start, where.end)
        if found is not None:
            return scalar, where.within(*found)
    word = where.put[where.start : where.end]
    if isinstance(node, ScalarNode) and word:
        start = _nth(node.value, word, where.put[: where.start].count(word))
        return node, where.within(start, start + len(word)) if start >= 0 else where.at()
    return node, where.at()


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """The values of `{default: …, by: {place: …}}`."""
    for _, value in node.value if isinstance(node, MappingNode) else ():
        if isinstance(value, ScalarNode):
            yield value
        elif isinstance(value, MappingNode):
            yield from (one for _, one in value.value if isinstance(one, ScalarNode))


def _nth(value: str, word: str, before: int) -> int:
    """Where a word stands that has so many others of its kind before it; -1 when there are fewer."""
    start = value.find(word)
    for _ in range(before):
        start = value.find(word, start + len(word)) if start >= 0 else start
    return start


def _within_scalar(where: Location, source: _Source, node: ScalarNode) -> Span:
    """The span of characters `start` to `end` of a scalar's value; the whole scalar, where they cannot be told."""
    offset = int(node.start_mark.index)  # libyaml counts characters, as we do
    aligned = origins(source.text[offset : int(node.end_mark.index)], node.value, node.style)
    if not aligned:
        return node_span(where.file, node)
    start = max(0, min(where.start, len(aligned) - 1))
    end = max(start + 1, min(where.end, len(aligned)))
    line, column = _line_column(source, offset + aligned[start][1])
    end_line, end_column = _line_column(source, offset + aligned[end - 1][2] - 1)
    return Span(where.file, line, column, end_line, end_column + 1)


def _line_column(source: _Source, index: int) -> tuple[int, int]:
    line = bisect_right(source.starts, index)
    return line, index - source.starts[line - 1] + 1
