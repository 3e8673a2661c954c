"""`explain alert`: an alert's whole story, each value with where it comes from; as text in 80 columns, and as JSON."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).parents[2]
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
    executor: {url: http://executor:8080, mode: approve}
  staging: {labels: {env: staging}, prometheus: {url: http://prom-stg:9090}, alertmanager: {url: http://am-stg:9093}, at_most: ticket}
severities: {critical: {page: level-1}, warning: {ticket: team}}
severity_words: {page: critical}
runbooks: {base_url: https://runbooks.shop.example}
defaults: {keep_firing_for: 4m, labels: {company: shop}}
---
{kind: Person, name: ana, email: ana@shop.example, timezone: Europe/Berlin}
---
{kind: Person, name: bo, email: bo@shop.example}
---
kind: Schedule
name: rota
layers: [{name: days, rotation: daily, handoff: {at: "00:00"}, eras: [{from: 2026-01-05, people: [ana, bo]}]}]
---
kind: Team
name: web
on_call: {primary: rota}
roles: {manager: bo}
tickets: {webhook: {file: /run/secrets/tickets}}
defaults: {class: sla, runbook: {url: "https://wiki.shop.example/web"}}
---
kind: Escalation
name: level-1
steps: [{notify: [{on_call: primary}], wait: 5m}, {notify: [{role: manager}]}]
"""
SERVICE = """\
kind: AlertSet
name: http
params:
  job: {type: name, required: true}
  p99: {type: duration, default: 500ms, by: {staging: 5s}}
defaults: {for: 6m}
alerts:
- name: SlowAnswers
  levels: {critical: {params: {times: "2"}}, warning: {for: 20m}}
  expr: latency{job="${job}"} > ${times} * ${p99} + ${slack}
  params:
    times: {type: number, default: 1}
    slack: {type: number, default: 0, by: {production/us: 1}}
  summary: "${service} is slow"
- name: Errors
  severity: warning
  expr: errors{job="${job}"} > 1
  summary: "${service} fails"
  tests:
  - name: fires at two
    series: {'errors{job="${job}"}': 2x20}
    expect: [{at: 12m, firing: [{}]}]
---
kind: Service
name: cart
team: web
defaults: {labels: {namespace: cart}}
params: {limit: {type: number, default: 7}}
uses:
- set: http
  with: {job: cart}
  change:
    Errors:
      severity: critical
      for: 9m
      remediate: [restart]
alerts:
- name: CartsLost
  severity: critical
  expr: increase(lost_total[10m]) > ${limit}
  for: {default: 3m, by: {staging: 30m}}
  keep_firing_for: null
  labels: {part: carts}
  summary: carts are lost
  runbook: carts
---
{kind: Runbook, name: carts, immediate: ["Look at the newest carts"]}
---
kind: Remediation
name: restart
inputs: {namespace: {label: namespace, allow: [cart]}}
action: {kubernetes.rollout_restart: {cluster: one, namespace: {input: namespace}, deployment: cart}}
guardrails: {cooldown: 15m, not_during: [freeze]}
approvals: {when: {env: production}, from: [{on_call: primary}]}
---
kind: Window
name: freeze
when: {from: 2026-12-18T18:00, until: 2027-01-04T09:00}
effect: no-remediation
reason: holidays
---
kind: Foreign
name: nodes
rules: rules/*.yml
team: web
defaults: {for: 11m}
change: [{alert: NodeFull, severity: warning}]
"""
RULES = """\
groups:
- name: nodes
  rules:
  - alert: NodeFull
    expr: disk_free < 0.1
    labels: {severity: page, disk: data}
    annotations: {summary: the disk is full}
"""
FILES = {"policies/watchbill.yaml": WORKSPACE, "policies/cart.yaml": SERVICE, "policies/rules/nodes.yml": RULES}
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def shop(workspace: Callable[[Mapping[str, str]], Path]) -> Path:
    return workspace(FILES)


@pytest.fixture(scope="module")
def stories() -> dict[tuple[str, ...], dict[str, Any]]:
    """What was told already in these tests."""
    return {}


