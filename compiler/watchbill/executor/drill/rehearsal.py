"""One alert from its first second to its end: what the core decides, and a world that answers it as it was told to.

Everything but the world is the production code: the same plan, the same `reduce`, the same deadlines. In the world nothing is
changed and nobody is called: effects are answered after the time such things take.
"""

import heapq
import sys
from collections.abc import Callable
from typing import Literal

import msgspec

from watchbill.executor.core import State, Step, events, permitted, reduce
from watchbill.executor.core import effects as outside
from watchbill.executor.core.looking import ABSENT, FIRING, FLOOR
from watchbill.executor.plan import Plan
from watchbill.executor.words import Part

SECOND = 1_000
_TAKES = {"collect": 5, "query": 1, "act": 2, "reconcile": 2, "ask": 60}  # seconds
_RUNS_FOR = 20
_QUIET_AFTER = 30
_TOLD_AFTER = 300  # Alertmanager tells of the end when its rule has kept firing for a while


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What happens. `labels` are the alert's; times are milliseconds, all but `at` after the start.

    `then`: it fires once more at those times, with those labels. `remedy`: it helps, it is useless, it fails, or its
    process dies and nobody knows. `answers`: what approvers say. `healthy`: what the floor's query comes to; None: enough.
    `prometheus`: whether it answers.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    at: int
    length: int
    then: tuple[tuple[int, dict[str, str]], ...] = ()
    remedy: Literal["helps", "useless", "fails", "dies"] = "helps"
    answers: Literal["yes", "no", "nothing"] = "yes"
    acknowledge: int | None = None
    healthy: float | None = None
    prometheus: bool = True


class _Alert(msgspec.Struct):
    """One alert as it is. `quiet_since`: when its expression is quiet again, as far as is known."""

    fingerprint: str
    labels: dict[str, str]
    starts_at: int
    quiet_since: int | None = None
    ends_at: int | None = None


