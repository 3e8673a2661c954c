"""Runs that begin and end, the look at whether they helped, and taking back what did not."""

import msgspec

from watchbill.executor.core import gates, ledger, looking
from watchbill.executor.core.attempts import change, effect, no_more_remedies, over, remediation_of
from watchbill.executor.core.decisions import Permitted, Ran, Verified
from watchbill.executor.core.escalate import at_once, cease
from watchbill.executor.core.events import Result
from watchbill.executor.core.state import Attempt, Incident, Run, RunState, Settled
from watchbill.executor.core.turn import Turn
from watchbill.executor.plan import milliseconds
from watchbill.executor.plan.times import MINUTE, SECOND

_FINAL: tuple[RunState, ...] = ("succeeded", "failed", "not-started")


def run_of(incident: Incident | None, key: str) -> Run | None:
    runs = incident.attempt.runs if incident is not None and incident.attempt is not None else ()
    return next((run for run in runs if run.key == key), None)


def started(turn: Turn, incident: Incident | None, key: str, recorded: str | None) -> None:
    """The runner means to begin. It may, if this is the first time, in time, and nothing was stopped meanwhile."""
    run = run_of(incident, key)
    if incident is None:
        turn.refuse_unknown("not-expected", key, "no incident waits for it")
        return
    if run is None or incident.attempt is None:
        turn.refuse(incident, "not-expected", "nothing waits for this run", run=key)
        return
    if _begun(run):
        turn.refuse(incident, "already-started", f"it is {run.state}", run=key, target=run.target)
        return
    no = _stopped(turn, incident, incident.attempt, run)
    if no is not None:
        turn.refuse(
            incident, no.reason, no.detail, remediation=incident.attempt.remediation, run=key, target=run.target
        )
        _settle(turn, incident, run, "not-started", no.detail)
        return
    _replace(incident, msgspec.structs.replace(run, state="started", recorded=run.recorded or recorded))
    turn.decide(Permitted(incident=incident.id, run=key, target=run.target))


def _begun(run: Run) -> bool:
    return run.state != "planned"


def _stopped(turn: Turn, incident: Incident, attempt: Attempt, run: Run) -> gates.No | None:
    if turn.now > run.not_after:
        return gates.No("too-late", "it was to begin before")
    if not incident.open and run.undo is None:
        return gates.No("too-late", "the incident is over")
    asked = gates.Asked(turn.state, turn.plan_of(incident), incident, attempt, turn.now)
    return gates.kill_switch(asked) or gates.mode(asked)


def finished(turn: Turn, incident: Incident | None, key: str, outcome: Settled, detail: str) -> None:
    """A run has ended, or nobody knows how."""
    run = run_of(incident, key)
    if incident is None or run is None:
        turn.ignore("over", key)
    elif run.state in _FINAL or run.state == outcome:
        turn.ignore("twice", key, incident.id)
    else:
        _settle(turn, incident, run, outcome, detail)


def overdue(turn: Turn, incident: Incident) -> None:
    """What has not begun by now never does; how what has begun went is unknown."""
    for run in incident.attempt.runs if incident.attempt is not None else ():
        if run.state == "planned":
            turn.refuse(incident, "too-late", "it did not begin in time", run=run.key, target=run.target)
            _settle(turn, incident, run, "not-started", "it did not begin in time")
        elif run.state == "started":
            _settle(turn, incident, run, "unknown", "it did not end in time")


def _settle(turn: Turn, incident: Incident, run: Run, outcome: Settled, detail: str) -> None:
    attempt = incident.attempt
    if attempt is None:
        return
    before = run.state
    _replace(incident, msgspec.structs.replace(run, state=outcome))
    turn.decide(Ran(incident=incident.id, run=run.key, outcome=outcome, detail=detail))
    if before != "planned":
        ledger.ended(turn, attempt.remediation, run.target)
    if outcome == "unknown":
        turn.tell(incident, "unknown", f"{run.key}: {detail}")
        at_once(turn, incident, f"nobody knows whether {attempt.remediation} ran on {run.target}: look")
    runs = incident.attempt.runs if incident.attempt is not None else ()
    if all(one.state not in ("planned", "started") for one in runs):
        incident.deadlines.pop("act", None)
        if attempt.stage == "undoing":
            _undone(turn, incident)
        elif attempt.stage == "acting":
            _acted(turn, incident)


def _replace(incident: Incident, run: Run) -> None:
    runs = incident.attempt.runs if incident.attempt is not None else ()
    change(incident, runs=tuple(run if one.key == run.key else one for one in runs))


def _acted(turn: Turn, incident: Incident) -> None:
    """All runs of an attempt are settled."""
    attempt = change(incident)
    name, states = attempt.remediation, {run.state for run in attempt.runs}
    remediation = remediation_of(turn, incident, name)
    if "failed" in states or "unknown" in states:
        ledger.failed(turn, name, remediation.guardrails.stop_after_failures, "a run failed")
    if not incident.open:
        _close(turn, incident)
    elif "unknown" in states:
        no_more_remedies(incident)
        _verify(turn, incident)
    elif "failed" in states:
        turn.note(incident, "failed", f"{name} failed")
        _undo(turn, incident)
    elif states == {"not-started"}:
        _close(turn, incident)
    else:
        _verify(turn, incident)


