"""Who is on call by PagerDuty's shift-based schedules, read from their JSON alone, with dateutil for the recurrences.

It reads REST's document as `watchbill.targets.pagerduty_schedules` says it does, and refuses what that document leaves
open: an edge at a time of day that the clocks skip or show twice, an override that is not within one shift of the member
whom it replaces, events of a rotation that are in effect at once, more of anything than PagerDuty takes.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from watchbill.spec.scalars import zone as zone_of


class Shift(NamedTuple):
    start: datetime
    end: datetime
    person: str | None


class Simulated:
    """A schedule's documents by kind, from one instant until another."""

    def __init__(self, documents: Mapping[str, Any], start: datetime, end: datetime) -> None:
        rotations = documents.get("rotation", {}).get("rotations", ())
        schedule = documents["schedule"]["schedule"]["name"]
        self.rotations = {
            f"watchbill:rotation/{schedule}/{_name(one)}": _rotation(one, start, end) for one in rotations
        }
        assert len(rotations) == len(self.rotations) <= 10
        shifts = [shift for rotation in self.rotations.values() for shift in rotation]
        for override in documents.get("override", {}).get("overrides", ()):
            shifts = self._overridden(shifts, override, start, end)
        custom = documents.get("custom_shift", {}).get("custom_shifts", ())
        shifts += [shift for shift in map(_custom, custom) if shift.end > start and shift.start < end]
        self.shifts = sorted(shift for shift in shifts if shift.person is not None)
        self.edges = sorted({edge for shift in self.shifts for edge in shift[:2]})
        on = {edge: set() for edge in self.edges}
        for shift in self.shifts:
            for edge in self.edges[bisect_right(self.edges, shift.start) - 1 :]:
                if edge >= shift.end:
                    break
                on[edge].add(shift.person)
        self._on = [frozenset(on[edge]) for edge in self.edges]

    def on_call(self, at: datetime) -> frozenset[str]:
        position = bisect_right(self.edges, at) - 1
        return self._on[position] if position >= 0 else frozenset()

    def _overridden(
        self, shifts: list[Shift], override: Mapping[str, Any], start: datetime, end: datetime
    ) -> list[Shift]:
        begins, ends = _instant(override["start_time"]), _instant(override["end_time"])
        rotation = self.rotations[override["rotation_id"]]
        if ends <= start or begins >= end:
            return shifts
        member, other = _member(override["overridden_member"]), _member(override["overriding_member"])
        assert begins < ends
        assert member is not None
        holders = [one for one in rotation if one.start <= begins and ends <= one.end]
        assert [one.person for one in holders] == [member], override
        (held,) = (one for one in shifts if one.start <= begins and ends <= one.end and one.person == member)
        parts = [Shift(held.start, begins, member), Shift(begins, ends, other), Shift(ends, held.end, member)]
        return [one for one in shifts if one is not held] + [one for one in parts if one.start < one.end]


def _name(rotation: Mapping[str, Any]) -> str:
    (name,) = {event["name"] for event in rotation["events"]}
    return name


def _rotation(rotation: Mapping[str, Any], start: datetime, end: datetime) -> list[Shift]:
    until: datetime | None = None
    found: list[Shift] = []
    for number, event in enumerate(rotation["events"]):
        since = _instant(event["effective_since"])
        assert number == 0 or (until is not None and since >= until), "two events in effect at once"
        until = _instant(event["effective_until"]) if event["effective_until"] is not None else None
        assert until is None or until > since
        found += [shift for shift in _event(event, since, until, end) if shift.end > start]
    assert len(rotation["events"]) <= 5
    return found


def _event(event: Mapping[str, Any], since: datetime, until: datetime | None, end: datetime) -> Iterator[Shift]:
    zone = zone_of(event["start_time"]["time_zone"])
    assert event["end_time"]["time_zone"] == event["start_time"]["time_zone"]
    first, last = (_wall(event[key]["date_time"], zone) for key in ("start_time", "end_time"))
    strategy = event["assignment_strategy"]
    assert strategy["type"] == "rotating_member_assignment_strategy"
    members, each = [_member(one) for one in strategy["members"]], strategy["shifts_per_member"]
    assert 1 <= len(members) <= 20
    assert each >= 1
    (rule,) = event["recurrence"]
    for number, at in enumerate(rrulestr(rule, dtstart=first)):
        begins, ends = _clear(at, zone), _clear(at + (last - first), zone)
        assert number > 0 or at == first, "the first occurrence is not the start"
        if begins >= end or (until is not None and begins >= until):
            return
        assert begins >= since
        assert until is None or ends <= until, "a shift beyond its event"
        yield Shift(begins, ends, members[number // each % len(members)])


def _wall(text: str, zone: ZoneInfo) -> datetime:
    """The wall clock's time: the same for who reads the instant and for who reads the figures."""
    said = datetime.fromisoformat(text)
    wall = said.replace(tzinfo=None)
    assert said.astimezone(zone).replace(tzinfo=None) == wall
    return wall


def _clear(wall: datetime, zone: ZoneInfo) -> datetime:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    assert first == second, f"{wall} in {zone} is skipped or comes twice"
    return first


def _custom(shift: Mapping[str, Any]) -> Shift:
    (assignment,) = shift["assignments"]
    found = Shift(_instant(shift["start_time"]), _instant(shift["end_time"]), _member(assignment["member"]))
    assert found.start < found.end
    assert found.person is not None
    return found


def _instant(text: str) -> datetime:
    assert len(text) == 20
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def _member(member: Mapping[str, str]) -> str | None:
    if member["type"] == "empty_member":
        return None
    return member["user_id"].removeprefix("watchbill:user/")


def around(edges: list[datetime]) -> Iterator[datetime]:
    """Each instant, a second before it and a second after."""
    for edge in edges:
        yield from (edge - timedelta(seconds=1), edge, edge + timedelta(seconds=1))
