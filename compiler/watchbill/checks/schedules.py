"""Schedules, calendars and absences as they are written: times that exist, layers that have somebody, swaps agreed on.

What they come to, minute by minute, is looked at in `coverage`.
"""

from collections.abc import Container, Iterator
from datetime import datetime

from watchbill.source.codes import coverage, schedules
from watchbill.source.codes import paging as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.people import Era, Layer, Person, Schedule
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace
from watchbill.spec.rota import rotation
from watchbill.spec.scalars import local_time


def check(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    people = workspace.documents.get("Person", {})
    for policy in workspace.documents.get("Schedule", {}).values():
        schedule: Schedule | None = policy.body
        if schedule is None:
            continue
        spans = [(swap.from_, swap.until, policy.at.at("swaps", index)) for index, swap in enumerate(schedule.swaps)]
        spans += [(gap.from_, gap.until, policy.at.at("gaps", index)) for index, gap in enumerate(schedule.gaps)]
        for start, end, at in spans:
            found.extend(_span(start, end, schedule.timezone, at))
        for index, layer in enumerate(schedule.layers):
            found.extend(_layer(layer, people, policy.at.at("layers", index)))
        found.extend(_names(schedule, policy.at))
        found.extend(_agreed(schedule, people, policy.at))
        found.extend(_reasons(schedule, policy.at))
        found.extend(_shadows(schedule, policy.at))
        if not schedule.layers and not schedule.people:
            found.append(
                Diagnostic(
                    codes.BAD_LAYER,
                    f"schedule `{policy.name}` has nobody",
                    policy.at.at("people"),
                    "empty",
                    "name at least one person",
                )
            )
    for name, policy in workspace.documents.get("Calendar", {}).items():
        if policy.body is not None and not any(policy.body.weekly.values()):
            found.append(
                Diagnostic(
                    codes.UNREACHABLE_CALENDAR,
                    f"calendar `{name}` has no hours",
                    policy.at.at("weekly"),
                    "empty",
                    'add `monday-friday: ["09:00-18:00"]`',
                )
            )
    for policy in workspace.documents.get("Person", {}).values():
        found.extend(_away(policy))
    return found


def _span(start: str, end: str, zone: str, at: Location) -> Iterator[Diagnostic]:
    instants: list[datetime] = []
    for key, text in (("from", start), ("until", end)):
        instant, problem = local_time(text, zone)
        if instant is not None:
            instants.append(instant)
        else:
            yield Diagnostic(
                codes.BAD_TIME,
                problem or "",
                at.at(key),
                "here",
                "choose another time, or write it with an offset such as +01:00",
            )
    if len(instants) == 2 and instants[0] >= instants[1]:
        yield Diagnostic(
            codes.BAD_TIME, "this ends before it starts", at.at("until"), "not after `from`", "exchange the two times"
        )


def _layer(layer: Layer, people: Container[str], at: Location) -> Iterator[Diagnostic]:
    if not layer.eras:
        yield Diagnostic(
            codes.BAD_LAYER,
            f"layer `{layer.name}` has no eras",
            at.at("eras"),
            "never has anyone",
            "add an era with people",
        )
    if rotation(layer) is None:
        yield Diagnostic(
            schedules.SHORT_TURN,
            f"turns of {layer.rotation.every} are too short for layer `{layer.name}`",
            at.at("rotation"),
            "at least an hour, in whole minutes",
            "write 12h, daily or weekly",
        )
    before: Era | None = None
    for index, era in enumerate(layer.eras):
        where = at.at("eras", index)
        if not era.people:
            yield Diagnostic(
                codes.BAD_LAYER,
                f"this era of layer `{layer.name}` has nobody",
                where.at("people"),
                "empty",
                "name at least one person",
            )
        if era.first is not None and era.first in people and era.first not in era.people:
            yield Diagnostic(
                codes.BAD_LAYER,
                f"`{era.first}` takes the first turn and is not in the era",
                where.at("first"),
                "not among `people`",
                "add the person, or name another",
            )
        if before is not None and era.from_ <= before.from_:
            yield Diagnostic(
                codes.BAD_LAYER,
                "eras must follow one another in time",
                where.at("from"),
                "not after the era before",
                "append eras, never reorder them",
            )
        before = era


def _names(schedule: Schedule, at: Location) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for index, layer in enumerate(schedule.layers):
        if layer.name in first:
            yield Diagnostic(
                schedules.LAYER_TWICE,
                f"two layers are called `{layer.name}`",
                at.at("layers", index, "name"),
                "and again here",
                "rename one of the two",
                related=(Related(at.at("layers", first[layer.name], "name"), "first named here"),),
            )
        first.setdefault(layer.name, index)


def _agreed(schedule: Schedule, people: Container[str], at: Location) -> Iterator[Diagnostic]:
    for index, swap in enumerate(schedule.swaps):
        if not all(name in people for name in (swap.take, swap.for_, *swap.agreed)):
            continue  # who is meant is not known
        missing = [name for name in dict.fromkeys((swap.take, swap.for_)) if name not in swap.agreed]
        if missing:
            who = " and ".join(f"`{name}`" for name in missing)
            yield Diagnostic(
                schedules.NOT_AGREED,
                f"{who} {'has' if len(missing) == 1 else 'have'} not agreed to this swap",
                at.at("swaps", index, "agreed"),
                "both must",
                f"ask, then write agreed: [{swap.for_}, {swap.take}]",
            )


def _reasons(schedule: Schedule, at: Location) -> Iterator[Diagnostic]:
    for index, gap in enumerate(schedule.gaps):
        if gap.falls_to is None and not gap.reason.strip():
            yield Diagnostic(
                coverage.GAP_WITHOUT_REASON,
                "nobody is on call in this gap, and it does not say why",
                at.at("gaps", index, "reason"),
                "no reason",
                "say why nobody is needed, or name a schedule in `falls_to:`",
            )


def _shadows(schedule: Schedule, at: Location) -> Iterator[Diagnostic]:
    cover = {name for layer in schedule.layers for era in layer.eras for name in era.people} | {*schedule.people}
    for index, name in enumerate(schedule.shadow):
        if name in cover:
            yield Diagnostic(
                schedules.SHADOW_IS_COVER,
                f"`{name}` is a shadow of this schedule and has turns in it",
                at.at("shadow", index),
                "never cover",
                "remove the name here, or from the eras",
            )


def _away(policy: Policy) -> Iterator[Diagnostic]:
    person: Person | None = policy.body
    for index, away in enumerate(person.away if person is not None else ()):
        if away.until < away.from_:
            yield Diagnostic(
                schedules.AWAY_BACKWARDS,
                f"`{policy.name}` is away until {away.until}, which is before {away.from_}",
                policy.at.at("away", index, "until"),
                "not after `from`",
                "exchange the two days",
            )
