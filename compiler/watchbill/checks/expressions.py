"""Expressions that parse and do not do what was meant: what is remembered of each text, put in its place."""

from collections.abc import Iterator

from watchbill import promql
from watchbill.source.codes import Code
from watchbill.source.codes.expressions import ALL
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import analyse
from watchbill.spec.model import ResolvedAlert, ResolvedRecord, Workspace

_CODES: dict[str, Code] = {code.name: code for code in ALL}


def check(workspace: Workspace) -> list[Diagnostic]:
    """Of every rule in every place; the alerts that watch over data are the compiler's own words.

    Of rules that somebody else wrote notes are left out: whoever reads them here cannot mend their style.
    """
    found: dict[tuple[object, ...], Diagnostic] = {}
    seen: set[tuple[object, ...]] = set()
    for place in workspace.places.values():
        for service in place.services:
            rules: tuple[ResolvedRecord | ResolvedAlert, ...] = (*service.records, *service.alerts)
            for rule in rules:
                key = (rule.expr, id(rule.at))
                if key in seen:
                    continue
                seen.add(key)
                alert = rule if isinstance(rule, ResolvedAlert) else None
                if alert is not None and alert.no_data_of is not None:
                    continue
                for diagnostic in of_rule(
                    rule.expr, rule.at.at("expr"), alert=alert is not None, waits=bool(alert and alert.for_)
                ):
                    if service.kind != "Foreign" or diagnostic.level != "note":
                        found.setdefault((diagnostic.where, diagnostic.message), diagnostic)
    return list(found.values())


def of_rule(expr: str, where: Location, *, alert: bool, waits: bool) -> Iterator[Diagnostic]:
    """What is to be said against one expression; `waits` says whether its alert has a `for`."""
    analysis = analyse(expr)
    if isinstance(analysis, promql.Fault):
        return
    for remark in analysis.remarks:
        if remark.when == "always" or (alert and (remark.when == "alert" or not waits)):
            yield Diagnostic(
                _CODES[remark.name],
                remark.message,
                where.naming(expr, remark.start, remark.end),
                remark.label,
                remark.help,
                (remark.note,) if remark.note else (),
            )
