"""A name that points nowhere is told once, where it stands, with the name that was meant and where that is."""

import pytest

from watchbill.source.codes.references import UNKNOWN

DEFINED = """\
{kind: Runbook, name: look-here, immediate: [look]}
---
{kind: Diagnostic, name: api-logs, collect: [{promql: up}]}
---
kind: Remediation
name: restart-api
action: {command: {argv: [systemctl, restart, api]}}
guardrails: {cooldown: 15m}
---
{kind: Message, name: we-know, audience: customers, body: We know.}
---
{kind: Calendar, name: office, weekly: {monday-friday: ["09:00-17:00"]}}
---
{kind: Escalation, name: level-1, steps: [{notify: [{on_call: primary}]}]}
---
{kind: AlertSet, name: golden, alerts: []}
---
{kind: Ownership, name: namespaces, label: namespace, owners: {shop: [".*"]}}
---
{kind: Window, name: change-freeze, when: {every: friday}, effect: no-remediation, reason: freeze}
"""
ALERT = 'kind: Service\nname: api\nteam: shop\nalerts:\n- name: ApiDown\n  severity: critical\n  expr: up{job="api"} == 0\n  summary: down\n'
WITH_RUNBOOK = ALERT + "  runbook: look-here\n"
UNDEFINED = {
    "Team": ("kind: Service\nname: api\nteam: ⟦shp⟧\n", "shop"),
    "Person": ("{kind: Schedule, name: nights, people: [me, ⟦mee⟧]}\n", "me"),
    "Schedule": ("{kind: Team, name: other, on_call: {primary: ⟦always-mee⟧}}\n", "always-me"),
    "Escalation": (WITH_RUNBOOK + "  escalation: ⟦level1⟧\n", "level-1"),
    "Calendar": ("{kind: Person, name: bo, email: bo@shop.example, works: ⟦ofice⟧}\n", "office"),
    "Service": ("{kind: Service, name: api, team: shop, depends_on: [⟦wep⟧]}\n", "web"),
    "Runbook": (ALERT + "  runbook: ⟦look-her⟧\n", "look-here"),
    "Diagnostic": (WITH_RUNBOOK + "  diagnose: [api-logs, ⟦api-log⟧]\n", "api-logs"),
    "Remediation": (WITH_RUNBOOK + "  remediate: [⟦restart_api⟧]\n", "restart-api"),
    "Message": ("{kind: Runbook, name: more, immediate: [look], communicate: [⟦we-knw⟧]}\n", "we-know"),
    "AlertSet": ("{kind: Service, name: api, team: shop, uses: [⟦goldn⟧]}\n", "golden"),
    "Ownership": ("{kind: Foreign, name: theirs, rules: x.yaml, team: {by: ⟦namespace⟧, otherwise: shop}}\n", "namespaces"),
    "Window": ("kind: Remediation\nname: r\naction: {command: {argv: [a]}}\nguardrails: {cooldown: 5m, not_during: [⟦freeze-change⟧]}\n", None),
}  # fmt: skip


@pytest.fixture
def shop(small):
    """The small workspace, with a place for runbooks."""
    return small.replace("name: shop\n", "name: shop\nrunbooks: {base_url: https://runbooks.shop.example}\n", 1)


def test_every_kind_that_can_be_referred_to_is_tried():
    assert UNDEFINED.keys() == UNKNOWN.keys()


@pytest.mark.parametrize("kind", UNDEFINED)
def test_an_unknown_name_is_one_finding_with_the_name_that_was_meant(kind, shop, workspace, findings, marked):
    text, meant = UNDEFINED[kind]
    text, place = marked(text)
    rules = "groups: []\n"
    root = workspace(
        {
            "policies/watchbill.yaml": shop,
            "policies/defined.yaml": DEFINED,
            "policies/a/a.yaml": text,
            "policies/a/x.yaml": rules,
        }
    )
    found = [one for one in findings(root, "policies/a/a.yaml") if one.level == "error"]
    assert [(one.code, one.place) for one in found] == [(UNKNOWN[kind].id, place)]
    assert found[0].message == f"unknown {kind} `{found[0].text}`"
    if meant is not None:
        assert found[0].help == f"did you mean `{meant}`?"
        ((file, where, words),) = found[0].related
        lines = (root / file).read_text().splitlines()
        assert (lines[where[0] - 1][where[1] - 1 : where[3] - 1], words) == (meant, "defined here")


def test_a_name_like_no_other_lists_what_there_is(shop, workspace, findings):
    root = workspace({"policies/watchbill.yaml": shop, "policies/a.yaml": ALERT + "  runbook: nonesuch\n"})
    assert [one.help for one in findings(root) if one.code == "WB207"] == ["no Runbook is defined yet"]
    root = workspace(
        {"policies/watchbill.yaml": shop, "policies/a.yaml": DEFINED + "---\n" + ALERT + "  runbook: nonesuch\n"}
    )
    assert [one.help for one in findings(root) if one.code == "WB207"] == ["known: look-here"]


