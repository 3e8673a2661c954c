"""The executor's plan: all it needs, nothing else, every name defined, no secret written out, the same bytes always."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from watchbill.spec.resolve import read_workspace
from watchbill.targets import executor
from watchbill.targets.artifact import Artifact

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
    alertmanager: {peers: [http://am-0:9093, http://am-1:9093]}
    executor: {url: http://executor:8080, mode: auto, token: {file: /run/secrets/intake}}
  staging:
    labels: {env: staging}
    prometheus: {url: http://prom-stg:9090}
    executor: {url: http://executor-stg:8080, mode: observe}
    at_most: ticket
  lab:
    labels: {env: lab}
    prometheus: {url: http://prom-lab:9090}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
  none: {drop: true}
classes: [business, security]
roles: {ciso: {person: noor}, legal: {phone: {env: LEGAL_HOTLINE}}}
catch_all: {team: web, outcome: page}
heartbeat: {to: {url: {file: /run/secrets/heartbeat}}}
last_resort: {team: web, on_call: secondary}
objectives: {mtta: 5m}
channels:
  slack: {bot_token: {file: /run/secrets/slack}}
  email: {smarthost: "mail:587", from: alerts@shop.example, username: alerts, password: {file: /run/secrets/smtp}}
runbooks: {base_url: https://runbooks.shop.example}
---
kind: Team
name: web
on_call: {primary: rota, secondary: web/rota}
roles: {manager: bo}
hours: hours
slack: {default: "#web"}
defaults: {for: {default: 1m, by: {staging: 2m}}}
tickets: {webhook: {file: /run/secrets/tickets}}
---
kind: Person
name: noor
email: noor@shop.example
---
kind: Person
name: bo
team: web
timezone: Europe/Lisbon
email: bo@shop.example
phone: {env: PHONE_BO}
works: hours
away: [{from: 2026-08-01, until: 2026-08-14}]
notify: {critical: [{push: 0m}, {phone: 2m}], default: [{email: 10m}]}
---
kind: Schedule
name: rota
team: web
timezone: Europe/Lisbon
layers:
- name: nights
  only: {outside: hours}
  rotation: daily
  eras: [{from: 2026-01-05, people: [noor]}]
- name: week
  rotation: {every: 12h}
  handoff: {day: tuesday, at: "10:00"}
  eras: [{from: 2026-01-05, people: [bo, noor], first: noor}]
shadow: [noor]
swaps: [{from: 2026-12-24T09:00, until: 2026-12-26T09:00, take: bo, for: noor, agreed: [bo, noor], reason: holidays}]
gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: closed, falls_to: spare}]
---
kind: Schedule
name: spare
team: web
people: [noor, bo]
---
kind: Schedule
name: forgotten
people: [bo]
---
kind: Calendar
name: hours
team: web
timezone: Europe/Lisbon
weekly: {monday-tuesday: ["09:00-12:00", "13:00-18:00"], "tuesday,sunday": ["20:00-24:00"]}
closed: [2026-12-25, 2026-01-01]
---
kind: Escalation
name: level-1
acknowledge_within: 5m
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: primary, of: web}, {role: ciso}, {person: bo}, {slack: "#fire"}]}
repeat: 2
---
kind: Escalation
name: level-2
steps: [{notify: [{on_call: secondary}]}]
---
kind: Service
name: front
team: web
tier: 1
alerts:
- name: FrontFails
  class: business
  severity: critical
  expr: sum by (provider) (rate(failures_total[5m])) > ${limit}
  params: {limit: {type: number, default: 5, by: {production/us: 7, staging: 50}}}
  page_per: [provider]
  summary: "{{ $labels.provider }} fails"
  impact: {revenue: direct, customers: checkout}
  runbook: front
  diagnose: [logs]
  remediate: [restart, breaker]
- name: FrontOdd
  severity: warning
  expr: odd_total > 1
  summary: odd
  runbook: {url: "https://wiki.shop.example/odd"}
  only: [production/us]
- name: FrontSlow
  severity: {default: high, by: {staging: warning}}
  escalation: {default: level-1, by: {production/us: level-2}}
  expr: slow > 1
  summary: "“slow” — naïve"
  runbook: {url: "https://wiki.shop.example/slow"}
---
kind: Runbook
name: front
team: web
immediate: [look]
communicate: [notice]
---
kind: Diagnostic
name: logs
team: web
collect: [{promql: up}, {http: {url: "http://loki:3100/x"}}, {command: [journalctl, -u, front]}]
---
kind: Diagnostic
name: forgotten
collect: [{promql: up}]
---
kind: Remediation
name: restart
team: web
inputs:
  cluster: {label: cluster, connection: kubernetes}
  provider: {label: provider, allow: ["[a-z]+"]}
action: {kubernetes.rollout_restart: {cluster: {input: cluster}, namespace: shop, deployment: {input: provider}}}
guardrails: {cooldown: 15m, keep_healthy: {expr: count(up), at_least: 2}, not_during: [freeze, vacuum]}
approvals: {when: {env: production}, from: [{on_call: primary}, {person: bo}]}
---
kind: Window
name: freeze
when: {from: 2026-12-24T18:00, until: 2026-12-27T08:00, timezone: Europe/Lisbon}
effect: no-remediation
reason: holidays
---
kind: Window
name: vacuum
team: web
when: {every: "tuesday,friday", hours: ["02:00-04:00", "22:00-24:00"], timezone: Europe/Lisbon}
match: {service: front}
in: [production/us]
effect: ticket
reason: vacuum
---
kind: Remediation
name: breaker
action: {http: {url: "http://mesh:8080/x", body: {state: open}, undo: {}}}
guardrails: {cooldown: 5m}
undo: inverse
---
kind: Remediation
name: cut-off
action: {systemd.restart: {host: web-1, unit: front}}
guardrails: {cooldown: 5m}
---
kind: Procedure
name: cascade
when: {incidents: 3, distinct: service, within: 5m}
steps:
- {preserve: [evidence]}
- {remediate: cut-off}
- {ask: "Bad?", of: {role: ciso}, yes: [{communicate: notice}, {notify: [{person: noor}]}]}
---
kind: Procedure
name: breach
when: {class: security}
steps: [{diagnose: [only-for-breach]}]
---
kind: Diagnostic
name: evidence
collect: [{command: [tar, c, /var/log]}]
---
kind: Diagnostic
name: only-for-breach
collect: [{promql: up}]
---
kind: Message
name: notice
audience: customers
approve: true
body: |
  Dear customer,
  {{ incident.title }}
"""


