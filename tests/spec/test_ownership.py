"""Ownership: the team of a foreign alert, found by a label at run time, in the rules, the model and the findings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import prometheus

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prom-eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prom-us:9090}}
    alertmanager: {url: http://am:9093}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
severity_words: {page: critical}
catch_all: {team: platform, outcome: ticket}
channels: {email: {smarthost: "mail.shop.example:587", from: alerts@shop.example}}
---
kind: Ownership
name: namespace
label: namespace
owners:
  payments: [payments, "payments-.*"]
  platform: [kube-system, monitoring]
  data: etl
---
{kind: Calendar, name: office, weekly: {monday-friday: ["09:00-18:00"]}}
---
{kind: Calendar, name: early, weekly: {monday-friday: ["06:00-15:00"]}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Person, name: you, email: you@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Schedule, name: second, people: [you]}
---
{kind: Team, name: payments, on_call: {primary: rota, secondary: second}, hours: office, email: pay@shop.example}
---
{kind: Team, name: platform, on_call: {primary: rota, secondary: second}, hours: early, email: platform@shop.example}
---
{kind: Team, name: data, on_call: {primary: rota, secondary: second}, hours: office, email: data@shop.example}
---
{kind: Escalation, name: level-1, steps: [{notify: [{on_call: primary}]}, {notify: [{on_call: secondary}]}]}
---
kind: Foreign
name: mixin
rules: rules/*.yaml
team: {by: namespace, otherwise: platform}
"""
RULES = """\
groups:
- name: kubernetes
  rules:
  - alert: PodCrashLooping
    expr: increase(restarts_total[10m]) > 3
    for: 5m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.pod }} restarts", runbook_url: https://runbooks.example/crash}
  - alert: PodPending
    expr: pending > 0
    labels: {severity: high}
    annotations: {summary: pending, runbook_url: https://runbooks.example/pending}
  - alert: NodeGone
    expr: sum by (node) (node_ready == 0) > 0
    labels: {severity: warning}
    annotations: {summary: gone, runbook_url: https://runbooks.example/node}
  - alert: DnsDown
    expr: dns_up == 0
    labels: {severity: page, namespace: kube-system}
    annotations: {summary: no names, runbook_url: https://runbooks.example/dns}
  - alert: LedgerStuck
    expr: ledger_stuck > 0
    labels: {severity: warning, namespace: payments-ledger}
    annotations: {summary: stuck, runbook_url: https://runbooks.example/ledger}
"""

Files = Mapping[str, str]


@pytest.fixture(scope="module")
def make(workspace: Callable[[Files], Path]) -> Callable[..., Workspace]:
    def made(changes: Files = {}) -> Workspace:
        found, _, diagnostics = read_workspace(workspace(texts(changes)), cache=False)
        assert [diagnostic.message for diagnostic in diagnostics if diagnostic.level == "error"] == []
        assert found is not None
        return found

    return made


def texts(changes: Files = {}) -> dict[str, str]:
    files = {"policies/watchbill.yaml": WORKSPACE, "policies/rules/k8s.yaml": RULES}
    for old, new in changes.items():
        assert sum(text.count(old) for text in files.values()) == 1, old
        files = {path: text.replace(old, new) for path, text in files.items()}
    return files


def named(found: Workspace, name: str, place: str = "production/eu") -> ResolvedAlert:
    (alert,) = (alert for alert in found.places[place].alerts if alert.name == name)
    return alert


def rules(found: Workspace) -> dict[str, dict[str, Any]]:
    (artifact,) = (
        one for one in prometheus.build(found) if one.path == "production/prometheus/eu/platform/mixin.rules.yml"
    )
    return {rule["alert"]: rule for group in yaml.safe_load(artifact.text)["groups"] for rule in group["rules"]}


