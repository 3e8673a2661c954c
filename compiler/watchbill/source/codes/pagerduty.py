"""5, continued: what PagerDuty cannot do, or does otherwise than the policies say."""

from watchbill.source.codes import Code

CANNOT_REACH = Code(
    "WB560",
    "pagerduty-cannot-reach",
    "warning",
    finds="A step of an escalation that, for a team paged by PagerDuty, names a role that is a telephone number, a mailbox or a Slack channel; or somebody under `also` who is not a Slack channel. A step that has nobody else is an error.",
    why="PagerDuty pages people who have an account, and schedules of them. It has nobody who is only told: whoever it pages has the incident.",
    example="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}, ⟦{role: legal}⟧]
---
kind: Workspace
name: shop
pagerduty: {service_per: team}
roles: {legal: {email: legal@shop.example}}""",
    instead="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}, {role: legal}]
---
kind: Workspace
name: shop
pagerduty: {service_per: team}
roles: {legal: {person: chi}}""",
    silence="checks: {pagerduty-cannot-reach: note} in the workspace.",
)
WAIT = Code(
    "WB561",
    "pagerduty-wait",
    "warning",
    finds="A `wait` that is not a whole number of minutes, or none at all.",
    why="PagerDuty waits whole minutes, at least one. The wait is rounded down, so that nobody is told later than the policy says.",
    example="""\
kind: Escalation
name: level-1
steps:
- {notify: [{on_call: primary}], wait: ⟦90s⟧}
- {notify: [{on_call: primary, of: sre}]}
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Escalation
name: level-1
steps:
- {notify: [{on_call: primary}], wait: 2m}
- {notify: [{on_call: primary, of: sre}]}
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="checks: {pagerduty-wait: off} in the workspace.",
)
TOO_MANY = Code(
    "WB562",
    "pagerduty-too-many",
    "error",
    finds="A step that pages more than ten people or schedules, or an escalation that is repeated more than nine times.",
    why="PagerDuty refuses the whole escalation policy.",
    example="""\
kind: Escalation
name: level-1
repeat: ⟦20⟧
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Escalation
name: level-1
repeat: 9
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="It cannot be silenced: PagerDuty would not take it.",
)
SHIFT_BY_SHIFT = Code(
    "WB563",
    "pagerduty-shift-by-shift",
    "warning",
    finds="A schedule that PagerDuty's recurrences cannot say exactly. Its shifts are written one by one, for the workspace's `coverage` only; the finding says what stands in the way.",
    why="In PagerDuty the schedule ends with the coverage time, and every change of it is a change of many shifts.",
    example="""\
kind: Schedule
name: ⟦payments-primary⟧
layers:
- {name: week, rotation: {every: 36h}, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: nights, eras: [{from: 2026-01-05, people: [bo, ana]}]}
---
kind: Workspace
name: shop
pagerduty: {service_per: team}
coverage: {from: 2026-01-12, until: 2026-12-31}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: daily, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: nights, eras: [{from: 2026-01-05, people: [bo, ana]}]}
---
kind: Workspace
name: shop
pagerduty: {service_per: team}
coverage: {from: 2026-01-12, until: 2026-12-31}""",
    silence="checks: {pagerduty-shift-by-shift: note} in the workspace.",
)
NO_COVERAGE = Code(
    "WB564",
    "pagerduty-no-coverage",
    "error",
    finds="A schedule that must be written shift by shift, in a workspace without `coverage`.",
    why="Nobody said for how long, so PagerDuty would have nobody on call.",
    example="""\
kind: Schedule
name: ⟦payments-primary⟧
layers:
- {name: week, rotation: {every: 36h}, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: nights, eras: [{from: 2026-01-05, people: [bo, ana]}]}
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: daily, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: nights, eras: [{from: 2026-01-05, people: [bo, ana]}]}
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="It cannot be silenced: somebody would not be told.",
)
SHADOW = Code(
    "WB565",
    "pagerduty-shadow",
    "note",
    finds="A schedule with a `shadow`, paged by PagerDuty.",
    why="PagerDuty has nobody who hears a page and is not cover. On the schedule a shadow would have the incident, and could acknowledge it for everybody; so it is left out.",
    example="""\
kind: Schedule
name: payments-primary
shadow: [⟦chi⟧]
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Escalation
name: level-1
also: [{slack: "#incidents"}]
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="checks: {pagerduty-shadow: off} in the workspace.",
)
OVERRIDES_ELSEWHERE = Code(
    "WB566",
    "pagerduty-overrides-elsewhere",
    "warning",
    finds="A schedule whose run-time overrides belong to the executor, for a team paged by PagerDuty.",
    why="PagerDuty pages by its own schedule, and never learns of an override made in the executor: the wrong person is woken.",
    example="""\
kind: Schedule
name: payments-primary
overrides: ⟦executor⟧
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Schedule
name: payments-primary
overrides: pagerduty
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="checks: {pagerduty-overrides-elsewhere: off} in the workspace.",
)
OWN_RULES = Code(
    "WB567",
    "pagerduty-own-rules",
    "note",
    finds="People with `notify`, paged by PagerDuty.",
    why="PagerDuty notifies everybody by the rules of their own profile, which know two urgencies and hold telephone numbers. Neither belongs into git, so `notify` is not sent there.",
    example="""\
kind: Person
name: ana
notify: ⟦{critical: [{push: 0m}]}⟧
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Person
name: ana
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="checks: {pagerduty-own-rules: off} in the workspace.",
)
SAME_EMAIL = Code(
    "WB568",
    "pagerduty-same-email",
    "error",
    finds="Two people with one e-mail address, both paged by PagerDuty.",
    why="PagerDuty knows people by their e-mail address: one of the two would be paged for both.",
    example="""\
kind: Person
name: bo
email: ⟦ana@shop.example⟧
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    instead="""\
kind: Person
name: bo
email: bo@shop.example
---
kind: Workspace
name: shop
pagerduty: {service_per: team}""",
    silence="It cannot be silenced: somebody would not be told.",
)
ALL = (
    CANNOT_REACH,
    WAIT,
    TOO_MANY,
    SHIFT_BY_SHIFT,
    NO_COVERAGE,
    SHADOW,
    OVERRIDES_ELSEWHERE,
    OWN_RULES,
    SAME_EMAIL,
)
