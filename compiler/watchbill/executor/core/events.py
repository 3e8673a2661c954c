"""What happens to the executor, as the log keeps it: everything that `reduce` may know comes in as one of these.

Instants are whole milliseconds since 1970 in UTC. The log stores each event with the time at which it was taken in, which is
the `now` of `reduce`. JSON is `{"type": …, …}`: `encode` and `decode` are the only spelling.
"""

from typing import Literal

import msgspec

Instant = int


class Event(msgspec.Struct, frozen=True, tag_field="type", kw_only=True, omit_defaults=True):
    """Something that happened."""


class Reported(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alert as Alertmanager tells of it. `ends_at` is None while it fires.

    `suppressed`: silenced, inhibited or muted, as only Alertmanager's API says; such an alert opens nothing.
    """

    fingerprint: str
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: Instant
    ends_at: Instant | None = None
    annotations: dict[str, str] = {}
    suppressed: bool = False


# From Alertmanager


class Delivered(Event, frozen=True, kw_only=True, tag="delivered"):
    """A webhook's alerts. `delivery` is the sha256 of its raw body, `truncated` the number of alerts it left out.

    `environment` is the one of the path; `source` the one to which the token is bound, None for a token that is not.
    """

    delivery: str
    environment: str
    alerts: tuple[Reported, ...]
    truncated: int = 0
    source: str | None = None
    receiver: str = ""


class Reconciled(Event, frozen=True, kw_only=True, tag="reconciled"):
    """All alerts that Alertmanager holds active, silenced and inhibited ones too; the answer to a `Reconcile` effect.

    `asked_at` is when the first peer was asked. `complete` is False when any peer could not be asked: then only what is
    there counts, and nothing is concluded from what is not.
    """

    key: str
    asked_at: Instant
    alerts: tuple[Reported, ...]
    complete: bool = True


# From the plan and from those who run the executor


class PlanLoaded(Event, frozen=True, kw_only=True, tag="plan-loaded"):
    """A plan is in force from now on for new incidents. `text` is the file; its sha256 is the digest."""

    text: str


class Switched(Event, frozen=True, kw_only=True, tag="switched"):
    """The kill switch: `on` stops every action of `scope` (`all`, `team:NAME` or `remediation:NAME`)."""

    on: bool
    person: str
    scope: str = "all"
    reason: str = ""


class ModeSet(Event, frozen=True, kw_only=True, tag="mode-set"):
    """The most the executor may do, whatever the plan says; None: as the plan says."""

    mode: Literal["observe", "approve", "auto"] | None
    person: str


class BreakerClosed(Event, frozen=True, kw_only=True, tag="breaker-closed"):
    """A person has looked, and lets a remediation run again. `breaker` is its name in the state."""

    breaker: str
    person: str
    reason: str = ""


class MonitoringReported(Event, frozen=True, kw_only=True, tag="monitoring-reported"):
    """Whether what is monitored can be believed: the executor's own watch over Prometheus, Alertmanager and the watchdog.

    `part` names what was looked at (`prometheus:eu`, `alertmanager`, `watchdog`).
    """

    part: str
    healthy: bool
    detail: str = ""


# From the clock


class DeadlineReached(Event, frozen=True, kw_only=True, tag="deadline"):
    """A deadline is due; perhaps late, perhaps for the second time. `due` is what it was set to."""

    key: str
    due: Instant


class ClockSetBack(Event, frozen=True, kw_only=True, tag="clock-set-back"):
    """The clock had run ahead, `by` so many milliseconds at least, and was set right. `now` is what it says since then."""

    by: int


# From people


class Acknowledged(Event, frozen=True, kw_only=True, tag="acknowledged"):
    incident: str
    person: str


class Answered(Event, frozen=True, kw_only=True, tag="answered"):
    """A yes or no to a question: an approval, or what a procedure asks. `question` is the question's id."""

    incident: str
    question: str
    person: str
    yes: bool
    note: str = ""


class ResolvedByHand(Event, frozen=True, kw_only=True, tag="resolved-by-hand"):
    """A person says that it is over; `false_positive` that it never was anything."""

    incident: str
    person: str
    false_positive: bool = False
    note: str = ""


class HandedOver(Event, frozen=True, kw_only=True, tag="handed-over"):
    incident: str
    person: str
    to: str


class Noted(Event, frozen=True, kw_only=True, tag="noted"):
    incident: str
    person: str
    text: str


class RemedyRequested(Event, frozen=True, kw_only=True, tag="remedy-requested"):
    """A person asks for a remediation of the incident's plan; every gate holds as if the machine had chosen it."""

    incident: str
    person: str
    remediation: str


# From the runner of effects


class Collected(Event, frozen=True, kw_only=True, tag="collected"):
    """Diagnostics are done: `artifacts` are the sha256 of what was kept. `complete` is False when any of it failed."""

    key: str
    artifacts: tuple[str, ...] = ()
    complete: bool = True
    detail: str = ""


class Sample(msgspec.Struct, frozen=True):
    labels: dict[str, str]
    value: float


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one expression came to: an instant vector or a scalar (one sample without labels), or why it could not be had."""

    samples: tuple[Sample, ...] = ()
    error: str | None = None


class QueryAnswered(Event, frozen=True, kw_only=True, tag="query-answered"):
    """Results by the names that the `Query` effect gave. A name that is missing counts as an error."""

    key: str
    results: dict[str, Result]


class ActionStarted(Event, frozen=True, kw_only=True, tag="action-started"):
    """Intent: the runner is about to act. It may go on only if `permitted(step, key)`.

    `recorded` is the state read before acting, for actions that can be taken back.
    """

    key: str
    recorded: str | None = None


class ActionFinished(Event, frozen=True, kw_only=True, tag="action-finished"):
    """`not-started` is for what was given up before anything was touched."""

    key: str
    outcome: Literal["succeeded", "failed", "not-started"]
    detail: str = ""


class ActionUnknown(Event, frozen=True, kw_only=True, tag="action-unknown"):
    """Started, and nobody knows how it ended: the process died between intent and result."""

    key: str
    detail: str = ""


class LeftOpen(msgspec.Struct, frozen=True, order=True, gc=False):
    """What stays open outside until it is closed: an alert of PagerDuty's, by its `dedup_key`, at a connection."""

    channel: str
    connection: str
    key: str


class MessageSettled(Event, frozen=True, kw_only=True, tag="message-settled"):
    """A page, note, message or question has arrived, or was given up after every try. `opened` is what it left open."""

    key: str
    arrived: bool
    detail: str = ""
    opened: tuple[LeftOpen, ...] = ()


Events = (
    Delivered
    | Reconciled
    | PlanLoaded
    | Switched
    | ModeSet
    | BreakerClosed
    | MonitoringReported
    | DeadlineReached
    | ClockSetBack
    | Acknowledged
    | Answered
    | ResolvedByHand
    | HandedOver
    | Noted
    | RemedyRequested
    | Collected
    | QueryAnswered
    | ActionStarted
    | ActionFinished
    | ActionUnknown
    | MessageSettled
)

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER: msgspec.json.Decoder[Events] = msgspec.json.Decoder(Events)


def encode(event: Events) -> bytes:
    return _ENCODER.encode(event)


def decode(data: bytes) -> Events:
    """An event of the log. One that is not is a damaged log: msgspec.ValidationError or msgspec.DecodeError."""
    return _DECODER.decode(data)
