"""Who is on call, by example: what each word of a schedule means on the days when it is least clear."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from generated_schedules import zone

from watchbill.oncall import (
    Absence,
    Calendar,
    Duty,
    Era,
    Gap,
    Layer,
    Person,
    Rotation,
    Schedule,
    Swap,
    next_handoff,
    on_call,
    shifts,
)
from watchbill.oncall.clock import DAY, WEEK

LISBON, NEW_YORK, APIA, KATHMANDU = map(zone, ("Europe/Lisbon", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"))
SAO_PAULO, LORD_HOWE = zone("America/Sao_Paulo"), zone("Australia/Lord_Howe")
HOUR = 3600
DAILY, NOON = Rotation(DAY, 9 * HOUR), Rotation(DAY, 12 * HOUR)
ERA = Era(date(2025, 12, 29), ("ana", "bo", "chi"))
OFFICE = Calendar(LISBON, ((((540, 1080),),) * 5) + ((), ()), frozenset({date(2026, 12, 25)}))


def schedule(*layers, zone=LISBON, **more):
    return Schedule("payments", zone, layers, **more)


def local(text, zone=LISBON):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def who(made, text):
    return on_call(made, local(text, made.zone)).person


def hours(made, start, end):
    """Each shift's length in hours, and whose it is."""
    found = shifts(made, local(start, made.zone), local(end, made.zone))
    return [(shift.person, shift.length / timedelta(hours=1)) for shift in found]


# Turns


def test_a_weekly_turn_begins_on_its_weekday_at_its_hour_and_not_a_second_before():
    made = schedule(Layer("week", (ERA,)))
    assert [who(made, f"2026-01-05T{time}") for time in ("08:59:59", "09:00:00")] == ["ana", "bo"]
    assert who(made, "2026-01-12T09:00") == "chi"
    assert who(made, "2026-01-19T09:00") == "ana"


def test_before_the_first_hand_off_nobody_is_on_call_even_on_the_eras_own_day():
    made = schedule(Layer("week", (ERA,)))
    assert on_call(made, local("2025-12-29T08:59")) == Duty("hole", "payments")
    assert who(made, "2025-12-29T09:00") == "ana"
    midweek = schedule(Layer("week", (Era(date(2025, 12, 31), ("ana", "bo")),)))
    assert (who(midweek, "2026-01-05T08:59"), who(midweek, "2026-01-05T09:00")) == (None, "ana")


def test_a_daily_turn_is_an_hour_shorter_and_an_hour_longer_when_the_clocks_change():
    made = schedule(Layer("days", (ERA,), DAILY))
    assert hours(made, "2026-03-27T09:00", "2026-03-30T09:00") == [("bo", 24), ("chi", 23), ("ana", 24)]
    assert hours(made, "2026-10-23T09:00", "2026-10-26T09:00") == [("bo", 24), ("chi", 25), ("ana", 24)]


@pytest.mark.parametrize("period", [12, 8, 6])
def test_turns_that_divide_a_day_keep_to_the_wall_clock(period):
    made = schedule(Layer("turns", (ERA,), Rotation(period * HOUR, 10 * HOUR)))
    starts = [
        shift.start.astimezone(LISBON) for shift in shifts(made, local("2026-03-20T10:00"), local("2026-04-05T10:00"))
    ]
    assert {start.hour for start in starts} == {(10 + period * number) % 24 for number in range(24 // period)}
    assert {start.minute for start in starts} == {0}


def test_turns_of_any_other_length_count_the_time_that_passes():
    made = schedule(Layer("turns", (ERA,), Rotation(36 * HOUR, 9 * HOUR)))
    lengths = {length for _, length in hours(made, "2025-12-29T09:00", "2026-11-30T09:00")[:-1]}
    assert lengths == {36}


def test_a_hand_off_in_the_hour_that_never_comes_happens_when_the_clocks_jump():
    made = schedule(
        Layer("days", (Era(date(2026, 3, 1), ("ana", "bo")),), Rotation(DAY, 2 * HOUR + 1800)), zone=NEW_YORK
    )
    (before, after) = [
        shift.start for shift in shifts(made, local("2026-03-07T12:00", NEW_YORK), local("2026-03-08T12:00", NEW_YORK))
    ]
    assert before < after == datetime(2026, 3, 8, 7, tzinfo=UTC)  # 03:00 by the clock, which showed 01:59 before


def test_a_hand_off_in_the_hour_that_comes_twice_happens_once_and_the_first_time():
    made = schedule(Layer("days", (Era(date(2026, 10, 1), ("ana", "bo")),), Rotation(DAY, HOUR + 1800)), zone=NEW_YORK)
    found = shifts(made, local("2026-10-31T12:00", NEW_YORK), local("2026-11-01T12:00", NEW_YORK))
    assert [shift.start for shift in found[1:]] == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC)]
    again = datetime(2026, 11, 1, 6, 15, tzinfo=UTC)  # 01:15 a second time, before the hand-off by the clock
    assert on_call(made, again).person == on_call(made, again + timedelta(hours=1)).person == found[1].person


