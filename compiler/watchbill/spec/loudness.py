"""Which of two outcomes is the louder, at every hour and in every window: what may silence what."""

from collections.abc import Iterable

import msgspec

from watchbill.spec.model import OUTCOMES, Outcome, Place, ResolvedAlert, ResolvedWindow
from watchbill.spec.windows import lowered, reaches


class Harm(msgspec.Struct, frozen=True):
    """Why one alert may not silence another: at some hour it is the quieter; or in this window."""

    window: ResolvedWindow | None = None


def at_least_as_loud(one: Outcome, other: Outcome) -> bool:
    """Whether one outcome is never weaker than the other: inside and outside, when both keep the same hours."""
    inside, outside = OUTCOMES.index(one.kind), OUTCOMES.index(one.outside or one.kind)
    others = OUTCOMES.index(other.kind), OUTCOMES.index(other.outside or other.kind)
    if one.hours == other.hours:
        return inside <= others[0] and outside <= others[1]
    return max(inside, outside) <= min(others)


def harm(
    source: ResolvedAlert, target: ResolvedAlert, place: Place, windows: Iterable[ResolvedWindow], equal: frozenset[str]
) -> Harm | None:
    """What would be lost if the source silenced the target whenever both carry the same `equal` labels; None: nothing.

    Where an Ownership finds the team, both have the same; a window on labels that are equal makes both quieter.
    """
    targets = dict(target.takers)
    for team, loud in source.takers:
        silent = targets.get(team, target.outcome)
        if not at_least_as_loud(loud, silent):
            return Harm()
        for window in windows:
            becomes = lowered(window, loud) if reaches(window, source, place, team) else None
            if becomes is None or OUTCOMES.index(becomes) <= OUTCOMES.index(silent.kind):
                continue
            if not all(_alike(label, source, target, equal) for label in window.match):
                return Harm(window)
    return None


def _alike(label: str, source: ResolvedAlert, target: ResolvedAlert, equal: frozenset[str]) -> bool:
    """Whether both alerts have the same value of a label, whatever it is."""
    if label in equal:
        return True
    if label == "team":
        return source.team == target.team and source.owners == target.owners
    if label == "alertname":
        return source.name == target.name
    return label in source.labels and source.labels[label] == target.labels.get(label)
