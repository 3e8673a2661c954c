"""On-call schedules in PagerDuty: whoever is on call by our engine is on call by what PagerDuty is given, and nobody else.

`WATCHBILL_EXAMPLES=20` multiplies how many schedules are tried, and takes others each time.
"""

import json
import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pagerduty_generated import schedules
from pagerduty_simulator import Simulated, around

from watchbill.oncall import Calendar, Era, Gap, Layer, Person, Rotation, Schedule, Swap
from watchbill.oncall.clock import DAY, WEEK, instant_of, seconds_of
from watchbill.oncall.shifts import spans
from watchbill.spec.resolve import read_workspace
from watchbill.spec.rota import rota
from watchbill.spec.scalars import zone
from watchbill.targets import pagerduty
from watchbill.targets.pagerduty_recurrence import recurrences
from watchbill.targets.pagerduty_schedules import documents, horizon, obstacle, timetable

TOP = Path(__file__).parents[2]
HOUR = 3600
MORE = int(os.environ.get("WATCHBILL_EXAMPLES", "1"))
SCHEDULES = 1200


def tried(number: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=number * MORE,
        derandomize=MORE == 1,
        phases=[Phase.explicit, Phase.generate] if MORE == 1 else [Phase.explicit, Phase.generate, Phase.shrink],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def days_around(day: date) -> tuple[int, int]:
    middle = seconds_of(datetime.combine(day, time(), UTC))
    return middle - 12 * DAY, middle + 16 * DAY


def given_to_pagerduty(schedule: Schedule, start: int, end: int) -> dict[str, Any]:
    """The documents by kind, the people's names as their addresses."""
    people = {person for layer in schedule.layers for era in layer.eras for person in era.people}
    people |= {swap.take for swap in schedule.swaps}
    for gap in schedule.gaps:
        if gap.falls_to is not None:
            people |= {duty.person for _, _, duty in spans(gap.falls_to, start, end) if duty.person is not None}
    table = timetable(schedule, (start, end))
    emails = {person: person for person in people | {shift.person for shift in table.shifts}}
    emails |= {override.person: override.person for override in table.overrides if override.person is not None}
    made = documents(schedule.name, schedule, table, emails, "team", "Rota.")
    return {kind: json.loads(text) for kind, text in made}


def disagreements(schedule: Schedule, given_: Mapping[str, Any], start: int, end: int) -> tuple[int, list[str]]:
    """How many instants were compared, and where PagerDuty has others: at each hand-off of either, a second before and after."""
    simulated = Simulated(given_, instant_of(start), instant_of(end))
    meant = spans(schedule, start, end)
    starts = [at for at, _, _ in meant]
    found = []
    compared = 0
    for at in around(sorted({*map(instant_of, starts), *simulated.edges})):
        second = seconds_of(at)
        if not start <= second < end:
            continue
        compared += 1
        person = meant[bisect_right(starts, second) - 1][2].person
        if simulated.on_call(at) != ({person} - {None}):
            found.append(f"{at}: {person or 'nobody'}, and by PagerDuty {sorted(simulated.on_call(at))}")
    return compared, found


def plain(zone_name: str = "Europe/Lisbon", turns: Sequence[str] = ("ana", "bo", "chi"), **kept: Any) -> Schedule:
    rotation = kept.pop("rotation", Rotation(WEEK))
    layer = Layer(
        "week", (Era(date(2026, 1, 5), tuple(turns)),), rotation, kept.pop("inside", None), kept.pop("outside", None)
    )
    return Schedule("rota", zone(zone_name), (layer,), **kept)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def recurring(schedule: Schedule, day: date = date(2026, 2, 2)) -> list[list[dict[str, Any]]]:
    """The events of each rotation."""
    start = seconds_of(datetime.combine(day, time(), UTC))
    found = given_to_pagerduty(schedule, start, start + 60 * DAY)
    return [rotation["events"] for rotation in found.get("rotation", {}).get("rotations", [])]


OFFICE = Calendar(zone("Europe/Lisbon"), (((540, 1080),),) * 5 + ((), ()), frozenset({date(2026, 4, 3)}))
EVER = (Era(date(2026, 1, 5), ("ana", "bo")),)


# The law


def agrees(schedule: Schedule, day: date) -> tuple[str, int]:
    """How the schedule was written, and how many instants were compared; all of them alike."""
    start, end = days_around(day)
    found = given_to_pagerduty(schedule, start, end)
    compared, wrong = disagreements(schedule, found, start, end)
    assert wrong == [], schedule
    assert compared > 0
    return "as rules" if "rotation" in found else "shift by shift", compared


def test_at_every_hand_off_pagerduty_has_the_person_whom_the_engine_has_and_nobody_else():
    first = 0 if MORE == 1 else Random().randrange(1 << 40)
    ways = Counter(agrees(*schedules(Random(seed)))[0] for seed in range(first, first + SCHEDULES * MORE))
    assert min(ways["as rules"], ways["shift by shift"]) > SCHEDULES * MORE / 4


@tried(100)
@given(st.randoms())
def test_the_smallest_schedule_of_which_that_is_not_so_is_found(random):
    agrees(*schedules(random))


@tried(100)
@given(st.randoms(use_true_random=True))
def test_a_rule_goes_on_after_the_coverage_as_the_schedule_does(random):
    schedule, day = schedules(random)
    start, end = days_around(day)
    if obstacle(schedule, (start, end)) is None:
        found = given_to_pagerduty(schedule, start, end)
        compared, wrong = disagreements(schedule, found, end + 300 * DAY, end + 330 * DAY)
        assert wrong == []
        assert compared > 0


@tried(100)
@given(st.randoms(use_true_random=True))
def test_the_same_schedule_is_written_the_same_way_again(random):
    schedule, day = schedules(random)
    assert given_to_pagerduty(schedule, *days_around(day)) == given_to_pagerduty(schedule, *days_around(day))


# What recurs


def test_a_week_in_turn_is_one_rotation_by_the_wall_clock():
    ((event_,),) = recurring(plain())
    assert event_ == {
        "name": "week",
        "start_time": {"date_time": "2026-01-26T09:00:00+00:00", "time_zone": "Europe/Lisbon"},
        "end_time": {"date_time": "2026-02-02T09:00:00+00:00", "time_zone": "Europe/Lisbon"},
        "effective_since": "2026-01-26T09:00:00Z",
        "effective_until": None,
        "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO"],
        "assignment_strategy": {
            "type": "rotating_member_assignment_strategy",
            "shifts_per_member": 1,
            "members": [
                {"type": "user_member", "user_id": "watchbill:user/ana"},
                {"type": "user_member", "user_id": "watchbill:user/bo"},
                {"type": "user_member", "user_id": "watchbill:user/chi"},
            ],
        },
    }


