"""The compiled plan as frozen records: what `generated/<environment>/executor/plan.json` holds, key for key.

The meaning of each key stands in `targets/executor.py`, which writes them. A key that is not known here is refused, since
it may be a guardrail; so is a plan of a newer version. Durations are milliseconds once read.
"""

from typing import Any, Literal

import msgspec

from watchbill.executor.plan.people import (
    Calendar,
    Clock,
    Escalation,
    Notified,
    Person,
    Record,
    Role,
    Schedule,
    Team,
)

VERSION = 1
Outcome = Literal["page", "ticket", "notify", "drop"]
Mode = Literal["observe", "approve", "auto"]


class Place(Record, frozen=True, kw_only=True):
    """`heartbeat` are labels of the alert that always fires there; none where nobody sends it on."""

    labels: dict[str, str] = {}
    holds: dict[str, tuple[str, ...]] = {}
    prometheus: str | None = None
    tenant: str | None = None
    heartbeat: dict[str, str] = {}


class Severity(Record, frozen=True, kw_only=True):
    """`rank` 0 is the worst. `again` is how often Alertmanager tells of an unchanged group."""

    rank: int
    outcome: Outcome
    again: str


class CatchAll(Record, frozen=True, kw_only=True):
    team: str
    outcome: Outcome
    escalation: str | None = None


class LastResort(Record, frozen=True, kw_only=True):
    team: str
    on_call: str


class Storm(Record, frozen=True, kw_only=True):
    """While so many incidents of a team opened `within`, the machine holds off there, and looks again `hold` after the last.

    Three times as many, of all teams together, hold it off everywhere. Incidents that no policy claims do not count.
    """

    incidents: int
    within: str
    hold: str


class Limits(Record, frozen=True, kw_only=True):
    """Bounds above those of each remediation, counted over all of them in one hour; and what is waited for how long.

    `per_target`, `per_team` and `overall` bound the runs. `no_data` so many alerts without data open at once mean that the
    monitoring is broken. `flapping` so often reopened within an hour, an incident stays open until it was quiet for
    `reopen`; within that time after its end an incident is reopened instead of a new one made.
    """

    per_target: int
    per_team: int
    overall: int
    storm: Storm
    no_data: int
    flapping: int
    reopen: str
    answer: str
    action: str
    reconcile: str
    last_resort: str


class Window(Record, frozen=True, kw_only=True):
    """Weekly hours in `timezone`, or one stretch of time between two instants; equality of labels says whom it means."""

    team: str | None = None
    match: dict[str, str] = {}
    places: tuple[str, ...] = ()
    effect: Literal["ticket", "notify", "no-remediation"]
    reason: str
    timezone: str = "UTC"
    weekly: dict[str, tuple[Clock, ...]] = {}
    from_: str | None = msgspec.field(name="from", default=None)
    until: str | None = None


class HttpGet(Record, frozen=True, kw_only=True):
    url: str


class Query(Record, frozen=True, kw_only=True):
    """What a query is in one place, where it differs there."""

    promql: str | None = None
    expr: str | None = None


class Collector(Record, frozen=True, kw_only=True):
    promql: str | None = None
    http: HttpGet | None = None
    command: tuple[str, ...] = ()
    by: dict[str, Query] = {}


class Diagnostic(Record, frozen=True, kw_only=True):
    team: str | None = None
    collect: tuple[Collector, ...]
    timeout: str = "30s"


class Input(Record, frozen=True, kw_only=True):
    label: str
    allow: tuple[str, ...] = ()
    connection: str | None = None


class Action(Record, frozen=True, kw_only=True):
    """Its name, and parameters that are the action's own: a value is `{"literal": …}`, `{"input": …}` or plain JSON."""

    name: str
    parameters: dict[str, Any] = {}


class KeepHealthy(Record, frozen=True, kw_only=True):
    expr: str
    at_least: int
    by: dict[str, Query] = {}


class Guardrails(Record, frozen=True, kw_only=True):
    cooldown: str
    max_per_hour: int = 3
    max_targets: int = 1
    keep_healthy: KeepHealthy | None = None
    not_during: tuple[str, ...] = ()
    stop_after_failures: int = 3


