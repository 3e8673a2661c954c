"""Hours: at every minute exactly one of the two routes of an outcome with hours is active, and it is the right one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.routing import read
from watchbill.routing.building.timeintervals import DAY, intervals, names
from watchbill.spec.kinds.people import Calendar
from watchbill.spec.scalars import WEEKDAYS, weekday_numbers, zone

SUNDAY_FIRST = [WEEKDAYS[-1], *WEEKDAYS[:-1]]
CALENDARS = {
    "office": Calendar(
        timezone="Europe/Lisbon",
        weekly={"monday-friday": ("09:00-13:00", "14:00-18:00"), "saturday": ("10:00-12:00",)},
        closed=("2026-01-01", "2026-12-24", "2026-12-25", "2026-12-26", "2027-12-25", "2026-03-29"),
    ),
    "night shift": Calendar(
        timezone="America/New_York",
        weekly={"monday-thursday,sunday": ("00:00-05:30", "21:15-24:00"), "friday": ("00:00-24:00",)},
        closed=("2026-07-03", "2026-08-03", "2026-11-01"),
    ),
    "half an hour of summer time": Calendar(
        timezone="Australia/Lord_Howe", weekly={"sunday": ("01:00-02:15",), "monday-saturday": ("09:00-17:00",)}
    ),
    "always": Calendar(timezone="Asia/Kolkata", weekly={"monday-sunday": ("00:00-24:00",)}),
    "always but one day": Calendar(
        timezone="UTC", weekly={"monday-sunday": ("00:00-12:00", "12:00-24:00")}, closed=("2026-06-30",)
    ),
    "overlapping": Calendar(
        timezone="America/Sao_Paulo",
        weekly={"monday-friday": ("09:00-12:00",), "friday": ("11:00-20:00", "20:00-20:01")},
    ),
    "never": Calendar(timezone="UTC", weekly={}, closed=("2026-06-30",)),
}


def contains(entry: dict[str, Any], now: datetime) -> bool:
    """timeinterval.TimeInterval.ContainsTime."""
    local = now.astimezone(zone(entry["location"])) if "location" in entry else now
    minute = local.hour * 60 + local.minute
    if "times" in entry and not any(
        minutes(one["start_time"]) <= minute < minutes(one["end_time"]) for one in entry["times"]
    ):
        return False
    return all(
        any(begin <= value <= end for begin, end in map(numbers, entry[key]))
        for key, value in (
            ("days_of_month", local.day),
            ("months", local.month),
            ("weekdays", (local.weekday() + 1) % 7),
            ("years", local.year),
        )
        if key in entry
    )


def minutes(clock: str) -> int:
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def numbers(text: str) -> tuple[int, int]:
    """stringableRangeFromString; a range that ends before it begins is refused by Alertmanager."""
    begin, _, end = text.partition(":")
    first, last = (SUNDAY_FIRST.index(word) if word in SUNDAY_FIRST else int(word) for word in (begin, end or begin))
    assert first <= last, text
    return first, last


def routes(calendar: Calendar) -> tuple[Any, Any]:
    """When the route inside the hours is active, and when the one outside is (notify.TimeActiveStage, TimeMuteStage)."""
    found = {one["name"]: one["time_intervals"] for one in intervals("c", calendar)}
    open_, closed, outside = names("c")

    def inside_is_active(now: datetime) -> bool:
        muted = any(contains(entry, now) for entry in found.get(closed, []))
        return any(contains(entry, now) for entry in found[open_]) and not muted

    def outside_is_active(now: datetime) -> bool:
        return any(contains(entry, now) for entry in found[outside])

    return inside_is_active, outside_is_active


def is_open(calendar: Calendar, now: datetime) -> bool:
    """What the policy says, read without Alertmanager."""
    local = now.astimezone(zone(calendar.timezone))
    if local.date().isoformat() in calendar.closed:
        return False
    clock = f"{local:%H:%M}"
    hours = [
        span.split("-")
        for days, spans in calendar.weekly.items()
        if local.weekday() in weekday_numbers(days)
        for span in spans
    ]
    return any(start <= clock < end for start, end in hours)


def minutes_of_2026(calendar: Calendar) -> Iterator[datetime]:
    """Every 13th minute of the year (13 and 1440 share no factor), and every one of days on which clocks change or that are closed."""
    start = datetime(2025, 12, 31, tzinfo=UTC)
    yield from (start + timedelta(minutes=13 * step) for step in range(367 * 1440 // 13))
    place = zone(calendar.timezone)
    for step in range(367):
        day = start + timedelta(days=step)
        turns = day.astimezone(place).utcoffset() != (day + timedelta(days=1)).astimezone(place).utcoffset()
        if turns or day.date().isoformat() in calendar.closed[:2]:
            yield from (day + timedelta(minutes=minute) for minute in range(-1440, 2880))


@pytest.mark.parametrize("name", CALENDARS)
def test_at_every_minute_of_a_year_exactly_one_route_is_active_and_it_is_the_one_the_calendar_says(name: str) -> None:
    calendar = CALENDARS[name]
    inside, outside = routes(calendar)
    asked = 0
    for now in minutes_of_2026(calendar):
        asked += 1
        assert (inside(now), outside(now)) == ((True, False) if is_open(calendar, now) else (False, True)), now
    assert asked > 40_000


clock_times = st.integers(0, 1440).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
hours = (
    st.tuples(clock_times, clock_times).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: "-".join(sorted(pair)))
)
days = st.tuples(st.sampled_from(WEEKDAYS), st.sampled_from(WEEKDAYS)).map("-".join)
calendars = st.builds(
    Calendar,
    timezone=st.sampled_from(["UTC", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    weekly=st.dictionaries(days, st.lists(hours, max_size=3).map(tuple), max_size=3),
    closed=st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(str), max_size=12, unique=True).map(tuple),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(calendars, st.lists(st.datetimes(datetime(2025, 12, 1), datetime(2028, 1, 31)), min_size=40, max_size=40))  # noqa: DTZ001
def test_any_calendar_splits_time_in_two(calendar: Calendar, instants: list[datetime]) -> None:
    inside, outside = routes(calendar)
    closed = [datetime.fromisoformat(f"{day}T12:00") for day in calendar.closed]
    for instant in [*instants, *closed]:
        now = instant.replace(tzinfo=UTC)
        assert (inside(now), outside(now)) == ((True, False) if is_open(calendar, now) else (False, True))


def test_equal_days_of_years_and_months_share_an_entry() -> None:
    closed = [
        f"{year}-{day}" for year in (2026, 2027, 2028) for day in ("01-01", "05-01", "06-01", "12-24", "12-25", "12-26")
    ]
    calendar = Calendar(weekly={"monday": ("09:00-10:00",)}, closed=(*closed, "2030-02-28", "2026-12-26"))
    (entries,) = (one["time_intervals"] for one in intervals("c", calendar) if one["name"] == "c:closed")
    assert [{key: value for key, value in entry.items() if key != "location"} for entry in entries] == [
        {"years": ["2026:2028"], "months": ["1", "5:6"], "days_of_month": ["1"]},
        {"years": ["2026:2028"], "months": ["12"], "days_of_month": ["24:26"]},
        {"years": ["2030"], "months": ["2"], "days_of_month": ["28"]},
    ]


def test_days_of_equal_hours_share_an_entry_and_no_range_of_days_wraps() -> None:
    calendar = Calendar(
        timezone="Europe/Lisbon", weekly={"friday-monday": ("10:00-24:00",), "wednesday": ("00:00-24:00",)}
    )
    open_, outside = intervals("c", calendar)
    start = {"start_time": "10:00", "end_time": "24:00"}
    assert open_["time_intervals"] == [
        {"times": [start], "weekdays": ["sunday:monday", "friday:saturday"], "location": "Europe/Lisbon"},
        {"weekdays": ["wednesday"], "location": "Europe/Lisbon"},
    ]
    assert outside["time_intervals"] == [
        {
            "times": [{"start_time": "00:00", "end_time": "10:00"}],
            "weekdays": ["sunday:monday", "friday:saturday"],
            "location": "Europe/Lisbon",
        },
        {"weekdays": ["tuesday", "thursday"], "location": "Europe/Lisbon"},
    ]


@pytest.mark.parametrize(
    ("timezone", "day"),
    [("Europe/Malta", "2026-03-31"), ("Europe/Lisbon", "2027-03-31"), ("America/Santiago", "2026-09-30")],
)
def test_a_holiday_on_the_last_day_of_a_month_in_which_the_clocks_go_forward_is_one_to_alertmanager_too(
    timezone: str, day: str
) -> None:
    calendar = Calendar(timezone=timezone, weekly={"monday-friday": ("09:00-18:00",)}, closed=(day, "2026-12-25"))
    config, told = read(
        {"route": {"receiver": "r"}, "receivers": [{"name": "r"}], "time_intervals": intervals("c", calendar)}
    )
    assert config is not None, told
    open_, closed, outside = (config.intervals[name] for name in names("c"))
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone(timezone))
    for minute in range(-60, DAY + 60, 15):
        at = midnight.astimezone(UTC) + timedelta(minutes=minute)
        is_closed = at.astimezone(midnight.tzinfo).date() == midnight.date()
        assert closed.holds(at) == is_closed
        inside = open_.holds(at) and not closed.holds(at)
        assert inside != outside.holds(at)