def plans(root: Path) -> dict[str, Artifact]:
    workspace, _, found = read_workspace(root, cache=False)
    assert [one.message for one in found if one.level == "error"] == []
    assert workspace is not None
    return {artifact.path.split("/", 1)[0]: artifact for artifact in executor.build(workspace)}


@pytest.fixture(scope="module")
def built(workspace: Callable[[Mapping[str, str]], Path]) -> dict[str, Artifact]:
    return plans(workspace({"policies/watchbill.yaml": WORKSPACE}))


@pytest.fixture(scope="module")
def production(built: dict[str, Artifact]) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(built["production"].text)
    return plan


@pytest.fixture(scope="module")
def staging(built: dict[str, Artifact]) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(built["staging"].text)
    return plan


@pytest.fixture(scope="module")
def ecap() -> dict[str, Artifact]:
    return plans(TOP)


# What an environment's plan is


def test_every_environment_with_an_executor_has_a_plan_and_no_other(built: dict[str, Artifact]) -> None:
    assert [artifact.path for artifact in built.values()] == [
        "production/executor/plan.json",
        "staging/executor/plan.json",
    ]


def test_the_head_says_where_it_is_and_what_it_may_do(production: dict[str, Any], staging: dict[str, Any]) -> None:
    sections = ("teams", "people", "schedules", "calendars", "windows", "escalations", "diagnostics", "remediations")
    sections += ("procedures", "messages", "alerts")
    assert {key: value for key, value in production.items() if key not in sections} == {
        "version": 1,
        "workspace": "shop",
        "environment": "production",
        "mode": "auto",
        "url": "http://executor:8080",
        "intake": "/v1/alertmanager/production",
        "identity": ["env", "cluster"],
        "alertmanagers": ["http://am-0:9093", "http://am-1:9093"],
        "places": {
            source: {
                "labels": {"env": "production", "cluster": f"{source}-1"},
                "prometheus": f"http://prom-{source}:9090",
                "heartbeat": {"alertname": "Heartbeat", "place": f"production/{source}"},
            }
            for source in ("eu", "us")
        },
        "severities": {
            "critical": {"rank": 0, "outcome": "page", "again": "4h"},
            "high": {"rank": 1, "outcome": "page", "again": "4h"},
            "warning": {"rank": 2, "outcome": "ticket", "again": "24h"},
            "none": {"rank": 3, "outcome": "drop", "again": "24h"},
        },
        "catch_all": {"team": "web", "outcome": "page", "escalation": "level-1"},
        "last_resort": {"team": "web", "on_call": "secondary"},
        "limits": executor.LIMITS,
        "roles": {"ciso": {"person": "noor"}, "legal": {"phone": {"env": "LEGAL_HOTLINE"}}},
        "objectives": {"mtta": "5m"},
        "retention": {"incidents": "400d", "evidence": "7y"},
        "channels": {
            "slack": {"bot_token": {"file": "/run/secrets/slack"}},
            "email": {
                "smarthost": "mail:587",
                "from": "alerts@shop.example",
                "username": "alerts",
                "password": {"file": "/run/secrets/smtp"},
            },
        },
    }
    assert list(staging["places"]) == ["default"]
    assert "heartbeat" not in staging["places"]["default"]  # no Alertmanager sends one on
    assert staging["identity"] == ["env"]
    assert "alertmanagers" not in staging


