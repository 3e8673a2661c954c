"""Schedules and calendars: times that exist, layers that have somebody."""

from collections.abc import Iterator
from datetime import datetime

from watchbill.source.codes import paging as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.kinds.people import Era, Layer, Schedule
from watchbill.spec.model import Workspace
from watchbill.spec.scalars import local_time


def check(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for policy in workspace.documents.get("Schedule", {}).values():
        schedule: Schedule | None = policy.body
        if schedule is None:
            continue
        spans = [(swap.from_, swap.until, policy.at.at("swaps", index)) for index, swap in enumerate(schedule.swaps)]
        spans += [(gap.from_, gap.until, policy.at.at("gaps", index)) for index, gap in enumerate(schedule.gaps)]
        for start, end, at in spans:
            found.extend(_span(start, end, schedule.timezone, at))
        for index, layer in enumerate(schedule.layers):
            found.extend(_layer(layer, policy.at.at("layers", index)))
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


def _layer(layer: Layer, at: Location) -> Iterator[Diagnostic]:
    if not layer.eras:
        yield Diagnostic(
            codes.BAD_LAYER,
            f"layer `{layer.name}` has no eras",
            at.at("eras"),
            "never has anyone",
            "add an era with people",
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
        if era.first is not None and era.first not in era.people:
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
