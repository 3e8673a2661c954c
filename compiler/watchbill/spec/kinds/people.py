"""Team, Person, Schedule, Calendar, Escalation: who, when, and who next."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.workspace import Role, Secret
from watchbill.spec.scalars import (
    CalendarRef,
    ClockTime,
    Date,
    Duration,
    Email,
    GitHubHandle,
    Hours,
    LocalTime,
    Name,
    NotYet,
    PersonRef,
    Scalar,
    ScheduleRef,
    SlackChannel,
    TeamRef,
    Text,
    Weekday,
    Weekdays,
    Zone,
)


class Tickets(msgspec.Struct, frozen=True, kw_only=True):
    webhook: Annotated[Secret, "A file that holds the URL of the ticket system's webhook."]


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """A group that owns services and is on call for them."""

    on_call: Annotated[dict[Name, ScheduleRef], "On-call roles and the Schedule of each: primary, secondary."] = {}
    roles: Annotated[dict[Name, Role], "Offices of this team, such as manager."] = {}
    hours: Annotated[CalendarRef | None, "The team's business hours, a Calendar."] = None
    slack: Annotated[dict[Name, SlackChannel], "Channel by severity; `default` for the others."] = {}
    email: Annotated[Email | None, "The team's mailbox."] = None
    tickets: Annotated[Tickets | None, "Where the team's tickets are made."] = None
    github: Annotated[GitHubHandle | None, "Who reviews this team's policies: @org/team, or @somebody."] = None
    paging: Annotated[Literal["pagerduty", "none"], NotYet(("native",)), "How the team is paged."] = "pagerduty"
    defaults: Annotated[Defaults | None, "What the alerts of this team's services inherit."] = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One channel and how long after the start of a page it is used."""

    __exactly_one__: ClassVar = ("push", "sms", "phone", "slack", "email")
    push: Annotated[Duration | None, "Push notification after this long."] = None
    sms: Annotated[Duration | None, "Text message after this long."] = None
    phone: Annotated[Duration | None, "Phone call after this long."] = None
    slack: Annotated[Duration | None, "Slack message after this long."] = None
    email: Annotated[Duration | None, "Mail after this long."] = None


class Away(msgspec.Struct, frozen=True, kw_only=True):
    from_: Annotated[Date, "First day away."] = msgspec.field(name="from")
    until: Annotated[Date, "Last day away."]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    timezone: Annotated[Zone, "Where this person lives."] = "UTC"
    email: Annotated[Email, "Also the key by which PagerDuty knows the person."]
    phone: Annotated[Secret | None, "Phone number, by reference: numbers stay out of git."] = None
    slack: Annotated[Text | None, "Slack member id."] = None
    skills: Annotated[tuple[Name, ...], "What this person knows."] = ()
    works: Annotated[CalendarRef | None, "A Calendar: outside it the person is out of rotation."] = None
    away: Annotated[tuple[Away, ...], "Days off."] = ()
    notify: Annotated[
        dict[Name, tuple[Contact, ...]], "How to reach this person, by severity; `default` for the others."
    ] = {}


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "name"
    __exactly_one__: ClassVar = ("name", "every")
    name: Annotated[Literal["daily", "weekly"] | None, "Daily or weekly."] = None
    every: Annotated[Duration | None, "Any other length, such as 12h."] = None


class Handoff(msgspec.Struct, frozen=True, kw_only=True):
    day: Annotated[Weekday, "Day of a weekly hand-off."] = "monday"
    at: Annotated[ClockTime, "Local time of the hand-off."] = "09:00"


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """Who rotates from a day on. Eras are appended, never edited: the past and who is on call now stay as they are."""

    from_: Annotated[Date, "First day of this line-up."] = msgspec.field(name="from")
    people: Annotated[tuple[PersonRef, ...], "In order of rotation."]
    first: Annotated[PersonRef | None, "Who takes the first turn. Default: the first of `people`."] = None