def test_clocks_that_move_by_half_an_hour_move_a_turn_by_half_an_hour():
    made = schedule(Layer("days", (ERA,), DAILY), zone=LORD_HOWE)
    assert [length for _, length in hours(made, "2026-04-04T09:00", "2026-04-06T09:00")] == [24.5, 24]
    assert [length for _, length in hours(made, "2026-10-03T09:00", "2026-10-05T09:00")] == [23.5, 24]


def test_where_a_whole_day_was_skipped_both_turns_that_met_it_share_the_hours_that_were():
    eras = (Era(date(2011, 12, 26), ("ana", "bo")),)  # Samoa went from Thursday the 29th to Saturday the 31st
    made = schedule(Layer("days", eras, DAILY), zone=APIA)
    found = hours(made, "2011-12-28T09:00", "2012-01-01T09:00")
    assert found == [("ana", 24), ("bo", 15), ("ana", 9), ("bo", 24)]


def test_a_day_without_midnight_begins_when_its_clock_first_shows_it():
    made = schedule(Layer("days", (Era(date(2018, 11, 1), ("ana", "bo")),), Rotation(DAY, 0)), zone=SAO_PAULO)
    found = shifts(made, local("2018-11-03T12:00", SAO_PAULO), local("2018-11-05T12:00", SAO_PAULO))
    assert [shift.start.astimezone(SAO_PAULO).strftime("%d %H:%M") for shift in found[1:]] == ["04 01:00", "05 00:00"]


def test_a_leap_day_is_a_day_like_any_other():
    made = schedule(Layer("days", (Era(date(2028, 2, 27), ("ana", "bo", "chi")),), DAILY))
    assert [who(made, f"2028-{day}T12:00") for day in ("02-28", "02-29", "03-01")] == ["bo", "chi", "ana"]
    yearly = schedule(Layer("week", (Era(date(2028, 2, 29), ("ana", "bo")),)))
    assert who(yearly, "2028-03-06T09:00") == "ana"  # the first Monday after


def test_quarter_hour_offsets_are_exact():
    made = schedule(Layer("days", (ERA,), DAILY), zone=KATHMANDU)
    assert next_handoff(made, datetime(2026, 5, 1, tzinfo=UTC)) == datetime(2026, 5, 1, 3, 15, tzinfo=UTC)


# Eras


def test_a_new_era_takes_over_at_the_first_hand_off_of_its_day_or_after_and_begins_with_its_first():
    eras = (ERA, Era(date(2026, 3, 11), ("ana", "bo", "chi", "dan"), "chi"))
    made = schedule(Layer("week", eras))
    assert [who(made, f"2026-{day}T12:00") for day in ("03-09", "03-15", "03-16", "03-23")] == [
        "bo",
        "bo",
        "chi",
        "dan",
    ]


def test_a_turn_of_two_weeks_in_progress_is_finished_by_who_holds_it():
    eras = (Era(date(2026, 1, 5), ("ana", "bo")), Era(date(2026, 1, 12), ("eli", "dan")))
    made = schedule(Layer("fortnight", eras, Rotation(2 * WEEK, 9 * HOUR)))
    assert [who(made, f"2026-01-{day}T12:00") for day in ("05", "12", "18", "19")] == ["ana", "ana", "ana", "eli"]


