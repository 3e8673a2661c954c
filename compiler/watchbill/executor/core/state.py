"""All that the executor knows: open incidents, and the ledger that every gate is asked against.

State is a value: `reduce` never changes the one it was given. Inside a reduction an incident is copied before it is
touched (see `turn`), so that an event costs what it touches, not what there is. What is frozen here is shared freely.

Each incident is kept under its key: the sha256 of the labels that make it one, shortened. Its id adds the episode, a
number that is never used twice: `3fa9c1d27b40-17`. An incident that is over stays for a while, so that late deliveries,
late results and a quick return find it.
"""

from typing import Literal

import msgspec

from watchbill.executor.core.decisions import Decision, Phase, Seen
from watchbill.executor.core.effects import Deadline, Effect, Recipient
from watchbill.executor.core.events import Instant, LeftOpen
from watchbill.executor.core.shards import Shards
from watchbill.executor.plan import Plan


class Alert(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One alert of an incident. `misses` counts how often in a row Alertmanager did not hold it active when asked."""

    labels: dict[str, str]
    starts_at: Instant
    heard_at: Instant
    ends_at: Instant | None = None
    misses: int = 0


class Facts(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was found out when it opened. `risk` is 0 to 100. Unclaimed: no policy knows the alert, or its labels lie."""

    severity: str
    team: str
    tier: int
    risk: int
    claimed: bool = True
    class_: str | None = msgspec.field(name="class", default=None)
    revenue: str | None = None
    customers: str | None = None
    procedure: str | None = None
    reasons: tuple[str, ...] = ()


class Escalating(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where the escalation is: the next step and the round, from 0. `reached` were told last, by the effects `pages`."""

    policy: str | None
    step: int = 0
    round: int = 0
    reached: tuple[Recipient, ...] = ()
    pages: tuple[str, ...] = ()
    last_resort: bool = False


class Question(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A question that stands. `item` is the step of a procedure it belongs to; None for an approval."""

    id: str
    item: str | None = None
    given: tuple[str, ...] = ()
    expires_at: Instant | None = None


Settled = Literal["succeeded", "failed", "not-started", "unknown"]
RunState = Literal["planned", "started", "succeeded", "failed", "not-started", "unknown"]


class Run(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One action on one target: once at most. `undo` is the key of the run that this one takes back."""

    key: str
    target: str
    inputs: dict[str, str]
    not_after: Instant
    state: RunState = "planned"
    recorded: str | None = None
    undo: str | None = None


Stage = Literal["held", "asking", "checking", "acting", "verifying", "undoing"]


class Attempt(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One remediation at work on an incident. `query` is the effect whose answer is waited for, `seen` the last one."""

    remediation: str
    number: int
    stage: Stage
    targets: dict[str, dict[str, str]]
    requester: str | None = None
    procedure: bool = False
    runs: tuple[Run, ...] = ()
    query: str | None = None
    quiet_since: Instant | None = None
    seen: Seen | None = None
    approved_by: tuple[str, ...] = ()
    approved: bool = False


class Incident(msgspec.Struct, gc=False, omit_defaults=True):
    """One incident. Not frozen, and yet never changed once it is part of a state: `Turn` works on copies.

    `agenda` is what the machine still has to do, in order (see `agenda`); `exhausted`: it came to its end, and people know.
    `waiting` is the collection it waits for. `opened` is what its messages opened outside, to be closed when it is over.
    `deadlines` by name; the key of one is `<id>/<name>`.
    """

    id: str
    key: dict[str, str]
    plan: str
    alert: str | None
    place: str | None
    opened_at: Instant
    facts: Facts
    title: str = ""
    phase: Phase = "opened"
    alerts: dict[str, Alert] = {}
    heard_at: Instant = 0
    returns: tuple[Instant, ...] = ()
    acknowledged_at: Instant | None = None
    owner: str | None = None
    resolved_at: Instant | None = None
    resolved_by: str | None = None
    stale: bool = False
    mitigated_at: Instant | None = None
    paging: bool = False
    escalation: Escalating | None = None
    agenda: tuple[str, ...] = ()
    waiting: str | None = None
    attempt: Attempt | None = None
    attempts: int = 0
    tried: tuple[str, ...] = ()
    exhausted: bool = False
    questions: tuple[Question, ...] = ()
    effects: int = 0
    sent: dict[str, int] = {}
    opened: tuple[LeftOpen, ...] = ()
    deadlines: dict[str, Instant] = {}

    @property
    def open(self) -> bool:
        return self.resolved_at is None

    @property
    def slot(self) -> str:
        """The key under which the state holds it."""
        return self.id.partition("-")[0]


class Opening(msgspec.Struct, frozen=True, gc=False):
    """An incident that opened lately, for cascades and storms. `claimed`: by a policy."""

    at: Instant
    incident: str
    service: str
    team: str
    alert: str
    claimed: bool = True


class Switch(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    person: str
    since: Instant
    reason: str = ""


class Breaker(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Runs in a row that failed or did not help. Open, it stays so until a person closes it."""

    failures: int = 0
    opened_at: Instant | None = None


class Ledger(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done. `starts`, by scope: the latest instants, as many as its limit asks for. `last`, by remediation and
    target: when a run last began or ended. `busy`: the run that holds a target.
    """

    starts: dict[str, tuple[Instant, ...]] = {}
    last: dict[str, Instant] = {}
    busy: dict[str, str] = {}
    breakers: dict[str, Breaker] = {}


class State(msgspec.Struct):
    """Everything. `plans` counts the incidents that hold on to each plan; `library` has the plans themselves, by digest,
    and is no part of the encoding. `recent` are the last 256 openings. `told`: when people last heard that a part of
    monitoring is broken. `effects` counts those of no one incident; `asked_at` is when Alertmanager was last asked.
    """

    plan: str | None = None
    plans: dict[str, int] = {}
    mode: Literal["observe", "approve", "auto"] | None = None
    switches: dict[str, Switch] = {}
    broken: dict[str, Instant] = {}
    blind: dict[str, int] = {}
    told: dict[str, Instant] = {}
    ledger: Ledger = Ledger()
    recent: tuple[Opening, ...] = ()
    opened: int = 0
    open: int = 0
    effects: int = 0
    asked_at: Instant = 0
    deadlines: dict[str, Instant] = {}
    incidents: Shards[Incident] = Shards()
    library: dict[str, Plan] = {}

    def find(self, identity: str) -> Incident | None:
        """An incident by its id, or by the key of anything of its own (`<id>/…`)."""
        wanted = identity.partition("/")[0]
        found = self.incidents.get(wanted.partition("-")[0])
        return found if found is not None and found.id == wanted else None


class Step(msgspec.Struct, frozen=True):
    """What one event leads to. All of it is written in one transaction, or none of it."""

    state: State
    effects: tuple[Effect, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    decisions: tuple[Decision, ...] = ()
