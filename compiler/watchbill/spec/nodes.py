"""YAML nodes, as the decoder sees them: what is said about one, and the pairs of a mapping with each key once."""

from collections.abc import Iterator
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import Code, structure
from watchbill.source.codes import yaml as yaml_codes
from watchbill.source.diagnostic import Diagnostic, Related, Span
from watchbill.source.plaintext import check_text
from watchbill.source.yaml import node_span


class Failed:
    """What a decoder returns when it has said why there is no value."""


FAILED = Failed()


class Told(list[Diagnostic]):
    """The findings about one file."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def say(self, code: Code, node: Node, message: str, label: str = "", help: str = "", **more: Any) -> Failed:  # noqa: A002
        self.append(Diagnostic(code, message, node_span(self.file, node), label, help, **more))
        return FAILED


def in_text(file: str, text: str, told: Told) -> Iterator[Diagnostic]:
    """What should not stand in the file at all, unless the decoder has said so already."""
    known = {one.where.line for one in told if one.code is structure.SECRET_IN_TEXT and isinstance(one.where, Span)}
    for one in check_text(file, text):
        if one.code is not structure.SECRET_IN_TEXT or not isinstance(one.where, Span) or one.where.line not in known:
            yield one


def noun(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else "one value"


def is_plain(node: Node) -> bool:
    return not getattr(node, "style", None)


def is_tagged(node: Node, told: Told) -> bool:
    """Whether a value has a tag such as `!!str`; if so, that is said."""
    if node.tag is None or node.tag == "!":
        return False
    told.say(
        yaml_codes.YAML_FEATURE,
        node,
        f"tags such as `{node.tag}` are not part of the language",
        "here",
        "leave the tag out",
    )
    return True


def text_key(node: Node, told: Told) -> str | None:
    """The text of a mapping's key, or None when it is no plain text (and that is said)."""
    if isinstance(node, ScalarNode) and not node.tag:
        if node.value == "<<" and is_plain(node):
            told.say(
                yaml_codes.YAML_FEATURE,
                node,
                "merge keys (`<<`) are not part of the language",
                "here",
                "repeat the keys",
            )
            return None
        return str(node.value)
    told.say(yaml_codes.YAML_FEATURE, node, "a key must be plain text", "this key", "write it as text")
    return None


def pairs(node: MappingNode, told: Told) -> list[tuple[str, Node, Node]]:
    """Key, key node and value node of a mapping, each key once; a second one is a finding that shows both places."""
    is_tagged(node, told)
    found: list[tuple[str, Node, Node]] = []
    seen: dict[str, Node] = {}
    for key_node, value_node in node.value:
        key = text_key(key_node, told)
        if key is None:
            continue
        if key in seen:
            first = Related(node_span(told.file, seen[key]), "first given here")
            told.say(
                yaml_codes.DUPLICATE_KEY,
                key_node,
                f"`{key}` is given twice",
                "and again here",
                "keep one of the two",
                related=(first,),
            )
            continue
        seen[key] = key_node
        found.append((key, key_node, value_node))
    return found
