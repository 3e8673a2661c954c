"""A policy file in its canonical layout: the same meaning, the same comments, one way to write it."""

import msgspec

from watchbill.layout.comments import attach
from watchbill.layout.order import arrange
from watchbill.layout.printer import text_of
from watchbill.layout.tree import Alias, Document, Node, Scalar, Text, parse
from watchbill.source.diagnostic import Diagnostic, has_errors
from watchbill.source.yaml import alias_problem, compose, decode_text


class Parsed(msgspec.Struct):
    """A file as a tree, or `found`: the findings that say why it is left alone. Warnings about bytes are in `mended`."""

    documents: list[Document] = []
    source: Text | None = None
    found: list[Diagnostic] = []
    mended: list[Diagnostic] = []


def read(file: str, data: bytes) -> Parsed:
    """Bytes to a tree in which each comment has its owner."""
    text, found = decode_text(file, data)
    if text is None or has_errors(found):
        return Parsed(found=[diagnostic for diagnostic in found if diagnostic.level == "error"])
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    composed, problems = compose(file, text)
    problems += [bomb for document in composed if "*" in text and "&" in text and (bomb := alias_problem(document))]
    if problems:
        return Parsed(found=problems)
    documents, source, problem = parse(file, text)
    if problem is not None or source is None:
        return Parsed(found=[problem] if problem else [])
    return Parsed(attach(documents, source), source, mended=found)


def layout(documents: list[Document]) -> str:
    """The canonical text of documents. Its keys are put in order."""
    for document in documents:
        arrange(document)
    return text_of(documents)


def canonical(file: str, data: bytes) -> tuple[str | None, list[Diagnostic]]:
    """The canonical text of a file, or the findings that say why it is left as it is. An empty file has no text."""
    parsed = read(file, data)
    if not parsed.documents:
        return None, parsed.found
    before = meaning(parsed.documents)
    text = layout(parsed.documents)
    verify(file, text, before)
    return text, []


Meaning = tuple[list[object], list[str]]


def meaning(documents: list[Document]) -> Meaning:
    """What may not change: each document's values, and every comment."""
    comments: list[str] = []
    values = [_value(document.root, comments) for document in documents]
    for document in documents:
        comments += [*document.head, *document.foot]
    return values, sorted(comment for comment in comments if comment)


def verify(file: str, text: str, before: Meaning) -> None:
    """A layout that would change what a file says is a bug of ours, and is never written."""
    again = read(file, text.encode())
    if again.found or meaning(again.documents) != before:
        raise AssertionError(f"the new layout of {file} would not say the same")


def _value(node: Node, comments: list[str]) -> object:
    if isinstance(node, Alias):
        return ("*", node.name)
    if isinstance(node, Scalar):
        plain = not node.style and node.value in _PLAIN_MEANS_MORE
        return (node.anchor, node.value, plain)
    comments += node.foot
    for entry in node.entries:
        comments += [*entry.head, *entry.tail]
    values: list[object] = [
        (entry.key.value if entry.key is not None else "", _value(entry.value, comments)) for entry in node.entries
    ]
    return (node.anchor, sorted(values, key=lambda pair: pair[0]) if node.mapping else values)  # type: ignore[index]


_PLAIN_MEANS_MORE = ("", "~", "null", "Null", "NULL", "true", "false")
