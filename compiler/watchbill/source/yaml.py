"""Policy files to YAML nodes, with every bound that keeps a broken or hostile file from costing more than a finding."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from watchbill.source.codes import yaml as codes
from watchbill.source.diagnostic import Diagnostic, Related, Span

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 100_000  # reached through aliases, beyond what the text itself holds

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what libyaml counts as one
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SUSPICIOUS = re.compile("(?:^|[\n\r\x85\u2028\u2029])[ \t?:-]{100,}")

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError:  # a PyYAML without libyaml: slower, and the same nodes
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class CParser(Reader, Scanner, Parser, Composer):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)


class _Loader(CParser, SafeConstructor, BaseResolver):
    """Composes nodes and resolves nothing: a node's tag is set only where the author wrote one."""

    def __init__(self, stream: str) -> None:
        CParser.__init__(self, stream)
        SafeConstructor.__init__(self)
        BaseResolver.__init__(self)

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:  # noqa: ARG002
        return None

    def descend_resolver(self, *_: Any) -> None:
        return

    def ascend_resolver(self) -> None:
        return


class Document(msgspec.Struct, frozen=True):
    """One YAML document of a file: `index` counts from 0."""

    file: str
    index: int
    node: Node


def decode_text(file: str, data: bytes) -> tuple[str | None, list[Diagnostic]]:
    """Bytes to text, or the findings that say why not. A byte-order mark and CR LF are findings, and accepted."""
    found: list[Diagnostic] = []
    if len(data) > MAX_BYTES:
        size = len(data) / (1024 * 1024)
        return None, [too_large(file, size)]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None, [
            Diagnostic(codes.NOT_TEXT, "this file is UTF-16", Span(file), "not UTF-8", "save the file as UTF-8")
        ]
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        found.append(
            Diagnostic(
                codes.BYTE_ORDER_MARK,
                "this file starts with a byte-order mark",
                Span(file),
                help="save as UTF-8 without it",
            )
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        where = span_of(file, before, len(before), len(before) + 1)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return None, [*found, Diagnostic(codes.NOT_TEXT, message, where, "here", "save the file as UTF-8")]
    if bad := _FORBIDDEN.search(text):
        where = span_of(file, text, bad.start(), bad.end())
        message = f"the character U+{ord(bad.group()):04X} is not allowed in a policy"
        return None, [
            *found,
            Diagnostic(codes.NOT_TEXT, message, where, "here", "remove it, or write it as an escape in double quotes"),
        ]
    if "\r\n" in text:
        where = span_of(file, text, text.index("\r\n"), text.index("\r\n") + 1)
        found.append(
            Diagnostic(codes.BYTE_ORDER_MARK, "lines of this file end in CR LF", where, help="save with LF line ends")
        )
    return text, found


def too_large(file: str, mebibytes: float) -> Diagnostic:
    message = f"this file has {mebibytes:.0f} MiB; a policy file may have 4"
    return Diagnostic(codes.UNREADABLE, message, Span(file), help="split it: one file per service is the habit")


def compose(file: str, text: str) -> tuple[list[Document], list[Diagnostic]]:
    """Text to documents. After a syntax error the documents before it are still given, so no mistake hides another."""
    if problem := _depth_problem(file, text):
        return [], [problem]
    documents: list[Document] = []
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                documents.append(Document(file, len(documents), node))
    except yaml.YAMLError as error:
        return documents, [_syntax_error(file, text, error)]
    except RecursionError:
        return documents, [_too_deep(file, 1, 1)]
    finally:
        loader.dispose()
    return documents, []


def _depth_problem(file: str, text: str) -> Diagnostic | None:
    """Composing recurses in C, so depth is counted first, by events, wherever the text could be deep at all."""
    if text.count("[") + text.count("{") < MAX_DEPTH * 4 and not _SUSPICIOUS.search(text):
        return None
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):  # type: ignore[arg-type]
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
                if depth > MAX_DEPTH:
                    return _too_deep(file, *_line_column(event))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
    except yaml.YAMLError as error:
        return _syntax_error(file, text, error)
    return None


