"""`reduce(state, event, now)`: what an event leads to. Total: any event in any state gives a step, and never an exception."""

from watchbill.executor.core import (
    agenda,
    alerts,
    attempts,
    clock,
    escalate,
    ledger,
    lifecycle,
    messages,
    persons,
    runs,
)
from watchbill.executor.core.decisions import Adopted, Breaker, Permitted
from watchbill.executor.core.effects import Close, Page
from watchbill.executor.core.events import (
    Acknowledged,
    ActionFinished,
    ActionStarted,
    ActionUnknown,
    Answered,
    BreakerClosed,
    ClockSetBack,
    Collected,
    DeadlineReached,
    Delivered,
    Events,
    HandedOver,
    Instant,
    MessageSettled,
    ModeSet,
    MonitoringReported,
    Noted,
    PlanLoaded,
    QueryAnswered,
    Reconciled,
    RemedyRequested,
    ResolvedByHand,
    Switched,
)
from watchbill.executor.core.state import Incident, State, Step, Switch
from watchbill.executor.core.turn import Turn
from watchbill.executor.core.who import last_resort
from watchbill.executor.plan import Fault, Plan, digest_of, read
from watchbill.executor.plan.times import HOUR


def reduce(state: State, event: Events, now: Instant) -> Step:
    """The new state, and what is to be done, waited for and recorded. `state` stays as it was.

    `now` is of this era: schedules know the years 1 to 9999.
    """
    turn = Turn(state, now)
    turn.why = str(type(event).__struct_config__.tag).replace("-", " ")
    if isinstance(event, Delivered):
        alerts.delivered(turn, event)
    elif isinstance(event, DeadlineReached):
        _deadline(turn, event)
    elif isinstance(event, QueryAnswered):
        _query(turn, event)
    elif isinstance(event, Collected):
        _collected(turn, event)
    elif isinstance(event, ActionStarted | ActionFinished | ActionUnknown):
        _run(turn, event)
    elif isinstance(event, MessageSettled):
        _settled(turn, event)
    elif isinstance(event, Acknowledged | Answered | ResolvedByHand | HandedOver | Noted | RemedyRequested):
        persons.acted(turn, event)
    elif isinstance(event, Reconciled):
        alerts.reconciled(turn, event)
    elif isinstance(event, PlanLoaded):
        _plan(turn, event)
    elif isinstance(event, ClockSetBack):
        clock.set_back(turn, max(0, event.by))
        turn.decide(Adopted(what="clock set back", value=event.by))
    else:
        _switched(turn, event)
    return turn.finish()


def permitted(step: Step, key: str) -> bool:
    """Whether the runner that reported `ActionStarted` may begin: the step of that very event says so."""
    return any(isinstance(one, Permitted) and one.run == key for one in step.decisions)


# The clock


def _deadline(turn: Turn, event: DeadlineReached) -> None:
    """One that is due once more, or was set to another time since, changes nothing."""
    incident = None
    owner, _, name = event.key.rpartition("/")
    if owner == "executor":
        known = turn.state.deadlines.get(name)
    else:
        incident = turn.find(owner)
        known = incident.deadlines.get(name) if incident is not None else None
    if known is None or known != event.due:
        turn.ignore("twice", event.key)
    elif turn.now < known:
        turn.ignore("early", event.key)
        turn.set_again(event.key, known)
    elif incident is None:
        turn.state.deadlines = {other: due for other, due in turn.state.deadlines.items() if other != name}
        alerts.due(turn)
    else:
        del incident.deadlines[name]
        _due(turn, incident, name)
        agenda.advance(turn, incident)


def _due(turn: Turn, incident: Incident, name: str) -> None:
    if name == "escalate":
        escalate.step(turn, incident, "nobody has acknowledged")
    elif name == "acknowledge":
        turn.tell(incident, "acknowledged too late", "the time to acknowledge is over")
    elif name == "outcome":
        if incident.acknowledged_at is None:
            escalate.begin(turn, incident, "it is open, and now is a time to page")
    elif name == "collect":
        agenda.collected(turn, incident, incident.waiting or "", complete=False, detail="it took too long")
    elif name == "hold":
        attempts.gate(turn, incident)
    elif name == "approval":
        attempts.expired(turn, incident)
    elif name == "query":
        attempts.unanswered(turn, incident)
    elif name == "act":
        runs.overdue(turn, incident)
    elif name == "verify":
        runs.look_again(turn, incident)
    elif name == "verified":
        runs.not_helped(turn, incident)
    elif name == "mitigated":
        _not_over(turn, incident)
    elif name == "settle":
        lifecycle.ended(turn, incident, "it has been quiet for a while")
    elif name == "stale":
        alerts.stale(turn, incident)
    elif name == "forget":
        lifecycle.forget(turn, incident)
    else:
        messages.due(turn, incident, name)


def _not_over(turn: Turn, incident: Incident) -> None:
    """A remedy helped some time ago, and Alertmanager still holds the alert: people look."""
    incident.mitigated_at = None
    turn.why = "a remedy helped, and the alert still fires"
    if incident.acknowledged_at is None:
        escalate.begin(turn, incident, turn.why)
    else:
        turn.note(incident, "not-over", f"{incident.title}: {turn.why}")


# The runner


