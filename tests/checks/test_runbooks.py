"""Runbooks: a good workspace without a finding, and what every kind of damage to it is told as, once and in its place."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from watchbill.checks import runbooks
from watchbill.source.locate import Sources
from watchbill.spec.resolve import read_workspace

GOOD = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production: {prometheus: {url: http://prom:9090}, labels: {env: production}}
  staging: {prometheus: {url: http://prom-stg:9090}, labels: {env: staging}}
runbooks: {base_url: https://runbooks.shop.example}
---
kind: Team
name: web
on_call: {primary: rota}
---
{kind: Person, name: noor, email: noor@shop.example}
---
{kind: Schedule, name: rota, people: [noor]}
---
kind: Service
name: front
team: web
alerts:
- name: FrontDown
  severity: critical
  expr: up{job="front"} == 0
  summary: down
  runbook: front-down
- name: FrontSlow
  severity: critical
  expr: latency_seconds > 1
  summary: slow
  runbook: {url: "https://wiki.shop.example/slow"}
- name: Watchdog
  severity: none
  expr: vector(1)
  summary: alive
---
kind: Runbook
name: front-down
team: web
immediate: ["Look at the dashboard", {promql: up}]
investigate: [{title: errors, promql: "topk(5, errors_total)"}]
---
kind: Diagnostic
name: logs
collect: [{promql: up}, {command: [uptime]}]
"""
ALERT = "  runbook: front-down\n"
SET = """\
---
kind: AlertSet
name: golden
alerts:
- {name: Saturated, severity: warning, expr: load > 1, summary: busy}
---
{kind: Service, name: back, team: web, uses: [golden]}
---
{kind: Service, name: side, team: web, uses: [golden]}
"""
FOREIGN = """\
---
kind: Foreign
name: mixin
team: web
rules: rules/*.yaml
"""
RULES = """\
groups:
- name: a
  rules:
  - {alert: One, expr: up == 0, labels: {severity: warning}}
  - {alert: Two, expr: up == 0, labels: {severity: warning}}
  - {alert: Two, expr: up == 1, labels: {severity: critical}}
  - {alert: Three, expr: up == 0, labels: {severity: warning}, annotations: {runbook_url: "https://wiki.example/three"}}
  - {alert: Four, expr: up == 0, labels: {severity: none}}
"""


class Told(NamedTuple):
    code: str
    message: str
    under: str
    level: str


@pytest.fixture
def told(workspace: Callable[..., Path]) -> Callable[..., list[Told]]:
    """What the check says of a workspace; what other checks say is not its business."""

    def told_of(text: str, rules: str = "") -> list[Told]:
        root = workspace({"policies/watchbill.yaml": text, **({"policies/rules/a.yaml": rules} if rules else {})})
        model, policies, _ = read_workspace(root, cache=False)
        assert model is not None
        sources = Sources(root, policies.paths)
        found = []
        for diagnostic in runbooks.check(model):
            assert diagnostic.where is not None
            for related in diagnostic.related:
                sources.locate(related.where)
            span = sources.locate(diagnostic.where)
            line = sources.lines(span.file)[span.line - 1]
            under = line[span.column - 1 : span.end_column - 1] if span.line == span.end_line else line
            found.append(Told(diagnostic.code.id, diagnostic.message, under, diagnostic.level))
        return found

    return told_of


def test_a_good_workspace_has_no_finding(told: Callable[..., list[Told]]) -> None:
    assert told(GOOD) == []


def test_an_alert_without_a_runbook_is_told_once_for_all_places_and_for_its_no_data_twin(
    told: Callable[..., list[Told]],
) -> None:
    assert told(GOOD.replace(ALERT, "")) == [
        Told("WB601", "`FrontDown` has no runbook", "FrontDown", "error"),
        Told("WB605", "no alert leads to runbook `web/front-down`", "front-down", "warning"),
    ]


def test_an_alert_that_reaches_nobody_needs_no_runbook(told: Callable[..., list[Told]]) -> None:
    text = GOOD.replace('  runbook: {url: "https://wiki.shop.example/slow"}\n', "")
    assert [one.message for one in told(text)] == ["`FrontSlow` has no runbook"]
    assert told(text.replace("  severity: critical\n  expr: latency", "  severity: none\n  expr: latency")) == []


def test_an_alert_that_somebody_hears_of_in_one_place_needs_a_runbook(told: Callable[..., list[Told]]) -> None:
    severity = "  severity: none\n  expr: vector(1)"
    text = GOOD.replace(severity, severity.replace("none", "{default: none, by: {production: warning}}"))
    assert told(text) == [Told("WB601", "`Watchdog` has no runbook", "Watchdog", "error")]


def test_a_runbook_may_be_inherited(told: Callable[..., list[Told]]) -> None:
    inherited = GOOD.replace(ALERT, "").replace("name: front\n", "name: front\ndefaults: {runbook: front-down}\n")
    assert told(inherited) == []