def _line_column(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _too_deep(file: str, line: int, column: int) -> Diagnostic:
    return Diagnostic(
        codes.TOO_DEEP,
        f"more than {MAX_DEPTH} levels of nesting",
        Span(file, line, column, line, column + 1),
        "too deep",
        "no policy needs so many: write it flatter",
    )


def _syntax_error(file: str, text: str, error: yaml.YAMLError) -> Diagnostic:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    lines = LINE_BREAK.split(text)
    where = _mark_span(file, lines, mark)
    hint = _syntax_hint(lines[where.line - 1], problem)
    message = f"not YAML: {problem}" + (f" {context}" if context else "")
    start = getattr(error, "context_mark", None)
    opened = _mark_span(file, lines, start)
    related = (Related(opened, "it begins here"),) if start is not None and opened != where else ()
    return Diagnostic(codes.SYNTAX, message, where, "here", hint, related=related)


def _mark_span(file: str, lines: list[str], mark: Any) -> Span:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    if line > len(lines) or (line == len(lines) and not lines[-1]):  # the end of the file: behind its last text
        line = max((number for number, text in enumerate(lines, 1) if text.strip()), default=1)
        column = len(lines[line - 1].rstrip()) + 1
    return Span(file, line, column, line, column + 1)


def _syntax_hint(line: str, problem: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces: YAML does not allow tabs"
    if "cannot start any token" in problem:
        return "quote the value: it starts with a character that means something in YAML"
    if "mapping values are not allowed" in problem:
        return "quote the value, or check the indentation: a `: ` inside plain text ends it"
    return "the mistake is here or just before"


def span_of(file: str, text: str, start: int, end: int) -> Span:
    """The span of `text[start:end]`, counting lines as libyaml does."""
    line, line_start = 1, 0
    end_line, end_start = 1, 0
    for match in LINE_BREAK.finditer(text, 0, end):
        if match.end() <= start:
            line, line_start = line + 1, match.end()
        end_line, end_start = end_line + 1, match.end()
    return Span(file, line, start - line_start + 1, end_line, end - end_start + 1)


def node_span(file: str, node: Node) -> Span:
    start, end = node.start_mark, node.end_mark
    if end.column == 0 and end.line > start.line and not isinstance(node, ScalarNode):
        return Span(
            file, start.line + 1, start.column + 1, start.line + 1, start.column + 2
        )  # a block: point at its start
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def alias_problem(document: Document) -> Diagnostic | None:
    """A finding when aliases make a document many times what its text holds, or deep, or when one contains itself."""
    measured: dict[int, tuple[int, int]] = {}  # values and levels below a node, itself counted
    open_nodes: set[int] = set()
    stack = [document.node]
    while stack:
        node = stack[-1]
        if id(node) in measured:
            stack.pop()
        elif id(node) in open_nodes:
            below = [measured[id(child)] for child in children(node)]
            size, depth = 1 + sum(one for one, _ in below), 1 + max((one for _, one in below), default=0)
            if depth > MAX_DEPTH and below:
                return _too_deep(document.file, node.start_mark.line + 1, node.start_mark.column + 1)
            measured[id(node)] = size, depth
            open_nodes.discard(id(node))
            stack.pop()
        else:
            open_nodes.add(id(node))
            for child in children(node):
                if id(child) in open_nodes:
                    return _inside_itself(document.file, child)
                stack.append(child)
    if measured[id(document.node)][0] <= len(measured) + MAX_NODES:
        return None
    message = f"the aliases of this document expand to more than {MAX_NODES:,} values"
    return Diagnostic(codes.TOO_DEEP, message, node_span(document.file, document.node), help="write the values out")


def _inside_itself(file: str, node: Node) -> Diagnostic:
    message = "an alias makes this value contain itself"
    return Diagnostic(codes.YAML_FEATURE, message, node_span(file, node), "has no end", "write the value out")
