"""People and time in a plan: teams, persons, schedules, calendars, escalations; key for key as the file has them."""

from typing import Literal

import msgspec

Clock = str  # "09:00-18:00", of a local day


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Strict: a key that is not known may be a guardrail. No cycles are possible, so the collector need not look."""


class Secret(Record, frozen=True, kw_only=True):
    """Where a secret lies, never the secret itself."""

    file: str | None = None
    env: str | None = None


class Role(Record, frozen=True, kw_only=True):
    """An office: a person, or how to reach one who is not in the plan."""

    person: str | None = None
    phone: Secret | None = None
    email: str | None = None
    slack: str | None = None


class Notified(Record, frozen=True, kw_only=True):
    """Who is meant, relative to the incident's team, or to the team `of`."""

    on_call: str | None = None
    role: str | None = None
    person: str | None = None
    slack: str | None = None
    of: str | None = None


class Team(Record, frozen=True, kw_only=True):
    on_call: dict[str, str] = {}
    roles: dict[str, Role] = {}
    hours: str | None = None
    slack: dict[str, str] = {}
    email: str | None = None
    tickets: dict[str, Secret] = {}
    github: str | None = None
    paging: Literal["pagerduty", "native", "none"] = "pagerduty"


class Away(Record, frozen=True, kw_only=True):
    from_: str = msgspec.field(name="from")
    until: str


class Person(Record, frozen=True, kw_only=True):
    """`notify` lists, by severity or `default`, channels and how long after the start of a page each is used."""

    team: str | None = None
    timezone: str = "UTC"
    email: str | None = None
    phone: Secret | None = None
    slack: str | None = None
    github: str | None = None
    skills: tuple[str, ...] = ()
    works: str | None = None
    away: tuple[Away, ...] = ()
    notify: dict[str, tuple[dict[str, str], ...]] = {}


class Turning(Record, frozen=True, kw_only=True):
    name: str | None = None
    every: str | None = None


class Handoff(Record, frozen=True, kw_only=True):
    day: str = "monday"
    at: str = "09:00"


class Only(Record, frozen=True, kw_only=True):
    inside: str | None = None
    outside: str | None = None


class Era(Record, frozen=True, kw_only=True):
    from_: str = msgspec.field(name="from")
    people: tuple[str, ...] = ()
    first: str | None = None


class Layer(Record, frozen=True, kw_only=True):
    name: str
    only: Only | None = None
    rotation: Turning = Turning(name="weekly")
    handoff: Handoff = Handoff()
    eras: tuple[Era, ...] = ()


class Swap(Record, frozen=True, kw_only=True):
    from_: str = msgspec.field(name="from")
    until: str
    take: str
    for_: str = msgspec.field(name="for")
    agreed: tuple[str, ...] = ()
    reason: str | None = None


class Gap(Record, frozen=True, kw_only=True):
    from_: str = msgspec.field(name="from")
    until: str
    reason: str | None = None
    falls_to: str | None = None


class Schedule(Record, frozen=True, kw_only=True):
    team: str | None = None
    timezone: str = "UTC"
    layers: tuple[Layer, ...] = ()
    people: tuple[str, ...] = ()
    shadow: tuple[str, ...] = ()
    swaps: tuple[Swap, ...] = ()
    gaps: tuple[Gap, ...] = ()
    overrides: Literal["code", "pagerduty", "executor"] = "code"


class Calendar(Record, frozen=True, kw_only=True):
    team: str | None = None
    timezone: str = "UTC"
    weekly: dict[str, tuple[Clock, ...]] = {}
    closed: tuple[str, ...] = ()


class EscalationStep(Record, frozen=True, kw_only=True):
    notify: tuple[Notified, ...]
    wait: str = "5m"


class Escalation(Record, frozen=True, kw_only=True):
    team: str | None = None
    acknowledge_within: str | None = None
    steps: tuple[EscalationStep, ...]
    repeat: int = 0
    also: tuple[Notified, ...] = ()
