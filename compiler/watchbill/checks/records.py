"""Recording rules: recorded where they are asked for, in an order that lets each see the round it belongs to."""

from collections.abc import Iterator, Mapping

import msgspec

from watchbill.promql import Selector
from watchbill.source.codes import promql as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.model import Place, ResolvedAlert, ResolvedRecord, ResolvedService, Workspace
from watchbill.spec.recorded import asked, cycles

Rule = ResolvedRecord | ResolvedAlert
_Recorded = dict[str, dict[str, ResolvedRecord]]  # by place, then by name: the first of that name


def check(workspace: Workspace) -> list[Diagnostic]:
    recorded: _Recorded = {place.name: _records(place) for place in workspace.places.values()}
    names = {name for records in recorded.values() for name in records}
    if not names:
        return []
    known: dict[str, tuple[Selector, ...]] = {}  # sources that are alike have the same expressions
    asking = {place.name: list(_asking(place, names, known)) for place in workspace.places.values()}
    found = {(one.where, one.message): one for one in _later(workspace)}
    for one in _circles(workspace, recorded):
        found.setdefault((one.where, one.message), one)
    return [*_elsewhere(workspace, recorded, asking), *found.values()]


def _records(place: Place) -> dict[str, ResolvedRecord]:
    records = [record for service in place.services for record in service.records]
    return {record.name: record for record in reversed(records)}


def _rules(service: ResolvedService) -> Iterator[Rule]:
    """The rules as somebody wrote them: what watches over an alert's data asks for nothing that the alert does not."""
    for group in service.groups:
        yield from (rule for rule in group.rules if isinstance(rule, ResolvedRecord) or rule.no_data_of is None)


def _asking(place: Place, names: set[str], known: dict[str, tuple[Selector, ...]]) -> Iterator[tuple[Rule, Selector]]:
    level = all(":" in name for name in names)  # as almost all are named: `level:metric:operation`
    for service in place.services:
        for rule in _rules(service):
            uses = known.get(rule.expr)
            if uses is None:
                may = not level or ":" in rule.expr
                uses = known[rule.expr] = tuple(asked(rule.expr, names)) if may else ()
            yield from ((rule, selector) for selector in uses)


def _elsewhere(
    workspace: Workspace, recorded: _Recorded, asking: Mapping[str, list[tuple[Rule, Selector]]]
) -> Iterator[Diagnostic]:
    missing: dict[tuple[Location, str], tuple[Rule, Selector, list[str]]] = {}
    for place, uses in asking.items():
        for rule, selector in uses:
            name = selector.metric or ""
            if name not in recorded[place]:
                missing.setdefault((rule.at, name), (rule, selector, []))[2].append(place)
    for (at, name), (rule, selector, places) in missing.items():
        there = [place for place, records in recorded.items() if name in records]
        record = recorded[there[0]][name]
        more = f" (and in {len(places) - 1} more)" if len(places) > 1 else ""
        advice = "record it there too"
        if isinstance(rule, ResolvedAlert):
            advice += (
                f", or keep the alert to `only: [{', '.join(place for place in workspace.places if place in there)}]`"
            )
        yield Diagnostic(
            codes.RECORD_ELSEWHERE,
            f"`{name}` is recorded in {_listed(there)}, and not in {places[0]}{more}",
            at.at("expr").naming(rule.expr, selector.start, selector.start + len(name)),
            f"no such series in {places[0]}",
            advice,
            related=(Related(record.at, "recorded here"),),
        )


def _listed(places: list[str]) -> str:
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _circles(workspace: Workspace, recorded: _Recorded) -> Iterator[Diagnostic]:
    for place in workspace.places.values():
        records = recorded[place.name]
        of_others = {one.name for service in place.services if service.kind == "Foreign" for one in service.records}
        needs: dict[str, dict[str, None]] = {name: {} for name in records}
        for service in place.services:
            for record in service.records:
                needs[record.name].update({one.metric or "": None for one in asked(record.expr, records)})
        for circle in cycles(needs):
            way = " → ".join(f"`{name}`" for name in (*circle, circle[0]))
            message = f"`{circle[0]}` asks for itself" if len(circle) == 1 else f"records ask for one another: {way}"
            first = records[circle[0]]
            related = tuple(Related(records[name].at, "and this") for name in circle[1:])
            advice = "let one of them ask for what it is made of"
            one = Diagnostic(
                codes.RECORD_CIRCLE, message, first.at.at("expr"), "never settles", advice, related=related
            )
            yield msgspec.structs.replace(one, severity="warning") if of_others.issuperset(circle) else one


def _later(workspace: Workspace) -> Iterator[Diagnostic]:
    for place in workspace.places.values():
        for service in place.services:
            for group in service.groups if service.kind == "Foreign" else ():
                numbered = reversed(list(enumerate(group.rules)))
                first = {rule.name: number for number, rule in numbered if isinstance(rule, ResolvedRecord)}
                for number, rule in enumerate(group.rules):
                    if isinstance(rule, ResolvedAlert) and rule.no_data_of is not None:
                        continue
                    for selector in asked(rule.expr, first):
                        name = selector.metric or ""
                        if first[name] > number:
                            record = group.rules[first[name]]
                            yield Diagnostic(
                                codes.RECORD_LATER,
                                f"`{rule.name}` asks for `{name}`, which its group records only afterwards",
                                rule.at.at("expr"),
                                "sees the round before",
                                "let the record stand before it",
                                related=(Related(record.at, "recorded here"),),
                            )
