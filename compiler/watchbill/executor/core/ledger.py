"""What was done and when, by scope, so that every bound holds across incidents, replicas and restarts.

A clock that jumps never loosens a bound: of each scope the latest instants are kept, however many hours ago they were,
and an instant that lies ahead counts as one of just now.
"""

from collections.abc import Container

from watchbill.executor.core import decisions
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Breaker, Ledger
from watchbill.executor.core.turn import Turn
from watchbill.executor.plan.times import HOUR

KEPT = 64  # of each scope: more than any limit that bounds anything
OVERALL = "overall"
_MANY = 2_000
_LONG_AGO = 30 * 24 * HOUR


def of_remediation(name: str, target: str) -> str:
    return f"run:{name}@{target}"


def of_remediation_and_team(name: str, team: str) -> str:
    return f"run:{name}:{team}"


def of_target(target: str) -> str:
    return f"target:{target}"


def of_team(team: str) -> str:
    return f"team:{team}"


def within_hour(ledger: Ledger, scope: str, now: Instant) -> int:
    """How many runs began in a scope within the hour before now, or after."""
    return sum(1 for at in ledger.starts.get(scope, ()) if at > now - HOUR)


def charge(turn: Turn, name: str, team: str, targets: dict[str, str]) -> None:
    """Runs are about to begin: `targets` gives each target's run. Every bound counts them from here on."""
    starts, last, busy = dict(turn.ledger.starts), dict(turn.ledger.last), dict(turn.ledger.busy)
    for target, run in targets.items():
        for scope in (
            of_remediation(name, target),
            of_remediation_and_team(name, team),
            of_target(target),
            of_team(team),
            OVERALL,
        ):
            starts[scope] = tuple(sorted((*starts.get(scope, ()), turn.now)))[-KEPT:]
        last[of_remediation(name, target)] = max(turn.now, last.get(of_remediation(name, target), 0))
        busy[target] = run
    if len(starts) > _MANY:
        starts = {scope: instants for scope, instants in starts.items() if instants[-1] > turn.now - _LONG_AGO}
    if len(last) > _MANY:
        last = {scope: at for scope, at in last.items() if at > turn.now - _LONG_AGO}
    turn.change(starts=starts, last=last, busy=busy)


def ended(turn: Turn, name: str, target: str) -> None:
    """A run has ended: the cooldown counts from here."""
    scope = of_remediation(name, target)
    turn.change(last={**turn.ledger.last, scope: max(turn.now, turn.ledger.last.get(scope, 0))})


def release(turn: Turn, prefix: str, held: Container[str] = ()) -> None:
    """Targets that runs of this beginning of a key hold are free again, but for those that stay `held`."""
    busy = {target: run for target, run in turn.ledger.busy.items() if not run.startswith(prefix) or target in held}
    if len(busy) != len(turn.ledger.busy):
        turn.change(busy=busy)


def failed(turn: Turn, name: str, limit: int, reason: str) -> None:
    """A run failed or did not help; after `limit` in a row the breaker opens."""
    before = turn.ledger.breakers.get(name, Breaker())
    failures = before.failures + 1
    opens = before.opened_at is None and failures >= limit
    made = Breaker(failures, turn.now if opens else before.opened_at)
    turn.change(breakers={**turn.ledger.breakers, name: made})
    if opens:
        turn.decide(decisions.Breaker(name=name, open=True, reason=reason))


def helped(turn: Turn, name: str) -> None:
    """A run helped: the count of failures begins anew. An open breaker stays open until a person closes it."""
    before = turn.ledger.breakers.get(name)
    if before is not None and before.opened_at is None:
        turn.change(breakers={key: one for key, one in turn.ledger.breakers.items() if key != name})


def trip(turn: Turn, name: str, reason: str) -> None:
    """Open a breaker at once."""
    before = turn.ledger.breakers.get(name, Breaker())
    if before.opened_at is None:
        turn.change(breakers={**turn.ledger.breakers, name: Breaker(before.failures, turn.now)})
        turn.decide(decisions.Breaker(name=name, open=True, reason=reason))


def close(turn: Turn, name: str) -> bool:
    if name not in turn.ledger.breakers:
        return False
    turn.change(breakers={key: one for key, one in turn.ledger.breakers.items() if key != name})
    return True
