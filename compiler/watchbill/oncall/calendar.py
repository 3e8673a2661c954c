"""Hours that repeat weekly on a wall clock, less the days on which they do not hold."""

from bisect import bisect_right
from datetime import date, tzinfo
from functools import cached_property

import msgspec

from watchbill.oncall.clock import DAY, Clock, clock_of, day_number, weekday

Stretch = tuple[int, int]  # [start, end), of instants or of seconds of a day
_CHUNK = 56 * DAY


class Calendar(msgspec.Struct, frozen=True, dict=True):
    """`weekly` holds, for each weekday (Monday first), stretches [start, end) in minutes of the local day, up to 1440.

    A calendar is open at an instant when the wall clock of its zone shows open hours of a day that is not closed, as
    Alertmanager reads a time interval: an hour that comes twice is open twice, one that is skipped is not missed.
    """

    zone: tzinfo
    weekly: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date] = frozenset()

    def is_open(self, instant: int) -> bool:
        wall = instant + self.clock.offset(instant)
        day = wall // DAY
        second = wall - day * DAY
        return day not in self._closed and any(start <= second < end for start, end in self._week[weekday(day)])

    def hours(self, start: int, end: int) -> list[Stretch]:
        """The open stretches within [start, end), in order; those that touch are one."""
        found: list[Stretch] = []
        for chunk in range(start // _CHUNK, (end - 1) // _CHUNK + 1):
            known = self._chunks.get(chunk)
            if known is None:
                known = self._chunks[chunk] = self._chunk(chunk * _CHUNK, (chunk + 1) * _CHUNK)
            if found and known and found[-1][1] == known[0][0]:
                found[-1] = (found[-1][0], known[0][1])
                found += known[1:]
            else:
                found += known
        return within(found, start, end)

    def outside(self, start: int, end: int) -> list[Stretch]:
        """What `hours` leaves of [start, end)."""
        return rest(self.hours(start, end), start, end)

    def covers(self, other: "Calendar") -> bool:
        """Whether this is open whenever the other is, as far as two calendars of one zone can say it."""
        if self.zone != other.zone or not self.closed <= other.closed:
            return False
        weeks = (
            (joined(list(theirs)), joined(list(own))) for theirs, own in zip(other.weekly, self.weekly, strict=True)
        )
        return all(common(theirs, own) == theirs for theirs, own in weeks)

    @cached_property
    def clock(self) -> Clock:
        return clock_of(self.zone)

    @cached_property
    def _closed(self) -> frozenset[int]:
        return frozenset(day_number(day) for day in self.closed)

    @cached_property
    def _week(self) -> tuple[tuple[Stretch, ...], ...]:
        """The hours of each weekday in seconds, sorted, those that touch or overlap as one."""
        return tuple(tuple(joined([(60 * start, 60 * end) for start, end in hours])) for hours in self.weekly)

    @cached_property
    def _chunks(self) -> dict[int, list[Stretch]]:
        return {}

    def _chunk(self, start: int, end: int) -> list[Stretch]:
        week, closed = self._week, self._closed
        found: list[Stretch] = []
        for begins, ends, offset in self.clock.stretches(start, end):
            for day in range((begins + offset) // DAY, (ends - 1 + offset) // DAY + 1):
                if day in closed:
                    continue
                midnight = day * DAY - offset
                for first, last in week[weekday(day)]:
                    opens, closes = max(begins, midnight + first), min(ends, midnight + last)
                    if opens >= closes:
                        continue
                    if found and found[-1][1] == opens:
                        found[-1] = (found[-1][0], closes)
                    else:
                        found.append((opens, closes))
        return found


def joined(stretches: list[Stretch]) -> list[Stretch]:
    """Sorted; those that touch or overlap as one."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def within(stretches: list[Stretch], start: int, end: int) -> list[Stretch]:
    """The part of sorted, disjoint stretches that lies in [start, end)."""
    first = max(0, bisect_right(stretches, (start,)) - 1)
    last = bisect_right(stretches, (end,))
    found = stretches[first:last]
    if found and found[0][1] <= start:
        del found[0]
    if found and found[0][0] < start:
        found[0] = (start, found[0][1])
    if found and found[-1][1] > end:
        found[-1] = (found[-1][0], end)
    return found


def rest(stretches: list[Stretch], start: int, end: int) -> list[Stretch]:
    """What sorted, disjoint stretches within [start, end) leave of it."""
    found: list[Stretch] = []
    for begins, ends in stretches:
        if start < begins:
            found.append((start, begins))
        start = ends
    if start < end:
        found.append((start, end))
    return found


def common(one: list[Stretch], other: list[Stretch]) -> list[Stretch]:
    """The time that is in both of two sorted lists of disjoint stretches."""
    found: list[Stretch] = []
    position = 0
    for start, end in one:
        while position < len(other) and other[position][1] <= start:
            position += 1
        at = position
        while at < len(other) and other[at][0] < end:
            found.append((max(start, other[at][0]), min(end, other[at][1])))
            at += 1
    return found
