"""What of a service can be said to be wrong before its alerts are resolved: names, params, words nobody declared."""

from collections.abc import Iterator
from typing import Any

import msgspec

from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.service import Alert, Param, Service
from watchbill.spec.kinds.workspace import Severity
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.params import expected, is_value
from watchbill.spec.scalars import Placed
from watchbill.spec.settings import RESERVED, PlaceSettings, identity, severities, unknown_word

Documents = dict[str, dict[str, Policy]]


class Context(msgspec.Struct, frozen=True):
    """What resolving a service needs to know of the whole workspace."""

    settings: WorkspaceKind
    severities: dict[str, Severity]
    places: dict[str, PlaceSettings]
    documents: Documents
    identities: dict[str, tuple[str, ...]]


class Told(list[Diagnostic]):
    """Findings about one service; the same one from several places is told once."""

    def say(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self:
            self.append(diagnostic)


def context_of(settings: WorkspaceKind, places: dict[str, PlaceSettings], documents: Documents) -> Context:
    identities = {name: identity(environment) for name, environment in settings.environments.items()}
    return Context(settings, severities(settings), places, documents, identities)


def check_words(policy: Policy, context: Context, told: Told) -> None:
    """Everything about a service that is the same in every place."""
    service: Service = policy.body
    _check_names(policy, told)
    _check_params(service.params, policy.at.at("params"), context, told)
    for index, alert in enumerate(service.alerts):
        _check_alert(alert, policy.at.at("alerts", index), context, told)


def _check_names(policy: Policy, told: Told) -> None:
    seen: dict[str, int] = {}
    alerts: tuple[Alert, ...] = policy.body.alerts
    for index, alert in enumerate(alerts):
        if alert.name in seen:
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