def test_a_rule_whose_owner_only_a_label_knows_says_runtime_and_which_table(make: Callable[..., Workspace]) -> None:
    found = make()
    assert rules(found)["PodCrashLooping"]["labels"] == {
        "severity": "critical",
        "team": "runtime",
        "service": "mixin",
        "ownership": "namespace/platform",
        "escalation": "",
        "page_per": "",
        "env": "production",
        "cluster": "eu-1",
    }


def test_the_model_names_every_team_that_may_have_the_alert_with_what_it_leads_to_there(
    make: Callable[..., Workspace],
) -> None:
    alert = named(make(), "PodPending")
    assert [(owner.team, owner.label, owner.patterns) for owner in alert.owners] == [
        ("data", "namespace", ("etl",)),
        ("payments", "namespace", ("payments", "payments-.*")),
    ]
    assert [(team, outcome.hours) for team, outcome in alert.takers] == [
        ("platform", "early"),
        ("data", "office"),
        ("payments", "office"),
    ]


def test_an_owner_with_an_escalation_of_its_own_is_paged_by_that_one(make: Callable[..., Workspace]) -> None:
    own = "---\n{kind: Escalation, name: level-1, team: payments, steps: [{notify: [{on_call: secondary}]}]}\n"
    found = make({"---\nkind: Foreign": f"{own}---\nkind: Foreign"})
    assert [outcome.escalation for _, outcome in named(found, "PodPending").takers] == [
        "level-1",
        "level-1",
        "payments/level-1",
    ]


def test_the_label_that_finds_the_owner_tells_incidents_apart(make: Callable[..., Workspace]) -> None:
    found = make()
    assert named(found, "PodCrashLooping").incident_key == ("alertname", "service", "env", "cluster", "namespace")
    assert named(found, "NodeGone").incident_key == ("alertname", "service", "env", "cluster")


def test_a_rule_that_writes_the_label_itself_has_its_owner_already(make: Callable[..., Workspace]) -> None:
    found = make()
    assert [(named(found, name).team, named(found, name).labels["team"]) for name in ("DnsDown", "LedgerStuck")] == [
        ("platform", "platform"),
        ("payments", "payments"),
    ]
    assert not named(found, "LedgerStuck").owners


def test_an_alert_that_cannot_have_the_label_always_goes_to_otherwise_and_that_is_said(
    make: Callable[..., Workspace], workspace: Callable[[Files], Path], findings: Callable[..., list[Any]]
) -> None:
    alert = named(make(), "NodeGone")
    assert (alert.team, alert.labels["team"], alert.owners) == ("platform", "platform", ())
    (note,) = (one for one in findings(workspace(texts())) if one.code == "WB414")
    assert (note.level, note.text) == ("note", "platform")
    assert note.message == "1 of 5 alerts of `mixin` never carry label `namespace`: `NodeGone`"
    assert note.notes == ("`NodeGone`: `sum by (node)` keeps only `node`",)
    assert note.related[0][0] == "policies/rules/k8s.yaml"


def test_who_hears_that_data_is_gone_depends_on_what_the_selector_fixes(make: Callable[..., Workspace]) -> None:
    found = make()
    assert (named(found, "PodCrashLoopingNoData").team, named(found, "PodCrashLoopingNoData").owners) == (
        "platform",
        (),
    )
    fixed = make({"restarts_total[10m]": 'restarts_total{namespace="etl"}[10m]'})
    assert [owner.team for owner in named(fixed, "PodCrashLoopingNoData").owners] == ["data", "payments"]


def test_a_label_of_the_place_decides_there(make: Callable[..., Workspace]) -> None:
    found = make(
        {
            'label: namespace\nowners:\n  payments: [payments, "payments-.*"]': "label: cluster\nowners:\n  payments: us-.*"
        }
    )
    assert named(found, "PodCrashLooping", "production/us").team == "payments"
    assert named(found, "PodCrashLooping", "production/eu").team == "platform"


