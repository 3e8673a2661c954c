"""Runbooks: every alert that reaches somebody leads to one, it is published, it says what to do, its queries can be asked."""

from collections.abc import Iterator

import msgspec

from watchbill import promql
from watchbill.source.codes import runbooks as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.answers import Runbook, RunbookStep
from watchbill.spec.kinds.inherited import Defaults, RunbookRef
from watchbill.spec.kinds.service import AlertSet
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, ResolvedService, Workspace, qualified
from watchbill.spec.references import lost

SHOWN = 3  # names in one message


def check(workspace: Workspace) -> list[Diagnostic]:
    return [
        *_missing(workspace),
        *_unpublished(workspace),
        *_empty(workspace),
        *_queries(workspace),
        *_unused(workspace),
    ]


class _Lacking(msgspec.Struct):
    """An alert without a runbook, once for all places, and the services that have it."""

    alert: ResolvedAlert
    services: dict[str, ResolvedService]


def _missing(workspace: Workspace) -> Iterator[Diagnostic]:
    lacking: dict[Location, _Lacking] = {}
    for place in workspace.places.values():
        for service in place.services:
            for alert in service.alerts:
                if alert.runbook is None and alert.runbook_url is None and alert.no_data_of is None and _reaches(alert):
                    lacking.setdefault(alert.at, _Lacking(alert, {})).services[service.name] = service
    told = _told_elsewhere(workspace)
    foreign: dict[str, list[ResolvedAlert]] = {}
    for at, one in lacking.items():
        service = next(iter(one.services.values()))
        if told & {"", f"Team/{one.alert.team}", f"Service/{service.name}", _document(at), at}:
            continue
        if service.kind == "Foreign":
            foreign.setdefault(service.name, []).append(one.alert)
            continue
        beside = f" (in {len(one.services):,} services)" if len(one.services) > 1 else ""
        yield Diagnostic(
            codes.NO_RUNBOOK,
            f"`{one.alert.name}` has no runbook{beside}",
            at.at("name"),
            "what should they do?",
            "add `runbook:`, the name of a Runbook or `{url: …}`",
        )
    for name, alerts in foreign.items():
        names = list(dict.fromkeys(alert.name for alert in alerts))
        yield Diagnostic(
            codes.NO_RUNBOOK,
            f"{_counted(len(names), 'alert')} of `{name}` without a runbook: {_listed(names)}",
            workspace.get("Foreign", name).at.at("name"),
            "what should they do?",
            "add `runbook:` under `defaults:`, or under `change:` for each alert",
            related=(Related(alerts[0].at.at("alert"), "the first of them"),),
        )


def _reaches(alert: ResolvedAlert) -> bool:
    return any(outcome.kind != "drop" for _, outcome in alert.takers)


def _told_elsewhere(workspace: Workspace) -> set[str | Location]:
    """Where a Runbook is named that does not exist, which is a finding already.

    The empty text is everywhere; else it is a team, a service, a document or a single alert.
    """
    found: set[str | Location] = set()
    for kind in ("Workspace", "Team", "AlertSet", "Service", "Foreign"):
        for policy in workspace.documents.get(kind, {}).values():
            body = policy.body
            if body is None:
                continue
            blocks: list[Defaults | AlertSet | None] = [body.defaults, body if kind == "AlertSet" else None]
            if kind == "Foreign":
                blocks += body.change
            elif kind == "Service":
                blocks += [change for use in body.uses for change in use.change.values()]
            if any(block is not None and _lost(workspace, policy, block.runbook) for block in blocks):
                named = f"{'Service' if kind == 'Foreign' else kind}/{policy.name}"
                found.add("" if kind == "Workspace" else _document(policy.at) if kind == "AlertSet" else named)
            for index, alert in enumerate(body.alerts if kind in ("AlertSet", "Service") else ()):
                if _lost(workspace, policy, alert.runbook):
                    found.add(policy.at.at("alerts", index))
    return found


def _lost(workspace: Workspace, policy: Policy, reference: RunbookRef | None) -> bool:
    team = policy.name if policy.kind == "Team" else policy.team
    name = reference.name if reference is not None else None
    return name is not None and qualified(workspace.documents, "Runbook", name, team) is None


