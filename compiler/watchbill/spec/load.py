"""Files to decoded policies. A file that has not changed since the last run is remembered (spec/memory.py)."""

import gc
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from yaml.nodes import MappingNode, Node, ScalarNode

from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Location, Span, did_you_mean
from watchbill.source.files import POLICIES, WORKSPACE_FILE, PolicyFile, policy_files, read
from watchbill.source.silencing import MARK
from watchbill.source.yaml import Document, alias_problem, compose, decode_text
from watchbill.spec.beside import in_two
from watchbill.spec.decode import decode, decoder_of
from watchbill.spec.kinds import KINDS, NAMELESS, TEAMLESS
from watchbill.spec.kinds.foreign import RuleFile
from watchbill.spec.memory import Memory
from watchbill.spec.nodes import FAILED, Told, in_text, is_tagged
from watchbill.spec.rulefile import read_rules
from watchbill.spec.salvage import beside_the_point, headers, misspelt_name, of_others
from watchbill.spec.scalars import NAME, Scalar
from watchbill.spec.shapes import ScalarShape

PART = "documents"
RULE_FILE = "RuleFile"  # not a kind of the language: what a Foreign names
API_VERSION = "watchbill/v1"
_HEADER = frozenset({"kind", "name", "team"})
_WORKSPACE_HEADER = frozenset({"apiVersion", "kind", "name"})
_NAME_SCALAR = Scalar("a name of lower-case letters, digits, `-`, `_` and `.`", NAME)


class Policy(msgspec.Struct, frozen=True):
    """One decoded document. `body` is None when anything in the document is broken: it can be referred to, and nothing
    follows from it. `remains` is then what could be read of it, for mistakes of its own; `name` may be empty.

    `digest` is that of all the others together.
    """

    kind: str
    name: str
    team: str | None
    body: Any
    at: Location
    digest: bytes = b""
    remains: Any = None


class Policies(msgspec.Struct, frozen=True):
    """Everything below `policies/`. `rules` holds the rule files that Foreign documents name, by their shown name;
    `unread` the names of files that could not be read at all, `bases` the text of those that a Workspace names as the
    base of an Alertmanager; `commented` are the names of files that may hold comments which silence findings.
    """

    root: Path
    files: tuple[PolicyFile, ...]
    all: tuple[Policy, ...]
    rules: dict[str, Policy]
    unread: tuple[str, ...] = ()
    bases: dict[str, bytes] = {}
    commented: tuple[str, ...] = ()

    @property
    def paths(self) -> dict[str, Path]:
        return {file.name: file.path for file in self.files}

    def rules_of(self, foreign: Policy) -> list[Policy]:
        """The rule files of a Foreign, sorted by name."""
        named = rule_pattern(foreign)
        return [rule for name, rule in self.rules.items() if named(name) and rule.body is not None]


