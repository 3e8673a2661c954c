"""SARIF 2.1.0, for code scanning: one run, the rules that were broken, and fingerprints that survive moved lines.

A fingerprint is made of the code and of the path of names to what it is about (`Service payments/gateway`, `alerts`,
`PaymentFailureRateHigh`, `expr`), never of a file's name where an object can be named, and never of a line's number.
"""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import Code, plain
from watchbill.source.diagnostic import RANK, Diagnostic, Location, Span, Where
from watchbill.source.files import WORKSPACE_FILE
from watchbill.source.locate import Sources
from watchbill.source.yaml import MAX_DEPTH, Document, compose

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST = 5000  # code scanning takes 25,000 results and shows 5,000
Placed = Sequence[tuple[Diagnostic, Span | None]]


def render(placed: Placed, sources: Sources, color: bool) -> str:  # noqa: ARG001
    import json  # noqa: PLC0415

    return json.dumps(document(placed, sources), ensure_ascii=False, indent=2)


def document(placed: Placed, sources: Sources) -> dict[str, Any]:
    import watchbill  # noqa: PLC0415

    shown = placed if len(placed) <= MOST else sorted(placed, key=lambda item: RANK[item[0].level])[:MOST]
    codes = {diagnostic.code.id: diagnostic.code for diagnostic, _ in shown}
    rules = {id_: index for index, id_ in enumerate(sorted(codes))}
    objects = _Objects(sources)
    seen: Counter[str] = Counter()
    results = []
    for diagnostic, span in shown:
        path = objects.path(diagnostic.where)
        key = hashlib.sha256("\0".join((diagnostic.code.id, *path)).encode("utf-8", "backslashreplace")).hexdigest()[
            :32
        ]
        seen[key] += 1
        results.append(_result(diagnostic, span, rules, path, f"{key}:{seen[key]}", sources))
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "watchbill",
                "semanticVersion": watchbill.__version__,
                "rules": [_rule(codes[id_]) for id_ in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    if len(shown) < len(placed):
        text = f"{len(placed) - len(shown):,} more findings, none of them worse, are not in this file."
        run["invocations"][0]["toolExecutionNotifications"] = [{"level": "note", "message": {"text": text}}]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    from watchbill.cli.explain import page  # noqa: PLC0415

    sections = (("Why it matters", code.why), ("How to silence", code.silence))
    snippets = (("Example", plain(code.example)), ("Instead", plain(code.instead)))
    parts = [code.finds]
    parts += [f"**{title}**: {text}" for title, text in sections[:1] if text]
    parts += [f"**{title}**\n\n```yaml\n{text}\n```" for title, text in snippets if text]
    parts += [f"**{title}**: {text}" for title, text in sections[1:] if text]
    return {
        "id": code.id,
        "name": "".join(word.capitalize() for word in code.name.split("-")),
        "shortDescription": {"text": code.name.replace("-", " ").capitalize()},
        "fullDescription": {"text": f"{code.finds} {code.why}"},
        "help": {"text": page(code), "markdown": "\n\n".join(parts)},
        "defaultConfiguration": {"level": code.severity},
        "properties": {
            "tags": ["watchbill", code.name],
            "problem.severity": "recommendation" if code.severity == "note" else code.severity,
        },
    }


def _result(
    diagnostic: Diagnostic,
    span: Span | None,
    rules: dict[str, int],
    path: tuple[str, ...],
    fingerprint: str,
    sources: Sources,
) -> dict[str, Any]:
    parts = [diagnostic.message]
    parts += [f"help: {diagnostic.help}"] if diagnostic.help else []
    parts += [f"note: {note}" for note in diagnostic.notes]
    location = {
        "physicalLocation": _physical(span or Span(WORKSPACE_FILE)),
        "logicalLocations": [{"name": path[-1], "fullyQualifiedName": "/".join(path)}],
    }
    result: dict[str, Any] = {
        "ruleId": diagnostic.code.id,
        "ruleIndex": rules[diagnostic.code.id],
        "level": diagnostic.level,
        "message": {"text": "\n".join(parts)},
        "locations": [location],
        # The name under which code scanning looks for it, and ours.
        "partialFingerprints": {"primaryLocationLineHash": fingerprint, "watchbill/v1": fingerprint},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": related.text},
                "physicalLocation": _physical(sources.locate(related.where)),
            }
            for number, related in enumerate(diagnostic.related, 1)
        ]
    return result


