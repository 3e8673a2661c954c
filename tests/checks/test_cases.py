"""Tests of who is told: every name that leads nowhere, and every case that could never mean anything, is told in its place."""

import pytest

from trial.street import WORKSPACE, a_test

WEB = "alert: {alertname: WebDown, deployment: web-a}, in: production/eu"
XMAS = 'at: "2026-12-25T03:00 Europe/Lisbon"'
WRONG = {
    "an alert": (
        "alert: {alertname: ⟦WebDwon⟧}, in: production, outcome: page",
        "WB480",
        "there is no alert `WebDwon`",
        "did you mean `WebDown`?",
    ),
    "an alert that fires beside it": (
        f"{WEB}, firing: [{{alertname: ⟦DbDwn⟧}}], inhibited: true",
        "WB480",
        "there is no alert `DbDwn`",
        "did you mean `DbDown`?",
    ),
    "a label": (
        "alert: {alertname: WebDown, deploymnt: ⟦web-a⟧}, in: production, outcome: page",
        "WB480",
        "`WebDown` cannot carry `deploymnt`",
        "did you mean `deployment`?",
    ),
    "a value": (
        "alert: {alertname: WebDown, severity: ⟦critcal⟧}, in: production, outcome: page",
        "WB480",
        "`WebDown` carries severity=critical where it runs, never `critcal`",
        "did you mean `critical`?",
    ),
    "a place": (
        "alert: {alertname: WebDown}, in: ⟦prodcution⟧, outcome: page",
        "WB221",
        "unknown place `prodcution`",
        "did you mean `production`?",
    ),
    "a source": (
        "alert: {alertname: WebDown}, in: ⟦production/ue⟧, outcome: page",
        "WB221",
        "unknown place `production/ue`",
        "did you mean `production/us`?",
    ),
    "a person": (f"{WEB}, {XMAS}, reaches: ⟦eav⟧", "WB202", "unknown Person `eav`", "did you mean `eva`?"),
    "one of several": (
        f"{WEB}, {XMAS}, reaches: [eva, ⟦annna⟧]",
        "WB202",
        "unknown Person `annna`",
        "did you mean `ana`?",
    ),
    "nobody": (f"{WEB}, {XMAS}, reaches: ⟦nobdy⟧", "WB221", "unknown person `nobdy`", "did you mean `nobody`?"),
    "a receiver": (
        f"{WEB}, receivers: [⟦shop-critcal⟧]",
        "WB221",
        "unknown receiver `shop-critcal`",
        "did you mean `shop-critical`?",
    ),
    "a remedy": (
        f"{WEB}, {XMAS}, remedies: [⟦restrat⟧]",
        "WB209",
        "unknown Remediation `restrat`",
        "did you mean `restart`?",
    ),
    "a zone": (
        f'{WEB}, at: ⟦"2026-12-25T03:00 Europe/Lisbn"⟧, outcome: page',
        "WB103",
        "`Europe/Lisbn` is not a time zone: did you mean Europe/Lisbon?",
        "write an instant",
    ),
    "an hour that does not exist": (
        f'{WEB}, at: ⟦"2026-03-29T01:30 Europe/Lisbon"⟧, outcome: page',
        "WB103",
        "2026-03-29T01:30 does not exist in Europe/Lisbon: clocks go forward over it",
        "write an instant",
    ),
    "an hour that exists twice": (
        f'{WEB}, at: ⟦"2026-10-25T01:30 Europe/Lisbon"⟧, outcome: page',
        "WB103",
        "2026-10-25T01:30 exists twice in Europe/Lisbon: clocks go back over it; write it with an offset",
        "write an instant",
    ),
    "a day": (
        f"{WEB}, at: ⟦2026-02-30T01:30Z⟧, outcome: page",
        "WB103",
        "`2026-02-30T01:30Z` is no instant",
        "write an",
    ),
    "no zone": (
        f"{WEB}, at: ⟦2026-02-20T01:30⟧, outcome: page",
        "WB103",
        "`2026-02-20T01:30` is not an instant",
        "write an",
    ),
    "nobody without a reason": (f"{WEB}, reaches: ⟦nobody⟧", "WB481", "`reaches: nobody` needs a `reason:`", "say why"),
    "nobody and somebody": (
        f"{WEB}, {XMAS}, reaches: ⟦[ana, nobody]⟧, reason: x",
        "WB481",
        "`nobody` is reached alone, and at any time",
        "leave the others out",
    ),
    "a reason for somebody": (f"{WEB}, outcome: page, reason: ⟦x⟧", "WB481", "a `reason:` belongs to", "leave it out"),
    "nothing expected": (f"⟦{{{WEB}, {XMAS}}}⟧", "WB482", "nothing is expected of this alert", "add reaches"),
    "people at no time": (f"{WEB}, reaches: ⟦ana⟧", "WB482", "who is reached depends on the time", "add at: "),
    "remedies at no time": (f"{WEB}, remedies: ⟦[restart]⟧", "WB482", "what the machine may do depends on", "add at: "),
    "no remedies at no time": (f"{WEB}, remedies: ⟦[]⟧", "WB482", "what the machine may do depends on", "add at: "),
    "a time for nobody": (f"{WEB}, outcome: page, within: ⟦5m⟧", "WB482", "`within` needs people", "say whom"),
    "which of several": (
        "alert: ⟦{alertname: ShopDown}⟧, in: production, outcome: page",
        "WB480",
        "there are 2 alerts `ShopDown` in production/eu",
        "add severity=critical or severity=high",
    ),
}
LEVELS = """\
kind: Service
name: till
team: shop
alerts:
- name: ShopDown
  levels: {critical: {params: {limit: 5}}, high: {params: {limit: 2}}}
  params: {limit: {type: number, default: 2}}
  expr: 'max(closed{job="till"}) > ${limit}'
  for: 2m
  no_data: {ignore: a till is closed at night}
  summary: closed
  runbook: look
"""


