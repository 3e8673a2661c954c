"""A small workspace with one of everything that the core knows, compiled by the real compiler."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from watchbill.spec.resolve import read_workspace
from watchbill.targets import executor

POLICIES = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: http://prom:9090}
    alertmanager: {url: http://am:9093}
    executor: {url: http://executor:8080, mode: auto}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
  none: {drop: true}
timing: {critical: {first: 10s, more: 1m, again: 1h}}
classes: [business, security]
roles: {ciso: {person: noor}}
catch_all: {team: web, outcome: page}
last_resort: {team: web, on_call: primary}
channels: {slack: {bot_token: {file: /run/secrets/slack}}}
---
{kind: Person, name: ana, team: web, email: ana@shop.example, phone: {env: PHONE_ANA}, slack: U1}
---
{kind: Person, name: bo, team: web, email: bo@shop.example, phone: {env: PHONE_BO}, slack: U2}
---
{kind: Person, name: cy, team: data, email: cy@shop.example, phone: {env: PHONE_CY}, slack: U3}
---
{kind: Person, name: noor, email: noor@shop.example, phone: {env: PHONE_NOOR}, slack: U4}
---
{kind: Team, name: web, on_call: {primary: web-primary, secondary: web-secondary}, hours: hours, slack: {default: "#web"}, tickets: {webhook: {file: /run/secrets/tickets}}}
---
{kind: Team, name: data, on_call: {primary: data-primary}, hours: hours, slack: {default: "#data"}, tickets: {webhook: {file: /run/secrets/tickets}}}
---
{kind: Schedule, name: web-primary, people: [ana]}
---
{kind: Schedule, name: web-secondary, people: [bo]}
---
kind: Schedule
name: data-primary
people: [cy]
gaps: [{from: 2026-06-01T06:00, until: 2026-06-01T09:00, reason: loads are stopped}]
---
{kind: Calendar, name: hours, weekly: {monday-friday: ["08:00-18:00"]}}
---
kind: Escalation
name: level-1
acknowledge_within: 10m
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{on_call: secondary}, {slack: "#web"}], wait: 10m}
repeat: 1
---
kind: Window
name: freeze
when: {from: 2026-06-01T12:00, until: 2026-06-01T13:00, timezone: UTC}
effect: no-remediation
match: {service: shop}
reason: the launch
---
kind: Service
name: shop
team: web
tier: 1
alerts:
- name: Slow
  class: business
  severity: critical
  expr: sum by (deployment) (slow) > 1
  page_per: [deployment]
  summary: "{{ $labels.deployment }} is slow"
  runbook: {url: "http://wiki.example/slow"}
  diagnose: [logs]
  remediate: [restart, scale]
- name: Full
  severity: warning
  expr: sum by (deployment) (full) > 1
  page_per: [deployment]
  summary: full
  runbook: {url: "http://wiki.example/full"}
  remediate: [restart]
- name: Late
  severity: high
  expr: late > 1
  summary: late
  runbook: {url: "http://wiki.example/late"}
  remediate: [feature]
- name: Errors
  levels: {warning: {params: {limit: 1}}, critical: {params: {limit: 5}}}
  expr: errors > ${limit}
  params: {limit: {type: number, default: 1}}
  no_data: {ignore: no errors may have happened yet}
  summary: errors
  runbook: {url: "http://wiki.example/errors"}
- name: Watchdog
  severity: none
  expr: vector(1)
  summary: alive
---
kind: Service
name: pipeline
team: data
tier: 2
alerts:
- name: Stuck
  severity: critical
  expr: sum by (deployment) (stuck) > 1
  summary: stuck
  runbook: {url: "http://wiki.example/stuck"}
  remediate: [restart]
---
kind: Service
name: guard
team: web
tier: 1
alerts:
- name: Break
  class: security
  severity: critical
  expr: sum by (app) (break) > 1
  page_per: [app]
  summary: somebody is in {{ $labels.app }}
  runbook: {url: "http://wiki.example/break"}
---
kind: Diagnostic
name: logs
collect: [{promql: up}]
timeout: 20s
---
kind: Remediation
name: restart
inputs: {deployment: {label: deployment, allow: ["web-[a-z]", api]}}
risk: low
action: {kubernetes.rollout_restart: {cluster: main, namespace: shop, deployment: {input: deployment}}}
guardrails: {cooldown: 10m, max_per_hour: 3, max_targets: 2, keep_healthy: {expr: count(up == 1), at_least: 2}, stop_after_failures: 2}
verify: {quiet_for: 1m, within: 5m}
---
kind: Remediation
name: scale
inputs: {deployment: {label: deployment, allow: ["web-[a-z]"]}}
risk: medium
action: {kubernetes.scale: {cluster: main, namespace: shop, deployment: {input: deployment}, by: 1, at_most: 9}}
guardrails: {cooldown: 5m, max_per_hour: 3}
approvals: {from: [{on_call: primary}, {on_call: secondary}], within: 10m, else: skip}
verify: {quiet_for: 1m, within: 5m}
undo: inverse
---
kind: Remediation
name: feature
action: {http: {method: PUT, url: "http://flags:8080/late", body: {state: "off"}, undo: {state: "on"}}}
guardrails: {cooldown: 15m, max_per_hour: 1, not_during: [freeze]}
verify: {quiet_for: 2m, within: 10m}
undo: inverse
---
kind: Remediation
name: isolate
inputs: {app: {label: app, allow: ["[a-z]{1,8}"]}}
risk: high
action: {kubernetes.isolate: {cluster: main, namespace: shop, app: {input: app}}}
guardrails: {cooldown: 15m, stop_after_failures: 1}
approvals: {from: [{on_call: primary}, {on_call: secondary}, {role: ciso}], count: 2, within: 10m}
verify: {quiet_for: 1m, within: 5m}
undo: inverse
---
kind: Procedure
name: breach
when: {class: security, severity: [critical]}
confidential: true
steps:
- {preserve: [logs]}
- {remediate: isolate}
- {notify: [{role: ciso}]}
- {ask: "Is data gone?", of: {role: ciso}, yes: [{notify: [{person: bo}]}, {do: call the lawyers}]}
custody: required
---
kind: Procedure
name: cascade
when: {incidents: 3, distinct: service, within: 5m}
steps:
- {notify: [{on_call: secondary}]}
- {remediate: feature}
"""