@pytest.mark.parametrize(
    ("changes", "code", "text", "message"),
    [
        ({"data: etl": 'data: ["pay.*"]'}, "WB411", '"pay.*"', "teams `payments` and `data` both own namespace `payments`"),
        ({"data: etl": 'data: ["etl", "(?i)KUBE-system"]'}, "WB411", '"(?i)KUBE-system"', "teams `platform` and `data` both own namespace `kube-system`"),
        ({"data: etl": 'data: "etl|"'}, "WB412", '"etl|"', "`etl|` matches the empty text too: whatever has no label `namespace`"),
        ({"data: etl": 'data: ".*a.{40}"', "monitoring": "'.*b.{40}x'"}, "WB413", "p", "the patterns of `namespace` are too complicated to be compared"),
        ({"data: etl": "date: etl"}, "WB201", "date", "unknown Team `date`"),
        ({"data: etl": "data: []"}, "WB110", "[]", "team `data` owns nothing"),
        ({"data: etl": "data: '['"}, "WB103", "'['", "not an RE2 pattern: missing ]: ["),
        ({"data: etl": r"data: ['a\C']"}, "WB103", r"'a\C'", r"not an RE2 pattern: invalid escape sequence: \C"),
        ({"label: namespace": "label: team"}, "WB103", "team", "label `team` is written by the compiler"),
        ({"{by: namespace, otherwise: platform}": "{by: namespaces, otherwise: platform}"}, "WB212", "namespaces", "unknown Ownership `namespaces`"),
        ({"{by: namespace, otherwise: platform}": "{by: namespace}"}, "WB104", "namespace", "`by` needs `otherwise` beside it"),
        ({"{by: namespace, otherwise: platform}": "{name: data, otherwise: platform}"}, "WB101", "otherwise", "`otherwise` belongs to `by`"),
        ({"{by: namespace, otherwise: platform}": "data"}, "WB415", "namespace", "no Foreign asks `namespace`"),
        ({"kind: Team, name: data,": "kind: Team, name: runtime,", "  data: etl\n": ""}, "WB103", "runtime", "a team cannot be named `runtime`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said_where_it_stands(
    workspace: Callable[[Files], Path],
    findings: Callable[..., list[Any]],
    changes: Files,
    code: str,
    text: str,
    message: str,
) -> None:
    found = [one for one in findings(workspace(texts(changes))) if one.level != "note"]
    told = [(one.code, one.text, one.message) for one in found]
    assert (code, text, message) in told
    assert {one[0] for one in told} <= {code, "WB415"}


def test_every_team_that_may_have_an_alert_must_be_able_to_take_it(
    workspace: Callable[[Files], Path], findings: Callable[..., list[Any]]
) -> None:
    lacking = {
        "{primary: rota, secondary: second}, hours: office, email: data@shop.example": "{primary: rota}",
    }
    found = [one for one in findings(workspace(texts(lacking))) if one.level == "error"]
    assert [(one.code, one.message) for one in found] == [
        ("WB504", "team `data` has nowhere for its tickets"),
        ("WB505", "team `data` has no hours, and severity `high` is bound to them"),
        ("WB502", "step 2 of `level-1` names on-call role `secondary`, which team `data` does not have"),
    ]
    no_pager = {
        "data, on_call: {primary: rota, secondary: second}": "data, paging: none, on_call: {primary: rota, secondary: second}"
    }
    found = [one for one in findings(workspace(texts(no_pager))) if one.level == "error"]
    assert [(one.code, one.message) for one in found] == [("WB503", "team `data` cannot be paged")]


def test_names_of_a_foreign_are_looked_up_in_its_own_team_first(make: Callable[..., Workspace]) -> None:
    own = "---\n{kind: Escalation, name: mine, team: platform, steps: [{notify: [{on_call: primary}]}]}\n---\nkind: Foreign\n"
    change = "otherwise: platform}\nchange: [{alert: PodCrashLooping, escalation: mine}]\n"
    found = make({"---\nkind: Foreign\n": own, "otherwise: platform}\n": change})
    alert = named(found, "PodCrashLooping")
    assert {outcome.escalation for _, outcome in alert.takers} == {"platform/mine"}
    assert alert.labels["escalation"] == "platform/mine"
