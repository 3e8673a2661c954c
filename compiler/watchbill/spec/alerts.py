"""Services to resolved services, place by place: params put in, defaults applied, levels and no-data alerts made."""

from collections.abc import Iterator
from typing import Any

import msgspec

from watchbill.source.codes import paging, promql, references, structure
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.kinds.service import Alert, Level, NoData, Param, Record, RuleTest, Service
from watchbill.spec.kinds.workspace import Environment, Severity
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.model import Outcome, ResolvedAlert, ResolvedRecord, ResolvedService, Yields, qualified
from watchbill.spec.params import Substitution, UnknownParam, expected, is_value, substitute, value_at
from watchbill.spec.scalars import Placed
from watchbill.spec.settings import (
    RESERVED,
    PlaceSettings,
    audible,
    identity,
    outcome,
    outcome_kind,
    severities,
    unknown_word,
)

Documents = dict[str, dict[str, Policy]]
Params = dict[str, tuple[str, str]]
ANY = Yields(None, frozenset(), frozenset())
NOTHING = Yields(frozenset(), frozenset(), frozenset())


class Context(msgspec.Struct, frozen=True):
    """What resolving a service needs to know of the whole workspace."""

    settings: WorkspaceKind
    severities: dict[str, Severity]
    places: dict[str, PlaceSettings]
    documents: Documents
    identities: dict[str, tuple[str, ...]]


class Written(msgspec.Struct, frozen=True):
    """A value as a policy writes it, with where it stands: what a finding about it points at."""

    text: str
    at: Location


