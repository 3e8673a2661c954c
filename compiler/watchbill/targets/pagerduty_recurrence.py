"""A schedule as recurrences: which stretches of the wall clock come again, and who has them in turn.

PagerDuty's rotations stand side by side: where two overlap, both people are on call. So layers cannot be written as
rotations of which the first wins; what each layer has left for it is cut along its hand-offs into stretches that lie
within one turn, and each stretch that comes again, every day, every week or every turn, is a rotation of its own. Those
that differ in the weekday only are one rotation, where its members still come in order.

What does not come again (swaps, gaps, days off, closed days, the time before every layer has begun) is left aside here:
`pagerduty_exceptions` puts it on top. What cannot be cut like that has a reason, in words.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import lcm

import msgspec

from watchbill.oncall.calendar import Stretch, common, joined, rest
from watchbill.oncall.clock import DAY, WEEK, Clock, instant_of
from watchbill.oncall.rotation import Turns
from watchbill.oncall.schedule import Layer, Schedule
from watchbill.targets.pagerduty_events import HOUR, MONDAY, Event, Rotation, in_turn, since_monday

MOST_ROTATIONS = 10
MOST_EVENTS = 5  # of a rotation, those that are over not counted
MOST_MEMBERS = 20
YEARS = 3 * 366 * DAY  # how far ahead the clocks are asked: rules recur for ever, zones announce no more


class _Stretches(msgspec.Struct, frozen=True):
    """Stretches of one layer that begin at `starts`, again every `cycle`, each `length` long and within one turn."""

    starts: tuple[int, ...]
    length: int
    cycle: int


class _Layered(msgspec.Struct, frozen=True):
    """A layer, its turns, the mark of its first hand-off, and the week's time that the layers before leave to it."""

    layer: Layer
    turns: Turns
    base: int
    week: list[Stretch]


def begun(schedule: Schedule) -> int:
    """From when on every layer has begun."""
    return max((turns.handoff(0) for layer, turns in _layers(schedule)), default=0)


def recurrences(schedule: Schedule, begin: int, end: int) -> tuple[Rotation, ...] | str:
    """The rotations that say what recurs from `begin` on, or why there are none. `end` is the end of known time."""
    problem = _people(schedule, begin)
    if problem is not None:
        return problem
    start = max(begin, begun(schedule))
    last = max(start, end) + YEARS
    layered = _layered(schedule, start, last)
    if isinstance(layered, str):
        return layered
    for editable in (True, False):
        found = _rotations(schedule.clock, layered, begin, start, last, editable=editable)
        if isinstance(found, str):
            return found
        if len(found) <= MOST_ROTATIONS:
            return tuple(found)
    return f"it would need {len(found)} rotations, and PagerDuty has at most {MOST_ROTATIONS}"


def _layers(schedule: Schedule) -> list[tuple[Layer, Turns]]:
    return [pair for pair in zip(schedule.layers, schedule.turns, strict=True) if pair[0].eras]


def _people(schedule: Schedule, begin: int) -> str | None:
    """Why the line-ups still to come do not recur as they are."""
    for layer, turns in _layers(schedule):
        eras = sorted(layer.eras, key=lambda era: era.start)
        for era, _, _ in turns.eras(begin, max(begin, turns.latest_era() or 0) + 1):
            if not eras[era].people:
                return f"a line-up of layer `{layer.name}` has nobody"
            for person in eras[era].people:
                known = schedule.part_time.get(person)
                if known is None or known.works is None or (layer.inside and known.works.covers(layer.inside)):
                    continue  # there in every hour of the layer
                return f"`{person}` works part-time, and is out of rotation outside those hours"
    return None


def _layered(schedule: Schedule, start: int, last: int) -> list[_Layered] | str:
    """What each layer has of the week when all have begun."""
    found = []
    left: list[Stretch] = [(0, WEEK)]
    for layer, turns in _layers(schedule):
        week = _week(layer, schedule.clock, start, last)
        if isinstance(week, str):
            return week
        mine = common(left, week)
        left = common(left, rest(week, 0, WEEK))
        base = turns.handoff(0)
        if not mine:
            continue
        if layer.rotation.by_the_clock:
            base = schedule.clock.latest(base) // DAY * DAY + layer.rotation.at
        elif mine != [(0, WEEK)]:
            return (
                f"the turns of layer `{layer.name}` are neither whole days nor a part of one, and it has not all hours"
            )
        elif layer.rotation.period % HOUR:
            return f"the turns of layer `{layer.name}` are not whole hours"
        found.append(_Layered(layer, turns, base, mine))
    return found


def _week(layer: Layer, clock: Clock, start: int, last: int) -> list[Stretch] | str:
    """The time of a week in which a layer is there at all, by the schedule's clock; closed days are exceptions."""
    week: list[Stretch] = [(0, WEEK)]
    for calendar, inside in ((layer.inside, True), (layer.outside, False)):
        if calendar is None:
            continue
        ahead = _ahead(calendar.clock, clock, start, last)
        if ahead is None:
            return f"the hours of layer `{layer.name}` are in {calendar.zone}, whose clocks change at other times"
        opened = []
        for day, hours in enumerate(calendar.weekly):
            for first, until in hours:
                at = (MONDAY + day * DAY + 60 * first - ahead) % WEEK
                opened += [(at, min(WEEK, at + 60 * (until - first))), (0, at + 60 * (until - first) - WEEK)]
        hours_open = joined(opened)
        week = common(week, hours_open if inside else rest(hours_open, 0, WEEK))
    return week


