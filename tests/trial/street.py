"""A small company whose every way of telling, and of not telling, is asked by the tests of who is told."""

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: street
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://us:9090}}
    alertmanager: {url: http://am:9093}
    executor: {url: http://executor:8080, mode: auto}
  staging:
    labels: {env: staging, cluster: stg-1}
    prometheus: {url: http://stg:9090}
    alertmanager: {url: http://am-stg:9093}
    at_most: ticket
severities:
  critical: {page: default}
  high: {page: default, hours: team, outside: ticket}
  warning: {ticket: team}
  none: {drop: true}
timing: {critical: {first: 15s, more: 2m, again: 2h}}
catch_all: {team: shop, outcome: ticket}
last_resort: {team: shop, on_call: primary}
channels: {slack: {bot_token: {file: /run/secrets/slack}}}
runbooks: {base_url: https://runbooks.example}
---
kind: Escalation
name: default
steps:
- {notify: [{on_call: primary}], wait: 5m}
- {notify: [{role: boss}], wait: 10m}
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
---
kind: Person
name: ana
email: ana@street.example
---
kind: Person
name: bo
team: shop
email: bo@street.example
---
kind: Person
name: eva
email: eva@street.example
---
kind: Schedule
name: shop-primary
timezone: Europe/Lisbon
layers:
- {name: week, eras: [{from: 2026-01-05, people: [ana]}]}
swaps:
- {from: 2026-12-25T00:00, until: 2026-12-25T08:00, take: bo, for: ana, agreed: [ana, bo], reason: Christmas}
---
kind: Team
name: shop
on_call: {primary: shop-primary}
roles: {boss: eva}
hours: office
slack: {default: "#shop"}
tickets: {webhook: {file: /run/secrets/tickets}}
---
kind: Runbook
name: look
immediate: [Look]
---
kind: Remediation
name: restart
inputs: {deployment: {label: deployment, allow: ["web-.*"]}}
action: {kubernetes.rollout_restart: {cluster: eu-1, namespace: shop, deployment: {input: deployment}}}
guardrails: {cooldown: 15m, max_per_hour: 3}
verify: {quiet_for: 2m, within: 15m}
---
kind: Window
name: cleaning
when: {every: tuesday, hours: "02:00-04:00", timezone: UTC}
match: {service: disk}
in: production
effect: notify
reason: weekly cleaning
---
kind: Service
name: db
team: shop
alerts:
- {name: DbDown, severity: critical, expr: 'up{job="db"} == 0', for: 2m, summary: down, runbook: look}
---
kind: Service
name: disk
team: shop
alerts:
- {name: DiskFull, severity: warning, expr: 'min by (disk) (free{job="db"}) < 5', for: 2m, summary: full, runbook: look}
---
kind: Service
name: web
team: shop
depends_on: [{service: db, inhibits: warning}]
alerts:
- name: WebDown
  severity: critical
  expr: max by (deployment) (up{job="web"}) == 0
  for: 2m
  page_per: [deployment]
  summary: down
  runbook: look
  remediate: [restart]
- {name: WebSlow, severity: warning, expr: 'max(latency{job="web"}) > 2', for: 2m, summary: slow, runbook: look}
- {name: WebOdd, severity: high, expr: 'max(odd{job="web"}) > 2', for: 2m, summary: odd, runbook: look}
- {name: Watchdog, severity: none, expr: vector(1), summary: the path works}
"""


def a_test(*cases: str) -> str:
    """A Test with these cases, each a flow mapping without its braces."""
    return "kind: Test\nname: who\ncases:\n" + "".join(f"- {{{case}}}\n" for case in cases)
