"""`watchbill oncall` and `watchbill holidays update`, as a person or a program meets them."""

import json
import re
from datetime import datetime
from itertools import pairwise

import icalendar
import pytest

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: http://localhost:9090}, alertmanager: {url: http://localhost:9093}}}
catch_all: {team: pay}
coverage: {from: 2026-01-05, until: 2026-12-31}
---
kind: Escalation
name: default
steps: [{notify: [{on_call: primary}], wait: 5m}, {notify: [{on_call: secondary}]}]
---
kind: Team
name: pay
on_call: {primary: first, secondary: sre/always}
---
kind: Team
name: sre
on_call: {primary: always}
---
kind: Schedule
name: always
team: sre
timezone: UTC
people: [kim]
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
  eras: [{from: 2025-12-29, people: [deb, eli]}]
- name: week
  eras: [{from: 2025-12-29, people: [ana, bo]}]
swaps: [{from: 2026-03-24T09:00, until: 2026-03-24T18:00, take: bo, for: ana, agreed: [ana, bo], reason: ana travels}]
gaps:
- {from: 2026-03-26T00:00, until: 2026-03-26T06:00, reason: site closed}
- {from: 2026-03-27T00:00, until: 2026-03-27T06:00, reason: sre has it, falls_to: sre/always}
shadow: [fay]
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
---
kind: Service
name: web
team: pay
alerts:
- {name: WebDown, severity: critical, expr: 'up{job="web"} == 0', for: 2m, summary: "{{ $labels.instance }} is down", runbook: {url: "https://wiki.shop.example/web"}}
""" + "".join(
    f"---\nkind: Person\nname: {name}\ntimezone: {zone}\nemail: {name}@shop.example\n"
    for name, zone in {
        "ana": "Europe/Lisbon",
        "bo": "Europe/Berlin",
        "deb": "America/Sao_Paulo",
        "eli": "America/New_York",
        "fay": "Europe/Lisbon",
        "kim": "America/New_York",
    }.items()
)
AT = "2026-03-24T10:00 Europe/Lisbon"
HOLIDAYS = (
    '---\nkind: Calendar\nname: lisbon\ntimezone: Europe/Lisbon\nweekly: {monday: ["09:00-18:00"]}\nholidays: PT\n'
)


@pytest.fixture(scope="module")
def shop(workspace):
    return workspace({"policies/watchbill.yaml": WORKSPACE})


@pytest.fixture(scope="module")
def oncall(run, shop):
    return lambda *arguments, cwd=None: run("oncall", *arguments, cwd=cwd or shop)


def test_each_role_of_each_team_is_told_with_its_hand_off_and_the_time_there(oncall):
    ran = oncall("--at", AT)
    assert (ran.exit, ran.err) == (0, "")
    assert ran.out == (
        "On call at Tue 24 Mar 2026 10:00 UTC\n"
        "\n"
        "             on call  there      until                           then\n"
        "pay\n"
        "  primary    bo       Tue 11:00  Tue 24 Mar 18:00 Europe/Lisbon  eli\n"
        "      for ana; ana travels; fay shadows\n"
        "  secondary  kim      Tue 06:00  no hand-off\n"
        "sre\n"
        "  primary    kim      Tue 06:00  no hand-off\n"
    )


@pytest.mark.parametrize(
    "at, line, why",
    [
        ("2026-03-26T03:00Z", "  primary  nobody", "a declared gap; site closed; fay shadows"),
        ("2026-03-27T03:00Z", "  primary  kim", "stands in from sre/always; sre has it; fay shadows"),
        ("2020-01-01T00:00Z", "  primary  NOBODY", "fay shadows"),
    ],
)
def test_why_it_is_not_simply_somebodys_turn_and_who_shadows_is_told(at, line, why, oncall):
    lines = oncall("--at", at, "--schedule", "first").out.splitlines()
    assert lines[4].startswith(line)
    assert [text.strip() for text in lines[5:]] == [why]


def test_an_instant_may_have_an_offset_or_a_zone_and_now_stands_in_for_it(oncall):
    asked = ["2026-03-24T10:00 Europe/Lisbon", "2026-03-24T10:00:00Z", "2026-03-24T15:45+05:45", "2026-03-24 10:00 UTC"]
    answers = {oncall("--at", at).out for at in asked} | {oncall("--now", asked[0]).out}
    assert len(answers) == 1


@pytest.mark.parametrize(
    "at, message",
    [
        ("tomorrow", "is no instant"),
        ("2026-03-24T10:00", "is no instant"),
        ("2026-03-24T10:00Z UTC", "is no instant"),
        ("2026-02-30T10:00Z", "is no instant"),
        ("2026-03-24T10:00 Europe/Lisboa", "did you mean Europe/Lisbon?"),
        ("2026-03-29T01:30 Europe/Lisbon", "does not exist"),
        ("2026-10-25T01:30 Europe/Lisbon", "exists twice"),
    ],
)
def test_a_time_that_is_no_instant_is_a_mistake_of_usage(at, message, oncall):
    ran = oncall("--at", at)
    assert (ran.exit, ran.out) == (64, "")
    assert message in ran.err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--schedule", "frist"), "there is no schedule `frist`: did you mean `first`?"),
        (("--person", "anna"), "there is no person `anna`: did you mean `ana`?"),
    ],
)
def test_a_name_that_nothing_has_is_a_mistake_of_usage(arguments, message, oncall):
    ran = oncall(*arguments)
    assert ran.exit == 64
    assert message in ran.err


def test_a_week_is_drawn_within_eighty_columns_with_its_hand_offs_and_loads(oncall):
    ran = oncall("--at", AT, "--now", AT, "--week", "--schedule", "pay/first")
    lines = ran.out.splitlines()
    assert ran.exit == 0
    assert max(map(len, lines)) <= 80
    assert lines[0] == "pay/first   Mon 23 Mar to Sun 29 Mar 2026, Europe/Lisbon"
    drawn = {line.split()[0]: line[10:] for line in lines[2:8]}
    assert drawn["ana"] == "···███··│········│···███··│···███··│···███··│········│········"
    assert drawn["bo"] == "········│···███··│········│········│········│········│········"
    assert drawn["nobody"] == "········│········│········│--······│········│········│········"
    assert drawn["kim"] == "········│········│········│········│██······│········│········"
    for day in range(7):  # somebody, or nobody, in every three hours
        for column in range(9 * day, 9 * day + 8):
            assert [row[column] for row in drawn.values() if "▲" not in row].count("·") == len(drawn) - 1
    assert lines[8] == " " * (10 + 9 + 3) + "▲ now"
    assert "  Tue 24 Mar  09:00 bo for ana · 18:00 eli" in lines
    assert "  Thu 26 Mar  00:00 nobody, on purpose · 06:00 deb · 09:00 ana · 18:00 eli" in lines
    assert "  from Mon 5 Jan 2026 00:00 until Fri 1 Jan 2027 00:00" in lines
    loads = {line.split()[0]: line.split()[1:] for line in lines[-8:-2]}
    assert set(loads) == {"hours", "ana", "bo", "deb", "eli", "kim"}
    assert loads["kim"] == ["6", "0", "0"]
    assert lines[-1].startswith("█ on call")


def test_a_hand_off_within_three_hours_is_a_half_and_a_hole_is_marked(run, workspace):
    text = WORKSPACE.replace('handoff: {at: "12:00"}', 'handoff: {at: "22:00"}').replace(
        "- name: week\n  eras: [{from: 2025-12-29, people: [ana, bo]}]\n", ""
    )
    ran = run("oncall", "--at", AT, "--week", "--schedule", "first", cwd=workspace({"policies/watchbill.yaml": text}))
    rows = {line.split()[0]: line for line in ran.out.splitlines() if "│" in line}
    assert ran.exit == 1
    assert rows["deb"].count("▌") == rows["eli"].count("▌") == 7
    assert rows["nobody"].count("!!!") == 5


def test_somebody_sees_their_own_shifts_by_their_own_clock(oncall):
    lines = oncall("--at", AT, "--person", "bo").out.splitlines()
    assert "  primary  bo       Tue 11:00  Tue 24 Mar 18:00 Europe/Lisbon  eli" in lines
    start = lines.index("bo in the next 28 days, by the clock of Europe/Berlin")
    assert lines[start + 1 : start + 3] == [
        "  Tue 24 Mar 2026 11:00 to 19:00  pay/first, for ana  (8 h)",
        "  Mon 30 Mar 2026 10:00 to 19:00  pay/first  (9 h)",
    ]
    idle = oncall("--at", AT, "--person", "ana").out
    assert "nobody that was asked for is on call" in idle
    assert "Wed 25 Mar 2026 09:00 to 18:00  pay/first  (9 h)" in idle


def test_a_shadow_sees_what_they_hear(oncall):
    assert "bo" in oncall("--at", AT, "--person", "fay").out


def test_json_is_one_document_that_knows_no_less(oncall):
    ran = oncall("--at", AT, "--week", "--person", "bo", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.exit, ran.err, document["version"], document["at"]) == (0, "", 1, "2026-03-24T10:00:00Z")
    (entry,) = document["on_call"]
    assert entry == {
        "team": "pay",
        "role": "primary",
        "schedule": "pay/first",
        "timezone": "Europe/Lisbon",
        "people": ["bo"],
        "local_times": {"bo": "2026-03-24T11:00:00+01:00"},
        "kind": "swap",
        "layer": "week",
        "by_schedule": "pay/first",
        "for": "ana",
        "reason": "ana travels",
        "absent": [],
        "shadow": ["fay"],
        "until": "2026-03-24T18:00:00Z",
        "then": ["eli"],
    }
    weeks = {week["schedule"]: week for week in document["week"]}
    shifts = weeks["pay/first"]["shifts"]
    assert (shifts[0]["start"], shifts[-1]["end"]) == ("2026-03-23T00:00:00Z", "2026-03-29T23:00:00Z")
    assert all(one["end"] == other["start"] for one, other in pairwise(shifts))
    assert {one["kind"] for one in shifts} == {"rotation", "swap", "gap", "fallback"}
    assert {one["person"] for one in weeks["pay/first"]["fairness"]["people"]} == {"ana", "bo", "deb", "eli", "kim"}
    assert document["person"]["shifts"][0]["start"] == "2026-03-24T10:00:00Z"


def test_calendars_are_read_back_by_another_library_as_the_shifts_they_were(oncall, tmp_path):
    ran = oncall("--at", AT, "--ics", tmp_path, "--format", "json")
    files = json.loads(ran.out)["files"]
    assert [path.removeprefix(f"{tmp_path}/") for path in files] == [
        "people/ana.ics",
        "people/bo.ics",
        "people/deb.ics",
        "people/eli.ics",
        "people/kim.ics",
        "schedules/pay/first.ics",
        "schedules/sre/always.ics",
    ]
    events = icalendar.Calendar.from_ical((tmp_path / "schedules/pay/first.ics").read_bytes()).walk("VEVENT")
    times = [(event.decoded("dtstart"), event.decoded("dtend")) for event in events]
    week = json.loads(oncall("--at", AT, "--week", "--schedule", "first", "--format", "json").out)["week"][0]["shifts"]
    wanted = [tuple(map(datetime.fromisoformat, (one["start"], one["end"]))) for one in week]
    assert set(wanted[1:-1]) <= set(times)
    assert times[0][0].isoformat() == "2026-01-05T00:00:00+00:00"
    assert times[-1][1].isoformat() == "2027-01-01T00:00:00+00:00"
    own = icalendar.Calendar.from_ical((tmp_path / "people/bo.ics").read_bytes()).walk("VEVENT")
    assert {str(event["summary"]) for event in own} == {"bo: pay/first"}
    before = {path: (tmp_path / path).read_bytes() for path in files}
    oncall("--at", "2026-05-05T00:00Z", "--ics", tmp_path)
    assert before == {path: (tmp_path / path).read_bytes() for path in files}  # the same on any day


@pytest.mark.parametrize(
    "arguments, names",
    [
        (("--schedule", "first"), ["schedules/pay/first.ics"]),
        (("--person", "bo"), ["people/bo.ics"]),
        (("--person", "kim", "--schedule", "first"), ["people/kim.ics"]),
    ],
)
def test_only_the_calendars_that_were_asked_for_are_written(arguments, names, oncall, tmp_path):
    ran = oncall("--ics", tmp_path, *arguments)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ics")) == names
    assert ran.err == f"\n1 calendar written below {tmp_path}\n"


def test_a_folder_that_cannot_be_written_is_said(oncall, tmp_path):
    (tmp_path / "taken").write_text("")
    ran = oncall("--ics", tmp_path / "taken")
    assert ran.exit == 1
    assert "cannot write" in ran.err


def test_policies_with_errors_still_say_who_is_on_call_and_end_with_one(run, workspace):
    root = workspace(
        {
            "policies/watchbill.yaml": WORKSPACE.replace(
                "until: 2026-03-24T18:00, take: bo", "until: 2026-03-24T18:00, take: eli"
            )
        }
    )
    ran = run("oncall", "--at", AT, cwd=root)
    assert ran.exit == 1
    assert "  primary    eli" in ran.out
    assert "`watchbill check` shows them" in ran.err
    program = run("oncall", "--at", AT, "--format", "json", cwd=root)
    assert (program.exit, program.err, json.loads(program.out)["version"]) == (1, "", 1)


def test_a_workspace_that_cannot_be_read_is_a_list_of_findings(run, tmp_path):
    ran = run("oncall", "--format", "json", cwd=tmp_path)
    assert ran.exit == 1
    assert json.loads(ran.out)["diagnostics"]


def test_a_small_workspace_without_any_coverage_time_works_too(small, run, workspace, tmp_path):
    root = workspace({"policies/watchbill.yaml": small})
    ran = run("oncall", "--at", "2026-03-24T10:00Z", "--week", "--ics", tmp_path, cwd=root)
    assert ran.exit == 0
    assert "  no hand-off this week" in ran.out
    assert "  from Tue 24 Mar 2026 10:00 until Thu 25 Mar 2027 10:00" in ran.out
    (event,) = icalendar.Calendar.from_ical((tmp_path / "people/me.ics").read_bytes()).walk("VEVENT")
    assert event.decoded("dtstart").isoformat() == "2026-03-24T10:00:00+00:00"


def test_the_worked_example_answers(run):
    from pathlib import Path

    ran = run("oncall", "--at", "2026-12-25T03:00 Europe/Lisbon", "-C", Path(__file__).parents[2], cwd=Path("/"))
    assert "NOBODY" not in ran.out
    assert re.search(r"(?m)^payments\n  primary +(deb|eli) ", ran.out)


# holidays update


def update(run, root, *arguments):
    return run("holidays", "update", *arguments, cwd=root)


def test_holidays_are_written_once_and_then_the_policies_are_whole(run, workspace):
    root = workspace({"policies/watchbill.yaml": WORKSPACE + HOLIDAYS})
    assert "WB532" in run("check", cwd=root).out
    ran = update(run, root)
    lock = (root / "policies/holidays.lock").read_text("utf-8")
    assert ran.exit == 0
    assert re.fullmatch(r"PT: \d+ days in 2026-2027\n", ran.out)
    assert re.search(r"(?m)^PT 2026\n2026-01-01 New Year's Day$", lock)
    assert "WB532" not in run("check", cwd=root).out
    again = update(run, root)
    assert ", no change" in again.out
    assert (root / "policies/holidays.lock").read_text("utf-8") == lock


def test_years_from_before_stay_and_countries_that_nobody_names_are_dropped(run, workspace):
    old = "ES 2026\n2026-01-06 Reyes\n\nPT 2019\n2019-04-19 As it was reviewed\n\nPT 2026\n2026-02-30 broken\n"
    root = workspace({"policies/watchbill.yaml": WORKSPACE + HOLIDAYS, "policies/holidays.lock": old})
    ran = update(run, root)
    lock = (root / "policies/holidays.lock").read_text("utf-8")
    assert "2019-04-19 As it was reviewed" in lock
    assert "ES" not in lock
    assert ran.out.startswith("ES: dropped, no calendar names it\nPT: ")
    assert "+ 2026-01-01" in ran.out


def test_a_country_that_nobody_knows_is_said_at_its_place_and_nothing_is_written(run, workspace):
    root = workspace(
        {
            "policies/watchbill.yaml": WORKSPACE
            + HOLIDAYS
            + HOLIDAYS.replace("PT", "XQ").replace("name: lisbon", "name: nowhere")
        }
    )
    ran = update(run, root)
    assert ran.exit == 1
    assert "the holidays of `XQ` are not known" in ran.out
    assert not (root / "policies/holidays.lock").exists()


def test_without_a_coverage_time_there_are_no_years_to_write(run, workspace):
    text = WORKSPACE.replace("coverage: {from: 2026-01-05, until: 2026-12-31}\n", "") + HOLIDAYS
    ran = update(run, workspace({"policies/watchbill.yaml": text}))
    assert ran.exit == 1
    assert "add `coverage: {from: …, until: …}`" in ran.out


def test_without_holidays_there_is_nothing_to_write(run, shop):
    ran = update(run, shop)
    assert (ran.exit, ran.out) == (0, "no calendar names a country: nothing to write\n")
    assert not (shop / "policies/holidays.lock").exists()


def test_for_a_program_the_findings_alone_stand_on_stdout(run, workspace):
    ran = update(run, workspace({"policies/watchbill.yaml": WORKSPACE + HOLIDAYS}), "--format", "json")
    assert json.loads(ran.out) == {"version": 1, "diagnostics": [], "summary": {"error": 0, "warning": 0, "note": 0}}
    assert ran.err.startswith("PT: ")


def test_outside_a_workspace_it_says_so(run, tmp_path):
    ran = update(run, tmp_path)
    assert ran.exit == 1
    assert "no policies/watchbill.yaml here" in ran.out
