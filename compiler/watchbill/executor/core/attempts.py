"""One remedy at work: targets, gates, approval, the last look, acting; what follows is in `verify`.

Nothing here goes on to the next remedy: whoever called does, when no attempt is at work any more.
"""

import msgspec

from watchbill.executor.core import gates, ledger, looking
from watchbill.executor.core.classify import RISKY, risk_of_action
from watchbill.executor.core.decisions import Approval, Held, Passed, Verified, Weighed
from watchbill.executor.core.effects import Act, Ask, Recipient
from watchbill.executor.core.escalate import at_once
from watchbill.executor.core.events import Result
from watchbill.executor.core.state import Attempt, Incident, Question, Run
from watchbill.executor.core.targets import NotAllowed, parameters, targets_of
from watchbill.executor.core.turn import Turn
from watchbill.executor.core.who import all_meant, counts, on_duty
from watchbill.executor.plan import milliseconds
from watchbill.executor.plan.documents import Remediation

MODE_APPROVE = "the executor asks before everything"


def at_work(incident: Incident) -> bool:
    return incident.attempt is not None


def outstanding(incident: Incident) -> bool:
    """Whether a run is not known to have ended."""
    runs = incident.attempt.runs if incident.attempt is not None else ()
    return any(run.state in ("planned", "started") for run in runs)


def change(incident: Incident, **changes: object) -> Attempt:
    assert incident.attempt is not None  # noqa: S101  (every caller works on an attempt)
    incident.attempt = msgspec.structs.replace(incident.attempt, **changes)
    return incident.attempt


def remediation_of(turn: Turn, incident: Incident, name: str) -> Remediation:
    return turn.plan_of(incident).document.remediations[name]


def no_more_remedies(incident: Incident) -> None:
    """What holds one back holds all of them back."""
    incident.agenda = tuple(item for item in incident.agenda if item.partition(":")[0] not in ("remedy", "request"))


def start(turn: Turn, incident: Incident, name: str, requester: str | None) -> None:
    """Begin with a remedy: either it waits for something now, or it was refused and the next one is due."""
    plan = turn.plan_of(incident)
    remediation = plan.document.remediations.get(name)
    if remediation is None:
        turn.refuse(incident, "not-in-plan", name)
        return
    incident.tried = (*(one for one in incident.tried if one != name), name)
    found = targets_of(remediation, incident)
    if isinstance(found, NotAllowed):
        turn.refuse(incident, found.reason, found.detail, remediation=name)
        return
    incident.attempts += 1
    procedure = plan.document.procedures.get(incident.facts.procedure or "")
    in_procedure = procedure is not None and any(step.remediate == name for step in procedure.steps)
    incident.attempt = Attempt(name, incident.attempts, "checking", found, requester, in_procedure)
    _weigh(turn, incident, incident.attempt)
    gate(turn, incident)


def _weigh(turn: Turn, incident: Incident, attempt: Attempt) -> None:
    risk, why = risk_of_action(turn.state, turn.plan_of(incident), incident, attempt.remediation, turn.now)
    turn.decide(
        Weighed(
            incident=incident.id,
            remediation=attempt.remediation,
            targets=tuple(attempt.targets),
            risk=risk,
            reasons=tuple(why),
            asks=risk >= RISKY,
        )
    )


def gate(turn: Turn, incident: Incident) -> None:
    """Ask every gate; then a person, where one must be asked; then Prometheus."""
    if not _passes(turn, incident) or incident.attempt is None:
        return
    why = None if incident.attempt.approved else _needs_approval(turn, incident)
    if why is not None:
        _ask(turn, incident, why)
    else:
        _look(turn, incident)


