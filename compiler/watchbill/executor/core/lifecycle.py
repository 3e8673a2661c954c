"""An incident opens, comes back, gets worse, ends and is forgotten."""

import msgspec

from watchbill.executor.core import agenda, attempts, escalate, ledger, messages
from watchbill.executor.core.classify import Identity, facts_of, unclaimed
from watchbill.executor.core.decisions import Classified, Moved, Opened
from watchbill.executor.core.effects import Close
from watchbill.executor.core.events import Instant, LeftOpen, Reported
from watchbill.executor.core.state import Alert, Incident, Opening
from watchbill.executor.core.turn import Turn
from watchbill.executor.plan import Plan, milliseconds
from watchbill.executor.plan.times import HOUR, MINUTE

REMEMBERED = 256  # openings, for cascades and storms
FORGOTTEN_AFTER = 2 * HOUR
LONGEST_TITLE = 200
_GRACE = 10 * MINUTE


def repeats_after(plan: Plan, incident: Incident) -> Instant:
    """How often Alertmanager repeats itself; for so long it is believed, too, when a person says that it is over."""
    severity = plan.document.severities.get(incident.facts.severity)
    return milliseconds(severity.again) if severity is not None else plan.longest_silence


def stale_after(plan: Plan, incident: Incident) -> Instant:
    """How long Alertmanager may be silent about an alert: until it repeats itself, and a little more."""
    return repeats_after(plan, incident) + _GRACE


def opened(turn: Turn, plan: Plan, identity: Identity, reported: Reported) -> Incident:
    """A new incident for the first alert of it."""
    turn.state.opened += 1
    facts = facts_of(turn, plan, identity, reported.labels)
    title = reported.annotations.get("summary") or reported.labels.get("alertname") or "an alert"
    if identity.key.get("unclaimed") == "many":
        title = "many alerts that no policy claims"
    incident = Incident(
        id=f"{identity.slot}-{turn.state.opened}",
        key=identity.key,
        plan=plan.digest,
        alert=identity.target.key if identity.target is not None else None,
        place=identity.place,
        opened_at=turn.now,
        facts=facts,
        title=title[:LONGEST_TITLE],
        alerts={reported.fingerprint: Alert(reported.labels, reported.starts_at, turn.now)},
        heard_at=turn.now,
    )
    turn.put(incident)
    turn.decide(Opened(incident=incident.id, key=identity.key, alert=incident.alert, plan=plan.digest))
    _classified(turn, plan, incident)
    turn.decide(Moved(incident=incident.id, before=None, after="opened", reason="an alert fires"))
    labels = reported.labels
    service, name = labels.get("service", ""), labels.get("alertname", "")
    opening = Opening(turn.now, incident.id, service, facts.team, name, claimed=facts.claimed)
    turn.state.recent = (*turn.state.recent[1 - REMEMBERED :], opening)
    incident.deadlines["stale"] = turn.now + stale_after(plan, incident)
    _counted(turn, plan, incident, 1)
    escalate.begin(turn, incident, "an alert fires")
    refusal = unclaimed(identity)
    if refusal is not None:
        turn.refuse(incident, *refusal)
        return incident
    messages.opened(turn, incident)
    incident.agenda = agenda.of(plan, incident)
    agenda.advance(turn, incident)
    return incident


def _classified(turn: Turn, plan: Plan, incident: Incident) -> None:
    facts = incident.facts
    impact = {"revenue": facts.revenue, "customers": facts.customers}
    turn.decide(
        Classified(
            incident=incident.id,
            severity=facts.severity,
            class_=facts.class_,
            tier=facts.tier,
            environment=plan.document.environment,
            team=facts.team,
            impact={key: value for key, value in impact.items() if value is not None},
            risk=facts.risk,
            procedure=facts.procedure,
            reasons=facts.reasons,
        )
    )


def _counted(turn: Turn, plan: Plan, incident: Incident, change: int) -> None:
    """How many are open, and how many of a place's tell that data is missing."""
    turn.state.open += change
    alert = plan.alert_in(incident.alert, incident.place) if incident.alert and incident.place else None
    if alert is not None and alert.no_data_of is not None and incident.place is not None:
        count = turn.state.blind.get(incident.place, 0) + change
        turn.state.blind = {**turn.state.blind, incident.place: count}
    if turn.state.open > 0 and "reconcile" not in turn.state.deadlines:
        due = turn.now + milliseconds(plan.document.limits.reconcile)
        turn.state.deadlines = {**turn.state.deadlines, "reconcile": due}
    elif turn.state.open == 0 and "reconcile" in turn.state.deadlines:
        turn.state.deadlines = {name: due for name, due in turn.state.deadlines.items() if name != "reconcile"}


