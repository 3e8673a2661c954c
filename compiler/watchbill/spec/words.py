"""What of a service can be said to be wrong before its alerts are resolved: names, params, words nobody declared."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Location, Related, did_you_mean
from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.service import Alert, AlertSet, Change, Param, Service, SetParam, Use
from watchbill.spec.kinds.workspace import Severity
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy
from watchbill.spec.model import qualified, qualify
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
    set_testers: dict[tuple[str, str], str]

    def tested_by(self, source: Policy, alert: str) -> str | None:
        """The service for which the tests of a set's alert run."""
        return self.set_testers.get((qualify(source), alert))


class Told(list[Diagnostic]):
    """Findings about one service; the same one from several places is told once."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[Diagnostic] = set()

    def say(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self._told:
            self._told.add(diagnostic)
            self.append(diagnostic)


def context_of(settings: WorkspaceKind, places: dict[str, PlaceSettings], documents: Documents) -> Context:
    identities = {name: identity(environment) for name, environment in settings.environments.items()}
    return Context(settings, severities(settings), places, documents, identities, _set_testers(documents))


def _set_testers(documents: Documents) -> dict[tuple[str, str], str]:
    """For each alert of a set the first service, by name, that has it as it stands; else the first that has it at all."""
    chosen: dict[tuple[str, str], tuple[bool, str]] = {}
    for policy in documents.get("Service", {}).values():
        for use in policy.body.uses if policy.body is not None else ():
            name = qualified(documents, "AlertSet", use.set, policy.team)
            source = documents["AlertSet"][name].body if name is not None else None
            if name is None or source is None:
                continue
            defaults = {param for param, meaning in source.params.items() if meaning.default is not None}
            given = bool(defaults & use.with_.keys())
            for alert in source.alerts:
                if alert.name not in use.without:
                    change = use.change.get(alert.name)
                    rank = (given or (change is not None and _behaves_otherwise(change)), policy.name)
                    chosen[name, alert.name] = min(rank, chosen.get((name, alert.name), rank))
    return {alert: service for alert, (_, service) in chosen.items()}


def _behaves_otherwise(change: Change) -> bool:
    """Whether the tests of the alert may be untrue of what a use makes of it: not so of other texts and answers."""
    said = (change.expr, change.severity, change.levels, change.for_, change.keep_firing_for, change.params)
    return any(said) or bool(change.labels or change.only or change.unset)


def check_words(policy: Policy, context: Context, told: Told) -> None:
    """Everything about a service or a set that is the same in every place."""
    body: Service | AlertSet = policy.body
    _check_names(policy, told)
    _check_params(body.params, policy.at.at("params"), context, told)
    if body.defaults is not None:
        check_defaults(body.defaults, policy.at.at("defaults"), context, told)
    for index, alert in enumerate(body.alerts):
        _check_alert(alert, policy.at.at("alerts", index), context, told)
    if isinstance(body, Service):
        for index, use in enumerate(body.uses):
            _check_use(use, policy, policy.at.at("uses", index), context, told)


def check_defaults(block: Defaults, at: Location, context: Context, told: Told) -> None:
    """Words of a `defaults:` block, or of the part of an alert that can be inherited."""
    classes = context.settings.classes
    if block.class_ is not None and classes and block.class_ not in classes:
        told.say(unknown_word("class", block.class_, classes, at.at("class")))
    named = [(value, at.at("severity", *path)) for value, path in _values(block.severity)]
    if block.no_data is not None and block.no_data.ignore is None and block.no_data.severity is not None:
        named.append((block.no_data.severity, at.at("no_data", "severity")))
    _check_severities(named, context, told)
    for label in block.labels:
        ours = label in RESERVED or label.startswith("__")
        if ours or any(label in place.labels or label == place.held for place in context.places.values()):
            message = f"label `{label}` is written by the compiler"
            where = at.at("labels", label, key=True)
            told.say(Diagnostic(structure.BAD_VALUE, message, where, "taken", "choose another name"))
    for annotation in block.annotations:
        if annotation in ("summary", "description", "runbook_url"):
            message = f"annotation `{annotation}` has a key of its own"
            where = at.at("annotations", annotation, key=True)
            advice = f"write `{annotation.removesuffix('_url')}:` on the alert"
            told.say(Diagnostic(structure.BAD_VALUE, message, where, "taken", advice))
    placed = {"for": block.for_, "keep_firing_for": block.keep_firing_for, "severity": block.severity}
    _check_placed(placed, at, context, told)


def _check_severities(named: list[tuple[str, Location]], context: Context, told: Told) -> None:
    for severity, where in named:
        if severity not in context.severities:
            told.say(unknown_word("severity", severity, context.severities, where))


def _check_placed(placed: Mapping[str, Placed[Any] | None], at: Location, context: Context, told: Told) -> None:
    for key, value in placed.items():
        for place in (value.by if value is not None else None) or {}:
            check_place(place, at.at(key, "by", place, key=True), context, told)


def _check_alert(alert: Change, at: Location, context: Context, told: Told) -> None:
    """An alert, or what a use changes of one: words that must be declared, labels that may not be taken."""
    check_defaults(alert, at, context, told)
    _check_severities([(level, at.at("levels", level, key=True)) for level in alert.levels], context, told)
    _check_params(alert.params, at.at("params"), context, told)
    for level, changes in alert.levels.items():
        for name, value in changes.params.items():
            declared = alert.params.get(name)
            where = at.at("levels", level, "params", name)
            if declared is None:
                known = ", ".join(alert.params) or "none"
                advice = f"declare it under `params:`, or use {known}"
                message = f"unknown param `{name}`"
                told.say(Diagnostic(references.UNKNOWN_PARAM, message, where, "not declared on the alert", advice))
            else:
                _check_value(declared.type, value, where, told)
    for index, place in enumerate(alert.only):
        check_place(place, at.at("only", index), context, told)
    for index, test in enumerate(alert.tests):
        if test.in_ is not None:
            check_place(test.in_, at.at("tests", index, "in"), context, told)
    texts = {"expr": alert.expr, "summary": alert.summary, "description": alert.description}
    _check_placed({**texts, "escalation": alert.escalation}, at, context, told)


def _check_use(use: Use, policy: Policy, at: Location, context: Context, told: Told) -> None:
    name = qualified(context.documents, "AlertSet", use.set, policy.team)
    source = context.documents["AlertSet"][name] if name is not None else None
    if source is None or source.body is None:
        return
    alert_set: AlertSet = source.body
    names = [alert.name for alert in alert_set.alerts]
    for index, alert in enumerate(use.without):
        if alert not in names:
            told.say(unknown_word("alert", alert, names, at.at("without", index)))
    for alert, change in use.change.items():
        if alert not in names:
            told.say(unknown_word("alert", alert, names, at.at("change", alert, key=True)))
        _check_alert(change, at.at("change", alert), context, told)
    for param, value in use.with_.items():
        declared = alert_set.params.get(param)
        if declared is None:
            told.say(unknown_word("param", param, alert_set.params, at.at("with", param, key=True)))
            continue
        for text, path in _values(value):
            _check_value(declared.type, text, at.at("with", param, *path), told)
        for place in value.by or {}:
            check_place(place, at.at("with", param, "by", place, key=True), context, told)
    for param, declared in alert_set.params.items():
        meant = {did_you_mean(given, alert_set.params) for given in use.with_ if given not in alert_set.params}
        if declared.required and param not in use.with_ and param not in meant:
            message = f"set `{use.set}` requires param `{param}`"
            related = (Related(source.at.at("params", param, key=True), "declared here"),)
            told.say(
                Diagnostic(
                    structure.MISSING_KEY,
                    message,
                    at.at("set"),
                    "not given",
                    f"add `with: {{{param}: …}}`",
                    related=related,
                )
            )


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


def _check_params(params: Mapping[str, Param | SetParam], at: Location, context: Context, told: Told) -> None:
    for name, param in params.items():
        if param.default is not None:
            _check_value(param.type, param.default, at.at(name, "default"), told)
        for place, value in (param.by or {}).items():
            _check_value(param.type, value, at.at(name, "by", place), told)
            check_place(place, at.at(name, "by", place, key=True), context, told)


def _check_value(type_: str, value: str, at: Location, told: Told) -> None:
    if not is_value(type_, value):
        message = f"`{value[:60]}` is not {expected(type_)}"
        told.say(Diagnostic(references.BAD_PARAM, message, at, f"a {type_} belongs here", f"write {expected(type_)}"))


def check_place(place: str, at: Location, context: Context, told: Told) -> None:
    if place not in context.places and place not in context.settings.environments:
        told.say(
            unknown_word(
                "place",
                place,
                [*context.settings.environments, *(name for name in context.places if not name.endswith("/default"))],
                at,
            )
        )


def _values(placed: Placed[Any] | None) -> Iterator[tuple[Any, tuple[str, ...]]]:
    if placed is not None:
        yield placed.default, ("default",)
        for place, value in (placed.by or {}).items():
            yield value, ("by", place)
