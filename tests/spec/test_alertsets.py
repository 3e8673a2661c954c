"""AlertSets: alerts written once, and what each service makes of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from watchbill.output.gates import run_tests
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import prometheus

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production: {labels: {env: production}, prometheus: {url: http://prom:9090}}
  staging: {labels: {env: staging}, prometheus: {url: http://prom-stg:9090}}
severities: {critical: {page: default}, warning: {page: default}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: shop, on_call: {primary: rota}}
---
kind: AlertSet
name: http
params:
  job: {type: name, required: true}
  errors: {type: ratio, default: 1%, by: {staging: 10%}}
  p99: {type: duration, default: 500ms}
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
records:
- {name: "${job}:errors:ratio", expr: 'sum by (job) (errors{job="${job}"})'}
alerts:
- name: ErrorsHigh
  severity: critical
  expr: ${job}:errors:ratio > ${errors}
  summary: "${service} of ${team} fails (limit ${errors})"
  tests:
  - name: fires above the limit
    in: production
    series: {'errors{job="${job}"}': 0.5x10}
    expect: [{at: 5m, firing: [{}]}]
- name: LatencyHigh
  levels: {critical: {params: {limit: 5s}}, warning: {params: {limit: 2s}}}
  params: {limit: {type: duration, default: 1s}}
  expr: latency{job="${job}"} > ${limit} + ${p99}
  summary: slow
- name: Saturated
  severity: warning
  expr: saturation{job="${job}"} > 1
  summary: full
---
kind: Service
name: web
team: shop
uses: [{set: http, with: {job: web}}]
alerts:
- {name: Own, severity: warning, expr: own > 1, summary: own, runbook: {url: "https://r.example"}}
---
kind: Service
name: cart
team: shop
uses:
- set: http
  with: {job: cart, errors: {default: 2%, by: {staging: 20%}}, p99: 1s}
  without: [Saturated]
  change:
    ErrorsHigh: {for: 10m, expr: "${job}:errors:ratio > ${errors} * 2", severity: warning}
    LatencyHigh: {severity: warning}
"""
Make = Callable[[Mapping[str, str | bytes]], Path]
Findings = Callable[..., list[Any]]


def texts(changes: Mapping[str, str] = {}) -> dict[str, str | bytes]:
    text = WORKSPACE
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {"policies/watchbill.yaml": text}


@pytest.fixture(scope="module")
def found(workspace: Make) -> Workspace:
    made, _, told = read_workspace(workspace(texts()), cache=False)
    assert [one.message for one in told] == []
    assert made is not None
    return made


def alerts(found: Workspace, service: str, place: str = "production/default") -> dict[tuple[str, str], ResolvedAlert]:
    return {(one.name, one.severity): one for one in found.places[place].alerts if one.service == service}


def test_a_service_has_the_alerts_of_its_sets_before_its_own(found: Workspace) -> None:
    assert list(alerts(found, "web")) == [
        ("ErrorsHigh", "critical"),
        ("LatencyHigh", "critical"),
        ("LatencyHigh", "warning"),
        ("Saturated", "warning"),
        ("Own", "warning"),
    ]


def test_what_a_use_gives_stands_in_expressions_texts_and_names_of_records(found: Workspace) -> None:
    web, cart = alerts(found, "web"), alerts(found, "cart")
    assert web["ErrorsHigh", "critical"].expr == "web:errors:ratio > 0.01"
    assert web["ErrorsHigh", "critical"].annotations["summary"] == "web of shop fails (limit 1%)"
    assert cart["ErrorsHigh", "warning"].expr == "cart:errors:ratio > 0.02 * 2"
    assert alerts(found, "cart", "staging/default")["ErrorsHigh", "warning"].expr == "cart:errors:ratio > 0.2 * 2"
    assert alerts(found, "web", "staging/default")["ErrorsHigh", "critical"].expr == "web:errors:ratio > 0.1"
    names = [record.name for service in found.places["production/default"].services for record in service.records]
    assert names == ["cart:errors:ratio", "web:errors:ratio"]


def test_a_use_leaves_alerts_out_and_changes_others(found: Workspace) -> None:
    cart = alerts(found, "cart")
    assert list(cart) == [("ErrorsHigh", "warning"), ("LatencyHigh", "warning")]
    assert cart["ErrorsHigh", "warning"].for_ == "10m"
    assert cart["LatencyHigh", "warning"].expr == 'latency{job="cart"} > 1 + 1'  # a severity takes the place of levels


def test_the_tests_of_a_set_run_for_one_service_and_where_a_use_changes_the_expression(found: Workspace) -> None:
    tested = [
        (alert.service, one.test.series) for alert in found.places["production/default"].alerts for one in alert.tests
    ]
    assert tested == [
        ("cart", {'errors{job="cart"}': "0.5x10"}),
        ("web", {'errors{job="web"}': "0.5x10"}),
    ]


@pytest.mark.tools
def test_promtool_runs_them(promtool: Path, found: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    ran, failures = run_tests(prometheus.build(found), found.root)
    # That of `cart` does not fire yet: the change made it wait ten minutes.
    assert (ran.total if ran else 0, [one.message for one in failures]) == (
        2,
        ["in production/default: ErrorsHigh: fires above the limit"],
    )


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"with: {job: web}": "with: {}"}, "WB104", "set `http` requires param `job`"),
        ({"with: {job: web}": "with: {job: web, jobb: x}"}, "WB221", "unknown param `jobb`"),
        ({"p99: 1s": "p99: fast"}, "WB223", "`fast` is not a duration such as 500ms or 5m"),
        ({"without: [Saturated]": "without: [Saturatd]"}, "WB221", "unknown alert `Saturatd`"),
        ({"    LatencyHigh: {severity: warning}": "    LatencyHi: {severity: warning}"}, "WB221", "unknown alert `LatencyHi`"),
        ({"uses: [{set: http,": "uses: [{set: htpp,"}, "WB211", "unknown AlertSet `htpp`"),
        ({"- {name: Own,": "- {name: Saturated,"}, "WB220", "service `web` has two alerts named `Saturated`"),
        ({"job: {type: name, required: true}": "job: {type: name}"}, "WB105", "one of `default`, `required` is missing"),
        ({'name: "${job}:errors:ratio"': 'name: "${jobb}:errors:ratio"'}, "WB222", "unknown param `jobb`"),
        ({"with: {job: web}": "with: {job: we-b}"}, "WB223", "`we-b:errors:ratio` is not a metric name"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_set_or_a_use_is_said(
    workspace: Make, findings: Findings, changes: Mapping[str, str], code: str, message: str
) -> None:
    assert (code, message) in [(one.code, one.message) for one in findings(workspace(texts(changes)))]


def test_a_mistake_in_a_set_is_told_in_the_set_once(workspace: Make, findings: Findings) -> None:
    found = findings(workspace(texts({'expr: saturation{job="${job}"} > 1': 'expr: saturation{job="${job}"} >'})))
    told = [(one.code, one.text) for one in found if one.code.startswith("WB3")]
    assert len(told) == 1


def test_a_mistake_in_what_a_use_changes_is_told_there(workspace: Make, findings: Findings) -> None:
    old = '"${job}:errors:ratio > ${errors} * 2"'
    found = findings(workspace(texts({old: '"${job}:errors:ratio > ${errors} ** 2"'})))
    told = [(one.code, one.text, one.place[0]) for one in found if one.code.startswith("WB3")]
    line = WORKSPACE[: WORKSPACE.index(old)].count("\n") + 1
    assert told == [("WB301", "*", line)]