class Only(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "inside"
    __exactly_one__: ClassVar = ("inside", "outside")
    inside: Annotated[CalendarRef | None, "Only in the hours of this Calendar."] = None
    outside: Annotated[CalendarRef | None, "Only outside the hours of this Calendar."] = None


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[Name, "For findings and for the calendar."]
    only: Annotated[Only | None, "A Calendar (or `{outside: calendar}`) that bounds this layer."] = None
    rotation: Annotated[Rotation, "daily, weekly or {every: 12h}."] = Rotation(name="weekly")
    handoff: Annotated[Handoff, "When one turn ends and the next begins."] = Handoff()
    eras: Annotated[tuple[Era, ...], "Who rotates, from when on."]


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    from_: Annotated[LocalTime, "Start."] = msgspec.field(name="from")
    until: Annotated[LocalTime, "End."]
    take: Annotated[PersonRef, "Who takes the time over."]
    for_: Annotated[PersonRef, "Whose time it was."] = msgspec.field(name="for")
    agreed: Annotated[tuple[PersonRef, ...], "Who agreed: both."] = ()
    reason: Annotated[Text, "Why."] = ""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A time with nobody on call, on purpose."""

    from_: Annotated[LocalTime, "Start."] = msgspec.field(name="from")
    until: Annotated[LocalTime, "End."]
    reason: Annotated[Text, "Why nobody is needed."]
    falls_to: Annotated[ScheduleRef | None, "The Schedule that stands in."] = None


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call when. The first layer that has someone wins."""

    __exactly_one__: ClassVar = ("people", "layers")
    timezone: Annotated[Zone, "The zone of hand-offs and of local times here."] = "UTC"
    people: Annotated[tuple[PersonRef, ...], "Short for one weekly rotation of these people, Monday 09:00."] = ()
    layers: Annotated[tuple[Layer, ...], "From most to least important."] = ()
    shadow: Annotated[tuple[PersonRef, ...], "People who hear everything and are never cover."] = ()
    swaps: Annotated[tuple[Swap, ...], "Agreed exchanges."] = ()
    gaps: Annotated[tuple[Gap, ...], "Declared times without anyone."] = ()
    overrides: Annotated[Literal["code", "pagerduty", "executor"], "Who owns run-time overrides."] = "code"


Region = Annotated[
    str,
    Scalar(
        "a country such as PT, or a country and its subdivision such as BR-SP (ISO 3166)", r"[A-Z]{2}(-[A-Z0-9]{1,3})?"
    ),
]


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Hours that repeat weekly, less holidays."""

    timezone: Annotated[Zone, "The zone of the hours."] = "UTC"
    weekly: Annotated[dict[Weekdays, tuple[Hours, ...]], 'Hours by day, such as monday-friday: ["09:00-18:00"].']
    closed: Annotated[tuple[Date, ...], "Days on which the hours do not hold."] = ()
    holidays: Annotated[
        Region | None,
        "A country whose public holidays are closed too, as `policies/holidays.lock` has them (`watchbill holidays update`).",
    ] = None


class Notified(msgspec.Struct, frozen=True, kw_only=True):
    """Who a step reaches, relative to the alert's team."""

    __exactly_one__: ClassVar = ("on_call", "role", "person", "slack")
    on_call: Annotated[Name | None, "An on-call role of the team."] = None
    role: Annotated[Name | None, "A role of the team, or else of the workspace."] = None
    person: Annotated[PersonRef | None, "One person."] = None
    slack: Annotated[SlackChannel | None, "A Slack channel."] = None
    of: Annotated[TeamRef | None, "Another team's on-call."] = None


class EscalationStep(msgspec.Struct, frozen=True, kw_only=True):
    notify: Annotated[tuple[Notified, ...], "Who hears of it, together."]
    wait: Annotated[Duration, "How long to wait for an acknowledgement before the next step."] = "5m"


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told, in which order, until somebody acknowledges. Relative to the alert's team: one policy serves all."""

    acknowledge_within: Annotated[Duration | None, "The level's SLA."] = None
    steps: Annotated[tuple[EscalationStep, ...], "In order."]
    repeat: Annotated[int, "How often the steps are gone through again."] = 0
    also: Annotated[tuple[Notified, ...], "Told at once, beside the steps."] = ()
