"""What is to be done outside: rows of the outbox and deadlines, written in the transaction of the event that caused them.

An effect's `key` is stable and unique: the same cause gives the same key, so a row that is there already is the same row.
`once` marks work that changes a system or calls by phone: *intent, act, result*, never repeated blindly. Everything else
may be repeated with its key as the provider's idempotency key.
"""

from typing import Any, Literal

import msgspec

from watchbill.executor.core.events import Instant, LeftOpen


class Body(msgspec.Struct, frozen=True, tag_field="kind", kw_only=True, omit_defaults=True):
    """What an effect says; `incident` is None where it is of no one incident."""

    incident: str | None = None


class Recipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """One whom a message reaches: a person of the plan, or an office's contact. `why` is how they came to it.

    Exactly one of `person`, `phone`, `email`, `slack` is set; `phone` is a reference to a secret (`{"env": …}`).
    """

    why: str
    person: str | None = None
    phone: dict[str, str] | None = None
    email: str | None = None
    slack: str | None = None


class Page(Body, frozen=True, kw_only=True, tag="page"):
    """Wake somebody. `step` and `round` count from 1; step 0 is beside the steps.

    `paging` is the team's: with `pagerduty` Alertmanager has paged PagerDuty already, and this adds to it.
    """

    to: Recipient
    step: int
    round: int
    reason: str
    team: str
    severity: str
    paging: Literal["pagerduty", "native", "none"]


class Note(Body, frozen=True, kw_only=True, tag="note"):
    """Something those who have the incident should read; nobody is woken. `to` is never empty."""

    to: tuple[Recipient, ...]
    reason: str
    text: str


class Message(Body, frozen=True, kw_only=True, tag="message"):
    """A Message of the plan, by name; `draft` when a person sends it."""

    message: str
    draft: bool
    number: int = 1


class Ask(Body, frozen=True, kw_only=True, tag="ask"):
    """A yes-or-no question; `remediation` and `risk` are set when it asks for approval. None: it stays open."""

    question: str
    to: tuple[Recipient, ...]
    text: str
    count: int = 1
    expires_at: Instant | None = None
    remediation: str | None = None
    risk: str | None = None
    targets: tuple[str, ...] = ()


class Close(Body, frozen=True, kw_only=True, tag="close"):
    """The incident is over: what its messages opened outside is closed there. Nobody is told."""

    opened: tuple[LeftOpen, ...]


class Collect(Body, frozen=True, kw_only=True, tag="collect"):
    """Diagnostics of the plan, to be kept as evidence when `preserve`, under custody when `custody`."""

    diagnostics: tuple[str, ...]
    plan: str
    place: str | None
    preserve: bool = False
    custody: bool = False


class Query(Body, frozen=True, kw_only=True, tag="query"):
    """Expressions to ask at a place's Prometheus at one instant, by name; answered with `QueryAnswered`."""

    place: str
    expressions: dict[str, str]
    not_after: Instant


class Act(Body, frozen=True, kw_only=True, tag="act"):
    """Run an action of the plan on one target. `inputs` are values that went through the allow-list.

    With `record` the state before is read first and comes with `ActionStarted`. With `undo` this takes back the run of
    that key, whose recorded state is `recorded`. Not begun by `not_after`, it is given up.
    """

    remediation: str
    action: str
    parameters: dict[str, Any]
    inputs: dict[str, str]
    target: str
    plan: str
    place: str | None
    not_after: Instant
    record: bool = False
    undo: str | None = None
    recorded: str | None = None


class Reconcile(Body, frozen=True, kw_only=True, tag="reconcile"):
    """Ask every Alertmanager what is active; answered with `Reconciled`."""

    reason: str


Bodies = Page | Note | Message | Ask | Close | Collect | Query | Act | Reconcile


class Effect(msgspec.Struct, frozen=True):
    """One row of the outbox."""

    key: str
    body: Bodies
    once: bool = False

    @property
    def kind(self) -> str:
        return str(type(self.body).__struct_config__.tag)


class SetDeadline(msgspec.Struct, frozen=True, tag="set"):
    """`DeadlineReached(key, due)` is to come in at `due`, instead of at what this key was set to before."""

    key: str
    due: Instant


class CancelDeadline(msgspec.Struct, frozen=True, tag="cancel"):
    key: str


Deadline = SetDeadline | CancelDeadline

_ENCODER = msgspec.json.Encoder(order="deterministic")
_BODY: msgspec.json.Decoder[Bodies] = msgspec.json.Decoder(Bodies)


def encode_body(body: Bodies) -> bytes:
    return _ENCODER.encode(body)


def decode_body(data: bytes) -> Bodies:
    return _BODY.decode(data)