def worse(turn: Turn, plan: Plan, incident: Incident, identity: Identity, reported: Reported) -> None:
    """An alert of a graver severity joins: the incident is as grave as its worst alert, and whoever has it hears so."""
    target = identity.target
    if target is None or not incident.facts.claimed or target.key == incident.alert:
        return
    severity = reported.labels.get("severity", "")
    if plan.rank(severity) >= plan.rank(incident.facts.severity):
        return
    before = incident.facts.severity
    procedure = incident.facts.procedure
    incident.alert = target.key
    incident.facts = facts_of(turn, plan, identity, reported.labels)
    if procedure is not None:
        incident.facts = msgspec.structs.replace(incident.facts, procedure=procedure)
    _classified(turn, plan, incident)
    incident.acknowledged_at = None
    escalate.begin(turn, incident, f"worse: {before} became {severity}")
    known = {*incident.agenda, *(f"remedy:{name}" for name in incident.tried)}
    more = agenda.of(plan, incident)
    if incident.attempt is not None:
        known.add(f"remedy:{incident.attempt.remediation}")
    incident.exhausted = False
    incident.agenda = (*incident.agenda, *(item for item in more if item not in known and item != "diagnose"))
    agenda.advance(turn, incident)


def returned(turn: Turn, plan: Plan, incident: Incident, reason: str) -> None:
    """It was over, or the remedy seemed to have helped, and it is not. What was tried is not tried again."""
    was_open = incident.open
    if incident.mitigated_at is not None and incident.tried and turn.now - incident.mitigated_at < HOUR:
        name = incident.tried[-1]
        limit = plan.document.remediations[name].guardrails.stop_after_failures
        ledger.failed(turn, name, limit, "it seemed to help, and the incident came back")
    incident.resolved_at = incident.resolved_by = incident.mitigated_at = None
    incident.acknowledged_at = incident.owner = None
    incident.stale = False
    incident.returns = (*incident.returns, turn.now)[-32:]
    incident.deadlines.pop("forget", None)
    incident.deadlines.pop("mitigated", None)
    incident.deadlines["stale"] = turn.now + stale_after(plan, incident)
    turn.why = reason
    turn.tell(incident, "came back", reason)
    if not was_open:
        _counted(turn, plan, incident, 1)
    escalate.begin(turn, incident, reason)
    if incident.facts.claimed:
        incident.agenda = agenda.again(plan, incident)
        incident.exhausted = False
        agenda.advance(turn, incident)


def flaps(plan: Plan, incident: Incident, now: Instant) -> bool:
    back = sum(1 for at in incident.returns if at > now - HOUR)
    return back >= plan.document.limits.flapping


def quiet(turn: Turn, plan: Plan, incident: Incident) -> None:
    """Its last alert has ended: it is over, or, when it flaps, once it has been quiet for a while."""
    if flaps(plan, incident, turn.now):
        incident.deadlines["settle"] = turn.now + milliseconds(plan.document.limits.reopen)
        turn.tell(incident, "settling", "it keeps coming back: over only after a quiet time")
    else:
        ended(turn, incident, "its alerts have ended")


def ended(turn: Turn, incident: Incident, reason: str, person: str | None = None) -> None:
    """Over. Approvals lapse; what is being done is finished, and nothing new is begun."""
    plan = turn.plan_of(incident)
    was_told = incident.paging or incident.acknowledged_at is not None
    incident.resolved_at, incident.resolved_by = turn.now, person
    incident.stale = False
    turn.why = reason
    attempts.lapse(turn, incident)
    if not attempts.outstanding(incident):
        ledger.release(turn, f"{incident.id}/")
    incident.agenda, incident.waiting, incident.questions = (), None, ()
    kept = {name: due for name, due in incident.deadlines.items() if name == "act"}
    fires = any(alert.ends_at is None for alert in incident.alerts.values())
    remembered = max(FORGOTTEN_AFTER, stale_after(plan, incident)) if fires else FORGOTTEN_AFTER
    incident.deadlines = {**kept, "forget": turn.now + remembered}
    if was_told:
        turn.note(incident, "resolved", f"{incident.title}: over, {reason}")
    incident.paging = False
    messages.ended(turn, incident)
    left, incident.opened = incident.opened, ()
    left_open(turn, incident, left)
    _counted(turn, plan, incident, -1)


def left_open(turn: Turn, incident: Incident, opened: tuple[LeftOpen, ...]) -> None:
    """A message opened something outside: it is closed when the incident is over; at once, if it is."""
    if opened and incident.open:
        incident.opened = tuple(sorted({*incident.opened, *opened}))
    elif opened:
        turn.effect(incident, Close(incident=incident.id, opened=opened))


def forget(turn: Turn, incident: Incident) -> None:
    """Nothing is expected of it any more; what still runs is waited for."""
    if attempts.outstanding(incident):
        incident.deadlines["forget"] = turn.now + HOUR
        return
    ledger.release(turn, f"{incident.id}/")
    turn.forget(incident)
