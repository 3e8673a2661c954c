"""What the policies mean, place by place: frozen records that everything downstream reads, and nothing else."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from watchbill.source.diagnostic import Location
from watchbill.spec import kinds
from watchbill.spec.kinds.service import RuleTest
from watchbill.spec.kinds.workspace import Environment, Severity, Timing
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policy

OutcomeKind = Literal["page", "ticket", "notify", "drop"]
OUTCOMES: tuple[OutcomeKind, ...] = ("page", "ticket", "notify", "drop")  # strongest first


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What an alert leads to. `escalation` (a qualified name) is set for `page`.

    With `hours` (a Calendar's qualified name) the outcome holds inside them and `outside` outside; an outcome without
    hours always holds.
    """

    kind: OutcomeKind
    escalation: str | None = None
    hours: str | None = None
    outside: OutcomeKind | None = None


class ResolvedTest(msgspec.Struct, frozen=True, array_like=True):
    """A test that runs in this place, and where it is written."""

    test: RuleTest
    at: Location


class Yields(msgspec.Struct, frozen=True, array_like=True):
    """The labels an expression's result may carry. `can` None: any label but those in `cannot`. `must` are always there."""

    can: frozenset[str] | None
    cannot: frozenset[str]
    must: frozenset[str]

    def may_have(self, label: str) -> bool:
        return label not in self.cannot if self.can is None else label in self.can


class Owner(msgspec.Struct, frozen=True, array_like=True):
    """A team that has an alert whenever one of the patterns matches the whole value of the alert's label."""

    team: str
    label: str
    patterns: tuple[str, ...]
    outcome: Outcome


class ResolvedAlert(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="alert"):
    """One alert in one place: everything substituted, every default filled in.

    `labels` are written on the rule (severity, team, service, class, page_per, escalation where they apply, and the
    place's own); `identity` the label names every alert of the place carries; `incident_key` the label names that make
    one incident: alertname, service, identity, page_per. `yields` are the labels the expression's result may carry.
    `at` points at the alert in the policy. A no-data alert has `no_data_of` set to the alert it watches over.
    With `owners` only a label says at run time whose it is: the rule's own label `team` reads `runtime`, and `team` and
    `outcome` are those of the team that has it when no owner's pattern matches.
    """

    name: str
    service: str
    team: str
    severity: str
    outcome: Outcome
    expr: str
    for_: str | None
    keep_firing_for: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    page_per: tuple[str, ...]
    incident_key: tuple[str, ...]
    runbook: str | None
    runbook_url: str | None
    diagnose: tuple[str, ...]
    remediate: tuple[str, ...]
    class_: str | None
    revenue: str | None
    customers: str | None
    tests: tuple[ResolvedTest, ...]
    no_data_of: str | None
    yields: Yields
    at: Location
    owners: tuple[Owner, ...] = ()

    @property
    def takers(self) -> tuple[tuple[str, Outcome], ...]:
        """Every team that may have the alert, and what it leads to there; the one that needs no label comes first."""
        return ((self.team, self.outcome), *((owner.team, owner.outcome) for owner in self.owners))

    def may_have(self, label: str) -> bool:
        """Whether the alert, as Alertmanager sees it, can carry a label."""
        return label in self.labels or label == "alertname" or self.yields.may_have(label)


class ResolvedRecord(msgspec.Struct, frozen=True, array_like=True, tag="record"):
    """One recording rule in one place."""

    name: str
    expr: str
    labels: dict[str, str]
    at: Location


class ResolvedGroup(msgspec.Struct, frozen=True, array_like=True):
    """A group of rules: Prometheus evaluates them in this order, so an alert sees the records of the same round."""

    name: str
    rules: tuple["ResolvedRecord | ResolvedAlert", ...]
    interval: str | None = None
    query_offset: str | None = None
    limit: int | None = None


class ResolvedService(msgspec.Struct, frozen=True):
    """A service in one place, or a Foreign: its rules in groups, as they are written to one file.

    `records` and `alerts` are those of all groups, in order. `kind` is `Service` or `Foreign`.
    """

    name: str
    team: str
    tier: int
    dashboard_url: str | None
    records: tuple[ResolvedRecord, ...]
    alerts: tuple[ResolvedAlert, ...]
    groups: tuple[ResolvedGroup, ...]
    at: Location
    kind: str = "Service"


