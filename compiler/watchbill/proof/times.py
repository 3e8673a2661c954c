"""When a time interval of a configuration holds, as stretches of instants: exact to the second, by the interval's clock."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from watchbill.oncall.calendar import Stretch, common, joined, rest
from watchbill.oncall.clock import DAY, clock_of
from watchbill.routing import Interval, TimeInterval
from watchbill.routing.times import zone

_EPOCH = 719_163  # the ordinal of 1970-01-01


def held(interval: TimeInterval, start: int, end: int) -> list[Stretch]:
    """The stretches within [start, end) in which it holds, sorted and disjoint: what `holds` says, without asking each minute."""
    return joined([stretch for one in interval.intervals for stretch in _held(one, start, end)])


def union(some: Iterable[list[Stretch]]) -> list[Stretch]:
    return joined([stretch for one in some for stretch in one])


def without(some: list[Stretch], others: list[Stretch]) -> list[Stretch]:
    """The part of sorted, disjoint stretches that lies in none of the others."""
    return common(some, rest(others, some[0][0], some[-1][1])) if some and others else some


def _held(one: Interval, start: int, end: int) -> list[Stretch]:
    minutes = one.times if one.times is not None else ((0, DAY // 60),)
    where = zone(one.location)
    by_day = msgspec.structs.replace(one, times=None)
    found = []
    for begins, ends, offset in clock_of(where).stretches(start, end):
        for day in range((begins + offset) // DAY, (ends - 1 + offset) // DAY + 1):
            if not _on(by_day, day):
                continue
            midnight = day * DAY - offset
            for first, last in minutes:
                opens, closes = max(begins, midnight + 60 * first), min(ends, midnight + 60 * last)
                if opens < closes:
                    found.append((opens, closes))
    return found


@lru_cache(maxsize=65_536)
def _on(one: Interval, day: int) -> bool:
    """Whether it holds on a day, whatever the time: the days of an interval are those of its own clock."""
    if (one.weekdays, one.days, one.months, one.years) == (None, None, None, None):
        return True
    noon = datetime.fromordinal(day + _EPOCH).replace(hour=12, tzinfo=zone(one.location))
    return one.holds(noon.astimezone(UTC))
