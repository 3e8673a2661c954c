"""A rule file of Prometheus, or a PrometheusRule of its operator: read as the server reads it, each mistake in its place."""

from collections.abc import Iterator

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import rules as codes
from watchbill.source.codes import structure
from watchbill.source.diagnostic import Diagnostic, Location, Related, has_errors
from watchbill.source.yaml import Document, alias_problem, compose, decode_text
from watchbill.spec.decode import decode
from watchbill.spec.kinds.foreign import Rule, RuleFile, RuleGroup
from watchbill.spec.nodes import FAILED, Told, in_text, is_plain

_NULLS = ("", "~", "null", "Null", "NULL")
_MANIFEST = "PrometheusRule"
_OF_ALERTS = ("for", "keep_firing_for", "annotations")


class RuleAt(msgspec.Struct, frozen=True):
    """A rule, the group it stands in (with no rules, where the file is not whole), and its place."""

    rule: Rule
    group: RuleGroup
    at: Location


class Reading(msgspec.Struct, frozen=True):
    """What a file holds. Where some of it is wrong, `rules` are those that are not; `body` is None when too much is."""

    body: RuleFile | None
    at: Location
    rules: tuple[RuleAt, ...]


def read_rules(file: str, data: bytes) -> tuple[Reading | None, list[Diagnostic]]:
    """The rules of a file, and what is wrong with its form; None when there is nothing to be read at all.

    It holds one document: Prometheus reads no more.
    """
    text, found = decode_text(file, data)
    if text is None:
        return None, found
    documents, problems = compose(file, text)
    told = Told(file)
    told.extend(found)
    told.extend(problems)
    if not documents:
        return None, list(told)
    reading = _reading(documents[0], told)
    for extra in documents[1:] if reading is not None else ():
        message = "Prometheus reads only the first document of a rule file"
        told.say(structure.WRONG_TYPE, extra.node, message, "never read", "give it a file of its own")
    told.extend(list(in_text(file, text, told)))
    return reading, list(told)


def read_manifests(file: str, data: bytes) -> tuple[list[Reading], list[Diagnostic]]:
    """The same of a file in which several PrometheusRules may stand, among other objects of Kubernetes."""
    if b"PrometheusRule" not in data or b"\n---" not in data:
        reading, found = read_rules(file, data)
        return [reading] if reading is not None else [], found
    text, found = decode_text(file, data)
    if text is None:
        return [], found
    documents, problems = compose(file, text)
    told = Told(file)
    told.extend([*found, *problems])
    rules = [document for document in documents if _kind(document.node) == _MANIFEST]
    readings = [reading for one in rules if (reading := _reading(one, told)) is not None]
    told.extend(list(in_text(file, text, told)))
    return readings, list(told)


def _reading(document: Document, told: Told) -> Reading | None:
    """One document, decoded as far as it can be."""
    if problem := alias_problem(document):
        told.append(problem)
        return None
    wrong = Told(document.file)
    node, path = _rules_of(document.node)
    node = _as_go_reads(node)
    at = Location(document.file, document.index, path)
    body = decode(RuleFile, node, wrong)
    whole = body if body is not FAILED else None
    rules = tuple(_salvaged(node, at) if whole is None or has_errors(wrong) else _all(whole, at))
    told.extend(wrong)
    told.extend(_refused(rules, at, whole.groups if whole is not None else ()))
    return Reading(whole, at, rules)


def _kind(node: Node) -> str | None:
    kind = (
        next((value for key, value in node.value if getattr(key, "value", None) == "kind"), None)
        if isinstance(node, MappingNode)
        else None
    )
    return getattr(kind, "value", None)


def _rules_of(node: Node) -> tuple[Node, tuple[str | int, ...]]:
    """The mapping with `groups`: the document, or the `spec` of a PrometheusRule."""
    if _kind(node) == _MANIFEST:
        spec = next((value for key, value in node.value if getattr(key, "value", None) == "spec"), None)
        if spec is not None:
            return spec, ("spec",)
    return node, ()


