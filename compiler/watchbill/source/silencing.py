"""Comments that silence a finding: `# watchbill: ignore[WB402] reason until 2027-01-31`.

A comment is about what begins on its line, or, where it stands alone, on the next line with something on it: an item of
a list with all that is in it (an alert, a group), a key with its value, or the whole document. It silences the findings
of its codes that stand there. Code and name are both accepted; the day is the last on which it holds.

Files are only looked at when `MARK` is in them, and comments only told from text by the scalars of their documents.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import Code
from watchbill.source.codes import silencing as codes
from watchbill.source.codes.catalogue import codes as catalogue
from watchbill.source.codes.catalogue import find
from watchbill.source.diagnostic import Diagnostic, Span, did_you_mean
from watchbill.source.locate import Sources
from watchbill.source.yaml import MAX_DEPTH, Document

MARK = b"watchbill: ignore"
FIXED = "It cannot be silenced"
"""How the page of a code begins to say so."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*watchbill:[ \t]*ignore\b.*")
_SAID = re.compile(
    r"#[ \t]*watchbill:[ \t]*ignore\[(?P<codes>[^\]]*)\](?P<reason>.*?)(?:\buntil[ \t]+(?P<day>\S+))?[ \t]*"
)
_BLANK = re.compile(r"[ \t]*(?:#.*|---[ \t]*(?:#.*)?|%.*)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ADVICE = "write # watchbill: ignore[code] the reason until 2027-01-31"


class Ignore(msgspec.Struct, frozen=True):
    """One comment for one code: it silences what stands on the lines `first` to `last`. `span` is the comment's own."""

    code: Code
    span: Span
    first: int
    last: int
    until: date


class Silencing:
    """The comments of some files, and which of them have silenced something so far.

    Without `today` every comment holds; with it each until its day. `problems` are about those that silence nothing.
    """

    def __init__(self, files: Iterable[str], sources: Sources, today: date | None = None) -> None:
        self._sources = sources
        self._today = today
        self._used: set[Ignore] = set()
        self.ignoring, self.problems = _ignores(files, sources)

    def over(self, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """The findings that no comment silences."""
        left: list[Diagnostic] = []
        for diagnostic in found:
            mine = self._about(diagnostic) if self.ignoring else []
            self._used.update(mine)
            if not mine:
                left.append(diagnostic)
        return left

    def _about(self, diagnostic: Diagnostic) -> list[Ignore]:
        where = diagnostic.where
        mine = [
            one
            for one in self.ignoring
            if one.code is diagnostic.code and where is not None and one.span.file == where.file and not self._over(one)
        ]
        if not mine or where is None:
            return []
        line = self._sources.locate(where).line
        return [one for one in mine if one.first <= line <= one.last]

    def _over(self, one: Ignore) -> bool:
        return self._today is not None and self._today > one.until

    def unneeded(self, unchecked: Callable[[str], bool]) -> Iterator[Diagnostic]:
        """Comments whose day is over, and those that have silenced nothing, but in files that were not checked whole."""
        for one in self.ignoring:
            if self._over(one):
                message = f"`{one.code.name}` was to be looked at again after {one.until}"
                advice = "mend what it silenced, or give it another day"
                yield Diagnostic(codes.IGNORE_EXPIRED, message, one.span, "in the past", advice)
            elif one not in self._used and not unchecked(one.span.file):
                message = f"there is no `{one.code.name}` here that this comment could silence"
                yield Diagnostic(codes.UNUSED_IGNORE, message, one.span, "silences nothing", "remove it")

    @property
    def silenced(self) -> int:
        """How many comments have silenced something."""
        return len({one.span for one in self._used})


def _ignores(files: Iterable[str], sources: Sources) -> tuple[list[Ignore], list[Diagnostic]]:
    """What the comments of these files silence, and what is wrong with those that silence nothing."""
    found: list[Ignore] = []
    problems: list[Diagnostic] = []
    for file in files:
        lines, documents = sources.lines(file), sources.documents(file)
        for number, line in enumerate(lines, 1):
            match = _COMMENT.search(line)
            if match is None or _in_text(documents, number - 1, match.start()):
                continue
            span = Span(file, number, match.start() + 1, number, len(line.rstrip()) + 1)
            read = _read(match[0].rstrip(), span)
            if isinstance(read, Diagnostic):
                problems.append(read)
                continue
            alone = not line[: match.start()].strip(" \t-")
            start = _following(lines, number) if alone else number
            first, last = _about(documents, start) if start else (1, 0)
            named, until = read
            found += [Ignore(code, span, first, last, until) for code in named]
    return found, problems


def _read(comment: str, span: Span) -> tuple[list[Code], date] | Diagnostic:
    match = _SAID.fullmatch(comment)
    if match is None or not match["codes"].strip():
        return _malformed("this comment names no code", span)
    named = []
    for name in match["codes"].split(","):
        code = find(name.strip())
        if code is None:
            close = did_you_mean(name.strip(), [known.name for known in catalogue().values()])
            hint = f"did you mean `{close}`?" if close else "`watchbill explain` lists them all"
            return _malformed(f"there is no code `{name.strip()[:60]}`", span, hint)
        if code.silence.startswith(FIXED):
            return _malformed(f"`{code.name}` cannot be silenced", span, f"`watchbill explain {code.name}` says why")
        named.append(code)
    if match["day"] is None:
        return _malformed("this comment does not say until when", span)
    try:
        until = date.fromisoformat(match["day"]) if _DAY.fullmatch(match["day"]) else None
    except ValueError:
        until = None
    if until is None:
        return _malformed(f"`{match['day'][:60]}` is not a day such as 2027-01-31", span)
    if not re.search(r"\w", match["reason"]):
        return _malformed("this comment gives no reason", span)
    return list(dict.fromkeys(named)), until


def _malformed(message: str, span: Span, advice: str = _ADVICE) -> Diagnostic:
    return Diagnostic(codes.BAD_IGNORE, message, span, "silences nothing", advice)


def _following(lines: Sequence[str], number: int) -> int:
    """The next line with something on it, or 0."""
    rest = enumerate(lines[number:], number + 1)
    return next((one for one, line in rest if not _BLANK.fullmatch(line)), 0)


def _in_text(documents: Iterable[Document], line: int, column: int) -> bool:
    """Whether a place is inside a scalar: what looks like a comment there is text."""
    place = (line, column)
    stack = [document.node for document in documents]
    seen: set[int] = set()  # an alias may make a node contain itself
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if _start(node) <= place < (node.end_mark.line, node.end_mark.column):
            if isinstance(node, ScalarNode):
                return node.style not in ("|", ">") or line > node.start_mark.line  # a block begins below its head
            stack.extend(_children(node))
    return False


def _about(documents: Iterable[Document], line: int) -> tuple[int, int]:
    """First and last line of the largest thing that begins on a line; nothing there is an empty stretch."""
    parts = [(document.node, document.node) for document in documents]
    for _ in range(MAX_DEPTH):
        for first, last in parts:
            if first.start_mark.line + 1 == line:
                return line, _last_line(last)
        within = [last for first, last in parts if first.start_mark.line + 1 < line <= _last_line(last)]
        parts = [part for node in within for part in _parts(node)]
    return 1, 0


def _parts(node: Node) -> list[tuple[Node, Node]]:
    """The items of a list, or the keys of a mapping with their values."""
    if isinstance(node, MappingNode):
        return [(key, value) for key, value in node.value]
    return [(item, item) for item in node.value] if isinstance(node, SequenceNode) else []


def _children(node: Node) -> Iterator[Node]:
    for first, last in _parts(node):
        yield first
        if last is not first:
            yield last


def _start(node: Node) -> tuple[int, int]:
    return node.start_mark.line, node.start_mark.column


def _last_line(node: Node) -> int:
    """The last line of a value; libyaml ends a block where the next thing begins."""
    for _ in range(MAX_DEPTH):
        if not isinstance(node, MappingNode | SequenceNode) or node.flow_style or not node.value:
            break
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    end = node.end_mark
    return end.line if end.column == 0 and end.line > node.start_mark.line else end.line + 1
