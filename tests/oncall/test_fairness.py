"""What being on call costs each person, and where nobody is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from generated_schedules import schedules, zone
from hypothesis import HealthCheck, given, settings

from watchbill.oncall import Calendar, Era, Gap, Layer, Load, Person, Rotation, Schedule, Swap, fairness, holes, shifts
from watchbill.oncall.clock import DAY
from watchbill.oncall.coverage import same_person, unattended
from watchbill.oncall.fairness import Strain, line_ups, strains
from watchbill.oncall.shifts import spans

LISBON, KOLKATA, NEW_YORK = map(zone, ("Europe/Lisbon", "Asia/Kolkata", "America/New_York"))
HOUR = 3600
MONDAY = date(2026, 1, 5)
TWO = (Era(MONDAY, ("ana", "bo")),)


def at(text, zone=LISBON):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def spans_of(made, start, end):
    return spans(made, int(at(start).timestamp()), int(at(end).timestamp()))


def schedule(period=7 * DAY, eras=TWO, **more):
    return Schedule("payments", LISBON, (Layer("week", eras, Rotation(period, 9 * HOUR)),), **more)


def test_a_week_on_call_is_seven_nights_and_a_weekend():
    loads = fairness(schedule(), at("2026-01-05T09:00"), at("2026-01-19T09:00"))
    assert loads == {"ana": Load(7 * DAY, 7, 2 * DAY, 1), "bo": Load(7 * DAY, 7, 2 * DAY, 1)}


def test_a_night_is_one_where_the_person_lives():
    people = (Person("ana", KOLKATA), Person("bo", NEW_YORK))
    for order, nights in ((("ana", "bo"), (0, 10)), (("bo", "ana"), (10, 0))):
        made = schedule(12 * HOUR, (Era(MONDAY, order),), people=people)
        loads = fairness(made, at("2026-01-05T09:00"), at("2026-01-15T09:00"))
        assert (
            loads["ana"].nights,
            loads["bo"].nights,
        ) == nights  # 21:00 in Lisbon is 02:30 in Kolkata, 16:00 in New York


def test_whoever_takes_a_turn_over_carries_it():
    swap = Swap(at("2026-01-05T09:00"), at("2026-01-12T09:00"), "bo", "ana")
    assert fairness(schedule(swaps=(swap,)), at("2026-01-05T09:00"), at("2026-01-12T09:00")) == {
        "bo": Load(7 * DAY, 7, 2 * DAY, 1)
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedules())
def test_loads_add_up_to_all_the_time_that_somebody_is_on_call(made):
    schedule, around = made
    start = datetime(around.year, around.month, around.day, tzinfo=UTC) - timedelta(days=3)
    end = start + timedelta(days=9)
    held = sum((shift.length for shift in shifts(schedule, start, end) if shift.person), timedelta())
    assert sum(load.seconds for load in fairness(schedule, start, end).values()) == held.total_seconds()


def test_an_era_is_compared_by_itself_and_only_among_those_who_are_there_whole_time():
    mornings = Calendar(LISBON, (((540, 780),),) * 7)
    eras = (*TWO, Era(date(2026, 2, 2), ("ana", "bo", "lena")), Era(date(2026, 3, 2), ("ana", "lena")))
    made = schedule(DAY, eras, people=(Person("lena", LISBON, works=mornings),))
    first, second = line_ups(made, spans_of(made, "2026-01-05T09:00", "2026-04-01T09:00"))
    assert (first.era, {name: load.nights for name, load in first.loads.items()}) == (0, {"ana": 14, "bo": 14})
    assert (second.era, set(second.loads)) == (1, {"ana", "bo"})
    assert (first.nights_of_a_turn, first.weekend_of_a_turn) == (1, DAY)


def test_seven_people_who_change_daily_have_one_who_always_has_saturday():
    people = tuple("abcdefg")
    made = schedule(DAY, (Era(MONDAY, people),))
    (line_up,) = line_ups(made, spans_of(made, "2026-01-05T09:00", "2026-03-30T09:00"))
    hours = {name: load.weekend // 3600 for name, load in line_up.loads.items()}
    assert hours == {
        "a": 0,
        "b": 0,
        "c": 0,
        "d": 0,
        "e": 12 * 9,
        "f": 12 * 24,
        "g": 12 * 15,
    }  # as the wall clock counts them


def test_eight_hours_between_two_nights_are_too_little_rest():
    made = schedule(8 * HOUR)
    found = strains(made, spans_of(made, "2026-01-05T09:00", "2026-01-08T09:00"))
    assert [(one.person, one.end - one.start) for one in found] == [("ana", 8 * HOUR), ("bo", 8 * HOUR)]
    twelve = schedule(12 * HOUR)
    assert strains(twelve, spans_of(twelve, "2026-01-05T09:00", "2026-02-05T09:00")) == []


def test_two_turns_in_a_row_are_told_and_being_alone_is_not():
    eras = (*TWO, Era(date(2026, 1, 19), ("bo", "ana")))
    made = schedule(eras=eras)
    found = strains(made, spans_of(made, "2026-01-05T09:00", "2026-02-20T09:00"))
    start = int(at("2026-01-12T09:00").timestamp())
    assert found == [Strain("bo", start, start + 14 * DAY, stint=True)]
    alone = schedule(eras=(Era(MONDAY, ("me",)),))
    assert strains(alone, spans_of(alone, "2026-01-05T09:00", "2026-12-20T09:00")) == []


def test_the_days_between_the_nights_of_one_turn_are_no_lack_of_rest():
    nights = Calendar(LISBON, (((0, 540), (1080, 1440)),) * 7)
    for rotation in (Rotation(), Rotation(2 * DAY, 12 * HOUR)):
        made = Schedule("nights", LISBON, (Layer("nights", TWO, rotation, inside=nights),))
        assert strains(made, spans_of(made, "2026-01-05T09:00", "2026-03-05T09:00")) == []
    daily = Schedule("nights", LISBON, (Layer("nights", TWO, Rotation(DAY, 3 * HOUR + 1800), inside=nights),))
    assert (
        strains(daily, spans_of(daily, "2026-01-05T09:00", "2026-01-12T09:00")) == []
    )  # the night's other half is bo's


@pytest.mark.parametrize("period", [7 * DAY, 14 * DAY, 28 * DAY])
def test_turns_as_long_as_they_are_meant_to_be_are_no_strain(period):
    made = schedule(period)
    assert strains(made, spans_of(made, "2026-01-05T09:00", "2027-01-05T09:00")) == []


def test_a_hole_says_when_and_whose_turn_it_was():
    away = (Person("bo", LISBON, away=((date(2026, 1, 14), date(2026, 1, 14)),)),)
    (first, second) = holes(schedule(people=away), at("2026-01-05T00:00"), at("2026-02-01T00:00"))
    assert (first.start, first.end, first.duty.absent) == (at("2026-01-05T00:00"), at("2026-01-05T09:00"), ())
    assert (second.start, second.end) == (at("2026-01-14T00:00"), at("2026-01-15T00:00"))
    assert [(one.person, one.why) for one in second.duty.absent] == [("bo", "away")]


def test_gaps_and_holes_that_touch_are_one_time_without_anyone():
    gap = Gap(at("2026-01-05T09:00"), at("2026-01-05T12:00"))
    (time,) = unattended(spans_of(schedule(gaps=(gap,)), "2026-01-05T06:00", "2026-01-07T00:00"))
    assert time == (int(at("2026-01-05T06:00").timestamp()), int(at("2026-01-05T12:00").timestamp()))


def test_one_person_on_two_schedules_is_found_where_they_meet_and_not_where_a_gap_chose_it():
    primary = schedule()
    secondary = schedule(eras=(Era(MONDAY, ("bo", "chi", "ana", "bo")),))
    found = same_person(
        spans_of(primary, "2026-01-05T09:00", "2026-02-02T09:00"),
        spans_of(secondary, "2026-01-05T09:00", "2026-02-02T09:00"),
    )
    assert found == [
        (int(at("2026-01-19T09:00").timestamp()), int(at("2026-01-26T09:00").timestamp()), "ana"),
        (int(at("2026-01-26T09:00").timestamp()), int(at("2026-02-02T09:00").timestamp()), "bo"),
    ]
    stand_in = schedule(gaps=(Gap(at("2026-01-05T09:00"), at("2026-02-02T09:00"), secondary),))
    assert (
        same_person(
            spans_of(stand_in, "2026-01-05T09:00", "2026-02-02T09:00"),
            spans_of(secondary, "2026-01-05T09:00", "2026-02-02T09:00"),
        )
        == []
    )
