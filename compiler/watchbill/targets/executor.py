"""The executor's plan: one file for each environment that has an executor, from which it works without any policy.

Version 1. Names are qualified (`payments/restart`, or `restart` when shared) and every name is defined in the same file.
A key without a value is left out; defaults are written out. Durations are Prometheus durations, local times stand beside
the zone of their document, days of a calendar or a window are written one by one, and a secret is a reference: `{"file": …}` or
`{"env": …}`. Keys keep the order of the language, names are sorted, severities go from worst to least.

`alerts` is keyed by `service/alertname/severity`, as the labels of every alert say. An alert that is not everywhere names
its `places`; `by` holds, for a place, what differs there from what stands beside it (null: nothing there): also for a
query of a diagnostic or of `keep_healthy`, where the labels of the place stand on the series. `absent` is what yields
something when the series are gone that an alert watches, for one that no other alert has as its `no_data_of`. Where only a
label says at run time whose an alert is, `owners` names a table of the section of that name: the first team of which a
pattern matches the label's whole value has it, with the outcome that stands there; else it is as the alert says.

`limits` bound what the executor does beyond each remediation's own guardrails: runs in one hour on one target, for one
team and overall; the storm in which it holds off: so many incidents of one team, for that team, or three times as many of
all teams together, for everybody, those that no policy claims not counted; how many alerts without data mean that monitoring
is broken; how often an incident comes back in an hour before it counts as flapping, and within what time it comes back instead of being new;
how long it waits for an answer and for an action, how often it asks Alertmanager what is active, and how often the last
resort is paged again. `again` of a severity is Alertmanager's repeat_interval.
"""

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby

import msgspec

from watchbill.routing.building import heartbeat
from watchbill.source.diagnostic import Location
from watchbill.spec.kinds.answers import Trigger
from watchbill.spec.kinds.workspace import Environment
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Place, ResolvedWindow, Workspace
from watchbill.spec.scalars import WEEKDAYS
from watchbill.spec.settings import outcome_kind, weaker
from watchbill.targets.artifact import Artifact
from watchbill.targets.jsontext import encoded, joined, wrapped
from watchbill.targets.planned import Alert, Owners, planned, reach, table
from watchbill.targets.reached import Reached, Record, part, present

Entry = tuple[str, str, Location, str]  # key, text, policy, and Kind/name of that
VERSION = 1
LIMITS: Record = {
    "per_target": 3,
    "per_team": 6,
    "overall": 12,
    "storm": {"incidents": 10, "within": "5m", "hold": "10m"},
    "no_data": 5,
    "flapping": 3,
    "reopen": "15m",
    "answer": "1m",
    "action": "10m",
    "reconcile": "5m",
    "last_resort": "30m",
}
_SECTIONS = {
    "teams": "Team",
    "people": "Person",
    "schedules": "Schedule",
    "calendars": "Calendar",
    "windows": "Window",
    "escalations": "Escalation",
    "diagnostics": "Diagnostic",
    "remediations": "Remediation",
    "procedures": "Procedure",
    "messages": "Message",
}


def build(workspace: Workspace, memory: Memory = NOTHING) -> list[Artifact]:
    return [
        _plan(workspace, name, environment, memory)
        for name, environment in workspace.environments.items()
        if environment.executor is not None
    ]


def _plan(workspace: Workspace, name: str, environment: Environment, memory: Memory) -> Artifact:
    places = workspace.places_of(name)
    owners: Owners = {}
    alerts = planned(workspace, places, owners)
    reached = Reached(workspace, _SECTIONS.values(), places)
    for kind in ("Team", "Person"):
        for document in workspace.documents.get(kind, {}):
            reached.name(kind, document, None)
    reach(alerts.values(), reached)
    for procedure, policy in workspace.documents.get("Procedure", {}).items():
        if policy.body is not None and _starts(policy.body.when, alerts):
            reached.name("Procedure", procedure, None)
    for window in workspace.windows.values():
        if any(place.name in window.places for place in places):
            reached.name("Window", window.name, None)
    head = _head(workspace, name, environment, places, reached)
    reached.finish()
    windows = reached.records["Window"]
    windows.update({name: _window(workspace.windows[name], places) for name in windows if name in workspace.windows})
    if owners:
        head["owners"] = {name: table(some) for some, name in sorted(owners.items(), key=lambda item: item[1])}
    return _written(workspace, name, head, reached, _listed(workspace, name, alerts, memory))


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
            "places": {place.source: _place(workspace, place) for place in places},
            "severities": {
                severity: {
                    "rank": rank,
                    "outcome": weaker(outcome_kind(meaning), environment.at_most),
                    "again": workspace.timing[severity].again,
                }
                for rank, (severity, meaning) in enumerate(workspace.severities.items())
            },
            "catch_all": present({"team": caught.team, "outcome": outcome, "escalation": escalation}),
            "last_resort": {"team": team, "on_call": on_call},
            "limits": LIMITS,
            **part(workspace.settings, ("roles", "channels", "objectives", "retention"), reached),
        }
    )