class Place(msgspec.Struct, frozen=True):
    """An environment and one of its sources: `production/eu`. `labels` are written on each of its rules.

    With `series` they stand on the series instead, and the expressions of the place ask for them; `held` is then the
    identity label that has several values there, those in `holds`. `tenant` is that of a Mimir.
    """

    name: str
    environment: str
    source: str
    labels: dict[str, str]
    prometheus_url: str
    services: tuple[ResolvedService, ...]
    series: bool = False
    held: str | None = None
    holds: tuple[str, ...] = ()
    tenant: str | None = None

    @property
    def identities(self) -> tuple[dict[str, str], ...]:
        """The labels that alerts of this place carry: one set, or one for each value that the source holds."""
        if self.held is None:
            return (self.labels,)
        return tuple({**self.labels, self.held: value} for value in self.holds)

    @property
    def alerts(self) -> Iterator[ResolvedAlert]:
        for service in self.services:
            yield from service.alerts


class CatchAll(msgspec.Struct, frozen=True):
    team: str
    outcome: OutcomeKind
    escalation: str | None


class ResolvedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which the alerts it matches are quieter, or the machine leaves them alone.

    Weekly it is `week`: for each day, Monday first, [start, end) in minutes of the local day in `timezone`. One that comes
    once is `span`, in UTC. `match` is equality; with a `team` only that team's alerts are meant.
    """

    name: str
    team: str | None
    match: dict[str, str]
    places: tuple[str, ...]
    effect: Literal["ticket", "notify", "no-remediation"]
    reason: str
    timezone: str
    week: tuple[tuple[tuple[int, int], ...], ...] | None
    span: tuple[datetime, datetime] | None
    at: Location


class Base(msgspec.Struct, frozen=True):
    """A hand-written Alertmanager configuration as plain values, its keys in their order; `at` is its document."""

    at: Location
    value: dict[str, Any]


class Seals(msgspec.Struct, frozen=True):
    """Digests of all that an answer follows from: about a service (`Service/name`, `Foreign/name`), about who is on call,
    about what no service and no runbook says itself, and about everything. See spec/sight.py.
    """

    services: dict[str, bytes] = {}
    on_call: bytes = b""
    around: bytes = b""
    everything: bytes = b""


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """The whole. Documents are held by qualified name: `name` when shared, `team/name` when a team's own.

    `root` is the folder that holds `policies/`. `severities` are in rank order, worst first; `settings` is the Workspace
    document itself.
    """

    name: str
    root: Path
    settings: WorkspaceKind
    severities: dict[str, Severity]
    timing: dict[str, Timing]
    targets: tuple[str, ...]
    environments: dict[str, Environment]
    identity: dict[str, tuple[str, ...]]
    places: dict[str, Place]
    catch_all: CatchAll
    last_resort: tuple[str, str]
    windows: dict[str, ResolvedWindow]
    bases: dict[str, Base]
    documents: dict[str, dict[str, Policy]]
    seals: Seals = Seals()

    def rank(self, severity: str) -> int:
        return list(self.severities).index(severity)

    def team(self, name: str) -> kinds.Team:
        team: kinds.Team = self.documents["Team"][name].body
        return team

    def resolve(self, kind: str, reference: str, team: str | None) -> str:
        """The qualified name a reference means, seen from a team. The reference is known to be good."""
        found = qualified(self.documents, kind, reference, team)
        assert found is not None, (kind, reference, team)  # noqa: S101
        return found

    def get(self, kind: str, name: str) -> Policy:
        return self.documents[kind][name]

    def places_of(self, environment: str) -> list[Place]:
        return [place for place in self.places.values() if place.environment == environment]


def qualify(policy: Policy) -> str:
    return f"{policy.team}/{policy.name}" if policy.team and policy.kind not in ("Service", "Person") else policy.name


def qualified(documents: dict[str, dict[str, Policy]], kind: str, reference: str, team: str | None) -> str | None:
    """A reference to a qualified name: the team's own first, then the shared ones; `team/name` reaches across."""
    known = documents.get(kind, {})
    if team is not None and "/" not in reference and f"{team}/{reference}" in known:
        return f"{team}/{reference}"
    return reference if reference in known else None
