"""Policies written as a hurried hand would: any order, depth, quotes and brackets, with comments whose owner is known."""

import random
from typing import Any, NamedTuple

import yaml

Node = Any
CHOSEN = (
    "inputs",
    "labels",
    "annotations",
    "params",
    "series",
    "roles",
    "on_call",
    "slack",
    "notify",
    "by",
    "with",
    "when",
)
CHOSEN += (
    "environments",
    "severities",
    "severity_words",
    "timing",
    "weekly",
    "change",
    "levels",
    "body",
    "undo",
    "checks",
)
"""Keys whose mappings have keys that the author chose: their order may have a meaning."""


class Comment(NamedTuple):
    """`key` is the key (or the first word of the item) it speaks of; `tail`: it stands at the end of that one's line."""

    text: str
    key: str
    tail: bool


class Messy:
    """One text. `comments` are those that were planted."""

    def __init__(self, seed: int, *, comments: bool = True, choices: bool = True) -> None:
        """Without `choices`, everything that the layout takes over from the author is as it was."""
        self.random = random.Random(seed)
        self.comments: list[Comment] = []
        self.with_comments = comments
        self.choices = choices

    def text(self, source: str, struct_keys: frozenset[str]) -> str:
        """The documents of `source` anew; mappings whose keys are all the language's have them in any order."""
        self.struct_keys = struct_keys
        parts = []
        for node in yaml.compose_all(source, Loader=yaml.CSafeLoader):
            lines = self._mapping(node, 0, "")
            parts.append("\n".join(lines) + "\n")
        keeps = any("|+" in part for part in parts)  # a blank line behind such a text would be one more of its own
        separator = self.random.choice(["---\n", "---\n" if keeps else "\n---\n", "---\n\n"])
        text = separator.join(parts)
        if self.random.random() < 0.2:
            text = "---\n" + text
        if self.random.random() < 0.2:
            text = text.replace("\n", "\r\n")
        return text

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _comment(self, key: str, *, tail: bool) -> str:
        text = f"# c{len(self.comments)}: {self.random.choice(['why', 'it is so: [x] {y}', '- no', 'key: value', '#'])}"
        self.comments.append(Comment(text, key, tail))
        return text

    def _head(self, key: str, indent: int) -> list[str]:
        if not self.with_comments or not self._chance(0.15):
            return [""] * (self.random.choice([0, 0, 0, 0, 1, 3]) if self.choices else 0)
        return [*[""] * self.random.choice([0, 1]), " " * indent + self._comment(key, tail=False)]

    def _tail(self, key: str) -> str:
        return (
            " " * self.random.choice([1, 2, 9]) + self._comment(key, tail=True)
            if self.with_comments and self._chance(0.12)
            else ""
        )

    def _mapping(self, node: Node, indent: int, parent: str) -> list[str]:
        entries = list(node.value)
        if parent not in CHOSEN and all(key.value in self.struct_keys for key, _ in entries) and self._chance(0.6):
            self.random.shuffle(entries)
        lines: list[str] = []
        for position, (key, value) in enumerate(entries):
            name = self._key(key)
            owner = key.value
            lines += self._head(owner, indent) if position or indent else []
            lines += self._value(f"{' ' * indent}{name}:", owner, value, indent, in_list=False)
        return lines

    def _key(self, key: Node) -> str:
        return key.value if not key.style and key.value else json_quoted(key.value)

    def _value(self, prefix: str, owner: str, value: Node, indent: int, *, in_list: bool) -> list[str]:
        gap = " " * (self.random.choice([1, 1, 1, 2, 5]) if self.choices else 1)
        if isinstance(value, yaml.ScalarNode):
            if (
                "\n" in value.value
                and value.value.strip()
                and (self._chance(0.8) or not self.choices)
                and not value.value.startswith((" ", "\n", "\t"))
            ):
                return self._block(prefix + gap, owner, value.value, indent)
            if value.value == "" and not value.style:
                return [prefix + self._tail(owner)]
            text = self._scalar(value, flow=False)
            if not in_list and self._chance(0.05):
                return [prefix, " " * (indent + 3) + text + self._tail(owner)]
            return [prefix + gap + text + self._tail(owner)]
        if not value.value or (self._chance(0.35) if self.choices else value.flow_style):
            flow = self._flow(value, indent)
            return (prefix + gap + flow + self._tail(owner)).split("\n")
        deeper = indent + self.random.choice([2, 2, 4])
        if isinstance(value, yaml.MappingNode):
            first = prefix + self._tail(owner)
            return [first, *self._mapping(value, deeper, owner if not in_list else "")]
        below = deeper if in_list or self._chance(0.5) else indent
        return [prefix + self._tail(owner), *self._sequence(value, below)]

    def _sequence(self, node: Node, indent: int) -> list[str]:
        lines: list[str] = []
        for value in node.value:
            owner = first_word(value)
            lines += self._head(owner, indent)
            in_block = self._chance(0.7) if self.choices else not getattr(value, "flow_style", True)
            if isinstance(value, yaml.MappingNode) and value.value and in_block:
                depth = self.random.choice([2, 2, 4])
                inner = self._mapping(value, indent + depth, "")
                while not inner[0].strip() or inner[0].lstrip().startswith("#"):
                    text = inner.pop(0).strip()
                    lines.append(" " * indent + text if text else "")  # a comment above a dash speaks of the item
                    self.comments = [one._replace(key=owner) if one.text == text else one for one in self.comments]
                lines += [" " * indent + "-" + " " * (depth - 1) + inner[0].lstrip(), *inner[1:]]
            elif isinstance(value, yaml.ScalarNode) and value.value == "" and not value.style:
                lines.append(" " * indent + "-")
            else:
                lines += self._value(" " * indent + "-", owner, value, indent, in_list=True)
        return lines

    def _block(self, prefix: str, owner: str, value: str, indent: int) -> list[str]:
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        chomp = {0: "-", 1: self.random.choice(["", "+"])}.get(ends, "+")
        depth = indent + self.random.choice([1, 2, 4])
        lines = [" " * depth + line if line else "" for line in body.split("\n")]
        if chomp == "-" and self._chance(0.3):
            lines.append("")
        return [prefix + "|" + chomp + self._tail(owner), *lines, *[""] * (ends - 1)]

    def _scalar(self, node: Node, *, flow: bool) -> str:
        value = node.value
        special = value in ("true", "false", "null", "~", "") or value.isdigit()
        if not node.style and (special or not self.choices or (not flow and self._chance(0.7))) and "\n" not in value:
            return value
        if not node.style and special:
            return value
        if self._chance(0.5) and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return json_quoted(value)

    def _flow(self, node: Node, indent: int) -> str:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, flow=True) if node.value or node.style else "~"
        pad = self.random.choice(["", " "])
        comma = self.random.choice([", ", ",", "," + "\n" + " " * (indent + 2)])
        if isinstance(node, yaml.SequenceNode):
            return "[" + pad + comma.join(self._flow(child, indent) for child in node.value) + pad + "]"
        entries = [
            f"{json_quoted(key.value) if key.style or not key.value.replace('_', '').isalnum() else key.value}: {self._flow(value, indent)}"
            for key, value in node.value
        ]
        return "{" + pad + comma.join(entries) + pad + "}"


def first_word(node: Node) -> str:
    """By what an item can be found again: itself, or the value of its `name`, or any word in it."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.MappingNode):
        named = next((value.value for key, value in node.value if key.value == "name"), None)
        return named if isinstance(named, str) else ""
    return ""


def json_quoted(value: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in value) + '"'
