"""Policies become schedules: every word of the language in the engine's own structures."""

from datetime import UTC, date, datetime

import pytest

from watchbill.oncall import on_call
from watchbill.oncall.clock import DAY, WEEK
from watchbill.spec.resolve import read_workspace
from watchbill.spec.rota import rota

POLICIES = """\
kind: Team
name: pay
on_call: {primary: first}
---
kind: Schedule
name: first
team: pay
timezone: Europe/Lisbon
layers:
- name: nights
  only: {outside: office}
  rotation: daily
  handoff: {at: "12:00"}
  eras: [{from: 2026-01-05, people: [ana, bo], first: bo}]
- name: halves
  only: office
  rotation: {every: 12h}
  eras: [{from: 2026-01-05, people: [ana]}]
- name: week
  handoff: {day: wednesday, at: "10:30"}
  eras: [{from: 2026-01-05, people: [bo, ana]}]
shadow: [me]
swaps: [{from: 2026-02-02T09:00, until: 2026-02-03T09:00+01:00, take: bo, for: ana, agreed: [ana, bo]}]
gaps: [{from: 2026-03-02T09:00, until: 2026-03-02T10:00, reason: closed, falls_to: always-me}]
---
kind: Calendar
name: office
team: pay
timezone: Europe/Lisbon
weekly: {monday-tuesday: ["14:00-18:00", "09:00-13:00"], "tuesday,sunday": ["12:00-15:00"]}
closed: [2026-12-25]
---
kind: Person
name: ana
team: pay
timezone: America/New_York
email: ana@shop.example
works: office
away: [{from: 2026-04-01, until: 2026-04-02}]
---
kind: Person
name: bo
email: bo@shop.example
"""


@pytest.fixture(scope="module")
def made(small, workspace):
    two = small.replace("---", "catch_all: {team: pay}\n---", 1)
    root = workspace({"policies/watchbill.yaml": two, "policies/pay.yaml": POLICIES})
    model, _, found = read_workspace(root, cache=False)
    assert found == []
    result, problems = rota(model)
    assert problems == []
    return result


def test_schedules_go_by_their_qualified_names(made):
    assert list(made.schedules) == ["always-me", "pay/first"]
    assert made.schedules["pay/first"].name == "pay/first"


def test_rotations_have_their_length_hour_and_day(made):
    rotations = [layer.rotation for layer in made.schedules["pay/first"].layers]
    assert [(one.period, one.at) for one in rotations] == [(DAY, 43_200), (DAY // 2, 32_400), (WEEK, 37_800)]
    assert rotations[2].weekday == 2


def test_layers_are_bound_to_the_teams_own_calendar(made):
    nights, halves, week = made.schedules["pay/first"].layers
    assert (nights.outside, nights.inside) == (made.calendars["pay/office"], None)
    assert (halves.outside, halves.inside) == (None, made.calendars["pay/office"])
    assert (week.outside, week.inside) == (None, None)


def test_a_calendar_has_its_hours_day_by_day(made):
    weekly = made.calendars["pay/office"].weekly
    assert weekly[0] == ((540, 780), (840, 1080))
    assert weekly[1] == ((540, 780), (720, 900), (840, 1080))
    assert (weekly[2], weekly[6]) == ((), ((720, 900),))
    opened = made.calendars["pay/office"].hours(
        *(int(datetime(2026, 1, day, tzinfo=UTC).timestamp()) for day in (6, 7))
    )
    assert [(end - start) // 3600 for start, end in opened] == [9]  # hours that overlap are one
    assert made.calendars["pay/office"].closed == {date(2026, 12, 25)}


def test_people_bring_their_zone_their_hours_and_their_days_away(made):
    ana = made.people["ana"]
    assert (str(ana.zone), ana.works) == ("America/New_York", made.calendars["pay/office"])
    assert ana.away == ((date(2026, 4, 1), date(2026, 4, 2)),)
    assert [person.name for person in made.schedules["pay/first"].people] == ["ana", "bo"]


def test_eras_swaps_gaps_and_shadows_are_there(made):
    first = made.schedules["pay/first"]
    assert (first.layers[0].eras[0].start, first.layers[0].eras[0].first) == (date(2026, 1, 5), "bo")
    assert (first.swaps[0].take, first.swaps[0].giver) == ("bo", "ana")
    assert first.swaps[0].end == datetime(2026, 2, 3, 8, tzinfo=UTC)
    assert first.gaps[0].falls_to is made.schedules["always-me"]
    assert first.shadow == ("me",)


def test_the_short_form_is_one_weekly_rotation_that_always_was(small, workspace):
    text = (
        small.replace("people: [me]", "people: [me, you]") + "---\nkind: Person\nname: you\nemail: you@shop.example\n"
    )
    model, _, _ = read_workspace(workspace({"policies/watchbill.yaml": text}), cache=False)
    always = rota(model)[0].schedules["always-me"]
    at = [datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in (8, 9)]
    assert sorted(on_call(always, instant).person for instant in at) == ["me", "you"]
    assert on_call(always, datetime(1971, 1, 1, tzinfo=UTC)).person in ("me", "you")


def test_zones_are_those_of_the_tzdata_package(made):
    from watchbill.spec.scalars import zone

    assert made.schedules["pay/first"].zone is zone("Europe/Lisbon")


def test_what_is_broken_is_left_out_and_hides_nothing(small, workspace):
    broken = POLICIES.replace("email: bo@shop.example", "mail: bo@shop.example").replace(
        "2026-02-02T09:00", "2026-03-29T01:30"
    )
    other = "---\nkind: Schedule\nname: second\npeople: [nobody-knows]\n---\nkind: Schedule\nname: third\n"
    root = workspace({"policies/watchbill.yaml": small, "policies/pay.yaml": broken + other})
    model, _, found = read_workspace(root, cache=False)
    assert found
    result, _ = rota(model)
    assert (list(result.schedules), "bo" in result.people) == (["always-me", "pay/first", "second"], False)
    assert (
        result.schedules["pay/first"].swaps[0].start == result.schedules["pay/first"].swaps[0].end
    )  # an impossible time
    assert on_call(result.schedules["second"], datetime(2026, 1, 5, tzinfo=UTC)).person == "nobody-knows"
