"""Every shift between two instants: stretches of one duty that make up the whole time, worked out layer by layer."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import msgspec

from watchbill.oncall.calendar import Stretch, common
from watchbill.oncall.clock import DAY, instant_of, seconds_of
from watchbill.oncall.duty import Absence, Duty, Kind, fallen
from watchbill.oncall.rotation import Turns
from watchbill.oncall.schedule import Layer, Schedule

Span = tuple[int, int, Duty]  # start, end in seconds since 1970; neighbours have different duties
_Piece = tuple[int, int, str, str, int | None]  # start, end, person, holder of the turn, swap
_LOOK_AHEAD = (8, 56, 448, 1024)  # days


class Shift(msgspec.Struct, frozen=True):
    """A stretch [start, end) of one duty, in UTC."""

    start: datetime
    end: datetime
    duty: Duty

    @property
    def kind(self) -> Kind:
        return self.duty.kind

    @property
    def person(self) -> str | None:
        return self.duty.person

    @property
    def people(self) -> tuple[str, ...]:
        return self.duty.people

    @property
    def layer(self) -> str | None:
        return self.duty.layer

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def shifts(schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts that make up [start, end), in order; neighbours differ in who is on call or in why."""
    if start >= end:
        return ()
    made = [
        Shift(instant_of(begins), instant_of(ends), duty)
        for begins, ends, duty in spans(schedule, seconds_of(start), seconds_of(end) + bool(end.microsecond))
    ]
    # Hand-offs are at whole seconds, the time that was asked for need not be.
    made[0] = msgspec.structs.replace(made[0], start=start.astimezone(UTC))
    made[-1] = msgspec.structs.replace(made[-1], end=end.astimezone(UTC))
    return tuple(made)


def next_handoff(schedule: Schedule, after: datetime) -> datetime | None:
    """When somebody else, or nobody, is on call after an instant; None when nothing changes for four years."""
    start = at = seconds_of(after)
    before: str | None = None
    for days in _LOOK_AHEAD:
        for begins, _, duty in spans(schedule, start, start + days * DAY):
            if begins == at:
                before = duty.person
            elif duty.person != before:
                return instant_of(begins)
        start += days * DAY
    return None


def spans(schedule: Schedule, start: int, end: int) -> list[Span]:
    """`shifts` in whole seconds."""
    if start >= end:
        return []
    found = _layered(schedule, start, end)
    for index in reversed(range(len(schedule.gaps))):  # the first gap wins
        begins, ends = (max(start, schedule.left_out[index][0]), min(end, schedule.left_out[index][1]))
        if begins < ends:
            falls_to = schedule.gaps[index].falls_to
            if falls_to is None:
                inside = [(begins, ends, fallen(schedule, index, None))]
            else:
                inside = [
                    (at, until, fallen(schedule, index, duty)) for at, until, duty in spans(falls_to, begins, ends)
                ]
            found = _replaced(found, begins, ends, inside)
    return _merged(found)


def _layered(schedule: Schedule, start: int, end: int) -> list[Span]:
    """The first layer that has somebody, for all of the time; what a layer leaves goes to the next."""
    found: list[Span] = []
    todo: list[tuple[int, int, tuple[Absence, ...]]] = [(start, end, ())]
    for layer, turns in zip(schedule.layers, schedule.turns, strict=True):
        if not todo:
            break
        duties: dict[tuple[str, str, int | None, tuple[Absence, ...]], Duty] = {}
        pieces = _pieces(schedule, layer, turns, todo[0][0], todo[-1][1])
        left: list[tuple[int, int, tuple[Absence, ...]]] = []
        position = 0
        for at, until, absent in todo:
            while position < len(pieces) and pieces[position][1] <= at:
                position += 1
            following = position
            while following < len(pieces) and pieces[following][0] < until:
                begins, ends, person, holder, swap = pieces[following]
                begins, ends = max(begins, at), min(ends, until)
                if at < begins:
                    left.append((at, begins, absent))
                known = schedule.part_time.get(person) if swap is None else None
                for first, last, why in known.absences(begins, ends) if known is not None else ():
                    first, last = max(first, begins), min(last, ends)  # noqa: PLW2901
                    if begins < first:
                        found.append((begins, first, _duty(schedule, layer, duties, (person, holder, swap, absent))))
                    left.append((first, last, (*absent, Absence(person, layer.name, why))))
                    begins = last
                if begins < ends:
                    found.append((begins, ends, _duty(schedule, layer, duties, (person, holder, swap, absent))))
                at = ends  # noqa: PLW2901
                following += 1
            if at < until:
                left.append((at, until, absent))
        todo = left
    found.extend((at, until, Duty("hole", schedule.name, absent=absent)) for at, until, absent in todo)
    found.sort(key=_start)
    return found


