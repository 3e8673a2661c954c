"""5, continued: who is on call at every minute of the coverage time."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would not be told."

HOLE = Code(
    "WB520",
    "schedule-hole",
    "error",
    finds="A time within the workspace's `coverage` when nobody is on call by a schedule and no `gap` says so: no era has begun, no layer is open, or whoever has the turn does not work then. A gap that falls to a schedule with a hole is told there. Without `coverage`, the year from the schedule's latest era is looked at.",
    why="The page goes to nobody; PagerDuty does not even open an incident.",
    example="""\
kind: Schedule
name: payments-primary
⟦layers⟧:
- {name: week, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: nights, eras: [{from: 2026-01-05, people: [bo, ana]}]}""",
    silence=_FIX,
)
AWAY = Code(
    "WB521",
    "on-call-while-away",
    "error",
    finds="Somebody's turn on a day on which they are `away`, with no layer below that has somebody and no swap; or a swap that puts in somebody who is away.",
    why="The phone rings on a beach, or not at all.",
    example="""\
kind: Person
name: ana
email: ana@shop.example
away: [⟦{from: 2026-12-24, until: 2026-12-27}⟧]""",
    instead="""\
kind: Person
name: ana
email: ana@shop.example
away: [{from: 2026-12-24, until: 2026-12-27}]
---
kind: Schedule
name: payments-primary
swaps:
- {from: 2026-12-24T00:00, until: 2026-12-28T00:00, take: chi, for: ana, agreed: [ana, chi]}""",
    silence=_FIX,
)
NOBODY_REACHABLE = Code(
    "WB522",
    "nobody-reachable",
    "error",
    finds="A time when every step of an escalation that a team's alerts use leads to a schedule in which nobody is on call, because of gaps that fall to nobody.",
    why="Each gap is harmless alone; together they are an alert that reaches no human being.",
    example="""\
kind: Schedule
name: payments-primary
gaps: [⟦{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: the shop is closed}⟧]
---
kind: Schedule
name: sre-primary
gaps: [{from: 2026-12-25T03:00, until: 2026-12-25T09:00, reason: the data centre is closed}]""",
    instead="""\
kind: Schedule
name: payments-primary
gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: the shop is closed}]""",
    silence=_FIX,
)
GAP_WITHOUT_REASON = Code(
    "WB523",
    "gap-without-reason",
    "error",
    finds="A gap that falls to no schedule and gives no reason.",
    why="Whoever reads it next year cannot tell a decision from a mistake.",
    example="""\
kind: Schedule
name: payments-primary
gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: ⟦""⟧}]""",
    instead="""\
kind: Schedule
name: payments-primary
gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: the shop is closed}]""",
    silence=_FIX,
)
SAME_PERSON = Code(
    "WB524",
    "primary-is-secondary",
    "warning",
    finds="One person who is on call for two roles of a team at once. A time that a gap hands to another schedule does not count.",
    why="The second step of the escalation wakes the phone that did not answer the first.",
    example="""\
kind: Team
name: payments
on_call: {primary: payments-primary, secondary: ⟦payments-secondary⟧}
---
kind: Schedule
name: payments-secondary
layers:
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    instead="""\
kind: Team
name: payments
on_call: {primary: payments-primary, secondary: payments-secondary}
---
kind: Schedule
name: payments-secondary
layers:
- {name: week, eras: [{from: 2026-01-05, people: [bo, ana]}]}""",
    silence="checks: {primary-is-secondary: off} in the workspace.",
)
UNFAIR_NIGHTS = Code(
    "WB525",
    "unfair-nights",
    "warning",
    finds="People who rotate together in an era, of whom one has (in all layers of the schedule) more than one and a half times the average of nights, and over two turns' worth more than the one who has the fewest. A night counts for whoever is on call at 03:00 where they live; who works part-time is not compared.",
    why="The same person is tired every time, and leaves.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: {every: 12h}, eras: [{from: 2026-01-05, people: ⟦[ana, bo]⟧}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: daily, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence="checks: {unfair-nights: off} in the workspace.",
)
UNFAIR_WEEKENDS = Code(
    "WB526",
    "unfair-weekends",
    "note",
    finds="The same for the hours of Saturdays and Sundays, by the clock where each person lives.",
    why="A rotation of seven days for seven people gives every Saturday to one of them.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: {every: 84h}, eras: [{from: 2026-01-05, people: ⟦[ana, bo]⟧}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: weekly, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence="checks: {unfair-weekends: off} in the workspace.",
)
REST = Code(
    "WB527",
    "too-little-rest",
    "warning",
    finds="Somebody who goes on call again less than eleven hours after a night on call, or who is on call for more than eight days, and more than one and a half turns, without a break though there are others. A break within one turn, such as the day between two nights of one week, is not counted.",
    why="Whoever was awake at four cannot think at nine. Eleven hours are the daily rest of the European Working Time Directive.",
    example="""\
kind: Schedule
name: ⟦payments-primary⟧
layers:
- {name: week, rotation: {every: 8h}, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: daily, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence="checks: {too-little-rest: off} in the workspace.",
)
NEVER_ON = Code(
    "WB528",
    "layer-never-on-call",
    "error",
    finds="A layer that has nobody at any time of the coverage: its calendar is never open then, or its eras begin later.",
    why="It looks like cover and is none.",
    example="""\
kind: Workspace
name: shop
coverage: {from: 2026-01-12, until: 2026-12-31}
---
kind: Schedule
name: payments-primary
layers:
- {name: ⟦fair⟧, eras: [{from: 2027-02-01, people: [chi]}]}
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    instead="""\
kind: Workspace
name: shop
coverage: {from: 2026-01-12, until: 2027-03-31}
---
kind: Schedule
name: payments-primary
layers:
- {name: fair, only: office, eras: [{from: 2027-02-01, people: [chi]}]}
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence=_FIX,
)
NEVER_REACHED = Code(
    "WB529",
    "layer-never-reached",
    "warning",
    finds="A layer that is never asked in the coverage time, because a layer above it always has somebody.",
    why="The first layer that has somebody wins: nights that stand below a layer for the whole week never happen.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: ⟦nights⟧, only: {outside: office}, eras: [{from: 2026-01-05, people: [chi]}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: nights, only: {outside: office}, eras: [{from: 2026-01-05, people: [chi]}]}
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence="checks: {layer-never-reached: off} in the workspace, where it is meant for absences only.",
)
ALL = (
    HOLE,
    AWAY,
    NOBODY_REACHABLE,
    GAP_WITHOUT_REASON,
    SAME_PERSON,
    UNFAIR_NIGHTS,
    UNFAIR_WEEKENDS,
    REST,
    NEVER_ON,
    NEVER_REACHED,
)
