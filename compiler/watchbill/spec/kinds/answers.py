"""Runbook, Diagnostic, Remediation, Procedure, Message: what people and the machine do about an alert."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.kinds.actions import Action
from watchbill.spec.kinds.people import Notified
from watchbill.spec.scalars import (
    DiagnosticRef,
    Duration,
    LabelName,
    MessageRef,
    Name,
    Pattern,
    PromQL,
    RemediationRef,
    Text,
    Url,
    WindowRef,
)


class RunbookStep(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence, or a query that is linked for every place."""

    __shorthand__: ClassVar = "text"
    __exactly_one__: ClassVar = ("text", "promql")
    text: Annotated[Text | None, "What to do."] = None
    promql: Annotated[PromQL | None, "What to look at."] = None
    title: Annotated[Text | None, "What the query shows."] = None


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    immediate: Annotated[tuple[RunbookStep, ...], "First, before thinking."]
    investigate: Annotated[tuple[RunbookStep, ...], "Then find out."] = ()
    escalate_when: Annotated[tuple[Text, ...], "When to call for more help."] = ()
    communicate: Annotated[tuple[MessageRef, ...], "Messages to send."] = ()


class HttpGet(msgspec.Struct, frozen=True, kw_only=True):
    __shorthand__: ClassVar = "url"
    url: Annotated[Url, "Fetched with GET."]


class Collector(msgspec.Struct, frozen=True, kw_only=True):
    __exactly_one__: ClassVar = ("promql", "http", "command")
    promql: Annotated[PromQL | None, "A query at the alert's Prometheus."] = None
    http: Annotated[HttpGet | None, "A page to fetch."] = None
    command: Annotated[tuple[Text, ...], "A command as a list of words; no shell."] = ()


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """What is collected before anything is changed."""

    collect: Annotated[tuple[Collector, ...], "In order."]
    timeout: Annotated[Duration, "For all of it."] = "30s"


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A value taken from the alert's labels through an allow-list; a missing or unlisted value means refuse, and page."""

    __exactly_one__: ClassVar = ("allow", "connection")
    label: Annotated[LabelName, "The alert's label."]
    allow: Annotated[tuple[Pattern, ...], "RE2 patterns, each matched whole."] = ()
    connection: Annotated[Name | None, "The values are the names of connections of this kind."] = None


class KeepHealthy(msgspec.Struct, frozen=True, kw_only=True):
    expr: Annotated[PromQL, "How many are healthy."]
    at_least: Annotated[int, "Refuse to act when fewer would stay."]


class Guardrails(msgspec.Struct, frozen=True, kw_only=True):
    cooldown: Annotated[Duration, "Time between two runs, per target."]
    max_per_hour: Annotated[int, "Per target, and per team and environment."] = 3
    max_targets: Annotated[int, "More distinct targets in one incident: ask a person."] = 1
    keep_healthy: Annotated[KeepHealthy | None, "The floor that must stay healthy."] = None
    not_during: Annotated[tuple[WindowRef, ...], "Windows in which nothing is done."] = ()
    stop_after_failures: Annotated[int, "Open the breaker after so many runs that failed or did not help."] = 3


class Approvals(msgspec.Struct, frozen=True, kw_only=True):
    when: Annotated[dict[LabelName, Text], "Labels of the alert for which approval is needed; {} for always."] = {}
    from_: Annotated[tuple[Notified, ...], "Who may approve."] = msgspec.field(name="from")
    count: Annotated[int, "How many must approve."] = 1
    within: Annotated[Duration, "How long the question stands."] = "10m"
    else_: Annotated[Literal["escalate", "skip"], "What follows when nobody answers."] = msgspec.field(
        name="else", default="escalate"
    )


class Verify(msgspec.Struct, frozen=True, kw_only=True):
    """Asks the alert's own expression, never its state; no data is not success."""

    quiet_for: Annotated[Duration, "The expression must be quiet for so long."] = "2m"
    within: Annotated[Duration, "Else the remedy did not help."] = "15m"


class Remediation(msgspec.Struct, frozen=True, kw_only=True):
    inputs: Annotated[dict[Name, Input], "Values from the alert's labels."] = {}
    risk: Annotated[Literal["low", "medium", "high"], "Shown to approvers."] = "medium"
    action: Annotated[Action, "What is done: one action and its parameters."]
    guardrails: Annotated[Guardrails, "What bounds it."]
    approvals: Annotated[Approvals | None, "Who must agree."] = None
    verify: Annotated[Verify, "How success is known."] = Verify()
    undo: Annotated[
        Literal["none", "inverse"],
        "`inverse` restores the state recorded before acting, for actions that have an inverse.",
    ] = "none"


class ProcedureStep(msgspec.Struct, frozen=True, kw_only=True):
    __exactly_one__: ClassVar = ("preserve", "diagnose", "remediate", "notify", "communicate", "ask", "do")
    preserve: Annotated[tuple[DiagnosticRef, ...], "Diagnostics kept as evidence."] = ()
    diagnose: Annotated[tuple[DiagnosticRef, ...], "Diagnostics."] = ()
    remediate: Annotated[RemediationRef | None, "A remediation."] = None
    notify: Annotated[tuple[Notified, ...], "Who is told."] = ()
    communicate: Annotated[MessageRef | None, "A Message."] = None
    do: Annotated[Text | None, "Something a person does."] = None
    ask: Annotated[Text | None, "A yes-or-no question for a person."] = None
    of: Annotated[Notified | None, "Who is asked."] = None
    yes: Annotated[tuple["ProcedureStep", ...], "Steps when the answer is yes."] = ()


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    class_: Annotated[Name | None, "Alerts of this class."] = msgspec.field(name="class", default=None)
    severity: Annotated[tuple[Name, ...], "Of these severities; empty: all."] = ()
    incidents: Annotated[int | None, "Or: so many open incidents …"] = None
    distinct: Annotated[Literal["service", "team", "alert"] | None, "… of as many distinct …"] = None
    within: Annotated[Duration | None, "… opened within this time."] = None


class Procedure(msgspec.Struct, frozen=True, kw_only=True):
    """An ordered response to a kind of incident: security, cascade, data."""

    when: Annotated[Trigger, "What starts it."]
    confidential: Annotated[bool, "Private channel, redacted titles."] = False
    steps: Annotated[tuple[ProcedureStep, ...], "In order."]
    custody: Annotated[Literal["none", "required"], "Whether a chain of custody is kept."] = "none"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A text for people, as a Jinja template: sandboxed and strict."""

    audience: Annotated[Literal["incident", "stakeholders", "status-page", "customers"], "Who reads it."]
    approve: Annotated[bool, "Drafted by the machine, sent by a person."] = False
    every: Annotated[Duration | None, "Repeated while the incident is open."] = None
    body: Annotated[Text, "The text."]
