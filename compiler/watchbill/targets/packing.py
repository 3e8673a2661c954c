"""Which groups stand in which rule file of a place; for a Mimir, so that its ruler's limits are kept.

Prometheus takes any number of rules in a group: there a service is one file with its groups as they are. A Mimir takes a
few rules in a group and a few groups of a tenant. So a group that is too long is split, and where a tenant has too many
groups, the services of a team share a file, the teams first that save most by it. Rules of one group are evaluated in
order, those of two groups at any time of their own: an alert in another group than the record it asks for would see the
round before. So a rule and the records it asks for always stay in one group, in their order; what cannot is an error.
"""

from collections.abc import Iterable, Iterator

import msgspec

from watchbill import promql
from watchbill.source.codes import mimir as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.kinds.workspace import Mimir
from watchbill.spec.model import Place, ResolvedAlert, ResolvedGroup, ResolvedRecord, ResolvedService, Workspace
from watchbill.spec.recorded import asked
from watchbill.spec.settings import sources_of
from watchbill.targets import heartbeat

SHARED = "_team"  # the file that the services of a team share: no policy's name begins so

Rule = ResolvedRecord | ResolvedAlert


class File(msgspec.Struct, frozen=True):
    """A rule file of a place, below the folder of its team, and the services whose rules stand in it."""

    team: str
    name: str
    services: tuple[ResolvedService, ...]
    groups: tuple[ResolvedGroup, ...]


class _Unit(msgspec.Struct, frozen=True):
    """Rules that must stay together, in order: records, and what asks for them."""

    rules: tuple[Rule, ...]


def files(workspace: Workspace) -> dict[str, list[File]]:
    """The rule files of every place, by its name."""
    found = {
        place.name: [
            *_heartbeat(workspace, place),
            *(_alone(service, _mimir(workspace, place)) for service in place.services),
        ]
        for place in workspace.places.values()
    }
    for places, mimir in _tenants(workspace):
        _share(places, found, mimir)
    return found


def check(workspace: Workspace) -> list[Diagnostic]:
    """Where a ruler's limits cannot be kept."""
    found: list[Diagnostic] = []
    packed = files(workspace)
    policy = next(iter(workspace.documents["Workspace"].values()))
    for places, mimir in _tenants(workspace):
        for place in places:
            for service in place.services:
                found.extend(_too_long(place, service, mimir.max_rules_per_group))
        count = sum(_groups(packed[place.name]) for place in places)
        if count > mimir.max_groups:
            found.append(_too_many(workspace, policy.at, places[0], mimir, count))
    return list(dict.fromkeys(found))


def _heartbeat(workspace: Workspace, place: Place) -> Iterator[File]:
    group = heartbeat.group(workspace, place)
    if group is not None:
        yield File(heartbeat.FOLDER, heartbeat.FILE, (), (group,))


def _mimir(workspace: Workspace, place: Place) -> Mimir | None:
    sources = sources_of(workspace.environments[place.environment])
    return next(source.mimir for source in sources if source.name == place.source)


def _tenants(workspace: Workspace) -> Iterator[tuple[list[Place], Mimir]]:
    """The places whose rules run for one tenant of one Mimir, and its strictest limits."""
    found: dict[tuple[str, str], list[tuple[Place, Mimir]]] = {}
    for place in workspace.places.values():
        mimir = _mimir(workspace, place)
        if mimir is not None:
            found.setdefault((mimir.url.rstrip("/"), mimir.tenant), []).append((place, mimir))
    for same in found.values():
        limits = [mimir for _, mimir in same]
        strictest = Mimir(
            url=limits[0].url,
            tenant=limits[0].tenant,
            max_rules_per_group=min(one.max_rules_per_group for one in limits),
            max_groups=min(one.max_groups for one in limits),
        )
        yield [place for place, _ in same], strictest


def _groups(packed: Iterable[File]) -> int:
    return sum(len(file.groups) for file in packed if any(group.rules for group in file.groups))


# One service, one file


def _alone(service: ResolvedService, mimir: Mimir | None) -> File:
    groups = service.groups
    if mimir is not None:
        groups = tuple(part for group in groups for part in _split(group, mimir.max_rules_per_group))
    return File(service.team, service.name, (service,), groups)


def _split(group: ResolvedGroup, most: int) -> Iterator[ResolvedGroup]:
    """The parts of a group: `web`, `web-2`, `web-3`. An added rule moves none of those before it."""
    if len(group.rules) <= most:
        yield group
        return
    for number, rules in enumerate(_filled(_units(group.rules), most), 1):
        name = group.name if number == 1 else f"{group.name}-{number}"
        yield msgspec.structs.replace(group, name=name, rules=tuple(rules))


