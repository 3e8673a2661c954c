"""What people do: acknowledge, answer, resolve, hand over, note, ask for a remedy. Only people whom the plan knows."""

from watchbill.executor.core import agenda, attempts, escalate, lifecycle
from watchbill.executor.core.events import (
    Acknowledged,
    Answered,
    HandedOver,
    Noted,
    RemedyRequested,
    ResolvedByHand,
)
from watchbill.executor.core.state import Incident
from watchbill.executor.core.turn import Turn

ByPeople = Acknowledged | Answered | HandedOver | Noted | RemedyRequested | ResolvedByHand


def acted(turn: Turn, event: ByPeople) -> None:
    incident = turn.find(event.incident)
    if incident is None:
        turn.ignore("no-such-incident", event.incident)
        return
    now, *own = (set(plan.document.people) for plan in turn.plans_of(incident))
    # Whoever has come since may take it on; whoever has left decides nothing any more, and is given nothing.
    may = now if isinstance(event, Answered | RemedyRequested) else now.union(*own)
    unknown = [event.person] if event.person not in may else []
    if isinstance(event, HandedOver) and event.to not in now:
        unknown.append(event.to)
    if unknown:
        turn.ignore("no-such-person", unknown[0], incident.id)
    elif isinstance(event, Noted):
        turn.tell(incident, "note", event.text, event.person)
    elif not incident.open:
        turn.ignore("over", event.person, incident.id)
    elif isinstance(event, Acknowledged):
        _acknowledged(turn, incident, event.person)
    elif isinstance(event, Answered):
        _answered(turn, incident, event)
    elif isinstance(event, ResolvedByHand):
        turn.tell(incident, "false positive" if event.false_positive else "resolved", event.note, event.person)
        lifecycle.ended(turn, incident, f"{event.person} says so", event.person)
    elif isinstance(event, HandedOver):
        _handed_over(turn, incident, event)
    else:
        agenda.requested(turn, incident, event.person, event.remediation)


def _acknowledged(turn: Turn, incident: Incident, person: str) -> None:
    """Nobody else is woken. A second one is recorded, and has it then."""
    first = incident.acknowledged_at is None
    incident.owner = person
    if first:
        incident.acknowledged_at = turn.now
    turn.why = f"{person} has it"
    turn.tell(incident, "acknowledged" if first else "acknowledged again", "", person)
    escalate.cease(incident)


def _answered(turn: Turn, incident: Incident, event: Answered) -> None:
    question = next((one for one in incident.questions if one.id == event.question), None)
    if question is None:
        turn.ignore("no-such-question", event.question, incident.id)
    elif question.item is None:
        attempts.answered(turn, incident, question, event.person, yes=event.yes, note=event.note)
        agenda.advance(turn, incident)
    elif not agenda.may_answer(turn, incident, question, event.person):
        turn.ignore("not-an-approver", event.person, incident.id)
    else:
        turn.tell(incident, "yes" if event.yes else "no", event.note, event.person)
        agenda.answered(turn, incident, question, yes=event.yes)


def _handed_over(turn: Turn, incident: Incident, event: HandedOver) -> None:
    """Whoever takes it over is woken, and the escalation stays quiet: the one who gives it away still answers for that."""
    _acknowledged(turn, incident, event.to)
    turn.tell(incident, "handed over", event.to, event.person)
    escalate.page_person(turn, incident, event.to, f"{event.person} hands it over")
