"""Alerts and records in one place: params put in, defaults applied, levels and no-data alerts made."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from watchbill.source.codes import references
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.entries import Entry, RecordEntry
from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.here import Here, Params, Written, params_at, put_in, read_expression
from watchbill.spec.kinds.inherited import NoData
from watchbill.spec.kinds.service import Alert, Level
from watchbill.spec.model import (
    Outcome,
    Owner,
    ResolvedAlert,
    ResolvedRecord,
    ResolvedTest,
    Yields,
    qualified,
)
from watchbill.spec.ownership import LABEL as OWNERSHIP
from watchbill.spec.ownership import RUNTIME, whose
from watchbill.spec.series import blind, placed
from watchbill.spec.settings import ROUTED, audible, outcome, outcome_kind, severity_of_no_data

ANY = Yields(None, frozenset(), frozenset())


def resolve_record(entry: RecordEntry, here: Here) -> ResolvedRecord | None:
    record = entry.record
    params = params_at(entry.params, here.place)
    expr = read_expression(here.written(record.expr, entry.at.at("expr")), params, here)
    if expr is None:
        return None
    name = put_in(Written(record.name, entry.at.at("name")), params, "text", here.told)
    if name is None:
        return None
    if not re.fullmatch(r"[A-Za-z_:][A-Za-z0-9_:]*", name.text):
        message = f"`{name.text[:60]}` is not a metric name"
        advice = "letters, digits, `_` and `:` only: a param put into it must keep to them"
        here.told.say(Diagnostic(references.BAD_PARAM, message, entry.at.at("name"), "with its params put in", advice))
        return None
    return ResolvedRecord(name.text, expr.text, {**record.labels, **here.place.written}, entry.at)


def resolve_alert(entry: Entry, here: Here) -> Iterator[ResolvedAlert]:
    """An alert at each of its levels, and its no-data alert."""
    alert, at = entry.alert, entry.at
    known = here.context.severities
    params = params_at(entry.params, here.place)
    chosen: dict[str, Level | None] = dict(alert.levels) or {here.value(alert.severity) or "": None}
    tests = _tests(entry, here, params) if entry.tested else ()
    uses: set[str] = set()
    watched: tuple[str, ...] = ()
    for severity, level in chosen.items():
        if severity not in known:
            continue
        changes = level.params.items() if level is not None else ()
        values = {**params, **{name: (params[name][0], value) for name, value in changes if name in params}}
        expr = read_expression(here.written(alert.expr, entry.where("expr")), values, here, uses)
        texts = _texts(entry, here, values, uses)
        if expr is None or texts is None:
            uses.update(alert.params)  # what is used cannot be told from a text that is wrong
            continue
        watched = expr.analysis.watched
        yield _made(
            alert,
            at,
            here,
            severity,
            alert.name,
            expr.text,
            expr.analysis.yields,
            texts,
            for_=_duration(here.value(level.for_ if level and level.for_ else alert.for_)),
            keep_firing_for=_duration(
                here.value(level.keep_firing_for if level and level.keep_firing_for else alert.keep_firing_for)
            ),
            tests=tests,
        )
        tests = ()  # they run once, against all levels
    here.used.update((at, name) for name in uses)
    no_data = alert.no_data or (NoData() if next(iter(known), "") in chosen else None)
    told_as = no_data.severity or severity_of_no_data(known) if no_data is not None else None
    if no_data is None or no_data.ignore is not None or not watched or told_as not in known:
        return
    texts = {
        "summary": f"{alert.name} of {here.policy.name} sees no data",
        "description": f"The series that {alert.name} watches have been gone for {no_data.after}: "
        "a problem there would not be noticed.",
    }
    absent = " or ".join(f"absent({selector})" for selector in blind(watched, here.place))
    yield _made(
        alert,
        at,
        here,
        told_as,
        f"{alert.name}NoData",
        absent,
        _yields(absent) if here.table is not None else ANY,
        texts,
        for_=no_data.after,
        no_data_of=alert.name,
    )


def _yields(expr: str) -> Yields:
    """The labels of a no-data alert: those that its selectors fix, and so perhaps the one that finds the owner."""
    analysis = analyse(expr)
    return analysis.yields if isinstance(analysis, Analysis) else ANY


def _tests(entry: Entry, here: Here, params: Params) -> tuple[ResolvedTest, ...]:
    """The tests that run in this place, with params put into their series."""
    found = []
    for index, test in enumerate(entry.alert.tests):
        if test.in_ not in (None, here.place.name, here.place.environment):
            continue
        at = entry.where("tests").at(index)
        if entry.from_set:
            series = {
                name: put_in(Written(name, at.at("series", name, key=True)), params, "text", here.told)
                for name in test.series
            }
            named = {put.text: test.series[name] for name, put in series.items() if put is not None}
            test = msgspec.structs.replace(test, series=named)  # noqa: PLW2901  (the same test, for this service)
        if here.place.series:
            there = {placed(name, here.place): values for name, values in test.series.items()}
            test = msgspec.structs.replace(test, series=there)  # noqa: PLW2901
        found.append(ResolvedTest(test, at))
    return tuple(found)


def _duration(value: str | None) -> str | None:
    return None if value in ("0", "0s") else value


def _texts(entry: Entry, here: Here, params: Params, uses: set[str]) -> dict[str, str] | None:
    """Summary, description and further annotations with params put in; None when one of them cannot be."""
    alert = entry.alert
    parts = [("summary", here.written(alert.summary, entry.where("summary")))]
    if alert.description is not None:
        parts.append(("description", here.written(alert.description, entry.where("description"))))
    parts.extend((name, Written(text, entry.where("annotations", name))) for name, text in alert.annotations.items())
    texts: dict[str, str] = {}
    for name, written in parts:
        put = put_in(written, params, "text", here.told)
        if put is not None:
            texts[name] = put.text.strip()
            uses.update(put.used)
    return texts if len(texts) == len(parts) else None


def _made(
    alert: Alert,
    at: Location,
    here: Here,
    severity: str,
    name: str,
    expr: str,
    yields: Yields,
    annotations: dict[str, str],
    *,
    for_: str | None,
    keep_firing_for: str | None = None,
    tests: tuple[ResolvedTest, ...] = (),
    no_data_of: str | None = None,
) -> ResolvedAlert:
    """The record of one alert at one severity; a no-data alert has no escalation, grouping or remedy of its own."""
    whole = no_data_of is None
    page_per = alert.page_per if whole else ()
    own_escalation = here.value(alert.escalation) if whole else None
    team = here.team
    owners: tuple[Owner, ...] = ()
    if here.table is not None:
        team, owners = _owners(here, {**alert.labels, **here.place.written}, yields, severity, own_escalation)
    outcome_here = _outcome(here, team, severity, own_escalation)
    labels = {"severity": severity, "team": team, "service": here.policy.name}
    if here.table is not None and owners:
        labels |= {"team": RUNTIME, OWNERSHIP: f"{here.table.name}/{team}"}
    if alert.class_ is not None:
        labels["class"] = alert.class_
    if page_per:
        labels["page_per"] = ",".join(page_per)
    if (
        outcome_here.escalation is not None
        and outcome_here.escalation != _outcome(here, team, severity, None).escalation
    ):
        labels["escalation"] = outcome_here.escalation
    labels |= {label: "" for label in ROUTED if label not in labels and yields.may_have(label)}
    labels.update(alert.labels)
    labels.update(here.place.written)
    runbook, url = _runbook(alert, here)
    if url is not None:
        annotations = {**annotations, "runbook_url": url}
    impact = alert.impact
    if impact is not None and whole:
        annotations = {**annotations, "impact_revenue": impact.revenue}
        if impact.customers is not None:
            annotations["impact_customers"] = impact.customers
    owner = (owners[0].label,) if owners else ()
    key = ("alertname", "service", *here.context.identities[here.place.environment], *owner, *page_per)
    return ResolvedAlert(
        name=name,
        service=here.policy.name,
        team=team,
        severity=severity,
        outcome=outcome_here,
        expr=expr,
        for_=for_,
        keep_firing_for=keep_firing_for,
        labels=labels,
        annotations=annotations,
        page_per=page_per,
        incident_key=tuple(dict.fromkeys(key)),
        runbook=runbook,
        runbook_url=url,
        diagnose=here.qualified("Diagnostic", alert.diagnose) if alert.diagnose else (),
        remediate=here.qualified("Remediation", alert.remediate) if alert.remediate and whole else (),
        class_=alert.class_,
        revenue=impact.revenue if impact else None,
        customers=impact.customers if impact else None,
        tests=tests,
        no_data_of=no_data_of,
        yields=yields,
        at=at,
        owners=owners,
    )


def _owners(
    here: Here, labels: Mapping[str, str], yields: Yields, severity: str, own_escalation: str | None
) -> tuple[str, tuple[Owner, ...]]:
    """The team that has the alert when no label says otherwise, and those that may have it by the label."""
    assert here.table is not None  # noqa: S101
    team, candidates = whose(here.table, here.team, labels, yields)
    if not candidates:
        return team, ()
    label, key = here.table.label, (team, severity, own_escalation)
    if key not in here.owners:
        here.owners[key] = tuple(
            Owner(other, label, patterns, _outcome(here, other, severity, own_escalation))
            for other, patterns in candidates
        )
    return team, here.owners[key]


def _outcome(here: Here, team_name: str, severity: str, own_escalation: str | None) -> Outcome:
    context = here.context
    meaning = context.severities[severity]
    policy = context.documents.get("Team", {}).get(team_name)
    team = policy.body if policy is not None else None
    if context.settings.severities is None and team is not None:
        meaning = audible(meaning, team, context.settings, here.environment.at_most)
    escalation = None
    if outcome_kind(meaning) == "page":
        # The escalation of a severity is relative to whoever has the alert; its own one is named by who wrote that.
        wanted, seen_from = (own_escalation, here.policy.team) if own_escalation else (meaning.page or "", team_name)
        escalation = qualified(context.documents, "Escalation", wanted, seen_from) or wanted
    hours = meaning.hours
    if hours == "team":
        own = team.hours if team is not None else None
        hours = qualified(context.documents, "Calendar", own, team_name) if own else None
    return outcome(meaning, here.environment.at_most, escalation, hours)


def _runbook(alert: Alert, here: Here) -> tuple[str | None, str | None]:
    """The runbook's qualified name, when it is one of ours, and its URL."""
    if alert.runbook is None:
        return None, None
    if alert.runbook.url is not None:
        return None, alert.runbook.url
    name = qualified(here.context.documents, "Runbook", alert.runbook.name or "", here.policy.team)
    site = here.context.settings.runbooks
    return name, f"{site.base_url.rstrip('/')}/runbooks/{name}/" if site and name else None