@pytest.mark.parametrize("case, code, message, advice", WRONG.values(), ids=WRONG)
def test_it_is_told_where_it_stands_and_what_was_meant(case, code, message, advice, workspace, findings, marked):
    text, place = marked(a_test(case) if not case.startswith("⟦") else a_test("X").replace("{X}", case))
    files = {"policies/watchbill.yaml": WORKSPACE, "policies/tests.yaml": text, "policies/till.yaml": LEVELS}
    (found,) = [one for one in findings(workspace(files)) if one.level == "error"]
    assert (found.code, found.file, found.place) == (code, "policies/tests.yaml", place)
    assert found.message.startswith(message)
    assert found.help.startswith(advice)


def test_a_test_needs_no_name_and_two_in_one_file_are_two(workspace, findings):
    text = a_test(f"{WEB}, outcome: page").replace("name: who\n", "")
    files = {"policies/watchbill.yaml": WORKSPACE, "policies/tests.yaml": f"{text}---\n{text}"}
    assert [one for one in findings(workspace(files)) if one.level == "error"] == []


def test_a_test_of_a_team_knows_its_own_names_first(workspace, findings):
    own = (
        "kind: Remediation\nname: mend\nteam: shop\n" + WORKSPACE.partition("name: restart\n")[2].partition("---\n")[0]
    )
    text = a_test(f"{WEB}, {XMAS}, remedies: [mend]")
    files = {"policies/watchbill.yaml": WORKSPACE, "policies/own.yaml": own, "policies/tests.yaml": text}
    assert [one.code for one in findings(workspace(files), "policies/tests.yaml")] == ["WB209"]
    files["policies/tests.yaml"] = text.replace("name: who\n", "name: who\nteam: shop\n")
    assert [one.code for one in findings(workspace(files), "policies/tests.yaml")] == []


def test_a_test_without_any_case_asks_nothing(workspace, findings):
    files = {"policies/watchbill.yaml": WORKSPACE, "policies/tests.yaml": "kind: Test\ncases: []\n"}
    (found,) = findings(workspace(files), "policies/tests.yaml")
    assert (found.code, found.text, found.message) == ("WB482", "[]", "there is no case in this Test")
