"""An Alertmanager's configuration that somebody wrote by hand, kept beside ours while teams convert: read, not understood."""

from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import basefile as codes
from watchbill.source.codes import yaml as yaml_codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.source.files import POLICIES
from watchbill.source.yaml import alias_problem, compose, decode_text, node_span
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policies, Policy
from watchbill.spec.model import Base


class Unquoted(str):
    """A scalar that stood there without quotes: what it means is for Alertmanager to say, so it is written as it stood."""

    __slots__ = ()


def read_bases(policy: Policy, policies: Policies) -> tuple[dict[str, Base], list[Diagnostic]]:
    """The base of each environment that has one, and what is wrong with the files."""
    settings: WorkspaceKind = policy.body
    read: dict[str, Base | None] = {}
    found: dict[str, Base] = {}
    told: list[Diagnostic] = []
    for name, environment in settings.environments.items():
        if environment.alertmanager is None or environment.alertmanager.base is None:
            continue
        file = f"{POLICIES}/{environment.alertmanager.base}"
        where = policy.at.at("environments", name, "alertmanager", "base")
        if file not in policies.bases:
            if file not in policies.unread:
                advice = "name a .yml or .yaml file below policies/, relative to watchbill.yaml"
                told.append(Diagnostic(codes.NOT_A_BASE, f"there is no file {file}", where, "not there", advice))
            continue
        if file not in read:
            read[file], problems = _read(file, policies.bases[file], where)
            told += problems
        base = read[file]
        if base is not None:
            found[name] = base
    return found, told


def _read(file: str, data: bytes, named: Location) -> tuple[Base | None, list[Diagnostic]]:
    text, told = decode_text(file, data)
    if text is None:
        return None, told
    documents, problems = compose(file, text)
    told += problems
    if not documents:
        return None, told or [_not_one("this file is empty", Location(file), named)]
    if problem := alias_problem(documents[0]):
        return None, [*told, problem]
    reading = _Reading(file, told)
    value = reading.plain(documents[0].node)
    at = Location(file)
    if len(documents) > 1:
        told.append(_not_one("Alertmanager reads one document", Location(file, 1), named))
    if not isinstance(value, dict):
        told.append(_not_one("this is no configuration of Alertmanager", at, named))
    elif not isinstance(value.get("route"), dict):
        told.append(_not_one("this configuration has no `route`", at.at("route"), named))
    elif not isinstance(value.get("receivers"), list):
        told.append(_not_one("this configuration has no `receivers`", at.at("receivers"), named))
    elif not reading.failed:
        return Base(at, value), told
    return None, told


def _not_one(message: str, where: Location, named: Location) -> Diagnostic:
    advice = "name a file that amtool accepts by itself"
    return Diagnostic(codes.NOT_A_BASE, message, where, "here", advice, related=(Related(named, "named here"),))


class _Reading:
    """YAML nodes to plain values; what cannot be written back as it stood is told."""

    def __init__(self, file: str, told: list[Diagnostic]) -> None:
        self.file = file
        self.told = told
        self.failed = False

    def plain(self, node: Node) -> Any:
        if node.tag is not None and node.tag != "!":
            self._say(node, f"tags such as `{node.tag}` cannot be carried over")
        if isinstance(node, MappingNode):
            return self._mapping(node)
        if isinstance(node, SequenceNode):
            return [self.plain(child) for child in node.value]
        return _scalar(node) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._say(key, "a key must be plain text")
                continue
            name = _scalar(key)
            if name in found:
                self.failed = True
                message = f"`{name}` is given twice"
                where = node_span(self.file, key)
                self.told.append(Diagnostic(yaml_codes.DUPLICATE_KEY, message, where, "and again here", "keep one"))
            found[name] = self.plain(value)
        return found

    def _say(self, node: Node, message: str) -> None:
        self.failed = True
        self.told.append(
            Diagnostic(yaml_codes.YAML_FEATURE, message, node_span(self.file, node), "here", "write it out")
        )


def _scalar(node: ScalarNode) -> str:
    text = str(node.value)
    if node.style or "\n" in text:
        return text
    return Unquoted(text or "null")