SHIFTED = {
    "schedules": {"web-primary": ["dee"], "web-late": ["ana"], "data-primary": ["bo"]},
    "on_call": {"web": {"primary": "web-primary", "secondary": "web-late"}, "data": {"primary": "data-primary"}},
    "ciso": "dee",
    "left": "cy",
}


def shifted(text: str) -> str:
    """The same plan after people have changed: other schedules, one of another name, another office; one came, one left."""
    plan = json.loads(text)
    plan["people"]["dee"] = {**plan["people"]["ana"], "email": "dee@shop.example", "slack": "U5"}
    del plan["people"][SHIFTED["left"]]
    plan["schedules"] = {name: {"people": people} for name, people in SHIFTED["schedules"].items()}
    for team, on_call in SHIFTED["on_call"].items():
        plan["teams"][team]["on_call"] = on_call
    plan["roles"]["ciso"]["person"] = SHIFTED["ciso"]
    return json.dumps(plan)


@cache
def compiled() -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policies" / "watchbill.yaml"
        path.parent.mkdir()
        path.write_text(POLICIES)
        workspace, _, found = read_workspace(Path(folder), cache=False)
        assert workspace is not None, found
        assert [one.message for one in found if one.level == "error"] == []
        (artifact,) = executor.build(workspace)
    return artifact.text


def plan_text(**changes: Any) -> str:
    """The plan, with some members of the top replaced; `limits` are merged."""
    plan = json.loads(compiled())
    limits = {**plan["limits"], **changes.pop("limits", {})}
    return json.dumps({**plan, **changes, "limits": limits})
