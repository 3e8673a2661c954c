"""5, continued: schedules, swaps, gaps and holidays as they are written."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: somebody would not be told."

NOT_AGREED = Code(
    "WB530",
    "swap-not-agreed",
    "error",
    finds="A swap that does not name both of its people in `agreed`.",
    why="Somebody would learn of their night by being woken.",
    example="""\
kind: Schedule
name: payments-primary
swaps:
- {from: 2026-01-06T09:00, until: 2026-01-07T09:00, take: bo, for: ana, agreed: ⟦[ana]⟧}""",
    instead="""\
kind: Schedule
name: payments-primary
swaps:
- {from: 2026-01-06T09:00, until: 2026-01-07T09:00, take: bo, for: ana, agreed: [ana, bo]}""",
    silence=_FIX,
)
NO_EFFECT = Code(
    "WB531",
    "swap-without-effect",
    "error",
    finds="A swap whose `for` has no turn at any time between `from` and `until`, or who takes it over from themselves.",
    why="The two agreed on something, and it is not what will happen.",
    example="""\
kind: Schedule
name: payments-primary
swaps:
- {from: 2026-01-13T09:00, until: 2026-01-14T09:00, take: chi, for: ⟦ana⟧, agreed: [ana, chi]}""",
    instead="""\
kind: Schedule
name: payments-primary
swaps:
- {from: 2026-01-13T09:00, until: 2026-01-14T09:00, take: chi, for: bo, agreed: [bo, chi]}""",
    silence=_FIX,
)
HOLIDAYS_NOT_LOCKED = Code(
    "WB532",
    "holidays-not-locked",
    "error",
    finds="A calendar that names a country whose holidays are not in `policies/holidays.lock` for every year of the coverage.",
    why="Public holidays change by law. They are written down once and reviewed, so that the same policies mean the same on every machine and on any day.",
    example="""\
kind: Workspace
name: shop
coverage: {from: 2026-01-12, until: 2026-12-31}
---
kind: Calendar
name: office
holidays: ⟦PT⟧""",
    instead="""\
kind: Workspace
name: shop
coverage: {from: 2026-01-12, until: 2026-12-31}
---
kind: Calendar
name: office
holidays: PT
---
# policies/holidays.lock
PT 2025
2025-12-25 Natal
PT 2026
2026-12-25 Natal
PT 2027
2027-01-01 Ano Novo""",
    silence="It cannot be silenced: a guessed holiday is a night without anyone.",
)
BAD_LOCK = Code(
    "WB533",
    "bad-holiday-lock",
    "error",
    finds="A line of `policies/holidays.lock` that cannot be understood.",
    why="A holiday that is read wrong is a working day.",
    example="""\
# policies/holidays.lock
PT 2026
⟦2026-25-12 Natal⟧""",
    instead="""\
# policies/holidays.lock
PT 2026
2026-12-25 Natal""",
    silence="It cannot be silenced: a guessed holiday is a night without anyone.",
)
GAPS_IN_A_CIRCLE = Code(
    "WB534",
    "gaps-in-a-circle",
    "error",
    finds="A gap that falls to a schedule whose own gaps fall back to the first.",
    why="Each would wait for the other, and nobody would be paged.",
    example="""\
kind: Schedule
name: payments-primary
gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: closed, falls_to: sre-primary}]
---
kind: Schedule
name: sre-primary
gaps: [{from: 2026-12-25T03:00, until: 2026-12-25T09:00, reason: closed, falls_to: ⟦payments-primary⟧}]""",
    instead="""\
kind: Schedule
name: payments-primary
gaps: [{from: 2026-12-25T00:00, until: 2026-12-25T06:00, reason: closed, falls_to: sre-primary}]""",
    silence=_FIX,
)
SHORT_TURN = Code(
    "WB535",
    "turn-too-short",
    "error",
    finds="A rotation whose turns are shorter than an hour, or not of whole minutes.",
    why="No page is answered before the next person is on call.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: ⟦{every: 12m}⟧, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, rotation: daily, eras: [{from: 2026-01-05, people: [ana, bo]}]}""",
    silence=_FIX,
)
SHADOW_IS_COVER = Code(
    "WB536",
    "shadow-is-cover",
    "warning",
    finds="Somebody who is a `shadow` of a schedule and has turns in it too.",
    why="A shadow is learning and never cover; the others believe that they are not alone.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}
shadow: [⟦bo⟧]""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}
shadow: [chi]""",
    silence="checks: {shadow-is-cover: off} in the workspace.",
)
LAYER_TWICE = Code(
    "WB537",
    "layer-name-twice",
    "error",
    finds="Two layers of one schedule with the same name.",
    why="Findings, calendars and PagerDuty's rotations know a layer by its name.",
    example="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: ⟦week⟧, eras: [{from: 2026-01-05, people: [bo, ana]}]}""",
    instead="""\
kind: Schedule
name: payments-primary
layers:
- {name: week, only: office, eras: [{from: 2026-01-05, people: [ana, bo]}]}
- {name: nights, eras: [{from: 2026-01-05, people: [bo, ana]}]}""",
    silence=_FIX,
)
AWAY_BACKWARDS = Code(
    "WB538",
    "away-backwards",
    "error",
    finds="An absence whose last day comes before its first.",
    why="It is no absence at all, and somebody relies on it.",
    example="""\
kind: Person
name: ana
away: [{from: 2025-12-27, until: ⟦2025-12-24⟧}]""",
    instead="""\
kind: Person
name: ana
away: [{from: 2025-12-24, until: 2025-12-27}]""",
    silence=_FIX,
)
ALL = (
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
