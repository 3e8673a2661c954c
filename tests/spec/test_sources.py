"""Sources where the labels stand on the series: every selector asks for them, and nothing may lose them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.output.gates import gate, run_tests
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import executor, prometheus, runbooks

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: all, labels_on: series, holds: [eu-1, us-1], mimir: {url: http://mimir:8080, tenant: shop}}
    - {name: edge, labels: {cluster: edge-1}, labels_on: series, prometheus: {url: http://edge:9090}}
    - {name: own, labels: {cluster: own-1}, prometheus: {url: http://own:9090}}
    identity: [env, cluster]
    alertmanager: {url: http://am:9093}
severities: {critical: {page: default}, warning: {page: default}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: shop, on_call: {primary: rota}}
---
kind: Service
name: web
team: shop
defaults: {runbook: {url: "https://r.example"}}
records:
- {name: "web:errors:rate5m", expr: 'sum by (env, cluster, route) (rate(errors_total[5m]))'}
alerts:
- name: WebDown
  severity: critical
  expr: up{job="web"} == 0
  summary: "{{ $labels.cluster }}: {{ $labels.instance }} is down"
  tests:
  - name: fires for an instance that is down
    series: {'up{job="web", instance="a"}': 0x10}
    expect: [{at: 5m, firing: [{instance: a, env: production}]}]
  - name: sees nothing of another environment
    in: production/all
    series: {'up{job="web", instance="a", env="staging"}': 0x10}
    expect: [{at: 5m, firing: []}]
- name: ErrorsHigh
  severity: warning
  expr: web:errors:rate5m > 1
  summary: "{{ $labels.route }}"
---
kind: Foreign
name: mixin
rules: rules/*.yaml
team: shop
"""
RULES = """\
groups:
- name: g
  rules:
  - record: node:cpu:rate5m
    expr: rate(cpu_total[5m])
  - alert: CpuHigh
    expr: node:cpu:rate5m > 0.9
    labels: {severity: warning}
    annotations: {summary: cpu, runbook_url: "https://r.example"}
"""
Make = Callable[[Mapping[str, str | bytes]], Path]
Findings = Callable[..., list[Any]]


def texts(changes: Mapping[str, str] = {}) -> dict[str, str | bytes]:
    text = WORKSPACE
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {"policies/watchbill.yaml": text, "policies/rules/r.yaml": RULES}


@pytest.fixture(scope="module")
def found(workspace: Make) -> Workspace:
    read, _, told = read_workspace(workspace(texts()), cache=False)
    assert [one.message for one in told if one.level == "error"] == []
    assert read is not None
    return read


def named(found: Workspace, place: str, name: str) -> ResolvedAlert:
    (alert,) = (alert for alert in found.places[place].alerts if alert.name == name)
    return alert


def test_every_selector_asks_for_the_labels_and_no_rule_writes_them(found: Workspace) -> None:
    assert named(found, "production/all", "WebDown").expr == 'up{job="web", env="production"} == 0'
    assert named(found, "production/edge", "WebDown").expr == 'up{job="web", env="production", cluster="edge-1"} == 0'
    assert named(found, "production/own", "WebDown").expr == 'up{job="web"} == 0'
    assert {"env", "cluster"} & named(found, "production/all", "WebDown").labels.keys() == set()
    assert {"env", "cluster"} <= named(found, "production/own", "WebDown").labels.keys()
    assert named(found, "production/all", "WebDown").incident_key == ("alertname", "service", "env", "cluster")


def test_records_and_foreign_rules_ask_for_them_as_well(found: Workspace) -> None:
    place = found.places["production/all"]
    records = {record.name: (record.expr, record.labels) for service in place.services for record in service.records}
    assert records == {
        "web:errors:rate5m": ('sum by (env, cluster, route) (rate(errors_total{env="production"}[5m]))', {}),
        "node:cpu:rate5m": ('rate(cpu_total{env="production"}[5m])', {}),
    }
    assert named(found, "production/all", "CpuHigh").expr == 'node:cpu:rate5m{env="production"} > 0.9'


