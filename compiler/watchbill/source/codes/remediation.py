"""7: what the machine may do by itself: remediations and procedures."""

from watchbill.source.codes import Code

INPUT_LABEL_MISSING = Code(
    "WB701",
    "input-label-missing",
    "error",
    finds="A remediation whose input takes a label that an alert with this remediation can never carry.",
    why="A missing value means refuse: at night the machine declines every time, and a person is woken for what was automated.",
    example="""\
expr: sum by (provider) (rate(payment_failures_total[5m])) > 5
---
kind: Remediation
name: restart
inputs:
  deployment: {label: ⟦deployment⟧, allow: [gateway, "gateway-.*"]}""",
    instead="""\
expr: sum by (provider, deployment) (rate(payment_failures_total[5m])) > 5
---
kind: Remediation
name: restart
inputs:
  deployment: {label: deployment, allow: [gateway, "gateway-.*"]}""",
    silence="checks: {input-label-missing: warning} in the workspace.",
)
UNKNOWN_INPUT = Code(
    "WB702",
    "unknown-input",
    "error",
    finds="An action that names an input which the remediation does not declare.",
    why="There would be no value, and nothing bounds what it could be.",
    example="""\
kind: Remediation
name: restart
action: {kubernetes.rollout_restart: {cluster: {input: ⟦cluster⟧}, namespace: payments, deployment: {input: deployment}}}""",
    instead="""\
kind: Remediation
name: restart
action: {kubernetes.rollout_restart: {cluster: eu-1, namespace: payments, deployment: {input: deployment}}}""",
)
UNUSED_INPUT = Code(
    "WB703",
    "unused-input",
    "warning",
    finds="An input that the action does not use.",
    why="The machine refuses for want of a value that it does not need; or the action goes for a fixed target where somebody believed it followed the alert.",
    example="""\
kind: Remediation
name: restart
inputs:
  ⟦deployment⟧: {label: deployment, allow: [gateway, "gateway-.*"]}
action: {kubernetes.rollout_restart: {cluster: eu-1, namespace: payments, deployment: gateway}}""",
    instead="""\
kind: Remediation
name: restart
inputs:
  deployment: {label: deployment, allow: [gateway, "gateway-.*"]}
action: {kubernetes.rollout_restart: {cluster: eu-1, namespace: payments, deployment: {input: deployment}}}""",
    silence="Remove the input.",
)
NO_INVERSE = Code(
    "WB704",
    "action-without-inverse",
    "error",
    finds="`undo: inverse` on an action that cannot be taken back: one without an inverse, or an `http` call without an `undo` body.",
    why="After a remedy that made it worse, the promised way back is not there.",
    example="""\
kind: Remediation
name: restart
undo: ⟦inverse⟧""",
    instead="""\
kind: Remediation
name: restart
undo: none""",
)
FLUSH_EVERYTHING = Code(
    "WB705",
    "flush-everything",
    "error",
    finds="A `redis.flush` whose pattern has no literal character, so that it matches all keys, or all of one length.",
    why="Sessions, carts and locks go with the cache: the remedy is the outage.",
    example="""\
kind: Remediation
name: restart
inputs: {}
action: {redis.flush: {server: sessions, pattern: ⟦"*"⟧}}""",
    instead="""\
kind: Remediation
name: restart
inputs: {}
action: {redis.flush: {server: sessions, pattern: "catalogue:*"}}""",
)
FLOOR_PROMQL = Code(
    "WB706",
    "floor-promql",
    "error",
    finds="A `keep_healthy` expression that is not PromQL, or whose result is not a number or an instant vector.",
    why="The floor cannot be asked for, so the machine never acts; and it is noticed on the night it should.",
    example="""\
kind: Remediation
name: restart
guardrails: {cooldown: 15m, keep_healthy: {expr: 'count⟦(⟧up{job="gateway"} == 1', at_least: 2}}""",
    instead="""\
kind: Remediation
name: restart
guardrails: {cooldown: 15m, keep_healthy: {expr: 'count(up{job="gateway"} == 1)', at_least: 2}}""",
)
NO_APPROVER = Code(
    "WB707",
    "approver-missing",
    "error",
    finds="Approvals from an on-call role or a role that the alert's team does not have, from a channel, or by more people than are named.",
    why="The question is put to nobody, and every remedy waits until it expires.",
    example="""\
kind: Remediation
name: restart
approvals: {from: [⟦{on_call: secondary}⟧]}""",
    instead="""\
kind: Remediation
name: restart
approvals: {from: [{on_call: primary}]}""",
)
DESTRUCTIVE = Code(
    "WB708",
    "destructive-without-approval",
    "error",
    finds="A remediation that isolates a workload, rolls one back, or says `risk: high`, and that asks nobody.",
    why="One wrong threshold and the machine takes production apart by itself.",
    example="""\
# policies/remediation-restart.yaml
kind: Remediation
name: restart
inputs: {deployment: {label: deployment, allow: [gateway]}}
risk: ⟦high⟧
action: {kubernetes.rollout_restart: {cluster: eu-1, namespace: payments, deployment: {input: deployment}}}
guardrails: {cooldown: 15m}""",
    instead="""\
# policies/remediation-restart.yaml
kind: Remediation
name: restart
inputs: {deployment: {label: deployment, allow: [gateway]}}
risk: high
action: {kubernetes.rollout_restart: {cluster: eu-1, namespace: payments, deployment: {input: deployment}}}
guardrails: {cooldown: 15m}
approvals: {from: [{on_call: primary}], within: 10m}""",
    silence="checks: {destructive-without-approval: warning} in the workspace, where that is what was decided.",
)
STEP_REACHES_NOBODY = Code(
    "WB709",
    "procedure-reaches-nobody",
    "error",
    finds="A step of a procedure that names an on-call role or a role which a team whose incidents follow the procedure does not have.",
    why="The procedure reads as if somebody were told, and nobody is.",
    example="""\
kind: Procedure
name: fraud
when: {class: business, severity: [critical]}
steps: [{notify: [⟦{role: ciso}⟧]}]""",
    instead="""\
kind: Procedure
name: fraud
when: {class: business, severity: [critical]}
steps: [{notify: [{role: cto}]}]""",
)
BAD_PROCEDURE = Code(
    "WB710",
    "procedure-cannot-work",
    "error",
    finds="A procedure without steps, a trigger that says nothing or half of something, or a step with `of` or `yes` and no question.",
    why="It starts for everything, or never, or stops in the middle.",
    example="""\
kind: Procedure
name: cascade
when: {incidents: ⟦3⟧}
steps: [{notify: [{role: cto}]}]""",
    instead="""\
kind: Procedure
name: cascade
when: {incidents: 3, distinct: service, within: 5m}
steps: [{notify: [{role: cto}]}]""",
)
NEVER_STARTS = Code(
    "WB711",
    "procedure-never-starts",
    "warning",
    finds="A procedure for a class and severities that no alert has.",
    why="People rely on an answer that no incident will ever begin.",
    example="""\
kind: Procedure
name: breach
when: ⟦{class: security}⟧
steps: [{notify: [{role: cto}]}]""",
    instead="""\
class: security
---
kind: Procedure
name: breach
when: {class: security}
steps: [{notify: [{role: cto}]}]""",
    silence="checks: {procedure-never-starts: off} in the workspace.",
)
NEVER_ASKED = Code(
    "WB712",
    "approval-never-asked",
    "error",
    finds="`approvals.when` labels that no alert with this remediation can ever carry.",
    why="The approval reads as required, and the machine acts without asking anybody.",
    example="""\
kind: Remediation
name: restart
approvals: {when: {⟦environment⟧: production}, from: [{on_call: primary}]}""",
    instead="""\
kind: Remediation
name: restart
approvals: {when: {env: production}, from: [{on_call: primary}]}""",
)
BOUNDS_NOTHING = Code(
    "WB713",
    "guardrail-bounds-nothing",
    "error",
    finds="A guardrail, approval or verification with a number or a time that bounds nothing or can never be met.",
    why="`max_per_hour: 0` never acts, `count: 0` never asks, and a `quiet_for` that hardly fits into `within` never succeeds.",
    example="""\
kind: Remediation
name: restart
verify: ⟦{quiet_for: 20m, within: 15m}⟧""",
    instead="""\
kind: Remediation
name: restart
verify: {quiet_for: 2m, within: 15m}""",
)
ALLOWS_EVERYTHING = Code(
    "WB714",
    "allows-everything",
    "error",
    finds="An `allow` pattern that matches any text at all.",
    why="Whoever can make a metric chooses what the machine does, and to what.",
    example="""\
kind: Remediation
name: restart
inputs:
  deployment: {label: deployment, allow: [⟦".*"⟧]}""",
    instead="""\
kind: Remediation
name: restart
inputs:
  deployment: {label: deployment, allow: ["checkout-(api|worker)"]}""",
)
ALL = (
    INPUT_LABEL_MISSING,
    UNKNOWN_INPUT,
    UNUSED_INPUT,
    NO_INVERSE,
    FLUSH_EVERYTHING,
    FLOOR_PROMQL,
    NO_APPROVER,
    DESTRUCTIVE,
    STEP_REACHES_NOBODY,
    BAD_PROCEDURE,
    NEVER_STARTS,
    NEVER_ASKED,
    BOUNDS_NOTHING,
    ALLOWS_EVERYTHING,
)
