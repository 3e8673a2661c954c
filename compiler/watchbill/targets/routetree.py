"""Which routes, receivers and inhibitions an environment's alerts need: decided here, written down in alertmanager.py."""

from collections.abc import Iterator
from typing import Any

import msgspec

from watchbill.spec.model import OUTCOMES, Outcome, ResolvedAlert, Workspace
from watchbill.spec.settings import DEFAULT_ESCALATION, weaker
from watchbill.targets.receivers import CATCH_ALL, NOBODY, Receiver

# Worse severity, lesser severity and page_per: whether silencing the lesser is harmless.
Pairs = dict[tuple[str, str, str | None], bool]


class Branch(msgspec.Struct, frozen=True):
    """What one route is for. `escalation` is the label of alerts that have an escalation of their own; else None."""

    team: str
    severity: str
    escalation: str | None
    page_per: str | None
    outcome: Outcome

    @property
    def name(self) -> str:
        beside = f"-{self.escalation.replace('/', '-')}" if self.escalation is not None else ""
        return f"{self.team}-{self.severity}{beside}"

    def receiver(self) -> Receiver:
        """Who hears of it; of an outcome with hours, who hears of it inside them."""
        if self.outcome.kind == "drop":
            return Receiver(name=NOBODY, team="", kind="drop", severity=None)
        escalation = self.outcome.escalation
        return Receiver(
            name=self.name, team=self.team, kind=self.outcome.kind, severity=self.severity, escalation=escalation
        )

    def outside(self) -> Receiver | None:
        """Who hears of it outside the hours of the outcome; None when it holds at all times."""
        if self.outcome.hours is None or self.outcome.outside is None:
            return None
        name = f"{self.team}-{self.severity}-outside"
        return Receiver(name=name, team=self.team, kind=self.outcome.outside, severity=self.severity)


class Inhibition(msgspec.Struct, frozen=True):
    """Alerts of a severity silence those of `targets` in the same incident."""

    severity: str
    page_per: str | None
    targets: tuple[str, ...]


class Tree(msgspec.Struct, frozen=True):
    """All of one environment's routing, before it is written down."""

    environment: str
    catch_all: Receiver
    branches: tuple[Branch, ...]
    inhibitions: tuple[Inhibition, ...]

    def receivers(self) -> list[Receiver]:
        """The catch-all first, nobody last, each once."""
        found = [self.catch_all]
        for branch in self.branches:
            outside = branch.outside()
            found.extend((branch.receiver(), outside) if outside is not None else (branch.receiver(),))
        return sorted(dict.fromkeys(found), key=lambda one: one.name == NOBODY)

    def calendars(self) -> list[str]:
        """The calendars that bound an outcome."""
        bound = (branch.outcome.hours for branch in self.branches if branch.outside() is not None)
        return sorted({name for name in bound if name is not None})


def trees(workspace: Workspace) -> list[Tree]:
    """The routing of each environment that has an Alertmanager."""
    return [
        _tree(workspace, name) for name, settings in workspace.environments.items() if settings.alertmanager is not None
    ]


def _tree(workspace: Workspace, environment: str) -> Tree:
    branches: dict[tuple[str, str, str | None, str | None], Outcome] = {}
    pairs: Pairs = {}
    for place in workspace.places_of(environment):
        for service in place.services:
            by_name: dict[tuple[str, str | None], list[ResolvedAlert]] = {}
            for alert in service.alerts:
                page_per = alert.labels.get("page_per")
                branches[alert.team, alert.severity, alert.labels.get("escalation"), page_per] = alert.outcome
                by_name.setdefault((alert.name, page_per), []).append(alert)
            for (_, page_per), same in by_name.items():
                if len(same) > 1:
                    _pair(workspace, page_per, same, pairs)
    taker = workspace.catch_all
    kind = weaker(taker.outcome, workspace.environments[environment].at_most)
    escalation = (taker.escalation or DEFAULT_ESCALATION) if kind == "page" else None
    found = [Branch(*key, outcome) for key, outcome in branches.items()]
    return Tree(
        environment,
        Receiver(name=CATCH_ALL, team=taker.team, kind=kind, severity=None, escalation=escalation),
        tuple(sorted(found, key=lambda branch: _order(workspace, branch))),
        tuple(_inhibitions(workspace, pairs)),
    )


def _order(workspace: Workspace, branch: Branch) -> tuple[Any, ...]:
    """By team and rank; within them the more specific first, since the first route that matches takes the alert."""
    beside = (branch.escalation, branch.page_per)
    return (branch.team, workspace.rank(branch.severity), beside.count(None), *(one or "" for one in beside))


def _pair(workspace: Workspace, page_per: str | None, same: list[ResolvedAlert], pairs: Pairs) -> None:
    """Note which severities of one alert stand together, and whether the worse is at all times at least as loud.

    An inhibition is written for a pair of severities, not for one alert: it must be harmless to every alert it touches.
    """
    for worse in same:
        for lesser in same:
            if workspace.rank(worse.severity) < workspace.rank(lesser.severity) and lesser.outcome.kind != "drop":
                key = (worse.severity, lesser.severity, page_per)
                pairs[key] = pairs.get(key, True) and at_least_as_loud(worse.outcome, lesser.outcome)


def at_least_as_loud(one: Outcome, other: Outcome) -> bool:
    """Whether one outcome is never weaker than the other: inside and outside, when both keep the same hours."""
    inside, outside = OUTCOMES.index(one.kind), OUTCOMES.index(one.outside or one.kind)
    others = OUTCOMES.index(other.kind), OUTCOMES.index(other.outside or other.kind)
    if one.hours == other.hours:
        return inside <= others[0] and outside <= others[1]
    return max(inside, outside) <= min(others)


def _inhibitions(workspace: Workspace, pairs: Pairs) -> Iterator[Inhibition]:
    targets: dict[tuple[str, str | None], list[str]] = {}
    for (worse, lesser, page_per), harmless in pairs.items():
        if harmless:
            targets.setdefault((worse, page_per), []).append(lesser)
    for (worse, page_per), found in sorted(
        targets.items(), key=lambda entry: (entry[0][1] or "", workspace.rank(entry[0][0]))
    ):
        yield Inhibition(worse, page_per, tuple(sorted(found, key=workspace.rank)))


def incident_keys(workspace: Workspace, environment: str, page_per: str | None = None) -> list[str]:
    """The labels that make one incident: ResolvedAlert.incident_key, from the labels a route can see."""
    per = page_per.split(",") if page_per else ()
    return list(dict.fromkeys(("alertname", "service", *workspace.identity[environment], *per)))