def _passes(turn: Turn, incident: Incident) -> bool:
    attempt = incident.attempt
    assert attempt is not None  # noqa: S101  (see `change`)
    no = gates.ask(gates.Asked(turn.state, turn.plan_of(incident), incident, attempt, turn.now))
    if no is None:
        return True
    if no.until is not None:
        turn.decide(Held(incident=incident.id, reason=no.reason, remediation=attempt.remediation, until=no.until))
        if attempt.stage != "held":
            turn.note(incident, f"held:{no.reason}", f"{attempt.remediation} waits: {no.detail}")
        change(incident, stage="held", query=None)
        incident.deadlines["hold"] = no.until
        return False
    _refuse(turn, incident, no)
    return False


def _refuse(turn: Turn, incident: Incident, no: gates.No) -> None:
    attempt = incident.attempt
    assert attempt is not None  # noqa: S101  (see `change`)
    target = next(iter(attempt.targets), None) if len(attempt.targets) == 1 else None
    turn.refuse(incident, no.reason, no.detail, remediation=attempt.remediation, target=target)
    turn.why = f"{attempt.remediation} is held back ({no.reason})"
    if no.reason == "overall-limit":
        ledger.trip(turn, ledger.OVERALL, no.detail)
    if no.all:
        no_more_remedies(incident)
    over(incident)


def over(incident: Incident) -> None:
    """No attempt is at work any more."""
    incident.attempt = None
    for name in ("hold", "approval", "query", "act", "verify", "verified"):
        incident.deadlines.pop(name, None)
    incident.questions = tuple(one for one in incident.questions if one.item is not None)


# Approval


def _needs_approval(turn: Turn, incident: Incident) -> str | None:
    """Why a person is asked; None when nobody need be."""
    attempt, plan = incident.attempt, turn.plan_of(incident)
    assert attempt is not None  # noqa: S101  (see `change`)
    approvals = plan.document.remediations[attempt.remediation].approvals
    if gates.mode_of(turn.state, plan) == "approve":
        return MODE_APPROVE
    if approvals is not None and any(
        all(alert.labels.get(label) == value for label, value in approvals.when.items())
        for alert in incident.alerts.values()
        if alert.ends_at is None
    ):
        return "the policy asks for it"
    risk, why = risk_of_action(turn.state, plan, incident, attempt.remediation, turn.now)
    return f"risk {risk}: {', '.join(why)}" if risk >= RISKY else None


def approvers(turn: Turn, incident: Incident) -> tuple[Recipient, ...]:
    """Who may approve now: as the remediation says, else whoever is on call for the team."""
    attempt, plans = incident.attempt, turn.plans_of(incident)
    assert attempt is not None  # noqa: S101  (see `change`)
    approvals = remediation_of(turn, incident, attempt.remediation).approvals
    if approvals is None:
        found = on_duty(plans, incident.facts.team, turn.now)
    else:
        found = all_meant(plans, approvals.from_, incident.facts.team, turn.now)
    return tuple(one for one in found if one.person is not None and counts(one))


def _ask(turn: Turn, incident: Incident, why: str) -> None:
    attempt, plan = incident.attempt, turn.plan_of(incident)
    assert attempt is not None  # noqa: S101  (see `change`)
    remediation = plan.document.remediations[attempt.remediation]
    to = approvers(turn, incident)
    if not to:
        _refuse(turn, incident, gates.No("nobody-to-ask", "nobody who may approve is on call"))
        return
    approvals = remediation.approvals
    until = turn.now + milliseconds(approvals.within if approvals is not None else "10m")
    identity = f"{incident.id}/approval/{incident.effects + 1}"
    body = Ask(
        incident=incident.id,
        question=identity,
        to=to,
        text=f"Run {attempt.remediation} for {incident.title}? ({why})",
        count=approvals.count if approvals is not None else 1,
        expires_at=until,
        remediation=attempt.remediation,
        risk=remediation.risk,
        targets=tuple(attempt.targets),
    )
    turn.effect(incident, body)
    change(incident, stage="asking", query=None)
    incident.questions = (*incident.questions, Question(identity, None, (), until))
    incident.deadlines["approval"] = until
    turn.why = why