def _close(turn: Turn, incident: Incident) -> None:
    """The attempt is over; a target of which nobody knows what was done to it stays held until the incident is over."""
    attempt = change(incident)
    ledger.release(turn, f"{incident.id}/act/{attempt.number}.", {one.target for one in attempt.runs if unknown(one)})
    over(incident)


def unknown(run: Run) -> bool:
    return run.state == "unknown"


# Verifying


def _verify(turn: Turn, incident: Incident) -> None:
    attempt = change(incident, stage="verifying", quiet_since=None, seen=None, query=None)
    verify = remediation_of(turn, incident, attempt.remediation).verify
    incident.deadlines["verify"] = turn.now + _interval(verify.quiet_for)
    incident.deadlines["verified"] = turn.now + milliseconds(verify.within)
    turn.why = f"{attempt.remediation} has run"


def _interval(quiet_for: str) -> int:
    """So that a few looks fit into the time that it must be quiet, however short the policy makes that."""
    return min(MINUTE, max(SECOND, milliseconds(quiet_for) // 4))


def look_again(turn: Turn, incident: Incident) -> None:
    """One question at a time: the answer of a slow Prometheus would else always come after the next was asked."""
    attempt = incident.attempt
    if attempt is not None and attempt.stage == "verifying":
        if attempt.query is None:
            change(incident, query=looking.ask(turn, incident))
        verify = remediation_of(turn, incident, attempt.remediation).verify
        incident.deadlines["verify"] = turn.now + _interval(verify.quiet_for)


def looked(turn: Turn, incident: Incident, results: dict[str, Result]) -> None:
    """One answer: quiet long enough, and the remedy has helped. Anything but quiet begins the wait anew."""
    seen, _ = looking.seen(turn.plan_of(incident), incident, results)
    attempt = change(incident, query=None, seen=seen)
    verify = remediation_of(turn, incident, attempt.remediation).verify
    if seen != "quiet":
        change(incident, quiet_since=None)
    elif attempt.quiet_since is None:
        change(incident, quiet_since=turn.now)
    elif turn.now - attempt.quiet_since >= milliseconds(verify.quiet_for):
        _helped(turn, incident)
        return
    turn.decide(Verified(incident=incident.id, remediation=attempt.remediation, seen=seen))


def _helped(turn: Turn, incident: Incident) -> None:
    """It is quiet: nobody else is woken, and if Alertmanager does not agree within a while, people are told again."""
    attempt = change(incident)
    turn.decide(Verified(incident=incident.id, remediation=attempt.remediation, seen="quiet", helped=True))
    if all(run.state != "unknown" for run in attempt.runs):
        ledger.helped(turn, attempt.remediation)
    incident.mitigated_at = turn.now
    turn.why = f"{attempt.remediation} helped"
    turn.note(incident, "mitigated", f"{attempt.remediation} helped: the alert's expression is quiet")
    cease(incident)
    no_more_remedies(incident)
    limits = turn.plan_of(incident).document.limits
    incident.deadlines["mitigated"] = turn.now + milliseconds(limits.last_resort)
    _close(turn, incident)


def not_helped(turn: Turn, incident: Incident) -> None:
    """The time is over: what can be taken back is, and the next remedy is due."""
    attempt = incident.attempt
    if attempt is None or attempt.stage != "verifying":
        return
    name = attempt.remediation
    turn.decide(Verified(incident=incident.id, remediation=name, seen=attempt.seen or "error", helped=False))
    turn.note(incident, "did-not-help", f"{name} did not help")
    turn.why = f"{name} did not help"
    if any(run.state == "unknown" for run in attempt.runs):
        _close(turn, incident)  # it counts as failed already, and nothing is taken back blindly
        return
    limit = remediation_of(turn, incident, name).guardrails.stop_after_failures
    ledger.failed(turn, name, limit, "it did not help")
    _undo(turn, incident)


# Taking back


def _undo(turn: Turn, incident: Incident) -> None:
    """Restore what was recorded before acting. A restart has nothing to restore."""
    attempt = change(incident)
    for name in ("verify", "verified"):
        incident.deadlines.pop(name, None)
    remediation = remediation_of(turn, incident, attempt.remediation)
    touched = [run for run in attempt.runs if run.state in ("succeeded", "failed")]
    if remediation.undo != "inverse" or not touched:
        _close(turn, incident)
        return
    limits = turn.plan_of(incident).document.limits
    not_after = turn.now + milliseconds(limits.answer)
    runs = []
    for number, run in enumerate(touched, 1):
        if run.recorded is None:
            detail = "what was there before is not known"
            turn.refuse(incident, "undo-impossible", detail, remediation=attempt.remediation, target=run.target)
            continue
        key = f"{incident.id}/undo/{attempt.number}.{number}"
        runs.append(Run(key, run.target, run.inputs, not_after, recorded=run.recorded, undo=run.key))
    if not runs:
        _close(turn, incident)
        return
    for run in runs:
        effect(turn, incident, remediation, attempt, run)
    change(incident, stage="undoing", runs=tuple(runs), query=None)
    incident.deadlines["act"] = not_after + milliseconds(limits.action)
    turn.why = f"{attempt.remediation} is taken back"


def _undone(turn: Turn, incident: Incident) -> None:
    attempt = change(incident)
    if any(run.state != "succeeded" for run in attempt.runs):
        no_more_remedies(incident)
        if incident.open:
            at_once(turn, incident, f"{attempt.remediation} could not be taken back: look")
        else:
            turn.note(incident, "undo-failed", f"{attempt.remediation} could not be taken back: look")
    _close(turn, incident)