def _filled(units: Iterable[_Unit], most: int) -> list[list[Rule]]:
    """Each unit into the first group that has room for all of it."""
    filled: list[list[Rule]] = []
    for unit in units:
        room = next((rules for rules in filled if len(rules) + len(unit.rules) <= most), None)
        if room is None:
            filled.append(room := [])
        room.extend(unit.rules)
    return filled


def _units(rules: tuple[Rule, ...]) -> list[_Unit]:
    """Rules with what they ask for, directly or through others; in the order of the first of each."""
    unit_of = list(range(len(rules)))  # the smallest number of the rules that belong together
    records = {
        rule.name: number for number, rule in reversed(list(enumerate(rules))) if isinstance(rule, ResolvedRecord)
    }
    same_name: dict[str, int] = {}
    for number, rule in enumerate(rules):
        needed = {records[name] for name in _asked(rule.expr, records)}
        if isinstance(rule, ResolvedRecord):
            needed.add(same_name.setdefault(rule.name, number))
        together = {unit_of[other] for other in (*needed, number)}
        first = min(together)
        unit_of = [first if unit in together else unit for unit in unit_of]
    return [
        _Unit(tuple(rule for rule, unit in zip(rules, unit_of, strict=True) if unit == one))
        for one in sorted(set(unit_of))
    ]


def _asked(expr: str, records: dict[str, int]) -> Iterator[str]:
    """The recorded names that an expression may ask for; with a pattern for a name, any."""
    for selector in asked(expr, records):
        yield selector.metric or ""
    if "__name__" in expr:
        parsed = promql.parse(expr)
        if not isinstance(parsed, promql.Fault) and any(one.metric is None for one in promql.selectors(parsed)):
            yield from records


# A tenant with too many groups: the services of a team in one file


def _share(places: list[Place], found: dict[str, list[File]], mimir: Mimir) -> None:
    """Let services share a file, team by team, until the tenant's groups are few enough or no team is left."""
    count = sum(_groups(found[place.name]) for place in places)
    shared = []
    for place in places:
        for team in sorted({service.team for service in place.services}):
            own = [file for file in found[place.name] if file.team == team and _plain(file)]
            together = _together(team, own, mimir.max_rules_per_group)
            saved = _groups(own) - _groups([together])
            if saved > 0:
                shared.append((-saved, place.name, team, own, together))
    for saved, name, _, own, together in sorted(shared, key=lambda one: one[:3]):
        if count <= mimir.max_groups:
            return
        count += saved
        found[name] = [file for file in found[name] if file not in own]
        found[name].append(together)


def _plain(file: File) -> bool:
    """Whether a file's groups may be mixed with others: none has an interval, an offset or a limit of its own."""
    return all((group.interval, group.query_offset, group.limit) == (None, None, None) for group in file.groups)


def _together(team: str, own: list[File], most: int) -> File:
    """The services of a team in as few groups: the largest pieces first, so that the small ones fill the gaps."""
    units = [
        unit for file in own for service in file.services for group in service.groups for unit in _units(group.rules)
    ]
    filled = _filled(sorted(units, key=lambda unit: -len(unit.rules)), most)
    groups = tuple(ResolvedGroup(f"{team}-{number}", tuple(rules)) for number, rules in enumerate(filled, 1))
    return File(team, SHARED, tuple(service for file in own for service in file.services), groups)


# What cannot be kept


def _too_long(place: Place, service: ResolvedService, most: int) -> Iterator[Diagnostic]:
    for group in service.groups:
        if len(group.rules) <= most:
            continue
        for unit in _units(group.rules):
            if len(unit.rules) > most:
                record = next(rule for rule in unit.rules if isinstance(rule, ResolvedRecord))
                yield Diagnostic(
                    codes.GROUP_TOO_LONG,
                    f"{len(unit.rules)} rules of `{service.name}` need one another's results and {place.name} takes {most} in a group",
                    record.at.at("expr") if record.at.path else record.at,
                    "asked for by the others",
                    f"raise the tenant's ruler_max_rules_per_rule_group and `max_rules_per_group` to {len(unit.rules)}",
                    notes=("in two groups an alert would see the records of the round before",),
                )


def _too_many(workspace: Workspace, at: Location, place: Place, mimir: Mimir, count: int) -> Diagnostic:
    sources = sources_of(workspace.environments[place.environment])
    index = next(number for number, source in enumerate(sources) if source.name == place.source)
    return Diagnostic(
        codes.TOO_MANY_GROUPS,
        f"tenant `{mimir.tenant}` would have {count} groups, and takes {mimir.max_groups}",
        at.at("environments", place.environment, "sources", index, "mimir"),
        "too few for these policies",
        f"raise the tenant's ruler_max_rule_groups_per_tenant and `max_groups` to {count}, or the rules of a group",
        notes=(f"with {mimir.max_rules_per_group} rules in a group, and the services of each team together",),
    )