def _place(workspace: Workspace, place: Place) -> Record:
    """Its identity labels, and those of which it holds several values; where to ask, and as which tenant of a Mimir; and
    what its heartbeat is known by, where there is one.
    """
    beats = workspace.settings.heartbeat is not None
    beats = beats and workspace.environments[place.environment].alertmanager is not None
    return present(
        {
            "labels": place.labels,
            "holds": {place.held: list(place.holds)} if place.held is not None else {},
            "prometheus": place.prometheus_url,
            "tenant": place.tenant,
            "heartbeat": {"alertname": heartbeat.NAME, heartbeat.PLACE: place.name} if beats else {},
        }
    )


def _window(window: ResolvedWindow, places: list[Place]) -> Record:
    """Hours of the days of a week in its zone, or an instant and another; `places` are those of this environment."""
    when: Record = {}
    if window.week is not None:
        days = zip(WEEKDAYS, window.week, strict=True)
        when["weekly"] = {
            day: [f"{_clock(start)}-{_clock(end)}" for start, end in spans] for day, spans in days if spans
        }
    elif window.span is not None:
        when["from"], when["until"] = (f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in window.span)
    return {
        **present({"team": window.team, "match": window.match}),
        "places": [place.source for place in places if place.name in window.places],
        "effect": window.effect,
        "reason": window.reason,
        "timezone": window.timezone,
        **when,
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _starts(when: Trigger, alerts: dict[str, Alert]) -> bool:
    """Whether any alert of the environment can start a procedure."""
    return when.incidents is not None or any(
        when.class_ in (None, alert.first.class_) and (not when.severity or alert.first.severity in when.severity)
        for alert in alerts.values()
    )


# JSON, one member to a line where it is too long for one line


def _written(workspace: Workspace, name: str, head: Record, reached: Reached, alerts: Iterable[Entry]) -> Artifact:
    parts = ["{\n", *(f" {encoded(key)}: {wrapped(value, ' ')},\n" for key, value in head.items())]
    line = 1 + sum(part.count("\n") for part in parts)
    lines: list[tuple[int, Location]] = []
    sources = {f"Workspace/{workspace.name}"}
    sections = [(key, _documents(workspace, kind, reached)) for key, kind in _SECTIONS.items()]
    for key, section in (*sections, ("alerts", alerts)):
        entries: list[str] = []
        line += 1
        for entry, text, at, source in section:
            lines.append((line, at))
            sources.add(source)
            entries.append(f"  {encoded(entry)}: {text}")
            line += 1 + text.count("\n")
        line += 1
        parts.append(f" {encoded(key)}: {{\n{joined(entries)} }}{'' if key == 'alerts' else ','}\n")
    parts.append("}\n")
    return Artifact(f"{name}/executor/plan.json", "".join(parts), tuple(sorted(sources)), tuple(lines))


def _documents(workspace: Workspace, kind: str, reached: Reached) -> Iterator[Entry]:
    for name in sorted(reached.records[kind]):
        yield name, wrapped(reached.records[kind][name], "  "), workspace.documents[kind][name].at, f"{kind}/{name}"


def _listed(workspace: Workspace, name: str, alerts: dict[str, Alert], memory: Memory) -> Iterator[Entry]:
    """Service by service: what is told of its alerts follows from it, and from what its runbooks have people told."""
    for _, entries in groupby(alerts.items(), key=lambda entry: entry[1].service.name):
        same = dict(entries)
        first = next(iter(same.values()))
        source = f"{first.service.kind}/{first.service.name}"
        tables = [
            first.owners[owners]
            for owners in {alert.owners: None for one in same.values() for _, alert in one.places}
            if owners
        ]
        messages = [alert.communicate for alert in same.values()]
        follows = msgspec.msgpack.encode((workspace.seals.services[source], messages, tables))
        seal = hashlib.sha256(follows).digest()
        texts = memory.recall(f"plan {name}", source, seal, list[str], partial(_told, same.values()))
        for (key, alert), text in zip(same.items(), texts, strict=True):
            yield key, text, alert.first.at, source


def _told(alerts: Iterable[Alert]) -> list[str]:
    return [alert.told() for alert in alerts]