def _document(at: Location) -> str:
    return f"{at.file}:{at.document}"


def _unpublished(workspace: Workspace) -> Iterator[Diagnostic]:
    if workspace.settings.runbooks is not None:
        return
    named = {
        alert.at: alert
        for place in workspace.places.values()
        for alert in place.alerts
        if alert.runbook is not None and alert.no_data_of is None
    }
    if not named:
        return
    first = next(iter(named.values()))
    yield Diagnostic(
        codes.NO_SITE,
        f"{_counted(len(named), 'alert')} with a Runbook, and nothing says where runbooks are published",
        workspace.get("Workspace", workspace.name).at,
        "`runbooks:` is missing",
        "add `runbooks: {base_url: https://…}`",
        related=(Related(first.at.at("name"), f"its page would carry no link to `{first.runbook}`"),),
    )


def _runbooks(workspace: Workspace) -> Iterator[tuple[str, Policy, Runbook]]:
    for name, policy in workspace.documents.get("Runbook", {}).items():
        if policy.body is not None:
            yield name, policy, policy.body


def _empty(workspace: Workspace) -> Iterator[Diagnostic]:
    for name, policy, body in _runbooks(workspace):
        if not any(_says_something(step) for step in body.immediate):
            message = f"runbook `{name}` says nothing to do first"
            yield Diagnostic(
                codes.EMPTY_RUNBOOK, message, policy.at.at("immediate"), "nothing", "write the first thing to do"
            )


def _says_something(step: RunbookStep) -> bool:
    return bool((step.text or step.promql or "").strip())


def _queries(workspace: Workspace) -> Iterator[Diagnostic]:
    for _, policy, body in _runbooks(workspace):
        for key, steps in (("immediate", body.immediate), ("investigate", body.investigate)):
            for index, step in enumerate(steps):
                if step.promql is not None:
                    yield from _query(step.promql, policy.at.at(key, index, "promql"))
    for policy in workspace.documents.get("Diagnostic", {}).values():
        for index, collector in enumerate(policy.body.collect if policy.body is not None else ()):
            if collector.promql is not None:
                yield from _query(collector.promql, policy.at.at("collect", index, "promql"))


def _query(text: str, at: Location) -> Iterator[Diagnostic]:
    parsed = promql.parse(text)
    if isinstance(parsed, promql.Fault):
        where = at.within(parsed.start, parsed.end)
        yield Diagnostic(
            codes.BAD_QUERY, f"PromQL: {parsed.message}", where, "here", "mend it: it will be asked at night"
        )


def _unused(workspace: Workspace) -> Iterator[Diagnostic]:
    services = [*workspace.documents.get("Service", {}).values(), *workspace.documents.get("Foreign", {}).values()]
    if any(policy.body is None for policy in services):
        return  # which alerts there are is not known
    used = {alert.runbook for place in workspace.places.values() for alert in place.alerts}
    unused = [(name, policy) for name, policy, _ in _runbooks(workspace) if name not in used]
    if unused:
        named = _named_by_broken_alerts(workspace)
        unused = [(name, policy) for name, policy in unused if name not in named]
    if unused and not lost(workspace.documents) & {"Runbook", "Team", "AlertSet"}:
        for name, policy in unused:
            yield Diagnostic(
                codes.UNUSED,
                f"no alert leads to runbook `{name}`",
                policy.at.at("name"),
                "unused",
                f"write `runbook: {policy.name}` at an alert, or remove it",
            )


def _named_by_broken_alerts(workspace: Workspace) -> set[str | None]:
    """Runbooks named by alerts that are in no place, because something else is wrong with them."""
    whole = {alert.at for place in workspace.places.values() for alert in place.alerts}
    found: set[str | None] = set()
    for kind in ("AlertSet", "Service"):
        for policy in workspace.documents.get(kind, {}).values():
            for index, alert in enumerate(policy.body.alerts if policy.body is not None else ()):
                named = alert.runbook.name if alert.runbook is not None else None
                if named is not None and policy.at.at("alerts", index) not in whole:
                    found.add(qualified(workspace.documents, "Runbook", named, policy.team))
    return found


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