def _start(span: Span) -> int:
    return span[0]


_Key = tuple[str, str, int | None, tuple[Absence, ...]]


def _duty(schedule: Schedule, layer: Layer, duties: dict[_Key, Duty], key: _Key) -> Duty:
    duty = duties.get(key)
    if duty is None:
        person, holder, swap, absent = key
        if swap is None:
            duty = Duty("rotation", schedule.name, person, layer.name, absent=absent)
        else:
            duty = Duty("swap", schedule.name, person, layer.name, holder, swap, absent=absent)
        duties[key] = duty
    return duty


def _pieces(schedule: Schedule, layer: Layer, turns: Turns, start: int, end: int) -> list[_Piece]:
    """Who has the turn in one layer, after swaps, in the hours in which the layer is there at all."""
    hours: list[Stretch] | None = None
    if layer.inside is not None:
        hours = layer.inside.hours(start, end)
    if layer.outside is not None:
        outside = layer.outside.outside(start, end)
        hours = outside if hours is None else common(hours, outside)
    pieces: list[_Piece] = []
    if hours is None:
        pieces = [(begins, ends, person, person, None) for begins, ends, person in turns.between(start, end)]
    elif hours:
        position, last = 0, len(hours)
        for begins, ends, person in turns.between(hours[0][0], hours[-1][1]):
            while position < last and hours[position][1] <= begins:
                position += 1
            following = position
            while following < last and hours[following][0] < ends:
                first, until = hours[following]
                pieces.append((max(begins, first), min(ends, until), person, person, None))
                following += 1
    swapped = False
    for index, (begins, ends) in enumerate(schedule.exchanged):
        if max(begins, start) < min(ends, end):
            swap = schedule.swaps[index]
            _exchange(pieces, begins, ends, swap.take, swap.giver, index)
            swapped = True
    if swapped:  # what came back to its holder is an ordinary turn again
        pieces = [piece if piece[2] != piece[3] else (*piece[:4], None) for piece in pieces]
    return pieces


def _exchange(pieces: list[_Piece], start: int, end: int, take: str, giver: str, index: int) -> None:
    """Give what `giver` has between two instants to `take`."""
    first = max(0, bisect_left(pieces, start, key=lambda piece: piece[0]) - 1)
    last = bisect_left(pieces, end, key=lambda piece: piece[0])
    changed: list[_Piece] = []
    for piece in pieces[first:last]:
        begins, ends, person, holder, swap = piece
        if person != giver or ends <= start or start >= end:
            changed.append(piece)
            continue
        if begins < start:
            changed.append((begins, start, person, holder, swap))
        changed.append((max(begins, start), min(ends, end), take, holder, index))
        if end < ends:
            changed.append((end, ends, person, holder, swap))
    pieces[first:last] = changed


def _replaced(found: list[Span], start: int, end: int, inside: list[Span]) -> list[Span]:
    """Spans with others in the place of [start, end)."""
    before = [(begins, min(ends, start), duty) for begins, ends, duty in found if begins < start]
    after = [(max(begins, end), ends, duty) for begins, ends, duty in found if ends > end]
    return [*before, *inside, *after]


def _merged(found: list[Span]) -> list[Span]:
    merged: list[Span] = []
    last: Duty | None = None
    for span in found:
        duty = span[2]
        if duty is last or duty == last:
            merged[-1] = (merged[-1][0], span[1], duty)
        else:
            merged.append(span)
            last = duty
    return merged


def has_turns(schedule: Schedule, number: int, start: int, end: int) -> bool:
    """Whether anybody has a turn in a layer at any time of [start, end), whatever the other layers say."""
    return bool(_pieces(schedule, schedule.layers[number], schedule.turns[number], start, end))
