"""Calendars and windows as Alertmanager's time intervals: of a calendar its hours, its closed days, and all the rest.

Alertmanager reads a minute by the wall clock of the interval's location (timeinterval.TimeInterval.ContainsTime), and
so does the policy: an hour that the clocks skip is in none of the three, an hour that comes twice is twice in the same.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from watchbill.oncall.zones import zone
from watchbill.routing.times import days_in_month
from watchbill.spec.kinds.people import Calendar
from watchbill.spec.model import ResolvedWindow
from watchbill.spec.scalars import WEEKDAYS, weekday_numbers

DAY = 1440  # minutes; 24:00 is a legal end, and no interval crosses midnight
CLOSED = ":closed"
Span = tuple[int, int]


def names(calendar: str) -> tuple[str, str, str]:
    """The intervals of a calendar: open by the week, closed by the day, and outside. No policy name holds a colon."""
    return calendar, f"{calendar}{CLOSED}", f"{calendar}:outside"


def window_name(window: str) -> str:
    """The interval of a window: a window may have the name of a calendar."""
    return f"{window}:window"


def window_interval(window: ResolvedWindow) -> dict[str, Any]:
    """A window's time interval; one that comes once is said day by day, in UTC, since no interval crosses midnight."""
    if window.week is not None:
        entries = _by_week([_merge(list(spans)) for spans in window.week], window.timezone)
    else:
        assert window.span is not None  # noqa: S101  (a window is one or the other)
        entries = [{**entry, "location": "UTC"} for entry in _between(*window.span)]
    return {"name": window_name(window.name), "time_intervals": entries}


def _between(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """The minutes from one instant to another, both in UTC: the first day, the whole days between, the last."""
    whole: list[str] = []
    day = start.date()
    while day <= end.date():
        first = start.hour * 60 + start.minute if day == start.date() else 0
        last = end.hour * 60 + end.minute if day == end.date() else DAY
        if (first, last) == (0, DAY):
            whole.append(day.isoformat())
        elif first < last:
            times = [{"start_time": _clock(first), "end_time": _clock(last)}]
            yield {"times": times, **next(iter(_dates((day.isoformat(),))))}
        day += timedelta(days=1)
    yield from _dates(whole)


def intervals(name: str, calendar: Calendar) -> list[dict[str, Any]]:
    """The calendar's time intervals; without closed days there is no interval for them.

    "Inside" is: active in the first and not muted by the second. "Outside" is the third. Each minute is in exactly one.
    """
    week = weekly_minutes(calendar)
    open_, closed, outside = names(name)
    closed_days = list(_closed(calendar))
    found = [{"name": open_, "time_intervals": _by_week(week, calendar.timezone)}]
    if closed_days:
        found.append({"name": closed, "time_intervals": closed_days})
    rest = _by_week([_complement(spans) for spans in week], calendar.timezone)
    return [*found, {"name": outside, "time_intervals": [*rest, *closed_days]}]


def _closed(calendar: Calendar) -> Iterator[dict[str, Any]]:
    """Closed days by the wall clock. Alertmanager does not know the last day of a month in which the clocks go forward
    (times.days_in_month), so that day is said in UTC, from midnight to midnight.
    """
    here = zone(calendar.timezone)
    midnights = {day: datetime.fromisoformat(day).replace(tzinfo=here) for day in calendar.closed}
    unknown = [day for day, midnight in midnights.items() if midnight.day > days_in_month(midnight)]
    for entry in _dates(day for day in calendar.closed if day not in unknown):
        yield {**entry, "location": calendar.timezone}
    for day in unknown:
        ends = (midnights[day] + timedelta(days=1)).astimezone(UTC)
        yield from ({**entry, "location": "UTC"} for entry in _between(midnights[day].astimezone(UTC), ends))


def weekly_minutes(calendar: Calendar) -> list[list[Span]]:
    """For each weekday, Monday first: the open minutes as sorted, disjoint [start, end) of the local day."""
    week: list[list[Span]] = [[] for _ in WEEKDAYS]
    for days, hours in calendar.weekly.items():
        for day in weekday_numbers(days):
            week[day].extend(_span(text) for text in hours)
    return [_merge(spans) for spans in week]


def _span(hours: str) -> Span:
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _complement(spans: list[Span]) -> list[Span]:
    edges = [0, *(edge for span in spans for edge in span), DAY]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _by_week(week: list[list[Span]], location: str) -> list[dict[str, Any]]:
    """Days of equal hours together. Alertmanager's weeks begin on Sunday, and its ranges of days cannot wrap."""
    by_hours: dict[tuple[Span, ...], list[int]] = {}
    for day in (6, 0, 1, 2, 3, 4, 5):
        if week[day]:
            by_hours.setdefault(tuple(week[day]), []).append((day + 1) % 7)
    found = []
    for spans, days in by_hours.items():
        entry: dict[str, Any] = {}
        if spans != ((0, DAY),):
            entry["times"] = [{"start_time": _clock(start), "end_time": _clock(end)} for start, end in spans]
        if len(days) < len(WEEKDAYS):
            entry["weekdays"] = _ranges(days, [WEEKDAYS[(number - 1) % 7] for number in range(7)])
        found.append({**entry, "location": location})
    return found


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _dates(closed: Iterable[str]) -> list[dict[str, Any]]:
    """Days as few entries of years, months and days of the month; an entry is the product of its three."""
    by_month: dict[tuple[int, int], set[int]] = {}
    for day in map(date.fromisoformat, closed):
        by_month.setdefault((day.year, day.month), set()).add(day.day)
    years: dict[tuple[int, frozenset[int]], list[int]] = {}  # in which years a month has these days
    for (year, month), days in sorted(by_month.items()):
        years.setdefault((month, frozenset(days)), []).append(year)
    months: dict[tuple[tuple[int, ...], frozenset[int]], list[int]] = {}  # which months have these days in these years
    for (month, same), in_years in sorted(years.items(), key=lambda entry: (entry[1], entry[0][0])):
        months.setdefault((tuple(in_years), same), []).append(month)
    return [
        {"years": _ranges(in_years), "months": _ranges(in_months), "days_of_month": _ranges(sorted(same))}
        for (in_years, same), in_months in months.items()
    ]


def _ranges(numbers: Iterable[int], words: list[str] | None = None) -> list[str]:
    """Sorted numbers as Alertmanager's ranges: `1:3`, `7`, or `monday:friday` where the numbers stand for words."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = [[words[number] if words else str(number) for number in run] for run in runs]
    return [first if first == last else f"{first}:{last}" for first, last in said]
