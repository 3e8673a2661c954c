"""How rules stand to each other: two that say the same, and those that ask for a record which nothing makes."""

from collections.abc import Iterable, Iterator

import msgspec

from watchbill import promql
from watchbill.source.codes import rules as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related, did_you_mean
from watchbill.spec.expressions import analyse
from watchbill.spec.model import ResolvedAlert, ResolvedRecord, Workspace
from watchbill.spec.scalars import seconds

LOOK_BACK = 300.0
"""Seconds that a server looks back for the last value of a series (`--query.lookback-delta`)."""

_OURS = frozenset(("team", "service", "class", "page_per", "escalation"))
"""Labels that the compiler writes: they tell whose an alert is, and not what it is about."""


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
    for place in workspace.places.values():
        rules = [
            Told(alert.name, True, alert.expr, alert.for_, _own(alert), _name(alert))
            for alert in place.alerts
            if alert.no_data_of is None
        ]
        records = [record for service in place.services for record in service.records]
        rules += [
            Told(record.name, False, record.expr, None, frozenset(record.labels.items()), _name(record))
            for record in records
        ]
        for diagnostic in duplicates(rules):
            found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
    recorded = {record.name for place in workspace.places.values() for one in place.services for record in one.records}
    for place in workspace.places.values():
        for service in place.services:
            rules_here: tuple[ResolvedRecord | ResolvedAlert, ...] = (*service.records, *service.alerts)
            for rule in rules_here:
                if not (isinstance(rule, ResolvedAlert) and rule.no_data_of is not None):
                    for diagnostic in unrecorded(rule.expr, rule.at.at("expr"), recorded):
                        found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
            for group in service.groups:
                if group.rules and group.interval is not None:
                    at = group.rules[0].at
                    where = Location(at.file, at.document, at.path[:-2]).at("interval")
                    for diagnostic in seldom(group.name, group.interval, where):
                        found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
    return list(found.values())


def _name(rule: ResolvedAlert | ResolvedRecord) -> Location:
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


def unrecorded(expr: str, where: Location, recorded: set[str]) -> Iterator[Diagnostic]:
    """Metrics of an expression that are named like a record, and that no rule records."""
    analysis = analyse(expr)
    if isinstance(analysis, promql.Fault):
        return
    for name in analysis.records:
        if name not in recorded:
            close = did_you_mean(name, recorded)
            start = expr.find(name)
            yield Diagnostic(
                codes.UNKNOWN_RECORD,
                f"no rule here records `{name}`",
                where.naming(expr, start, start + len(name)) if start >= 0 else where,
                "recorded nowhere",
                f"did you mean `{close}`?" if close else "record it, or ask for what it was made of",
            )