def test_an_environment_that_may_not_page_has_no_page_and_no_escalation(staging: dict[str, Any]) -> None:
    assert {one["outcome"] for one in staging["severities"].values()} == {"ticket", "drop"}
    assert staging["catch_all"] == {"team": "web", "outcome": "ticket"}
    assert {alert["outcome"] for alert in staging["alerts"].values()} == {"ticket"}
    assert staging["escalations"] == {}


# Alerts


def test_an_alert_says_everything_about_its_incident(production: dict[str, Any]) -> None:
    assert production["alerts"]["front/FrontFails/critical"] == {
        "team": "web",
        "class": "business",
        "tier": 1,
        "impact": {"revenue": "direct", "customers": "checkout"},
        "outcome": "page",
        "escalation": "level-1",
        "incident_key": ["alertname", "service", "env", "cluster", "provider"],
        "runbook_url": "https://runbooks.shop.example/runbooks/web/front/",
        "communicate": ["notice"],
        "diagnose": ["web/logs"],
        "remediate": ["web/restart", "breaker"],
        "expr": "sum by (provider) (rate(failures_total[5m])) > 5",
        "by": {"us": {"expr": "sum by (provider) (rate(failures_total[5m])) > 7"}},
    }


def test_a_no_data_alert_names_the_alert_it_watches(production: dict[str, Any]) -> None:
    alert = production["alerts"]["front/FrontFailsNoData/warning"]
    assert alert["no_data_of"] == "FrontFails"
    assert "remediate" not in alert
    assert "absent(" in alert["expr"]


def test_an_alert_that_is_not_everywhere_names_its_places(production: dict[str, Any], staging: dict[str, Any]) -> None:
    assert production["alerts"]["front/FrontOdd/warning"]["places"] == ["us"]
    assert "front/FrontOdd/warning" not in staging["alerts"]
    assert "places" not in production["alerts"]["front/FrontFails/critical"]


