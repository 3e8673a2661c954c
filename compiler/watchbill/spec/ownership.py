"""Whose a foreign alert is: one team's as the policy says, or that of whoever owns the value of a label."""

from collections.abc import Mapping

import msgspec

from watchbill import regex
from watchbill.spec.kinds.foreign import Foreign
from watchbill.spec.kinds.ownership import Ownership
from watchbill.spec.load import Policy
from watchbill.spec.model import Yields

RUNTIME = "runtime"  # the team that a rule carries when only a label says whose it is
# The rule's label that names the table and the team of what nobody owns, such as `namespace/platform`: two tables may
# ask for labels that one alert both has.
LABEL = "ownership"

Documents = dict[str, dict[str, Policy]]
Candidates = tuple[tuple[str, tuple[str, ...]], ...]


class Table(msgspec.Struct, frozen=True):
    """An Ownership by its name, as alerts are put to it."""

    name: str
    label: str
    owners: dict[str, tuple[str, ...]]


def speaks_for(policy: Policy) -> str | None:
    """The team in which names of a document are looked up first."""
    if policy.kind == "Team":
        return policy.name
    if policy.kind == "Foreign" and policy.body is not None:
        return team_of(policy.body)
    return policy.team


def team_of(foreign: Foreign) -> str:
    """The team of a Foreign: of all its alerts, or of those that its Ownership gives to nobody."""
    return foreign.team.name or foreign.team.otherwise or ""


def table_of(foreign: Foreign, documents: Documents) -> Table | None:
    """The Ownership that a Foreign asks; None when it names a team, or when the table is missing or broken."""
    policy = documents.get("Ownership", {}).get(foreign.team.by or "")
    if policy is None or policy.body is None:
        return None
    body: Ownership = policy.body
    return Table(policy.name, body.label, {team: body.owners[team] for team in sorted(body.owners)})


def whose(table: Table, otherwise: str, labels: Mapping[str, str], yields: Yields) -> tuple[str, Candidates]:
    """The team that has an alert when its label says nothing else, and the others that may have it.

    A rule that writes the label itself is somebody's already; one that cannot have it is always the first's.
    """
    value = labels.get(table.label)
    if value is not None:
        owners = [team for team, patterns in table.owners.items() if _owns(patterns, value)]
        return (owners[0] if owners else otherwise), ()
    if not yields.may_have(table.label):
        return otherwise, ()
    return otherwise, tuple((team, patterns) for team, patterns in table.owners.items() if team != otherwise)


def _owns(patterns: tuple[str, ...], value: str) -> bool:
    try:
        return any(regex.matches(pattern, value) for pattern in patterns)
    except regex.TooLarge:
        return False  # told by checks/ownership.py
