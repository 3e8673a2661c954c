"""What the machine does about an incident, in order: the steps of its procedure first, then diagnostics, then remedies.

An agenda is a list of words, so that a state stays small: `diagnose`; `remedy:NAME`; `request:PERSON:NAME`, a remedy that a
person asked for; `step:PROCEDURE:2` and `step:PROCEDURE:4.0`, the first step that follows a yes to step 4.
"""

from collections.abc import Iterator

from watchbill.executor.core import attempts, escalate, messages
from watchbill.executor.core.effects import Ask, Collect
from watchbill.executor.core.state import Incident, Question
from watchbill.executor.core.turn import Turn
from watchbill.executor.core.who import all_meant, last_resort
from watchbill.executor.plan import Plan, milliseconds
from watchbill.executor.plan.documents import Step


def of(plan: Plan, incident: Incident) -> tuple[str, ...]:
    """Everything, in order; a remedy or a diagnostic that the procedure has already is not done twice."""
    alert = plan.alert_in(incident.alert or "", incident.place or "")
    if alert is None:
        return ()
    items: list[str] = []
    procedure = incident.facts.procedure
    if procedure is not None:
        items.extend(_items(procedure, plan.document.procedures[procedure].steps))
    if alert.diagnose:
        items.append("diagnose")
    items.extend(item for name in alert.remediate if (item := f"remedy:{name}") not in items)
    return tuple(items)


def again(plan: Plan, incident: Incident) -> tuple[str, ...]:
    """For one that came back: diagnostics, and the remedies that were not tried yet. Nobody is told or asked twice."""
    return tuple(
        item
        for item in of(plan, incident)
        if item == "diagnose" or (item.startswith("remedy:") and item.removeprefix("remedy:") not in incident.tried)
    )


def _items(procedure: str, steps: tuple[Step, ...], path: str = "") -> Iterator[str]:
    for number, step in enumerate(steps):
        if step.remediate is not None:
            yield f"remedy:{step.remediate}"
        else:
            yield f"step:{procedure}:{path}{number}"


def step_of(plan: Plan, item: str) -> Step:
    _, procedure, path = item.split(":")
    first, *rest = (int(number) for number in path.split("."))
    step = plan.document.procedures[procedure].steps[first]
    for number in rest:
        step = step.yes[number]
    return step


def advance(turn: Turn, incident: Incident) -> None:
    """Do what can be done now, up to what has to be waited for; at the end of it all people take over.

    People are told, asked and written to when it is their turn, and never wait until a remedy has been verified.
    """
    while incident.open and incident.agenda:
        item = incident.agenda[0]
        if not _free(incident) and not _for_people(turn.plan_of(incident), item):
            break
        incident.agenda = incident.agenda[1:]
        kind, _, name = item.partition(":")
        if kind == "diagnose":
            alert = turn.plan_of(incident).alert_in(incident.alert or "", incident.place or "")
            _collect(turn, incident, alert.diagnose if alert is not None else ())
        elif kind == "step":
            _step(turn, incident, item)
        elif kind == "request":
            person, _, remediation = name.partition(":")
            attempts.start(turn, incident, remediation, person)
        else:
            attempts.start(turn, incident, name, None)
    if _free(incident) and not incident.exhausted:
        incident.exhausted = True
        _exhausted(turn, incident)


def _for_people(plan: Plan, item: str) -> bool:
    if not item.startswith("step:"):
        return False
    step = step_of(plan, item)
    return not step.preserve and not step.diagnose


def _free(incident: Incident) -> bool:
    return incident.open and incident.waiting is None and not attempts.at_work(incident)


def _exhausted(turn: Turn, incident: Incident) -> None:
    """The machine has come to its end. Whatever it tried or was held back from, people take over."""
    if incident.mitigated_at is None and _had_remedies(turn.plan_of(incident), incident):
        turn.tell(incident, "exhausted", "nothing is left that the machine may try")
        escalate.at_once(turn, incident, "the machine could not mend it")


