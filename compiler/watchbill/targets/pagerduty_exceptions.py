"""What a schedule has that does not recur: overrides of its rotations, and shifts beside them.

An override replaces one member of one rotation for a time, by another or by nobody; where no rotation has anybody, a
custom shift puts somebody there. Both are found by comparing, wherever the policies say that something is not as always
(swaps, gaps, days off, closed days, and until every layer has begun), what recurs with what is.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from watchbill.oncall.calendar import Stretch, joined
from watchbill.oncall.clock import DAY, WEEK, day_number
from watchbill.oncall.schedule import Schedule
from watchbill.oncall.shifts import spans
from watchbill.targets.pagerduty_events import Rotation
from watchbill.targets.pagerduty_recurrence import begun

_FAR = 1 << 36  # beyond every absence that a date can say


class Shift(msgspec.Struct, frozen=True):
    """Somebody on call from one instant until another."""

    start: int
    end: int
    person: str


class Override(msgspec.Struct, frozen=True):
    """Within one shift of a rotation (counted from 0): `person` instead of `member`, None for nobody."""

    start: int
    end: int
    rotation: int
    member: str
    person: str | None


_Recurring = tuple[int, int, str, int]  # start, end, member, rotation


def shifts(schedule: Schedule, start: int, end: int) -> list[Shift]:
    """Who is on call in a time, whatever the reason; the shifts of one person that touch are one."""
    return list(_shifts((at, until, duty.person) for at, until, duty in spans(schedule, start, end)))


def exceptions(schedule: Schedule, rotations: Sequence[Rotation], begin: int) -> tuple[list[Override], list[Shift]]:
    """What is different, from `begin` on, from what the rotations say."""
    overrides: list[Override] = []
    beside: list[tuple[int, int, str | None]] = []
    for start, end in _unusual(schedule, begin):
        recurring = sorted(_recurring(schedule, rotations, start, end))
        position = 0
        for at, until, duty in spans(schedule, start, end):
            while position < len(recurring) and recurring[position][1] <= at:
                position += 1
            following, reached = position, at
            while following < len(recurring) and recurring[following][0] < until:
                begins, ends, member, rotation = recurring[following]
                begins, ends = max(at, begins), min(until, ends)
                beside.append((reached, begins, duty.person))
                if member != duty.person:
                    _add(overrides, Override(begins, ends, rotation, member, duty.person), recurring[following][0])
                reached, following = ends, following + 1
            beside.append((reached, until, duty.person))
    return overrides, list(_shifts(one for one in beside if one[0] < one[1]))


def _unusual(schedule: Schedule, begin: int) -> list[Stretch]:
    """The times from `begin` on in which the policies say something that does not recur."""
    found: list[Stretch] = [*schedule.exchanged, *schedule.left_out]
    started = begun(schedule)
    if started > begin:
        longest = max((layer.rotation.period for layer in schedule.layers), default=0)
        found.append((begin, started + longest + max(longest, WEEK) + DAY))
    in_turn = {person for layer in schedule.layers for era in layer.eras for person in era.people}
    for name, person in schedule.part_time.items():
        if name in in_turn and person.works is None:
            found += [(first, last) for first, last, _ in person.absences(begin, _FAR)]
    for calendar in dict.fromkeys(one for layer in schedule.layers for one in (layer.inside, layer.outside)):
        if calendar is not None:
            midnight = calendar.clock.midnight
            found += [(midnight(day_number(day)), midnight(day_number(day) + 1)) for day in calendar.closed]
    return joined([(max(begin, start), end) for start, end in found if end > begin])


def _recurring(schedule: Schedule, rotations: Sequence[Rotation], start: int, end: int) -> Iterator[_Recurring]:
    for index, rotation in enumerate(rotations):
        for event in rotation.events:
            for at, until, member in event.shifts(schedule, start, end):
                yield max(start, at), min(end, until), member, index


def _add(overrides: list[Override], one: Override, shift: int) -> None:
    """Add an override, as part of the one before where that goes on in the same shift."""
    last = overrides[-1] if overrides else None
    if (
        last is not None
        and (last.end, last.rotation, last.member, last.person) == (one.start, one.rotation, one.member, one.person)
        and one.start > shift
    ):
        overrides[-1] = msgspec.structs.replace(last, end=one.end)
    else:
        overrides.append(one)


def _shifts(found: Iterable[tuple[int, int, str | None]]) -> Iterator[Shift]:
    last: Shift | None = None
    for start, end, person in found:
        if last is not None and person == last.person and start == last.end:
            last = Shift(last.start, end, last.person)
            continue
        if last is not None:
            yield last
        last = Shift(start, end, person) if person is not None else None
    if last is not None:
        yield last
