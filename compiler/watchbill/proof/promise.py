"""What the policies promise of an alert: whose it is, and what it leads to at every minute. Read from the model alone.

The compiled configuration is held against this, so nothing here asks how a tree is built.
"""

from collections.abc import Iterable, Mapping

import msgspec

from watchbill.oncall import Calendar
from watchbill.oncall.calendar import Stretch, common, rest
from watchbill.proof.kinds import Asking, Kind
from watchbill.proof.times import union, without
from watchbill.routing import Distinction, patterns
from watchbill.routing.times import zone
from watchbill.spec.model import OUTCOMES, Outcome, OutcomeKind, ResolvedWindow, Workspace
from watchbill.spec.rota import Rota


class Promise(msgspec.Struct, frozen=True):
    """A team, its outcome, and the windows that are about the alert."""

    team: str
    outcome: Outcome
    windows: tuple[str, ...] = ()


def promised(workspace: Workspace, kind: Kind, labels: Asking) -> Promise:
    """What holds for an alert with these labels."""
    team, outcome = kind.alert.team, kind.alert.outcome
    for owner in kind.alert.owners:
        value = labels.get(owner.label)
        if any(patterns.matches(pattern, value) for pattern in owner.patterns):
            team, outcome = owner.team, owner.outcome
            break
    about = (window for window in workspace.windows.values() if _about(window, kind, team, labels))
    return Promise(team, outcome, tuple(window.name for window in about))


def mattering(workspace: Workspace, kind: Kind) -> frozenset[str]:
    """The labels by which the policies themselves tell alerts of a kind apart."""
    windows = {label for window in workspace.windows.values() for label in window.match}
    return frozenset(windows | {owner.label for owner in kind.alert.owners})


def _about(window: ResolvedWindow, kind: Kind, team: str, labels: Asking) -> bool:
    if window.effect == "no-remediation" or kind.place.name not in window.places or window.team not in (None, team):
        return False
    known = {**labels, "team": team}
    certain = all(known[label] == value for label, value in window.match.items() if label in known)
    return certain and all(labels.get(label) == value for label, value in window.match.items() if label not in known)


def asked_by_policies(workspace: Workspace, known: Mapping[str, Distinction]) -> dict[str, Distinction]:
    """What a configuration can tell apart, and beside it what the policies themselves ask of labels."""
    found = dict(known)
    for window in workspace.windows.values():
        for label, value in window.match.items():
            found[label] = _with(found.get(label), label, values=(value,))
    owners = {
        id(alert.owners): alert.owners for place in workspace.places.values() for alert in place.alerts if alert.owners
    }
    for table in owners.values():
        for owner in table:
            found[owner.label] = _with(found.get(owner.label), owner.label, asked=owner.patterns)
    return found


def _with(one: Distinction | None, label: str, values: Iterable[str] = (), asked: Iterable[str] = ()) -> Distinction:
    one = one or Distinction(label, (), ())
    listed = [literal for pattern in asked for literal in patterns.listed(pattern) or ()]
    more = [pattern for pattern in asked if patterns.listed(pattern) is None]
    return Distinction(
        label,
        tuple(sorted({*one.values, *values, *(value for value in listed if value)})),
        tuple(dict.fromkeys((*one.patterns, *more))),
        one.equal,
    )


def stretches(workspace: Workspace, rota: Rota, promise: Promise, time: Stretch) -> dict[OutcomeKind, list[Stretch]]:
    """When the alert leads to what: for every outcome the stretches in which it is promised; together all the time."""
    outcome = promise.outcome
    found: dict[OutcomeKind, list[Stretch]] = {kind: [] for kind in OUTCOMES}
    calendar = rota.calendars.get(outcome.hours or "")
    if calendar is None or outcome.outside is None:
        found[outcome.kind] = [time]
    else:
        inside = calendar.hours(*time)
        found[outcome.outside] = rest(inside, *time)
        found[outcome.kind] = union((found[outcome.kind], inside))
    windows = [workspace.windows[name] for name in promise.windows]
    for effect in OUTCOMES:
        lowered = union(_open(window, time) for window in windows if window.effect == effect)
        for kind in OUTCOMES[: OUTCOMES.index(effect)] if lowered else ():
            found[effect] = union((found[effect], common(found[kind], lowered)))
            found[kind] = without(found[kind], lowered)
    return found


def _open(window: ResolvedWindow, time: Stretch) -> list[Stretch]:
    if window.span is not None:
        start, end = (int(instant.timestamp()) for instant in window.span)
        return [(max(start, time[0]), min(end, time[1]))] if start < time[1] and time[0] < end else []
    assert window.week is not None  # noqa: S101  (a window is one or the other)
    return Calendar(zone(window.timezone), window.week).hours(*time)