def test_the_grid_of_hand_offs_is_that_of_the_first_era_for_ever():
    eras = (Era(date(2026, 1, 5), ("ana", "bo")), Era(date(2026, 1, 9), ("eli", "dan")))
    made = schedule(Layer("three days", eras, Rotation(3 * DAY, 9 * HOUR)))
    starts = [shift.start.day for shift in shifts(made, local("2026-01-05T09:00"), local("2026-01-20T09:00"))]
    assert starts == [5, 8, 11, 14, 17]


def test_of_two_eras_within_one_turn_the_later_one_counts():
    eras = (ERA, Era(date(2026, 2, 3), ("dan",)), Era(date(2026, 2, 5), ("eli",)))
    made = schedule(Layer("week", eras))
    found = [shift.person for shift in shifts(made, local("2026-02-02T09:00"), local("2026-02-20T09:00"))]
    assert found == ["chi", "eli"]


# Layers and calendars


def test_the_first_layer_that_has_somebody_wins_and_a_holiday_is_a_day_without_hours():
    made = schedule(
        Layer("nights", (Era(date(2025, 12, 29), ("deb", "eli")),), NOON, outside=OFFICE), Layer("week", (ERA,))
    )
    duty = on_call(made, local("2026-12-24T10:00"))
    assert (duty.layer, duty.person) == ("week", "ana")
    assert [on_call(made, local(f"2026-12-{at}")).layer for at in ("24T08:59", "24T09:00", "24T18:00", "25T10:00")] == [
        "nights",
        "week",
        "nights",
        "nights",
    ]


def test_the_sun_is_followed_through_three_calendars_in_three_zones():
    day = ((480, 960),)
    places = {"asia": KATHMANDU, "europe": LISBON, "americas": NEW_YORK}
    layers = [
        Layer(name, (Era(date(2025, 12, 29), (f"{name}-1", f"{name}-2")),), inside=Calendar(where, (day,) * 7))
        for name, where in places.items()
    ]
    made = schedule(*layers, Layer("last", (ERA,)), zone=zone("UTC"))
    assert [on_call(made, datetime(2026, 6, 10, hour, tzinfo=UTC)).layer for hour in (5, 8, 13, 19, 22)] == [
        "asia",
        "asia",
        "europe",
        "americas",
        "last",
    ]


def test_an_hour_that_comes_twice_is_open_twice():
    night = Calendar(NEW_YORK, (((60, 120),),) * 7)
    found = night.hours(
        int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()), int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
    )
    assert found == [
        (int(datetime(2026, 11, 1, 5, tzinfo=UTC).timestamp()), int(datetime(2026, 11, 1, 7, tzinfo=UTC).timestamp()))
    ]


def test_an_hour_that_is_skipped_is_in_no_calendar_and_outside_none():
    night = Calendar(NEW_YORK, (((120, 180),),) * 7)
    day = [int(datetime(2026, 3, day, 5, tzinfo=UTC).timestamp()) for day in (8, 9)]
    assert night.hours(*day) == []
    assert night.outside(*day) == [tuple(day)]


# Absence


def test_whoever_is_away_is_passed_over_and_the_next_layer_is_asked():
    people = (Person("ana", LISBON, away=((date(2026, 1, 20), date(2026, 1, 21)),)),)
    made = schedule(Layer("week", (ERA,)), Layer("last", (Era(date(2025, 12, 29), ("eli",)),)), people=people)
    assert on_call(made, local("2026-01-20T00:00")) == Duty(
        "rotation", "payments", "eli", "last", absent=(Absence("ana", "week", "away"),)
    )
    assert [who(made, at) for at in ("2026-01-19T23:59", "2026-01-21T23:59", "2026-01-22T00:00")] == [
        "ana",
        "eli",
        "ana",
    ]
    assert who(made, "2026-01-26T12:00") == "bo"  # nobody's turn has moved


