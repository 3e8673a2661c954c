"""A small house in which every alert reaches somebody, and ways to break it."""

HOUSE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093"}
severities:
  critical: {page: now}
  high: {page: now, hours: team, outside: ticket}
  warning: {ticket: team}
  none: {drop: true}
catch_all: {team: shop, outcome: ticket}
last_resort: {team: shop, on_call: primary}
coverage: {from: 2026-01-05, until: 2026-12-31}
runbooks: {base_url: "https://runbooks.shop.example"}
---
kind: Team
name: shop
on_call: {primary: rota}
roles: {lead: {person: ana}}
hours: office
tickets: {webhook: {file: /run/secrets/tickets}}
---
kind: Person
name: ana
email: ana@shop.example
timezone: Europe/Lisbon
---
kind: Person
name: bo
email: bo@shop.example
timezone: America/New_York
---
kind: Schedule
name: rota
timezone: Europe/Lisbon
layers:
- name: week
  rotation: weekly
  eras: [{from: 2025-12-29, people: [ana, bo]}]
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
---
kind: Escalation
name: now
acknowledge_within: 6m
steps:
- {notify: [{on_call: primary}], wait: 5m}
repeat: 2
---
kind: Window
name: vacuum
when: {every: tuesday, hours: "02:00-04:00", timezone: UTC}
match: {service: web}
effect: ticket
reason: the table is rebuilt
---
kind: Runbook
name: web
immediate: ["Look at the dashboard"]
---
kind: Service
name: web
team: shop
tier: 1
alerts:
- {name: WebDown, severity: critical, expr: 'up{job="web"} == 0', for: 2m, summary: "{{ $labels.instance }} is down", runbook: web}
- name: WebSlow
  severity: high
  expr: histogram_quantile(0.99, sum by (le, route) (rate(web_seconds_bucket{job="web"}[5m]))) > 2
  for: 10m
  summary: "{{ $labels.route }} is slow"
  runbook: web
- {name: WebBusy, severity: warning, expr: 'sum(rate(web_requests_total{job="web"}[5m])) > 1000', for: 10m, summary: "much to do", runbook: web}
"""
WEEK = """\
- name: week
  rotation: weekly
  eras: [{from: 2025-12-29, people: [ana, bo]}]
"""
TWO_HALVES = """\
- {name: day, only: {inside: lisbon}, eras: [{from: 2025-12-29, people: [ana]}]}
- {name: night, only: {inside: new-york}, eras: [{from: 2025-12-29, people: [bo]}]}
"""
HALF_DAYS = """\
---
kind: Calendar
name: lisbon
timezone: Europe/Lisbon
weekly: {monday-sunday: ["08:00-20:00"]}
---
kind: Calendar
name: new-york
timezone: America/New_York
weekly: {monday-sunday: ["00:00-03:00", "15:00-24:00"]}
"""
BASE = 'alertmanager: {url: "http://alertmanager:9093", base: legacy.yml}'
NO_BASE = 'alertmanager: {url: "http://alertmanager:9093"}'
LEGACY = "route: {receiver: old}\nreceivers: [{name: old, webhook_configs: [{url: 'http://old:8080'}]}]\n"


def house(*changes: tuple[str, str], legacy: str = "") -> dict[str, str]:
    """The files of the house; of each change the first text must be there once, and is replaced by the second."""
    text = HOUSE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    files = {"policies/watchbill.yaml": text}
    return {**files, "policies/legacy.yml": legacy} if legacy else files


def added(document: str) -> tuple[str, str]:
    """A change that adds a document."""
    return ("---\nkind: Runbook\n", f"---\n{document}---\nkind: Runbook\n")
