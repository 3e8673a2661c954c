"""Routes that no alert reaches, `continue` that leads nowhere, and a catch-all that tells nobody."""

from collections.abc import Iterator, Mapping

import msgspec

from watchbill.checks.tree.choices import Clause, Kinds, solve
from watchbill.regex import TooLarge
from watchbill.routing import Config, Route, ends
from watchbill.routing.matchers import all_match
from watchbill.source.codes import tree as codes
from watchbill.source.diagnostic import Diagnostic, Related


class _Way(msgspec.Struct, frozen=True):
    """What an alert must be to come to the routes below a route: the kinds of its labels, and what it must escape."""

    domains: dict[str, int]
    clauses: list[Clause[str]]

    def into(self, kinds: Kinds, route: Route) -> "_Way":
        """Into a route, whatever stands beside it."""
        domains = dict(self.domains)
        for label, mask in kinds.taken(route.matchers).items():
            domains[label] = domains.get(label, kinds.all(label)) & mask
        return _Way(domains, self.clauses)

    def past(self, kinds: Kinds, route: Route) -> "_Way":
        """Past a route that would keep the alert."""
        clause = kinds.escaped(route.matchers)
        return self if clause is None else _Way(self.domains, [*self.clauses, clause])

    def alert(self, kinds: Kinds) -> dict[str, str] | None:
        """An alert that comes there; None when there is none. Raises `regex.TooLarge`."""
        domains = dict(self.domains)
        for clause in self.clauses:
            for label, _ in clause:
                domains.setdefault(label, kinds.all(label))
        found = solve(domains, self.clauses)
        return None if found is None else kinds.written(found)


def check(config: Config, kinds: Kinds) -> Iterator[Diagnostic]:
    yield from _below(config, config.root, _Way({}, []), kinds)
    reaching = {name for name, receiver in config.receivers.items() if receiver.integrations}
    if config.root.receiver in reaching or not reaching:  # where none reaches anybody it is a sketch of a tree
        return
    alone = _Way({}, [])
    for route in config.root.routes:
        if kinds.escaped(route.matchers) is None:
            return
        alone = alone.past(kinds, route)
    try:
        alert = alone.alert(kinds)
    except TooLarge:
        return
    if alert is not None:
        yield Diagnostic(
            codes.CATCH_ALL_IS_NOTHING,
            f"{shown(alert)} ends at the root, and its receiver `{config.root.receiver}` reaches nobody",
            config.root.at,
            "told to nobody",
            "give the root a receiver that somebody reads",
        )


def shown(alert: Mapping[str, str]) -> str:
    """An alert in a sentence, by the labels that matter."""
    if not alert:
        return "an alert without any of the labels that are asked for"
    return "an alert with " + "{" + ", ".join(f'{label}="{value}"' for label, value in alert.items()) + "}"


def _below(config: Config, route: Route, way: _Way, kinds: Kinds) -> Iterator[Diagnostic]:
    past = way
    for number, child in enumerate(route.routes):
        inside = past.into(kinds, child)
        try:
            reached = inside.alert(kinds)
        except TooLarge:
            reached = {}
        if reached is None:
            yield from _never(config, route, number, way.into(kinds, child), kinds)
        else:
            yield from _below(config, child, inside, kinds)
            if child.goes_on:
                yield from _goes_on(route, number, inside, kinds)
        if not child.goes_on:
            past = past.past(kinds, child)


def _never(config: Config, route: Route, number: int, way: _Way, kinds: Kinds) -> Iterator[Diagnostic]:
    child = route.routes[number]
    try:
        alert = _Way(way.domains, []).alert(kinds)
    except TooLarge:
        return
    if alert is None:
        message = f"no alert can fulfil {child} and what stands above it"
        yield Diagnostic(codes.UNREACHABLE, message, child.at, "never reached", "mend its matchers, or remove it")
        return
    taker = next((one for one in route.routes[:number] if not one.goes_on and all_match(one.matchers, alert)), None)
    told = ends(config, alert)
    there = {one.receiver for one in child.walk() if not one.routes or one is child}
    same = {one.receiver for one in told} >= there
    receivers = " and ".join(f"`{one}`" for one in dict.fromkeys(one.receiver for one in told))
    yield Diagnostic(
        codes.SHADOWED,
        f"no alert reaches {child}: {shown(alert)}, for example, goes to {receivers}",
        child.at,
        "never reached",
        "put it before what takes its alerts, or let that `continue`",
        related=(Related(taker.at, "this takes it"),) if taker is not None and taker.at is not None else (),
        severity="warning" if same else None,
    )


def _goes_on(route: Route, number: int, inside: _Way, kinds: Kinds) -> Iterator[Diagnostic]:
    """Whether `continue` of the child at a number lets any alert into a later one. `inside` leads into the child."""
    child = route.routes[number]
    way = inside
    for later in route.routes[number + 1 :]:
        try:
            if way.into(kinds, later).alert(kinds) is not None:
                return
        except TooLarge:
            return
        if not later.goes_on:
            way = way.past(kinds, later)
    after = "no route after it matches the same alerts" if number + 1 < len(route.routes) else "no route comes after it"
    yield Diagnostic(
        codes.USELESS_CONTINUE, f"{child} continues, and {after}", child.at, "leads nowhere", "remove `continue`"
    )
