"""Services to resolved services, place by place: params put in, defaults applied, levels and no-data alerts made."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from watchbill.source.codes import promql, references, structure
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.entries import Entry, RecordEntry, entries, records
from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.kinds.inherited import NoData
from watchbill.spec.kinds.service import Alert, Level, Param, Service
from watchbill.spec.kinds.workspace import Environment
from watchbill.spec.load import Policy
from watchbill.spec.model import (
    Outcome,
    ResolvedAlert,
    ResolvedGroup,
    ResolvedRecord,
    ResolvedService,
    ResolvedTest,
    Yields,
    qualified,
)
from watchbill.spec.params import Substitution, UnknownParam, substitute, value_at
from watchbill.spec.scalars import Placed
from watchbill.spec.settings import PlaceSettings, audible, outcome, outcome_kind
from watchbill.spec.words import Context, Told, check_words

Params = dict[str, tuple[str, str]]
ANY = Yields(None, frozenset(), frozenset())


class Written(msgspec.Struct, frozen=True):
    """A value as a policy writes it, with where it stands: what a finding about it points at."""

    text: str
    at: Location


class Here(msgspec.Struct, frozen=True):
    """A service in one place: what every step of resolving it looks at. `used` collects the params that were put in."""

    policy: Policy
    place: PlaceSettings
    environment: Environment
    context: Context
    told: Told
    used: set[tuple[Location, str]]

    @property
    def team(self) -> str:
        return self.policy.team or ""

    def value(self, placed: Placed[str] | None) -> str | None:
        return placed.at(self.place.environment, self.place.name) if placed is not None else None

    def written(self, placed: Placed[str], at: Location) -> Written:
        by = placed.by or {}
        for key in (self.place.name, self.place.environment):
            if key in by:
                return Written(by[key], at.at("by", key))
        return Written(placed.default, at.at("default"))

    def qualified(self, kind: str, references_: tuple[str, ...]) -> tuple[str, ...]:
        known = (qualified(self.context.documents, kind, reference, self.policy.team) for reference in references_)
        return tuple(name for name in known if name is not None)


def resolve_service(policy: Policy, context: Context) -> tuple[dict[str, ResolvedService], list[Diagnostic]]:
    """The service in every place where it is, by place name; with everything that is wrong with it."""
    service: Service = policy.body
    told = Told()
    check_words(policy, context, told)
    alerts = entries(policy, context)
    recorded = records(policy, context)
    _check_entries(policy, alerts, told)
    used: set[tuple[Location, str]] = set()
    found: dict[str, ResolvedService] = {}
    siblings: dict[str, ResolvedService] = {}
    alike = not _differs_by_source(alerts, recorded)
    for place in context.places.values():
        environment = context.settings.environments[place.environment]
        sibling = siblings.get(place.environment)
        if sibling is not None and alike:
            found[place.name] = relabelled(sibling, place)
            continue
        here = Here(policy, place, environment, context, told, used)
        resolved_records = tuple(record for entry in recorded if (record := resolve_record(entry, here)) is not None)
        resolved_alerts: list[ResolvedAlert] = []
        for entry in alerts:
            only = entry.alert.only
            if not only or place.name in only or place.environment in only:
                resolved_alerts.extend(resolve_alert(entry, here))
        dashboard = None
        if service.dashboard is not None and environment.grafana is not None:
            dashboard = f"{environment.grafana.url.rstrip('/')}/d/{service.dashboard.uid}"
        group = ResolvedGroup(policy.name, (*resolved_records, *resolved_alerts))
        found[place.name] = siblings[place.environment] = ResolvedService(
            policy.name,
            here.team,
            service.tier,
            dashboard,
            resolved_records,
            tuple(resolved_alerts),
            (group,),
            policy.at,
        )
    _unused_params(alerts, used, told)
    return found, list(told)


def _check_entries(policy: Policy, alerts: list[Entry], told: Told) -> None:
    """What can only be said when sets are used and everything is inherited."""
    seen: dict[str, Entry] = {}
    for entry in alerts:
        alert = entry.alert
        first = seen.setdefault(alert.name, entry)
        if first is not entry and first.from_set:
            message = f"service `{policy.name}` has two alerts named `{alert.name}`"
            related = (Related(first.at.at("name"), "the other stands in a set"),)
            advice = "rename it, or leave the other out with `without:`"
            told.say(
                Diagnostic(
                    references.DUPLICATE_NAME, message, entry.at.at("name"), "the second", advice, related=related
                )
            )
        check_alert_form(entry, told)


def check_alert_form(entry: Entry, told: Told) -> None:
    """An alert has a severity, its own or an inherited one, or levels; not both."""
    alert = entry.alert
    if alert.severity is None and not alert.levels:
        advice = "add `severity:`, or give it under `defaults:`"
        told.say(Diagnostic(structure.MISSING_KEY, f"`{alert.name}` has no severity", entry.at, "here", advice))
    elif alert.severity is not None and alert.levels:
        message = "both `severity` and `levels` are given"
        told.say(
            Diagnostic(structure.EXACTLY_ONE, message, entry.at.at("levels", key=True), "here", "keep one of them")
        )


def _unused_params(alerts: list[Entry], used: set[tuple[Location, str]], told: Told) -> None:
    for entry in alerts:
        for name in entry.alert.params:
            if (entry.at, name) not in used:
                message = f"param `{name}` is never used"
                where = entry.at.at("params", name, key=True)
                told.say(
                    Diagnostic(references.UNUSED_PARAM, message, where, "unused", f"use ${{{name}}}, or remove it")
                )


def _differs_by_source(alerts: list[Entry], recorded: list[RecordEntry]) -> bool:
    """Whether any value names a single source (`production/eu`): else the sources of an environment are alike."""
    keys: list[str] = []
    all_params = [entry.params for entry in alerts] + [entry.params for entry in recorded]
    params = {id(param): param for some in all_params for param in some.values()}
    for param in params.values():
        keys.extend(param.by or ())
    for entry in recorded:
        keys.extend(entry.record.expr.by or ())
    for alert in (entry.alert for entry in alerts):
        keys.extend(alert.only)
        keys.extend(test.in_ for test in alert.tests if test.in_ is not None)
        placed = [alert.expr, alert.summary, alert.description, alert.severity, alert.escalation, alert.for_]
        placed.append(alert.keep_firing_for)
        for level in alert.levels.values():
            placed += [level.for_, level.keep_firing_for]
        for value in placed:
            keys.extend(value.by or () if value is not None else ())
    return any("/" in key for key in keys)


def relabelled(sibling: ResolvedService, place: PlaceSettings) -> ResolvedService:
    """The service in another source of the same environment: only the place's own labels differ."""
    replace = msgspec.structs.replace
    groups = tuple(
        replace(group, rules=tuple(replace(rule, labels={**rule.labels, **place.labels}) for rule in group.rules))
        for group in sibling.groups
    )
    return in_groups(sibling, groups)