def test_what_differs_in_a_place_stands_under_it_and_nothing_else(production: dict[str, Any]) -> None:
    slow = production["alerts"]["front/FrontSlow/high"]
    assert (slow["escalation"], slow["hours"], slow["outside"]) == ("level-1", "web/hours", "ticket")
    assert slow["by"] == {"us": {"escalation": "level-2"}}


def test_a_severity_that_differs_by_environment_is_part_of_the_key(
    production: dict[str, Any], staging: dict[str, Any]
) -> None:
    assert "front/FrontSlow/high" in production["alerts"]
    assert "front/FrontSlow/warning" in staging["alerts"]
    assert "front/FrontSlow/high" not in staging["alerts"]


def test_foreign_rules_of_one_name_and_severity_are_one_alert_that_is_quiet_when_all_are(
    small: str, workspace: Callable[[Mapping[str, str]], Path]
) -> None:
    text = small.replace("alertmanager: {url:", "executor: {url: http://e:1}, alertmanager: {url:")
    foreign = (
        "kind: Foreign\nname: mixin\nteam: shop\nrules: rules/*.yaml\ndefaults: {runbook: {url: http://r.example}}\n"
    )
    rules = "groups: [{name: g, rules: [%s]}]"
    rule = '{alert: Burn, expr: "%s", labels: {severity: critical, long: %s}, annotations: {summary: burns}}'
    burns = ", ".join(rule % (expr, long) for expr, long in (("slow > 1", "6h"), ("fast > 14", "1h")))
    files = {"policies/a.yaml": text, "policies/f/f.yaml": foreign, "policies/f/rules/r.yaml": rules % burns}
    files["policies/watchbill.yaml"] = files.pop("policies/a.yaml")
    artifact = plans(workspace(files))["production"]
    alert = json.loads(artifact.text)["alerts"]["mixin/Burn/critical"]
    assert alert["expr"] == "(slow > 1) or (fast > 14)"
    assert "places" not in alert
    assert "Foreign/mixin" in artifact.sources


