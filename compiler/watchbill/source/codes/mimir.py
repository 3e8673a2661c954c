"""44: the limits of a Mimir's ruler."""

from watchbill.source.codes import Code

_FIX = "It cannot be silenced: the ruler refuses what is beyond its limits, and goes on with the old rules."

GROUP_TOO_LONG = Code(
    "WB441",
    "group-too-long",
    "error",
    finds="Rules that ask for one another's results and are more than a Mimir tenant takes in one group.",
    why="Groups are evaluated at times of their own: split, an alert would see the records of the round before, late by a whole interval.",
    example="mimir: {…, max_rules_per_group: 20}   (and a record that 24 alerts ask for)",
    instead="mimir: {…, max_rules_per_group: 40}   and the same limit in Mimir",
    silence=_FIX,
)
TOO_MANY_GROUPS = Code(
    "WB442",
    "too-many-groups",
    "error",
    finds="More rule groups than a Mimir tenant takes, even with the services of each team together.",
    why="The ruler refuses the groups beyond its limit: the last services deployed have no alerts.",
    example="mimir: {…, max_groups: 70}   (and 2,000 rules)",
    instead="mimir: {…, max_groups: 200}   and the same limit in Mimir",
    silence=_FIX,
)
ALL = (GROUP_TOO_LONG, TOO_MANY_GROUPS)
