"""What is silenced while a dependency pages: proven to be no louder than what silences it, and never in a circle."""

from collections.abc import Iterator

from watchbill.source.codes import inhibition as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.dependence import Dependence, dependences
from watchbill.spec.kinds.service import Service
from watchbill.spec.loudness import Harm, harm
from watchbill.spec.model import Place, ResolvedAlert, Workspace
from watchbill.spec.settings import unknown_word


def check(workspace: Workspace) -> list[Diagnostic]:
    found = list(_words(workspace))
    asked = list(dependences(workspace))
    found.extend(_circles(asked))
    for one in asked:
        found.extend(_tier(workspace, one))
        found.extend(_loudness(workspace, one))
    return found


def _at(one: Dependence) -> Location:
    return one.policy.at.at("depends_on", one.index, "inhibits")


def _words(workspace: Workspace) -> Iterator[Diagnostic]:
    for policy in workspace.documents.get("Service", {}).values():
        body: Service | None = policy.body
        for index, dependency in enumerate(body.depends_on if body is not None else ()):
            at = policy.at.at("depends_on", index, "inhibits")
            for position, severity in enumerate(dependency.inhibits):
                if severity not in workspace.severities:
                    yield unknown_word("severity", severity, workspace.severities, at.at(position))


def _circles(asked: list[Dependence]) -> Iterator[Diagnostic]:
    """Each circle once, told at the first service of it by name."""
    silenced_by: dict[str, list[Dependence]] = {}
    for one in asked:
        silenced_by.setdefault(one.target, []).append(one)
    told: set[frozenset[str]] = set()
    for start in sorted(silenced_by):
        path = _way_back(start, silenced_by)
        members = frozenset(one.target for one in path)
        if not path or members in told:
            continue
        told.add(members)
        names = " → ".join([start, *(one.source for one in path)])
        yield Diagnostic(
            codes.CIRCLE,
            f"these services silence each other: {names}",
            _at(path[0]),
            "in a circle",
            "remove one of the `inhibits`",
            related=tuple(Related(_at(one), "and here") for one in path[1:]),
        )


def _way_back(start: str, silenced_by: dict[str, list[Dependence]]) -> list[Dependence]:
    """The shortest way from a service, along what silences it, to itself; empty when there is none."""
    waiting: list[tuple[str, list[Dependence]]] = [(start, [])]
    seen: set[str] = set()
    while waiting:
        name, path = waiting.pop(0)
        for one in silenced_by.get(name, ()):
            if one.source == start:
                return [*path, one]
            if one.source not in seen:
                seen.add(one.source)
                waiting.append((one.source, [*path, one]))
    return []


def _tier(workspace: Workspace, one: Dependence) -> Iterator[Diagnostic]:
    source = workspace.documents["Service"].get(one.source)
    if source is None or source.body is None or source.body.tier <= one.policy.body.tier:
        return
    yield Diagnostic(
        codes.HIGHER_TIER,
        f"`{one.source}` has tier {source.body.tier}, and would silence `{one.target}` of tier {one.policy.body.tier}",
        _at(one),
        "the less important silences the more important",
        f"raise the tier of `{one.source}`, or leave `inhibits` out",
        related=(Related(source.at.at("tier"), "its tier"),),
    )


def _loudness(workspace: Workspace, one: Dependence) -> Iterator[Diagnostic]:
    met = False
    told: set[tuple[str, str, str | None]] = set()
    for place in workspace.places.values():
        sources = _alerts(place, one.source, one.worse)
        targets = _alerts(place, one.target, one.lesser)
        met = met or bool(sources and targets)
        equal = frozenset(workspace.identity[place.environment])
        for source in sources:
            for target in targets:
                why = harm(source, target, place, workspace.windows.values(), equal)
                key = (source.severity, target.severity, why.window.name if why and why.window else None)
                if why is not None and key not in told:
                    told.add(key)
                    yield _louder(one, source, target, place, why)
    known = workspace.documents["Service"].get(one.source)
    if not met and known is not None and known.body is not None and one.policy.body.alerts:
        yield _nothing(workspace, one)


def _alerts(place: Place, service: str, severities: tuple[str, ...]) -> list[ResolvedAlert]:
    """One alert of each severity and outcome: what they lead to is all that counts here, and what windows match."""
    found: dict[tuple[object, ...], ResolvedAlert] = {}
    for alert in place.alerts:
        if alert.service == service and alert.severity in severities:
            found.setdefault((alert.severity, alert.outcome, *sorted(alert.labels.items())), alert)
    return list(found.values())


def _louder(one: Dependence, source: ResolvedAlert, target: ResolvedAlert, place: Place, why: Harm) -> Diagnostic:
    when = "at some hour" if why.window is None else f"in the window `{why.window.name}`"
    notes = (f"the window makes it a {why.window.effect}: {why.window.reason}",) if why.window is not None else ()
    related = [
        Related(source.at.at("name"), "this one is the quieter"),
        Related(target.at.at("name"), "and is silenced"),
    ]
    related += [Related(why.window.at.at("match"), "in this window")] if why.window is not None else []
    return Diagnostic(
        codes.LOUDER,
        f"`{source.name}` of `{one.source}` would silence `{target.name}` in {place.environment}, which is louder {when}",
        _at(one),
        "not harmless",
        "list only severities that are never louder",
        notes,
        related=tuple(related),
    )


def _nothing(workspace: Workspace, one: Dependence) -> Diagnostic:
    if not one.worse:
        message = f"no severity that pages is worse than `{one.lesser[0]}`"
    elif not any(_alerts(place, one.source, one.worse) for place in workspace.places.values()):
        message = f"`{one.source}` has no paging alert worse than `{one.lesser[0]}`"
    else:
        message = f"`{one.target}` has no alert of {' or '.join(one.lesser)} where `{one.source}` pages"
    return Diagnostic(codes.NOTHING, message, _at(one), "never happens", "list other severities, or leave it out")