def rule_pattern(foreign: Policy) -> Callable[[str], object]:
    """Whether a file name is one of those that a Foreign names: `*` stays in one folder, `**` does not."""
    folder = foreign.at.file.rpartition("/")[0]
    patterns = []
    for pattern in foreign.body.rules:
        quoted = re.escape(f"{folder}/{pattern}")
        patterns.append(quoted.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*").replace(r"\?", "[^/]"))
    return re.compile("|".join(patterns)).fullmatch


def base_files(policy: Policy) -> Iterator[str]:
    """The shown names of the files that a Workspace names as the base of an Alertmanager."""
    if policy.kind == "Workspace" and policy.body is not None:
        for environment in policy.body.environments.values():
            if environment.alertmanager is not None and environment.alertmanager.base is not None:
                yield f"{POLICIES}/{environment.alertmanager.base}"


class _Encoded(msgspec.Struct, frozen=True, array_like=True):
    """A policy as it is remembered."""

    kind: str
    name: str
    team: str | None
    at: Location
    body: bytes
    digest: bytes = b""


@contextmanager
def resting_collector() -> Iterator[None]:
    """Documents make many objects and no garbage: the collector would only walk them again and again.

    Afterwards it leaves alone what is there, until the next time.
    """
    was = gc.isenabled()
    if was:
        gc.disable()
        gc.unfreeze()
    try:
        yield
    finally:
        if was:
            gc.freeze()
            gc.enable()


def load(root: Path, memory: Memory) -> tuple[Policies, list[Diagnostic]]:
    """Everything below `policies/`, decoded; and everything that is wrong with its form.

    Files with a Workspace or a Foreign come first: what a Foreign names is read as rules of Prometheus, and what an
    Alertmanager of the Workspace names as its base is not read here at all; neither is policy.
    """
    files = tuple(policy_files(root))
    found: dict[str, list[Diagnostic]] = {}
    decoded: dict[str, list[Policy]] = {}
    contents: dict[str, bytes] = {}
    with resting_collector():
        for file in files:
            data, problem = read(file)
            found[file.name] = [problem] if problem else []
            if data is not None:
                contents[file.name] = data

        def decode_one(name: str, seal: bytes, as_rules: bool) -> tuple[list[Policy], list[Diagnostic]]:
            remembered = memory.find(PART, name, seal, list[_Encoded])
            if remembered is not None:
                return [_policy(one) for one in remembered], []
            policies, told = _decode_rules(name, contents[name]) if as_rules else _decode_file(name, contents[name])
            encoded = [_encoded(policy) for policy in policies]
            if not told:
                memory.keep(PART, name, seal, encoded)
            return [replace(one, digest=as_.digest) for one, as_ in zip(policies, encoded, strict=True)], told

        def decode_all(chosen: dict[str, bool]) -> None:
            """Of each file whether it holds rules."""
            seals = {name: hashlib.sha256(b"rules" * rules + contents[name]).digest() for name, rules in chosen.items()}
            jobs = [partial(decode_one, name, seals[name], rules) for name, rules in chosen.items()]
            for name, (policies, told) in zip(chosen, in_two(memory, jobs, memory.lacking(PART, seals)), strict=True):
                decoded[name] = policies
                found[name] += told

        first = [name for name, data in contents.items() if b"Workspace" in data]
        decode_all(dict.fromkeys(first, False))
        named_bases = {file for name in first for policy in decoded[name] for file in base_files(policy)}
        bases = {name: contents.pop(name) for name in sorted(named_bases & contents.keys() - set(first))}
        first += [name for name, data in contents.items() if b"Foreign" in data and name not in decoded]
        decode_all({name: False for name in first if name not in decoded})
        foreigns = [policy for name in first for policy in decoded[name] if policy.kind == "Foreign" and policy.body]
        named = [rule_pattern(policy) for policy in foreigns]
        unclear = any(found[name] for name in first)  # whether all is known of who names which file
        rest = {name: any(match(name) for match in named) for name in contents if name not in decoded}
        decode_all(
            {name: rules for name, rules in rest.items() if rules or not (unclear and of_others(contents[name]))}
        )
    in_order = [policy for file in files for policy in decoded.get(file.name, ())]
    policies = [policy for policy in in_order if policy.kind != RULE_FILE]
    rules = {policy.name: policy for policy in in_order if policy.kind == RULE_FILE}
    told = [diagnostic for file in files for diagnostic in found[file.name]]
    told += _workspace_problems(policies, told)
    unread = tuple(file.name for file in files if file.name not in contents and file.name not in bases)
    commented = tuple(name for name, data in contents.items() if MARK in data)
    everything = Policies(root, files, tuple(policies), rules, unread, bases, commented)
    for policy in foreigns:
        if not any(match_ is not None for match_ in map(rule_pattern(policy), rules)):
            message = f"no file is named by the rules of `{policy.name}`"
            advice = "paths are relative to this file; `*` stays within one folder"
            told.append(Diagnostic(references.NO_RULE_FILE, message, policy.at.at("rules"), "nothing there", advice))
    return everything, told


def _decode_rules(file: str, data: bytes) -> tuple[list[Policy], list[Diagnostic]]:
    reading, told = read_rules(file, data)
    return ([Policy(RULE_FILE, file, None, reading.body, reading.at)] if reading is not None else []), told


def _decode_file(file: str, data: bytes) -> tuple[list[Policy], list[Diagnostic]]:
    text, found = decode_text(file, data)
    if text is None:
        return list(_salvaged(file, data.decode("utf-8", "replace"), [])), found
    documents, problems = compose(file, text)
    told = Told(file)
    told.extend(found)
    told.extend(problems)
    policies = []
    aliased = "*" in text and "&" in text
    for document in documents:
        if aliased and (bomb := alias_problem(document)):
            problems = [bomb]
            told.append(bomb)
            continue
        policy = _decode_document(document, told)
        if policy is not None:
            policies.append(policy)
    if problems:
        policies.extend(_salvaged(file, text, policies))
    return policies, [*told, *in_text(file, text, told)]


def _salvaged(file: str, text: str, decoded: list[Policy]) -> Iterator[Policy]:
    known = {(policy.kind, policy.name, policy.team) for policy in decoded}
    for position, kind, name, team in headers(text):
        team = None if kind in TEAMLESS else team  # noqa: PLW2901
        if (kind, name, team) not in known:
            yield Policy(kind, name, team, None, Location(file, position))


def _decode_document(document: Document, told: Told) -> Policy | None:
    node = document.node
    if not isinstance(node, MappingNode):
        if not (isinstance(node, ScalarNode) and node.value == ""):
            told.say(
                structure.WRONG_TYPE,
                node,
                "a document should be a mapping with `kind` and `name`",
                "here",
                "start with `kind:`",
            )
        return None
    header = _header(node)
    kind = _kind(header.get("kind"), node, told)
    if kind is None:
        return _meant(header, document)
    name: str | None = None
    if "name" not in header and kind in NAMELESS:
        name = f"{document.file}#{document.index + 1}"
    elif "name" in header or not misspelt_name(kind, header):
        name = _name(header.get("name"), node, told, "name")
    team = _name(header["team"], node, told, "team") if "team" in header and kind not in TEAMLESS else None
    beside = _WORKSPACE_HEADER if kind == "Workspace" else frozenset({"kind", "name"}) if kind in TEAMLESS else _HEADER
    if kind == "Workspace":
        _check_api_version(header.get("apiVersion"), node, told)
    before = len(told)
    body = decode(KINDS[kind], node, told, beside)
    at = Location(document.file, document.index)
    if name is None:
        return Policy(kind, "", team, None, at)
    if body is FAILED or (team is None and "team" in header and kind not in TEAMLESS):
        return Policy(kind, name, team, None, at)
    wrong = [diagnostic for diagnostic in told[before:] if diagnostic.level == "error"]
    if wrong and not (kind == "Workspace" and beside_the_point(node, wrong)):
        return Policy(kind, name, team, None, at, remains=body)
    return Policy(kind, name, team, body, at)


def _header(node: MappingNode) -> dict[str, Node]:
    return {key.value: value for key, value in node.value if isinstance(key, ScalarNode)}


def _meant(header: dict[str, Node], document: Document) -> Policy | None:
    """A document of a misspelt kind as the kind that was meant, so that what refers to it is no second mistake."""
    kind, name, team = (getattr(header.get(key), "value", None) for key in ("kind", "name", "team"))
    close = did_you_mean(kind, KINDS) if isinstance(kind, str) else None
    if close is None or not isinstance(name, str):
        return None
    own = team if isinstance(team, str) and close not in TEAMLESS else None
    return Policy(close, name, own, None, Location(document.file, document.index))


def _kind(node: Node | None, document: Node, told: Told) -> str | None:
    if node is None:
        told.say(
            structure.UNKNOWN_KIND,
            document,
            "this document has no `kind`",
            "here",
            f"add `kind:`, one of {', '.join(KINDS)}",
        )
        return None
    if is_tagged(node, told):
        return None
    value = node.value if isinstance(node, ScalarNode) else None
    if value in KINDS:
        return str(value)
    shown = f"`{value[:60]}`" if isinstance(value, str) else "this"
    close = did_you_mean(value, KINDS) if isinstance(value, str) else None
    told.say(
        structure.UNKNOWN_KIND,
        node,
        f"{shown} is not a kind",
        "here",
        f"did you mean `{close}`?" if close else f"one of {', '.join(KINDS)}",
    )
    return None


def _name(node: Node | None, document: Node, told: Told, key: str) -> str | None:
    if node is None:
        told.say(structure.MISSING_KEY, document, f"`{key}` is missing", "here", f"add `{key}:`")
        return None
    value = decoder_of(ScalarShape(_NAME_SCALAR))(node, told)
    return None if value is FAILED else str(value)


def _check_api_version(node: Node | None, document: Node, told: Told) -> None:
    if node is None:
        told.say(structure.WORKSPACE, document, "`apiVersion` is missing", "here", f"add `apiVersion: {API_VERSION}`")
    elif not is_tagged(node, told) and getattr(node, "value", None) != API_VERSION:
        told.say(
            structure.WORKSPACE,
            node,
            f"this compiler reads `apiVersion: {API_VERSION}` only",
            "another version",
            f"write {API_VERSION}",
        )


def _workspace_problems(policies: list[Policy], found: list[Diagnostic]) -> list[Diagnostic]:
    workspaces = [policy for policy in policies if policy.kind == "Workspace"]
    if not workspaces:
        if any(_file_of(diagnostic) == WORKSPACE_FILE for diagnostic in found):
            return []  # it is there and broken: that is told already
        return [
            Diagnostic(
                structure.WORKSPACE,
                "there is no Workspace document",
                Span(WORKSPACE_FILE),
                help="start with apiVersion, kind: Workspace, name, environments",
            )
        ]
    return [
        Diagnostic(
            structure.WORKSPACE,
            "a repository has one Workspace; this is another",
            policy.at.at("kind"),
            "a second one",
            "remove one of the two",
        )
        for policy in workspaces[1:]
    ]


def _file_of(diagnostic: Diagnostic) -> str | None:
    return diagnostic.where.file if diagnostic.where else None


def _encoded(policy: Policy) -> _Encoded:
    encode = msgspec.msgpack.encode
    encoded = _Encoded(policy.kind, policy.name, policy.team, policy.at, encode(policy.body))
    return replace(encoded, digest=hashlib.sha256(encode((encoded, policy.remains))).digest())


def _policy(encoded: _Encoded) -> Policy:
    body = _body_decoder(encoded.kind).decode(encoded.body)
    return Policy(encoded.kind, encoded.name, encoded.team, body, encoded.at, encoded.digest)


@lru_cache(maxsize=32)
def _body_decoder(kind: str) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(RuleFile if kind == RULE_FILE else KINDS[kind])