class Approvals(Record, frozen=True, kw_only=True):
    when: dict[str, str] = {}
    from_: tuple[Notified, ...] = msgspec.field(name="from")
    count: int = 1
    within: str = "10m"
    else_: Literal["escalate", "skip"] = msgspec.field(name="else", default="escalate")


class Verify(Record, frozen=True, kw_only=True):
    quiet_for: str = "2m"
    within: str = "15m"


class Remediation(Record, frozen=True, kw_only=True):
    team: str | None = None
    inputs: dict[str, Input] = {}
    risk: Literal["low", "medium", "high"] = "medium"
    action: Action
    guardrails: Guardrails
    approvals: Approvals | None = None
    verify: Verify = Verify()
    undo: Literal["none", "inverse"] = "none"


class Step(Record, frozen=True, kw_only=True):
    """One step of a procedure: exactly one of preserve, diagnose, remediate, notify, communicate, do, ask."""

    preserve: tuple[str, ...] = ()
    diagnose: tuple[str, ...] = ()
    remediate: str | None = None
    notify: tuple[Notified, ...] = ()
    communicate: str | None = None
    do: str | None = None
    ask: str | None = None
    of: Notified | None = None
    yes: tuple["Step", ...] = ()


class Trigger(Record, frozen=True, kw_only=True):
    class_: str | None = msgspec.field(name="class", default=None)
    severity: tuple[str, ...] = ()
    incidents: int | None = None
    distinct: Literal["service", "team", "alert"] | None = None
    within: str | None = None


class Procedure(Record, frozen=True, kw_only=True):
    team: str | None = None
    when: Trigger
    confidential: bool = False
    steps: tuple[Step, ...]
    custody: Literal["none", "required"] = "none"


class Message(Record, frozen=True, kw_only=True):
    team: str | None = None
    audience: Literal["incident", "stakeholders", "status-page", "customers"]
    approve: bool = False
    every: str | None = None
    body: str


class Impact(Record, frozen=True, kw_only=True):
    revenue: str | None = None
    customers: str | None = None


class Owner(Record, frozen=True, kw_only=True):
    """A team that has an alert when one of the patterns matches the whole value of its label."""

    team: str
    label: str
    patterns: tuple[str, ...] = ()
    outcome: Outcome
    escalation: str | None = None
    hours: str | None = None
    outside: Outcome | None = None


class Alert(Record, frozen=True, kw_only=True):
    """`by` holds, for a place, members that replace those beside it (null: nothing there)."""

    team: str
    class_: str | None = msgspec.field(name="class", default=None)
    tier: int = 3
    impact: Impact = Impact()
    outcome: Outcome
    escalation: str | None = None
    hours: str | None = None
    outside: Outcome | None = None
    incident_key: tuple[str, ...]
    owners: str | None = None
    no_data_of: str | None = None
    runbook_url: str | None = None
    communicate: tuple[str, ...] = ()
    diagnose: tuple[str, ...] = ()
    remediate: tuple[str, ...] = ()
    expr: str
    absent: str | None = None
    places: tuple[str, ...] = ()
    by: dict[str, dict[str, Any]] = {}


class Document(Record, frozen=True, kw_only=True):
    """The whole file."""

    version: int
    workspace: str
    environment: str
    mode: Mode
    url: str
    intake: str
    identity: tuple[str, ...] = ()
    alertmanagers: tuple[str, ...] = ()
    places: dict[str, Place]
    severities: dict[str, Severity]
    catch_all: CatchAll
    last_resort: LastResort
    limits: Limits
    roles: dict[str, Role] = {}
    channels: dict[str, Any] = {}
    objectives: dict[str, str] = {}
    retention: dict[str, str] = {}
    owners: dict[str, tuple[Owner, ...]] = {}
    teams: dict[str, Team] = {}
    people: dict[str, Person] = {}
    schedules: dict[str, Schedule] = {}
    calendars: dict[str, Calendar] = {}
    windows: dict[str, Window] = {}
    escalations: dict[str, Escalation] = {}
    diagnostics: dict[str, Diagnostic] = {}
    remediations: dict[str, Remediation] = {}
    procedures: dict[str, Procedure] = {}
    messages: dict[str, Message] = {}
    alerts: dict[str, Alert] = {}