def _query(turn: Turn, event: QueryAnswered) -> None:
    incident = turn.find(event.key)
    attempt = incident.attempt if incident is not None else None
    if incident is None or attempt is None or attempt.query != event.key:
        turn.ignore("over", event.key)
    elif attempt.stage == "verifying":
        runs.looked(turn, incident, event.results)
        agenda.advance(turn, incident)
    else:
        attempts.looked(turn, incident, event.results)
        agenda.advance(turn, incident)


def _collected(turn: Turn, event: Collected) -> None:
    incident = turn.find(event.key)
    if incident is None or incident.waiting != event.key:
        turn.ignore("over", event.key)
    else:
        agenda.collected(turn, incident, event.key, complete=event.complete, detail=event.detail)


def _run(turn: Turn, event: ActionStarted | ActionFinished | ActionUnknown) -> None:
    incident = turn.find(event.key)
    if isinstance(event, ActionStarted):
        runs.started(turn, incident, event.key, event.recorded)
    elif isinstance(event, ActionFinished):
        runs.finished(turn, incident, event.key, event.outcome, event.detail)
    else:
        runs.finished(turn, incident, event.key, "unknown", event.detail)
    if incident is not None:
        agenda.advance(turn, incident)


def _settled(turn: Turn, event: MessageSettled) -> None:
    """What cannot be delivered to whom it was meant for goes to the last resort; a page of a step lets the next one begin."""
    incident = turn.find(event.key)
    if incident is None:
        turn.ignore("no-such-incident", event.key)
        if event.opened:
            turn.effect_of_all(Close(opened=event.opened), "close")
        return
    lifecycle.left_open(turn, incident, event.opened)
    kind = event.key.removeprefix(incident.id).strip("/").partition("/")[0]
    if not event.arrived:
        turn.tell(incident, "not delivered", f"{event.key}: {event.detail}")
    if kind == "page":
        escalate.settled(turn, incident, event.key, arrived=event.arrived)
    elif not event.arrived and kind in ("note", "ask") and incident.open:
        for one in last_resort(turn.plans_of(incident), turn.now):
            escalate.page_beside(turn, incident, one, f"{kind} could not be delivered: {event.detail}")


# Those who run it


def _watched(plan: Plan, part: str) -> bool:
    """Whether anybody looks at it still: of what a plan has no more, nobody would ever say that it is well again."""
    kind, _, name = part.partition(":")
    if kind == "prometheus":
        place = plan.document.places.get(name)
        return place is not None and (place.prometheus is not None or bool(place.heartbeat))
    return kind != "alertmanager" or bool(plan.document.alertmanagers)


def _plan(turn: Turn, event: PlanLoaded) -> None:
    """In force for new incidents, and for who is meant in those that are open; one that is no plan changes nothing."""
    text = event.text.encode()
    digest = digest_of(text)
    plan = turn.state.library.get(digest) or read(text)
    if isinstance(plan, Fault):
        turn.ignore("broken-plan", str(plan))
        return
    before = turn.state.plan
    turn.state.plan = digest
    turn.state.library = {**turn.state.library, digest: plan}
    turn.state.plans = {**turn.state.plans, digest: turn.state.plans.get(digest, 0)}
    turn.state.broken = {part: since for part, since in turn.state.broken.items() if _watched(plan, part)}
    if before is not None and before != digest and turn.state.plans.get(before, 0) <= 0:
        turn.release(before)
    turn.decide(Adopted(what="plan", value=digest))


def _switched(turn: Turn, event: Switched | ModeSet | BreakerClosed | MonitoringReported) -> None:
    if isinstance(event, Switched):
        switches = {scope: switch for scope, switch in turn.state.switches.items() if scope != event.scope}
        if event.on:
            switches[event.scope] = Switch(event.person, turn.now, event.reason)
        turn.state.switches = switches
        turn.decide(Adopted(what=f"kill switch {event.scope}", value=event.on, person=event.person))
    elif isinstance(event, ModeSet):
        turn.state.mode = event.mode
        turn.decide(Adopted(what="mode", value=event.mode, person=event.person))
    elif isinstance(event, BreakerClosed):
        if ledger.close(turn, event.breaker):
            turn.decide(Breaker(name=event.breaker, open=False, reason=f"{event.person} {event.reason}".rstrip()))
        else:
            turn.ignore("nothing-open", event.breaker)
    else:
        broken = {part: since for part, since in turn.state.broken.items() if part != event.part}
        if not event.healthy and event.part not in turn.state.broken:
            _unbelievable(turn, event)
        if not event.healthy:
            broken[event.part] = turn.state.broken.get(event.part, turn.now)
        turn.state.broken = broken
        turn.decide(Adopted(what=f"monitoring {event.part}", value=event.healthy))


def _unbelievable(turn: Turn, event: MonitoringReported) -> None:
    """Whoever would be told by what is broken now hears of it from here: a person is woken, once an hour for each part."""
    plan, told = turn.plan, turn.state.told.get(event.part)
    if plan is None or (told is not None and 0 <= turn.now - told < HOUR):
        return
    turn.state.told = {**turn.state.told, event.part: turn.now}
    team = plan.document.last_resort.team
    for one in last_resort((plan,), turn.now):
        body = Page(
            to=one,
            step=0,
            round=0,
            reason=f"{event.part} cannot be believed: {event.detail or 'it gives no answer'}",
            team=team,
            severity=plan.worst,
            paging=plan.document.teams[team].paging,
        )
        turn.effect_of_all(body, "page")
