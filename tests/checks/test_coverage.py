"""Who is on call at every minute of the coverage time: each finding at its place, and the same policies without it."""

import pytest

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: http://localhost:9090}, alertmanager: {url: http://localhost:9093}}}
severities: {critical: {page: level-1}, warning: {notify: team}, none: {drop: true}}
roles: {cto: {person: kim}}
coverage: {from: 2026-01-05, until: 2026-04-30}
---
kind: Escalation
name: level-1
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: secondary}, {slack: "#help"}]}
---
kind: Team
name: shop
slack: {default: "#shop"}
on_call: {primary: first, secondary: second}
---
kind: Schedule
name: second
timezone: Europe/Lisbon
layers: [{name: week, eras: [{from: 2025-12-29, people: [kim]}]}]
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
---
kind: Calendar
name: never
timezone: Europe/Lisbon
weekly: {monday: ["09:00-18:00"]}
closed: [2026-01-05, 2026-01-12, 2026-01-19, 2026-01-26, 2026-02-02, 2026-02-09, 2026-02-16, 2026-02-23, 2026-03-02, 2026-03-09, 2026-03-16, 2026-03-23, 2026-03-30, 2026-04-06, 2026-04-13, 2026-04-20, 2026-04-27]
---
kind: Service
name: web
team: shop
alerts:
- {name: WebDown, severity: critical, expr: 'up{job="web"} == 0', for: 2m, summary: "{{ $labels.instance }} is down", runbook: {url: "https://wiki.shop.example/web"}}
""" + "".join(
    f"---\nkind: Person\nname: {name}\ntimezone: Europe/Lisbon\nemail: {name}@shop.example\n"
    for name in ("bo", "chi", "dan", "kim", "lou", "max", "ned", "oli")
)
ANA = "kind: Person\nname: ana\ntimezone: Europe/Lisbon\nemail: ana@shop.example\n"
HEAD = "kind: Schedule\nname: first\ntimezone: Europe/Lisbon\n"
WEEK = "{name: week, eras: [{from: 2025-12-29, people: [ana, bo]}]}"
NIGHTS = "{name: nights, only: {outside: office}, eras: [{from: 2025-12-29, people: [chi, dan]}]}"
SEVEN = "[ana, bo, chi, dan, lou, max, ned]"
SWAP = "{from: 2026-01-20T09:00, until: 2026-01-21T09:00, take: chi, for: bo, agreed: [bo, chi]}"
SECOND_GAP = "---\nkind: Schedule\nname: second\ntimezone: Europe/Lisbon\npeople: [kim]\n"


def layers(*texts, more=""):
    return f"{HEAD}layers:\n" + "".join(f"- {text}\n" for text in texts) + more


# What is wrong: the code, the policies with the place marked, words of the message, and the same without it.
CASES = {
    "a layer that leaves the nights to nobody": (
        "WB520",
        f"{HEAD}⟦layers⟧:\n- {{name: week, only: office, eras: [{{from: 2025-12-29, people: [ana, bo]}}]}}\n",
        "nobody is on call for `first` from Mon 5 Jan 2026 00:00 to 09:00 (Europe/Lisbon), and 84 more times",
        layers("{name: week, only: office, eras: [{from: 2025-12-29, people: [ana, bo]}]}", "{name: nights, eras: [{from: 2025-12-29, people: [chi, dan]}]}"),
    ),
    "a first hand-off after the coverage begins": (
        "WB520",
        layers("{name: week, eras: [{from: ⟦2026-01-05⟧, people: [ana, bo]}]}"),
        "from Mon 5 Jan 2026 00:00 to 09:00 (Europe/Lisbon)",
        layers("{name: week, eras: [{from: 2025-12-29, people: [ana, bo]}]}"),
    ),
    "a part-timer whom nobody follows": (
        "WB520",
        f"{HEAD}⟦layers⟧:\n- {WEEK}\n---\n{ANA}works: office\n",
        "nobody is on call for `first` from Mon 5 Jan 2026 00:00 to 09:00",
        f"{layers(WEEK, '{name: last, eras: [{from: 2025-12-29, people: [chi, dan]}]}')}---\n{ANA}works: office\n",
    ),
    "somebody away in their own turn": (
        "WB521",
        f"{layers(WEEK)}---\n{ANA}away: [⟦{{from: 2026-01-13, until: 2026-01-14}}⟧]\n",
        "`ana` is away and has the turn in `first` from Tue 13 Jan 00:00 to Thu 15 Jan 2026 00:00 (Europe/Lisbon)",
        layers(WEEK, more="swaps: [{from: 2026-01-13T00:00, until: 2026-01-15T00:00, take: chi, for: ana, agreed: [ana, chi]}]\n")
        + f"---\n{ANA}away: [{{from: 2026-01-13, until: 2026-01-14}}]\n",
    ),
    "somebody away who takes a turn over": (
        "WB521",
        layers(WEEK, more="swaps: [{from: 2026-01-20T09:00, until: 2026-01-21T09:00, take: ⟦ana⟧, for: bo, agreed: [ana, bo]}]\n")
        + f"---\n{ANA}away: [{{from: 2026-01-20, until: 2026-01-20}}]\n",
        "`ana` takes over a turn in `first` and is away from Tue 20 Jan 09:00 to Wed 21 Jan 2026 00:00",
        layers(WEEK, more="swaps: [{from: 2026-01-20T09:00, until: 2026-01-21T09:00, take: ana, for: bo, agreed: [ana, bo]}]\n")
        + f"---\n{ANA}away: [{{from: 2026-01-22, until: 2026-01-22}}]\n",
    ),
    "gaps that leave every step of an escalation empty": (
        "WB522",
        layers(WEEK, more="gaps: [⟦{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: closed}⟧]\n")
        + "---\nkind: Team\nname: other\nslack: {default: '#other'}\non_call: {primary: first, secondary: third}\n"
        "---\nkind: Service\nname: api\nteam: other\nalerts:\n"
        "- {name: ApiDown, severity: critical, expr: 'up{job=\"api\"} == 0', for: 2m, summary: '{{ $labels.instance }} is down', runbook: {url: 'https://wiki.shop.example/api'}}\n"
        "---\nkind: Schedule\nname: third\ntimezone: Europe/Lisbon\nlayers: [{name: week, eras: [{from: 2025-12-29, people: [lou, max]}]}]\n"
        "gaps: [{from: 2026-01-20T03:00, until: 2026-01-20T09:00, reason: closed}]\n",
        "`level-1` reaches nobody of team `other` from Tue 20 Jan 2026 03:00 to 06:00 (Europe/Lisbon)",
        layers(WEEK, more="gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: closed}]\n"),
    ),
    "a gap without a reason": (
        "WB523",
        layers(WEEK, more='gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: ⟦" "⟧}]\n'),
        "does not say why",
        layers(WEEK, more='gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: " ", falls_to: second}]\n'),
    ),
    "a primary who is the secondary too": (
        "WB524",
        layers("{name: week, eras: [{from: 2025-12-29, people: [ana, bo]}]}")
        + "---\nkind: Team\nname: other\nslack: {default: '#other'}\non_call: {primary: first, secondary: ⟦third⟧}\n"
        "---\nkind: Schedule\nname: third\ntimezone: Europe/Lisbon\nlayers: [{name: week, eras: [{from: 2025-12-29, people: [ana, chi]}]}]\n"
        "gaps: [{from: 2026-01-05T00:00, until: 2026-04-20T09:00, reason: closed, falls_to: second}]\n",
        "`ana` is primary and secondary of team `other` at once from Mon 20 Apr 09:00 to Mon 27 Apr 2026 09:00 (Europe/Lisbon)",
        layers("{name: week, eras: [{from: 2025-12-29, people: [ana, bo]}]}")
        + "---\nkind: Team\nname: other\nslack: {default: '#other'}\non_call: {primary: first, secondary: third}\n"
        "---\nkind: Schedule\nname: third\ntimezone: Europe/Lisbon\nlayers: [{name: week, eras: [{from: 2025-12-29, people: [bo, ana]}]}]\n",
    ),
    "one schedule for two roles": (
        "WB524",
        f"{layers(WEEK)}---\nkind: Team\nname: other\nslack: {{default: '#other'}}\non_call: {{primary: first, secondary: ⟦first⟧}}\n",
        "primary and secondary of team `other` are one schedule",
        f"{layers(WEEK)}---\nkind: Team\nname: other\nslack: {{default: '#other'}}\non_call: {{primary: first, secondary: second}}\n",
    ),
    "turns that give all nights to one person": (
        "WB525",
        layers("{name: halves, rotation: {every: 12h}, eras: [{from: 2025-12-29, people: ⟦[ana, bo]⟧}]}"),
        "nights are shared unevenly in `first`: `bo` 116, `ana` 0",
        layers("{name: days, rotation: daily, eras: [{from: 2025-12-29, people: [ana, bo]}]}"),
    ),
    "seven people who change daily": (
        "WB526",
        layers(f"{{name: days, rotation: daily, eras: [{{from: 2025-12-29, people: ⟦{SEVEN}⟧}}]}}"),
        "weekend hours are shared unevenly in `first`: `max` 384, `ned` 240, `lou` 144, `ana` 0, `bo` 0",
        layers(f"{{name: weeks, rotation: weekly, eras: [{{from: 2025-12-29, people: {SEVEN}}}]}}"),
    ),
    "eight hours between a night and the next turn": (
        "WB527",
        layers("{name: thirds, rotation: {every: 8h}, handoff: {at: '06:00'}, eras: [{from: 2025-12-29, people: [ana, bo]}]}").replace("first", "⟦first⟧", 1),
        "`ana` has 8 h of rest after a night on call for `first`, Mon 5 Jan 2026 06:00 to 14:00 (Europe/Lisbon), and 115 more times (`bo` too)",
        layers("{name: halves, rotation: daily, handoff: {at: '06:00'}, eras: [{from: 2025-12-29, people: [ana, bo]}]}"),
    ),
    "two turns in a row where an era begins": (
        "WB527",
        layers("{name: week, eras: [{from: 2025-12-29, people: [ana, bo]}, {from: 2026-01-26, people: [bo, ana]}]}").replace("first", "⟦first⟧", 1),
        "`bo` is on call for `first` without a break for 14 d, Mon 19 Jan 09:00 to Mon 2 Feb 2026 09:00",
        layers("{name: week, eras: [{from: 2025-12-29, people: [ana, bo]}, {from: 2026-01-26, people: [bo, ana], first: ana}]}"),
    ),
    "a layer whose calendar is never open": (
        "WB528",
        layers("{name: ⟦mondays⟧, only: never, eras: [{from: 2025-12-29, people: [chi, dan]}]}", WEEK),
        "layer `mondays` of `first` never has anyone",
        layers("{name: mondays, only: office, eras: [{from: 2025-12-29, people: [chi, dan]}]}", WEEK),
    ),
    "a layer whose eras begin after the coverage": (
        "WB528",
        layers("{name: ⟦later⟧, eras: [{from: 2027-01-04, people: [chi, dan]}]}", WEEK),
        "layer `later` of `first` never has anyone",
        layers("{name: later, eras: [{from: 2026-03-30, people: [chi, dan]}]}", WEEK),
    ),
    "nights below a layer for the whole week": (
        "WB529",
        layers(WEEK, NIGHTS.replace("name: nights", "name: ⟦nights⟧")),
        "layer `nights` of `first` is never asked",
        layers(NIGHTS, WEEK),
    ),
    "a swap that one of the two has not agreed to": (
        "WB530",
        layers(WEEK, more=f"swaps: [{SWAP}]\n".replace("[bo, chi]", "⟦[bo]⟧")),
        "`chi` has not agreed to this swap",
        layers(WEEK, more=f"swaps: [{SWAP}]\n"),
    ),
    "a swap for somebody whose turn it is not": (
        "WB531",
        layers(WEEK, more=f"swaps: [{SWAP}]\n".replace("for: bo", "for: ⟦ana⟧").replace("[bo, chi]", "[ana, chi]")),
        "`ana` has no turn in `first` from 2026-01-20T09:00 until 2026-01-21T09:00",
        layers(WEEK, more=f"swaps: [{SWAP}, {SWAP.replace('for: bo', 'for: chi').replace('take: chi', 'take: dan').replace('[bo, chi]', '[chi, dan]')}]\n"),
    ),
    "a swap within a gap": (
        "WB531",
        layers(WEEK, more=f"swaps: [{SWAP}]\ngaps: [{{from: 2026-01-20T00:00, until: 2026-01-22T00:00, reason: closed}}]\n".replace("for: bo", "for: ⟦bo⟧")),
        "`bo` has no turn",
        layers(WEEK, more=f"swaps: [{SWAP}]\ngaps: [{{from: 2026-01-20T10:00, until: 2026-01-22T00:00, reason: closed}}]\n"),
    ),
    "gaps that fall to each other": (
        "WB534",
        layers(WEEK, more="gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: closed, falls_to: third}]\n")
        + "---\nkind: Schedule\nname: third\ntimezone: Europe/Lisbon\nlayers: [{name: week, eras: [{from: 2025-12-29, people: [lou, max]}]}]\n"
        "gaps: [{from: 2026-02-20T00:00, until: 2026-02-20T06:00, reason: closed, falls_to: ⟦first⟧}]\n",
        "falls back to its own schedule: first → third → first",
        layers(WEEK, more="gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: closed, falls_to: second}]\n"),
    ),
    "turns of twelve minutes": (
        "WB535",
        layers("{name: short, rotation: ⟦{every: 12m}⟧, eras: [{from: 2025-12-29, people: [ana, bo]}]}", WEEK),
        "turns of 12m are too short for layer `short`",
        layers("{name: short, rotation: {every: 60m}, only: office, eras: [{from: 2025-12-29, people: [ana, bo]}]}", WEEK),
    ),
    "turns of an hour and a second": (
        "WB535",
        layers("{name: odd, rotation: ⟦{every: 1h1s}⟧, eras: [{from: 2025-12-29, people: [ana, bo]}]}", WEEK),
        "turns of 1h1s",
        layers("{name: odd, rotation: {every: 1h1m}, only: office, eras: [{from: 2025-12-29, people: [ana, bo]}]}", WEEK),
    ),
    "a shadow who has turns": (
        "WB536",
        layers(WEEK, more="shadow: [lou, ⟦bo⟧]\n"),
        "`bo` is a shadow of this schedule and has turns in it",
        layers(WEEK, more="shadow: [lou]\n"),
    ),
    "two layers of one name": (
        "WB537",
        layers(NIGHTS.replace("name: nights", "name: week"), WEEK.replace("name: week", "name: ⟦week⟧")),
        "two layers are called `week`",
        layers(NIGHTS, WEEK),
    ),
    "an absence that ends before it begins": (
        "WB538",
        f"{layers(WEEK)}---\n{ANA}away: [{{from: 2026-01-14, until: ⟦2026-01-13⟧}}]\n",
        "`ana` is away until 2026-01-13, which is before 2026-01-14",
        f"{layers(WEEK)}---\n{ANA}away: [{{from: 2026-01-21, until: 2026-01-21}}]\n",
    ),
}  # fmt: skip


def files(text):
    """The workspace with these policies, and with ana where they do not write her down."""
    whole = text if "name: ana\n" in text else f"{text}---\n{ANA}"
    return {"policies/watchbill.yaml": WORKSPACE, "policies/case.yaml": whole}


@pytest.mark.parametrize("code, text, message, _instead", CASES.values(), ids=CASES)
def test_what_is_wrong_is_found_at_its_place(code, text, message, _instead, workspace, findings, marked):
    text, place = marked(text)
    found = [one for one in findings(workspace(files(text)), "policies/case.yaml") if one.code == code]
    assert [one.place for one in found] == [place]
    assert message in found[0].message
    assert found[0].help


@pytest.mark.parametrize("code, _text, _message, instead", CASES.values(), ids=CASES)
def test_the_same_policies_put_right_are_not_found(code, _text, _message, instead, workspace, findings):
    assert [one for one in findings(workspace(files(instead))) if one.code == code] == []


def test_policies_with_somebody_at_every_minute_have_nothing_said_against_them(workspace, findings):
    assert findings(workspace(files(layers(NIGHTS, WEEK)))) == []


def test_further_times_are_counted_and_the_first_few_of_them_named(workspace, findings):
    text = layers("{name: week, only: office, eras: [{from: 2025-12-29, people: [ana, bo]}]}")
    (found,) = findings(workspace(files(text)), "policies/case.yaml")
    assert "and 84 more times: 84 d 11 h in all" in found.message
    assert found.notes[0] == (
        "also Mon 5 Jan 18:00 to Tue 6 Jan 2026 09:00; Tue 6 Jan 18:00 to Wed 7 Jan 2026 09:00; "
        "Wed 7 Jan 18:00 to Thu 8 Jan 2026 09:00; and 81 more"
    )


def test_a_gap_that_falls_to_a_schedule_with_a_hole_is_told_once_and_there(workspace, findings):
    text = layers(
        WEEK, more="gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: closed, falls_to: third}]\n"
    )
    text += "---\nkind: Schedule\nname: third\ntimezone: Europe/Lisbon\nlayers: [{name: week, only: office, eras: [{from: 2025-12-29, people: [ned, oli]}]}]\n"
    (found,) = findings(workspace(files(text)))
    assert found.message.startswith("nobody is on call for `third` from Mon 5 Jan 2026 00:00 to 09:00")


def test_a_hole_where_the_clocks_change_is_told_in_local_time_and_in_hours_that_pass(workspace, findings):
    sunday = WORKSPACE.replace("from: 2026-01-05, until: 2026-04-30", "from: 2026-03-29, until: 2026-03-29")
    sunday += (
        '---\nkind: Calendar\nname: late\ntimezone: Europe/Lisbon\nweekly: {sunday: ["03:00-12:00", "13:00-24:00"]}\n'
    )
    text = layers("{name: week, only: late, eras: [{from: 2025-12-29, people: [ana, bo]}]}")
    (found,) = findings(workspace({**files(text), "policies/watchbill.yaml": sunday}))
    assert found.message == (
        "nobody is on call for `first` from Sun 29 Mar 00:00 to Sun 29 Mar 2026 03:00 (Europe/Lisbon), and once more: 3 h in all"
    )


def test_without_a_coverage_time_the_year_from_the_latest_era_is_looked_at(small, workspace, findings):
    assert findings(workspace({"policies/watchbill.yaml": small})) == []
    part_time = small.replace("email: me@shop.example", "email: me@shop.example\nworks: office") + (
        '---\nkind: Calendar\nname: office\nweekly: {monday-friday: ["09:00-18:00"]}\n'
    )
    (found,) = findings(workspace({"policies/watchbill.yaml": part_time}))
    assert (found.code, found.text) == ("WB520", "people")
    away = small.replace(
        "email: me@shop.example", "email: me@shop.example\naway: [{from: 2026-12-24, until: 2026-12-27}]"
    )
    (found,) = findings(workspace({"policies/watchbill.yaml": away}))
    assert (found.code, found.message) == (
        "WB521",
        "`me` is away and has the turn in `always-me` from Thu 24 Dec 00:00 to Mon 28 Dec 2026 00:00 (UTC)",
    )


def test_somebody_who_is_away_and_whom_a_layer_follows_is_no_finding(workspace, findings):
    text = layers(WEEK, "{name: last, eras: [{from: 2025-12-29, people: [chi, dan]}]}")
    found = findings(workspace(files(f"{text}---\n{ANA}away: [{{from: 2026-01-13, until: 2026-01-14}}]\n")))
    assert found == []


def test_a_person_or_an_office_in_an_escalation_is_always_there(workspace, findings):
    gaps = "gaps: [{from: 2026-01-20T00:00, until: 2026-01-20T06:00, reason: closed}]\n"
    text = layers(WEEK, more=gaps) + f"---\nkind: Schedule\nname: third\npeople: [lou]\n{gaps}"
    with_role = WORKSPACE.replace("secondary: second", "secondary: third")
    found = findings(workspace({**files(text), "policies/watchbill.yaml": with_role}))
    assert [one.code for one in found] == ["WB522"]
    with_role = with_role.replace('{slack: "#help"}', "{role: cto}")
    assert findings(workspace({**files(text), "policies/watchbill.yaml": with_role})) == []


def test_a_time_that_exists_twice_is_told_once_and_hides_no_other_swap(workspace, findings):
    impossible = "{from: 2026-10-25T01:30, until: 2026-10-26T09:00, take: chi, for: bo, agreed: [bo, chi]}"
    wrong = SWAP.replace("for: bo", "for: ana").replace("[bo, chi]", "[ana, chi]")
    found = findings(workspace(files(layers(WEEK, more=f"swaps:\n- {impossible}\n- {wrong}\n"))), "policies/case.yaml")
    assert [(one.code, one.text) for one in found] == [("WB507", "2026-10-25T01:30"), ("WB531", "ana")]


def test_what_silences_nobody_can_be_silenced_and_the_rest_cannot(workspace, findings):
    text = layers("{name: halves, rotation: {every: 12h}, eras: [{from: 2025-12-29, people: [ana, bo]}]}")
    off = WORKSPACE.replace("coverage:", "checks: {unfair-nights: off}\ncoverage:")
    assert findings(workspace({**files(text), "policies/watchbill.yaml": off})) == []
    hole = WORKSPACE.replace("coverage:", "checks: {schedule-hole: warning}\ncoverage:")
    (found,) = findings(workspace({**files(text.replace("12h", "24h")), "policies/watchbill.yaml": hole}))
    assert "`schedule-hole` is always an error" in found.message


def test_a_schedule_that_is_broken_hides_none_of_the_others(workspace, findings):
    text = layers(WEEK, more="shadows: [lou]\n") + (
        "---\nkind: Schedule\nname: third\ntimezone: Europe/Lisbon\nlayers: [{name: week, only: office, eras: [{from: 2025-12-29, people: [lou]}]}]\n"
    )
    assert [one.code for one in findings(workspace(files(text)), "policies/case.yaml")][-1] == "WB520"


def test_the_worked_example_has_somebody_at_every_minute(findings):
    from pathlib import Path

    from watchbill.source.codes.coverage import ALL

    codes = {code.id for code in ALL}
    found = [one for one in findings(Path(__file__).parents[2]) if one.code in codes and one.level == "error"]
    assert found == []
