"""Every reference of every document: found from the types, so a new reference is checked the day its key is declared."""

from collections.abc import Callable, Container, Iterator
from functools import cache
from typing import Any

import msgspec

from watchbill.source.codes import references as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related, did_you_mean
from watchbill.spec.load import Policies, Policy
from watchbill.spec.model import qualified, qualify
from watchbill.spec.ownership import speaks_for
from watchbill.spec.shapes import ListShape, MapShape, PlacedShape, ScalarShape, Shape, StructShape, fields_of

Path = tuple[str | int, ...]
Visitor = Callable[[Any, Path], Iterator[tuple[str, str, Path]]]
Documents = dict[str, dict[str, Policy]]


def register(policies: Policies) -> tuple[Documents, list[Diagnostic]]:
    """Documents by kind and qualified name. The first of two with one name stays; the second is a finding."""
    documents: Documents = {}
    found = []
    for policy in policies.all:
        same_kind = documents.setdefault(policy.kind, {})
        name = qualify(policy)
        first = same_kind.get(name)
        if first is None:
            same_kind[name] = policy
        elif policy.kind != "Workspace" and policy.name:
            found.append(
                Diagnostic(
                    codes.DUPLICATE_NAME,
                    f"{policy.kind} `{name}` is defined twice",
                    policy.at.at("name"),
                    "and again here",
                    "rename or remove one of the two"
                    + (
                        "; services share one set of names, which their alerts carry"
                        if policy.kind == "Service"
                        else ""
                    ),
                    related=(Related(first.at.at("name"), "first defined here"),),
                )
            )
    return documents, found


def check_references(policies: Policies, documents: Documents) -> list[Diagnostic]:
    found = []
    nameless = {policy.kind for policy in policies.all if not policy.name}  # any of these may be what is meant
    for policy in policies.all:
        known = policy.team is None or policy.team in documents.get("Team", {}) or "Team" in nameless
        if policy.team is not None and not known:
            found.append(unknown("Team", policy.team, policy.at.at("team"), documents, None))
        team = speaks_for(policy)
        for kind, reference, path in references(policy):
            if kind not in nameless and qualified(documents, kind, reference, team) is None:
                found.append(unknown(kind, reference, policy.at.at(*path), documents, team))
    if policies.unread:
        notes = (f"it may be defined in {policies.unread[0]}, which cannot be read",)
        return [msgspec.structs.replace(diagnostic, notes=notes) for diagnostic in found]
    return found


def references(policy: Policy) -> Iterator[tuple[str, str, Path]]:
    """Kind, name and path of everything that a document names, as far as it could be read."""
    body = policy.body if policy.body is not None else policy.remains
    visit = _visitor(StructShape(type(body))) if body is not None else None
    return visit(body, ()) if visit is not None else iter(())


def lost(documents: Documents) -> set[str]:
    """The kinds of which some name leads nowhere: whether one of that kind is used by anybody cannot be said then."""
    found = set()
    for same in documents.values():
        for policy in same.values():
            if policy.team is not None and policy.team not in documents.get("Team", {}):
                found.add("Team")
            team = speaks_for(policy)
            found |= {kind for kind, name, _ in references(policy) if qualified(documents, kind, name, team) is None}
    return found


def is_whole(documents: Documents) -> bool:
    """Whether every document could be read and every name leads somewhere: nothing can be built from less."""
    bodies = [policy.body for same in documents.values() for policy in same.values()]
    teams = documents.get("Team", {})
    owners = [team for table in documents.get("Ownership", {}).values() if table.body for team in table.body.owners]
    return None not in bodies and not lost(documents) and all(team in teams for team in owners)


def is_known(documents: Documents, policy: Policy, kinds: Container[str]) -> bool:
    """Whether a document and all that it names, directly or through others, is there and whole; of these kinds only."""
    met: set[tuple[str, str]] = set()
    todo = [policy]
    while todo:
        one = todo.pop()
        if one.body is None:
            return False
        for kind, reference, _ in references(one):
            name = qualified(documents, kind, reference, speaks_for(one)) if kind in kinds else None
            if name is None and kind in kinds:
                return False
            if name is not None and (kind, name) not in met:
                met.add((kind, name))
                todo.append(documents[kind][name])
    return True


def unknown(kind: str, reference: str, where: Location, documents: Documents, team: str | None) -> Diagnostic:
    known = documents.get(kind, {})
    visible = [name.removeprefix(f"{team}/") for name, policy in known.items() if policy.name]
    close = did_you_mean(reference, visible)
    related: tuple[Related, ...] = ()
    if close:
        target = known.get(f"{team}/{close}") or known[close]
        hint = f"did you mean `{close}`?"
        related = (Related(target.at.at("name"), "defined here"),)
    else:
        hint = f"no {kind} is defined yet" if not visible else f"known: {', '.join(sorted(visible)[:8])}"
    return Diagnostic(codes.UNKNOWN[kind], f"unknown {kind} `{reference}`", where, "not defined", hint, related=related)


@cache
def _visitor(shape: Shape) -> Visitor | None:
    """A function that yields (kind, reference, path) below a value; None when a shape holds no reference."""
    if isinstance(shape, ScalarShape):
        return _scalar_visitor(shape.scalar.to) if shape.scalar.to else None
    if isinstance(shape, ListShape):
        return _list_visitor(shape)
    if isinstance(shape, MapShape):
        return _map_visitor(shape)
    if isinstance(shape, PlacedShape):
        return _placed_visitor(shape)
    if isinstance(shape, StructShape):
        return _struct_visitor(shape)
    return None


def _scalar_visitor(kind: str) -> Visitor:
    def visit(value: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
        yield kind, value, path

    return visit


def _list_visitor(shape: ListShape) -> Visitor | None:
    item = _visitor(shape.item)
    if item is None:
        return None

    def visit(values: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
        for index, value in enumerate(values):
            yield from item(value, (*path, index))

    return visit


def _map_visitor(shape: MapShape) -> Visitor | None:
    item = _visitor(shape.value)
    if item is None:
        return None

    def visit(values: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
        for key, value in values.items():
            yield from item(value, (*path, key))

    return visit


def _placed_visitor(shape: PlacedShape) -> Visitor | None:
    item = _visitor(shape.item)
    if item is None:
        return None

    def visit(value: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
        yield from item(value.default, (*path, "default"))
        for place, other in (value.by or {}).items():
            yield from item(other, (*path, "by", place))

    return visit


_ACTIVE: set[type[msgspec.Struct]] = set()


def _struct_visitor(shape: StructShape) -> Visitor | None:
    if shape.type in _ACTIVE:  # a struct inside itself: look it up again when it is met
        return lambda value, path: (_visitor(shape) or _nothing)(value, path)  # noqa: PLW0108  (looked up when called)
    _ACTIVE.add(shape.type)
    try:
        parts = []
        for field in fields_of(shape.type):
            inner = _visitor(field.shape)
            if inner is not None:
                parts.append((field.attribute, field.key, inner))
    finally:
        _ACTIVE.discard(shape.type)
    if not parts:
        return None

    def visit(value: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
        for attribute, key, inner in parts:
            held = getattr(value, attribute)
            if held:
                yield from inner(held, (*path, key))

    return visit


def _nothing(_value: Any, _path: Path) -> Iterator[tuple[str, str, Path]]:
    return iter(())
