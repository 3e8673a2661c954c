"""Rotations: hand-offs on a grid that never moves, and the line-ups that take it over one after another.

A rotation by the clock (its turn divides a day or is whole days long) hands off at wall-clock times of the schedule's
zone, so that 09:00 stays 09:00 through every change of the clocks, and the turn in which they change is an hour longer
or shorter. Any other length (`every: 36h`) counts elapsed time from the first hand-off.

The first hand-off is the first era's day at `at`; with turns of whole weeks the first `weekday` at or after that day.
All later ones are counted from it. A later era takes over at the first hand-off at or after its day and begins with
`first`: a turn in progress is finished by who holds it, so an era moves nobody before it starts.
"""

from bisect import bisect_right
from datetime import date

import msgspec

from watchbill.oncall.clock import DAY, WEEK, Clock, day_number, weekday


class Rotation(msgspec.Struct, frozen=True):
    """`period` is the length of a turn in seconds, `at` the local second of the day, `weekday` 0 for Monday."""

    period: int = WEEK
    at: int = 9 * 3600
    weekday: int = 0

    @property
    def by_the_clock(self) -> bool:
        return self.period % DAY == 0 or DAY % self.period == 0


class Era(msgspec.Struct, frozen=True):
    """Who rotates from a day on, in order, beginning with `first` (else with the first of `people`)."""

    start: date
    people: tuple[str, ...]
    first: str | None = None


class Turn(msgspec.Struct, frozen=True):
    """One turn of one person: `number` counts the hand-offs since the first, `era` the line-ups. Instants in seconds."""

    start: int
    end: int
    person: str
    era: int
    number: int


class Turns:
    """The turns of a layer. `eras` are taken in order of their days."""

    __slots__ = ("_base", "_begins", "_by_the_clock", "_clock", "_people", "_period")

    def __init__(self, clock: Clock, rotation: Rotation, eras: tuple[Era, ...]) -> None:
        if rotation.period <= 0:
            raise ValueError("a turn must last some time")
        eras = tuple(sorted(eras, key=lambda era: era.start))
        self._clock = clock
        self._period = period = rotation.period
        self._by_the_clock = rotation.by_the_clock
        first = day_number(eras[0].start) if eras else 0
        if period % WEEK == 0:
            first += (rotation.weekday - weekday(first)) % 7
        base = first * DAY + rotation.at
        starts = [day_number(era.start) * DAY for era in eras]
        if not self._by_the_clock:
            base = clock.instant(base)
            starts = [clock.instant(start) for start in starts]
        self._base = base
        self._begins = [max(0, -((base - start) // period)) for start in starts]  # the number of each era's first turn
        self._people = [_from_first(era) for era in eras]

    def number(self, instant: int) -> int:
        """How many hand-offs there were since the first, up to an instant; below 0 before it."""
        mark = self._clock.latest(instant) if self._by_the_clock else instant
        return (mark - self._base) // self._period

    def handoff(self, number: int) -> int:
        """When a turn begins."""
        mark = self._base + number * self._period
        return self._clock.instant(mark) if self._by_the_clock else mark

    def holder(self, instant: int) -> str | None:
        """Whose turn it is."""
        number = self.number(instant)
        era = bisect_right(self._begins, number) - 1
        if era < 0:
            return None
        people = self._people[era]
        return people[(number - self._begins[era]) % len(people)] if people else None

    def turn(self, instant: int) -> Turn | None:
        """The turn in progress at an instant."""
        number = self.number(instant)
        era = bisect_right(self._begins, number) - 1
        if era < 0 or not self._people[era]:
            return None
        people = self._people[era]
        person = people[(number - self._begins[era]) % len(people)]
        return Turn(self.handoff(number), self.handoff(number + 1), person, era, number)

    def between(self, start: int, end: int) -> list[tuple[int, int, str]]:
        """(start, end, person) of the turns within [start, end), in order; turns that last no time are left out.

        The turns of somebody who rotates alone are one.
        """
        found: list[tuple[int, int, str]] = []
        number = self.number(start)
        era = max(0, bisect_right(self._begins, number) - 1)
        at = start
        while era < len(self._begins) and at < end:
            begin = self._begins[era]
            if number < begin:
                number, at = begin, max(start, self.handoff(begin))
            last = self._begins[era + 1] if era + 1 < len(self._begins) else None
            people = self._people[era]
            if len(people) < 2:
                until = end if last is None else min(end, self.handoff(last))
                if people and at < until:
                    found.append((at, until, people[0]))
                number, at = (number if last is None else last), until
            while len(people) > 1 and at < end and (last is None or number < last):
                until = min(end, self.handoff(number + 1))
                if at < until:
                    found.append((at, until, people[(number - begin) % len(people)]))
                number, at = number + 1, until
            era += 1
        return found

    def latest_era(self) -> int | None:
        """When the last line-up takes over."""
        return self.handoff(self._begins[-1]) if self._begins else None

    def eras(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """(era, start, end) of the line-ups that have the turns within [start, end)."""
        found = []
        era = bisect_right(self._begins, self.number(start)) - 1
        at = start
        while at < end and era < len(self._begins):
            last = era + 1 == len(self._begins)
            until = end if last else min(end, self.handoff(self._begins[era + 1]))
            if era >= 0 and at < until:
                found.append((era, at, until))
            at, era = until, era + 1
        return found


def _from_first(era: Era) -> tuple[str, ...]:
    """The people in the order in which they take their turns."""
    turned = era.people.index(era.first) if era.first in era.people else 0
    return era.people[turned:] + era.people[:turned]
