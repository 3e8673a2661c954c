"""Messages of the plan about an incident: when it opens, again while it is open, and a last word when it is over."""

from watchbill.executor.core.effects import Message
from watchbill.executor.core.state import Incident
from watchbill.executor.core.turn import Turn
from watchbill.executor.plan import milliseconds

_DEADLINE = "message:"


def opened(turn: Turn, incident: Incident) -> None:
    """What the runbook asks for, where the incident is one that pages; what its procedure sends is sent in its turn."""
    plan = turn.plan_of(incident)
    alert = plan.alert_in(incident.alert or "", incident.place or "")
    procedure = plan.document.procedures.get(incident.facts.procedure or "")
    later = {step.communicate for step in procedure.steps} if procedure is not None else set()
    for name in alert.communicate if alert is not None and incident.paging else ():
        if name not in later:
            send(turn, incident, name)


def send(turn: Turn, incident: Incident, name: str) -> None:
    """Send or draft one, and set when it is due again."""
    message = turn.plan_of(incident).document.messages[name]
    number = incident.sent.get(name, 0) + 1
    incident.sent[name] = number
    turn.effect(incident, Message(incident=incident.id, message=name, draft=message.approve, number=number))
    if message.every is not None and incident.open:
        incident.deadlines[f"{_DEADLINE}{name}"] = turn.now + milliseconds(message.every)


def due(turn: Turn, incident: Incident, deadline: str) -> None:
    name = deadline.removeprefix(_DEADLINE)
    if incident.open and name in turn.plan_of(incident).document.messages:
        send(turn, incident, name)


def ended(turn: Turn, incident: Incident) -> None:
    """Those who were told of it again and again are told that it is over."""
    messages = turn.plan_of(incident).document.messages
    for name in sorted(incident.sent):
        if messages[name].every is not None:
            send(turn, incident, name)
