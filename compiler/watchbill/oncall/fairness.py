"""What being on call costs each person: hours, nights, weekends, and the rest between.

A night is one for whoever is on call at three in the morning, a weekend is from the midnight before Saturday to the one
after Sunday, both by the clock where that person lives: a night in Bangalore may be somebody's afternoon in New York.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from watchbill.oncall.clock import DAY, WEEK, Clock, seconds_of
from watchbill.oncall.duty import Duty
from watchbill.oncall.schedule import Schedule
from watchbill.oncall.shifts import Span, spans

NIGHT = 3 * 3600
REST = 11 * 3600  # the daily rest of the European Working Time Directive (2003/88/EC, article 3)
STINT = 8 * DAY


class Load(msgspec.Struct, frozen=True):
    """What one person carries: seconds on call, nights and (as the wall clock counts) seconds of weekends among them, and times of going on call."""

    seconds: int = 0
    nights: int = 0
    weekend: int = 0
    stints: int = 0


class LineUp(msgspec.Struct, frozen=True):
    """How the people of an era of a layer, those who are there whole time, share the load of the whole schedule.

    `nights_of_a_turn` and `weekend_of_a_turn` (seconds) are what one turn may hold: what rounding alone can make of a
    difference. `era` counts from 0.
    """

    layer: str
    era: int
    loads: dict[str, Load]
    nights_of_a_turn: int
    weekend_of_a_turn: int


class Strain(msgspec.Struct, frozen=True):
    """Too little rest: somebody goes on call at `end`, who until `start` was on call through a night (`stint` False), or
    is on call from `start` to `end` without a break (`stint` True).
    """

    person: str
    start: int
    end: int
    stint: bool


def fairness(schedule: Schedule, start: datetime, end: datetime) -> dict[str, Load]:
    """What each person carries in [start, end), whoever's turn it was; sorted by name."""
    return loads(schedule, spans(schedule, seconds_of(start), seconds_of(end)))


def loads(schedule: Schedule, found: Iterable[Span]) -> dict[str, Load]:
    carried: dict[str, list[int]] = {}  # seconds, nights, weekend, stints, and when the last stint ended
    clocks: dict[str, Clock] = {}
    for start, end, duty in found:
        person = duty.person
        if person is None:
            continue
        own = carried.get(person)
        if own is None:
            own = carried[person] = [0, 0, 0, 0, start - 1]
            clocks[person] = clock_of_person(schedule, person)
        nights, weekend = _hard(clocks[person], start, end)
        own[0] += end - start
        own[1] += nights
        own[2] += weekend
        own[3] += own[4] != start
        own[4] = end
    return {person: Load(*carried[person][:4]) for person in sorted(carried)}


def line_ups(schedule: Schedule, found: list[Span]) -> list[LineUp]:
    """How those who rotate together share what they carry in all layers while they do. Part-timers are not compared."""
    if not found:
        return []
    carried: dict[tuple[int, int], dict[str, Load]] = {}
    result = []
    for layer, turns in zip(schedule.layers, schedule.turns, strict=True):
        period = layer.rotation.period
        days = -(-period // DAY)
        eras = sorted(layer.eras, key=lambda era: era.start)
        for era, start, end in turns.eras(found[0][0], found[-1][1]):
            people = [name for name in dict.fromkeys(eras[era].people) if not _part_time(schedule, name)]
            if len(people) < 2:
                continue
            if (start, end) not in carried:
                cut = [
                    (max(at, start), min(until, end), duty) for at, until, duty in found if at < end and until > start
                ]
                carried[start, end] = loads(schedule, cut)
            shares = {name: carried[start, end].get(name, Load()) for name in people}
            result.append(LineUp(layer.name, era, shares, days, min(period, 2 * DAY * -(-period // WEEK))))
    return result


def strains(schedule: Schedule, found: Iterable[Span]) -> list[Strain]:
    """Breaks of less than eleven hours after a night on call, and stints much longer than a turn.

    A break within one turn (nights of one week, a gap) is what the turn is meant to be, and no strain. A stint is too
    long when it lasts more than eight days and more than one and a half turns, and there is somebody else.
    """
    stints: dict[str, list[_Stint]] = {}
    for start, end, duty in found:
        if duty.person is not None:
            own = stints.setdefault(duty.person, [])
            if own and own[-1][1] == start:
                own[-1] = (own[-1][0], end, own[-1][2], duty)
            else:
                own.append((start, end, duty, duty))
    longest = max([STINT, *(layer.rotation.period * 3 // 2 for layer in schedule.layers)])
    result = []
    for person, own in stints.items():
        clock = clock_of_person(schedule, person)
        for position, (start, end, _, before) in enumerate(own):
            if end - start > longest and len(stints) > 1:
                result.append(Strain(person, start, end, stint=True))
            if position + 1 == len(own):
                break
            following, _, after, _ = own[position + 1]
            tired = following - end < REST and _hard(clock, start, end)[0]
            if tired and not _one_turn(schedule, before, after, end, following):
                result.append(Strain(person, end, following, stint=False))
    return sorted(result, key=lambda strain: (strain.start, strain.person))


_Stint = tuple[int, int, Duty, Duty]  # start, end, the first duty and the last


def _one_turn(schedule: Schedule, before: Duty, after: Duty, end: int, start: int) -> bool:
    """Whether a break lies within a turn: nobody else had the turn in that layer meanwhile."""
    if before.layer != after.layer or not before.schedule == after.schedule == schedule.name:
        return False
    number = next(number for number, layer in enumerate(schedule.layers) if layer.name == before.layer)
    return len({holder for _, _, holder in schedule.turns[number].between(end - 1, start + 1)}) == 1


def clock_of_person(schedule: Schedule, name: str) -> Clock:
    """The clock where somebody lives; the schedule's for somebody it knows nothing of."""
    known = schedule.persons.get(name)
    return schedule.clock if known is None else known.clock


def _part_time(schedule: Schedule, name: str) -> bool:
    known = schedule.persons.get(name)
    return known is not None and known.works is not None


def _hard(clock: Clock, start: int, end: int) -> tuple[int, int]:
    """How many nights, and how many seconds of weekends, there are in [start, end)."""
    before, after = clock.latest(start - 1), clock.latest(end - 1)
    nights = (after - NIGHT) // DAY - (before - NIGHT) // DAY
    return nights, _weekend(after + 1) - _weekend(before + 1)


def _weekend(wall: int) -> int:
    """How many seconds of Saturdays and Sundays there were up to a wall time, counted from a Monday."""
    weeks, rest = divmod(wall + 3 * DAY, WEEK)
    return 2 * DAY * weeks + max(0, rest - 5 * DAY)