def answered(turn: Turn, incident: Incident, question: Question, person: str, *, yes: bool, note: str) -> None:
    """Somebody said yes or no. Who may is asked at this moment, and nobody counts twice."""
    attempt, plan = incident.attempt, turn.plan_of(incident)
    if attempt is None or attempt.stage != "asking":
        turn.ignore("over", question.id, incident.id)
        return
    if question.expires_at is not None and turn.now >= question.expires_at:
        expired(turn, incident)
        return
    if person not in {one.person for one in approvers(turn, incident)}:
        turn.ignore("not-an-approver", person, incident.id)
        return
    if person in question.given:
        turn.ignore("twice", person, incident.id)
        return
    approvals = plan.document.remediations[attempt.remediation].approvals
    needed = approvals.count if approvals is not None else 1
    given = (*question.given, person) if yes else question.given
    counted = Approval(
        incident=incident.id, question=question.id, person=person, yes=yes, given=len(given), needed=needed
    )
    turn.decide(counted)
    if not yes:
        _refuse(turn, incident, gates.No("approval-refused", f"{person} {note}".strip()))
    elif len(given) >= needed:  # different people: two are never the requester alone
        incident.questions = tuple(one for one in incident.questions if one.id != question.id)
        incident.deadlines.pop("approval", None)
        change(incident, approved=True, approved_by=given, stage="checking")
        turn.why = f"approved by {', '.join(given)}"
        gate(turn, incident)
    else:
        changed = msgspec.structs.replace(question, given=given)
        incident.questions = tuple(changed if one.id == question.id else one for one in incident.questions)


def expired(turn: Turn, incident: Incident) -> None:
    """Nobody answered in time: the remedy is skipped, or people take over, as the policy says."""
    attempt = incident.attempt
    if attempt is None or attempt.stage != "asking":
        return
    approvals = remediation_of(turn, incident, attempt.remediation).approvals
    skip = approvals is not None and approvals.else_ == "skip"
    _refuse(turn, incident, gates.No("approval-expired", "nobody answered in time"))
    if not skip:
        no_more_remedies(incident)
        at_once(turn, incident, f"nobody approved {attempt.remediation} in time")


def lapse(turn: Turn, incident: Incident) -> None:
    """The incident is over: an approval lapses, nothing new is begun, a run that is under way is waited for."""
    attempt = incident.attempt
    if attempt is None:
        return
    if attempt.stage == "verifying":
        _over_while_verifying(turn, incident, attempt)
    if attempt.stage == "asking":
        turn.refuse(incident, "approval-lapsed", "the incident is over", remediation=attempt.remediation)
    if not outstanding(incident):
        over(incident)


def _over_while_verifying(turn: Turn, incident: Incident, attempt: Attempt) -> None:
    """The alert has ended before its expression was quiet for long enough. That alone proves nothing; with our own look it does."""
    if attempt.quiet_since is None or incident.resolved_by is not None:
        return
    turn.decide(Verified(incident=incident.id, remediation=attempt.remediation, seen="quiet", helped=True))
    if all(run.state != "unknown" for run in attempt.runs):
        ledger.helped(turn, attempt.remediation)
    incident.mitigated_at = turn.now


# The last look, and acting


def _look(turn: Turn, incident: Incident) -> None:
    attempt = incident.attempt
    assert attempt is not None  # noqa: S101  (see `change`)
    floor = remediation_of(turn, incident, attempt.remediation).guardrails.keep_healthy
    key = looking.ask(turn, incident, floor)
    change(incident, stage="checking", query=key)
    incident.deadlines["query"] = turn.now + milliseconds(turn.plan_of(incident).document.limits.answer)


