"""Rules somebody else wrote: carried over in their groups, routed and patched as the policy says, and tested."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.output.gates import gate, run_tests
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
  staging: {labels: {env: staging}, prometheus: {url: http://prom-stg:9090}}
severities: {critical: {page: default}, high: {page: default}, warning: {page: default}}
severity_words: {page: critical, error: high}
classes: [business, platform]
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: ops, on_call: {primary: rota}, defaults: {keep_firing_for: 2m}}
---
{kind: Escalation, name: loud, steps: [{notify: [{on_call: primary}]}]}
---
kind: Runbook
name: crash-looping
immediate: [look]
---
kind: Foreign
name: mixin
rules: rules/*.yaml
team: ops
defaults: {class: platform, annotations: {origin: mixin}}
change:
- {alert: CpuOvercommit, off: true, reason: autoscaled}
- alert: PodLooping
  severity: high
  for: {default: 30m, by: {production: 10m}}
  escalation: loud
  runbook: {url: https://r.example/loops}
  tests:
  - name: fires for a pod that restarts
    series:
      restarts_total{pod="a"}: 0+1x60
      restarts_total{pod="b"}: 5x60
    expect: [{at: 5m, firing: []}, {at: 50m, firing: [{pod: a}]}]
  - name: fires sooner in production
    in: production
    series: {'restarts_total{pod="a"}': 0+1x60}
    expect: [{at: 20m, firing: [{pod: a}]}]
"""
RULES = """\
groups:
- name: pods
  interval: 30s
  limit: 100
  labels: {origin: upstream}
  rules:
  - record: pod:restarts:rate10m
    expr: sum by (pod) (rate(restarts_total[10m]))
  - alert: PodLooping
    expr: pod:restarts:rate10m > 0.01
    for: 15m
    labels: {severity: page}
    annotations:
      summary: "{{ $labels.pod }} restarts ${not_a_param}"
      runbook_url: https://upstream.example/pod-looping
  - alert: CpuOvercommit
    expr: cpu > 1
    labels: {severity: warning}
- name: nodes
  rules:
  - alert: NodeDown
    expr: up{job="node"} == 0
    labels: {severity: error}
    annotations: {message: "a node is down", runbook_url: "https://upstream.example/{{ $labels.node }}"}
"""
OPERATOR = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: more}
spec:
  groups:
  - name: more
    rules: [{alert: DiskFull, expr: disk > 0.9, labels: {severity: critical}, annotations: {runbook_url: "https://r.example"}}]
