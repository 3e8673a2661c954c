"""PromQL and templates: labels that must be there, templates that render, servers old enough to be asked."""

from collections.abc import Iterator

from watchbill import promql
from watchbill.checks.templates import keep, of_annotation, of_label, why
from watchbill.source.codes import promql as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import analyse
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
                keep(label),
                notes=why(alert.expr, label),
            )
    yield from _texts(alert)


def _texts(alert: ResolvedAlert) -> Iterator[Diagnostic]:
    def carries(label: str) -> bool:
        """Whether the label may be there whichever alternative of the expression it was that fired."""
        if label in alert.labels or label == "alertname":
            return True
        analysis = analyse(alert.expr)
        every = None if isinstance(analysis, promql.Fault) else analysis.everywhere
        return (every or alert.yields).may_have(label)

    for name, text in alert.annotations.items():
        if "{{" in text and name != "runbook_url":
            for diagnostic in of_annotation(name, text, _where(alert, name), alert.expr, carries):
                if diagnostic.level != "note" or not _of_others(alert):
                    yield diagnostic
    for name, text in alert.labels.items():
        if "{{" in text:
            yield from of_label(name, text, alert.at.at("labels", name), alert.expr, carries)


def _where(alert: ResolvedAlert, name: str) -> Location:
    if name.startswith("impact_"):
        return alert.at.at("impact", name.removeprefix("impact_"))
    own_key = name in ("summary", "description") and not _of_others(alert)
    return alert.at.at(name) if own_key else alert.at.at("annotations", name)


def _of_others(alert: ResolvedAlert) -> bool:
    """Whether somebody else wrote it: whoever reads of it here cannot mend its style."""
    return alert.at.path[-2:-1] == ("rules",)


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
