"""What Alertmanager tells: duplicated, late, out of order, cut short, or not at all. A resolve is never lost, nor a fire.

An alert is its fingerprint. `startsAt` only tells a late word from a new episode: two Prometheus replicas give two, and it
can move backwards. A firing alert that began before it ended may be a late word or the other replica's: Alertmanager is
asked. So it is when a delivery was cut short, when nothing was heard for too long, and every few minutes: an alert that ends
while it is silenced, inhibited or muted is told of by nobody.
"""

import hashlib

import msgspec

from watchbill.executor.core import lifecycle
from watchbill.executor.core.classify import Identity, crowd, identify
from watchbill.executor.core.effects import Reconcile
from watchbill.executor.core.events import Delivered, Instant, Reconciled, Reported
from watchbill.executor.core.state import Alert, Incident
from watchbill.executor.core.turn import Turn
from watchbill.executor.plan import Plan, milliseconds
from watchbill.executor.plan.times import HOUR, MINUTE

MISSES = 2  # so often in a row Alertmanager must not know an alert: after its own restart it knows none for a while
ENDED = 256  # alerts of an incident that have ended; twice as many at most are kept
CROWD = 50  # incidents within an hour of alerts that no policy claims; what comes beyond is one incident
LONGEST = 1024  # characters of a label's value


def delivered(turn: Turn, event: Delivered) -> None:
    plan = turn.plan
    if plan is None:
        turn.ignore("broken-plan", "no plan is loaded")
        return
    for reported in map(_bounded, event.alerts):
        _told(turn, plan, _identity(turn, plan, reported, event.environment, event.source), reported)
    if event.truncated:
        ask(turn, "a delivery was cut short")


def _bounded(reported: Reported) -> Reported:
    """No label is kept at a length that nobody reads: what is cut matches no allow-list, and is still told apart."""
    if all(len(value) <= LONGEST for value in reported.labels.values()):
        return reported
    labels = {
        name: value if len(value) <= LONGEST else f"{value[:64]}… {hashlib.sha256(value.encode()).hexdigest()}"
        for name, value in reported.labels.items()
    }
    return msgspec.structs.replace(reported, labels=labels)


def _identity(turn: Turn, plan: Plan, reported: Reported, environment: str, source: str | None) -> Identity:
    """By the plan in force. But what an open incident of an older plan has stays its own, whatever the new plan calls it."""
    found = identify(plan, reported.labels, environment, source)
    if found.target is None and _crowded(turn, found, reported):
        return crowd(found)
    if found.contradicts is not None:
        return found
    for digest in sorted(turn.state.library):
        if digest != plan.digest:
            older = identify(turn.state.library[digest], reported.labels, environment, source)
            incident = turn.peek_slot(older.slot) if older.slot != found.slot else None
            mine = incident is not None and incident.open and incident.plan == digest
            if mine and incident is not None and reported.fingerprint in incident.alerts:
                return older
    return found


def _crowded(turn: Turn, identity: Identity, reported: Reported) -> bool:
    """Whether an alert that no policy claims joins the others instead of opening, and paging for, one more of its own."""
    all_of_them, own = turn.peek_slot(crowd(identity).slot), turn.peek_slot(identity.slot)
    if all_of_them is not None and all_of_them.open and reported.fingerprint in all_of_them.alerts:
        return True
    if reported.status != "firing" or (own is not None and reported.fingerprint in own.alerts):
        return False
    lately = [one.incident for one in turn.state.recent if one.at > turn.now - HOUR]
    return len([one for one in map(turn.peek, lately) if one is not None and not one.facts.claimed]) >= CROWD


def _told(turn: Turn, plan: Plan, identity: Identity, reported: Reported) -> None:
    if identity.target is not None and identity.target.outcome == "drop":
        turn.ignore("dropped", identity.target.key)
        return
    incident = turn.at(identity.slot)
    if reported.status == "firing":
        _fires(turn, plan, identity, incident, reported)
    else:
        _ends(turn, incident, reported)


