"""A policy file as a tree that keeps what a reader drops: comments, blank lines, how each scalar was written."""

import re
from bisect import bisect_right
from typing import Any

import msgspec
import yaml

from watchbill.source.codes import yaml as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.source.yaml import CParser, span_of  # type: ignore[attr-defined]

BLOCK = ("|", ">")
BLOCK_HEADER = re.compile(r"[|>](?:[-+]|([0-9]))*[ \t]*(#[^\n]*)?")


class Scalar(msgspec.Struct):
    """`style` is empty for plain text, else the quote, `|` or `>`; `raw` is the scalar as written."""

    value: str
    style: str = ""
    raw: str = ""
    anchor: str = ""
    start: int = -1
    end: int = -1


class Alias(msgspec.Struct):
    name: str
    start: int = -1
    end: int = -1


class Entry(msgspec.Struct):
    """A key with its value, or an item of a list (`key` is None).

    `head` are the comments on lines of their own before it, `""` for a blank line; `tail` the comment at the end of its
    line, and the lines that continue it.
    """

    value: "Node"
    key: Scalar | None = None
    head: list[str] = []
    tail: list[str] = []
    start: int = -1


class Collection(msgspec.Struct):
    """A mapping or a list. `foot` are the comments after its last entry; `column` counts from 0; `table`: the author
    lined the values of its keys up.
    """

    mapping: bool
    flow: bool
    entries: list[Entry] = []
    foot: list[str] = []
    anchor: str = ""
    column: int = 0
    table: bool = False
    start: int = -1
    end: int = -1

    def get(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key is not None and entry.key.value == key), None)


Node = Scalar | Alias | Collection


class Document(msgspec.Struct):
    """`marker` is where its `---` stands, -1 without one; `anchors`: it has anchors or aliases."""

    root: Collection
    head: list[str] = []
    foot: list[str] = []
    marker: int = -1
    anchors: bool = False

    @property
    def kind(self) -> str | None:
        entry = self.root.get("kind")
        return entry.value.value if entry is not None and isinstance(entry.value, Scalar) else None


class Comment(msgspec.Struct, frozen=True):
    """`own_line`: nothing stands before it on its line. `column` counts from 0."""

    text: str
    start: int
    line: int
    column: int
    own_line: bool


class Text:
    """The text of a file, and where its lines, scalars and comments are."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.masked = text  # scalars, anchors and comments blanked out: what is left is YAML's own punctuation
        self.comments: list[Comment] = []
        self.blank: frozenset[int] = frozenset()

    def line(self, index: int) -> int:
        """Counts from 0."""
        return bisect_right(self.starts, index) - 1

    def column(self, index: int) -> int:
        return index - self.starts[self.line(index)]

    def find_comments(self, spans: list[tuple[int, int]], scalars: list[Scalar]) -> None:
        """`spans` are the stretches that are no punctuation, in order."""
        self._mask(spans)
        found = [
            (match.start(), match.group())
            for match in re.finditer("#[^\n]*", self.masked)  # nothing else that is left may hold a `#`
        ]
        for scalar in scalars:
            header = BLOCK_HEADER.match(scalar.raw) if scalar.style in BLOCK else None
            if header and header.group(2):
                found.append((scalar.start + header.start(2), header.group(2)))
        found.sort()
        for start, text in found:
            line = self.line(start)
            own_line = not self.text[self.starts[line] : start].strip()
            self.comments.append(Comment(text.rstrip(), start, line, start - self.starts[line], own_line))
        self._mask([(start, start + len(text)) for start, text in found])
        inside = {
            line for scalar in scalars for line in range(self.line(scalar.start) + 1, self.line(scalar.end - 1) + 1)
        }
        lines = self.text.split("\n")
        self.blank = frozenset(line for line, text in enumerate(lines) if not text.strip() and line not in inside)

    def _mask(self, spans: list[tuple[int, int]]) -> None:
        parts, done = [], 0
        for start, end in spans:
            if start >= done:
                hidden = self.masked[start:end]
                blank = re.sub("[^\n]", " ", hidden) if "\n" in hidden else " " * len(hidden)
                parts += [self.masked[done:start], blank]
                done = end
        self.masked = "".join([*parts, self.masked[done:]])


class _UnsupportedError(Exception):
    """Valid YAML that the language leaves out: it is not laid out anew."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(what)
        self.index = index