def looked(turn: Turn, incident: Incident, results: dict[str, Result]) -> None:
    """The answer to the last look: only now is anything done, and only if every gate still says so."""
    attempt = incident.attempt
    assert attempt is not None  # noqa: S101  (see `change`)
    incident.deadlines.pop("query", None)
    change(incident, query=None)
    seen, detail = looking.seen(turn.plan_of(incident), incident, results)
    if seen == "error":
        _refuse(turn, incident, gates.No("no-answer", detail, all=True))
    elif seen == "no-data":
        _refuse(turn, incident, gates.No("monitoring-broken", detail, all=True))
    elif seen == "quiet" and not attempt.procedure and attempt.requester is None:
        _refuse(turn, incident, gates.No("not-firing", "the alert's expression is quiet by now"))
    elif (unhealthy := _below_floor(turn, incident, results)) is not None:
        _refuse(turn, incident, unhealthy)
    elif (gone := _narrowed(turn, incident)) is not None:
        _refuse(turn, incident, gone)
    elif _passes(turn, incident):
        why = None if attempt.approved else _needs_approval(turn, incident)
        if why is None:
            _act(turn, incident)
        else:
            _ask(turn, incident, why)


def _narrowed(turn: Turn, incident: Incident) -> gates.No | None:
    """Only what still fires is touched: nothing that recovered since, and nothing that nobody was asked about."""
    attempt = change(incident)
    found = targets_of(remediation_of(turn, incident, attempt.remediation), incident)
    if isinstance(found, NotAllowed):
        return gates.No(found.reason, found.detail)
    change(incident, targets={target: inputs for target, inputs in attempt.targets.items() if target in found})
    return None


def _below_floor(turn: Turn, incident: Incident, results: dict[str, Result]) -> gates.No | None:
    attempt = incident.attempt
    assert attempt is not None  # noqa: S101  (see `change`)
    floor = remediation_of(turn, incident, attempt.remediation).guardrails.keep_healthy
    if floor is None:
        return None
    result = results.get(looking.FLOOR, Result(error="no answer"))
    values = [sample.value for sample in result.samples]
    if result.error is not None or not values:
        return gates.No("no-answer", f"how many are healthy cannot be told: {result.error or 'no sample'}")
    if not min(values) >= floor.at_least:  # also when it is not a number
        return gates.No("unhealthy", f"{min(values):g} are healthy, and {floor.at_least} must be")
    return None


def unanswered(turn: Turn, incident: Incident) -> None:
    """The last look had no answer in time: nothing is done blindly."""
    if incident.attempt is not None and incident.attempt.stage == "checking":
        _refuse(turn, incident, gates.No("no-answer", "Prometheus did not answer in time", all=True))


def _act(turn: Turn, incident: Incident) -> None:
    """Every gate has let it through: it counts from here on, and may begin within a minute."""
    attempt, plan = incident.attempt, turn.plan_of(incident)
    assert attempt is not None  # noqa: S101  (see `change`)
    remediation = plan.document.remediations[attempt.remediation]
    limits = plan.document.limits
    not_after = turn.now + milliseconds(limits.answer)
    runs = tuple(
        Run(f"{incident.id}/act/{attempt.number}.{number}", target, inputs, not_after)
        for number, (target, inputs) in enumerate(attempt.targets.items(), 1)
    )
    passed = (*gates.GATES, "last-look", *(("approval",) if attempt.approved else ()))
    targets = tuple(attempt.targets)
    turn.decide(Passed(incident=incident.id, remediation=attempt.remediation, targets=targets, gates=passed))
    ledger.charge(turn, attempt.remediation, incident.facts.team, {run.target: run.key for run in runs})
    for run in runs:
        effect(turn, incident, remediation, attempt, run)
    change(incident, stage="acting", runs=runs)
    incident.deadlines["act"] = not_after + milliseconds(limits.action)
    turn.why = f"{attempt.remediation} may run"


def effect(turn: Turn, incident: Incident, remediation: Remediation, attempt: Attempt, run: Run) -> None:
    body = Act(
        incident=incident.id,
        remediation=attempt.remediation,
        action=remediation.action.name,
        parameters=parameters(remediation, run.inputs),
        inputs=run.inputs,
        target=run.target,
        plan=incident.plan,
        place=incident.place,
        not_after=run.not_after,
        record=run.undo is None and remediation.undo == "inverse",
        undo=run.undo,
        recorded=run.recorded if run.undo is not None else None,
    )
    turn.effect(incident, body, run.key, once=True)