def _fires(turn: Turn, plan: Plan, identity: Identity, incident: Incident | None, reported: Reported) -> None:
    if incident is None:
        if not reported.suppressed:
            lifecycle.opened(turn, plan, identity, reported)
        return
    known = incident.alerts.get(reported.fingerprint)
    if known is not None and known.ends_at is not None and reported.starts_at < known.ends_at:
        turn.ignore("late-firing", reported.fingerprint, incident.id)
        ask(turn, "an alert fires that began before it ended")
        return
    reason = "an alert fires"
    if not incident.open:
        if reported.suppressed:
            return
        own, since = turn.plan_of(incident), turn.now - (incident.resolved_at or 0)
        if known is not None and known.ends_at is None:  # a person said that it is over while it still fires
            if 0 <= since < lifecycle.repeats_after(own, incident):
                turn.ignore("repeat", reported.fingerprint, incident.id)
                return
            reason = "it was called over, and an alert still fires"
        elif not 0 <= since < milliseconds(own.document.limits.reopen) and incident.attempt is None:
            lifecycle.opened(turn, plan, identity, reported)
            return
    starts_at = max(reported.starts_at, known.starts_at) if known is not None else reported.starts_at
    incident.alerts[reported.fingerprint] = Alert(reported.labels, starts_at, turn.now)
    _heard(incident, turn.now)
    if not incident.open:
        lifecycle.returned(turn, turn.plan_of(incident), incident, reason)
    elif incident.deadlines.pop("settle", None) is not None:
        incident.returns = (*incident.returns, turn.now)[-32:]
    own = turn.plan_of(incident)
    if identity.target is not None and own is not plan:  # what the plan says with which the incident began
        target = own.alert(reported.labels, identity.place or "")
        identity = msgspec.structs.replace(identity, target=target)
    lifecycle.worse(turn, own, incident, identity, reported)


def _heard(incident: Incident, now: Instant) -> None:
    incident.heard_at = now
    incident.stale = False


def _ends(turn: Turn, incident: Incident | None, reported: Reported) -> None:
    ends_at = reported.ends_at if reported.ends_at is not None else turn.now
    known = incident.alerts.get(reported.fingerprint) if incident is not None else None
    if incident is None or known is None:
        turn.ignore("nothing-open", reported.fingerprint, incident.id if incident is not None else None)
        return
    if known.ends_at is not None:
        if ends_at > known.ends_at:
            incident.alerts[reported.fingerprint] = msgspec.structs.replace(known, ends_at=ends_at)
        turn.ignore("repeat", reported.fingerprint, incident.id)
        return
    if ends_at < known.starts_at:
        turn.ignore("late-resolve", reported.fingerprint, incident.id)
        return
    _end(turn, incident, reported.fingerprint, ends_at)


def _end(turn: Turn, incident: Incident, fingerprint: str, ends_at: Instant) -> None:
    incident.alerts[fingerprint] = msgspec.structs.replace(incident.alerts[fingerprint], ends_at=ends_at, misses=0)
    _heard(incident, turn.now)
    _forget_some(incident)
    if incident.open and all(alert.ends_at is not None for alert in incident.alerts.values()):
        lifecycle.quiet(turn, turn.plan_of(incident), incident)


def _forget_some(incident: Incident) -> None:
    """Of alerts that have ended the latest are kept, so that names that change with each deployment do not heap up.

    One that says what the incident is stays.
    """
    ended = sorted((alert.ends_at, name) for name, alert in incident.alerts.items() if alert.ends_at is not None)
    if len(ended) <= 2 * ENDED:
        return
    named = next((name for name in sorted(incident.alerts) if _key(incident.alerts[name]) == incident.alert), None)
    gone = {name for _, name in ended[:-ENDED] if name != named}
    incident.alerts = {name: alert for name, alert in incident.alerts.items() if name not in gone}


def _key(alert: Alert) -> str:
    return "/".join(alert.labels.get(name, "") for name in ("service", "alertname", "severity"))


# Asking