class Told(list[Diagnostic]):
    """Findings about one service; the same one from several places is told once."""

    def say(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self:
            self.append(diagnostic)


def context_of(settings: WorkspaceKind, places: dict[str, PlaceSettings], documents: Documents) -> Context:
    identities = {name: identity(environment) for name, environment in settings.environments.items()}
    return Context(settings, severities(settings), places, documents, identities)


def resolve_service(policy: Policy, context: Context) -> tuple[dict[str, ResolvedService], list[Diagnostic]]:
    """The service in every place where it is, by place name; with everything that is wrong with it."""
    service: Service = policy.body
    told = Told()
    _check_names(policy, told)
    _check_params(service.params, policy.at.at("params"), context, told)
    for index, alert in enumerate(service.alerts):
        _check_alert(alert, policy.at.at("alerts", index), context, told)
    used: set[tuple[int, str]] = set()
    found = {}
    for place in context.places.values():
        environment = context.settings.environments[place.environment]
        service_params = _params(service.params, place)
        records = tuple(
            resolved
            for index, record in enumerate(service.records)
            if (resolved := _record(record, policy.at.at("records", index), place, service_params, told))
        )
        alerts: list[ResolvedAlert] = []
        for index, alert in enumerate(service.alerts):
            if not alert.only or place.name in alert.only or place.environment in alert.only:
                alerts.extend(_resolve_alert(policy, index, place, environment, context, service_params, told, used))
        dashboard = None
        if service.dashboard is not None and environment.grafana is not None:
            dashboard = f"{environment.grafana.url.rstrip('/')}/d/{service.dashboard.uid}"
        found[place.name] = ResolvedService(
            policy.name, policy.team or "", service.tier, dashboard, records, tuple(alerts), policy.at
        )
    for index, alert in enumerate(service.alerts):
        for name in alert.params:
            if (index, name) not in used:
                at = policy.at.at("alerts", index, "params", name, key=True)
                told.say(
                    Diagnostic(
                        references.UNUSED_PARAM,
                        f"param `{name}` is never used",
                        at,
                        "unused",
                        f"use ${{{name}}}, or remove it",
                    )
                )
    return found, list(told)


def _check_names(policy: Policy, told: Told) -> None:
    seen: dict[str, int] = {}
    alerts: tuple[Alert, ...] = policy.body.alerts
    for index, alert in enumerate(alerts):
        if alert.name in seen:
            from watchbill.source.diagnostic import Related  # noqa: PLC0415

            first = Related(policy.at.at("alerts", seen[alert.name], "name"), "first here")
            told.say(
                Diagnostic(
                    references.DUPLICATE_NAME,
                    f"service `{policy.name}` has two alerts named `{alert.name}`",
                    policy.at.at("alerts", index, "name"),
                    "and again here",
                    "rename one; several severities of one condition are `levels`",
                    related=(first,),
                )
            )
        seen[alert.name] = index
    for name, index in seen.items():
        if name.endswith("NoData") and name.removesuffix("NoData") in seen:
            told.say(
                Diagnostic(
                    references.DUPLICATE_NAME,
                    f"`{name}` is the name of the no-data alert of `{name.removesuffix('NoData')}`",
                    policy.at.at("alerts", index, "name"),
                    "taken",
                    "rename this alert",
                )
            )


def _check_params(params: dict[str, Param], at: Location, context: Context, told: Told) -> None:
    for name, param in params.items():
        values = [(param.default, ("default",)), *((value, ("by", place)) for place, value in (param.by or {}).items())]
        for value, path in values:
            if not is_value(param.type, value):
                told.say(
                    Diagnostic(
                        references.BAD_PARAM,
                        f"`{value[:60]}` is not {expected(param.type)}",
                        at.at(name, *path),
                        f"a {param.type} belongs here",
                        f"write {expected(param.type)}",
                    )
                )
        for place in param.by or {}:
            _check_place(place, at.at(name, "by", place, key=True), context, told)


def _check_place(place: str, at: Location, context: Context, told: Told) -> None:
    if place not in context.places and place not in context.settings.environments:
        told.say(
            unknown_word(
                "place",
                place,
                [*context.settings.environments, *(name for name in context.places if not name.endswith("/default"))],
                at,
            )
        )


def _check_alert(alert: Alert, at: Location, context: Context, told: Told) -> None:
    """What does not differ by place: words that must be declared, labels that may not be taken."""
    classes = context.settings.classes
    if alert.class_ is not None and classes and alert.class_ not in classes:
        told.say(unknown_word("class", alert.class_, classes, at.at("class")))
    named = [(value, at.at("severity", *path)) for value, path in _values(alert.severity)]
    named += [(level, at.at("levels", level, key=True)) for level in alert.levels]
    if alert.no_data is not None and alert.no_data.ignore is None:
        named.append((alert.no_data.severity, at.at("no_data", "severity")))
    for severity, where in named:
        if severity not in context.severities:
            told.say(unknown_word("severity", severity, context.severities, where))
    _check_params(alert.params, at.at("params"), context, told)
    for level, changes in alert.levels.items():
        for name, value in changes.params.items():
            declared = alert.params.get(name)
            where = at.at("levels", level, "params", name)
            if declared is None:
                told.say(
                    Diagnostic(
                        references.UNKNOWN_PARAM,
                        f"unknown param `{name}`",
                        where,
                        "not declared on the alert",
                        f"declare it under `params:`, or use {', '.join(alert.params) or 'none'}",
                    )
                )
            elif not is_value(declared.type, value):
                told.say(
                    Diagnostic(
                        references.BAD_PARAM,
                        f"`{value[:60]}` is not {expected(declared.type)}",
                        where,
                        f"a {declared.type} belongs here",
                        f"write {expected(declared.type)}",
                    )
                )
    for label in alert.labels:
        if (
            label in RESERVED
            or label.startswith("__")
            or any(label in place.labels for place in context.places.values())
        ):
            told.say(
                Diagnostic(
                    structure.BAD_VALUE,
                    f"label `{label}` is written by the compiler",
                    at.at("labels", label, key=True),
                    "taken",
                    "choose another name",
                )
            )
    for annotation in alert.annotations:
        if annotation in ("summary", "description", "runbook_url"):
            told.say(
                Diagnostic(
                    structure.BAD_VALUE,
                    f"annotation `{annotation}` has a key of its own",
                    at.at("annotations", annotation, key=True),
                    "taken",
                    f"write `{annotation.removesuffix('_url')}:` on the alert",
                )
            )
    for index, place in enumerate(alert.only):
        _check_place(place, at.at("only", index), context, told)
    for index, test in enumerate(alert.tests):
        if test.in_ is not None:
            _check_place(test.in_, at.at("tests", index, "in"), context, told)
    for key, placed in (
        ("expr", alert.expr),
        ("for", alert.for_),
        ("keep_firing_for", alert.keep_firing_for),
        ("summary", alert.summary),
        ("description", alert.description),
        ("severity", alert.severity),
        ("escalation", alert.escalation),
    ):
        for place in (placed.by if placed is not None else None) or {}:
            _check_place(place, at.at(key, "by", place, key=True), context, told)


def _values(placed: Placed[Any] | None) -> Iterator[tuple[Any, tuple[str, ...]]]:
    if placed is not None:
        yield placed.default, ("default",)
        for place, value in (placed.by or {}).items():
            yield value, ("by", place)


def _params(params: dict[str, Param], place: PlaceSettings) -> Params:
    return {name: (param.type, value_at(param, place.environment, place.name)) for name, param in params.items()}


def _written(placed: Placed[str], at: Location, place: PlaceSettings) -> Written:
    by = placed.by or {}
    for key in (place.name, place.environment):
        if key in by:
            return Written(by[key], at.at("by", key))
    return Written(placed.default, at.at("default"))


def _record(record: Record, at: Location, place: PlaceSettings, params: Params, told: Told) -> ResolvedRecord | None:
    written = _written(record.expr, at.at("expr"), place)
    expression, analysis = _expression(written, params, told)
    if expression is None or analysis is None:
        return None
    return ResolvedRecord(record.name, expression, {**record.labels, **place.labels}, at)


def _expression(written: Written, params: Params, told: Told) -> tuple[str | None, Analysis | None]:
    put = _put_in(written, params, "promql", told)
    if put is None:
        return None, None
    text = put.text.strip()
    analysis = analyse(text)
    if analysis.fault is None:
        return text, analysis
    lead = len(put.text) - len(put.text.lstrip())
    start, end = put.source_range(analysis.fault.start + lead, analysis.fault.end + lead)
    notes = tuple(f"with {name} = {params[name][1]}" for name in dict.fromkeys(put.used))
    told.say(
        Diagnostic(
            promql.SYNTAX,
            f"PromQL: {analysis.fault.message}",
            written.at.within(start, end),
            "here",
            "mend the expression: Prometheus would refuse the whole file",
            notes,
        )
    )
    return None, None


def _put_in(written: Written, params: Params, form: Any, told: Told) -> Substitution | None:
    put = substitute(written.text, params, form)
    if isinstance(put, UnknownParam):
        known = ", ".join(params)
        told.say(
            Diagnostic(
                references.UNKNOWN_PARAM,
                f"unknown param `{put.name[:60]}`",
                written.at.within(put.start, put.end),
                "not declared",
                f"declared here: {known}" if known else "declare it under `params:`; a literal `${` is written `$${`",
            )
        )
        return None
    return put


def _resolve_alert(
    policy: Policy,
    index: int,
    place: PlaceSettings,
    environment: Environment,
    context: Context,
    service_params: Params,
    told: Told,
    used: set[tuple[int, str]],
) -> Iterator[ResolvedAlert]:
    alert: Alert = policy.body.alerts[index]
    at = policy.at.at("alerts", index)
    params = {**service_params, **_params(alert.params, place)} if alert.params else service_params
    if alert.levels:
        chosen: list[tuple[str, Level | None]] = [(severity, level) for severity, level in alert.levels.items()]
    else:
        severity = alert.severity.at(place.environment, place.name) if alert.severity else ""
        chosen = [(severity, None)]
    worst = next(iter(context.severities), "")
    tests = tuple(test for test in alert.tests if test.in_ in (None, place.name, place.environment))
    watched: tuple[str, ...] = ()
    for severity, level in chosen:
        if severity not in context.severities:
            continue
        level_params = params
        if level is not None and level.params:
            level_params = {
                **params,
                **{name: (params[name][0], value) for name, value in level.params.items() if name in params},
            }
        expression, analysis = _expression(_written(alert.expr, at.at("expr"), place), level_params, told)
        texts = _texts(alert, at, place, level_params, told, index, used)
        if expression is None or analysis is None or analysis.yields is None or texts is None:
            continue
        watched = analysis.watched
        yield _made(
            policy,
            alert,
            at,
            place,
            environment,
            context,
            name=alert.name,
            severity=severity,
            expr=expression,
            yields=analysis.yields,
            annotations=texts,
            for_=_duration(alert.for_, level.for_ if level else None, place),
            keep_firing_for=_duration(alert.keep_firing_for, level.keep_firing_for if level else None, place),
            page_per=alert.page_per,
            tests=tests,
            no_data_of=None,
        )
        tests = ()
    no_data = alert.no_data or (NoData() if any(severity == worst for severity, _ in chosen) else None)
    if no_data is None or no_data.ignore is not None or not watched or no_data.severity not in context.severities:
        return
    yield _made(
        policy,
        alert,
        at,
        place,
        environment,
        context,
        name=f"{alert.name}NoData",
        severity=no_data.severity,
        expr=" or ".join(f"absent({selector})" for selector in watched),
        yields=ANY,
        annotations={
            "summary": f"{alert.name} of {policy.name} sees no data",
            "description": f"The series that {alert.name} watches have been gone for {no_data.after}: a problem there would not be noticed.",
        },
        for_=no_data.after,
        keep_firing_for=None,
        page_per=(),
        tests=(),
        no_data_of=alert.name,
    )


def _duration(own: Placed[str] | None, level: Placed[str] | None, place: PlaceSettings) -> str | None:
    chosen = level or own
    value = chosen.at(place.environment, place.name) if chosen is not None else None
    return None if value in (None, "0", "0s") else value


def _texts(
    alert: Alert, at: Location, place: PlaceSettings, params: Params, told: Told, index: int, used: set[tuple[int, str]]
) -> dict[str, str] | None:
    """Summary, description and further annotations with params put in; and which params the alert uses."""
    parts = [("summary", _written(alert.summary, at.at("summary"), place))]
    if alert.description is not None:
        parts.append(("description", _written(alert.description, at.at("description"), place)))
    parts.extend((name, Written(text, at.at("annotations", name))) for name, text in alert.annotations.items())
    texts: dict[str, str] = {}
    good = True
    for name, written in parts:
        put = _put_in(written, params, "text", told)
        if put is None:
            good = False
            continue
        texts[name] = put.text.strip()
        used.update((index, param) for param in put.used)
    expression = substitute(_written(alert.expr, at.at("expr"), place).text, params, "promql")
    if isinstance(expression, Substitution):
        used.update((index, param) for param in expression.used)
    return texts if good else None


def _made(
    policy: Policy,
    alert: Alert,
    at: Location,
    place: PlaceSettings,
    environment: Environment,
    context: Context,
    *,
    name: str,
    severity: str,
    expr: str,
    yields: Yields,
    annotations: dict[str, str],
    for_: str | None,
    keep_firing_for: str | None,
    page_per: tuple[str, ...],
    tests: tuple[RuleTest, ...],
    no_data_of: str | None,
) -> ResolvedAlert:
    own_escalation = (
        alert.escalation.at(place.environment, place.name)
        if alert.escalation is not None and no_data_of is None
        else None
    )
    outcome_here = _outcome(policy, context, environment, severity, own_escalation)
    labels = {"severity": severity, "team": policy.team or "", "service": policy.name}
    if alert.class_ is not None:
        labels["class"] = alert.class_
    if page_per:
        labels["page_per"] = ",".join(page_per)
    if own_escalation is not None and outcome_here.kind == "page":
        labels["escalation"] = outcome_here.escalation or ""
    labels.update(alert.labels)
    labels.update(place.labels)
    runbook, url = _runbook(alert, policy.team, context)
    if url is not None:
        annotations = {**annotations, "runbook_url": url}
    impact = alert.impact
    if impact is not None and no_data_of is None:
        annotations = {**annotations, "impact_revenue": impact.revenue}
        if impact.customers is not None:
            annotations["impact_customers"] = impact.customers
    key = ("alertname", "service", *context.identities[place.environment], *page_per)
    return ResolvedAlert(
        name=name,
        service=policy.name,
        team=policy.team or "",
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
        diagnose=_qualified_all("Diagnostic", alert.diagnose, policy.team, context),
        remediate=() if no_data_of else _qualified_all("Remediation", alert.remediate, policy.team, context),
        class_=alert.class_,
        revenue=impact.revenue if impact else None,
        customers=impact.customers if impact else None,
        tests=tests,
        no_data_of=no_data_of,
        yields=yields,
        at=at,
    )


def _outcome(
    policy: Policy, context: Context, environment: Environment, severity: str, own_escalation: str | None
) -> Outcome:
    meaning = context.severities[severity]
    policy_of_team = context.documents.get("Team", {}).get(policy.team or "")
    team = policy_of_team.body if policy_of_team is not None else None
    if context.settings.severities is None and team is not None:
        meaning = audible(meaning, team, context.settings, environment.at_most)
    escalation = None
    if outcome_kind(meaning) == "page":
        reference = own_escalation or meaning.page or ""
        escalation = qualified(context.documents, "Escalation", reference, policy.team) or reference
    hours = meaning.hours
    if hours == "team":
        reference = team.hours if team is not None else None
        hours = qualified(context.documents, "Calendar", reference, policy.team) if reference else None
    return outcome(meaning, environment.at_most, escalation, hours)


def _qualified_all(kind: str, names: tuple[str, ...], team: str | None, context: Context) -> tuple[str, ...]:
    return (
        tuple(name for reference in names if (name := qualified(context.documents, kind, reference, team)))
        if names
        else ()
    )


def _runbook(alert: Alert, team: str | None, context: Context) -> tuple[str | None, str | None]:
    """The runbook's qualified name, when it is one of ours, and its URL."""
    if alert.runbook is None:
        return None, None
    if alert.runbook.url is not None:
        return None, alert.runbook.url
    name = qualified(context.documents, "Runbook", alert.runbook.name or "", team)
    site = context.settings.runbooks
    return name, f"{site.base_url.rstrip('/')}/runbooks/{name}/" if site and name else None