def parse(file: str, text: str) -> tuple[list[Document], Text | None, Diagnostic | None]:
    """Documents of a text that is YAML, without their comments yet; or the finding that says why it is left alone."""
    try:
        builder = _Builder(text)
        documents = builder.documents()
    except _UnsupportedError as error:
        where = span_of(file, text, error.index, error.index + 1)
        return [], None, Diagnostic(codes.YAML_FEATURE, str(error), where, "here", "fmt leaves this file as it is")
    return documents, builder.source, None


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.source = Text(text)
        self.spans: list[tuple[int, int]] = []
        self.scalars: list[Scalar] = []
        self.anchors = False
        self._parser: Any = CParser(text)
        if odd := re.search("[\u2028\u2029]", text):
            raise _UnsupportedError(
                odd.start(), "a line or paragraph separator is a line end to one reader of YAML only"
            )

    def documents(self) -> list[Document]:
        found: list[Document] = []
        try:
            while self._parser.check_event():
                event = self._parser.get_event()
                if isinstance(event, yaml.DocumentStartEvent):
                    found.append(self._document(event, marked=event.explicit or bool(found)))
        finally:
            self._parser.dispose()
        self.source.find_comments(self.spans, self.scalars)
        for document in found:
            self._place(document.root)
        return found

    def _document(self, start: Any, marked: bool) -> Document:
        if start.version or start.tags:
            raise _UnsupportedError(start.start_mark.index, "`%` directives are not part of the language")
        self.anchors = False
        root = self._node(self._parser.get_event())
        marker = start.start_mark.index if marked else -1
        if isinstance(root, Scalar) and root.value == "" and not root.style:
            root = Collection(mapping=True, flow=False, start=root.start, end=root.end)  # an empty document
        if not isinstance(root, Collection) or not root.mapping:
            raise _UnsupportedError(max(marker, 0), "a document should be a mapping with `kind` and `name`")
        if root.anchor:
            raise _UnsupportedError(max(marker, 0), "a whole document has an anchor, and nothing could refer to it")
        return Document(root, marker=marker, anchors=self.anchors)

    def _node(self, event: Any) -> Node:
        start: int = event.start_mark.index
        end: int = event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            self.anchors = True
            self.spans.append((start, end))
            return Alias(event.anchor or "", start, end)
        if getattr(event, "tag", None):
            raise _UnsupportedError(start, f"tags such as `{event.tag}` are not part of the language")
        anchor = event.anchor or ""
        if anchor:
            self.anchors = True
            self.spans.append((start, start + 1 + len(anchor)))
            gap = re.compile(r"(?:\s|#[^\n]*)*").match(self.text, start + 1 + len(anchor))
            start = gap.end() if gap else start
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, start, anchor)
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Collection(mapping, bool(event.flow_style), anchor=anchor, start=start)
        node.end = self._entries(node)
        return node

    def _scalar(self, event: Any, start: int, anchor: str) -> Scalar:
        end = max(start, event.end_mark.index)
        raw = self.text[start:end]
        style = event.style or ""
        if style in BLOCK and "+" not in raw.split("\n", 1)[0].split("#")[0]:
            end = start + len(raw.rstrip())  # what follows the last line with text is layout
        scalar = Scalar(event.value, style, raw, anchor, start, end)
        self.scalars.append(scalar)
        if raw:
            self.spans.append((start, start + len(raw)))
        return scalar

    def _entries(self, node: Collection) -> int:
        """Read the entries up to the end of a collection, and tell where that is."""
        end = node.start
        while True:
            event = self._parser.get_event()
            start, closed = event.start_mark.index, event.end_mark.index
            if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                return max(end, closed) if node.flow else end
            if not node.mapping:
                value = self._node(event)
                node.entries.append(Entry(value, head=[], tail=[], start=value.start))
            else:
                if not isinstance(event, yaml.ScalarEvent):
                    raise _UnsupportedError(start, "a key must be plain text")
                key = self._node(event)
                assert isinstance(key, Scalar)  # noqa: S101  (a scalar's event)
                if not key.raw or "\n" in key.raw or key.style in BLOCK or key.anchor:
                    raise _UnsupportedError(key.start, "a key must be plain text on one line")
                value = self._node(self._parser.get_event())
                node.entries.append(Entry(value, key, [], [], key.start))
            end = value.end

    def _place(self, node: Collection) -> None:
        """Where items of lists begin, and in which column the entries of each collection stand."""
        before = node.start
        masked = self.source.masked
        for entry in node.entries:
            if entry.key is not None:
                if "?" in masked[before : entry.start]:
                    raise _UnsupportedError(entry.start, "`?` before a key is not part of the language")
            elif not node.flow:
                entry.start = masked.index("-", before, max(entry.value.start, before) + 1)
            if isinstance(entry.value, Collection):
                self._place(entry.value)
            before = entry.value.end
        if node.entries:
            node.column = self.source.column(node.entries[0].start)
        node.table = node.mapping and not node.flow and self._is_table(node.entries)

    def _is_table(self, entries: list[Entry]) -> bool:
        """Whether the values of two keys of different length are lined up."""
        columns: dict[int, set[int]] = {}
        padded = False
        for entry in entries:
            key = entry.key
            if isinstance(entry.value, Scalar) and not entry.value.raw:
                continue  # no value
            if key is None or self.source.line(key.start) != self.source.line(entry.value.start):
                return False
            if not isinstance(entry.value, Alias) and entry.value.anchor:
                return False
            space = entry.value.start - key.end
            padded = padded or space > 2
            columns.setdefault(self.source.column(entry.value.start), set()).add(key.end - key.start)
        return padded and any(len(lengths) > 1 for lengths in columns.values())