def test_data_that_is_gone_is_noticed_for_each_cluster_that_a_source_holds(found: Workspace) -> None:
    assert named(found, "production/all", "WebDownNoData").expr == (
        'absent(up{job="web", env="production", cluster="eu-1"}) or absent(up{job="web", env="production", cluster="us-1"})'
    )
    assert named(found, "production/edge", "WebDownNoData").expr == (
        'absent(up{job="web", env="production", cluster="edge-1"})'
    )
    assert named(found, "production/own", "WebDownNoData").expr == 'absent(up{job="web"})'


def test_a_selector_that_names_a_cluster_itself_is_watched_there_only(workspace: Make) -> None:
    only = {
        'expr: up{job="web"} == 0': 'expr: up{job="web", cluster=~"eu-.*"} == 0',
        '  summary: "{{ $labels.cluster }}': '  only: [production/all]\n  summary: "{{ $labels.cluster }}',
    }
    read, _, _ = read_workspace(workspace(texts(only)), cache=False)
    assert read is not None
    assert named(read, "production/all", "WebDownNoData").expr == (
        'absent(up{job="web", cluster="eu-1", env="production"})'
    )


def test_a_place_says_where_promql_is_asked_and_for_whom(found: Workspace) -> None:
    place = found.places["production/all"]
    assert (place.prometheus_url, place.tenant, place.held, place.holds) == (
        "http://mimir:8080/prometheus",
        "shop",
        "cluster",
        ("eu-1", "us-1"),
    )
    assert place.identities == ({"env": "production", "cluster": "eu-1"}, {"env": "production", "cluster": "us-1"})
    assert found.places["production/edge"].identities == ({"env": "production", "cluster": "edge-1"},)