def _ahead(one: Clock, other: Clock, start: int, last: int) -> int | None:
    """By how much one clock is always ahead of another; None where that changes."""
    if one is other:
        return 0
    ahead = {one.offset(at) - other.offset(at) for clock in (one, other) for at, _, _ in clock.stretches(start, last)}
    return ahead.pop() if len(ahead) == 1 else None


def _rotations(
    clock: Clock, layered: Sequence[_Layered], begin: int, start: int, last: int, *, editable: bool
) -> list[Rotation] | str:
    """With `editable`, no event that PagerDuty's own editor would not open."""
    found = []
    for one in layered:
        for together in _cut(one):
            problem = _unclear(one.layer, clock, together, start, last)
            if problem is not None:
                return problem
            made = _events(one, clock, together, begin, start)
            if len(together.starts) > 1 and (made is None or (editable and not all(event.editable for event in made))):
                parts = [_Stretches((at,), together.length, together.cycle) for at in together.starts]
                apart = [_events(one, clock, part, begin, start) for part in parts]
            else:
                apart = [made]
            for events in apart:
                if events is None:
                    return f"a rotation of layer `{one.layer.name}` would need more than {MOST_MEMBERS} members"
                if len(events) > MOST_EVENTS:
                    return (
                        f"layer `{one.layer.name}` has {len(events)} line-ups since the beginning of the coverage,"
                        f" and PagerDuty has at most {MOST_EVENTS} events in a rotation"
                    )
                if events:
                    found.append(Rotation(one.layer.name, events))
    return found


def _cut(one: _Layered) -> Iterator[_Stretches]:
    """The layer's time, cut at its hand-offs; what differs in the day only is together."""
    period, base = one.layer.rotation.period, one.base
    if one.week == [(0, WEEK)]:
        cycle = max(period, DAY) if one.layer.rotation.by_the_clock else period
        for number in range(cycle // period):
            yield _Stretches((base + number * period,), period, cycle)
        return
    step = WEEK if period % WEEK == 0 else min(period, DAY)
    cuts = [base % step + number * step for number in range(2 * WEEK // step)]
    alike: dict[tuple[int, int], list[int]] = {}
    for begins, ends in _joined_at_midnight(one.week):
        edges = [begins, *(cut for cut in cuts if begins < cut < ends), ends]
        for at, until in pairwise(edges):
            alike.setdefault((at % DAY, until - at), []).append(at % WEEK)
    for (at, length), starts in sorted(alike.items(), key=lambda entry: min(map(since_monday, entry[1]))):
        if len(starts) == 7 and period % WEEK:
            yield _Stretches((at,), length, DAY)
        else:
            yield _Stretches(tuple(sorted(starts, key=since_monday)), length, WEEK)


def _joined_at_midnight(week: list[Stretch]) -> list[Stretch]:
    """The end of the week and its beginning as one, where they touch."""
    if week[0][0] == 0 and week[-1][1] == WEEK and len(week) > 1:
        return [*week[1:-1], (week[-1][0], WEEK + week[0][1])]
    return week


def _unclear(layer: Layer, clock: Clock, together: _Stretches, start: int, last: int) -> str | None:
    """Why the edges of stretches are not clear: they fall into an hour that the clocks skip, or that comes twice."""
    if not layer.rotation.by_the_clock:
        return None
    edges = [edge for at in together.starts for edge in (at, at + together.length)]
    earliest = start - layer.rotation.period - WEEK
    for (_, _, before), (jump, _, after) in pairwise(clock.stretches(earliest, last)):
        low, high = sorted((jump + before, jump + after))
        for edge in edges:
            if low + (edge - low) % together.cycle < high:
                time = f"{edge % DAY // HOUR:02}:{edge % HOUR // 60:02}"
                day = f"{instant_of(low):%Y-%m-%d}"
                return f"layer `{layer.name}` hands over at {time}, which the clocks skip or show twice on {day}"
    return None


def _events(one: _Layered, clock: Clock, together: _Stretches, begin: int, start: int) -> tuple[Event, ...] | None:
    """An event for each line-up that has these stretches from `begin` on; None where one would need too many members."""
    turns, period = one.turns, one.layer.rotation.period
    elapsed = not one.layer.rotation.by_the_clock
    instant = (lambda mark: mark) if elapsed else clock.instant
    eras = sorted(one.layer.eras, key=lambda era: era.start)
    beyond = max(start, turns.latest_era() or 0) + 1
    found = []
    for era, takes_over, until in turns.eras(turns.handoff(0), beyond):
        ends = until if until < beyond else None
        if ends is not None and ends <= begin:
            continue
        people = eras[era].people
        zeroth = turns.number(takes_over)
        first = people.index(eras[era].first) if eras[era].first in people else 0
        number = max(zeroth, turns.number(start))
        if start > begin and turns.handoff(number) < start:
            number += 1  # before, not every layer has begun
        since = turns.handoff(number)
        if ends is not None and since >= ends:
            continue
        mark = one.base + number * period
        marks = sorted(mark + (at - mark) % together.cycle for at in together.starts)
        if ends is not None and instant(marks[0]) >= ends:
            continue
        rounds = lcm(together.cycle, period * len(people)) // together.cycle
        held = [
            people[(first + (at + again * together.cycle - one.base) // period - zeroth) % len(people)]
            for again in range(rounds)
            for at in marks
        ]
        members, each = in_turn(held, len(marks))
        if len(members) > MOST_MEMBERS:
            return None
        offsets = tuple(at - marks[0] for at in marks)
        found.append(
            Event(
                first=marks[0], offsets=offsets, cycle=together.cycle, length=together.length, members=members,
                each=each, since=since, until=ends, elapsed=elapsed,
            )
        )  # fmt: skip
    return tuple(found)
