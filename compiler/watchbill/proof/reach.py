"""Every alert, through the compiled configuration, at every minute: it goes where the policies say, and somebody is there."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal

import msgspec

from watchbill.oncall.calendar import Stretch, common
from watchbill.proof.candidates import Candidates
from watchbill.proof.kinds import Asking, Kind, each, kinds
from watchbill.proof.people import Audience, Page
from watchbill.proof.promise import Promise, asked_by_policies, mattering, promised, stretches
from watchbill.proof.times import held, union, without
from watchbill.routing import Config, Route, distinctions, ends
from watchbill.routing.building.receivers import NOBODY, Receiver
from watchbill.spec.model import OutcomeKind, Workspace
from watchbill.spec.rota import Rota

Fault = Literal["untold", "elsewhere", "nobody", "mute receiver"]


class Break(msgspec.Struct, frozen=True, eq=False):
    """Where a promise does not hold, with its witness: labels that an alert can carry, and an instant.

    `untold`: it is promised, and no route that leads there is active. `elsewhere`: a route leads where nothing was
    promised. `nobody`: no step of the escalation has anybody then. `mute receiver`: the receiver has no channel.
    """

    fault: Fault
    kind: Kind
    labels: dict[str, str]
    promise: Promise
    outcome: OutcomeKind
    at: int
    receivers: tuple[str, ...] = ()


class Reach(msgspec.Struct, frozen=True):
    """What was walked: label sets that the matchers can tell apart, alerts, and those that are dropped on purpose."""

    alerts: int
    label_sets: int
    dropped: int
    paging: frozenset[Page]
    breaks: tuple[Break, ...]


class World(msgspec.Struct, frozen=True):
    """What a walk needs to know beside the configuration: the model, who is on call, and the time that is looked at."""

    workspace: Workspace
    rota: Rota
    time: Stretch
    audiences: Mapping[Page, Audience]


_Problem = tuple[Fault, OutcomeKind, int, tuple[str, ...]]


def pages(workspace: Workspace) -> frozenset[Page]:
    """Every kind of page that any alert may lead to: a team, an escalation, a severity."""
    return frozenset(
        (team, outcome.escalation, alert.severity)
        for place in workspace.places.values()
        for alert in place.alerts
        for team, outcome in alert.takers
        if outcome.escalation is not None
    )


def reach(world: World, environment: str, config: Config, receivers: Mapping[str, Receiver]) -> Reach:
    """The alerts of an environment, each with every label set that can make a difference.

    `receivers` are ours by name; a route to any other leads elsewhere. Raises `regex.TooLarge` where patterns cannot be
    compared within bounds.
    """
    workspace = world.workspace
    asked = asked_by_policies(workspace, distinctions(config, inhibition=False))
    walk = _Walk(world, config, receivers, bool(workspace.environments[environment].executor))
    breaks: list[Break] = []
    counted = sets = dropped = 0
    paging: set[Page] = set()
    candidates = Candidates(config)
    for kind in kinds(workspace.places_of(environment), asked):
        counted += kind.alike
        matter = candidates.matter(kind) | mattering(workspace, kind)
        for labels, (routes, promise) in each(kind, asked, matter, partial(_answer, workspace, config, kind)):
            sets += 1
            dropped += kind.alike if promise.outcome.kind == "drop" else 0
            page = (promise.team, promise.outcome.escalation, kind.alert.severity)
            if promise.outcome.escalation is not None:
                paging.add(page)  # type: ignore[arg-type]
            for fault, outcome, at, told in walk.problems(routes, promise, kind.alert.severity):
                breaks.append(Break(fault, kind, labels, promise, outcome, at, told))
    return Reach(counted, sets, dropped, frozenset(paging), tuple(breaks))


def _answer(workspace: Workspace, config: Config, kind: Kind, labels: Asking) -> tuple[tuple[Route, ...], Promise]:
    return ends(config, labels), promised(workspace, kind, labels)


class _Walk:
    """Routes over the whole time: each looked at once, and each combination of them with a promise once."""

    def __init__(self, world: World, config: Config, receivers: Mapping[str, Receiver], executor: bool) -> None:
        self._world = world
        self._config = config
        self._receivers = receivers
        self._beside = int(executor)
        self._held: dict[str, list[Stretch]] = {}
        self._active: dict[tuple[int, ...], list[Stretch]] = {}
        self._promised: dict[Promise, dict[OutcomeKind, list[Stretch]]] = {}
        self._known: dict[tuple[tuple[tuple[int, ...], ...], Promise, str], list[_Problem]] = {}

    def problems(self, routes: tuple[Route, ...], promise: Promise, severity: str) -> list[_Problem]:
        key = (tuple(route.path for route in routes), promise, severity)
        if key not in self._known:
            self._known[key] = list(self._problems(routes, promise, severity))
        return self._known[key]

    def _problems(self, routes: tuple[Route, ...], promise: Promise, severity: str) -> Iterator[_Problem]:
        if promise not in self._promised:
            self._promised[promise] = stretches(self._world.workspace, self._world.rota, promise, self._world.time)
        wanted = self._promised[promise]
        names = tuple(route.receiver for route in routes)
        told: dict[OutcomeKind, list[list[Stretch]]] = {}
        for route in routes:
            active = self._times(route)
            ours = self._receivers.get(route.receiver)
            allowed: list[Stretch] = []
            if ours is not None and (ours.name == NOBODY or self._right(ours, promise)):
                told.setdefault(ours.kind, []).append(active)
                allowed = wanted[ours.kind]
                if (
                    active
                    and ours.kind != "drop"
                    and len(self._config.receivers[ours.name].integrations) <= self._beside
                ):
                    yield "mute receiver", ours.kind, active[0][0], (ours.name,)
            if extra := without(active, allowed):
                yield "elsewhere", _at(wanted, extra[0][0]), extra[0][0], (route.receiver,)
        for outcome, times in wanted.items():
            if outcome == "drop":
                continue
            if untold := without(times, union(told.get(outcome, ()))):
                yield "untold", outcome, untold[0][0], names
            if outcome == "page" and times:
                audience = self._world.audiences[promise.team, promise.outcome.escalation or "", severity]
                if empty := common(times, list(audience.nobody)):
                    yield "nobody", outcome, empty[0][0], names

    @staticmethod
    def _right(ours: Receiver, promise: Promise) -> bool:
        same = ours.kind != "page" or ours.escalation == promise.outcome.escalation
        return ours.team == promise.team and same

    def _times(self, route: Route) -> list[Stretch]:
        """When a route is active and not muted."""
        if route.path not in self._active:
            active = union(self._interval(name) for name in route.active) if route.active else [self._world.time]
            self._active[route.path] = without(active, union(self._interval(name) for name in route.muted))
        return self._active[route.path]

    def _interval(self, name: str) -> list[Stretch]:
        if name not in self._held:
            self._held[name] = held(self._config.intervals[name], *self._world.time)
        return self._held[name]


def _at(wanted: Mapping[OutcomeKind, list[Stretch]], instant: int) -> OutcomeKind:
    return next((kind for kind, times in wanted.items() if any(at <= instant < end for at, end in times)), "drop")