def test_where_no_layer_is_left_an_absence_is_a_hole_that_says_whose_turn_it_was():
    people = (Person("ana", NEW_YORK, away=((date(2026, 1, 20), date(2026, 1, 20)),)),)
    made = schedule(Layer("week", (ERA,)), people=people)
    duty = on_call(made, local("2026-01-20T12:00"))
    assert (duty.kind, duty.people, duty.absent) == ("hole", (), (Absence("ana", "week", "away"),))
    assert who(made, "2026-01-20T04:59") == "ana"  # it is still the nineteenth in New York
    assert who(made, "2026-01-21T05:00") == "ana"


def test_outside_the_hours_they_work_part_timers_are_out_of_rotation():
    mornings = Calendar(LISBON, (((540, 780),),) * 7)
    made = schedule(
        Layer("week", (ERA,)),
        Layer("last", (Era(date(2025, 12, 29), ("eli",)),)),
        people=(Person("ana", LISBON, works=mornings),),
    )
    assert [who(made, f"2026-01-20T{time}") for time in ("08:59", "09:00", "12:59", "13:00")] == [
        "eli",
        "ana",
        "ana",
        "eli",
    ]


# Swaps


def swap(start, end, take, giver):
    return Swap(local(start), local(end), take, giver)


def test_a_swap_gives_the_turn_to_another_for_its_time_and_says_for_whom():
    made = schedule(Layer("week", (ERA,)), swaps=(swap("2026-01-20T09:00", "2026-01-21T09:00", "dan", "ana"),))
    assert on_call(made, local("2026-01-20T09:00")) == Duty("swap", "payments", "dan", "week", "ana", 0)
    assert [who(made, at) for at in ("2026-01-20T08:59", "2026-01-21T08:59", "2026-01-21T09:00")] == [
        "ana",
        "dan",
        "ana",
    ]


def test_a_swap_fills_the_turn_of_somebody_who_is_away():
    people = (Person("ana", LISBON, away=((date(2026, 1, 20), date(2026, 1, 20)),)),)
    made = schedule(
        Layer("week", (ERA,)), people=people, swaps=(swap("2026-01-20T00:00", "2026-01-21T00:00", "bo", "ana"),)
    )
    assert hours(made, "2026-01-19T09:00", "2026-01-22T09:00") == [("ana", 15), ("bo", 24), ("ana", 33)]


def test_whoever_agreed_to_a_swap_is_there_even_outside_the_hours_they_work():
    mornings = Calendar(LISBON, (((540, 780),),) * 7)
    people = (Person("bo", LISBON, works=mornings),)
    made = schedule(
        Layer("week", (ERA,)), people=people, swaps=(swap("2026-01-20T18:00", "2026-01-21T00:00", "bo", "ana"),)
    )
    assert who(made, "2026-01-20T20:00") == "bo"


def test_a_swap_may_pass_on_what_an_earlier_one_gave():
    one, other = (
        swap("2026-01-20T09:00", "2026-01-22T09:00", "bo", "ana"),
        swap("2026-01-21T09:00", "2026-01-23T09:00", "dan", "bo"),
    )
    made = schedule(Layer("week", (ERA,)), swaps=(one, other))
    assert [who(made, f"2026-01-{day}T12:00") for day in (19, 20, 21, 22)] == ["ana", "bo", "dan", "ana"]


def test_what_comes_back_to_its_holder_is_an_ordinary_turn():
    there, back = (swap("2026-01-20T09:00", "2026-01-22T09:00", *pair) for pair in (("bo", "ana"), ("ana", "bo")))
    made = schedule(Layer("week", (ERA,)), swaps=(there, back))
    assert shifts(made, local("2026-01-19T09:00"), local("2026-01-26T09:00"))[0].length == timedelta(days=7)
    assert on_call(made, local("2026-01-21T09:00")) == Duty("rotation", "payments", "ana", "week")


def test_a_swap_leaves_alone_what_others_hold_in_its_time():
    made = schedule(
        Layer("nights", (Era(date(2025, 12, 29), ("deb",)),), outside=OFFICE),
        Layer("week", (ERA,)),
        swaps=(swap("2026-01-20T00:00", "2026-01-22T00:00", "bo", "ana"),),
    )
    assert [who(made, f"2026-01-20T{time}") for time in ("03:00", "12:00", "20:00")] == ["deb", "bo", "deb"]


