"""What is the same wherever an alert is, and at each of its severities, and what is not: said once, with where it holds."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from watchbill.spec.model import Place, ResolvedAlert, Workspace
from watchbill.targets import wording

T = TypeVar("T", bound=Hashable)
Rule = tuple[Place, ResolvedAlert]
Spot = tuple[str, str]  # a place's name and a severity


def spot(rule: Rule) -> Spot:
    return rule[0].name, rule[1].severity


def grouped(values: Iterable[tuple[Spot, T]]) -> dict[T, list[Spot]]:
    """Each value once, in the order of first appearance, with the spots where it holds."""
    found: dict[T, list[Spot]] = {}
    for where, value in values:
        found.setdefault(value, []).append(where)
    return found


def where(workspace: Workspace, those: Sequence[Spot], everything: Sequence[Spot]) -> str:
    """Some spots among all of them in few words; empty for all of them."""
    chosen, whole = set(those), set(everything)
    if chosen == whole:
        return ""
    severities = [name for name in workspace.severities if any(name == severity for _, severity in chosen)]
    places = wording.where(workspace, {place for place, _ in chosen})
    if chosen == {one for one in whole if one[1] in severities}:
        return ", ".join(severities)
    if chosen == {one for one in whole if one[0] in {place for place, _ in chosen}}:
        return f"in {places}"
    return f"{', '.join(severities)} in {places}"
