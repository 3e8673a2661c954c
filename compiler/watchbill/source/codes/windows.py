"""42: windows."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would be told less than they believe, or woken when they believe they are not."

BEYOND_TEAM = Code(
    "WB421",
    "window-beyond-its-team",
    "error",
    finds="A Window of a team whose `match` names a service or the label `team` of another.",
    why="One team would decide that another is not woken.",
    example="""\
kind: Window
name: fraud-release
team: sre
when: {every: tuesday, hours: "02:00-04:00"}
match: {service: ⟦fraud-detection⟧}
effect: ticket
reason: a new model goes live""",
    instead="""\
kind: Window
name: fraud-release
team: payments
when: {every: tuesday, hours: "02:00-04:00"}
match: {service: fraud-detection}
effect: ticket
reason: a new model goes live""",
    silence=_FIX,
)
NOTHING_TO_DO = Code(
    "WB422",
    "window-changes-nothing",
    "error",
    finds="A Window that no alert can match in its places, or whose effect is not quieter than any of those it matches.",
    why="The maintenance goes ahead in the belief that nobody is woken by it.",
    example="""\
kind: Window
name: fraud-release
when: {every: tuesday, hours: "02:00-04:00"}
match: {service: ⟦fraud-detektion⟧}
effect: ticket
reason: a new model goes live""",
    instead="""\
kind: Window
name: fraud-release
when: {every: tuesday, hours: "02:00-04:00"}
match: {service: fraud-detection}
effect: ticket
reason: a new model goes live""",
    silence="checks: {window-changes-nothing: warning} in the workspace.",
)
TOO_MANY = Code(
    "WB423",
    "too-many-windows",
    "error",
    finds="Windows whose matches overlap in more ways than Alertmanager should have routes for: more than 32 for one kind of alert.",
    why="Each combination that an alert can match needs a route of its own.",
    example="(ten windows on ten labels that one alert may all carry)",
    instead="Windows that match by `service`.",
    silence=_FIX,
)
BAD_WINDOW = Code(
    "WB424",
    "impossible-window",
    "error",
    finds="A Window whose time cannot be: `from` without `until`, an end before its start, `hours` beside `from`, seconds.",
    why="Alertmanager knows whole minutes, and a window without an end is a hole for ever.",
    example="""\
kind: Window
name: christmas
when: {from: ⟦2026-12-24T22:00⟧}
effect: ticket
reason: the shop is closed""",
    instead="""\
kind: Window
name: christmas
when: {from: 2026-12-24T22:00, until: 2026-12-25T06:00}
effect: ticket
reason: the shop is closed""",
    silence=_FIX,
)
OVER = Code(
    "WB425",
    "over",
    "warning",
    finds="A Window that came once and is over, or a `change` of foreign rules whose `until:` has passed.",
    why="What was switched off for a month stays off for years, and everybody believes that somebody looked.",
    example="""\
kind: Window
name: christmas
when: {from: 2025-12-24T22:00, until: ⟦2025-12-25T06:00⟧}
effect: ticket
reason: the shop is closed""",
    instead="""\
kind: Window
name: christmas
when: {from: 2026-12-24T22:00, until: 2026-12-25T06:00}
effect: ticket
reason: the shop is closed""",
    silence="checks: {over: off} in the workspace.",
)
ALL = (BEYOND_TEAM, NOTHING_TO_DO, TOO_MANY, BAD_WINDOW, OVER)