class _World:
    def __init__(self, plan: Plan, script: Script) -> None:
        self.plan = plan
        self.script = script
        self.state = State()
        self.parts: list[Part] = []
        self.now = script.at
        self.alerts: dict[str, _Alert] = {}
        self.to_fire = 1 + len(script.then)
        self._rows: dict[str, int] = {}
        self._coming: list[tuple[int, int, events.Events | Callable[[], None]]] = []
        self._count = 0

    def at(self, when: int, event: events.Events | Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._coming, (when, self._count, event))

    def take(self, event: events.Events) -> Step:
        step = reduce(self.state, event, self.now)
        self.state = step.state
        self.parts.append(Part(self.now, event, step.decisions, {one.key: one.body for one in step.effects}))
        for one in step.deadlines:
            if isinstance(one, outside.SetDeadline):
                self._rows[one.key] = one.due
                self.at(one.due, events.DeadlineReached(key=one.key, due=one.due))
            else:
                self._rows.pop(one.key, None)
        for effect in step.effects:
            self._answer(effect)
        return step

    def play(self) -> None:
        end = self.script.at + self.script.length
        while self._coming and self._coming[0][0] <= end and not self._ended():
            self.now, _, event = heapq.heappop(self._coming)
            if isinstance(event, events.DeadlineReached):
                if self._rows.get(event.key) == event.due:
                    del self._rows[event.key]
                    self.take(event)
            elif isinstance(event, events.ActionStarted):
                self._run(event)
            elif isinstance(event, events.QueryAnswered):
                self.take(self._answered(event))  # as it is at this moment
            elif callable(event):
                event()
            else:
                self.take(event)

    def _ended(self) -> bool:
        return self.state.opened > 0 and self.state.open == 0 and self.to_fire == 0

    # Alerts

    def fire(self, labels: dict[str, str]) -> None:
        """It fires, and that is told; one that fires already is told of once more."""
        self.to_fire -= 1
        known = next((one for one in self.alerts.values() if one.labels == labels), None)
        if known is None or known.ends_at is not None:
            fingerprint = known.fingerprint if known is not None else f"drill-{len(self.alerts) + 1}"
            known = self.alerts[fingerprint] = _Alert(fingerprint, labels, self.now - SECOND)
        self._deliver([known])

    def _end(self, ended: list[_Alert]) -> None:
        for one in ended:
            one.ends_at = self.now
        self._deliver(ended)

    def _deliver(self, alerts: list[_Alert]) -> None:
        reported = tuple(self._reported(one) for one in alerts)
        self.take(events.Delivered(delivery="", environment=self.plan.document.environment, alerts=reported))

    def _reported(self, alert: _Alert) -> events.Reported:
        status: Literal["firing", "resolved"] = "firing" if alert.ends_at is None else "resolved"
        return events.Reported(
            alert.fingerprint, status, alert.labels, alert.starts_at, alert.ends_at, self.script.annotations
        )

    def _of(self, key: str) -> list[_Alert]:
        """Those of the incident that a key belongs to which have not ended."""
        incident = self.state.find(key)
        mine = [self.alerts[one] for one in incident.alerts] if incident is not None else []
        return [one for one in mine if one.ends_at is None]

    # The world's answers

    def _answer(self, effect: outside.Effect) -> None:
        body = effect.body
        when = self.now + _TAKES.get(effect.kind, 0) * SECOND
        if isinstance(body, outside.Collect):
            self.at(when, events.Collected(key=effect.key))
        elif isinstance(body, outside.Query):
            asked = {name: events.Result() for name in body.expressions}
            self.at(when, events.QueryAnswered(key=effect.key, results=asked))
        elif isinstance(body, outside.Reconcile):
            active = tuple(self._reported(one) for one in self.alerts.values() if one.ends_at is None)
            self.at(when, events.Reconciled(key=effect.key, asked_at=self.now, alerts=active))
        elif isinstance(body, outside.Act):
            recorded = "what was there before" if body.record else None
            self.at(when, events.ActionStarted(key=effect.key, recorded=recorded))
        elif isinstance(body, outside.Ask) and body.remediation is not None and self.script.answers != "nothing":
            people = [one.person for one in body.to if one.person is not None]
            for number, person in enumerate(people[: body.count]):
                yes = self.script.answers == "yes"
                answer = events.Answered(incident=body.incident or "", question=body.question, person=person, yes=yes)
                self.at(when + 20 * SECOND * number, answer)

    def _answered(self, event: events.QueryAnswered) -> events.QueryAnswered:
        results: dict[str, events.Result] = {}
        for name in event.results:
            if not self.script.prometheus:
                results[name] = events.Result(error="Prometheus does not answer")
            elif name == FLOOR:
                healthy = self.script.healthy if self.script.healthy is not None else sys.float_info.max
                results[name] = events.Result((events.Sample({}, healthy),))
            elif name == FIRING and not self._is_quiet(event.key):
                results[name] = events.Result((events.Sample({}, 1.0),))
            else:
                assert name in (FIRING, ABSENT)  # noqa: S101  (the core asks nothing else)
                results[name] = events.Result()
        return events.QueryAnswered(key=event.key, results=results)

    def _is_quiet(self, key: str) -> bool:
        return all(one.quiet_since is not None and self.now >= one.quiet_since for one in self._of(key))

    def _run(self, event: events.ActionStarted) -> None:
        """A dry run: the intent is real, and what comes of it was decided beforehand."""
        if not permitted(self.take(event), event.key):
            return
        done = self.now + _RUNS_FOR * SECOND
        undo = "/undo/" in event.key
        if self.script.remedy == "dies" and not undo:
            self.at(done, events.ActionUnknown(key=event.key, detail="its process died between intent and result"))
            return
        failed = self.script.remedy == "fails" and not undo
        outcome: Literal["succeeded", "failed"] = "failed" if failed else "succeeded"
        detail = "as the drill says" if failed else "dry run"
        self.at(done, events.ActionFinished(key=event.key, outcome=outcome, detail=detail))
        mended = [one for one in self._of(event.key) if one.quiet_since is None]
        if self.script.remedy == "helps" and not undo and mended:
            for one in mended:
                one.quiet_since = done + _QUIET_AFTER * SECOND
            self.at(done + (_QUIET_AFTER + _TOLD_AFTER) * SECOND, lambda: self._end(mended))

    def acknowledge(self) -> None:
        """By whoever was told last."""
        for incident in self.state.incidents.values():
            reached = incident.escalation.reached if incident.escalation is not None else ()
            person = next((one.person for one in reached if one.person is not None), None)
            if person is not None and incident.open:
                self.take(events.Acknowledged(incident=incident.id, person=person))


def rehearse(plan: Plan, script: Script) -> tuple[list[Part], State]:
    """The story, event by event, and what is known in the end: when all incidents are over, or their time is."""
    world = _World(plan, script)
    world.take(events.PlanLoaded(text=plan.text.decode()))
    for after, labels in ((0, script.labels), *script.then):
        world.at(script.at + after, lambda labels=labels: world.fire(labels))  # type: ignore[misc]
    if script.acknowledge is not None:
        world.at(script.at + script.acknowledge, world.acknowledge)
    world.play()
    return world.parts, world.state