# Gaps


def test_a_gap_has_nobody_and_says_so():
    made = schedule(Layer("week", (ERA,)), gaps=(Gap(local("2026-01-20T00:00"), local("2026-01-20T06:00")),))
    assert on_call(made, local("2026-01-20T05:59")) == Duty("gap", "payments", gap=0)
    assert who(made, "2026-01-20T06:00") == "ana"


def test_a_gap_falls_to_whoever_is_on_call_elsewhere():
    other = Schedule("sre", NEW_YORK, (Layer("days", (Era(date(2025, 12, 29), ("june", "tomas")),), DAILY),))
    made = schedule(Layer("week", (ERA,)), gaps=(Gap(local("2026-01-20T00:00"), local("2026-01-21T00:00"), other),))
    found = shifts(made, local("2026-01-20T00:00"), local("2026-01-21T00:00"))
    assert [(shift.kind, shift.person, shift.duty.schedule) for shift in found] == [
        ("fallback", "tomas", "sre"),
        ("fallback", "june", "sre"),
    ]
    assert found[1].start == datetime(2026, 1, 20, 14, tzinfo=UTC)


def test_a_gap_that_falls_to_a_schedule_without_anyone_is_a_hole():
    other = Schedule("sre", LISBON, (Layer("later", (Era(date(2027, 1, 4), ("june",)),)),))
    made = schedule(Layer("week", (ERA,)), gaps=(Gap(local("2026-01-20T00:00"), local("2026-01-21T00:00"), other),))
    assert on_call(made, local("2026-01-20T12:00")) == Duty("hole", "sre", gap=0)


def test_a_gap_outweighs_a_swap_and_the_first_of_two_gaps_wins():
    span = local("2026-01-20T00:00"), local("2026-01-21T00:00")
    other = Schedule("sre", LISBON, (Layer("days", (Era(date(2025, 12, 29), ("june",)),)),))
    made = schedule(Layer("week", (ERA,)), swaps=(Swap(*span, "bo", "ana"),), gaps=(Gap(*span, other), Gap(*span)))
    assert on_call(made, local("2026-01-20T12:00")).kind == "fallback"
    turned = msgspec.structs.replace(made, gaps=made.gaps[::-1])
    assert on_call(turned, local("2026-01-20T12:00")).kind == "gap"


# Instants


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="has no zone"):
        on_call(schedule(Layer("week", (ERA,))), datetime(2026, 1, 1))  # noqa: DTZ001


def test_nothing_is_on_call_in_no_time():
    made = schedule(Layer("week", (ERA,)))
    assert shifts(made, local("2026-01-20T12:00"), local("2026-01-20T12:00")) == ()
    assert shifts(made, local("2026-01-21T12:00"), local("2026-01-20T12:00")) == ()


def test_somebody_who_rotates_alone_never_hands_off():
    made = schedule(Layer("week", (Era(date(2025, 12, 29), ("me",)),)))
    assert next_handoff(made, local("2026-01-20T12:00")) is None
    assert len(shifts(made, local("2026-01-20T12:00"), local("2027-01-20T12:00"))) == 1


def test_the_answer_does_not_hang_on_what_was_asked_before():
    """Clocks and hours are read in pieces and kept: whichever piece comes first, all agree."""
    from watchbill.oncall.clock import Clock

    instants = [
        int(datetime(year, month, 29, 1, 30, tzinfo=UTC).timestamp())
        for year in (1990, 2010, 2026, 2040)
        for month in (3, 6, 10)
    ]
    forward, backward = Clock(LISBON), Clock(LISBON)
    there = [(forward.offset(at), forward.latest(at), forward.instant(at)) for at in instants]
    back = [(backward.offset(at), backward.latest(at), backward.instant(at)) for at in reversed(instants)]
    assert there == back[::-1]
    assert forward.stretches(instants[0], instants[-1]) == backward.stretches(instants[0], instants[-1])
