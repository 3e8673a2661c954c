"""A zone's wall clock, in whole seconds: what it shows at an instant, and when it shows a time.

Instants are seconds since 1970 in UTC; a wall time is the same count as if the clock on the wall were one in UTC.
Clocks that jump are met with one rule: *a local time happens at the first instant at which the clock shows it or a later
one.* A time that is skipped therefore happens when the clocks jump over it, one that comes twice happens once (the first
time), and later times never happen before earlier ones, not even where a whole day is skipped (Apia, 30 December 2011).
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

DAY = 86_400
WEEK = 7 * DAY
_CHUNK = 366 * DAY  # how far a clock is read at once
_FAR = 2 * DAY  # no jump reaches further: offsets lie within a day of UTC


def day_number(day: date) -> int:
    """Days since 1970-01-01, which was a Thursday."""
    return day.toordinal() - 719_163


def weekday(day: int) -> int:
    """The weekday of a day number, Monday 0."""
    return (day + 3) % 7


def seconds_of(instant: datetime) -> int:
    """An instant as whole seconds; what is beyond the second is cut off. A time without a zone is no instant."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone: an instant is needed")
    return int(instant.timestamp() // 1)


def instant_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Clock:
    """The stretches of constant offset of a zone, read from it when they are first asked for and kept."""

    __slots__ = ("_known", "_zone")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._known: tuple[int, int, list[int], list[int]] = (0, 0, [], [])  # replaced whole, so threads may share it

    def offset(self, instant: int) -> int:
        """Seconds that the wall clock is ahead of UTC."""
        low, high, starts, offsets = self._known
        if not low <= instant < high:
            starts, offsets = self._read(instant)
        return offsets[bisect_right(starts, instant) - 1]

    def latest(self, instant: int) -> int:
        """The latest wall time that the clock has shown up to an instant: it never goes back."""
        low, high, starts, offsets = self._known
        if not low + _FAR <= instant < high:
            starts, offsets = self._read(instant)
        position = bisect_right(starts, instant) - 1
        wall = instant + offsets[position]
        if position:
            return max(wall, starts[position] + offsets[position - 1] - 1)
        return wall

    def instant(self, wall: int) -> int:
        """When a wall time happens: the first instant at which the clock shows it or a later one."""
        low, high, starts, offsets = self._known
        if not low + _FAR <= wall < high - _FAR:
            starts, offsets = self._read(wall)
        position = max(0, bisect_right(starts, wall - _FAR // 2) - 1)
        last = len(starts) - 1
        while position < last and starts[position + 1] + offsets[position] <= wall:
            position += 1
        return max(starts[position], wall - offsets[position])

    def midnight(self, day: int) -> int:
        """When a day begins."""
        return self.instant(day * DAY)

    def stretches(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """(start, end, offset) of the stretches that make up [start, end)."""
        low, high, starts, offsets = self._known
        if not (low <= start and end <= high):
            starts, offsets = self._read(start, end)
        found = []
        for position in range(bisect_right(starts, start) - 1, len(starts)):
            if starts[position] >= end:
                break
            until = starts[position + 1] if position + 1 < len(starts) else end
            found.append((max(start, starts[position]), min(end, until), offsets[position]))
        return found

    def _read(self, start: int, end: int | None = None) -> tuple[list[int], list[int]]:
        """Know the clock around some instants or wall times, and between them and what was known before."""
        low, high, starts, offsets = self._known
        wanted_low = (start - 2 * _FAR) // _CHUNK * _CHUNK
        wanted_high = ((start if end is None else end) + 2 * _FAR) // _CHUNK * _CHUNK + _CHUNK
        if not starts:
            low = high = wanted_low
        starts, offsets = list(starts), list(offsets)
        if wanted_low < low:
            earlier = self._scan(wanted_low, low, None)
            if starts and earlier[-1][1] == offsets[0]:
                del starts[0], offsets[0]
            starts[:0], offsets[:0] = [at for at, _ in earlier], [offset for _, offset in earlier]
        if wanted_high > high:
            later = self._scan(high, wanted_high, offsets[-1] if offsets else None)
            starts += [at for at, _ in later]
            offsets += [offset for _, offset in later]
        self._known = (min(low, wanted_low), max(high, wanted_high), starts, offsets)
        return starts, offsets

    def _scan(self, start: int, end: int, before: int | None) -> list[tuple[int, int]]:
        """Where offsets begin in [start, end), looking once a day: no zone has changed twice within one."""
        found = []
        for instant in range(start, end, DAY):
            offset = self._ask(instant)
            if offset != before:
                at = instant if before is None else self._change(instant - DAY, instant)
                found.append((at, offset))
                before = offset
        last = self._ask(end)
        if last != before:
            at = self._change(end - DAY, end)
            if at < end:
                found.append((at, last))
        return found

    def _change(self, before: int, after: int) -> int:
        """The first instant of the offset that holds at `after`; another holds at `before`."""
        offset = self._ask(after)
        while after - before > 1:
            middle = (before + after) // 2
            if self._ask(middle) == offset:
                after = middle
            else:
                before = middle
        return after

    def _ask(self, instant: int) -> int:
        offset = datetime.fromtimestamp(instant, self._zone).utcoffset()
        assert offset is not None  # noqa: S101  (fromtimestamp with a zone always has one)
        return offset.days * DAY + offset.seconds


@lru_cache(maxsize=512)
def clock_of(zone: tzinfo) -> Clock:
    return Clock(zone)