@pytest.mark.parametrize(
    "rotation, rules",
    [
        (Rotation(DAY), ["RRULE:FREQ=DAILY"]),
        (Rotation(3 * DAY), ["RRULE:FREQ=DAILY;INTERVAL=3"]),
        (Rotation(2 * WEEK), ["RRULE:FREQ=WEEKLY;INTERVAL=2"]),
        (Rotation(12 * HOUR), ["RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"]),
        (Rotation(36 * HOUR), ["RRULE:FREQ=HOURLY;INTERVAL=36"]),
    ],
    ids=["a day", "three days", "two weeks", "half a day", "36 hours of elapsed time"],
)
def test_the_length_of_a_turn_is_the_interval_of_a_rule(rotation, rules):
    assert [event_["recurrence"] for (event_,) in recurring(plain(rotation=rotation))] == [[rule] for rule in rules]


def test_turns_that_count_elapsed_time_keep_to_a_clock_that_never_changes():
    ((event_,),) = recurring(plain(rotation=Rotation(36 * HOUR)))
    assert event_["start_time"]["time_zone"] == "Etc/UTC"


def test_office_hours_of_one_week_are_one_rule_and_each_member_has_its_five_days():
    ((event_,),) = recurring(plain(inside=OFFICE))
    assert event_["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"]
    assert event_["assignment_strategy"]["shifts_per_member"] == 5
    assert (event_["start_time"]["date_time"][11:16], event_["end_time"]["date_time"][11:16]) == ("09:00", "18:00")


def test_layers_are_rotations_beside_each_other_and_never_over_each_other():
    layers = (
        Layer("office", EVER, inside=OFFICE),
        Layer("rest", (Era(date(2026, 1, 5), ("chi", "dan")),), Rotation(DAY, 12 * HOUR)),
    )
    found = recurring(Schedule("rota", zone("Europe/Lisbon"), layers))
    assert [event_["name"] for (event_,) in found] == [
        "office",
        "rest MO 18:00",
        "rest TU 18:00",
        "rest WE 18:00",
        "rest TH 18:00",
        "rest FR 18:00",
        "rest SA 12:00",
        "rest SU 12:00",
    ]


