"""Plain rule files of Prometheus, anywhere: everything that can be said against them without a workspace."""

from collections.abc import Iterator, Sequence

from watchbill import promql
from watchbill.checks.expressions import of_rule
from watchbill.checks.rulesets import Told, duplicates, seldom, unrecorded
from watchbill.checks.templates import of_annotation, of_label
from watchbill.source.codes import promql as codes
from watchbill.source.codes import rules as rule_codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.alerts import ANY
from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.rulefile import Reading, RuleAt
from watchbill.spec.scalars import seconds


def check(readings: Sequence[Reading]) -> list[Diagnostic]:
    """Of all files together: what one of them records another may ask for. What repeats is sought within one file,
    as two files are often for two servers.
    """
    rules = [one for reading in readings for one in reading.rules]
    recorded = {one.rule.record for one in rules if one.rule.record is not None}
    found: list[Diagnostic] = []
    for reading in readings:
        found.extend(_groups(reading))
        for one in reading.rules:
            found.extend(_rule(one))
            if recorded:
                found.extend(unrecorded(one.rule.expr, one.at.at("expr"), recorded))
        found.extend(duplicates(map(_told, reading.rules)))
    return found


def _told(one: RuleAt) -> Told:
    rule = one.rule
    labels = frozenset({**one.group.labels, **rule.labels}.items())
    name = rule.alert or rule.record or ""
    at = one.at.at("alert" if rule.alert is not None else "record")
    return Told(name, rule.alert is not None, rule.expr, rule.for_, labels, at)


def _groups(reading: Reading) -> Iterator[Diagnostic]:
    for number, group in enumerate(reading.body.groups if reading.body is not None else ()):
        if group.interval is not None:
            yield from seldom(group.name, group.interval, reading.at.at("groups", number, "interval"))


def _rule(one: RuleAt) -> Iterator[Diagnostic]:
    rule, where = one.rule, one.at.at("expr")
    analysis = analyse(rule.expr)
    if isinstance(analysis, promql.Fault):
        advice = "mend the expression: Prometheus would refuse the whole file"
        at = where.within(analysis.start, analysis.end)
        yield Diagnostic(codes.SYNTAX, f"PromQL: {analysis.message}", at, "here", advice)
    alert = rule.alert is not None
    waits = rule.for_ is not None and seconds(rule.for_) > 0
    yield from of_rule(rule.expr, where, alert=alert, waits=waits)
    if alert:
        yield from _texts(one, analysis if isinstance(analysis, Analysis) else None)
    for key, value in (("for", rule.for_), ("keep_firing_for", rule.keep_firing_for)):
        if value is not None and seconds(value) == 0:
            message = f"`{key}: {value}` is what holds without it"
            advice = "leave it out, or say how long to wait"
            yield Diagnostic(rule_codes.REDUNDANT_FOR, message, one.at.at(key), "no wait", advice)


def _texts(one: RuleAt, analysis: Analysis | None) -> Iterator[Diagnostic]:
    labels = {**one.group.labels, **one.rule.labels}
    every = (analysis.everywhere or analysis.yields) if analysis is not None else ANY

    def carries(label: str) -> bool:
        return label in labels or label == "alertname" or every.may_have(label)

    for name, text in one.rule.annotations.items():
        if "{{" in text:
            yield from of_annotation(name, text, one.at.at("annotations", name), one.rule.expr, carries)
    for name, text in one.rule.labels.items():
        if "{{" in text:
            yield from of_label(name, text, one.at.at("labels", name), one.rule.expr, carries)
