"""Rotations as PagerDuty's shift-based schedules have them: events that recur, with members in turn."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from math import gcd

import msgspec

from watchbill.oncall.clock import DAY, WEEK, Clock, clock_of
from watchbill.oncall.schedule import Schedule

MONDAY = 4 * DAY  # the first Monday's wall clock; 1970 began on a Thursday
HOUR = 3600
DAYS = ("TH", "FR", "SA", "SU", "MO", "TU", "WE")  # as the days since 1970 come


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Shifts that recur, and their members in turn. Marks are seconds of the wall clock, or of UTC for `elapsed` turns.

    The shifts begin at `first` plus each of `offsets`, and again every `cycle`, from instant `since` until `until` (None:
    for ever); each lasts `length` on the wall clock. Each member has `each` of them before the next one has.
    """

    first: int
    offsets: tuple[int, ...]
    cycle: int
    length: int
    members: tuple[str, ...]
    each: int
    since: int
    until: int | None
    elapsed: bool = False

    def mark(self, number: int) -> int:
        """When shift `number` begins, counted from 0."""
        rounds, position = divmod(number, len(self.offsets))
        return self.first + rounds * self.cycle + self.offsets[position]

    def member(self, number: int) -> str:
        return self.members[number // self.each % len(self.members)]

    def shifts(self, schedule: Schedule, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """(start, end, member) of the shifts that touch [start, end), in order, as instants."""
        clock = self.clock(schedule)
        end = end if self.until is None else min(end, self.until)
        reached = start + clock.offset(start)
        number = max(0, (reached - self.first - self.length - DAY) // self.cycle) * len(self.offsets)
        while True:
            mark = self.mark(number)
            at = clock.instant(mark)
            if at >= end:
                return
            until = clock.instant(mark + self.length)
            if until > start:
                yield at, until, self.member(number)
            number += 1

    def clock(self, schedule: Schedule) -> Clock:
        """The clock by which the marks are read."""
        return clock_of(UTC) if self.elapsed else schedule.clock

    @property
    def rule(self) -> str:
        """The RRULE. `cycle` is one day, one week with its weekdays, or the length of the turn."""
        if self.elapsed:
            return f"RRULE:FREQ=HOURLY;INTERVAL={self.cycle // HOUR}"
        if self.cycle == WEEK:
            return f"RRULE:FREQ=WEEKLY;BYDAY={self.days}"
        frequency, unit = ("WEEKLY", WEEK) if self.cycle % WEEK == 0 else ("DAILY", DAY)
        return f"RRULE:FREQ={frequency}" + (f";INTERVAL={self.cycle // unit}" if self.cycle > unit else "")

    @property
    def days(self) -> str:
        """`MO,TU` where the shifts are those of certain days of the week."""
        if self.cycle != WEEK:
            return ""
        marks = sorted((since_monday(self.first + offset), self.first + offset) for offset in self.offsets)
        return ",".join(DAYS[mark // DAY % 7] for _, mark in marks)

    @property
    def editable(self) -> bool:
        """Whether PagerDuty's own editor opens it."""
        return self.cycle != WEEK or self.each % len(self.offsets) == 0


class Rotation(msgspec.Struct, frozen=True):
    """Events one after another: the same stretches for one line-up after the other."""

    layer: str
    events: tuple[Event, ...]


def in_turn(held: Sequence[str], together: int) -> tuple[tuple[str, ...], int]:
    """Who has one shift after another, for ever, as members in turn and how many shifts each has before the next."""
    runs = [0]
    for before, after in zip([held[0], *held], held, strict=False):
        if before == after:
            runs[-1] += 1
        else:
            runs.append(1)
    if len(runs) == 1:
        return (held[0],), together
    each = gcd(*runs)
    members = tuple(held[::each])
    length = next(
        n for n in range(1, len(members) + 1) if len(members) % n == 0 and members == members[:n] * (len(members) // n)
    )
    return members[:length], each


def since_monday(mark: int) -> int:
    return (mark - MONDAY) % WEEK