def test_an_alert_of_a_set_is_told_once_for_all_its_services(told: Callable[..., list[Told]]) -> None:
    assert told(GOOD + SET) == [Told("WB601", "`Saturated` has no runbook (in 2 services)", "Saturated", "error")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("runbook: front-down", "runbook: front-dwn"),
        ("- name: FrontDown", "defaults: {runbook: nowhere}\nalerts:\n- name: FrontDown"),
        ("kind: Team\nname: web", "kind: Team\nname: web\ndefaults: {runbook: nowhere}"),
        ("name: shop\n", "name: shop\ndefaults: {runbook: nowhere}\n"),
    ],
    ids=["alert", "service", "team", "workspace"],
)
def test_a_runbook_that_does_not_exist_is_told_by_its_reference_alone(
    told: Callable[..., list[Told]], before: str, after: str
) -> None:
    text = GOOD if "FrontDown" in after or before.startswith("runbook") else GOOD.replace(ALERT, "")
    text = text.replace("alerts:\n- name: FrontDown", "- name: FrontDown") if before.startswith("- name") else text
    text = text.replace(ALERT, "") if before.startswith("- name") else text
    assert [one.code for one in told(text.replace(before, after)) if one.code == "WB601"] == []


def test_the_set_of_another_team_does_not_reach_that_teams_runbooks(told: Callable[..., list[Told]]) -> None:
    """The reference is good where it is written, and leads nowhere for the team whose alert it becomes."""
    text = GOOD + SET.replace("name: golden\nalerts", "name: golden\nteam: web\nalerts").replace(
        "summary: busy", "summary: busy, runbook: front-down"
    ).replace("name: side, team: web, uses: [golden]", "name: side, team: ops, uses: [web/golden]")
    text += "---\n{kind: Team, name: ops, on_call: {primary: web/rota}}\n"
    assert [one.message for one in told(text)] in ([], ["`Saturated` has no runbook"])


def test_foreign_alerts_without_a_runbook_are_one_finding(told: Callable[..., list[Told]]) -> None:
    assert told(GOOD + FOREIGN, RULES) == [
        Told("WB601", "2 alerts of `mixin` without a runbook: One, Two", "mixin", "error")
    ]
    assert told(GOOD + FOREIGN + "defaults: {runbook: web/front-down}\n", RULES) == []
    assert told(GOOD + FOREIGN + "change: [{alert: Two, runbook: {url: https://wiki.example/two}}]\n", RULES) == [
        Told("WB601", "1 alert of `mixin` without a runbook: One", "mixin", "error")
    ]


def test_runbooks_that_are_published_nowhere_are_one_finding(told: Callable[..., list[Told]]) -> None:
    found = told(GOOD.replace("runbooks: {base_url: https://runbooks.shop.example}\n", ""))
    assert [(one.code, one.message) for one in found] == [
        ("WB602", "1 alert with a Runbook, and nothing says where runbooks are published")
    ]


def test_no_site_is_needed_when_every_runbook_lives_elsewhere(told: Callable[..., list[Told]], small: str) -> None:
    assert told(small) == []


@pytest.mark.parametrize("steps", ["[]", '[""]', '["  ", "\\n"]', '[{promql: " "}]'])
def test_a_runbook_that_says_nothing_to_do_first_is_told(told: Callable[..., list[Told]], steps: str) -> None:
    found = told(GOOD.replace('["Look at the dashboard", {promql: up}]', steps))
    assert [(one.code, one.message) for one in found if one.code == "WB603"] == [
        ("WB603", "runbook `web/front-down` says nothing to do first")
    ]


@pytest.mark.parametrize(
    ("before", "after", "under"),
    [
        ('dashboard", {promql: up}', 'dashboard", {promql: "up =="}', ""),
        ('"topk(5, errors_total)"', '"topk(5, errors_total"', "("),
        ("collect: [{promql: up}", "collect: [{promql: 'rate(up)'}", "up"),
    ],
    ids=["immediate", "investigate", "diagnostic"],
)
def test_a_query_that_is_not_promql_is_told_where_it_breaks(
    told: Callable[..., list[Told]], before: str, after: str, under: str
) -> None:
    assert before in GOOD
    found = told(GOOD.replace(before, after))
    assert [(one.code, one.message.startswith("PromQL: ")) for one in found] == [("WB604", True)]
    assert under in found[0].under


def test_a_runbook_that_no_alert_leads_to_is_told(told: Callable[..., list[Told]]) -> None:
    text = GOOD + "---\n{kind: Runbook, name: old, immediate: [Sleep]}\n"
    assert told(text) == [Told("WB605", "no alert leads to runbook `old`", "old", "warning")]


def test_a_runbook_of_an_alert_that_is_broken_otherwise_is_not_unused(told: Callable[..., list[Told]]) -> None:
    assert told(GOOD.replace('up{job="front"} == 0', "up ==")) == []
    assert told(GOOD.replace("summary: down", "summary: 'down ${x}'")) == []
    assert told(GOOD.replace("severity: critical\n  expr: up", "severity: dire\n  expr: up")) == []
