"""5, continued: who is on call at every minute of the coverage time."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would not be told."

HOLE = Code(
    "WB520",
    "schedule-hole",
    "error",
    finds="A time within the workspace's `coverage` when nobody is on call by a schedule and no `gap` says so: no era has begun, no layer is open, or whoever has the turn does not work then. A gap that falls to a schedule with a hole is told there. Without `coverage`, the year from the schedule's latest era is looked at.",
    why="The page goes to nobody; PagerDuty does not even open an incident.",
    example="layers: [{name: week, only: lisbon-hours, eras: […]}]   (and nothing for the nights)",
    instead="layers: [{name: week, only: lisbon-hours, eras: […]}, {name: nights, eras: […]}]\n"
    "or, on purpose: gaps: [{from: …, until: …, reason: site closed, falls_to: sre-primary}]",
    silence=_FIX,
)
AWAY = Code(
    "WB521",
    "on-call-while-away",
    "error",
    finds="Somebody's turn on a day on which they are `away`, with no layer below that has somebody and no swap; or a swap that puts in somebody who is away.",
    why="The phone rings on a beach, or not at all.",
    example="kind: Person\nname: ana\naway: [{from: 2026-12-24, until: 2026-12-27}]   (and it is ana's week)",
    instead="swaps: [{from: 2026-12-24T00:00, until: 2026-12-28T00:00, take: bo, for: ana, agreed: [ana, bo]}]   on the schedule",
    silence=_FIX,
)
NOBODY_REACHABLE = Code(
    "WB522",
    "nobody-reachable",
    "error",
    finds="A time when every step of an escalation that a team's alerts use leads to a schedule in which nobody is on call, because of gaps that fall to nobody.",
    why="Each gap is harmless alone; together they are an alert that reaches no human being.",
    example="gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: site closed}]   on the primary's and the secondary's schedule",
    instead="gaps: [{…, falls_to: sre-primary}]   on one of them",
    silence=_FIX,
)
GAP_WITHOUT_REASON = Code(
    "WB523",
    "gap-without-reason",
    "error",
    finds="A gap that falls to no schedule and gives no reason.",
    why="Whoever reads it next year cannot tell a decision from a mistake.",
    example='gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: ""}]',
    instead="gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: site closed}]",
    silence=_FIX,
)
SAME_PERSON = Code(
    "WB524",
    "primary-is-secondary",
    "warning",
    finds="One person who is on call for two roles of a team at once. A time that a gap hands to another schedule does not count.",
    why="The second step of the escalation wakes the phone that did not answer the first.",
    example="on_call: {primary: always-me, secondary: always-me}",
    instead="eras: [{from: 2026-01-05, people: [bo, ana]}]   on the secondary, so that it is a turn behind",
    silence="checks: {primary-is-secondary: off} in the workspace.",
)
UNFAIR_NIGHTS = Code(
    "WB525",
    "unfair-nights",
    "warning",
    finds="People who rotate together in an era, of whom one has (in all layers of the schedule) more than one and a half times the average of nights, and over two turns' worth more than the one who has the fewest. A night counts for whoever is on call at 03:00 where they live; who works part-time is not compared.",
    why="The same person is tired every time, and leaves.",
    example="rotation: {every: 12h}   (two people in one zone: one of them has every night)",
    instead="rotation: daily",
    silence="checks: {unfair-nights: off} in the workspace.",
)
UNFAIR_WEEKENDS = Code(
    "WB526",
    "unfair-weekends",
    "note",
    finds="The same for the hours of Saturdays and Sundays, by the clock where each person lives.",
    why="A rotation of seven days for seven people gives every Saturday to one of them.",
    example="rotation: daily   (seven people)",
    instead="rotation: weekly",
    silence="checks: {unfair-weekends: off} in the workspace.",
)
REST = Code(
    "WB527",
    "too-little-rest",
    "warning",
    finds="Somebody who goes on call again less than eleven hours after a night on call, or who is on call for more than eight days, and more than one and a half turns, without a break though there are others. A break within one turn, such as the day between two nights of one week, is not counted.",
    why="Whoever was awake at four cannot think at nine. Eleven hours are the daily rest of the European Working Time Directive.",
    example="rotation: {every: 8h}   (two people)",
    instead="rotation: {every: 12h}",
    silence="checks: {too-little-rest: off} in the workspace.",
)
NEVER_ON = Code(
    "WB528",
    "layer-never-on-call",
    "error",
    finds="A layer that has nobody at any time of the coverage: its calendar is never open then, or its eras begin later.",
    why="It looks like cover and is none.",
    example="only: weekends   (a calendar whose days are all closed)",
    instead="only: a calendar that is open within `coverage`",
    silence=_FIX,
)
NEVER_REACHED = Code(
    "WB529",
    "layer-never-reached",
    "warning",
    finds="A layer that is never asked in the coverage time, because a layer above it always has somebody.",
    why="The first layer that has somebody wins: nights that stand below a layer for the whole week never happen.",
    example="layers: [{name: week, …}, {name: nights, only: {outside: lisbon-hours}, …}]",
    instead="layers: [{name: nights, only: {outside: lisbon-hours}, …}, {name: week, …}]",
    silence="checks: {layer-never-reached: off} in the workspace, where it is meant for absences only.",
)
NOT_AGREED = Code(
    "WB530",
    "swap-not-agreed",
    "error",
    finds="A swap that does not name both of its people in `agreed`.",
    why="Somebody would learn of their night by being woken.",
    example="swaps: [{from: …, until: …, take: bo, for: ana, agreed: [ana]}]",
    instead="swaps: [{from: …, until: …, take: bo, for: ana, agreed: [ana, bo]}]",
    silence=_FIX,
)
NO_EFFECT = Code(
    "WB531",
    "swap-without-effect",
    "error",
    finds="A swap whose `for` has no turn at any time between `from` and `until`, or who takes it over from themselves.",
    why="The two agreed on something, and it is not what will happen.",
    example="swaps: [{from: 2026-12-24T09:00, until: 2026-12-25T09:00, take: bo, for: ana, …}]   (and it is chi's week)",
    instead="swaps: [{…, take: bo, for: chi, …}]",
    silence=_FIX,
)
HOLIDAYS_NOT_LOCKED = Code(
    "WB532",
    "holidays-not-locked",
    "error",
    finds="A calendar that names a country whose holidays are not in `policies/holidays.lock` for every year of the coverage.",
    why="Public holidays change by law. They are written down once and reviewed, so that the same policies mean the same on every machine and on any day.",
    example="holidays: PT   (and no PT 2027 in the lock)",
    instead="watchbill holidays update, then review what it wrote",
    silence="It cannot be silenced: a guessed holiday is a night without anyone.",
)
BAD_LOCK = Code(
    "WB533",
    "bad-holiday-lock",
    "error",
    finds="A line of `policies/holidays.lock` that cannot be understood.",
    why="A holiday that is read wrong is a working day.",
    example="PT 2026\n2026-25-12 Christmas Day",
    instead="watchbill holidays update, then review what it wrote",
    silence="It cannot be silenced: a guessed holiday is a night without anyone.",
)
GAPS_IN_A_CIRCLE = Code(
    "WB534",
    "gaps-in-a-circle",
    "error",
    finds="A gap that falls to a schedule whose own gaps fall back to the first.",
    why="Each would wait for the other, and nobody would be paged.",
    example="gaps: [{…, falls_to: sre-primary}]   (and sre-primary has a gap that falls to this schedule)",
    instead="name a third schedule, or none and a reason",
    silence=_FIX,
)
SHORT_TURN = Code(
    "WB535",
    "turn-too-short",
    "error",
    finds="A rotation whose turns are shorter than an hour, or not of whole minutes.",
    why="No page is answered before the next person is on call.",
    example="rotation: {every: 12m}",
    instead="rotation: {every: 12h}",
    silence=_FIX,
)
SHADOW_IS_COVER = Code(
    "WB536",
    "shadow-is-cover",
    "warning",
    finds="Somebody who is a `shadow` of a schedule and has turns in it too.",
    why="A shadow is learning and never cover; the others believe that they are not alone.",
    example="shadow: [fay]\nlayers: [{name: week, eras: [{from: 2026-01-05, people: [ana, fay]}]}]",
    instead="shadow: []   from the day on which fay takes turns",
    silence="checks: {shadow-is-cover: off} in the workspace.",
)
LAYER_TWICE = Code(
    "WB537",
    "layer-name-twice",
    "error",
    finds="Two layers of one schedule with the same name.",
    why="Findings, calendars and PagerDuty's rotations know a layer by its name.",
    example="layers: [{name: week, …}, {name: week, …}]",
    instead="layers: [{name: nights, …}, {name: week, …}]",
    silence=_FIX,
)
AWAY_BACKWARDS = Code(
    "WB538",
    "away-backwards",
    "error",
    finds="An absence whose last day comes before its first.",
    why="It is no absence at all, and somebody relies on it.",
    example="away: [{from: 2026-12-27, until: 2026-12-24}]",
    instead="away: [{from: 2026-12-24, until: 2026-12-27}]",
    silence=_FIX,
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
    NOT_AGREED,
    NO_EFFECT,
    HOLIDAYS_NOT_LOCKED,
    BAD_LOCK,
    GAPS_IN_A_CIRCLE,
    SHORT_TURN,
    SHADOW_IS_COVER,
    LAYER_TWICE,
    AWAY_BACKWARDS,
)