"""
Make = Callable[[Mapping[str, str | bytes]], Path]
Findings = Callable[..., list[Any]]


def texts(changes: Mapping[str, str] = {}) -> dict[str, str | bytes]:
    files = {"policies/watchbill.yaml": WORKSPACE, "policies/rules/a.yaml": RULES, "policies/rules/b.yaml": OPERATOR}
    for old, new in changes.items():
        assert sum(text.count(old) for text in files.values()) == 1, old
        files = {name: text.replace(old, new) for name, text in files.items()}
    return dict(files)


@pytest.fixture(scope="module")
def found(workspace: Make) -> Workspace:
    return read(workspace(texts()))


def read(root: Path) -> Workspace:
    made, _, told = read_workspace(root, cache=False)
    assert [one.message for one in told if one.level == "error"] == []
    assert made is not None
    return made


def named(found: Workspace, name: str, place: str = "production/eu") -> ResolvedAlert:
    (alert,) = (alert for alert in found.places[place].alerts if alert.name == name)
    return alert


def test_the_groups_are_carried_over_with_their_settings_and_in_their_order(found: Workspace) -> None:
    (service,) = found.places["production/eu"].services
    assert [
        (group.name, group.interval, group.limit, [rule.name for rule in group.rules]) for group in service.groups
    ] == [
        ("pods", "30s", 100, ["pod:restarts:rate10m", "PodLooping"]),
        ("nodes", None, None, ["NodeDown"]),
        ("more", None, None, ["DiskFull", "DiskFullNoData"]),
    ]


def test_a_change_stands_above_the_rule_and_the_rule_above_the_defaults(found: Workspace) -> None:
    alert = named(found, "PodLooping")
    assert (alert.severity, alert.for_, alert.class_, alert.keep_firing_for) == ("high", "10m", "platform", "2m")
    assert named(found, "PodLooping", "staging/default").for_ == "30m"
    assert (alert.runbook_url, alert.outcome.escalation) == ("https://r.example/loops", "loud")
    assert alert.labels == {
        "severity": "high",
        "team": "ops",
        "service": "mixin",
        "class": "platform",
        "escalation": "loud",
        "ownership": "",
        "page_per": "",
        "origin": "upstream",
        "env": "production",
        "cluster": "eu-1",
    }
    assert alert.annotations["origin"] == "mixin"


def test_words_for_severities_become_ours(found: Workspace) -> None:
    assert [named(found, name).severity for name in ("NodeDown", "DiskFull")] == ["high", "critical"]


def test_texts_of_others_have_no_params_of_ours_and_a_message_is_a_summary(found: Workspace) -> None:
    assert named(found, "PodLooping").annotations["summary"] == "{{ $labels.pod }} restarts ${not_a_param}"
    assert named(found, "NodeDown").annotations["summary"] == "a node is down"
    assert named(found, "NodeDown").runbook_url is None  # theirs is a template: it is no address


def test_what_is_turned_off_is_gone_from_rules_and_from_the_model(found: Workspace) -> None:
    assert "CpuOvercommit" not in {alert.name for alert in found.places["production/eu"].alerts}


@pytest.mark.tools
def test_promtool_takes_the_rules_and_runs_the_tests_of_a_change(
    promtool: Path, found: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    artifacts = prometheus.build(found)
    _, problems = gate(artifacts, found.root)
    assert problems == []
    ran, failures = run_tests(artifacts, found.root)
    assert [(one.message, one.notes) for one in failures] == []
    assert (ran.total if ran else 0) == 5  # once for each place where it runs


@pytest.mark.tools
def test_a_failing_test_of_a_change_leads_back_to_the_change(
    promtool: Path, workspace: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    root = workspace(texts({"{at: 50m, firing: [{pod: a}]}": "{at: 50m, firing: [{pod: b}]}"}))
    made = read(root)
    ran, failures = run_tests(prometheus.build(made), root)
    assert (ran.failed if ran else 0) == 3
    assert {(one.where.file, one.where.path) for one in failures if one.where is not None} == {
        ("policies/watchbill.yaml", ("change", 1, "tests", 0))
    }


def test_a_file_that_a_foreign_names_is_not_read_as_policy(workspace: Make, findings: Findings) -> None:
    assert {one.code for one in findings(workspace(texts())) if one.level == "error"} <= {"WB601"}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"labels: {severity: error}": "labels: {severity: urgent}"}, "WB221", "rules of `mixin` have severity `urgent`, which the workspace does not know"),
        ({"labels: {severity: error}": "labels: {}"}, "WB104", "`NodeDown` has no severity"),
        ({"alert: CpuOvercommit, off": "alert: CpuOvercomit, off"}, "WB221", "unknown alert `CpuOvercomit`"),
        ({"off: true, reason: autoscaled": "off: true"}, "WB104", "`CpuOvercommit` is turned off without a reason"),
        ({"rules: rules/*.yaml": "rules: rule/*.yaml"}, "WB225", "no file is named by the rules of `mixin`"),
        ({"expr: cpu > 1": "expr: cpu >"}, "", ""),
        ({'expr: up{job="node"} == 0': "expr: up{job= == 0"}, "WB301", "PromQL: expected a quoted value, found `==`"),
        ({"escalation: loud": "escalation: louder"}, "WB204", "unknown Escalation `louder`"),
        ({"by: {production: 10m}": "by: {produktion: 10m}"}, "WB221", "unknown place `produktion`"),
        ({"  interval: 30s": "  intervall: 30s"}, "WB101", "unknown key `intervall`"),
        ({"rules: [{alert: DiskFull, ": "rules: [{alert: DiskFull, record: x, "}, "WB105", "both `alert` and `record` are given"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(
    workspace: Make, findings: Findings, changes: Mapping[str, str], code: str, message: str
) -> None:
    told = [
        (one.code, one.message) for one in findings(workspace(texts(changes))) if one.code not in ("WB601", "WB415")
    ]
    if code:
        assert code in [one for one, _ in told]
        assert any(text.startswith(message.split(":", maxsplit=1)[0]) for _, text in told), told
    else:
        assert [one for one in told if one[0] == "WB301"] == []  # what is off is not read


def test_one_word_that_nobody_knows_is_told_once_with_how_often(workspace: Make, findings: Findings) -> None:
    changes = {
        "labels: {severity: error}": "labels: {severity: urgent}",
        "labels: {severity: critical}": "labels: {severity: urgent}",
    }
    told = [one for one in findings(workspace(texts(changes))) if one.code == "WB221"]
    assert [(one.message, one.text) for one in told] == [
        ("rules of `mixin` have severity `urgent`, which the workspace does not know (and 1 more rules)", "urgent")
    ]


def test_the_rules_are_written_to_one_file_of_the_foreigns_team(found: Workspace) -> None:
    paths = [one.path for one in prometheus.build(found) if one.path.startswith("production/prometheus/eu/")]
    assert paths == ["production/prometheus/eu/ops/mixin.rules.yml", "production/prometheus/eu/ops/mixin.test.yml"]
    artifact = next(one for one in prometheus.build(found) if one.path == paths[0])
    assert [group["name"] for group in yaml.safe_load(artifact.text)["groups"]] == ["pods", "nodes", "more"]
    assert artifact.sources == ("Foreign/mixin",)