def in_groups(service: ResolvedService, groups: tuple[ResolvedGroup, ...]) -> ResolvedService:
    """The service with these groups, and with the records and alerts that stand in them."""
    rules = [rule for group in groups for rule in group.rules]
    records = tuple(rule for rule in rules if isinstance(rule, ResolvedRecord))
    alerts = tuple(rule for rule in rules if isinstance(rule, ResolvedAlert))
    return msgspec.structs.replace(service, groups=groups, records=records, alerts=alerts)


def _params(params: Mapping[str, Param], place: PlaceSettings) -> Params:
    return {name: (param.type, value_at(param, place.environment, place.name)) for name, param in params.items()}


def resolve_record(entry: RecordEntry, here: Here) -> ResolvedRecord | None:
    record = entry.record
    params = _params(entry.params, here.place)
    expression = _expression(here.written(record.expr, entry.at.at("expr")), params, here.told)
    if expression is None:
        return None
    name = _put_in(Written(record.name, entry.at.at("name")), params, "text", here.told)
    if name is None:
        return None
    if not re.fullmatch(r"[A-Za-z_:][A-Za-z0-9_:]*", name.text):
        message = f"`{name.text[:60]}` is not a metric name"
        advice = "letters, digits, `_` and `:` only: a param put into it must keep to them"
        here.told.say(Diagnostic(references.BAD_PARAM, message, entry.at.at("name"), "with its params put in", advice))
        return None
    return ResolvedRecord(name.text, expression[0], {**record.labels, **here.place.labels}, entry.at)


def _expression(
    written: Written, params: Params, told: Told, uses: set[str] | None = None
) -> tuple[str, Analysis] | None:
    """The expression with params put in, and its analysis; None when a finding says why there is none."""
    put = _put_in(written, params, "promql", told)
    if put is None:
        return None
    if uses is not None:
        uses.update(put.used)
    text = put.text.strip()
    analysis = analyse(text)
    if isinstance(analysis, Analysis):
        return text, analysis
    lead = len(put.text) - len(put.text.lstrip())
    start, end = put.source_range(analysis.start + lead, analysis.end + lead)
    notes = tuple(f"with {name} = {params[name][1]}" for name in dict.fromkeys(put.used))
    advice = "mend the expression: Prometheus would refuse the whole file"
    message = f"PromQL: {analysis.message}"
    told.say(Diagnostic(promql.SYNTAX, message, written.at.within(start, end), "here", advice, notes))
    return None


def _put_in(written: Written, params: Params, form: Literal["promql", "text"], told: Told) -> Substitution | None:
    put = substitute(written.text, params, form)
    if isinstance(put, UnknownParam):
        known = ", ".join(params)
        hint = f"declared here: {known}" if known else "declare it under `params:`; a literal `${` is written `$${`"
        at = written.at.within(put.start, put.end)
        told.say(Diagnostic(references.UNKNOWN_PARAM, f"unknown param `{put.name[:60]}`", at, "not declared", hint))
        return None
    return put


