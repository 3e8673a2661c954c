"""Ownership: whose an alert is, where only a label says so at run time."""

from typing import Annotated

import msgspec

from watchbill.spec.scalars import LabelName, OneOrMore, Pattern, TeamRef


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """A closed table from a label's values to teams. A value that two teams would own is an error."""

    label: Annotated[LabelName, "The alert's label that says whose it is, such as namespace."]
    owners: Annotated[
        dict[TeamRef, Annotated[tuple[Pattern, ...], OneOrMore()]],
        "For each team the values it owns, as RE2 patterns, each matched whole.",
    ]