def _pause(plan: Plan) -> Instant:
    """A minute, or less where the plan asks more often than that.

    So long it waits between two questions; and a word that came so shortly before one may be newer than the answer.
    """
    return min(MINUTE, milliseconds(plan.document.limits.reconcile))


def ask(turn: Turn, reason: str) -> None:
    """Ask Alertmanager what is active, unless it was asked just now."""
    pause = _pause(turn.plan) if turn.plan is not None else MINUTE
    if not 0 <= turn.now - turn.state.asked_at < pause:
        turn.state.asked_at = turn.now
        turn.effect_of_all(Reconcile(reason=reason), "reconcile")


def due(turn: Turn) -> None:
    """The regular question, as long as anything is open."""
    plan = turn.plan
    if plan is None or turn.state.open == 0:
        return
    ask(turn, "as every few minutes")
    due_at = turn.now + milliseconds(plan.document.limits.reconcile)
    turn.state.deadlines = {**turn.state.deadlines, "reconcile": due_at}


def stale(turn: Turn, incident: Incident) -> None:
    """Nothing was heard for too long: it is not over, nobody knows, and a person hears so."""
    plan = turn.plan_of(incident)
    after = lifecycle.stale_after(plan, incident)
    if turn.now - incident.heard_at < after:
        incident.deadlines["stale"] = incident.heard_at + after
        return
    incident.deadlines["stale"] = turn.now + after
    ask(turn, "nothing was heard for too long")
    if not incident.stale:
        incident.stale = True
        turn.why = "Alertmanager has not told of it for too long"
        turn.note(incident, "stale", f"{incident.title}: {turn.why}")


def reconciled(turn: Turn, event: Reconciled) -> None:
    """What Alertmanager holds active: what it has and was not told of, and what was told of and it has no more."""
    plan = turn.plan
    if plan is None:
        turn.ignore("broken-plan", "no plan is loaded")
        return
    active = set()
    for reported in map(_bounded, event.alerts):
        active.add(reported.fingerprint)
        identity = _identity(turn, plan, reported, plan.document.environment, None)
        if identity.target is not None and identity.target.outcome != "drop":
            _seen(turn, plan, identity, reported)
    if not event.complete:
        return
    for slot in sorted(turn.state.incidents):
        before = turn.state.incidents.get(slot)
        if before is not None and before.open and any(_lost(one, key, active) for key, one in before.alerts.items()):
            incident = turn.at(slot)
            if incident is not None and incident.open:
                _missed(turn, incident, active, event.asked_at, _pause(plan))


def _seen(turn: Turn, plan: Plan, identity: Identity, reported: Reported) -> None:
    """Active: heard of, as if it had been delivered. One that is open and fires is touched only now and then."""
    before = turn.peek_slot(identity.slot)
    known = before.alerts.get(reported.fingerprint) if before is not None else None
    if before is not None and before.open and known is not None and known.ends_at is None:
        fresh = turn.now - before.heard_at < lifecycle.stale_after(turn.plan_of(before), before) // 4
        if fresh and known.misses == 0 and not before.stale:
            return
    if before is not None and known is not None and known.ends_at is not None and not reported.suppressed:
        incident = turn.at(identity.slot)
        if incident is not None:  # the other replica's, then: it does fire
            incident.alerts[reported.fingerprint] = msgspec.structs.replace(known, ends_at=reported.starts_at)
    _fires(turn, plan, identity, turn.at(identity.slot), reported)


def _lost(alert: Alert, fingerprint: str, active: set[str]) -> bool:
    return alert.ends_at is None and fingerprint not in active


def _missed(turn: Turn, incident: Incident, active: set[str], asked_at: Instant, grace: Instant) -> None:
    for fingerprint, alert in sorted(incident.alerts.items()):
        if not _lost(alert, fingerprint, active) or alert.heard_at > asked_at - grace:
            continue
        misses = alert.misses + 1
        if misses < MISSES:
            incident.alerts[fingerprint] = msgspec.structs.replace(alert, misses=misses)
        else:
            turn.tell(incident, "ended unheard", fingerprint)
            _end(turn, incident, fingerprint, asked_at)