def resolve_alert(entry: Entry, here: Here) -> Iterator[ResolvedAlert]:
    """An alert at each of its levels, and its no-data alert."""
    alert, at = entry.alert, entry.at
    known = here.context.severities
    params = _params(entry.params, here.place)
    chosen: dict[str, Level | None] = dict(alert.levels) or {here.value(alert.severity) or "": None}
    tests = _tests(entry, here, params) if entry.tested else ()
    uses: set[str] = set()
    watched: tuple[str, ...] = ()
    for severity, level in chosen.items():
        if severity not in known:
            continue
        changes = level.params.items() if level is not None else ()
        values = {**params, **{name: (params[name][0], value) for name, value in changes if name in params}}
        expression = _expression(here.written(alert.expr, at.at("expr")), values, here.told, uses)
        texts = _texts(alert, at, here, values, uses)
        if expression is None or texts is None:
            continue
        watched = expression[1].watched
        yield _made(
            alert,
            at,
            here,
            severity,
            alert.name,
            expression[0],
            expression[1].yields,
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
    if no_data is None or no_data.ignore is not None or not watched or no_data.severity not in known:
        return
    texts = {
        "summary": f"{alert.name} of {here.policy.name} sees no data",
        "description": f"The series that {alert.name} watches have been gone for {no_data.after}: "
        "a problem there would not be noticed.",
    }
    expr = " or ".join(f"absent({selector})" for selector in watched)
    yield _made(
        alert,
        at,
        here,
        no_data.severity,
        f"{alert.name}NoData",
        expr,
        ANY,
        texts,
        for_=no_data.after,
        no_data_of=alert.name,
    )


def _tests(entry: Entry, here: Here, params: Params) -> tuple[ResolvedTest, ...]:
    """The tests that run in this place, with params put into their series."""
    found = []
    for index, test in enumerate(entry.alert.tests):
        if test.in_ not in (None, here.place.name, here.place.environment):
            continue
        at = entry.at.at("tests", index)
        if entry.from_set:
            series = {
                name: _put_in(Written(name, at.at("series", name, key=True)), params, "text", here.told)
                for name in test.series
            }
            named = {put.text: test.series[name] for name, put in series.items() if put is not None}
            test = msgspec.structs.replace(test, series=named)  # noqa: PLW2901  (the same test, for this service)
        found.append(ResolvedTest(test, at))
    return tuple(found)


def _duration(value: str | None) -> str | None:
    return None if value in ("0", "0s") else value


def _texts(alert: Alert, at: Location, here: Here, params: Params, uses: set[str]) -> dict[str, str] | None:
    """Summary, description and further annotations with params put in; None when one of them cannot be."""
    parts = [("summary", here.written(alert.summary, at.at("summary")))]
    if alert.description is not None:
        parts.append(("description", here.written(alert.description, at.at("description"))))
    parts.extend((name, Written(text, at.at("annotations", name))) for name, text in alert.annotations.items())
    texts: dict[str, str] = {}
    for name, written in parts:
        put = _put_in(written, params, "text", here.told)
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
    outcome_here = _outcome(here, severity, own_escalation)
    labels = {"severity": severity, "team": here.team, "service": here.policy.name}
    if alert.class_ is not None:
        labels["class"] = alert.class_
    if page_per:
        labels["page_per"] = ",".join(page_per)
    if outcome_here.escalation is not None and outcome_here.escalation != _outcome(here, severity, None).escalation:
        labels["escalation"] = outcome_here.escalation
    labels.update(alert.labels)
    labels.update(here.place.labels)
    runbook, url = _runbook(alert, here)
    if url is not None:
        annotations = {**annotations, "runbook_url": url}
    impact = alert.impact
    if impact is not None and whole:
        annotations = {**annotations, "impact_revenue": impact.revenue}
        if impact.customers is not None:
            annotations["impact_customers"] = impact.customers
    key = ("alertname", "service", *here.context.identities[here.place.environment], *page_per)
    return ResolvedAlert(
        name=name,
        service=here.policy.name,
        team=here.team,
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
    )


def _outcome(here: Here, severity: str, own_escalation: str | None) -> Outcome:
    context = here.context
    meaning = context.severities[severity]
    policy = context.documents.get("Team", {}).get(here.team)
    team = policy.body if policy is not None else None
    if context.settings.severities is None and team is not None:
        meaning = audible(meaning, team, context.settings, here.environment.at_most)
    escalation = None
    if outcome_kind(meaning) == "page":
        wanted = own_escalation or meaning.page or ""
        escalation = qualified(context.documents, "Escalation", wanted, here.policy.team) or wanted
    hours = meaning.hours
    if hours == "team":
        own = team.hours if team is not None else None
        hours = qualified(context.documents, "Calendar", own, here.policy.team) if own else None
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