def _physical(span: Span) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": max(1, span.line)}
    if span != Span(span.file):  # else it is about the file as a whole
        region |= {"startColumn": max(1, span.column), "endLine": span.end_line, "endColumn": max(1, span.end_column)}
    uri = quote(span.file.encode("utf-8", "backslashreplace"), safe="/@:+,;=!$&'()*~")
    return {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}


class _Objects:
    """What a place in a policy is called, by names and keys."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._documents: dict[str, list[Document]] = {}

    def path(self, where: Where | None) -> tuple[str, ...]:
        if where is None:
            return ("workspace",)
        documents = self._of(where.file)
        if isinstance(where, Location):
            if where.document >= len(documents):
                return (where.file,)
            node = documents[where.document].node
            return (*_title(node, where.file), *_names(node, where.path))
        starts = [(one.node.start_mark.line, one.node.start_mark.column) for one in documents]
        position = bisect_right(starts, (where.line - 1, where.column - 1)) - 1
        if position < 0 or where == Span(where.file):
            return (where.file,)
        node = documents[position].node
        return (*_title(node, where.file), *_names(node, _path_at(node, where)))

    def _of(self, file: str) -> list[Document]:
        if file not in self._documents:
            self._documents[file] = compose(file, "\n".join(self._sources.lines(file)))[0]
        return self._documents[file]


def _title(node: Node, file: str) -> tuple[str, ...]:
    """`Service payments/gateway`; the file, where a document has no kind and name."""
    kind, name, team = (_word(node, key) for key in ("kind", "name", "team"))
    if not kind or not name:
        return (file,)
    return (f"{kind} {team}/{name}" if team else f"{kind} {name}",)


def _word(node: Node, key: str) -> str:
    if not isinstance(node, MappingNode):
        return ""
    found = (value for name, value in node.value if getattr(name, "value", None) == key)
    value = next(found, None)
    return value.value if isinstance(value, ScalarNode) else ""


def _names(node: Node | None, path: Sequence[str | int]) -> tuple[str, ...]:
    """The path with each item of a list called by its name: one that is put before it changes nothing."""
    found = []
    for step in path:
        inner: Node | None = None
        name = str(step)
        if isinstance(node, MappingNode):
            inner = next((value for key, value in node.value if getattr(key, "value", None) == step), None)
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = node.value[step]
            name = (
                inner.value if isinstance(inner, ScalarNode) else _word(inner, "name") or _word(inner, "alert") or name
            )
        found.append(name)
        node = inner
    return tuple(found)


def _path_at(node: Node, span: Span) -> tuple[str | int, ...]:
    """The keys and numbers that lead to what stands at the start of a span."""
    position = (span.line - 1, span.column - 1)
    path: list[str | int] = []
    for _ in range(MAX_DEPTH):  # an alias may make a node contain itself
        steps: list[tuple[str | int, Node, Node]] = []
        if isinstance(node, MappingNode):
            steps = [(str(getattr(key, "value", "")), key, value) for key, value in node.value]
        elif isinstance(node, SequenceNode):
            steps = [(index, value, value) for index, value in enumerate(node.value)]
        for step, first, last in steps:
            start, end = first.start_mark, last.end_mark
            if (start.line, start.column) <= position < (end.line, end.column):
                path.append(step)
                node = last
                break
        else:
            break
    return tuple(path)
