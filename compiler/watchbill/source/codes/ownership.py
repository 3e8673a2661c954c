"""41: whose an alert is."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: the wrong team would be woken, or none."

OVERLAP = Code(
    "WB411",
    "owners-overlap",
    "error",
    finds="An Ownership in which two teams own the same value of the label. The finding names such a value.",
    why="Which of the two is paged would depend on the order of the table, and nobody reads it that way.",
    example='owners: {payments: ["pay.*"], payroll: [payroll]}',
    instead='owners: {payments: ["payments(-.*)?"], payroll: [payroll]}',
    silence=_FIX,
)
MATCHES_NOTHING_SAID = Code(
    "WB412",
    "owns-what-has-no-label",
    "error",
    finds="A pattern of an Ownership that also matches the empty text.",
    why="A label that is absent is an empty one: every alert without the label would go to this team, not to `otherwise`.",
    example='owners: {payments: [".*"]}',
    instead='owners: {payments: [".+"]}',
    silence=_FIX,
)
UNDECIDED = Code(
    "WB413",
    "ownership-too-complicated",
    "error",
    finds="Patterns of an Ownership that cannot be compared with reasonable effort.",
    why="Whether two teams own the same value is proven, never guessed.",
    example='owners: {payments: [".*a.{40}"], platform: [".*b.{40}"]}',
    instead="Patterns of names and prefixes.",
    silence=_FIX,
)
NEVER_THERE = Code(
    "WB414",
    "owner-label-missing",
    "note",
    finds="Alerts whose owner an Ownership should find, and whose expressions never yield its label.",
    why="They always go to the team under `otherwise`, whatever the table says.",
    example="team: {by: namespace, otherwise: platform}   (and expr: sum(rate(errors_total[5m])) > 5)",
    instead="Nothing, when that team is meant; else `change:` the expression so that it keeps the label.",
    silence="checks: {owner-label-missing: off} in the workspace.",
)
UNUSED = Code(
    "WB415",
    "unused-ownership",
    "warning",
    finds="An Ownership that no Foreign names.",
    why="A table that nobody asks says nothing about who is paged.",
    example="kind: Ownership\nname: namespace   (and no Foreign with `team: {by: namespace, …}`)",
    instead="Name it in a Foreign, or remove it.",
    silence="checks: {unused-ownership: off} in the workspace.",
)
ALL = (OVERLAP, MATCHES_NOTHING_SAID, UNDECIDED, NEVER_THERE, UNUSED)
