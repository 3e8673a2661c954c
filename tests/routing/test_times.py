"""Time intervals at an instant: by the wall clock of their location, to the minute."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.routing import TimeInterval, read

INSTANTS = st.integers(0, 15 * 366 * 86_400_000).map(
    lambda ms: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)


def interval(**parts: Any) -> TimeInterval:
    value = {
        "route": {"receiver": "a"},
        "receivers": [{"name": "a"}],
        "time_intervals": [{"name": "i", "time_intervals": [parts]}],
    }
    config, told = read(value)
    assert config is not None, told
    return config.intervals["i"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("parts", "inside", "outside"),
    [
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-11-25T09:00:00", "2026-11-25T17:00:00"),
        ({"times": [{"start_time": "09:00", "end_time": "24:00"}]}, "2026-11-25T23:59:59", "2026-11-25T08:59:59"),
        ({"weekdays": ["sunday:tuesday"]}, "2026-11-24T12:00:00", "2026-11-25T00:00:00"),
        ({"weekdays": ["Saturday"]}, "2026-11-28T12:00:00", "2026-11-29T00:00:00"),
        ({"days_of_month": ["-1"]}, "2028-02-29T00:00:00", "2028-02-28T23:59:00"),
        ({"days_of_month": ["-3:-2"]}, "2026-11-28T00:00:00", "2026-11-30T00:00:00"),
        ({"days_of_month": ["29:31"]}, "2026-11-30T00:00:00", "2026-11-28T00:00:00"),
        ({"days_of_month": ["27:-1"]}, "2026-02-27T00:00:00", "2026-02-26T00:00:00"),
        ({"months": ["november:12"]}, "2026-12-31T23:59:00", "2026-10-31T23:59:00"),
        ({"years": ["2024:2026"]}, "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
        ({"years": ["2027"], "location": "Pacific/Apia"}, "2026-12-31T11:00:00", "2026-12-31T10:59:59"),
        ({"weekdays": ["friday"], "location": "America/New_York"}, "2026-11-28T04:59:00", "2026-11-28T05:00:00"),
        ({"times": [{"start_time": "09:00", "end_time": "10:00"}], "location": "Asia/Kolkata"}, "2026-11-25T03:30:00", "2026-11-25T03:29:59"),
    ],
)  # fmt: skip
def test_an_instant_is_inside_or_not(parts: dict[str, Any], inside: str, outside: str) -> None:
    assert interval(**parts).holds(at(inside))
    assert not interval(**parts).holds(at(outside))


def test_no_condition_always_holds_and_an_empty_list_never_does() -> None:
    now = at("2026-11-25T00:00:00")
    assert interval().holds(now)
    assert interval(weekdays=None).holds(now)
    for key in ("times", "weekdays", "days_of_month", "months", "years"):
        assert not interval(**{key: []}).holds(now)


def test_an_hour_that_comes_twice_is_inside_both_times_and_one_that_is_skipped_never() -> None:
    night = interval(times=[{"start_time": "01:00", "end_time": "02:00"}], location="Europe/Lisbon")
    autumn = [at("2026-10-25T00:30:00") + timedelta(hours=hours) for hours in range(-1, 3)]
    assert [night.holds(one) for one in autumn] == [False, True, True, False]
    spring = [at("2026-03-29T00:30:00") + timedelta(hours=hours) for hours in range(-1, 3)]
    assert not any(night.holds(one) for one in spring)


@given(INSTANTS, st.sampled_from(["UTC", "Europe/Lisbon", "America/St_Johns", "Australia/Lord_Howe"]))
def test_whatever_the_zone_an_instant_is_in_exactly_one_of_the_two_halves_of_a_day(
    instant: datetime, zone: str
) -> None:
    halves = [("00:00", "12:00"), ("12:00", "24:00")]
    found = [
        interval(times=[{"start_time": start, "end_time": end}], location=zone).holds(instant) for start, end in halves
    ]
    assert found == [instant.astimezone(ZoneInfo(zone)).hour < 12, instant.astimezone(ZoneInfo(zone)).hour >= 12]


@given(INSTANTS, st.integers(0, 59))
def test_below_the_minute_nothing_counts(instant: datetime, second: int) -> None:
    one = interval(
        times=[{"start_time": "09:00", "end_time": "17:30"}], weekdays=["monday:friday"], location="Asia/Kolkata"
    )
    assert one.holds(instant) == one.holds(instant.replace(second=second, microsecond=0))


@given(INSTANTS)
def test_the_zone_in_which_an_instant_is_given_does_not_matter(instant: datetime) -> None:
    one = interval(days_of_month=["1:10", "-5:-1"], months=["march", "10:12"])
    assert one.holds(instant) == one.holds(instant.astimezone(ZoneInfo("Pacific/Auckland")))


def test_a_month_in_which_the_clocks_go_forward_is_a_day_short_as_in_alertmanager_up_to_0_34() -> None:
    last = interval(days_of_month=["31"], location="Europe/Lisbon")
    assert not last.holds(at("2026-03-31T12:00:00"))
    assert last.holds(at("2026-10-31T12:00:00"))
    assert interval(days_of_month=["-1"], location="Europe/Lisbon").holds(at("2026-03-30T12:00:00"))
    assert interval(days_of_month=["31"]).holds(at("2026-03-31T12:00:00"))