def _as_go_reads(node: Node) -> Node:
    """The same without keys whose value is null, which Go takes for keys that are not there, and with `<<` put in."""
    if isinstance(node, SequenceNode):
        return SequenceNode(
            node.tag, [_as_go_reads(item) for item in node.value], node.start_mark, node.end_mark, node.flow_style
        )
    if not isinstance(node, MappingNode):
        return node
    pairs: list[tuple[Node, Node]] = []
    for key, value in node.value:
        if isinstance(value, ScalarNode) and value.value in _NULLS and is_plain(value) and not value.tag:
            continue
        merged = value.value if isinstance(value, SequenceNode) else [value]
        if (
            isinstance(key, ScalarNode)
            and key.value == "<<"
            and is_plain(key)
            and all(isinstance(one, MappingNode) for one in merged)
        ):
            own = {one.value for one, _ in (*node.value, *pairs) if isinstance(one, ScalarNode)}
            given = [pair for one in merged for pair in _as_go_reads(one).value]
            pairs += [pair for pair in given if isinstance(pair[0], ScalarNode) and pair[0].value not in own]
        else:
            pairs.append((key, _as_go_reads(value)))
    return MappingNode(node.tag, pairs, node.start_mark, node.end_mark, node.flow_style)


def _all(body: RuleFile, at: Location) -> Iterator[RuleAt]:
    for number, group in enumerate(body.groups):
        for index, rule in enumerate(group.rules):
            yield RuleAt(rule, group, at.at("groups", number, "rules", index))


def _salvaged(node: Node, at: Location) -> Iterator[RuleAt]:
    """The rules that are whole, in a file that is not. What is wrong with the others is told already."""
    for number, group in enumerate(_items(node, "groups")):
        unheard = Told(at.file)
        head = decode(RuleGroup, _only(group, ("name", "interval", "labels")), unheard)
        for index, written in enumerate(_items(group, "rules")):
            wrong = Told(at.file)
            rule = decode(Rule, written, wrong)
            if rule is not FAILED and not has_errors(wrong):
                found = head if head is not FAILED else RuleGroup(name="")
                yield RuleAt(rule, found, at.at("groups", number, "rules", index))


def _items(node: Node, key: str) -> list[Node]:
    pairs = node.value if isinstance(node, MappingNode) else []
    value = next((value for name, value in pairs if getattr(name, "value", None) == key), None)
    return value.value if isinstance(value, SequenceNode) else []


def _only(node: Node, keys: tuple[str, ...]) -> Node:
    pairs = node.value if isinstance(node, MappingNode) else []
    kept = [pair for pair in pairs if getattr(pair[0], "value", None) in keys]
    return MappingNode(node.tag, kept, node.start_mark, node.end_mark)


def _refused(rules: tuple[RuleAt, ...], at: Location, groups: tuple[RuleGroup, ...]) -> Iterator[Diagnostic]:
    """What Prometheus refuses when it loads a file whose shape is right. Mirrors `rulefmt.RuleGroups.Validate`."""
    first: dict[str, int] = {}
    for number, group in enumerate(groups):
        where = at.at("groups", number, "name")
        if first.setdefault(group.name, number) != number:
            related = (Related(at.at("groups", first[group.name], "name"), "first used here"),)
            message = f"a second group of this file is named `{group.name}`"
            yield Diagnostic(
                codes.REFUSED, message, where, "and again here", "give it a name of its own", related=related
            )
    for one in rules:
        rule = one.rule
        if rule.record is not None:
            given = (rule.for_, rule.keep_firing_for, rule.annotations)
            for key, value in zip(_OF_ALERTS, given, strict=True):
                if value:
                    message = f"a recording rule has no `{key}`"
                    yield Diagnostic(
                        codes.REFUSED, message, one.at.at(key, key=True), "belongs to an alert", "remove it"
                    )
            if "{" in rule.record or "}" in rule.record:
                message = "this is no name of a metric: labels go under `labels:`"
                yield Diagnostic(
                    codes.REFUSED,
                    message,
                    one.at.at("record"),
                    "here",
                    "write the name only, such as job:requests:rate5m",
                )
        if "__name__" in rule.labels:
            message = "`__name__` cannot be set as a label"
            where = one.at.at("labels", "__name__", key=True)
            yield Diagnostic(codes.REFUSED, message, where, "here", "the name of the rule is its name")
