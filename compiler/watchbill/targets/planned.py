"""Alerts as the executor's plan tells them: ten thousand share most of what is said, which is written down once for all."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from watchbill.spec.expressions import Analysis, analyse
from watchbill.spec.load import Policy
from watchbill.spec.model import Outcome, Owner, Place, ResolvedAlert, ResolvedService, Workspace, qualified
from watchbill.spec.ownership import LABEL as OWNERSHIP
from watchbill.spec.series import blind
from watchbill.targets.jsontext import encoded, wrapped
from watchbill.targets.reached import Reached, Record, present

Owners = dict[tuple[Owner, ...], str]


class Alert(msgspec.Struct, frozen=True):
    """An alert as it is in one or more places of an environment: the first says what the others are compared with.

    `silent` are the places, one for each of `places`, in which no other alert of the plan says that its series are gone;
    None where one does.
    """

    first: ResolvedAlert
    service: ResolvedService
    communicate: tuple[str, ...]
    everywhere: bool
    places: list[tuple[str, ResolvedAlert]]
    owners: Owners
    silent: list[Place | None]

    def told(self) -> str:
        absent = [
            _absent(alert, place) if place is not None else None
            for place, (_, alert) in zip(self.silent, self.places, strict=True)
        ]
        who, answers = self._said(self.first)
        parts = [who[1], answers[1], f'   "expr": {encoded(self.first.expr)}']
        if not self.everywhere:
            parts.append(f',\n   "places": {encoded([place for place, _ in self.places])}')
        if absent[0] is not None:
            parts.append(f',\n   "absent": {encoded(absent[0])}')
        by = {place: changes for place, alert in self.places[1:] if (changes := self._changes(alert))}
        for (place, _), there in zip(self.places[1:], absent[1:], strict=True):
            if there != absent[0]:
                by.setdefault(place, {})["absent"] = there
        if by:
            parts.append(f',\n   "by": {wrapped(by, "   ")}')
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
            _answers(
                self.owners.get(alert.owners),
                alert.no_data_of,
                alert.runbook_url,
                self.communicate,
                alert.diagnose,
                alert.remediate,
            ),
        )

    def _changes(self, alert: ResolvedAlert) -> Record:
        same = alert.outcome == self.first.outcome and alert.owners == self.first.owners
        if same and alert.expr == self.first.expr:
            return {}  # nothing else that is said here can differ between the places of an environment
        first, there = self._said(self.first), self._said(alert)
        changes: Record = {"expr": alert.expr} if alert.expr != self.first.expr else {}
        for (here, _), (other, _) in zip(first, there, strict=True):
            changes |= {key: other.get(key) for key in (here | other) if other.get(key) != here.get(key)}
        return changes


def reach(alerts: Iterable[Alert], reached: Reached) -> None:
    """Everything that alerts name; thousands of them name the same."""
    named = dict.fromkeys(
        (one.communicate, alert.diagnose, alert.remediate, outcome)
        for one in alerts
        for _, alert in one.places
        for _, outcome in alert.takers
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
        **_outcome(outcome),
        "incident_key": list(incident_key),
    }
    return _lines(said)


@lru_cache(maxsize=65536)
def _answers(
    owners: str | None,
    no_data_of: str | None,
    runbook_url: str | None,
    communicate: tuple[str, ...],
    diagnose: tuple[str, ...],
    remediate: tuple[str, ...],
) -> tuple[Record, str]:
    said = {
        "owners": owners,
        "no_data_of": no_data_of,
        "runbook_url": runbook_url,
        "communicate": list(communicate),
        "diagnose": list(diagnose),
        "remediate": list(remediate),
    }
    return _lines(said)


def _lines(said: Record) -> tuple[Record, str]:
    record = present(said)
    return record, "".join(f"   {encoded(key)}: {wrapped(value, '   ')},\n" for key, value in record.items())


def planned(workspace: Workspace, places: list[Place], owners: Owners) -> dict[str, Alert]:
    """Every alert of the environment by its key, sorted; and the tables of owners that they name."""
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
    told = {
        (place.source, service.name, alert.no_data_of)
        for place in places
        for service in place.services
        for alert in service.alerts
        if alert.no_data_of is not None
    }
    by_source = {place.source: place for place in places}
    found = {}
    for key in sorted(spread):
        holders = [(place, alerts[0] if len(alerts) == 1 else _joint(alerts)) for place, alerts in spread[key].items()]
        first = holders[0][1]
        communicate = messages.get(first.runbook or "", ())
        everywhere = len(holders) == len(places)
        silent = [
            None if alert.no_data_of is not None or (source, alert.service, alert.name) in told else by_source[source]
            for source, alert in holders
        ]
        found[key] = Alert(first, services[first.service], communicate, everywhere, holders, owners, silent)
        for _, alert in holders:
            if alert.owners and alert.owners not in owners:
                owners[alert.owners] = _owners_name(alert, owners)
    return found


def _absent(alert: ResolvedAlert, place: Place) -> str | None:
    """What yields something when the series that an alert watches are gone, asked as a no-data alert would ask it: what is
    not there cannot be called quiet. None where it watches none.
    """
    analysis = analyse(alert.expr)
    if not isinstance(analysis, Analysis) or not analysis.watched:
        return None
    return " or ".join(f"absent({selector})" for selector in blind(analysis.watched, place))


def _owners_name(alert: ResolvedAlert, owners: Owners) -> str:
    """A name for a table of owners: the policy's table, who has the rest, and what the outcome depends on."""
    parts = (alert.labels.get(OWNERSHIP), alert.severity, alert.labels.get("escalation"))
    name = "/".join(part for part in parts if part)
    while name in owners.values():
        name += "+"
    return name


def table(owners: tuple[Owner, ...]) -> list[Record]:
    return [
        {"team": owner.team, "label": owner.label, "patterns": list(owner.patterns), **_outcome(owner.outcome)}
        for owner in owners
    ]


def _outcome(outcome: Outcome) -> Record:
    said = {"outcome": outcome.kind, "escalation": outcome.escalation}
    return present({**said, "hours": outcome.hours, "outside": outcome.outside})


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
