"""5: paging and schedules."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would not be told."

NO_CATCH_ALL = Code(
    "WB501",
    "no-catch-all",
    "error",
    finds="A workspace that does not say who receives an alert no policy claims, where that cannot be guessed.",
    why="A rule somebody added by hand at three in the morning would reach nobody.",
    example="""\
# policies/watchbill.yaml
⟦a⟧piVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: "http://prometheus:9090"}, alertmanager: {url: "http://alertmanager:9093"}}}
runbooks: {base_url: "https://runbooks.example"}
severities: {critical: {page: level-1}, warning: {ticket: team}}""",
    instead="""\
# policies/watchbill.yaml
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments: {production: {prometheus: {url: "http://prometheus:9090"}, alertmanager: {url: "http://alertmanager:9093"}}}
runbooks: {base_url: "https://runbooks.example"}
severities: {critical: {page: level-1}, warning: {ticket: team}}
catch_all: {team: sre, outcome: ticket}""",
    silence=_FIX,
)
PAGES_NOBODY = Code(
    "WB502",
    "step-pages-nobody",
    "error",
    finds="A step of an escalation that, for a team whose alerts use it, names an on-call role or a role that the team does not have.",
    why="The pager falls silent at that step; PagerDuty does not even open an incident when the first step is empty.",
    example="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}]
- notify: [⟦{on_call: secondary}⟧]""",
    instead="""\
kind: Escalation
name: level-1
steps:
- notify: [{on_call: primary}]
- notify: [{on_call: primary, of: sre}]""",
    silence=_FIX,
)
CANNOT_BE_PAGED = Code(
    "WB503",
    "team-cannot-be-paged",
    "error",
    finds="Alerts that page a team with `paging: none`.",
    why="They would be routed to nothing.",
    example="""\
kind: Team
name: payments
paging: ⟦none⟧""",
    instead="""\
kind: Team
name: payments
paging: pagerduty""",
    silence=_FIX,
)
NO_CHANNEL = Code(
    "WB504",
    "outcome-without-channel",
    "error",
    finds="A team whose alerts become tickets or messages, and which has no `tickets`, no `slack` and no `email` to take them.",
    why="The alert would be made, routed, and told to nobody.",
    example="""\
severity: info
---
kind: Team
name: ⟦payments⟧
slack: {}""",
    instead="""\
severity: info
---
kind: Team
name: payments
slack: {default: "#payments"}""",
    silence=_FIX,
)
NO_HOURS = Code(
    "WB505",
    "team-without-hours",
    "error",
    finds="A severity bound to the team's hours, used by a team that has none.",
    why="Nobody could say whether it pages on Sunday.",
    example="""\
kind: Workspace
name: shop
severities:
  critical: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
---
kind: Team
name: ⟦payments⟧""",
    instead="""\
kind: Workspace
name: shop
severities:
  critical: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
---
kind: Team
name: payments
hours: office""",
    silence=_FIX,
)
USELESS_ESCALATION = Code(
    "WB506",
    "escalation-without-page",
    "error",
    finds="An alert with an `escalation` of its own and a severity that does not page.",
    why="It reads as if it pages, and it does not.",
    example="""\
severity: warning
escalation: ⟦level-1⟧""",
    instead="""\
severity: critical
escalation: level-1""",
    silence=_FIX,
)
BAD_TIME = Code(
    "WB507",
    "impossible-time",
    "error",
    finds="A swap or gap whose local time does not exist or exists twice (daylight saving), or that ends before it starts.",
    why="Two systems would read it as two different hours, and one of them has nobody.",
    example="""\
kind: Schedule
name: payments-primary
timezone: Europe/Lisbon
swaps:
- {from: ⟦2026-03-29T01:30⟧, until: 2026-03-29T08:00, take: bo, for: ana, agreed: [ana, bo]}""",
    instead="""\
kind: Schedule
name: payments-primary
timezone: Europe/Lisbon
swaps:
- {from: 2026-03-29T02:30, until: 2026-03-29T08:00, take: ana, for: bo, agreed: [ana, bo]}""",
    silence=_FIX,
)
BAD_LAYER = Code(
    "WB508",
    "empty-layer",
    "error",
    finds="A schedule layer that never has anyone: no era, an era without people, eras out of order, or a `first` who is not in the era.",
    why="It looks like cover and is none.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, eras: [{from: 2026-01-05, people: ⟦[]⟧}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence=_FIX,
)
UNREACHABLE_CALENDAR = Code(
    "WB509",
    "calendar-never-open",
    "error",
    finds="A calendar without any hours.",
    why="What is bound to it never happens.",
    example="""\
kind: Calendar
name: office
weekly: ⟦{}⟧""",
    instead="""\
kind: Calendar
name: office
weekly: {monday-friday: ["09:00-18:00"]}""",
    silence=_FIX,
)
WAITS_TOO_LONG = Code(
    "WB510",
    "waits-beyond-sla",
    "warning",
    finds="An escalation whose first step waits longer than its `acknowledge_within`.",
    why="The promised time is over before anyone else hears of it.",
    example="""\
kind: Escalation
name: level-1
acknowledge_within: 5m
steps:
- {notify: [{on_call: primary}], wait: ⟦15m⟧}
- {notify: [{on_call: primary, of: sre}]}""",
    instead="""\
kind: Escalation
name: level-1
acknowledge_within: 15m
steps:
- {notify: [{on_call: primary}], wait: 15m}
- {notify: [{on_call: primary, of: sre}]}""",
    silence="checks: {waits-beyond-sla: off} in the workspace.",
)
ALL = (
    NO_CATCH_ALL,
    PAGES_NOBODY,
    CANNOT_BE_PAGED,
    NO_CHANNEL,
    NO_HOURS,
    USELESS_ESCALATION,
    BAD_TIME,
    BAD_LAYER,
    UNREACHABLE_CALENDAR,
    WAITS_TOO_LONG,
)
