"""How rules stand to each other: two that say the same, and those that ask for a record which nothing makes."""

import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

from watchbill import promql
from watchbill.source.codes import rules as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related, did_you_mean
from watchbill.spec.model import Place, ResolvedAlert, ResolvedRecord, Workspace
from watchbill.spec.scalars import seconds

LOOK_BACK = 300.0
"""Seconds that a server looks back for the last value of a series (`--query.lookback-delta`)."""

_RECORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_]*:[A-Za-z0-9_:]*")

_OURS = frozenset(("team", "service", "class", "page_per", "escalation"))
"""Labels that the compiler writes: they tell whose an alert is, and not what it is about."""


Rule = ResolvedRecord | ResolvedAlert


class Told(msgspec.Struct, frozen=True):
    """What one rule says; `at` is its name. Records are told apart by their name, alerts are not."""

    name: str
    alert: bool
    expr: str
    for_: str | None
    labels: frozenset[tuple[str, str]]
    at: Location


def check(workspace: Workspace) -> list[Diagnostic]:
    found: dict[tuple[object, ...], Diagnostic] = {}
    recorded = {record.name for place in workspace.places.values() for one in place.services for record in one.records}
    for place in workspace.places.values():
        for diagnostic in (*duplicates(map(_told, _alike(place))), *_asking(place, recorded), *_groups(place)):
            found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
    return list(found.values())


def _rules(place: Place) -> Iterator[Rule]:
    """The rules as somebody wrote them; what watches over an alert's data is the compiler's."""
    for service in place.services:
        yield from service.records
        yield from (alert for alert in service.alerts if alert.no_data_of is None)


def _alike(place: Place) -> Iterator[Rule]:
    """The rules whose expression another has too: few or none, so that only these are looked at closely."""
    first: dict[str, Rule] = {}
    told: set[str] = set()
    for rule in _rules(place):
        other = first.setdefault(rule.expr, rule)
        if other is not rule:
            if rule.expr not in told:
                told.add(rule.expr)
                yield other
            yield rule


def _told(rule: Rule) -> Told:
    if isinstance(rule, ResolvedRecord):
        return Told(rule.name, False, rule.expr, None, frozenset(rule.labels.items()), _name(rule))
    own = frozenset((name, value) for name, value in rule.labels.items() if name not in _OURS)
    return Told(rule.name, True, rule.expr, rule.for_, own, _name(rule))


def _asking(place: Place, recorded: set[str]) -> Iterator[Diagnostic]:
    for rule in _rules(place):
        if ":" in rule.expr:
            yield from unrecorded(rule.expr, rule.at.at("expr"), recorded)


def _groups(place: Place) -> Iterator[Diagnostic]:
    for service in place.services:
        for group in service.groups:
            if group.interval is not None and group.rules:
                at = group.rules[0].at
                yield from seldom(
                    group.name, group.interval, Location(at.file, at.document, at.path[:-2]).at("interval")
                )


def _name(rule: Rule) -> Location:
    foreign = rule.at.path[-2:-1] == ("rules",)
    return rule.at.at(("alert" if isinstance(rule, ResolvedAlert) else "record") if foreign else "name")


def _own(alert: ResolvedAlert) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in alert.labels.items() if name not in _OURS)


def duplicates(rules: Iterable[Told]) -> Iterator[Diagnostic]:
    """Rules that repeat an earlier one, of those that one server evaluates."""
    first: dict[tuple[object, ...], Told] = {}
    for rule in rules:
        key = ("" if rule.alert else rule.name, " ".join(rule.expr.split()), rule.for_, rule.labels, rule.alert)
        other = first.setdefault(key, rule)
        if other is rule or other.at == rule.at:
            continue
        if other.name == rule.name:
            message = f"`{rule.name}` stands here a second time, with the same expression and labels"
        else:
            message = f"`{rule.name}` has the expression and the labels of `{other.name}`: one cause alerts twice"
        yield Diagnostic(
            codes.DUPLICATE,
            message,
            rule.at,
            "says the same",
            "keep one of the two",
            related=(Related(other.at, "first here"),),
        )


def seldom(group: str, interval: str, where: Location) -> Iterator[Diagnostic]:
    """A group that is evaluated less often than a server looks back."""
    if seconds(interval) > LOOK_BACK:
        yield Diagnostic(
            codes.INTERVAL_TOO_LONG,
            f"the group `{group}` is evaluated less often than Prometheus looks back",
            where,
            "more than five minutes",
            "take an interval of five minutes at most",
        )


def unrecorded(expr: str, where: Location, recorded: Collection[str]) -> Iterator[Diagnostic]:
    """Metrics of an expression that are named like a record, and that no rule records."""
    if all(name in recorded for name in _RECORD.findall(expr)):
        return  # it need not even be parsed
    parsed = promql.parse(expr)
    if isinstance(parsed, promql.Fault):
        return
    for name in promql.metrics(parsed):
        if ":" in name and name not in recorded:
            close = did_you_mean(name, recorded)
            start = expr.find(name)
            yield Diagnostic(
                codes.UNKNOWN_RECORD,
                f"no rule here records `{name}`",
                where.naming(expr, start, start + len(name)) if start >= 0 else where,
                "recorded nowhere",
                f"did you mean `{close}`?" if close else "record it, or ask for what it was made of",
            )