@pytest.mark.tools
def test_promtool_takes_the_rules_and_the_tests_pass_in_every_source(
    promtool: Path, found: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    artifacts = prometheus.build(found)
    passed, problems = gate(artifacts, found.root)
    assert problems == []
    assert [one.tool for one in passed] == ["promtool"]
    ran, failures = run_tests(artifacts, found.root)
    assert [(one.message, one.notes) for one in failures] == []
    assert ran is not None
    assert ran.total == 4


def test_the_series_of_a_test_stand_in_the_place(found: Workspace) -> None:
    artifact = next(one for one in prometheus.build(found) if one.path.endswith("all/shop/web.test.yml"))
    series = [case["input_series"][0]["series"] for case in yaml.safe_load(artifact.text)["tests"]]
    assert series == [
        'up{job="web", instance="a", env="production", cluster="eu-1"}',
        'up{job="web", instance="a", env="staging", cluster="eu-1"}',
    ]


def test_what_a_runbook_and_the_machine_ask_is_asked_of_the_same_series(workspace: Make) -> None:
    more = """\
---
kind: Runbook
name: look
immediate: [{promql: "topk(5, errors_total)"}]
---
kind: Diagnostic
name: evidence
collect: [{promql: "rate(errors_total[5m])"}]
---
kind: Remediation
name: again
action: {systemd.restart: {host: a, unit: web}}
guardrails: {cooldown: 15m, keep_healthy: {expr: "count(up)", at_least: 2}}
approvals: {from: [{on_call: primary}]}
"""
    alertmanager = "    alertmanager: {url: http://am:9093}\n"
    down = '  expr: up{job="web"} == 0\n'
    changes = {
        alertmanager: f"{alertmanager}    executor: {{url: http://ex:8080}}\n",
        "severities: {critical": "runbooks: {base_url: https://r.example}\nseverities: {critical",
        down: f"{down}  runbook: look\n  diagnose: [evidence]\n  remediate: [again]\n",
    }
    read, _, told = read_workspace(workspace({**texts(changes), "policies/more.yaml": more}), cache=False)
    assert [one.message for one in told if one.level == "error"] == []
    assert read is not None
    (plan,) = (json.loads(one.text) for one in executor.build(read))
    assert plan["diagnostics"]["evidence"]["collect"][0]["by"] == {
        "all": {"promql": 'rate(errors_total{env="production"}[5m])'},
        "edge": {"promql": 'rate(errors_total{env="production", cluster="edge-1"}[5m])'},
    }
    floor = plan["remediations"]["again"]["guardrails"]["keep_healthy"]
    assert floor["by"]["all"] == {"expr": 'count(up{env="production"})'}
    assert plan["places"]["all"]["tenant"] == "shop"
    page = next(one.text for one in runbooks.build(read) if one.path.endswith("/look.md"))
    assert (
        "http://mimir:8080/prometheus/graph?g0.expr=topk%285%2C%20errors_total%7Benv%3D%22production%22%7D%29" in page
    )
    assert "http://own:9090/graph?g0.expr=topk%285%2C%20errors_total%29" in page


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"sum by (env, cluster, route) (rate": "sum ⟦by (env, route)⟧ (rate"}, "WB308", "identity label `cluster` is lost: `sum by (env, route)` keeps only `env` and `route`"),
        ({"sum by (env, cluster, route) (rate": "sum ⟦by (route)⟧ (rate"}, "WB308", "identity label `env` is lost: `sum by (route)` keeps only `route`"),
        ({"expr: web:errors:rate5m > 1": "expr: ⟦absent(up)⟧ == 1"}, "WB308", "identity label `cluster` is lost: `absent` yields only the labels that its selector fixes with `=`, `env`"),
        ({"expr: web:errors:rate5m > 1": "expr: ⟦vector(1)⟧ > 0"}, "WB308", "identity label `env` is lost: `vector()` has no labels"),
        ({'expr: up{job="web"} == 0': 'expr: up{job="web", ⟦env="staging"⟧} == 0'}, "WB309", '`env="staging"` stands here already, where `env="production"` should be added'),
        ({"expr: web:errors:rate5m > 1": 'params: {most: {type: name, default: abcdefgh}}\n  expr: web:errors:rate5m{a="${most}", ⟦env=~".*"⟧} > 1'}, "WB309", '`env=~".*"` stands here already, where `env="production"` should be added'),
    ],
)  # fmt: skip
def test_an_expression_that_loses_its_place_is_refused_with_a_caret_under_the_construct(
    workspace: Make,
    findings: Findings,
    marked: Callable[[str], tuple[str, tuple[int, int, int, int]]],
    changes: Mapping[str, str],
    code: str,
    message: str,
) -> None:
    policy, place = marked(str(texts(changes)["policies/watchbill.yaml"]))
    found = findings(workspace({**texts(), "policies/watchbill.yaml": policy}))
    told = [(one.code, one.message, one.place) for one in found if one.code in ("WB308", "WB309")]
    assert (code, message, place) in told


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"holds: [eu-1, us-1], ": ""}, "WB104", "`production/all` does not say which values of `cluster` it holds"),
        ({"holds: [eu-1, us-1]": "holds: [eu-1, eu-1]"}, "WB103", "`eu-1` stands here twice"),
        ({"    identity: [env, cluster]\n": "    identity: [env]\n"}, "WB103", "every identity label of `production/all` has a value: `holds` says nothing"),
        ({"    identity: [env, cluster]\n": "    identity: [env, cluster, zone]\n"}, "WB103", "`production/all` fixes none of the identity labels cluster, zone"),
        ({"holds: [eu-1, us-1]": "holds: [eu-1, own-1]"}, "WB103", "alerts of sources `all` and `own` cannot be told apart: both carry cluster=own-1"),
        ({"{cluster: own-1}, prom": "{cluster: own-1}, holds: [a], prom"}, "WB103", "`holds` belongs to `labels_on: series`"),
        ({"mimir: {url: http://mimir:8080, tenant: shop}": "mimir: {url: http://mimir:8080, tenant: shop}, prometheus: {url: http://x}"}, "WB105", "both `prometheus` and `mimir` are given"),
        ({", mimir: {url: http://mimir:8080, tenant: shop}": ""}, "WB105", "one of `prometheus`, `mimir` is missing"),
        ({"tenant: shop}": "tenant: shop, max_groups: 0}"}, "WB103", "`max_groups: 0` leaves no room for any rule"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_source_is_said(
    workspace: Make, findings: Findings, changes: Mapping[str, str], code: str, message: str
) -> None:
    assert (code, message) in [(one.code, one.message) for one in findings(workspace(texts(changes)))]
