"""On-call schedules as PagerDuty's shift-based schedules (v3), with what recurs as rotations wherever that is exact.

A schedule becomes up to four documents, since REST makes its parts by requests of their own: the `schedule` itself;
its `rotation`s, each a list of events of which one follows the other, `{"events": […]}`, where an event is what
`POST …/rotations/{id}/events` takes under `event`; `override`s of rotations (swaps, gaps, days off, closed days); and
`custom_shift`s, where no rotation has anybody or, with a finding, for all of the coverage time.

What REST's document leaves open is read as follows, and tests/targets/pagerduty_simulator.py reads it the same way:

- Rotations, and custom shifts beside them, add people and replace nobody; only an override replaces.
- An event's `start_time` and `end_time` are times of the wall clock of their zone, at every occurrence. No edge ever
  falls into an hour that the clocks skip or show twice, so nobody needs to know what PagerDuty would do then.
- Members have their turns in the order of occurrences, counted from `start_time`; `effective_since` does not move them.

`effective_since` lies at or before the coverage's beginning, and PagerDuty takes a time that is over as now. Whoever
sends such an event begins it anew with the member whose turn it is: `start_time` is the first shift of that turn, and the
members are turned accordingly. An event that is over is not sent, one more than twelve months ahead not yet (PagerDuty
refuses it), and what PagerDuty makes of all this (`final_schedule`) is to be compared with who is meant to be on call.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date

import msgspec

from watchbill.oncall.clock import DAY, day_number
from watchbill.oncall.schedule import Schedule
from watchbill.spec.kinds.workspace import Coverage
from watchbill.targets import pagerduty_json as write
from watchbill.targets.pagerduty_events import Event, Rotation
from watchbill.targets.pagerduty_exceptions import Override, Shift, exceptions, shifts
from watchbill.targets.pagerduty_recurrence import recurrences

BEGINNING = date(2026, 1, 5)  # where a workspace without `coverage` begins: before PagerDuty had these schedules
_ROTATING = "rotating_member_assignment_strategy"


class Timetable(msgspec.Struct, frozen=True):
    """A schedule as PagerDuty can hold it."""

    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    shifts: tuple[Shift, ...] = ()


def horizon(coverage: Coverage | None, schedule: Schedule) -> tuple[int, int | None]:
    """From when until when shifts are written, a day more at each end, since zones differ. None: nobody said."""
    if coverage is None:
        return schedule.clock.midnight(day_number(BEGINNING)), None
    first, last = date.fromisoformat(coverage.from_), date.fromisoformat(coverage.until)
    return schedule.clock.midnight(day_number(first)) - DAY, schedule.clock.midnight(day_number(last) + 1) + DAY


def obstacle(schedule: Schedule, time: tuple[int, int | None]) -> str | None:
    """Why the schedule is written shift by shift; None where its rotations say it."""
    found = recurrences(schedule, time[0], time[1] or time[0])
    return found if isinstance(found, str) else None


def timetable(schedule: Schedule, time: tuple[int, int | None]) -> Timetable:
    begin, end = time
    rotations = recurrences(schedule, begin, end or begin)
    if isinstance(rotations, str):
        return Timetable(shifts=tuple(shifts(schedule, begin, end)) if end is not None else ())
    overrides, beside = exceptions(schedule, rotations, begin)
    return Timetable(rotations, tuple(overrides), tuple(beside))


def documents(
    name: str, schedule: Schedule, table: Timetable, emails: Mapping[str, str], team: str | None, note: str
) -> Iterator[tuple[str, str]]:
    """Kind and text of each document of a schedule. `emails` are those of the people in it."""
    head = {
        "name": name,
        "time_zone": write.zone_name(schedule.zone),
        "description": write.described(note, "schedule", name),
    }
    teams = {"teams": [write.reference("team_reference", "team", team)]} if team is not None else {}
    yield "schedule", write.text({"schedule": head | teams})
    names = _names(table.rotations)
    if table.rotations:
        rotations = [
            {"events": [_event(schedule, event, label, emails) for event in rotation.events]}
            for label, rotation in zip(names, table.rotations, strict=True)
        ]
        yield "rotation", write.text({"rotations": rotations})
    if table.overrides:
        yield (
            "override",
            write.listed("overrides", (_override(name, names[one.rotation], one, emails) for one in table.overrides)),
        )
    if table.shifts:
        yield "custom_shift", write.listed("custom_shifts", (_shift(one, emails) for one in table.shifts))


def _names(rotations: tuple[Rotation, ...]) -> list[str]:
    """A layer's name for its rotation; with the days and the time at which its shifts begin where it has several."""
    layers = [rotation.layer for rotation in rotations]
    found: list[str] = []
    for rotation in rotations:
        name, first = rotation.layer, rotation.events[0]
        if layers.count(name) > 1:
            name = " ".join(
                filter(None, (name, first.days, f"{first.first % DAY // 3600:02}:{first.first % 3600 // 60:02}"))
            )
        found.append(name if name not in found else f"{name} {len(found) + 1}")
    return found


def _event(schedule: Schedule, event: Event, label: str, emails: Mapping[str, str]) -> write.Body:
    zone = UTC if event.elapsed else schedule.zone
    clock = event.clock(schedule)
    start, end = clock.instant(event.first), clock.instant(event.first + event.length)
    return {
        "name": label,
        "start_time": write.local(start, zone),
        "end_time": write.local(end, zone),
        "effective_since": write.utc(event.since),
        "effective_until": write.utc(event.until) if event.until is not None else None,
        "recurrence": [event.rule],
        "assignment_strategy": {
            "type": _ROTATING,
            "shifts_per_member": event.each,
            "members": [write.member(emails[person]) for person in event.members],
        },
    }


def _override(name: str, rotation: str, one: Override, emails: Mapping[str, str]) -> write.Body:
    return {
        "type": "override_shift",
        "rotation_id": write.marker("rotation", f"{name}/{rotation}"),
        "start_time": write.utc(one.start),
        "end_time": write.utc(one.end),
        "overridden_member": write.member(emails[one.member]),
        "overriding_member": write.member(emails[one.person] if one.person is not None else None),
    }


def _shift(one: Shift, emails: Mapping[str, str]) -> write.Body:
    return {
        "type": "custom_shift",
        "start_time": write.utc(one.start),
        "end_time": write.utc(one.end),
        "assignments": [{"type": "shift_assignment", "member": write.member(emails[one.person])}],
    }