def test_a_name_is_looked_up_in_the_own_team_then_among_the_shared_and_across_by_team(shop, workspace, findings):
    texts = [
        "{kind: Team, name: other, on_call: {primary: always-me}}",
        "{kind: Runbook, name: own, team: shop, immediate: [look]}",
        "{kind: Runbook, name: theirs, team: other, immediate: [look]}",
        "{kind: Runbook, name: shared, immediate: [look]}",
    ]
    alert = "- {{name: {name}, severity: none, expr: up == {number}, summary: s, runbook: {runbook}}}"
    wanted = ["own", "shared", "other/theirs", "shop/own", "theirs", "other/own"]
    alerts = [alert.format(name=f"A{number}", number=number, runbook=runbook) for number, runbook in enumerate(wanted)]
    service = "kind: Service\nname: api\nteam: shop\nalerts:\n" + "\n".join(alerts)
    workspace_text = shop.replace("name: shop\n", "name: shop\ncatch_all: {team: shop}\n", 1)
    root = workspace({"policies/watchbill.yaml": workspace_text, "policies/a.yaml": "\n---\n".join([*texts, service])})
    assert [(one.code, one.text) for one in findings(root)] == [("WB207", "theirs"), ("WB207", "other/own")]
    assert "did you mean `other/theirs`?" in [one.help for one in findings(root)]


def test_references_are_found_at_any_depth(shop, workspace, findings):
    procedure = (
        "kind: Procedure\nname: p\nwhen: {severity: [critical]}\nsteps:\n"
        "- {ask: 'more?', of: {person: nobody}, yes: [{ask: 'really?', yes: [{diagnose: [nothing]}, {communicate: silence}]}]}\n"
    )
    found = findings(workspace({"policies/watchbill.yaml": shop, "policies/a.yaml": procedure}), "policies/a.yaml")
    assert [(one.code, one.text) for one in found if one.code < "WB220"] == [
        ("WB202", "nobody"),
        ("WB208", "nothing"),
        ("WB210", "silence"),
    ]


def test_a_name_used_twice_is_told_at_the_second_with_the_first(shop, workspace, findings):
    text = "{kind: Person, name: bo, email: bo@shop.example}\n---\n{kind: Person, name: bo, email: b@shop.example}\n"
    (found,) = findings(workspace({"policies/watchbill.yaml": shop, "policies/a.yaml": text}))
    assert (found.code, found.place, found.text) == ("WB220", (3, 22, 3, 24), "bo")
    assert found.related == (("policies/a.yaml", (1, 22, 1, 24), "first defined here"),)


def test_a_name_may_be_used_once_by_each_team_and_once_shared(shop, workspace, findings):
    calendars = [
        f"{{kind: Calendar, name: c, {team}weekly: {{monday: ['09:00-17:00']}}}}" for team in ("", "team: shop, ")
    ]
    root = workspace({"policies/watchbill.yaml": shop, "policies/a.yaml": "\n---\n".join(calendars)})
    assert findings(root) == []


# What a broken file defines is not missing


BROKEN = {
    "a mistake in the document": "kind: Runbook\nname: help\nimediate: [look]\n",
    "a misspelt kind": "kind: Runbok\nname: help\nimmediate: [look]\n",
    "a syntax error in the document": "kind: Runbook\nname: help\nimmediate: [look\n",
    "a syntax error in a document before": "kind: Runbook\nname: a\nimmediate: [look\n---\nkind: Runbook\nname: help\nimmediate: [look]\n",
    "a syntax error behind it": "kind: Runbook\nname: 'help' # here\nimmediate: [look]\n---\nkind: [\n",
    "bytes that are not text": b"kind: Runbook\nname: help\nimmediate: [\xff]\n",
    "a control character": b"kind: Runbook\r\nname: help\r\nimmediate: [\x07]\r\n",
    "aliases that multiply": "kind: Runbook\nname: help\nimmediate: [look]\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)),
    "too many levels": "kind: Runbook\nname: help\nimmediate: " + "[" * 300,
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_reference_into_a_broken_file_is_not_a_second_finding(text, shop, workspace, findings):
    root = workspace(
        {"policies/watchbill.yaml": shop, "policies/api.yaml": ALERT + "  runbook: help\n", "policies/help.yaml": text}
    )
    found = [one for one in findings(root) if one.level == "error"]
    assert {one.file for one in found} == {"policies/help.yaml"}
    assert "WB207" not in [one.code for one in found]


def test_a_broken_file_hides_no_other_unknown_name(shop, workspace, findings):
    text = BROKEN["a syntax error in the document"]
    root = workspace(
        {"policies/watchbill.yaml": shop, "policies/api.yaml": ALERT + "  runbook: hlp\n", "policies/help.yaml": text}
    )
    assert [(one.code, one.text) for one in findings(root, "policies/api.yaml")] == [("WB207", "hlp")]


def test_a_name_that_may_stand_in_a_file_that_cannot_be_read_says_so(shop, workspace, findings):
    root = workspace({"policies/watchbill.yaml": shop, "policies/api.yaml": ALERT + "  runbook: help\n"})
    (root / "policies/help.yaml").symlink_to("nowhere")
    (found,) = findings(root, "policies/api.yaml")
    assert found.code == "WB207"
    assert found.notes == ("it may be defined in policies/help.yaml, which cannot be read",)


def test_a_team_that_is_broken_is_not_unknown_to_its_services(shop, workspace, findings):
    text = shop.replace("on_call: {primary: always-me}", "on_call: {primary: always-me}\nemial: x@shop.example")
    assert [(one.code, one.text) for one in findings(workspace({"policies/watchbill.yaml": text}))] == [
        ("WB101", "emial")
    ]
