"""The way of an alert through a tree, with Alertmanager's own semantics (dispatch.Route.Match)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from watchbill.routing.inhibition import Firing, Inhibited, firing_alerts
from watchbill.routing.matchers import Labels, Matcher, all_match
from watchbill.routing.tree import Config, Route


class Arrival(msgspec.Struct, frozen=True, eq=False):
    """A route where the alert ends, its group there, and the intervals that keep it from being told now.

    `inactive` are the route's active intervals when none of them holds; `muted` its mute intervals that hold. They are
    looked at only while the route is active, as Alertmanager does (notify.TimeActiveStage, notify.TimeMuteStage).
    """

    route: Route
    group: tuple[tuple[str, str], ...]
    inactive: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        return not self.inactive and not self.muted

    @property
    def muted_by(self) -> tuple[str, ...]:
        """What Alertmanager's API calls mutedBy."""
        return self.inactive or self.muted


class Followed(msgspec.Struct, frozen=True, eq=False):
    """Where an alert goes at an instant. `may_be_inhibited_by` depends on which alert arrived last: see `Firing`."""

    arrivals: tuple[Arrival, ...]
    inhibited_by: tuple[Inhibited, ...] = ()
    may_be_inhibited_by: tuple[Inhibited, ...] = ()

    @property
    def receivers(self) -> tuple[str, ...]:
        """In the order of the tree, before muting and inhibition: as `amtool config routes test` tells them."""
        return tuple(one.route.receiver for one in self.arrivals)

    @property
    def told(self) -> tuple[str, ...]:
        """The receivers that are told now."""
        if self.inhibited_by:
            return ()
        return tuple(dict.fromkeys(one.route.receiver for one in self.arrivals if one.active))


class Visit(msgspec.Struct, frozen=True, eq=False):
    """A route that was looked at. `taken` ends here or below; `ends` here, as no route below matched.

    `mismatch`: the first matcher that did not hold. `passed`: it was never asked, as `by` before it had the alert and does
    not continue; `would_match` says whether it would have matched.
    """

    route: Route
    outcome: Literal["taken", "ends", "mismatch", "passed"]
    mismatch: Matcher | None = None
    by: Route | None = None
    would_match: bool = False


def ends(config: Config, labels: Labels) -> tuple[Route, ...]:
    """The routes where an alert ends, in the order of the tree; at least one. Names and values are text."""
    return tuple(_ends(config.root, labels))


def _ends(route: Route, labels: Labels) -> Iterator[Route]:
    found = False
    for number in route.lookup.matching(labels):
        found = True
        child = route.routes[number]
        yield from _ends(child, labels)
        if not child.goes_on:
            return
    if not found:
        yield route


def follow(config: Config, labels: Labels, at: datetime, firing: Firing | Iterable[Labels] = ()) -> Followed:
    """Where an alert goes at an instant (with a zone), and what keeps it back, while these other alerts fire.

    Alerts that fire are given in the order of their arrival, or once for many questions as `firing_alerts` makes them.
    Silenced and muted ones count like others: Alertmanager lets them inhibit.
    """
    arrivals = tuple(_arrival(config, route, labels, at) for route in ends(config, labels))
    others = firing if isinstance(firing, Firing) else firing_alerts(config, firing)
    inhibited, perhaps = others.inhibiting(labels)
    return Followed(arrivals, inhibited, perhaps)


def group(route: Route, labels: Labels) -> tuple[tuple[str, str], ...]:
    """The labels of an alert's group on a route, by name (dispatch.getGroupLabels): those it has of `group_by`."""
    by = route.group_by
    return tuple(sorted((name, value) for name, value in labels.items() if value and (by is None or name in by)))


def _arrival(config: Config, route: Route, labels: Labels, at: datetime) -> Arrival:
    if route.active and not any(config.intervals[name].holds(at) for name in route.active):
        return Arrival(route, group(route, labels), inactive=route.active)
    muted = tuple(name for name in route.muted if config.intervals[name].holds(at))
    return Arrival(route, group(route, labels), muted=muted)


def visits(config: Config, labels: Labels) -> tuple[Visit, ...]:
    """Every route that is looked at, depth first, and why each was taken or not: for people, hence without the lookup.

    Below a route that was not taken nothing is looked at.
    """
    return tuple(_visits(config.root, labels))


def _visits(route: Route, labels: Labels) -> Iterator[Visit]:
    taken = any(all_match(child.matchers, labels) for child in route.routes)
    yield Visit(route, "taken" if taken else "ends")
    by: Route | None = None
    for child in route.routes:
        mismatch = next((one for one in child.matchers if not one.matches(labels)), None)
        if by is not None:
            yield Visit(child, "passed", mismatch, by, mismatch is None)
        elif mismatch is not None:
            yield Visit(child, "mismatch", mismatch)
        else:
            yield from _visits(child, labels)
            by = None if child.goes_on else child
