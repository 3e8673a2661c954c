"""A world in which anything can happen to the executor, in any order: Alertmanager, people, runners and clocks, all unreliable.

It knows the truth about alerts, hands events to the real core and keeps the log. What it does is given as a list of moves, so
that hypothesis finds a short story for what goes wrong.
"""

import msgspec

from executor.laws import Entry, Story
from executor.small_plan import plan_text, shifted
from watchbill.executor.core import State, events, permitted, reduce
from watchbill.executor.core import effects as outside
from watchbill.executor.core.effects import SetDeadline

MINUTE = 60_000
START = 1_780_300_800_000  # Monday 2026-06-01 08:00 UTC
PEOPLE = ("ana", "bo", "cy", "noor", "dee", "mallory")
ENV = {"env": "production"}
ALERTS = [
    {"alertname": "Slow", "service": "shop", "severity": "critical", "deployment": "web-a", "team": "web", **ENV},
    {"alertname": "Slow", "service": "shop", "severity": "critical", "deployment": "web-b", "team": "web", **ENV},
    {
        "alertname": "Slow",
        "service": "shop",
        "severity": "critical",
        "deployment": "db; rm -rf /",
        "team": "web",
        **ENV,
    },
    {"alertname": "Full", "service": "shop", "severity": "warning", "deployment": "web-a", "team": "web", **ENV},
    {"alertname": "Full", "service": "shop", "severity": "warning", "deployment": "web-b", "team": "web", **ENV},
    {"alertname": "Full", "service": "shop", "severity": "warning", "deployment": "web-c", "team": "web", **ENV},
    {"alertname": "Late", "service": "shop", "severity": "high", "team": "web", **ENV},
    {"alertname": "Stuck", "service": "pipeline", "severity": "critical", "deployment": "api", "team": "data", **ENV},
    {"alertname": "Break", "service": "guard", "severity": "critical", "app": "cart", "team": "web", **ENV},
    {"alertname": "SlowNoData", "service": "shop", "severity": "warning", "team": "web", **ENV},
    {"alertname": "Unheard", "service": "shop", "severity": "critical", "deployment": "web-a", **ENV},
    {"alertname": "Slow", "service": "shop", "severity": "critical", "deployment": "web-a", "env": "staging"},
    {"alertname": "Watchdog", "service": "shop", "severity": "none", **ENV},
    {"alertname": "Stuck", "service": "pipeline", "severity": "critical", "deployment": "web-y", "team": "data", **ENV},
    {"alertname": "Stuck", "service": "pipeline", "severity": "critical", "deployment": "web-z", "team": "data", **ENV},
    {"alertname": "Break", "service": "guard", "severity": "critical", "app": "mail", "team": "web", **ENV},
    {"alertname": "Full", "service": "shop", "severity": "warning", "deployment": "web-d", "team": "web", **ENV},
]
SLOW_A, SLOW_B, SLOW_EVIL, FULL_A, FULL_B, FULL_C, LATE, STUCK, BREAK, NO_DATA, UNHEARD, LIAR, WATCHDOG = range(13)
STUCK_Y, STUCK_Z, BREAK_MAIL, FULL_D = range(13, 17)
KNOWN = (*range(10), *range(13, 17))  # those that a policy claims, in ALERTS


class Truth(msgspec.Struct):
    """One alert as it is. `told` is what Alertmanager last said of it."""

    starts_at: int | None = None
    ends_at: int | None = None
    silenced: bool = False


