"""71, continued: who is asked before the machine acts, and what it does twice to one target."""

from watchbill.source.codes import Code

_RESTART = """\
kind: Remediation
name: restart
"""
_ENVIRONMENTS = """\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://a:9090"}
    alertmanager: {url: "http://am-a:9093"}
    executor: {url: "http://executor-a:8080", mode: auto}
  staging:
    labels: {env: staging}
    prometheus: {url: "http://b:9090"}
    alertmanager: {url: "http://am-b:9093"}
    executor: {url: "http://executor-b:8080", mode: auto}
---
kind: Remediation
name: restart
risk: high
"""
_FIGHT = """\
remediate: [more]
---
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093"}
    executor: {url: "http://executor:8080", mode: auto}
---
kind: Service
name: fraud-detection
alerts:
- name: FraudIdle
  severity: warning
  expr: sum by (deployment) (rate(fraud_scores_total[1h])) == 0
  for: 1h
  summary: "{{ $labels.deployment }} has nothing to do"
  runbook: payment-failures
  remediate: [fewer]
---
kind: Remediation
name: more
inputs: {deployment: {label: deployment, allow: [⟦"gateway-.*"⟧]}}
action: {kubernetes.scale: {cluster: eu-1, namespace: payments, deployment: {input: deployment}, by: 2, at_most: 9}}
guardrails: {cooldown: 15m}
---
kind: Remediation
name: fewer
inputs: {deployment: {label: deployment, allow: [MARK]}}
action: {kubernetes.scale: {cluster: eu-1, namespace: payments, deployment: {input: deployment}, to: 1, at_most: 9}}
guardrails: {cooldown: 15m}"""
NEVER_ON_CALL = Code(
    "WB715",
    "approver-never-on-call",
    "warning",
    finds="Approvals by people of whom none has a turn in any schedule.",
    why="The question is put to somebody who sleeps with the phone off; it expires, and the machine has not acted.",
    example=_RESTART + "approvals: {from: ⟦[{person: dan}]⟧}\n---\nkind: Person\nname: dan\nemail: dan@shop.example",
    instead=_RESTART
    + "approvals: {from: [{person: dan}, {on_call: primary}]}\n---\nkind: Person\nname: dan\nemail: dan@shop.example",
    silence="checks: {approver-never-on-call: off} in the workspace.",
)
TOO_FEW = Code(
    "WB716",
    "approvers-are-one-person",
    "warning",
    finds="Approvals by more people than there are at some time, because one person has two of the places that are asked.",
    why="Two must agree and there is one: nothing is done until somebody wakes a third.",
    example=_RESTART + "approvals: {from: [{on_call: primary}, {person: ana}], count: ⟦2⟧}",
    instead=_RESTART + "approvals: {from: [{on_call: primary}, {on_call: primary, of: sre}], count: 2}",
    silence="checks: {approvers-are-one-person: off} in the workspace.",
)
ALONE = Code(
    "WB717",
    "approver-is-only-responder",
    "warning",
    finds="A destructive remediation (one that isolates, rolls back or says `risk: high`) that asks only the one on-call role which alone is paged for the alert.",
    why="Whoever was woken a minute ago takes production apart with one tap, and nobody else looks.",
    example=_RESTART
    + "risk: high\napprovals: {from: ⟦[{on_call: primary}]⟧}\n---\nkind: Escalation\nname: level-1\nsteps: [{notify: [{on_call: primary}]}]",
    instead=_RESTART
    + "risk: high\napprovals: {from: [{on_call: primary}, {on_call: primary, of: sre}], count: 2}\n---\nkind: Escalation\nname: level-1\nsteps: [{notify: [{on_call: primary}]}]",
    silence="checks: {approver-is-only-responder: off} in the workspace.",
)
PARTLY_APPROVED = Code(
    "WB718",
    "destructive-partly-approved",
    "error",
    finds="A destructive remediation whose `approvals.when` leaves out a place where alerts lead to it and the executor is `mode: auto`.",
    why="One wrong threshold there, and the machine takes it apart by itself.",
    example=_ENVIRONMENTS + "approvals: {when: {env: ⟦production⟧}, from: [{on_call: primary}]}",
    instead=_ENVIRONMENTS + "approvals: {from: [{on_call: primary}]}",
    silence="checks: {destructive-partly-approved: warning} in the workspace, where that is what was decided.",
)
FIGHT = Code(
    "WB719",
    "remedies-fight",
    "warning",
    finds="Two remediations of different alerts of one environment that undo each other on one target, where the executor is `mode: auto` and asks for one of them at most: replicas up and down, isolated and restarted, rolled back by both, one call with two values. The finding names such a target.",
    why="Both alerts fire in the same outage; the machine goes back and forth, and each alert counts the other's work as its own failure.",
    example=_FIGHT.replace("MARK", '"gateway-(api|worker)"'),
    instead=_FIGHT.replace("MARK", '"fraud-.*"').replace("⟦", "").replace("⟧", ""),
    silence="checks: {remedies-fight: off} in the workspace.",
)
ALL = (NEVER_ON_CALL, TOO_FEW, ALONE, PARTLY_APPROVED, FIGHT)