def test_hours_in_another_zone_recur_where_both_clocks_change_together():
    london = Calendar(zone("Europe/London"), OFFICE.weekly)
    india = Calendar(zone("Asia/Kolkata"), OFFICE.weekly)
    assert obstacle(plain(inside=london), days_around(date(2026, 3, 29))) is None
    assert "Asia/Kolkata" in (obstacle(plain(inside=india), days_around(date(2026, 3, 29))) or "")


def test_hours_in_a_zone_that_is_always_as_far_ahead_are_said_by_the_schedules_own_clock():
    weekends = Calendar(zone("UTC"), ((),) * 5 + (((0, 1440),),) * 2)
    ((event_,),) = recurring(plain("Asia/Kolkata", inside=weekends, rotation=Rotation(WEEK, 5 * HOUR + 1800, 5)))
    assert event_["start_time"]["date_time"].endswith("T05:30:00+05:30")
    assert event_["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=SA"]
    assert agrees(plain("Asia/Kolkata", inside=weekends), date(2026, 2, 2))[0] == "as rules"


def test_line_ups_follow_each_other_in_one_rotation():
    eras = (Era(date(2026, 1, 5), ("ana", "bo")), Era(date(2026, 3, 9), ("ana", "bo", "chi"), "chi"))
    schedule = Schedule("rota", zone("Europe/Lisbon"), (Layer("week", eras),))
    ((first, second),) = recurring(schedule)
    assert first["effective_until"] == second["effective_since"] == "2026-03-09T09:00:00Z"
    assert second["assignment_strategy"]["members"][0]["user_id"] == "watchbill:user/chi"


def test_a_line_up_that_is_over_when_the_coverage_begins_is_left_out():
    eras = tuple(Era(date(2020 + year, 1, 6), ("ana", "bo")) for year in range(7))
    schedule = Schedule("rota", zone("Europe/Lisbon"), (Layer("week", eras),))
    ((only,),) = recurring(schedule)
    assert only["effective_since"] == "2026-01-26T09:00:00Z"


# What does not


