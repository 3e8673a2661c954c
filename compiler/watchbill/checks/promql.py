"""PromQL and templates: labels that must be there, templates that render, servers old enough to be asked."""

from collections.abc import Iterator

from watchbill import promql
from watchbill.source.codes import promql as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import analyse, labels_read
from watchbill.spec.model import ResolvedAlert, ResolvedRecord, Workspace


def check(workspace: Workspace) -> list[Diagnostic]:
    found: dict[tuple[object, ...], Diagnostic] = {}
    seen: set[tuple[object, ...]] = set()
    for place in workspace.places.values():
        for alert in place.alerts:
            if alert.no_data_of is None:
                key = (id(alert.annotations), alert.expr)  # sources that are alike share them
                if key not in seen:
                    seen.add(key)
                    for diagnostic in _alert(alert):
                        found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
    for expr, where in _demanding(workspace):
        for diagnostic in _servers(expr, where, workspace.settings.versions.prometheus):
            found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
    return list(found.values())


def _alert(alert: ResolvedAlert) -> Iterator[Diagnostic]:
    for index, label in enumerate(alert.page_per):
        if not alert.may_have(label):
            yield Diagnostic(
                codes.PAGE_PER_CANNOT_EXIST,
                f"`page_per` names `{label}`, and no alert of `{alert.name}` can have it",
                alert.at.at("page_per", index),
                "not on the result",
                _keep(label),
                notes=_why(alert, label),
            )
    for name, text in alert.annotations.items():
        if "{{" in text and name != "runbook_url":
            yield from _template(alert, name, text)


def _template(alert: ResolvedAlert, name: str, text: str) -> Iterator[Diagnostic]:
    foreign = alert.at.path[-2:-1] == ("rules",)
    own_key = name in ("summary", "description") and not foreign
    where = alert.at.at(name) if own_key else alert.at.at("annotations", name)
    if name.startswith("impact_"):
        where = alert.at.at("impact", name.removeprefix("impact_"))
    read = labels_read(text)
    if isinstance(read, promql.Fault):
        at = where.naming(text, read.start, read.end)
        advice = "mend the template: Prometheus would put an error in its place"
        yield Diagnostic(codes.TEMPLATE, f"template: {read.message}", at, "here", advice)
        return
    missing = [label for label in read if not _everywhere(alert, label)]
    scanned = promql.scan_template(text) if missing else None
    if scanned is None or isinstance(scanned, promql.Fault):
        return
    for label in missing:
        start, end = next(place[1:] for place in promql.template_labels(scanned) if place[0] == label)
        message = f"the template of `{name}` names label `{label}`, which the expression cannot yield"
        at = where.naming(text, start, end)
        yield Diagnostic(codes.LABEL_CANNOT_EXIST, message, at, "always empty", _keep(label), notes=_why(alert, label))


def _everywhere(alert: ResolvedAlert, label: str) -> bool:
    """Whether the label may be there whichever alternative of the expression it was that fired."""
    if label in alert.labels or label == "alertname":
        return True
    analysis = analyse(alert.expr)
    every = None if isinstance(analysis, promql.Fault) else analysis.everywhere
    return (every or alert.yields).may_have(label)


def _keep(label: str) -> str:
    return f"keep `{label}` in the expression, for example `by ({label})`, or leave it out here"


def _why(alert: ResolvedAlert, label: str) -> tuple[str, ...]:
    parsed = promql.parse(alert.expr)
    reason = promql.why_not(parsed, label) if not isinstance(parsed, promql.Fault) else None
    return (reason.text,) if reason is not None else ()


def _demanding(workspace: Workspace) -> Iterator[tuple[str, Location]]:
    """Expressions that some server we know of cannot read, each once."""
    seen: set[str] = set()
    for place in workspace.places.values():
        for service in place.services:
            rules: tuple[ResolvedRecord | ResolvedAlert, ...] = (*service.records, *service.alerts)
            for rule in rules:
                if rule.expr not in seen:
                    seen.add(rule.expr)
                    analysis = analyse(rule.expr)
                    if not isinstance(analysis, promql.Fault) and analysis.demanding:
                        yield rule.expr, rule.at.at("expr")


def _servers(expr: str, where: Location, version: str) -> Iterator[Diagnostic]:
    parsed = promql.parse(expr)
    if isinstance(parsed, promql.Fault):
        return
    for need in promql.unmet(parsed, version):
        if need.removed:
            message = f"{need.what} is gone from Prometheus {need.version} on"
        elif need.flag is not None:
            yield Diagnostic(
                codes.EXPERIMENTAL,
                f"{need.what} needs the feature flag {need.flag}",
                where,
                "here",
                "use an expression without it",
            )
            continue
        else:
            message = f"{need.what} needs Prometheus {need.version}; the oldest in use is {version}"
        yield Diagnostic(
            codes.TOO_NEW,
            message,
            where,
            "here",
            f"use {need.instead}" if need.instead else "write it another way, or raise `versions: {prometheus: …}`",
        )
