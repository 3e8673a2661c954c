"""What holds for every schedule, in every zone, at every instant."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import msgspec
import pytest
from generated_schedules import DAYS, PEOPLE, ZONES, instants, schedules, swaps, zone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_definition import answers, first_shown

from watchbill.oncall import Era, Schedule, next_handoff, on_call, shifts

SECOND = timedelta(seconds=1)
replace = msgspec.structs.replace
many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
)


def days_around(around: date) -> tuple[datetime, datetime]:
    middle = datetime.combine(around, time(), UTC)
    return middle - timedelta(days=3), middle + timedelta(days=5)


def duties(schedule: Schedule, around: date):
    return shifts(schedule, *days_around(around))


@many
@given(schedules(), st.data())
def test_shifts_make_up_exactly_the_time_that_was_asked_for(made, data):
    schedule, around = made
    start, end = sorted(data.draw(st.tuples(instants(around), instants(around))))
    found = shifts(schedule, start, end)
    if start == end:
        assert found == ()
        return
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(shift.start < shift.end for shift in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert sum((shift.length for shift in found), timedelta()) == end - start
    assert all(one.duty != other.duty for one, other in pairwise(found))


@many
@given(schedules(), st.data())
def test_whoever_is_on_call_at_an_instant_has_the_shift_of_that_instant(made, data):
    schedule, around = made
    found = duties(schedule, around)
    for shift in found:
        for instant in (shift.start, shift.start + SECOND, shift.end - SECOND, shift.end - timedelta(microseconds=1)):
            assert on_call(schedule, instant) == shift.duty
        assert on_call(schedule, shift.start - SECOND) != shift.duty or shift is found[0]
    for instant in data.draw(st.lists(instants(around), max_size=20)):
        (shift,) = [one for one in found if one.start <= instant < one.end] or [None]
        if shift is not None:
            assert on_call(schedule, instant) == shift.duty


@many
@given(schedules())
def test_at_every_instant_somebody_of_the_schedule_is_on_call_or_it_says_why_nobody_is(made):
    schedule, around = made
    for shift in duties(schedule, around):
        assert (shift.person is None) == (shift.kind in ("gap", "hole"))
        assert (shift.duty.gap is not None) == (shift.kind in ("gap", "fallback")) or shift.kind == "hole"
        assert (shift.duty.swap is not None) == (shift.duty.giver is not None)
        if shift.kind in ("rotation", "swap"):
            layer = next(layer for layer in schedule.layers if layer.name == shift.layer)
            assert (shift.duty.giver or shift.person) in {person for era in layer.eras for person in era.people}
            assert shift.kind == "rotation" or shift.person == schedule.swaps[shift.duty.swap].take


@few
@given(schedules(), st.integers(0, 4 * 24 * 6))
def test_a_schedule_read_out_minute_by_minute_is_the_same(made, quarter):
    schedule, around = made
    start = days_around(around)[0] + timedelta(minutes=15 * quarter)
    minutes = 5 * 60
    slow = answers(schedule, start, minutes)
    for shift in shifts(schedule, start, start + timedelta(minutes=minutes)):
        first, last = ((at - start) // timedelta(minutes=1) for at in (shift.start, shift.end))
        assert {(shift.kind, shift.person)} == set(slow[first:last]), (shift, slow[first:last])


@many
@given(schedules(), st.data())
def test_a_swap_changes_nothing_outside_its_time_and_nothing_that_is_not_the_givers(made, data):
    schedule, around = made
    swap = data.draw(swaps(around))
    swapped = replace(schedule, swaps=(*schedule.swaps, swap))
    for instant in edges(schedule, swapped, around):
        before, after = on_call(schedule, instant), on_call(swapped, instant)
        if before != after:
            assert swap.start <= instant < swap.end
            given_up = before.person == swap.giver or swap.giver in {one.person for one in before.absent}
            assert given_up
            assert swap.take in (after.person, before.giver)  # back to its holder: as if never swapped


def edges(one: Schedule, other: Schedule, around: date) -> list[datetime]:
    """Every instant at which either schedule could differ from the other, and those beside."""
    at = {shift.start for schedule in (one, other) for shift in duties(schedule, around)}
    return sorted({instant + step * SECOND for instant in at for step in (-1, 0, 1)})


@many
@given(schedules(), st.data())
def test_a_new_era_moves_nobody_before_its_day_and_finishes_the_turn_in_progress(made, data):
    schedule, around = made
    number = data.draw(st.integers(0, len(schedule.layers) - 1))
    layer = schedule.layers[number]
    day = max(era.start for era in layer.eras) + timedelta(days=data.draw(st.integers(1, 12)))
    people = tuple(data.draw(st.permutations(PEOPLE))[: data.draw(st.integers(1, 5))])
    longer = replace(layer, eras=(*layer.eras, Era(day, people, data.draw(st.sampled_from([None, *people])))))
    appended = replace(schedule, layers=(*schedule.layers[:number], longer, *schedule.layers[number + 1 :]))
    begins = first_shown(schedule.zone, datetime.combine(day, time()))
    moved = [at for at in edges(schedule, appended, around) if on_call(schedule, at) != on_call(appended, at)]
    assert all(at >= begins for at in moved)
    taken_over = appended.turns[number].eras(*map(int, (begins.timestamp(), begins.timestamp() + 30 * 86400)))
    start = next((start for era, start, _ in taken_over if era == len(layer.eras)), None)
    if start is not None:
        turn = schedule.turns[number].turn(start)
        assert turn is None or turn.start == start


@many
@given(schedules(depth=0), st.sampled_from(PEOPLE))
def test_appending_a_person_never_changes_the_past(made, newcomer):
    schedule, around = made
    grown = replace(
        schedule,
        layers=tuple(
            replace(
                layer, eras=(*layer.eras, Era(around + timedelta(days=5), (*layer.eras[-1].people, f"{newcomer}-2")))
            )
            for layer in schedule.layers
        ),
    )
    before = first_shown(schedule.zone, datetime.combine(around + timedelta(days=5), time()))
    start = before - timedelta(days=6)
    assert shifts(schedule, start, before) == shifts(grown, start, before)


@many
@given(schedules())
def test_somebodys_absence_never_moves_anybody_elses_turn(made):
    schedule, around = made
    here = replace(schedule, people=())
    for shift in duties(schedule, around):
        if shift.kind == "rotation" and not shift.duty.absent:
            for instant in (shift.start, shift.end - SECOND):
                assert on_call(here, instant) == shift.duty


@many
@given(schedules(), st.data())
def test_the_next_hand_off_is_the_first_instant_at_which_somebody_else_is_on_call(made, data):
    schedule, around = made
    after = data.draw(instants(around))
    following = next_handoff(schedule, after)
    horizon = after + timedelta(days=9)
    people = [(shift.start, shift.person) for shift in shifts(schedule, after, horizon)]
    expected = next((start for start, person in people if person != people[0][1]), None)
    assert following == expected or (expected is None and (following is None or following >= horizon))


@pytest.mark.parametrize("name", sorted(DAYS))
def test_the_wall_clock_of_a_zone_is_read_right_through_every_change_of_sixty_years(name):
    from watchbill.oncall.clock import Clock

    clock, wanted = Clock(ZONES[name]), zone(name)
    instant = datetime(1985, 1, 1, 0, 0, 1, tzinfo=UTC)
    latest = 0
    while instant.year < 2045:
        local = instant.astimezone(wanted)
        seconds = int(instant.timestamp())
        assert clock.offset(seconds) == local.utcoffset().total_seconds()
        assert clock.latest(seconds) >= max(latest, seconds + clock.offset(seconds))
        latest = clock.latest(seconds)
        assert clock.instant(latest) <= seconds
        assert clock.instant(seconds + clock.offset(seconds)) <= seconds
        assert clock.instant(latest + 1) > seconds
        instant += timedelta(hours=31, minutes=7)