def changes(schedule: Schedule) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Overrides and custom shifts in the ten weeks from the second of February, as text."""
    start = seconds_of(at("2026-02-02"))
    found = given_to_pagerduty(schedule, start, start + 70 * DAY)
    assert "rotation" in found
    said = lambda member: member.get("user_id", "nobody").removeprefix("watchbill:user/")  # noqa: E731
    overrides = [
        (one["start_time"], one["end_time"], said(one["overridden_member"]), said(one["overriding_member"]))
        for one in found.get("override", {}).get("overrides", [])
    ]
    shifts = [
        (one["start_time"], one["end_time"], said(one["assignments"][0]["member"]))
        for one in found.get("custom_shift", {}).get("custom_shifts", [])
    ]
    return overrides, shifts


def test_a_swap_is_an_override_of_the_time_that_was_the_givers_and_of_no_other():
    swap = Swap(at("2026-02-06T09:00:00"), at("2026-02-11T09:00:00"), "dan", "chi")
    overrides, shifts = changes(plain(swaps=(swap,)))
    assert overrides == [("2026-02-09T09:00:00Z", "2026-02-11T09:00:00Z", "chi", "dan")]
    assert shifts == []


def test_a_gap_is_an_override_by_nobody():
    gap = Gap(at("2026-02-03T00:00:00"), at("2026-02-03T06:00:00"))
    assert changes(plain(gaps=(gap,)))[0] == [("2026-02-03T00:00:00Z", "2026-02-03T06:00:00Z", "bo", "nobody")]


def test_a_gap_that_falls_to_another_schedule_is_an_override_by_its_people():
    other = Schedule(
        "other", zone("UTC"), (Layer("day", (Era(date(2026, 1, 5), ("eli", "fay")),), Rotation(DAY, 3 * HOUR)),)
    )
    gap = Gap(at("2026-02-03T00:00:00"), at("2026-02-03T06:00:00"), other)
    assert changes(plain(gaps=(gap,)))[0] == [
        ("2026-02-03T00:00:00Z", "2026-02-03T03:00:00Z", "bo", "eli"),
        ("2026-02-03T03:00:00Z", "2026-02-03T06:00:00Z", "bo", "fay"),
    ]


def test_days_off_are_overrides_by_who_stands_below_and_else_by_nobody():
    away = Person("bo", zone("Europe/Lisbon"), None, ((date(2026, 2, 3), date(2026, 2, 3)),))
    assert changes(plain(people=(away,)))[0] == [("2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z", "bo", "nobody")]
    below = Layer("below", (Era(date(2026, 1, 5), ("dan",)),))
    two = Schedule("rota", zone("Europe/Lisbon"), (*plain().layers, below), (away,))
    assert changes(two)[0] == [("2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z", "bo", "dan")]


def test_a_closed_day_of_a_calendar_is_an_override_and_where_no_rotation_has_anybody_a_shift():
    outside = Layer("rest", (Era(date(2026, 1, 5), ("chi",)),))
    schedule = Schedule("rota", zone("Europe/Lisbon"), (Layer("office", EVER, inside=OFFICE), outside))
    assert changes(schedule)[0] == [("2026-04-03T08:00:00Z", "2026-04-03T17:00:00Z", "ana", "chi")]
    inverse = Schedule("rota", zone("Europe/Lisbon"), (Layer("nights", EVER, outside=OFFICE),))
    assert changes(inverse) == ([], [("2026-04-03T08:00:00Z", "2026-04-03T17:00:00Z", "ana")])


def test_until_every_layer_has_begun_the_shifts_are_written_one_by_one():
    late = Layer("office", (Era(date(2026, 2, 9), ("dan",)),), inside=OFFICE)
    schedule = Schedule("rota", zone("Europe/Lisbon"), (late, *plain().layers))
    start = seconds_of(at("2026-02-02"))
    found = given_to_pagerduty(schedule, start, start + 30 * DAY)
    assert found["custom_shift"]["custom_shifts"][0]["start_time"] == "2026-02-02T00:00:00Z"
    assert disagreements(schedule, found, start, start + 30 * DAY)[1] == []


# What cannot recur


WORKS = Person("bo", zone("Europe/Lisbon"), OFFICE)
CANNOT = {
    "somebody works part-time": (plain(people=(WORKS,)), "`bo` works part-time"),
    "turns of elapsed time in certain hours": (
        plain(rotation=Rotation(36 * HOUR), inside=OFFICE),
        "neither whole days",
    ),
    "turns of a part of an hour": (plain(rotation=Rotation(100 * 60)), "not whole hours"),
    "a turn an hour": (plain("UTC", rotation=Rotation(HOUR)), "24 rotations, and PagerDuty has at most 10"),
    "very many people": (plain(turns=[f"p{number}" for number in range(21)]), "more than 20 members"),
    "six line-ups": (
        Schedule(
            "rota",
            zone("UTC"),
            (Layer("week", tuple(Era(date(2026, month, 9), ("ana", "bo")) for month in range(2, 8))),),
        ),
        "6 line-ups since the beginning of the coverage, and PagerDuty has at most 5",
    ),
    "hours by clocks that change on other days": (
        plain(inside=Calendar(zone("America/New_York"), OFFICE.weekly)),
        "the hours of layer `week` are in America/New_York",
    ),
    "a hand-off in an hour that is skipped": (
        plain(rotation=Rotation(DAY, HOUR + 1800)),
        "hands over at 01:30, which the clocks skip or show twice on 2026-03-29",
    ),
    "a hand-off at a midnight that is skipped": (
        plain("America/Santiago", rotation=Rotation(DAY, 0)),
        "hands over at 00:00, which the clocks skip or show twice on 2026-09-06",
    ),
}


@pytest.mark.parametrize("schedule, reason", CANNOT.values(), ids=CANNOT)
def test_what_no_rule_says_exactly_has_a_reason_and_is_written_shift_by_shift(schedule, reason):
    start = seconds_of(at("2026-02-02"))
    end = start + 40 * DAY
    assert reason in (obstacle(schedule, (start, end)) or "")
    found = given_to_pagerduty(schedule, start, end)
    assert found.keys() == {"schedule", "custom_shift"}
    assert disagreements(schedule, found, start, end)[1] == []


def test_whoever_works_part_time_recurs_in_a_layer_of_those_hours_alone():
    below = Layer("rest", (Era(date(2026, 1, 5), ("chi",)),))
    mornings = msgspec.structs.replace(OFFICE, weekly=(((540, 720),),) * 5 + ((), ()))
    start = seconds_of(at("2026-02-02"))
    for inside, recurs in (
        (OFFICE, True),
        (mornings, True),
        (Calendar(OFFICE.zone, OFFICE.weekly), False),
        (None, False),
    ):
        layers = (Layer("days", (Era(date(2026, 1, 5), ("bo",)),), inside=inside), below)
        schedule = Schedule("rota", zone("Europe/Lisbon"), layers, (WORKS,))
        found = given_to_pagerduty(schedule, start, start + 90 * DAY)
        assert ("rotation" in found) is recurs, inside
        assert disagreements(schedule, found, start, start + 90 * DAY)[1] == []


def test_without_coverage_nothing_is_written_shift_by_shift():
    schedule = plain(people=(WORKS,))
    assert timetable(schedule, horizon(None, schedule)).shifts == ()


def test_rules_that_pagerdutys_editor_opens_are_preferred_while_there_is_room():
    days = Layer("office", (Era(date(2026, 1, 5), ("ana", "bo")),), Rotation(DAY), OFFICE)
    found = recurrences(Schedule("rota", zone("Europe/Lisbon"), (days,)), 0, 0)
    assert isinstance(found, tuple)
    assert all(event_.editable for rotation in found for event_ in rotation.events)
    crowded = tuple(
        Calendar(zone("Europe/Lisbon"), (((60 * hour, 60 * hour + 60),),) * 5 + ((), ())) for hour in (9, 12, 15)
    )
    layers = tuple(Layer(f"at-{number}", EVER, Rotation(DAY), hours) for number, hours in enumerate(crowded))
    found = recurrences(Schedule("rota", zone("Europe/Lisbon"), layers), 0, 0)
    assert isinstance(found, tuple)
    assert len(found) == 3
    assert not any(event_.editable for rotation in found for event_ in rotation.events)


# The example company


def test_everybody_of_ecap_is_on_call_by_pagerduty_exactly_when_the_engine_says_so(workspace):
    texts = {
        path.relative_to(TOP).as_posix(): path.read_text("utf-8")
        for path in (TOP / "policies").rglob("*")
        if path.is_file()
    }
    if "\npagerduty:" not in texts["policies/watchbill.yaml"]:
        texts["policies/watchbill.yaml"] += "\npagerduty: {service_per: team}\n"
    model = read_workspace(workspace(texts), cache=False)[0]
    assert model is not None
    made = {artifact.path: json.loads(artifact.text) for artifact in pagerduty.build(model)}
    emails = {name: policy.body.email for name, policy in model.documents["Person"].items()}
    coverage = model.settings.coverage
    total = 0
    for name, schedule in rota(model)[0].schedules.items():
        kinds = ("schedule", "rotation", "override", "custom_shift")
        paths = {kind: f"pagerduty/{kind}/{name}.json" for kind in kinds}
        found = {kind: _by_name(made[path], emails) for kind, path in paths.items() if path in made}
        if not found:
            continue  # no escalation in use leads to it
        assert "rotation" in found, name
        start = schedule.clock.midnight(date.fromisoformat(coverage.from_).toordinal() - 719_163)
        end = schedule.clock.midnight(date.fromisoformat(coverage.until).toordinal() - 719_163 + 1)
        compared, wrong = disagreements(schedule, found, start, end)
        assert wrong == [], name
        total += compared
    assert total > 10_000


def _by_name(body: Any, emails: Mapping[str, str]) -> Any:
    text = json.dumps(body)
    for name, email in emails.items():
        text = text.replace(f"watchbill:user/{email}", f"watchbill:user/{name}")
    return json.loads(text)


def test_a_day_of_grace_stands_at_each_end_of_the_coverage():
    schedule = plain("Pacific/Auckland")
    model = type("Coverage", (), {"from_": "2026-02-01", "until": "2026-02-28"})
    start, end = horizon(model, schedule)  # type: ignore[arg-type]
    assert instant_of(start) == datetime(2026, 1, 30, 11, tzinfo=UTC)
    assert end is not None
    assert instant_of(end) - instant_of(start) == timedelta(days=30)
