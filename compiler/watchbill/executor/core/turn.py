"""One reduction at work: copies of what it touches, and what it leads to.

The state that came in is never changed: an incident is copied when it is first asked for, a mapping when it is changed.
When all is done, `finish` puts the copies into a new state, and says which deadlines differ from before, so that rows in
the store and deadlines in the state cannot part.
"""

from copy import copy

import msgspec

from watchbill.executor.core.decisions import Decision, Ignored, Moved, Phase, Refusal, Refused, Told, Why
from watchbill.executor.core.effects import (
    Bodies,
    CancelDeadline,
    Deadline,
    Effect,
    Note,
    Recipient,
    SetDeadline,
)
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Incident, Ledger, State, Step
from watchbill.executor.core.who import Plans, last_resort, responders, to_ask
from watchbill.executor.plan import Plan

_AT_WORK: dict[str, Phase] = {"acting": "acting", "undoing": "acting", "verifying": "verifying"}


class Turn:
    def __init__(self, state: State, now: Instant) -> None:
        self.state = copy(state)
        self.now = now
        self.why = ""
        self._slots: dict[str, Incident | None] = {}
        self._before: dict[str, dict[str, Instant]] = {}
        self._global = state.deadlines
        self._again: list[SetDeadline] = []
        self._effects: list[Effect] = []
        self._decisions: list[Decision] = []

    # Incidents

    def at(self, slot: str) -> Incident | None:
        """The incident of a key, open or over, as a copy that may be changed."""
        if slot not in self._slots:
            found = self.state.incidents.get(slot)
            if found is not None:
                self._before[found.id] = found.deadlines
                found = copy(found)
                found.alerts, found.deadlines, found.sent = dict(found.alerts), dict(found.deadlines), dict(found.sent)
            self._slots[slot] = found
        return self._slots[slot]

    def find(self, identity: str) -> Incident | None:
        """An incident by its id or by the key of anything of its own."""
        wanted = identity.partition("/")[0]
        found = self.at(wanted.partition("-")[0])
        return found if found is not None and found.id == wanted else None

    def peek(self, identity: str) -> Incident | None:
        """The same, to be read only: nothing is copied."""
        found = self.peek_slot(identity.partition("-")[0])
        return found if found is not None and found.id == identity else None

    def peek_slot(self, slot: str) -> Incident | None:
        return self._slots[slot] if slot in self._slots else self.state.incidents.get(slot)

    def put(self, incident: Incident) -> None:
        """A new incident, in the place of one that is over."""
        old = self.at(incident.slot)
        if old is not None:
            self.forget(old)
        self._before.setdefault(incident.id, {})
        self._slots[incident.slot] = incident
        self._count_plan(incident.plan, 1)

    def forget(self, incident: Incident) -> None:
        self._slots[incident.slot] = None
        self._count_plan(incident.plan, -1)

    def plan_of(self, incident: Incident) -> Plan:
        """The plan it began with."""
        return self.state.library[incident.plan]

    def plans_of(self, incident: Incident) -> Plans:
        """Those to ask who is meant."""
        return to_ask(self.state, self.plan_of(incident))

    @property
    def plan(self) -> Plan | None:
        """The plan in force."""
        return self.state.library.get(self.state.plan or "")

    def _count_plan(self, digest: str, change: int) -> None:
        count = self.state.plans.get(digest, 0) + change
        self.state.plans = {**self.state.plans, digest: count}
        if count <= 0 and digest != self.state.plan:
            self.release(digest)

    def release(self, digest: str) -> None:
        """Let go of a plan that nothing holds on to."""
        self.state.plans = {key: count for key, count in self.state.plans.items() if key != digest}
        self.state.library = {key: plan for key, plan in self.state.library.items() if key != digest}

    def change(self, **ledger: object) -> None:
        self.state.ledger = msgspec.structs.replace(self.state.ledger, **ledger)

    @property
    def ledger(self) -> Ledger:
        return self.state.ledger

    # What it leads to

    def decide(self, decision: Decision) -> None:
        self._decisions.append(decision)

    def ignore(self, reason: Why, what: str = "", incident: str | None = None) -> None:
        self.decide(Ignored(incident=incident, reason=reason, what=what))

    def tell(self, incident: Incident, what: str, detail: str = "", person: str | None = None) -> None:
        self.decide(Told(incident=incident.id, what=what, detail=detail, person=person))

    def effect(self, incident: Incident, body: Bodies, key: str | None = None, *, once: bool = False) -> str:
        """A row of the outbox; its key, unless given, counts the incident's effects."""
        if key is None:
            incident.effects += 1
            key = f"{incident.id}/{Effect('', body).kind}/{incident.effects}"
        self._effects.append(Effect(key, body, once))
        return key

    def effect_of_all(self, body: Bodies, kind: str) -> str:
        """An effect of no one incident."""
        self.state.effects += 1
        key = f"executor/{kind}/{self.state.effects}"
        self._effects.append(Effect(key, body))
        return key

    def note(self, incident: Incident, reason: str, text: str, to: tuple[Recipient, ...] = ()) -> None:
        to = to or responders(self.plans_of(incident), incident, self.now)
        self.effect(incident, Note(incident=incident.id, to=to, reason=reason, text=text))

    def refuse(
        self,
        incident: Incident,
        reason: Refusal,
        detail: str = "",
        *,
        remediation: str | None = None,
        run: str | None = None,
        target: str | None = None,
    ) -> None:
        """Something is not done: it is recorded, and a person hears of it."""
        self.decide(
            Refused(incident=incident.id, reason=reason, remediation=remediation, run=run, target=target, detail=detail)
        )
        self.note(incident, f"refused:{reason}", f"{remediation or 'the machine'} is held back ({reason}): {detail}")

    def refuse_unknown(self, reason: Refusal, run: str, detail: str) -> None:
        """Something that belongs to no incident is not done."""
        self.decide(Refused(reason=reason, run=run, detail=detail))
        if self.plan is not None:
            to = last_resort((self.plan,), self.now)
            self.effect_of_all(Note(to=to, reason=f"refused:{reason}", text=f"{run}: {detail}"), "note")

    def set_again(self, key: str, due: Instant) -> None:
        """A deadline that came too early is set once more, though the state holds it unchanged."""
        self._again.append(SetDeadline(key, due))

    # The end

    def finish(self) -> Step:
        deadlines: list[Deadline] = list(self._again)
        after: dict[str, dict[str, Instant]] = {}
        for incident in self._slots.values():
            if incident is not None:
                after[incident.id] = incident.deadlines
                self._move(incident)
        for identity, before in self._before.items():
            deadlines.extend(_changes(f"{identity}/", before, after.get(identity, {})))
        if self.state.deadlines is not self._global:
            deadlines.extend(_changes("executor/", self._global, self.state.deadlines))
        self.state.incidents = self.state.incidents.changed(self._slots)
        return Step(self.state, tuple(self._effects), tuple(deadlines), tuple(self._decisions))

    def _move(self, incident: Incident) -> None:
        phase = phase_of(incident)
        if phase != incident.phase:
            self.decide(Moved(incident=incident.id, before=incident.phase, after=phase, reason=self.why))
            incident.phase = phase


def phase_of(incident: Incident) -> Phase:
    """Where in its life an incident is, the most telling word first."""
    attempt = incident.attempt
    if not incident.open:
        return "resolved"
    if incident.stale:
        return "stale"
    if attempt is not None and attempt.stage in _AT_WORK:
        return _AT_WORK[attempt.stage]
    if attempt is not None and attempt.stage == "asking":
        return "awaiting-approval"
    if incident.waiting is not None or (attempt is not None and attempt.stage == "checking"):
        return "diagnosing"
    if incident.mitigated_at is not None:
        return "mitigated"
    if incident.acknowledged_at is not None:
        return "acknowledged"
    return "reopened" if incident.returns else "opened"


def _changes(prefix: str, before: dict[str, Instant], after: dict[str, Instant]) -> list[Deadline]:
    if before == after:
        return []
    changes: list[Deadline] = [CancelDeadline(prefix + name) for name in sorted(before) if name not in after]
    changes += [SetDeadline(prefix + name, due) for name, due in sorted(after.items()) if before.get(name) != due]
    return changes
