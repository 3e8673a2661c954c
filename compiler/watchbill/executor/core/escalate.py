"""Who is told, step by step, until somebody acknowledges. A step that reaches nobody is passed at once; it never ends unheard."""

import msgspec

from watchbill.executor.core.decisions import Escalated
from watchbill.executor.core.effects import Note, Page, Recipient
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Escalating, Incident
from watchbill.executor.core.turn import Turn
from watchbill.executor.core.who import Plans, all_meant, calendar_of, counts, last_resort, named, team_of
from watchbill.executor.plan import Plan, Target, milliseconds
from watchbill.executor.plan.documents import Outcome
from watchbill.executor.plan.people import Escalation
from watchbill.executor.plan.windows import next_opening

_STRENGTH: tuple[Outcome, ...] = ("page", "ticket", "notify", "drop")
_DEADLINES = ("escalate", "acknowledge", "outcome")


def target_of(plan: Plan, incident: Incident) -> Target | None:
    """What the plan says of the incident's alert, with whose it is."""
    if incident.alert is None or incident.place is None:
        return None
    for fingerprint in sorted(incident.alerts):  # never in the order in which they came: a snapshot does not keep it
        found = plan.alert(incident.alerts[fingerprint].labels, incident.place)
        if found is not None and found.key == incident.alert:
            return found
    return None


def begin(turn: Turn, incident: Incident, reason: str) -> None:
    """Page by the policy, if this is a time to page; else look again when that changes."""
    plan = turn.plan_of(incident)
    target = target_of(plan, incident)
    outcome, until = _outcome(plan, turn.plans_of(incident), incident, target, turn.now)
    cease(incident)
    if outcome != "page":
        if until is not None:
            incident.deadlines["outcome"] = until
        return
    policy = target.escalation if target is not None else plan.document.catch_all.escalation
    incident.paging = True
    incident.escalation = Escalating(policy)
    body = plan.document.escalations.get(policy or "")
    if body is not None:
        also = all_meant(turn.plans_of(incident), body.also, incident.facts.team, turn.now)
        if also:
            turn.note(incident, "also", f"{incident.title} ({incident.facts.severity}): {reason}", also)
        if body.acknowledge_within is not None:
            incident.deadlines["acknowledge"] = turn.now + milliseconds(body.acknowledge_within)
    step(turn, incident, reason)


def _outcome(
    plan: Plan, plans: Plans, incident: Incident, target: Target | None, now: Instant
) -> tuple[Outcome, Instant | None]:
    """What the incident leads to now, and when that may change. `plans` are asked when people are at work."""
    if target is None:
        return plan.document.catch_all.outcome, None
    outcome, changes, second = target.outcome, [], now // 1000
    hours = calendar_of(plans, target.hours)
    if hours is not None and not hours.is_open(second):
        outcome = target.outside or "notify"
        changes.append(next_opening(hours, second))
    labels = [alert.labels for alert in incident.alerts.values() if alert.ends_at is None]
    for holding in plan.windows.values():
        window = holding.window
        if window.effect == "no-remediation" or incident.place not in window.places:
            continue
        until = holding.until(second)
        if until is not None and labels and all(holding.means(target.team, one) for one in labels):
            outcome = max(outcome, window.effect, key=_STRENGTH.index)
            changes.append(until)
    later = [change for change in changes if change is not None]
    return outcome, min(later) * 1000 if later else None


def step(turn: Turn, incident: Incident, reason: str) -> None:
    """Take the next step, and the ones after it while they reach nobody."""
    plan, escalating = turn.plan_of(incident), incident.escalation
    if escalating is None:
        return
    body = plan.document.escalations.get(escalating.policy or "")
    number, round_ = escalating.step, escalating.round
    passed = 0
    while body is not None and not escalating.last_resort:
        if number == len(body.steps):
            number, round_ = 0, round_ + 1
        if round_ > body.repeat or passed == len(body.steps):
            break
        reached = _take(turn, incident, body, number, round_, reason)
        wait = turn.now + milliseconds(body.steps[number].wait)
        number, passed = number + 1, passed + 1
        if reached is not None:
            people, pages = reached
            incident.escalation = Escalating(escalating.policy, number, round_, people, pages)
            incident.deadlines["escalate"] = wait
            return
    _last_resort(turn, incident, reason)


