"""Time intervals as Alertmanager reads them and evaluates them at an instant (timeinterval.TimeInterval.ContainsTime)."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
Range = tuple[int, int]
Ranges = tuple[Range, ...] | None  # None: no condition. An empty list holds never


class Interval(msgspec.Struct, frozen=True):
    """Minutes that fulfil every condition given. `times` are [start, end) in minutes of the local day, all others
    inclusive: weekdays from Sunday, 0; days of the month from 1, or from the end, -1 being the last; months from 1.

    `location` is a time zone's name, the empty one and none being UTC.
    """

    times: Ranges = None
    weekdays: Ranges = None
    days: Ranges = None
    months: Ranges = None
    years: Ranges = None
    location: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether an instant (with a zone) lies in it. Below the minute nothing counts."""
        local = at.astimezone(zone(self.location))
        minute = local.hour * 60 + local.minute
        return (
            (self.times is None or any(start <= minute < end for start, end in self.times))
            and (self.days is None or self._day(local))
            and _within(self.months, local.month)
            and _within(self.weekdays, local.isoweekday() % 7)
            and _within(self.years, local.year)
        )

    def _day(self, local: datetime) -> bool:
        last = days_in_month(local)
        for begin, end in self.days or ():
            first = begin if begin > 0 else last + begin + 1
            if first > last:
                continue
            final = end if end > 0 else last + end + 1
            if max(first, -last) <= local.day <= min(final, last):
                return True
        return False


class TimeInterval(msgspec.Struct, frozen=True):
    """A named time: an instant is in it when it is in any of its intervals."""

    name: str
    intervals: tuple[Interval, ...]

    def holds(self, at: datetime) -> bool:
        return any(one.holds(at) for one in self.intervals)


def days_in_month(local: datetime) -> int:
    """How many days Alertmanager, up to 0.34.0, takes the month of a local time to have: whole days between its ends.

    Where the clocks go forward the month is an hour short of its days, so it loses one (timeinterval.daysInMonth,
    mended by alertmanager#5447): on 31 March nothing that names days holds in Europe/Lisbon.
    """
    first = datetime(local.year, local.month, 1, tzinfo=local.tzinfo)
    length = monthrange(local.year, local.month)[1]
    after = first + timedelta(days=length)  # by the wall clock
    return (after.astimezone(UTC) - first.astimezone(UTC)) // timedelta(days=1)


def _within(ranges: Ranges, value: int) -> bool:
    return ranges is None or any(first <= value <= last for first, last in ranges)


@lru_cache(maxsize=1024)
def zone(location: str | None) -> ZoneInfo:
    """A time zone by its name; raises KeyError when there is none. `Local`, the machine's own zone, is read as UTC."""
    if location in (None, "", "UTC", "Local"):
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(location or "")
    except (OSError, ValueError, KeyError) as error:  # a folder, a path, no such name
        raise KeyError(location) from error
