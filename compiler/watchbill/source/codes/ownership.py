"""41: whose an alert is."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: the wrong team would be woken, or none."

OVERLAP = Code(
    "WB411",
    "owners-overlap",
    "error",
    finds="An Ownership in which two teams own the same value of the label. The finding names such a value.",
    why="Which of the two is paged would depend on the order of the table, and nobody reads it that way.",
    example="""\
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["pay.*"], sre: [⟦payroll⟧, monitoring]}
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    instead="""\
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["payments(-.*)?"], sre: [payroll, monitoring]}
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    silence=_FIX,
)
MATCHES_NOTHING_SAID = Code(
    "WB412",
    "owns-what-has-no-label",
    "error",
    finds="A pattern of an Ownership that also matches the empty text.",
    why="A label that is absent is an empty one: every alert without the label would go to this team, not to `otherwise`.",
    example="""\
kind: Ownership
name: namespace
label: namespace
owners: {payments: [⟦"(payments.*)?"⟧]}
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    instead="""\
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["payments.*"]}
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    silence=_FIX,
)
UNDECIDED = Code(
    "WB413",
    "ownership-too-complicated",
    "error",
    finds="Patterns of an Ownership that cannot be compared with reasonable effort.",
    why="Whether two teams own the same value is proven, never guessed.",
    example="""\
kind: Ownership
name: namespace
label: namespace
owners: ⟦{payments: [".*a.{40}"], sre: [".*b.{40}"]}⟧
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    instead="""\
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["a.*"], sre: ["b.*"]}
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    silence=_FIX,
)
NEVER_THERE = Code(
    "WB414",
    "owner-label-missing",
    "note",
    finds="Alerts whose owner an Ownership should find, and whose expressions never yield its label.",
    why="They always go to the team under `otherwise`, whatever the table says.",
    example="""\
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: ⟦sre⟧}
rules: kubernetes/*.yaml
---
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["payments.*"]}
---
# policies/kubernetes/rules.yaml
groups:
- name: pods
  rules:
  - alert: PodsRestart
    expr: sum(rate(pod_restarts_total[5m])) > 5
    labels: {severity: warning}
    annotations: {summary: "pods restart", runbook_url: "https://runbooks.example/pods"}""",
    instead="""\
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["payments.*"]}
---
# policies/kubernetes/rules.yaml
groups:
- name: pods
  rules:
  - alert: PodsRestart
    expr: sum by (namespace) (rate(pod_restarts_total[5m])) > 5
    labels: {severity: warning}
    annotations: {summary: "pods restart", runbook_url: "https://runbooks.example/pods"}""",
    silence="checks: {owner-label-missing: off} in the workspace.",
)
UNUSED = Code(
    "WB415",
    "unused-ownership",
    "warning",
    finds="An Ownership that no Foreign names.",
    why="A table that nobody asks says nothing about who is paged.",
    example="""\
kind: Ownership
name: ⟦namespace⟧
label: namespace
owners: {payments: ["payments.*"]}
---
kind: Foreign
name: kubernetes
team: sre
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    instead="""\
kind: Ownership
name: namespace
label: namespace
owners: {payments: ["payments.*"]}
---
kind: Foreign
name: kubernetes
team: {by: namespace, otherwise: sre}
rules: kubernetes/*.yaml
---
# policies/kubernetes/rules.yaml
groups: []""",
    silence="checks: {unused-ownership: off} in the workspace.",
)
ALL = (OVERLAP, MATCHES_NOTHING_SAID, UNDECIDED, NEVER_THERE, UNUSED)
