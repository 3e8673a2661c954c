"""Services to resolved services, place by place."""

import msgspec

from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.alerts import resolve_alert, resolve_record
from watchbill.spec.entries import Entry, RecordEntry, entries, records
from watchbill.spec.here import Here
from watchbill.spec.kinds.service import Alert, Service
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, ResolvedGroup, ResolvedRecord, ResolvedService
from watchbill.spec.recorded import ordered
from watchbill.spec.settings import PlaceSettings
from watchbill.spec.words import Context, Told, check_words

Apart = dict[str, ResolvedService | str]
"""By place a service as it is there; or another place, and it is as there but for the place's own labels."""


def everywhere(apart: Apart, places: dict[str, PlaceSettings]) -> dict[str, ResolvedService]:
    """The service in every place where it is."""
    found: dict[str, ResolvedService] = {}
    for name, one in apart.items():
        found[name] = relabelled(found[one], places[name]) if isinstance(one, str) else one
    return found


def resolve_service(policy: Policy, context: Context) -> tuple[Apart, list[Diagnostic]]:
    """The service in every place where it is, by place name; with everything that is wrong with it."""
    service: Service = policy.body
    told = Told()
    check_words(policy, context, told)
    alerts = entries(policy, context)
    recorded = records(policy, context)
    _check_entries(policy, alerts, told)
    used: set[tuple[Location, str]] = set()
    found: Apart = {}
    siblings: dict[str, str] = {}
    alike = not _differs_by_source(alerts, recorded)
    for place in context.places.values():
        environment = context.settings.environments[place.environment]
        sibling = siblings.get(place.environment)
        if sibling is not None and alike and not place.series:
            found[place.name] = sibling
            continue
        here = Here(policy, place, environment, context, told, used)
        resolved_records = ordered([one for entry in recorded if (one := resolve_record(entry, here)) is not None])
        resolved_alerts: list[ResolvedAlert] = []
        for entry in alerts:
            only = entry.alert.only
            if not only or place.name in only or place.environment in only:
                resolved_alerts.extend(resolve_alert(entry, here))
        dashboard = None
        if service.dashboard is not None and environment.grafana is not None:
            dashboard = f"{environment.grafana.url.rstrip('/')}/d/{service.dashboard.uid}"
        group = ResolvedGroup(policy.name, (*resolved_records, *resolved_alerts))
        found[place.name] = ResolvedService(
            policy.name,
            here.team,
            service.tier,
            dashboard,
            resolved_records,
            tuple(resolved_alerts),
            (group,),
            policy.at,
        )
        if not place.series:
            siblings[place.environment] = place.name
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
            if (entry.at, name) not in used and not _mentions(entry.alert, name):
                message = f"param `{name}` is never used"
                where = entry.at.at("params", name, key=True)
                told.say(
                    Diagnostic(references.UNUSED_PARAM, message, where, "unused", f"use ${{{name}}}, or remove it")
                )


def _mentions(alert: Alert, name: str) -> bool:
    """Whether a text of the alert has the param, though another mistake kept it from being put in."""
    placed = [value for value in (alert.expr, alert.summary, alert.description) if value is not None]
    texts = [text for value in placed for text in (value.default, *(value.by or {}).values())]
    return any(f"${{{name}}}" in text for text in (*texts, *alert.annotations.values()))


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
        replace(group, rules=tuple(replace(rule, labels={**rule.labels, **place.written}) for rule in group.rules))
        for group in sibling.groups
    )
    return in_groups(sibling, groups)


def in_groups(service: ResolvedService, groups: tuple[ResolvedGroup, ...]) -> ResolvedService:
    """The service with these groups, and with the records and alerts that stand in them."""
    rules = [rule for group in groups for rule in group.rules]
    records = tuple(rule for rule in rules if isinstance(rule, ResolvedRecord))
    alerts = tuple(rule for rule in rules if isinstance(rule, ResolvedAlert))
    return msgspec.structs.replace(service, groups=groups, records=records, alerts=alerts)
