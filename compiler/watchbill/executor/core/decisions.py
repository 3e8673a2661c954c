"""What `reduce` decided and why: entries of the log beside the events that caused them.

They are never read back into the state: folding the events makes them again, byte for byte. `incident` is its id.
"""

from typing import Any, Literal

import msgspec

from watchbill.executor.core.events import Instant

Phase = Literal[
    "opened",
    "acknowledged",
    "diagnosing",
    "awaiting-approval",
    "acting",
    "verifying",
    "mitigated",
    "resolved",
    "reopened",
    "stale",
]

Refusal = Literal[
    "kill-switch",
    "observe",
    "unknown-alert",
    "labels-contradict",
    "not-in-plan",
    "input-missing",
    "input-not-allowed",
    "too-many-targets",
    "change-freeze",
    "monitoring-broken",
    "storm",
    "flapping",
    "breaker-open",
    "busy-target",
    "cooldown",
    "hourly-limit",
    "team-limit",
    "target-limit",
    "overall-limit",
    "unhealthy",
    "no-answer",
    "not-firing",
    "approval-refused",
    "approval-expired",
    "approval-lapsed",
    "nobody-to-ask",
    "undo-impossible",
    "too-late",
    "already-started",
    "not-expected",
]

Why = Literal[
    "late-firing",
    "late-resolve",
    "repeat",
    "nothing-open",
    "dropped",
    "no-such-incident",
    "no-such-question",
    "no-such-person",
    "not-an-approver",
    "twice",
    "over",
    "early",
    "broken-plan",
    "wrong-environment",
]


Seen = Literal["quiet", "firing", "no-data", "error"]  # what a look at an alert's own expression came to


class Decision(msgspec.Struct, frozen=True, tag_field="type", kw_only=True, omit_defaults=True):
    incident: str | None = None


class Opened(Decision, frozen=True, kw_only=True, tag="opened"):
    key: dict[str, str]
    alert: str | None
    plan: str


class Classified(Decision, frozen=True, kw_only=True, tag="classified"):
    """`risk` is 0 to 100; `reasons` say where each figure came from."""

    severity: str
    class_: str | None = msgspec.field(name="class", default=None)
    tier: int
    environment: str
    team: str
    impact: dict[str, str] = {}
    risk: int
    procedure: str | None = None
    reasons: tuple[str, ...] = ()


class Moved(Decision, frozen=True, kw_only=True, tag="moved"):
    """From one state of its life into another."""

    before: Phase | None
    after: Phase
    reason: str


class Refused(Decision, frozen=True, kw_only=True, tag="refused"):
    """Something was not done. Each of these reaches a person by an effect of the same step.

    `run` is set when it is about one run, `remediation` when it is about any.
    """

    reason: Refusal
    remediation: str | None = None
    run: str | None = None
    target: str | None = None
    detail: str = ""


class Weighed(Decision, frozen=True, kw_only=True, tag="weighed"):
    """How risky it is to run a remediation for the incident, 0 to 100, with what adds to it; said before any gate is asked.

    `asks`: so risky that a person is asked, whatever the policy says.
    """

    remediation: str
    targets: tuple[str, ...]
    risk: int
    reasons: tuple[str, ...] = ()
    asks: bool = False


class Passed(Decision, frozen=True, kw_only=True, tag="passed"):
    """Every gate let it through; `gates` are those that were asked, in order."""

    remediation: str
    targets: tuple[str, ...]
    gates: tuple[str, ...]


class Held(Decision, frozen=True, kw_only=True, tag="held"):
    """Put off, not refused: the gates are asked again at `until`."""

    reason: Refusal
    remediation: str
    until: Instant


class Approval(Decision, frozen=True, kw_only=True, tag="approval"):
    """An answer to a question counted: `given` of `needed`."""

    question: str
    person: str
    yes: bool
    given: int
    needed: int


class Permitted(Decision, frozen=True, kw_only=True, tag="permitted"):
    """The run may begin now; said once for each run."""

    run: str
    target: str


class Ran(Decision, frozen=True, kw_only=True, tag="ran"):
    run: str
    outcome: Literal["succeeded", "failed", "not-started", "unknown"]
    detail: str = ""


class Verified(Decision, frozen=True, kw_only=True, tag="verified"):
    """One look at the alert's own expression, or, with `helped`, the end of looking."""

    remediation: str
    seen: Seen
    helped: bool | None = None


class Breaker(Decision, frozen=True, kw_only=True, tag="breaker"):
    name: str
    open: bool
    reason: str


class Escalated(Decision, frozen=True, kw_only=True, tag="escalated"):
    """A step was taken. `reached` are those it names; `nobody` names the parts of it that resolve to nobody."""

    step: int
    round: int
    reached: tuple[str, ...]
    nobody: tuple[str, ...] = ()
    last_resort: bool = False


class Told(Decision, frozen=True, kw_only=True, tag="told"):
    """Something of an incident's life that is no change of its state: what, and what of it."""

    what: str
    detail: str = ""
    person: str | None = None


class Ignored(Decision, frozen=True, kw_only=True, tag="ignored"):
    """An event, or one alert of a delivery, that changed nothing, and why."""

    reason: Why
    what: str = ""


class Adopted(Decision, frozen=True, kw_only=True, tag="adopted"):
    """A plan is in force, or a switch of the whole executor was moved."""

    what: str
    value: Any = None
    person: str | None = None


Decisions = (
    Opened
    | Classified
    | Moved
    | Weighed
    | Refused
    | Passed
    | Held
    | Approval
    | Permitted
    | Ran
    | Verified
    | Breaker
    | Escalated
    | Told
    | Ignored
    | Adopted
)