class World:
    def __init__(self, **plan: object) -> None:
        self.now = START
        self.start = self.state = State()
        self.entries: list[Entry] = []
        self.truth = [Truth() for _ in ALERTS]
        self.rows: dict[str, int] = {}
        self.served: list[tuple[str, int]] = []
        self.outbox: list[outside.Effect] = []
        self.flying: list[events.Events] = []
        self.prometheus = "fine"
        self.healthy = 3
        self.text = plan_text(**plan)
        self.take(events.PlanLoaded(text=self.text))

    @property
    def story(self) -> Story:
        assert self.state.plan is not None
        return Story(self.start, self.state.library[self.state.plan], self.entries)

    def take(self, event: events.Events):
        step = reduce(self.state, event, self.now)
        self.entries.append(Entry(len(self.entries), event, self.now, step))
        self.state = step.state
        for one in step.deadlines:
            if isinstance(one, SetDeadline):
                self.rows[one.key] = one.due
            else:
                self.rows.pop(one.key, None)
        self.outbox.extend(step.effects)
        return step

    def adopt(self, *, changed: bool) -> None:
        """A plan comes into force: that in which people have changed, or the one of the start."""
        self.take(events.PlanLoaded(text=shifted(self.text) if changed else self.text))

    # Alertmanager

    def fire(self, number: int) -> None:
        truth = self.truth[number]
        if truth.starts_at is None or truth.ends_at is not None:
            truth.starts_at, truth.ends_at = self.now, None

    def clear(self, number: int) -> None:
        truth = self.truth[number]
        if truth.starts_at is not None and truth.ends_at is None:
            truth.ends_at = self.now

    def active(self, number: int) -> bool:
        return self.truth[number].starts_at is not None and self.truth[number].ends_at is None

    def reported(self, number: int, *, shift: int = 0) -> events.Reported:
        truth, labels = self.truth[number], ALERTS[number]
        assert truth.starts_at is not None
        status = "firing" if self.active(number) else "resolved"
        summary = {"summary": f"{labels['alertname']} of {labels['service']}"}
        return events.Reported(
            f"f{number}", status, labels, truth.starts_at + shift, truth.ends_at, summary, suppressed=truth.silenced
        )

    def tell(self, numbers: list[int], *, shift: int = 0, truncated: int = 0, source: str | None = None) -> None:
        """A delivery is on its way: what is silenced, or has never fired, is not in it."""
        told = [one for one in numbers if self.truth[one].starts_at is not None and not self.truth[one].silenced]
        alerts = tuple(msgspec.structs.replace(self.reported(number, shift=shift), suppressed=False) for number in told)
        if alerts:
            self.flying.append(
                events.Delivered(
                    delivery="0", environment="production", alerts=alerts, truncated=truncated, source=source
                )
            )

    def arrive(self, which: int, *, again: bool = False) -> None:
        if self.flying:
            index = which % len(self.flying)
            self.take(self.flying[index] if again else self.flying.pop(index))

    def reconcile(self, effect: outside.Effect, *, complete: bool = True) -> events.Reconciled:
        alerts = tuple(self.reported(number) for number in range(len(ALERTS)) if self.active(number))
        if not complete:
            alerts = alerts[::2]
        return events.Reconciled(key=effect.key, asked_at=self.now, alerts=alerts, complete=complete)

    # Clocks

    def pass_(self, milliseconds: int) -> None:
        self.now += milliseconds

    def due(self, which: int) -> None:
        """One of the deadlines that are due comes in, whichever."""
        ready = sorted((due, key) for key, due in self.rows.items() if due <= self.now)
        if ready:
            due, key = ready[which % len(ready)]
            del self.rows[key]
            self.served.append((key, due))
            self.take(events.DeadlineReached(key=key, due=due))

    def due_early(self, which: int) -> None:
        """A deadline comes in before its time: another replica's clock is ahead."""
        waiting = sorted((key, due) for key, due in self.rows.items() if due > self.now)
        if waiting:
            key, due = waiting[which % len(waiting)]
            del self.rows[key]
            self.take(events.DeadlineReached(key=key, due=due))

    def due_again(self, which: int) -> None:
        if self.served:
            key, due = self.served[which % len(self.served)]
            self.take(events.DeadlineReached(key=key, due=due))

    # Runners

    def work(self, which: int, how: int) -> None:
        """Some effect is carried out, well or badly."""
        if not self.outbox:
            return
        effect = self.outbox.pop(which % len(self.outbox))
        body = effect.body
        if isinstance(body, outside.Collect):
            self.take(events.Collected(key=effect.key, complete=how % 3 != 0, detail="" if how % 3 else "timeout"))
        elif isinstance(body, outside.Query):
            self.take(self.answer(effect.key, body))
        elif isinstance(body, outside.Reconcile):
            self.flying.append(self.reconcile(effect, complete=how % 4 != 0))
        elif isinstance(body, outside.Act):
            self.act(effect, body, how)
        else:
            self.take(events.MessageSettled(key=effect.key, arrived=how % 4 != 0, opened=self.left_open(effect, how)))

    def left_open(self, effect: outside.Effect, how: int) -> tuple[events.LeftOpen, ...]:
        """An alert that a page opened in PagerDuty; what was to be closed, and the incident came back first."""
        identity = effect.body.incident
        if isinstance(effect.body, outside.Close):
            incident = self.state.find(identity or "")
            return effect.body.opened if incident is not None and incident.open else ()
        return (events.LeftOpen("pagerduty", "web", f"{identity}/{how % 3}"),) if identity and how % 4 > 1 else ()

    def answer(self, key: str, body: outside.Query) -> events.QueryAnswered:
        assert body.incident is not None
        found: dict[str, events.Result] = {}
        for name in body.expressions:
            if self.prometheus == "down":
                found[name] = events.Result(error="connection refused")
            elif name == "floor":
                found[name] = events.Result((events.Sample({}, float(self.healthy)),))
            elif name == "absent":
                gone = self.prometheus == "empty"
                found[name] = events.Result((events.Sample({}, 1.0),) if gone else ())
            elif self.prometheus == "empty":
                found[name] = events.Result()
            else:
                found[name] = events.Result(tuple(self.samples(body.incident)))
        return events.QueryAnswered(key=key, results=found)

    def samples(self, incident: str):
        known = self.state.find(incident)
        for number, labels in enumerate(ALERTS):
            if known is not None and self.active(number) and labels["alertname"] == known.key["alertname"]:
                yield events.Sample({k: v for k, v in labels.items() if k in ("deployment", "app")}, 1.0)

    def act(self, effect: outside.Effect, body: outside.Act, how: int) -> None:
        """Intent first; then anything may happen: it helps, it does not, it fails, the process dies, a second one comes."""
        step = self.take(events.ActionStarted(key=effect.key, recorded="3" if body.record and how % 7 else None))
        if not permitted(step, effect.key):
            return
        if how % 5 == 0:  # another replica believes that it is its turn
            assert not permitted(self.take(events.ActionStarted(key=effect.key, recorded="4")), effect.key)
        if how % 11 == 1:
            self.flying.append(events.ActionUnknown(key=effect.key, detail="it died"))
        elif how % 11 == 2:
            self.flying.append(events.ActionFinished(key=effect.key, outcome="failed", detail="refused"))
        elif how % 11 == 3:
            pass  # nothing is ever heard of it
        else:
            if how % 2 and body.undo is None:
                self.helps(body)
            self.flying.append(events.ActionFinished(key=effect.key, outcome="succeeded"))

    def helps(self, body: outside.Act) -> None:
        assert body.incident is not None
        known = self.state.find(body.incident)
        for number, labels in enumerate(ALERTS):
            if known is not None and all(labels.get(name, "") == value for name, value in known.key.items()):
                self.clear(number)

    # People

    def incident(self, which: int) -> str:
        ids = sorted(one.id for one in self.state.incidents.values())
        return ids[which % len(ids)] if ids else "nothing"

    def question(self, which: int) -> tuple[str, str]:
        """Some question that stands: its incident's id and its own."""
        found = sorted((one.id, question.id) for one in self.state.incidents.values() for question in one.questions)
        return found[which % len(found)] if found else ("nothing", "nothing")

    def person(self, which: int, who: int, what: int) -> None:
        incident, person = self.incident(which), PEOPLE[who % len(PEOPLE)]
        if what % 8 == 0:
            self.take(events.Acknowledged(incident=incident, person=person))
        elif what % 8 == 1:
            self.take(events.ResolvedByHand(incident=incident, person=person, false_positive=what % 16 == 1))
        elif what % 8 == 2:
            self.take(events.HandedOver(incident=incident, person=person, to=PEOPLE[which % len(PEOPLE)]))
        elif what % 8 == 3:
            names = ("restart", "scale", "feature", "isolate", "unheard-of")
            self.take(events.RemedyRequested(incident=incident, person=person, remediation=names[what % 5]))
        else:
            incident, question = self.question(which)
            self.take(events.Answered(incident=incident, question=question, person=person, yes=what % 8 != 7))

    # A while in which everything runs

    def routine(self, steps: int, how: int) -> None:
        """Clocks tick, what is due comes in, effects are carried out, questions are answered; `how` says how well."""
        for number in range(steps):
            self.pass_(20_000)
            for _ in range(20):
                self.due(0)
            for effect in list(self.outbox):
                self.outbox.remove(effect)
                if isinstance(effect.body, outside.Ask) and (how + number) % 5:
                    self.consent(effect.body)
                self.outbox.insert(0, effect)
                self.work(0, how + number if how % 3 else 5)
            while self.flying:
                self.arrive(0)

    def consent(self, ask: outside.Ask) -> None:
        for one in ask.to[: ask.count]:
            if one.person is not None and ask.incident is not None:
                self.take(events.Answered(incident=ask.incident, question=ask.question, person=one.person, yes=True))

    def opened(self, *numbers: int) -> str:
        """Alerts fire, and are told of; the id of the incident that the last of them belongs to."""
        for number in numbers:
            self.fire(number)
            self.tell([number])
            self.arrive(len(self.flying) - 1)
        fingerprint = f"f{numbers[-1]}"
        return next(one.id for one in self.state.incidents.values() if fingerprint in one.alerts)

    def proceed(self, *, consent: bool = True) -> list[outside.Effect]:
        """Carry out everything but actions, as well as can be; the actions that wait to be begun."""
        while True:
            effects, self.outbox = self.outbox, []
            kept = [one for one in effects if isinstance(one.body, outside.Act)]
            for effect in effects:
                if isinstance(effect.body, outside.Collect):
                    self.take(events.Collected(key=effect.key))
                elif isinstance(effect.body, outside.Query):
                    self.take(self.answer(effect.key, effect.body))
                elif isinstance(effect.body, outside.Ask) and effect.body.remediation and consent:
                    self.consent(effect.body)
            if not self.outbox:
                self.outbox = kept
                return kept
            self.outbox = [*kept, *self.outbox]

    def run(self, effect: outside.Effect, outcome: str = "succeeded", *, recorded: str | None = "3") -> bool:
        """Begin and end an action; whether it was permitted."""
        self.outbox = [one for one in self.outbox if one.key != effect.key]
        allowed = permitted(self.take(events.ActionStarted(key=effect.key, recorded=recorded)), effect.key)
        if allowed:
            self.take(events.ActionFinished(key=effect.key, outcome=outcome))
        return allowed

    def over(self, number: int) -> None:
        """An alert ends, and that is told."""
        self.clear(number)
        self.tell([number])
        self.arrive(len(self.flying) - 1)

    def tick(self, minutes: float) -> None:
        """Time passes as it should: every deadline comes in when it is due, and is followed up."""
        end = self.now + int(minutes * MINUTE)
        while (due := min(self.rows.values(), default=end + 1)) <= end:
            self.now = max(self.now, due)
            self.due(0)
            self.proceed(consent=False)
        self.now = end

    # At last

    def settle(self) -> None:
        """Nobody moves any more, and no webhook ever comes: only clocks run, and Alertmanager answers when it is asked."""
        self.prometheus = "fine"
        self.flying.clear()
        end = self.now + 150 * MINUTE
        while True:
            for effect in list(self.outbox):
                self.outbox.remove(effect)
                if isinstance(effect.body, outside.Reconcile):
                    self.take(self.reconcile(effect))
            due = min(self.rows.values(), default=None)
            if due is None or due > end:
                return
            self.now = max(self.now, due)
            self.due(0)
