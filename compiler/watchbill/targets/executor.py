"""The executor's plan: one file for each environment that has an executor, from which it works without any policy.

Version 1. Names are qualified (`payments/restart`, or `restart` when shared) and every name is defined in the same file.
A key without a value is left out; defaults are written out. Durations are Prometheus durations, local times stand beside
the zone of their document, days of a calendar are written one by one, and a secret is a reference: `{"file": …}` or
`{"env": …}`. Keys keep the order of the language, names are sorted, severities go from worst to least.

`alerts` is keyed by `service/alertname/severity`, as the labels of every alert say. An alert that is not everywhere names
its `places`; `by` holds, for a place, what differs there from what stands beside it (null: nothing there).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from watchbill.source.diagnostic import Location
from watchbill.spec.kinds.answers import Trigger
from watchbill.spec.kinds.workspace import Environment
from watchbill.spec.load import Policy
from watchbill.spec.model import Outcome, Place, ResolvedAlert, ResolvedService, Workspace, qualified
from watchbill.spec.settings import outcome_kind, weaker
from watchbill.targets.artifact import Artifact
from watchbill.targets.reached import Reached, Record, part, present

VERSION = 1
WIDTH = 110  # a value whose JSON is longer is broken into lines

_SECTIONS = {
    "teams": "Team",
    "people": "Person",
    "schedules": "Schedule",
    "calendars": "Calendar",
    "escalations": "Escalation",
    "diagnostics": "Diagnostic",
    "remediations": "Remediation",
    "procedures": "Procedure",
    "messages": "Message",
}


def build(workspace: Workspace) -> list[Artifact]:
    return [
        _plan(workspace, name, environment)
        for name, environment in workspace.environments.items()
        if environment.executor is not None
    ]


def _plan(workspace: Workspace, name: str, environment: Environment) -> Artifact:
    places = workspace.places_of(name)
    alerts = _alerts(workspace, places)
    reached = Reached(workspace, _SECTIONS.values())
    for kind in ("Team", "Person"):
        for document in workspace.documents.get(kind, {}):
            reached.name(kind, document, None)
    _reach(alerts.values(), reached)
    for procedure, policy in workspace.documents.get("Procedure", {}).items():
        if policy.body is not None and _starts(policy.body.when, alerts):
            reached.name("Procedure", procedure, None)
    head = _head(workspace, name, environment, places, reached)
    reached.finish()
    return _written(workspace, name, head, reached, alerts)


def _head(workspace: Workspace, name: str, environment: Environment, places: list[Place], reached: Reached) -> Record:
    """What the plan says of the environment as a whole."""
    executor, alertmanager = environment.executor, environment.alertmanager
    assert executor is not None  # noqa: S101  (build asks only for those that have one)
    peers: tuple[str, ...] = ()
    if alertmanager is not None:
        peers = (alertmanager.url,) if alertmanager.url is not None else alertmanager.peers
    caught = workspace.catch_all
    outcome = weaker(caught.outcome, environment.at_most)
    escalation = reached.name("Escalation", caught.escalation or "", None) if outcome == "page" else None
    team, on_call = workspace.last_resort
    return present(
        {
            "version": VERSION,
            "workspace": workspace.name,
            "environment": name,
            "mode": executor.mode,
            "url": executor.url,
            "intake": f"/v1/alertmanager/{name}",
            "identity": workspace.identity[name],
            "alertmanagers": peers,
            "places": {place.source: {"labels": place.labels, "prometheus": place.prometheus_url} for place in places},
            "severities": {
                severity: {"rank": rank, "outcome": weaker(outcome_kind(meaning), environment.at_most)}
                for rank, (severity, meaning) in enumerate(workspace.severities.items())
            },
            "catch_all": present({"team": caught.team, "outcome": outcome, "escalation": escalation}),
            "last_resort": {"team": team, "on_call": on_call},
            **part(workspace.settings, ("roles", "channels", "objectives", "retention"), reached),
        }
    )


def _starts(when: Trigger, alerts: dict[str, "_Alert"]) -> bool:
    """Whether any alert of the environment can start a procedure."""
    return when.incidents is not None or any(
        when.class_ in (None, alert.first.class_) and (not when.severity or alert.first.severity in when.severity)
        for alert in alerts.values()
    )


# Alerts: ten thousand of them share most of what is said, which is written down once for all


class _Alert(msgspec.Struct, frozen=True):
    """An alert as it is in one or more places of an environment: the first says what the others are compared with."""

    first: ResolvedAlert
    service: ResolvedService
    communicate: tuple[str, ...]
    everywhere: bool
    places: list[tuple[str, ResolvedAlert]]

    def text(self) -> str:
        who, answers = self._said(self.first)
        parts = [who[1], answers[1], f'   "expr": {_text(self.first.expr)}']
        if not self.everywhere:
            parts.append(f',\n   "places": {_text([place for place, _ in self.places])}')
        by = {place: changes for place, alert in self.places[1:] if (changes := self._changes(alert))}
        if by:
            parts.append(f',\n   "by": {_wrapped(by, "   ")}')
        return "".join(("{\n", *parts, "\n  }"))

    def _said(self, alert: ResolvedAlert) -> tuple[tuple[Record, str], tuple[Record, str]]:
        return (
            _who(
                alert.team,
                alert.class_,
                self.service.tier,
                alert.revenue,
                alert.customers,
                alert.outcome,
                alert.incident_key,
            ),
            _answers(alert.no_data_of, alert.runbook_url, self.communicate, alert.diagnose, alert.remediate),
        )

    def _changes(self, alert: ResolvedAlert) -> Record:
        if alert.expr == self.first.expr and alert.outcome == self.first.outcome:
            return {}  # nothing else that is said here can differ between the places of an environment
        first, there = self._said(self.first), self._said(alert)
        changes: Record = {"expr": alert.expr} if alert.expr != self.first.expr else {}
        for (here, _), (other, _) in zip(first, there, strict=True):
            changes |= {key: other.get(key) for key in (here | other) if other.get(key) != here.get(key)}
        return changes


def _reach(alerts: Iterable[_Alert], reached: Reached) -> None:
    """Everything that alerts name; thousands of them name the same."""
    named = dict.fromkeys(
        (one.communicate, alert.diagnose, alert.remediate, alert.outcome) for one in alerts for _, alert in one.places
    )
    for messages, diagnostics, remediations, outcome in named:
        escalations = (outcome.escalation,) if outcome.escalation is not None else ()
        calendars = (outcome.hours,) if outcome.hours is not None else ()
        for kind, names in (
            ("Message", messages),
            ("Diagnostic", diagnostics),
            ("Remediation", remediations),
            ("Escalation", escalations),
            ("Calendar", calendars),
        ):
            for name in names:
                reached.name(kind, name, None)


@lru_cache(maxsize=65536)
def _who(
    team: str,
    class_: str | None,
    tier: int,
    revenue: str | None,
    customers: str | None,
    outcome: Outcome,
    incident_key: tuple[str, ...],
) -> tuple[Record, str]:
    said = {
        "team": team,
        "class": class_,
        "tier": tier,
        "impact": present({"revenue": revenue, "customers": customers}),
        "outcome": outcome.kind,
        "escalation": outcome.escalation,
        "hours": outcome.hours,
        "outside": outcome.outside,
        "incident_key": list(incident_key),
    }
    return _lines(said)


@lru_cache(maxsize=65536)
def _answers(
    no_data_of: str | None,
    runbook_url: str | None,
    communicate: tuple[str, ...],
    diagnose: tuple[str, ...],
    remediate: tuple[str, ...],
) -> tuple[Record, str]:
    said = {
        "no_data_of": no_data_of,
        "runbook_url": runbook_url,
        "communicate": list(communicate),
        "diagnose": list(diagnose),
        "remediate": list(remediate),
    }
    return _lines(said)


def _lines(said: Record) -> tuple[Record, str]:
    record = present(said)
    return record, "".join(f"   {_text(key)}: {_wrapped(value, '   ')},\n" for key, value in record.items())


def _alerts(workspace: Workspace, places: list[Place]) -> dict[str, _Alert]:
    """Every alert of the environment by its key, sorted."""
    spread: dict[str, dict[str, list[ResolvedAlert]]] = {}
    services: dict[str, ResolvedService] = {}
    for place in places:
        for service in place.services:
            services[service.name] = service
            for alert in service.alerts:
                key = f"{service.name}/{alert.name}/{alert.severity}"
                spread.setdefault(key, {}).setdefault(place.source, []).append(alert)
    runbooks = workspace.documents.get("Runbook", {})
    messages = {name: _messages(workspace, policy) for name, policy in runbooks.items()}
    found = {}
    for key in sorted(spread):
        holders = [(place, alerts[0] if len(alerts) == 1 else _joint(alerts)) for place, alerts in spread[key].items()]
        first = holders[0][1]
        communicate = messages.get(first.runbook or "", ())
        found[key] = _Alert(first, services[first.service], communicate, len(holders) == len(places), holders)
    return found


def _joint(alerts: list[ResolvedAlert]) -> ResolvedAlert:
    """Rules of one name and severity, as foreign files have them: quiet when all of them are."""
    exprs = dict.fromkeys(alert.expr for alert in alerts)
    return msgspec.structs.replace(alerts[0], expr=" or ".join(f"({expr})" for expr in exprs))


def _messages(workspace: Workspace, runbook: Policy) -> tuple[str, ...]:
    """The messages that a runbook asks for."""
    if runbook.body is None or not runbook.body.communicate:
        return ()
    names = [qualified(workspace.documents, "Message", name, runbook.team) for name in runbook.body.communicate]
    return tuple(name for name in names if name is not None)


# JSON, one member to a line where it is too long for one line


def _written(workspace: Workspace, name: str, head: Record, reached: Reached, alerts: dict[str, _Alert]) -> Artifact:
    parts = ["{\n", *(f" {_text(key)}: {_wrapped(value, ' ')},\n" for key, value in head.items())]
    line = 1 + sum(part.count("\n") for part in parts)
    lines: list[tuple[int, Location]] = []
    sources = {f"Workspace/{workspace.name}"}
    sections = [(key, _documents(workspace, kind, reached)) for key, kind in _SECTIONS.items()]
    for key, section in (*sections, ("alerts", _listed(alerts))):
        entries: list[str] = []
        line += 1
        for entry, text, at, source in section:
            lines.append((line, at))
            sources.add(source)
            entries.append(f"  {_text(entry)}: {text}")
            line += 1 + text.count("\n")
        line += 1
        parts.append(f" {_text(key)}: {{\n{_joined(entries)} }}{'' if key == 'alerts' else ','}\n")
    parts.append("}\n")
    return Artifact(f"{name}/executor/plan.json", "".join(parts), tuple(sorted(sources)), tuple(lines))


Section = Iterator[tuple[str, str, Location, str]]


def _documents(workspace: Workspace, kind: str, reached: Reached) -> Section:
    for name in sorted(reached.records[kind]):
        yield name, _wrapped(reached.records[kind][name], "  "), workspace.documents[kind][name].at, f"{kind}/{name}"


def _listed(alerts: dict[str, _Alert]) -> Section:
    for key, alert in alerts.items():
        yield key, alert.text(), alert.first.at, f"{alert.service.kind}/{alert.service.name}"


_text: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode


def _wrapped(value: Any, indent: str) -> str:
    """JSON on one line where that is short enough, else one member to a line."""
    text = _text(value)
    if len(text) <= WIDTH or not isinstance(value, dict | list | tuple):
        return text
    inner = indent + " "
    if isinstance(value, dict):
        entries = [f"{inner}{_text(str(key))}: {_wrapped(member, inner)}" for key, member in value.items()]
        return f"{{\n{_joined(entries)}{indent}}}"
    return f"[\n{_joined([inner + _wrapped(member, inner) for member in value])}{indent}]"


def _joined(entries: list[str]) -> str:
    return ",\n".join(entries) + "\n" if entries else ""
