"""5: paging and schedules."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would not be told."

NO_CATCH_ALL = Code(
    "WB501",
    "no-catch-all",
    "error",
    finds="A workspace that does not say who receives an alert no policy claims, where that cannot be guessed.",
    why="A rule somebody added by hand at three in the morning would reach nobody.",
    example="(two teams and no `catch_all`)",
    instead="catch_all: {team: sre, outcome: ticket}",
    silence=_FIX,
)
PAGES_NOBODY = Code(
    "WB502",
    "step-pages-nobody",
    "error",
    finds="A step of an escalation that, for a team whose alerts use it, names an on-call role or a role that the team does not have.",
    why="The pager falls silent at that step; PagerDuty does not even open an incident when the first step is empty.",
    example="steps: [{notify: [{on_call: secondary}]}]   (and the team has only a primary)",
    instead="on_call: {primary: …, secondary: …}   on the team",
    silence=_FIX,
)
CANNOT_BE_PAGED = Code(
    "WB503",
    "team-cannot-be-paged",
    "error",
    finds="Alerts that page a team with `paging: none`.",
    why="They would be routed to nothing.",
    example="kind: Team\npaging: none",
    instead="paging: pagerduty",
    silence=_FIX,
)
NO_CHANNEL = Code(
    "WB504",
    "outcome-without-channel",
    "error",
    finds="A team whose alerts become tickets or messages, and which has no `tickets`, no `slack` and no `email` to take them.",
    why="The alert would be made, routed, and told to nobody.",
    example="kind: Team\nname: payments",
    instead="tickets: {webhook: {file: /run/secrets/pay-tickets}}",
    silence=_FIX,
)
NO_HOURS = Code(
    "WB505",
    "team-without-hours",
    "error",
    finds="A severity bound to the team's hours, used by a team that has none.",
    why="Nobody could say whether it pages on Sunday.",
    example="high: {page: level-2, hours: team, outside: ticket}   (and the team has no `hours`)",
    instead="hours: lisbon-hours   on the team",
    silence=_FIX,
)
USELESS_ESCALATION = Code(
    "WB506",
    "escalation-without-page",
    "error",
    finds="An alert with an `escalation` of its own and a severity that does not page.",
    why="It reads as if it pages, and it does not.",
    example="severity: warning\nescalation: level-1",
    instead="severity: critical",
    silence=_FIX,
)
BAD_TIME = Code(
    "WB507",
    "impossible-time",
    "error",
    finds="A swap or gap whose local time does not exist or exists twice (daylight saving), or that ends before it starts.",
    why="Two systems would read it as two different hours, and one of them has nobody.",
    example="from: 2026-03-29T01:30   (Europe/Lisbon)",
    instead="from: 2026-03-29T02:30   or an offset: 2026-10-25T01:30+01:00",
    silence=_FIX,
)
BAD_LAYER = Code(
    "WB508",
    "empty-layer",
    "error",
    finds="A schedule layer that never has anyone: no era, an era without people, eras out of order, or a `first` who is not in the era.",
    why="It looks like cover and is none.",
    example="eras: [{from: 2026-01-05, people: []}]",
    instead="eras: [{from: 2026-01-05, people: [ana, bo]}]",
    silence=_FIX,
)
UNREACHABLE_CALENDAR = Code(
    "WB509",
    "calendar-never-open",
    "error",
    finds="A calendar without any hours.",
    why="What is bound to it never happens.",
    example="weekly: {}",
    instead='weekly: {monday-friday: ["09:00-18:00"]}',
    silence=_FIX,
)
WAITS_TOO_LONG = Code(
    "WB510",
    "waits-beyond-sla",
    "warning",
    finds="An escalation whose first step waits longer than its `acknowledge_within`.",
    why="The promised time is over before anyone else hears of it.",
    example="acknowledge_within: 5m\nsteps: [{notify: […], wait: 15m}]",
    instead="wait: 5m",
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
