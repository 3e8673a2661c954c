"""A clock that ran ahead and was set right. Without this everything set meanwhile would wait until its time comes round again.

Deadlines come forward by as much as the clock went back, rather too early than too late; what happened in a future counts as
of just now, so that no bound is loosened and none lasts for ever.
"""

import msgspec

from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Incident
from watchbill.executor.core.turn import Turn


def set_back(turn: Turn, by: int) -> None:
    now, state = turn.now, turn.state
    state.asked_at = min(state.asked_at, now)
    state.recent = tuple(msgspec.structs.replace(one, at=min(one.at, now)) for one in state.recent)
    state.deadlines = _sooner(state.deadlines, now, by)
    turn.change(
        starts={scope: tuple(min(at, now) for at in instants) for scope, instants in turn.ledger.starts.items()},
        last={scope: min(at, now) for scope, at in turn.ledger.last.items()},
    )
    for slot in sorted(state.incidents):
        incident = turn.at(slot)
        if incident is not None:
            _incident(incident, now, by)


def _incident(incident: Incident, now: Instant, by: int) -> None:
    incident.deadlines = _sooner(incident.deadlines, now, by)
    incident.heard_at = min(incident.heard_at, now)
    incident.returns = tuple(min(at, now) for at in incident.returns)
    if incident.resolved_at is not None:
        incident.resolved_at = min(incident.resolved_at, now)
    if incident.mitigated_at is not None:
        incident.mitigated_at = min(incident.mitigated_at, now)
    attempt = incident.attempt
    if attempt is not None and attempt.quiet_since is not None:
        incident.attempt = msgspec.structs.replace(attempt, quiet_since=min(attempt.quiet_since, now))


def _sooner(deadlines: dict[str, Instant], now: Instant, by: int) -> dict[str, Instant]:
    return {name: max(now, due - by) for name, due in deadlines.items()}