@pytest.fixture
def told(run: Run, shop: Path, stories: dict[tuple[str, ...], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def story(*arguments: str) -> dict[str, Any]:
        if arguments not in stories:
            done = run("explain", "alert", *arguments, "--format", "json", cwd=shop)
            assert done.exit == 0, done.out + done.err
            stories[arguments] = json.loads(done.out)
        return stories[arguments]

    return story


def line(file: str, text: str) -> int:
    """The only line of a file with this text."""
    (number,) = (number for number, one in enumerate(FILES[file].splitlines(), 1) if text in one)
    return number


# From each source: the alert, the key, the value, where it holds, and who says it on which line of which file.
ORIGINS = {
    "the alert itself": ("CartsLost", "labels.part", "carts", "", "alert", "policies/cart.yaml", "part: carts"),
    "a place's own value": (
        "CartsLost", "for", "30m", "in staging", "alert, by staging", "policies/cart.yaml", "by: {staging: 30m}"),
    "what the alert takes away": (
        "CartsLost", "keep_firing_for", "null", "", "alert", "policies/cart.yaml", "keep_firing_for: null"),
    "the service's defaults": (
        "CartsLost", "labels.namespace", "cart", "", "service defaults", "policies/cart.yaml", "labels: {namespace: cart}"),
    "the service's params": ("CartsLost", "params.limit", "7", "", "service", "policies/cart.yaml", "params: {limit:"),
    "the team's defaults": (
        "CartsLost", "class", "sla", "", "team defaults", "policies/watchbill.yaml", "defaults: {class: sla"),
    "the workspace's defaults": (
        "CartsLost", "labels.company", "shop", "", "workspace defaults", "policies/watchbill.yaml", "company: shop"),
    "the environment": (
        "CartsLost", "labels.cluster", "us-1", "in production/us", "place", "policies/watchbill.yaml", "cluster: us-1"),
    "the language": ("CartsLost", "no_data", "warning after 10m", "", "default", None, ""),
    "a set's alert": ("Errors", "summary", "cart fails", "", "set", "policies/cart.yaml", '"${service} fails"'),
    "a set's defaults": ("SlowAnswers", "for", "6m", "critical", "set defaults", "policies/cart.yaml", "defaults: {for: 6m}"),
    "a set's param, by a place": (
        "SlowAnswers", "params.p99", "5s", "in staging", "set param, by staging", "policies/cart.yaml", "default: 500ms"),
    "with": ("SlowAnswers", "params.job", "cart", "", "with", "policies/cart.yaml", "with: {job: cart}"),
    "a param of the alert, by one source": (
        "SlowAnswers", "params.slack", "1", "in production/us", "param, by production/us", "policies/cart.yaml", "slack:"),
    "a level": ("SlowAnswers", "params.times", "2", "critical", "level", "policies/cart.yaml", "levels:"),
    "a level's own duration": ("SlowAnswers", "for", "20m", "warning", "level", "policies/cart.yaml", "levels:"),
    "a change": ("Errors", "for", "9m", "", "change", "policies/cart.yaml", "for: 9m"),
    "a rule of others": ("NodeFull", "labels.disk", "data", "", "rule", "policies/rules/nodes.yml", "disk: data"),
    "a summary of others": (
        "NodeFull", "summary", "the disk is full", "", "rule", "policies/rules/nodes.yml", "the disk is full"),
    "what a Foreign adds": ("NodeFull", "for", "11m", "", "rules defaults", "policies/cart.yaml", "defaults: {for: 11m}"),
    "what a Foreign changes": ("NodeFull", "severity", "warning", "", "change", "policies/cart.yaml", "change: [{alert"),
}  # fmt: skip


@pytest.mark.parametrize(("alert", "key", "value", "where", "origin", "file", "text"), ORIGINS.values(), ids=ORIGINS)
def test_each_value_says_where_it_comes_from(
    told: Callable[..., dict[str, Any]],
    alert: str, key: str, value: str, where: str, origin: str, file: str | None, text: str,
) -> None:  # fmt: skip
    (held,) = (one["values"] for one in told(alert)["values"] if one["key"] == key)
    (found,) = (one for one in held if one["value"] == value and one["where"] == where)
    said = found["from"] + (f", by {found['by']}" if found["by"] else "")
    assert (said, found["file"]) == (origin, file)
    assert found["line"] == (line(file, text) if file else None)


def test_a_change_says_what_stood_there_before(told: Callable[..., dict[str, Any]]) -> None:
    (severity,) = (one["values"] for one in told("NodeFull")["values"] if one["key"] == "severity")
    rule = line("policies/rules/nodes.yml", "severity: page")
    assert severity[0]["before"] == {
        "value": "critical", "from": "rule", "by": None, "file": "policies/rules/nodes.yml", "line": rule,
    }  # fmt: skip
    (held,) = (one["values"] for one in told("Errors")["values"] if one["key"] == "severity")
    assert held[0]["before"]["value"] == "warning"


def test_an_alert_for_missing_data_has_a_story_of_its_own(told: Callable[..., dict[str, Any]]) -> None:
    story = told("CartsLostNoData")
    assert story["no_data_of"] == "CartsLost"
    values = {one["key"]: one["values"][0] for one in story["values"]}
    assert (values["severity"]["value"], values["severity"]["from"]) == ("warning", "default")
    assert (values["expr"]["value"], values["expr"]["from"]) == ("absent(lost_total)", "watchbill")


def test_it_tells_what_each_place_makes_of_it_and_why(told: Callable[..., dict[str, Any]]) -> None:
    page, ticket = told("CartsLost")["leads_to"]
    assert (page["where"], page["words"]) == ("production", "pages web by level-1")
    assert (ticket["where"], ticket["words"]) == ("staging", "a ticket for web")
    assert [one["key"] for one in ticket["because"]] == ["severity", "at_most", "timing"]
    assert ticket["because"][1]["line"] == line("policies/watchbill.yaml", "at_most: ticket")
    assert told("CartsLost", "--in", "staging")["where"] == "staging"
    assert page["receivers"] == [{"name": "web-critical", "muted_by": []}]


@pytest.mark.parametrize(
    ("instant", "muted"),
    [
        ("2026-12-25T13:00Z", {"customer-medium": ["sao-paulo-hours:closed"]}),  # a holiday
        ("2026-12-28T13:00Z", {"customer-medium-outside": ["sao-paulo-hours:outside"]}),
    ],
)
def test_it_says_which_receiver_is_muted_at_that_instant(run: Run, instant: str, muted: dict[str, list[str]]) -> None:
    done = run(
        "explain", "alert", "SearchFindsNothing", "--in", "production", "--at", instant, "--format", "json", cwd=TOP
    )
    (found,) = json.loads(done.out)["leads_to"]
    assert {one["name"]: one["muted_by"] for one in found["receivers"] if one["muted_by"]} == muted
    assert [one["name"] for one in found["receivers"]] == ["customer-medium", "customer-medium-outside"]


@pytest.mark.parametrize(("day", "person", "there"), [("10", "ana", "04:00"), ("11", "bo", "03:00")])
def test_it_names_the_people_of_each_step_at_an_instant(
    told: Callable[..., dict[str, Any]], day: str, person: str, there: str
) -> None:
    (story,) = told("CartsLost", "--at", f"2026-02-{day}T03:00Z")["on_call"]
    first, second = story["steps"]
    assert [one["name"] for one in first["reaches"]] == [person]
    assert first["reaches"][0]["local_time"][11:16] == there
    assert (second["after_seconds"], second["reaches"][0]["name"]) == (300, "bo")


def test_it_tells_what_is_done_and_what_keeps_the_machine_from_it(told: Callable[..., dict[str, Any]]) -> None:
    story = told("Errors")
    (remedy,) = story["remediate"]
    assert remedy["action"].startswith("Restart the pods of Deployment cart")
    gates = "\n".join(remedy["gates"])
    for part in (
        "asks a person",
        "primary on call of web",
        "not again within 15m",
        "not during freeze",
        "quiet for 2m",
    ):
        assert part in gates
    assert [one["window"] for one in story["quieter"]] == ["freeze"]
    assert told("CartsLost")["runbook"]["first"] == ["Look at the newest carts"]
    assert [(one["name"], one["fires"]) for one in story["tests"]] == [("fires at two", True)]


def test_the_text_says_all_of_it_in_80_columns(run: Run) -> None:
    done = run("explain", "alert", "accounts/HighErrorRate", "--at", "2026-12-25T03:00Z", cwd=TOP)
    assert done.exit == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    for part in ("Written in", "What is in force", "Where it goes", "Who answers", "What to do", "Tests"):
        assert f"\n{part}" in done.out
    assert re.search(r"limit +10% +critical +level :\d+\n +5% +high +level :\d+\n", done.out)
    assert re.search(r"at once +caio \(Fri 00:00 there\) · primary by customer/customer-primary", done.out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["alert"], "name an alert"),
        (["alert", "CartLost"], "Did you mean `CartsLost`?"),
        (["alert", "CartsLost", "--in", "prodution"], "Did you mean `production`?"),
        (["alert", "other/CartsLost"], "elsewhere there is `CartsLost`"),
        (["WB204", "--at", "2026-02-10T03:00Z"], "belong to `explain alert NAME`"),
    ],
)
def test_what_cannot_be_answered_is_said(run: Run, shop: Path, arguments: list[str], message: str) -> None:
    done = run("explain", *arguments, cwd=shop)
    assert done.exit == 64
    assert message in done.err