RUNTIME = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: all, labels_on: series, holds: [eu-1, us-1], mimir: {url: http://mimir:8080, tenant: shop}}
    identity: [env, cluster]
    executor: {url: http://executor:8080}
severities: {critical: {page: level-1}, warning: {ticket: team}}
catch_all: {team: platform, outcome: ticket}
channels: {email: {smarthost: "mail:587", from: a@shop.example}}
---
{kind: Ownership, name: namespace, label: namespace, owners: {payments: [pay, "pay-.*"], platform: [kube-system], data: etl}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: payments, on_call: {primary: rota}, email: pay@shop.example}
---
{kind: Team, name: platform, on_call: {primary: rota}, email: platform@shop.example}
---
{kind: Team, name: data, on_call: {primary: rota}, email: data@shop.example}
---
{kind: Escalation, name: level-1, steps: [{notify: [{on_call: primary}]}]}
---
kind: Foreign
name: mixin
team: {by: namespace, otherwise: platform}
rules: rules.yaml
defaults: {runbook: {url: http://r.example}, no_data: {ignore: somebody else's}}
"""
RULES = """\
groups:
- name: g
  rules:
  - {alert: Crash, expr: restarts > 3, labels: {severity: critical}, annotations: {summary: crashes}}
  - {alert: Slow, expr: slow > 3, labels: {severity: warning}, annotations: {summary: slow}}
  - {alert: Full, expr: full > 3, labels: {severity: warning}, annotations: {summary: full}}
"""


def test_whose_an_alert_is_at_run_time_stands_in_a_table_that_alerts_share(
    workspace: Callable[[Mapping[str, str]], Path],
) -> None:
    files = {"policies/watchbill.yaml": RUNTIME, "policies/rules.yaml": RULES}
    plan = json.loads(plans(workspace(files))["production"].text)
    crash, slow, full = (plan["alerts"][f"mixin/{key}"] for key in ("Crash/critical", "Slow/warning", "Full/warning"))
    assert (crash["team"], crash["outcome"], crash["escalation"]) == ("platform", "page", "level-1")
    assert crash["owners"] == "namespace/platform/critical"
    assert slow["owners"] == full["owners"] == "namespace/platform/warning"
    assert "namespace" in crash["incident_key"]
    assert plan["owners"]["namespace/platform/critical"] == [
        {"team": "data", "label": "namespace", "patterns": ["etl"], "outcome": "page", "escalation": "level-1"},
        {
            "team": "payments",
            "label": "namespace",
            "patterns": ["pay", "pay-.*"],
            "outcome": "page",
            "escalation": "level-1",
        },
    ]
    assert [one["outcome"] for one in plan["owners"]["namespace/platform/warning"]] == ["ticket", "ticket"]
    assert set(plan["escalations"]) == {"level-1"}


def test_a_store_of_many_clusters_says_which_it_holds_and_as_which_tenant_it_is_asked(
    workspace: Callable[[Mapping[str, str]], Path],
) -> None:
    files = {"policies/watchbill.yaml": RUNTIME, "policies/rules.yaml": RULES}
    plan = json.loads(plans(workspace(files))["production"].text)
    assert plan["places"]["all"]["labels"] == {"env": "production"}
    assert plan["places"]["all"]["holds"] == {"cluster": ["eu-1", "us-1"]}
    assert plan["places"]["all"]["tenant"] == "shop"
    assert plan["places"]["all"]["prometheus"].startswith("http://mimir:8080")


# Documents


def test_names_are_qualified_from_the_team_that_wrote_them(production: dict[str, Any]) -> None:
    assert production["teams"]["web"]["on_call"] == {"primary": "web/rota", "secondary": "web/rota"}
    assert production["teams"]["web"]["hours"] == "web/hours"
    assert production["people"]["bo"]["works"] == "web/hours"
    assert production["schedules"]["web/rota"]["layers"][0]["only"] == {"outside": "web/hours"}
    assert production["schedules"]["web/rota"]["gaps"][0]["falls_to"] == "web/spare"


def test_a_schedule_keeps_its_layers_eras_swaps_gaps_and_shadows(production: dict[str, Any]) -> None:
    schedule = production["schedules"]["web/rota"]
    assert schedule["layers"][1] == {
        "name": "week",
        "rotation": {"every": "12h"},
        "handoff": {"day": "tuesday", "at": "10:00"},
        "eras": [{"from": "2026-01-05", "people": ["bo", "noor"], "first": "noor"}],
    }
    assert schedule["swaps"][0] == {
        "from": "2026-12-24T09:00",
        "until": "2026-12-26T09:00",
        "take": "bo",
        "for": "noor",
        "agreed": ["bo", "noor"],
        "reason": "holidays",
    }
    assert schedule["shadow"] == ["noor"]
    assert schedule["overrides"] == "code"
    assert schedule["timezone"] == "Europe/Lisbon"


def test_a_calendar_says_its_hours_day_by_day(production: dict[str, Any]) -> None:
    assert production["calendars"]["web/hours"] == {
        "team": "web",
        "timezone": "Europe/Lisbon",
        "weekly": {
            "monday": ["09:00-12:00", "13:00-18:00"],
            "tuesday": ["09:00-12:00", "13:00-18:00", "20:00-24:00"],
            "sunday": ["20:00-24:00"],
        },
        "closed": ["2026-01-01", "2026-12-25"],
    }


def test_a_window_says_when_where_and_what_it_does(production: dict[str, Any], staging: dict[str, Any]) -> None:
    hours = ["02:00-04:00", "22:00-24:00"]
    assert production["windows"] == {
        "freeze": {
            "places": ["eu", "us"],
            "effect": "no-remediation",
            "reason": "holidays",
            "timezone": "UTC",
            "from": "2026-12-24T18:00:00Z",
            "until": "2026-12-27T08:00:00Z",
        },
        "web/vacuum": {
            "team": "web",
            "match": {"service": "front"},
            "places": ["us"],
            "effect": "ticket",
            "reason": "vacuum",
            "timezone": "Europe/Lisbon",
            "weekly": {"tuesday": hours, "friday": hours},
        },
    }
    assert staging["windows"]["freeze"]["places"] == ["default"]
    assert staging["windows"]["web/vacuum"]["places"] == []  # it is named there, and never holds


def test_a_remediation_names_its_action_its_bounds_and_who_is_asked(production: dict[str, Any]) -> None:
    assert production["remediations"]["web/restart"] == {
        "team": "web",
        "inputs": {
            "cluster": {"label": "cluster", "connection": "kubernetes"},
            "provider": {"label": "provider", "allow": ["[a-z]+"]},
        },
        "risk": "medium",
        "action": {
            "name": "kubernetes.rollout_restart",
            "parameters": {
                "cluster": {"input": "cluster"},
                "namespace": {"literal": "shop"},
                "deployment": {"input": "provider"},
            },
        },
        "guardrails": {
            "cooldown": "15m",
            "max_per_hour": 3,
            "max_targets": 1,
            "keep_healthy": {"expr": "count(up)", "at_least": 2},
            "not_during": ["freeze", "web/vacuum"],
            "stop_after_failures": 3,
        },
        "approvals": {
            "when": {"env": "production"},
            "from": [{"on_call": "primary"}, {"person": "bo"}],
            "count": 1,
            "within": "10m",
            "else": "escalate",
        },
        "verify": {"quiet_for": "2m", "within": "15m"},
        "undo": "none",
    }


def test_an_empty_body_that_takes_a_call_back_is_not_lost(production: dict[str, Any]) -> None:
    assert production["remediations"]["breaker"]["action"] == {
        "name": "http",
        "parameters": {
            "method": "POST",
            "url": "http://mesh:8080/x",
            "body": {"state": {"literal": "open"}},
            "undo": {},
        },
    }


def test_a_procedure_keeps_the_order_of_its_steps_and_what_follows_a_yes(production: dict[str, Any]) -> None:
    assert production["procedures"]["cascade"] == {
        "when": {"incidents": 3, "distinct": "service", "within": "5m"},
        "confidential": False,
        "steps": [
            {"preserve": ["evidence"]},
            {"remediate": "cut-off"},
            {
                "ask": "Bad?",
                "of": {"role": "ciso"},
                "yes": [{"communicate": "notice"}, {"notify": [{"person": "noor"}]}],
            },
        ],
        "custody": "none",
    }


def test_a_message_carries_its_text(production: dict[str, Any]) -> None:
    assert production["messages"]["notice"] == {
        "audience": "customers",
        "approve": True,
        "body": "Dear customer,\n{{ incident.title }}\n",
    }


def test_all_people_and_teams_are_there_and_of_the_rest_what_an_alert_can_reach(
    production: dict[str, Any], staging: dict[str, Any]
) -> None:
    assert set(production["people"]) == {"noor", "bo"}
    assert set(production["schedules"]) == {"web/rota", "web/spare"}
    assert set(production["diagnostics"]) == {"web/logs", "evidence"}
    assert set(production["procedures"]) == {"cascade"}
    assert set(production["escalations"]) == {"level-1", "level-2"}
    assert set(production["remediations"]) == {"web/restart", "breaker", "cut-off"}
    assert set(staging["remediations"]) == {"web/restart", "breaker", "cut-off"}


def test_the_built_in_escalation_is_written_down_where_it_is_used(
    small: str, workspace: Callable[[Mapping[str, str]], Path]
) -> None:
    text = small.replace("alertmanager: {url:", "executor: {url: http://e:1}, alertmanager: {url:")
    plan = json.loads(plans(workspace({"policies/watchbill.yaml": text}))["production"].text)
    assert plan["alerts"]["web/WebDown/critical"]["escalation"] == "default"
    assert plan["escalations"]["default"]["steps"] == [{"notify": [{"on_call": "primary"}], "wait": "5m"}]


# Laws


def referred(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (section, name) that the plan names anywhere."""
    for alert in plan["alerts"].values():
        for one in (alert, *alert.get("by", {}).values()):
            yield from [("teams", one["team"])] if "team" in one else []
            yield from [("escalations", one["escalation"])] if one.get("escalation") else []
            yield from [("calendars", one["hours"])] if one.get("hours") else []
            yield from (("diagnostics", name) for name in one.get("diagnose", ()))
            yield from (("remediations", name) for name in one.get("remediate", ()))
            yield from (("messages", name) for name in one.get("communicate", ()))
    yield "teams", plan["catch_all"]["team"]
    yield "teams", plan["last_resort"]["team"]
    yield from [("escalations", plan["catch_all"]["escalation"])] if "escalation" in plan["catch_all"] else []
    keys = {"people": "people", "first": "people", "take": "people", "for": "people", "agreed": "people"}
    keys |= {"shadow": "people", "person": "people", "falls_to": "schedules", "works": "calendars", "of": "teams"}
    keys |= {"inside": "calendars", "outside": "calendars", "preserve": "diagnostics", "diagnose": "diagnostics"}
    keys |= {
        "remediate": "remediations",
        "communicate": "messages",
        "not_during": "windows",
        "hours": "calendars",
        "team": "teams",
    }
    sections = ("roles", "teams", "people", "schedules", "escalations", "diagnostics", "remediations", "procedures")
    for section in sections:
        for document in plan.get(section, {}).values():
            for key, value in walked(document):
                if key in keys and isinstance(value, str | list):
                    yield from ((keys[key], name) for name in ([value] if isinstance(value, str) else value))
    for one in (owner for table in plan.get("owners", {}).values() for owner in table):
        yield "teams", one["team"]
        yield from [("escalations", one["escalation"])] if "escalation" in one else []
        yield from [("calendars", one["hours"])] if "hours" in one else []
    for team in plan["teams"].values():
        assert "defaults" not in team
        yield from (("schedules", name) for name in team.get("on_call", {}).values())


def walked(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield key, member
            yield from walked(member)
    elif isinstance(value, list):
        for member in value:
            yield from walked(member)


def defined(plan: Mapping[str, Any]) -> set[tuple[str, str]]:
    sections = ("teams", "people", "schedules", "calendars", "windows", "escalations", "diagnostics", "remediations")
    sections += ("procedures",)
    return {(section, name) for section in (*sections, "messages") for name in plan[section]}


def test_every_name_that_a_plan_uses_is_defined_in_it(built: dict[str, Artifact], ecap: dict[str, Artifact]) -> None:
    for artifact in (*built.values(), *ecap.values()):
        plan = json.loads(artifact.text)
        used = list(referred(plan))
        assert len(used) > 20
        assert sorted(set(used) - defined(plan)) == []


def test_nothing_is_defined_that_nothing_can_reach(built: dict[str, Artifact], ecap: dict[str, Artifact]) -> None:
    for artifact in (*built.values(), *ecap.values()):
        plan = json.loads(artifact.text)
        roots = {("teams", name) for name in plan["teams"]} | {("people", name) for name in plan["people"]}
        roots |= {("procedures", name) for name in plan["procedures"]} | {("windows", name) for name in plan["windows"]}
        assert sorted(defined(plan) - roots - set(referred(plan))) == []


def test_roles_that_a_step_names_belong_to_a_team_or_to_the_workspace(ecap: dict[str, Artifact]) -> None:
    for artifact in ecap.values():
        plan = json.loads(artifact.text)
        known = set(plan["roles"]) | {role for team in plan["teams"].values() for role in team.get("roles", {})}
        named = {
            value
            for section in ("escalations", "remediations", "procedures")
            for key, value in walked(plan[section])
            if key == "role"
        }
        assert named <= known


def test_a_secret_is_a_reference_wherever_it_stands(built: dict[str, Artifact], ecap: dict[str, Artifact]) -> None:
    secrets = {"webhook", "bot_token", "password", "phone"}
    for artifact in (*built.values(), *ecap.values()):
        found = [
            value
            for key, value in walked(json.loads(artifact.text))
            if key in secrets and not re.fullmatch(r"[0-9]+m", str(value))  # `phone: 2m` is when, not what
        ]
        assert len(found) > 3
        assert all(list(value) in (["file"], ["env"]) for value in found)


def test_a_plan_can_be_read_and_written_without_losing_anything(ecap: dict[str, Artifact]) -> None:
    for artifact in ecap.values():
        plan = json.loads(artifact.text)
        assert json.loads(json.dumps(plan)) == plan
        assert artifact.text.endswith("}\n")
        assert max(map(len, artifact.text.splitlines())) < 4000


def test_no_key_is_given_twice(ecap: dict[str, Artifact]) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    for artifact in ecap.values():
        json.loads(artifact.text, object_pairs_hook=once)


def test_names_are_sorted_and_severities_go_from_worst_to_least(ecap: dict[str, Artifact]) -> None:
    for artifact in ecap.values():
        plan = json.loads(artifact.text)
        for section in ("teams", "people", "schedules", "calendars", "escalations", "alerts"):
            assert list(plan[section]) == sorted(plan[section])
        assert [one["rank"] for one in plan["severities"].values()] == list(range(len(plan["severities"])))


def test_a_line_of_an_alert_leads_back_to_its_policy(built: dict[str, Artifact]) -> None:
    artifact = built["production"]
    lines = artifact.text.split("\n")
    number = next(index for index, line in enumerate(lines, 1) if line.startswith('  "front/FrontOdd/warning"'))
    where = artifact.policy_at(number)
    assert where is not None
    assert where.path == ("alerts", 1)
    assert "Service/front" in artifact.sources
    assert "Remediation/web/restart" in artifact.sources
    assert "Diagnostic/forgotten" not in artifact.sources


def test_every_alert_of_every_place_is_in_the_plan(ecap: dict[str, Artifact]) -> None:
    workspace, _, _ = read_workspace(TOP, cache=False)
    assert workspace is not None
    for environment, artifact in ecap.items():
        plan = json.loads(artifact.text)
        for place in workspace.places_of(environment):
            for alert in place.alerts:
                said = plan["alerts"][f"{alert.service}/{alert.name}/{alert.severity}"]
                here = {**said, **said.get("by", {}).get(place.source, {})}
                assert place.source in said.get("places", plan["places"])
                assert here["expr"] == alert.expr
                assert here["incident_key"] == list(alert.incident_key)
                assert here["outcome"] == alert.outcome.kind
                assert here.get("escalation") == alert.outcome.escalation


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import sys; from pathlib import Path; from watchbill.spec.resolve import read_workspace;"
        "from watchbill.targets import executor;"
        "w = read_workspace(Path(sys.argv[1]), cache=False)[0];"
        "sys.stdout.buffer.write(''.join(a.text for a in executor.build(w)).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, str(TOP)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1
    assert len(next(iter(outputs))) > 10_000


def test_an_alert_without_a_no_data_alert_says_what_shows_that_its_series_are_gone(production: dict[str, Any]) -> None:
    alerts = production["alerts"]
    assert "absent" not in alerts["front/FrontFails/critical"]  # `FrontFailsNoData` is that expression
    assert alerts["front/FrontOdd/warning"]["absent"] == "absent(odd_total)"
    assert "absent" not in alerts["front/FrontFailsNoData/warning"]
