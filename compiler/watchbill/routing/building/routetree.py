"""Which routes, receivers and inhibitions an environment's alerts need: decided here, written down in alertmanager.py."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from watchbill.routing.building.branches import Branch, Labels, claims
from watchbill.routing.building.receivers import CATCH_ALL, NOBODY, Receiver
from watchbill.spec.dependence import Dependence, dependences
from watchbill.spec.loudness import harm
from watchbill.spec.model import OutcomeKind, Place, ResolvedAlert, ResolvedWindow, Workspace
from watchbill.spec.ownership import LABEL as OWNERSHIP
from watchbill.spec.settings import DEFAULT_ESCALATION, weaker
from watchbill.spec.windows import is_about, lowered, matching

MOST_MATCHES = 32

Owned = tuple[str, str] | None  # the rule's label `ownership`, and the label by which its table finds the owner
# Worse severity, lesser severity, page_per and ownership: whether silencing the lesser is harmless.
Pairs = dict[tuple[str, str, str | None, Owned], bool]


class Inhibition(msgspec.Struct, frozen=True):
    """Alerts of a severity silence those of `targets` in the same incident.

    `apart`: there are alerts whose owner a label finds, and these are none of them.
    """

    severity: str
    page_per: str | None
    targets: tuple[str, ...]
    owned: Owned = None
    apart: bool = False


class Tree(msgspec.Struct, frozen=True):
    """All of one environment's routing, before it is written down.

    `told` is who hears of anything: the catch-all first, nobody last, each once. `crowded` are branches with more windows
    than there may be routes.
    """

    environment: str
    catch_all: Receiver
    branches: tuple[Branch, ...]
    told: tuple[Receiver, ...]
    inhibitions: tuple[Inhibition, ...]
    dependences: tuple[Dependence, ...] = ()
    crowded: tuple[tuple[Branch, tuple[str, ...]], ...] = ()

    def receivers(self) -> list[Receiver]:
        return list(self.told)

    def calendars(self) -> list[str]:
        """The calendars that bound an outcome."""
        bound = (branch.outcome.hours for branch in self.branches if branch.outcome.outside is not None)
        return sorted({name for name in bound if name is not None})

    def windows(self) -> list[str]:
        return sorted({name for branch in self.branches for _, name in branch.windows})


def trees(workspace: Workspace) -> list[Tree]:
    """One tree for each environment that has an Alertmanager. The last workspace's are kept: three rooms ask for them."""
    if not _kept or _kept[0][0] is not workspace:
        _kept[:] = [(workspace, _trees(workspace))]
    return _kept[0][1]


_kept: list[tuple[Workspace, list[Tree]]] = []


def _trees(workspace: Workspace) -> list[Tree]:
    """The routing of each environment that has an Alertmanager."""
    return [
        _tree(workspace, name) for name, settings in workspace.environments.items() if settings.alertmanager is not None
    ]


def _tree(workspace: Workspace, environment: str) -> Tree:
    plain: dict[Branch, _Windowed] = {}
    seen: set[tuple[Any, ...]] = set()
    branches_of: dict[tuple[Any, ...], list[Branch]] = {}  # thousands of alerts share a few
    pairs: Pairs = {}
    windows = [window for window in workspace.windows.values() if window.effect != "no-remediation"]
    owned = False
    for place in workspace.places_of(environment):
        for service in place.services:
            by_name: dict[tuple[str, str | None, Owned], list[ResolvedAlert]] = {}
            for alert in service.alerts:
                page_per, escalation = alert.labels.get("page_per") or None, alert.labels.get("escalation") or None
                key = (alert.team, alert.severity, escalation, page_per, alert.outcome, id(alert.owners))
                if key not in branches_of:
                    branches_of[key] = [
                        Branch(team, alert.severity, escalation, page_per, outcome, claim)
                        for team, outcome, claim in claims(alert)
                    ]
                    for branch in branches_of[key]:
                        plain.setdefault(branch, _Windowed())
                matched = matching(windows, alert, place) if windows else ()
                if matched and (key, place.name, matched_by := tuple(one.name for one in matched)) not in seen:
                    seen.add((key, place.name, matched_by))
                    for branch in branches_of[key]:
                        plain[branch].add(workspace, matched, place, branch)
                owned = owned or bool(alert.owners)
                by_name.setdefault((alert.name, page_per, _owned(alert)), []).append(alert)
            for (_, page_per, claimed), same in by_name.items():
                if len(same) > 1:
                    _pair(workspace, place, (page_per, claimed), same, pairs)
    taker = workspace.catch_all
    kind = weaker(taker.outcome, workspace.environments[environment].at_most)
    escalation = (taker.escalation or DEFAULT_ESCALATION) if kind == "page" else None
    catch_all = Receiver(name=CATCH_ALL, team=taker.team, kind=kind, severity=None, escalation=escalation)
    found = [one for branch, windowed in plain.items() for one in windowed.branches(branch)]
    branches = sorted(found, key=lambda branch: _order(workspace, branch))
    hear = dict.fromkeys([catch_all, *(stage.receiver for branch in branches for stage in branch.stages())])
    return Tree(
        environment,
        catch_all,
        tuple(branches),
        tuple(sorted(hear, key=lambda one: one.name == NOBODY)),
        tuple(_inhibitions(workspace, pairs, apart=owned)),
        tuple(_dependences(workspace, environment)),
        tuple((branch, windowed.names) for branch, windowed in plain.items() if windowed.crowded),
    )


def _owned(alert: ResolvedAlert) -> Owned:
    return (alert.labels[OWNERSHIP], alert.owners[0].label) if alert.owners else None