def _take(
    turn: Turn, incident: Incident, body: Escalation, number: int, round_: int, reason: str
) -> tuple[tuple[Recipient, ...], tuple[str, ...]] | None:
    """Tell everybody of one step; None when nobody of them is a human being."""
    plans, team = turn.plans_of(incident), incident.facts.team
    notify = body.steps[number].notify
    recipients = all_meant(plans, notify, team, turn.now)
    nobody = tuple(named(one, team) for one in notify if not all_meant(plans, (one,), team, turn.now))
    pages = [_page(turn, incident, one, number + 1, round_ + 1, reason) for one in recipients]
    reached = tuple(told(one) for one in recipients)
    turn.decide(Escalated(incident=incident.id, step=number + 1, round=round_ + 1, reached=reached, nobody=nobody))
    human = [page for page, one in zip(pages, recipients, strict=True) if counts(one)]
    return (tuple(one for one in recipients if counts(one)), tuple(human)) if human else None


def _page(turn: Turn, incident: Incident, to: Recipient, number: int, round_: int, reason: str) -> str:
    """Wake a person; a channel is written to."""
    if to.slack is not None:
        text = f"{incident.title} ({incident.facts.severity}): {reason}"
        return turn.effect(incident, Note(incident=incident.id, to=(to,), reason="channel", text=text))
    team = team_of(turn.plans_of(incident), incident.facts.team)
    body = Page(
        incident=incident.id,
        to=to,
        step=number,
        round=round_,
        reason=reason,
        team=incident.facts.team,
        severity=incident.facts.severity,
        paging=team.paging if team is not None else "none",
    )
    return turn.effect(incident, body)


def page_beside(turn: Turn, incident: Incident, to: Recipient, reason: str) -> None:
    """Tell somebody beside the steps of the escalation."""
    _page(turn, incident, to, 0, 0, reason)


def page_person(turn: Turn, incident: Incident, person: str, reason: str) -> None:
    page_beside(turn, incident, Recipient(reason, person), reason)


def told(recipient: Recipient) -> str:
    return recipient.person or recipient.slack or recipient.email or recipient.why


def _last_resort(turn: Turn, incident: Incident, reason: str) -> None:
    """Again and again, until somebody acknowledges."""
    people = last_resort(turn.plans_of(incident), turn.now)
    pages = tuple(_page(turn, incident, one, 0, 0, reason) for one in people)
    reached = tuple(told(one) for one in people)
    turn.decide(Escalated(incident=incident.id, step=0, round=0, reached=reached, last_resort=True))
    before = incident.escalation or Escalating(None)
    incident.escalation = msgspec.structs.replace(before, reached=people, pages=pages, last_resort=True)
    incident.deadlines["escalate"] = turn.now + milliseconds(turn.plan_of(incident).document.limits.last_resort)


def cease(incident: Incident) -> None:
    """Somebody has it, or it is over: nobody else is told."""
    incident.paging = False
    for name in _DEADLINES:
        incident.deadlines.pop(name, None)


def at_once(turn: Turn, incident: Incident, reason: str) -> None:
    """The machine has come to its end: the next step now, or a word to whoever has the incident.

    An incident that pages nobody now is still told to whoever is on duty.
    """
    if incident.paging:
        step(turn, incident, reason)
    else:
        turn.note(incident, "escalated", f"{incident.title}: {reason}")


def settled(turn: Turn, incident: Incident, page: str, *, arrived: bool) -> None:
    """A page of the step in progress has arrived; or it never will, and when none of them does, the next step is taken.

    A round of which nothing arrived goes to the last resort; the next one waits for its time, since whatever carries the
    messages may be back by then.
    """
    escalating = incident.escalation
    if escalating is None or not incident.paging or page not in escalating.pages:
        return
    left = () if arrived else tuple(one for one in escalating.pages if one != page)
    incident.escalation = msgspec.structs.replace(escalating, pages=left)
    if arrived or left or escalating.last_resort:
        return
    body = turn.plan_of(incident).document.escalations.get(escalating.policy or "")
    if body is not None and escalating.step < len(body.steps):
        step(turn, incident, "the pages of the step before could not be delivered")
    else:
        for one in last_resort(turn.plans_of(incident), turn.now):
            page_beside(turn, incident, one, "nobody of the escalation could be reached")