def _had_remedies(plan: Plan, incident: Incident) -> bool:
    return bool(incident.tried) or any(item.startswith("remedy:") for item in of(plan, incident))


def _step(turn: Turn, incident: Incident, item: str) -> None:
    step, plans = step_of(turn.plan_of(incident), item), turn.plans_of(incident)
    team = incident.facts.team
    if step.preserve:
        _collect(turn, incident, step.preserve, preserve=True)
    elif step.diagnose:
        _collect(turn, incident, step.diagnose)
    elif step.notify:
        people = all_meant(plans, step.notify, team, turn.now)
        for one in people or last_resort(plans, turn.now):
            escalate.page_beside(turn, incident, one, f"procedure {incident.facts.procedure}")
    elif step.communicate is not None:
        messages.send(turn, incident, step.communicate)
    elif step.do is not None:
        turn.note(incident, "do", step.do)
    elif step.ask is not None:
        people = all_meant(plans, (step.of,), team, turn.now) if step.of is not None else ()
        identity = f"{incident.id}/question/{incident.effects + 1}"
        body = Ask(incident=incident.id, question=identity, to=people or last_resort(plans, turn.now), text=step.ask)
        turn.effect(incident, body)
        incident.questions = (*incident.questions, Question(identity, item))


def may_answer(turn: Turn, incident: Incident, question: Question, person: str) -> bool:
    """Those whom the step asks, as of now; anybody, where it names nobody of the plan's people."""
    of = step_of(turn.plan_of(incident), question.item or "").of
    meant = all_meant(turn.plans_of(incident), (of,), incident.facts.team, turn.now) if of is not None else ()
    names = {one.person for one in meant if one.person is not None}
    return not names or person in names


def answered(turn: Turn, incident: Incident, question: Question, *, yes: bool) -> None:
    """A step's question was answered: after a yes its steps come next."""
    incident.questions = tuple(one for one in incident.questions if one.id != question.id)
    if not yes or question.item is None:
        return
    _, procedure, path = question.item.split(":")
    steps = step_of(turn.plan_of(incident), question.item).yes
    incident.agenda = (*_items(procedure, steps, f"{path}."), *incident.agenda)
    incident.exhausted = False
    advance(turn, incident)


def _collect(turn: Turn, incident: Incident, names: tuple[str, ...], *, preserve: bool = False) -> None:
    """Before anything is changed. Its own timeouts add up; with a little more, they are what is waited for."""
    if not names:
        return
    plan = turn.plan_of(incident)
    procedure = plan.document.procedures.get(incident.facts.procedure or "")
    body = Collect(
        incident=incident.id,
        diagnostics=names,
        plan=incident.plan,
        place=incident.place,
        preserve=preserve,
        custody=procedure is not None and procedure.custody == "required",
    )
    incident.waiting = turn.effect(incident, body)
    turn.why = "diagnostics come first"
    timeouts = sum(milliseconds(plan.document.diagnostics[name].timeout) for name in names)
    incident.deadlines["collect"] = turn.now + timeouts + milliseconds(plan.document.limits.answer)


def collected(turn: Turn, incident: Incident, key: str, *, complete: bool, detail: str) -> bool:
    """A collection is done, or its time is over; False when it is not the one that is waited for."""
    if incident.waiting != key:
        return False
    incident.waiting = None
    incident.deadlines.pop("collect", None)
    turn.why = "diagnostics are collected" if complete else f"diagnostics are incomplete: {detail}"
    turn.tell(incident, "collected" if complete else "collected in part", detail)
    if not complete:
        turn.note(incident, "diagnostics", f"not everything could be collected: {detail}")
    advance(turn, incident)
    return True


def requested(turn: Turn, incident: Incident, person: str, remediation: str) -> None:
    incident.agenda = (f"request:{person}:{remediation}", *incident.agenda)
    incident.exhausted = False
    turn.tell(incident, "remedy requested", remediation, person)
    advance(turn, incident)
