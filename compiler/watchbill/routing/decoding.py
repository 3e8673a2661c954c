"""YAML nodes to plain parts as Alertmanager's YAML library takes them (yaml.v2, strict), every refusal with its place."""

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import Code
from watchbill.source.codes import alertmanager as codes
from watchbill.source.diagnostic import Diagnostic, Where, did_you_mean
from watchbill.source.yaml import node_span

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_MERGE = "<<"

Fields = dict[str, Node]


class Told(msgspec.Struct):
    """What was found wrong so far. `file` is None for a value that stands in no file."""

    file: str | None
    found: list[Diagnostic]

    def place(self, node: Node) -> Where | None:
        return node_span(self.file, node) if self.file is not None and node.start_mark is not None else None

    def say(
        self, code: Code, message: str, node: Node, label: str = "", advice: str = "", where: Where | None = None
    ) -> None:
        self.found.append(Diagnostic(code, message, where or self.place(node), label, advice))

    def wrong(self, node: Node, what: str, wanted: str) -> None:
        self.say(codes.SHAPE, f"{what} must be {wanted}", node, f"this is {_kind(node)}")

    def fields(
        self,
        node: Node | None,
        what: str,
        known: Collection[str] | None = None,
        newer: Mapping[str, str] = MappingProxyType({}),
    ) -> Fields:
        """A mapping's values by key; `known` are all the keys it may have. Nothing is an empty mapping.

        `newer` are keys that only a newer Alertmanager has, and which.
        """
        if node is None or is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            self.wrong(node, what, "a mapping")
            return {}
        found: Fields = {}
        own: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.wrong(key, f"a key of {what}", "plain text")
            elif key.value == _MERGE and not key.style:
                found |= self._merged(value, what, known)
            elif key.value in own:
                self.say(codes.SHAPE, f"`{key.value}` is given twice in {what}", key, "and again here", "keep one")
            elif known is not None and key.value not in known:
                close = did_you_mean(key.value, known)
                since = newer.get(key.value)
                advice = f"Alertmanager has it from {since} on" if since else ""
                advice = advice or (f"did you mean `{close}`?" if close else f"it has {', '.join(sorted(known))}")
                self.say(codes.SHAPE, f"{what} has no key `{key.value}`", key, "unknown", advice)
            else:
                own.add(key.value)
                found[key.value] = value
        return found

    def _merged(self, node: Node, what: str, known: Collection[str] | None) -> Fields:
        """What `<<` brings: a mapping, or several of which the first wins."""
        if isinstance(node, SequenceNode):
            found: Fields = {}
            for one in reversed(node.value):
                found |= self.fields(one, what, known)
            return found
        return self.fields(node, what, known)

    def items(self, node: Node | None, what: str) -> list[Node] | None:
        """A list's nodes; None for nothing, and for what is no list."""
        if node is None or is_null(node):
            return None
        if not isinstance(node, SequenceNode):
            self.wrong(node, what, "a list")
            return None
        return list(node.value)

    def text(self, node: Node | None, what: str) -> str:
        """A scalar's text, whatever YAML would make of it; the empty one for nothing."""
        if node is None or is_null(node):
            return ""
        if not isinstance(node, ScalarNode):
            self.wrong(node, what, "text")
            return ""
        return str(node.value)

    def texts(self, node: Node | None, what: str) -> list[tuple[str, Node]] | None:
        items = self.items(node, what)
        return None if items is None else [(self.text(one, f"an entry of {what}"), one) for one in items]

    def flag(self, node: Node | None, what: str) -> bool:
        if node is None or is_null(node):
            return False
        if isinstance(node, ScalarNode) and not node.style and node.value in _TRUE | _FALSE:
            return node.value in _TRUE
        self.wrong(node, what, "true or false")
        return False


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULL and not _is_text(node)


def _is_text(node: ScalarNode) -> bool:
    return node.tag is not None and str(node.tag) == "tag:yaml.org,2002:str"


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "nothing" if is_null(node) else f"`{node.value}`"


def nodes(value: Any) -> Node:
    """Plain values as YAML nodes without a place: as YAML would give them back."""
    if isinstance(value, Mapping):
        return MappingNode("", [(nodes(key), nodes(item)) for key, item in value.items()])
    if isinstance(value, list | tuple):
        return SequenceNode("", [nodes(item) for item in value])
    if isinstance(value, str):
        return ScalarNode("", str(value), style='"')
    if value is None:
        return ScalarNode("", "null")
    if isinstance(value, bool):
        return ScalarNode("", "true" if value else "false")
    return ScalarNode("", value.isoformat() if isinstance(value, date) else str(value))