def test_an_alert_that_several_services_have_is_asked_back(run: Run) -> None:
    done = run("explain", "alert", "HighErrorRate", cwd=TOP)
    assert done.exit == 64
    assert "watchbill explain alert accounts/HighErrorRate" in done.err


def test_the_workspace_tells_its_settings_the_same_way(run: Run, shop: Path) -> None:
    found = json.loads(run("explain", "workspace", "--format", "json", cwd=shop).out)["settings"]
    settings = {one["key"]: one for one in found}
    assert settings["severities.critical"]["line"] == line("policies/watchbill.yaml", "severities: {")
    assert settings["environments.production.sources.us"]["line"] == line("policies/watchbill.yaml", "name: us")
    assert (settings["timing.critical"]["written"], settings["timing.critical"]["line"]) == (False, None)
    shown = run("explain", "workspace", cwd=shop).out.splitlines()
    assert max(map(len, shown)) <= 80
    assert any(re.search(r"severities.critical +pages by escalation level-1 +:13$", one) for one in shown)
    assert any(one.endswith(" default") for one in shown)


def test_an_alert_is_explained_though_something_else_is_broken(
    run: Run, workspace: Callable[[Mapping[str, str]], Path]
) -> None:
    root = workspace({**FILES, "policies/other.yaml": "{kind: Service, name: other, team: web, colour: red}\n"})
    done = run("explain", "alert", "CartsLost", cwd=root)
    assert done.exit == 1
    assert done.out.startswith("CartsLost\n  cart, tier 3 · team web · everywhere\n")
    assert "Found 1 error" in done.err