def _order(workspace: Workspace, branch: Branch) -> tuple[Any, ...]:
    """By team and rank; within them the more specific first, since the first route that matches takes the alert.

    Where a label says whose an alert is, its owners come before the team that has what nobody owns.
    """
    beside = (branch.escalation, branch.page_per)
    specific = (workspace.rank(branch.severity), beside.count(None), *(one or "" for one in beside))
    matched = (-len(branch.match), branch.match)
    if branch.claim is None:
        return (False, branch.team, *specific, *matched)
    return (True, branch.claim.ownership, *specific, not branch.claim.patterns, branch.team, *matched)


# Windows: the alerts of a branch that match some of them need a route of their own before the branch's


class _Windowed:
    """What windows match the alerts of one branch: for each set of labels, the windows whose `match` it is."""

    def __init__(self) -> None:
        self.variants: dict[Labels, set[tuple[OutcomeKind, str]]] = {}
        self.unions: set[Labels] = set()
        self.crowded = False

    def add(self, workspace: Workspace, windows: Iterable[ResolvedWindow], place: Place, branch: Branch) -> None:
        """Windows that an alert of the branch can match together."""
        matched: set[Labels] = set()
        for window in windows:
            effect = lowered(window, branch.outcome)
            if effect is not None and is_about(window, branch.team):
                for variant in _variants(workspace, window, place):
                    self.variants.setdefault(variant, set()).add((effect, window.name))
                    matched.add(variant)
        found: set[Labels] = set()
        for variant in sorted(matched):
            together = {both for one in found if (both := _both(one, variant)) is not None}
            found |= {variant, *together}
            if len(found) > MOST_MATCHES:
                self.crowded = True
                return
        self.unions |= found
        self.crowded = self.crowded or len(self.unions) > MOST_MATCHES

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for some in self.variants.values() for _, name in some}))

    def branches(self, branch: Branch) -> Iterator[Branch]:
        """One for each combination of labels that an alert can match, and the branch itself for all the others."""
        for labels in sorted(self.unions | {()}):
            held = {window for variant, some in self.variants.items() if set(variant) <= set(labels) for window in some}
            yield msgspec.structs.replace(branch, match=labels, windows=tuple(sorted(held)))


def _variants(workspace: Workspace, window: ResolvedWindow, place: Place) -> Iterator[Labels]:
    """The labels by which a route knows that a window is about an alert; the team and the severity it knows already."""
    own = {label: value for label, value in window.match.items() if label not in ("team", "severity")}
    here = workspace.places_of(place.environment)
    if all(one.name in window.places for one in here):
        yield tuple(sorted(own.items()))
        return
    identities = [identity for one in here for identity in one.identities]
    names = [
        name
        for name in workspace.identity[place.environment]
        if len({identity.get(name, "") for identity in identities}) > 1
    ]
    for identity in place.identities:
        where = {name: identity[name] for name in names if name in identity}
        if all(where.get(label, value) == value for label, value in own.items()):
            yield tuple(sorted((own | where).items()))


def _both(one: Labels, other: Labels) -> Labels | None:
    """The labels of two matches; None when no alert can have both."""
    merged = dict(one)
    for label, value in other:
        if merged.setdefault(label, value) != value:
            return None
    return tuple(sorted(merged.items()))


# Inhibition


def _pair(
    workspace: Workspace, place: Place, key: tuple[str | None, Owned], same: list[ResolvedAlert], pairs: Pairs
) -> None:
    """Note which severities of one alert stand together, and whether the worse is at all times at least as loud.

    An inhibition is written for a pair of severities, not for one alert: it must be harmless to every alert it touches.
    """
    page_per, owned = key
    equal = frozenset(_equal(workspace, place.environment, page_per, owned))
    for worse in same:
        for lesser in same:
            if workspace.rank(worse.severity) < workspace.rank(lesser.severity) and lesser.outcome.kind != "drop":
                pair = (worse.severity, lesser.severity, page_per, owned)
                fine = harm(worse, lesser, place, workspace.windows.values(), equal) is None
                pairs[pair] = pairs.get(pair, True) and fine


def _equal(workspace: Workspace, environment: str, page_per: str | None, owned: Owned) -> list[str]:
    return incident_keys(workspace, environment, page_per, owned[1] if owned is not None else None)


def _inhibitions(workspace: Workspace, pairs: Pairs, *, apart: bool) -> Iterator[Inhibition]:
    targets: dict[tuple[str, str | None, Owned], list[str]] = {}
    for (worse, lesser, page_per, owned), harmless in pairs.items():
        if harmless:
            targets.setdefault((worse, page_per, owned), []).append(lesser)
    for (worse, page_per, owned), found in sorted(
        targets.items(),
        key=lambda entry: (entry[0][2] or ("", ""), entry[0][1] or "", workspace.rank(entry[0][0])),
    ):
        yield Inhibition(
            worse, page_per, tuple(sorted(set(found), key=workspace.rank)), owned, apart=apart and owned is None
        )


def _dependences(workspace: Workspace, environment: str) -> Iterator[Dependence]:
    """Those whose two services both have such alerts here."""
    here: dict[str, set[str]] = {}
    for place in workspace.places_of(environment):
        for alert in place.alerts:
            here.setdefault(alert.service, set()).add(alert.severity)
    for one in dependences(workspace):
        if here.get(one.source, set()) & set(one.worse) and here.get(one.target, set()) & set(one.lesser):
            yield one


def incident_keys(
    workspace: Workspace, environment: str, page_per: str | None = None, owner_label: str | None = None
) -> list[str]:
    """The labels that make one incident: ResolvedAlert.incident_key, from the labels a route can see."""
    per = page_per.split(",") if page_per else ()
    owner = (owner_label,) if owner_label is not None else ()
    return list(dict.fromkeys(("alertname", "service", *workspace.identity[environment], *owner, *per)))
