"""The gates before every action, one function each, asked in order; the first that says no decides.

A gate answers from the state alone. What only a query can tell (the floor that must stay healthy, whether the alert still
fires) is asked last, by `checks`. All of them are asked again right before acting, however long an approval took.
"""

from collections.abc import Callable

import msgspec

from watchbill.executor.core import ledger
from watchbill.executor.core.decisions import Refusal
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Attempt, Incident, State
from watchbill.executor.core.who import to_ask
from watchbill.executor.plan import Plan, milliseconds
from watchbill.executor.plan.documents import Mode, Remediation
from watchbill.executor.plan.times import HOUR
from watchbill.executor.plan.windows import Holding

CAREFUL: tuple[Mode, ...] = ("observe", "approve", "auto")
STORM_OF_ALL = 3  # so many storms of one team are one of all teams


class Asked(msgspec.Struct, frozen=True):
    """May this remediation run for this incident, on these targets, now?"""

    state: State
    plan: Plan
    incident: Incident
    attempt: Attempt
    now: Instant

    @property
    def name(self) -> str:
        return self.attempt.remediation

    @property
    def remediation(self) -> Remediation:
        return self.plan.document.remediations[self.attempt.remediation]

    @property
    def team(self) -> str:
        return self.incident.facts.team

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(self.attempt.targets)


class No(msgspec.Struct, frozen=True):
    """Refused, or held back `until` an instant. `all`: the reason holds for every remedy of the incident."""

    reason: Refusal
    detail: str = ""
    all: bool = False
    until: Instant | None = None


Gate = Callable[[Asked], No | None]


def mode_of(state: State, plan: Plan) -> Mode:
    """The most careful of what the incident's plan says, what the plan in force says, and what the executor was told."""
    modes = [one.mode for one in to_ask(state, plan)]
    return min((*modes, state.mode or "auto"), key=CAREFUL.index)


def kill_switch(asked: Asked) -> No | None:
    for scope in ("all", f"team:{asked.team}", f"remediation:{asked.name}"):
        switch = asked.state.switches.get(scope)
        if switch is not None:
            return No("kill-switch", f"{scope}, by {switch.person} {switch.reason}".rstrip(), all=scope == "all")
    return None


def mode(asked: Asked) -> No | None:
    return (
        No("observe", "nothing is done in this mode", all=True)
        if mode_of(asked.state, asked.plan) == "observe"
        else None
    )


def number_of_targets(asked: Asked) -> No | None:
    most, count = asked.remediation.guardrails.max_targets, len(asked.targets)
    if count == 0:
        return No("not-firing", "no alert of the incident fires")
    return No("too-many-targets", f"{count} targets, and {most} may be touched at once") if count > most else None


def change_freeze(asked: Asked) -> No | None:
    for plan in reversed(to_ask(asked.state, asked.plan)):  # what a newer one forbids is forbidden all the same
        for holding in plan.windows.values():
            no = _frozen(asked, holding)
            if no is not None:
                return no
    return None


def _frozen(asked: Asked, holding: Holding) -> No | None:
    window = holding.window
    named = holding.name in asked.remediation.guardrails.not_during
    general = window.effect == "no-remediation" and any(
        holding.means(asked.team, alert.labels) for alert in asked.incident.alerts.values() if alert.ends_at is None
    )
    if not (named or general) or asked.incident.place not in window.places:
        return None
    if holding.until(asked.now // 1000) is None:
        return None
    return No("change-freeze", f"{holding.name}, {window.reason}", all=general)


def monitoring(asked: Asked) -> No | None:
    """A machine that acts on what it does not see acts everywhere at once."""
    for part in sorted(asked.state.broken):
        if not part.startswith("prometheus:") or part == f"prometheus:{asked.incident.place}":
            return No("monitoring-broken", f"{part} cannot be believed", all=True)
    blind, most = asked.state.blind.get(asked.incident.place or "", 0), asked.plan.document.limits.no_data
    return No("monitoring-broken", f"{blind} alerts of the place see no data", all=True) if blind >= most else None


def storm(asked: Asked) -> No | None:
    """Of the team, and of all teams together. What no policy claims makes no storm: anybody can make up services."""
    limit = asked.plan.document.limits.storm
    since = asked.now - milliseconds(limit.within)
    claimed = [one for one in asked.state.recent if one.claimed]
    mine = [one.at for one in claimed if one.team == asked.team]
    of_all = [one.at for one in claimed]
    for whose, opened, most in (
        (f"of {asked.team}", mine, limit.incidents),
        ("of all teams", of_all, STORM_OF_ALL * limit.incidents),
    ):
        lately = [at for at in opened if at > since]
        if len(lately) >= most:
            over = max(lately) + milliseconds(limit.hold)
            detail = f"{len(lately)} incidents {whose} within {limit.within}"
            return No("storm", detail, until=max(over, asked.now + 1000))
    return None


def flapping(asked: Asked) -> No | None:
    back = sum(1 for at in asked.incident.returns if at > asked.now - HOUR)
    if back < asked.plan.document.limits.flapping:
        return None
    return No("flapping", f"it came back {back} times within the hour", all=True)


def breaker(asked: Asked) -> No | None:
    for name in (ledger.OVERALL, asked.name):
        known = asked.state.ledger.breakers.get(name)
        if known is not None and known.opened_at is not None:
            what = "too many runs" if name == ledger.OVERALL else f"{known.failures} runs in a row without success"
            return No("breaker-open", f"{name}: {what}; a person closes it", all=name == ledger.OVERALL)
    return None


def busy_target(asked: Asked) -> No | None:
    for target in asked.targets:
        if target in asked.state.ledger.busy:
            return No("busy-target", f"{target}: {asked.state.ledger.busy[target]} is at work on it")
    return None


def cooldown(asked: Asked) -> No | None:
    wait = milliseconds(asked.remediation.guardrails.cooldown)
    for target in asked.targets:
        last = asked.state.ledger.last.get(ledger.of_remediation(asked.name, target))
        if last is not None and asked.now - last < wait:
            return No("cooldown", f"{target}: {asked.remediation.guardrails.cooldown} between two runs")
    return None


def _bounded(asked: Asked, reason: Refusal, scope: str, most: int, more: int) -> No | None:
    count = ledger.within_hour(asked.state.ledger, scope, asked.now)
    return No(reason, f"{count} of {most} an hour: {scope}") if count + more > most else None


def hourly_limit(asked: Asked) -> No | None:
    most = asked.remediation.guardrails.max_per_hour
    for target in asked.targets:
        no = _bounded(asked, "hourly-limit", ledger.of_remediation(asked.name, target), most, 1)
        if no is not None:
            return no
    scope = ledger.of_remediation_and_team(asked.name, asked.team)
    return _bounded(asked, "hourly-limit", scope, most, len(asked.targets))


def target_limit(asked: Asked) -> No | None:
    most = asked.plan.document.limits.per_target
    found = (_bounded(asked, "target-limit", ledger.of_target(target), most, 1) for target in asked.targets)
    return next((no for no in found if no is not None), None)


def team_limit(asked: Asked) -> No | None:
    most = asked.plan.document.limits.per_team
    return _bounded(asked, "team-limit", ledger.of_team(asked.team), most, len(asked.targets))


def overall_limit(asked: Asked) -> No | None:
    most = asked.plan.document.limits.overall
    return _bounded(asked, "overall-limit", ledger.OVERALL, most, len(asked.targets))


GATES: dict[str, Gate] = {
    "kill-switch": kill_switch,
    "mode": mode,
    "targets": number_of_targets,
    "change-freeze": change_freeze,
    "monitoring": monitoring,
    "storm": storm,
    "flapping": flapping,
    "breaker": breaker,
    "busy-target": busy_target,
    "cooldown": cooldown,
    "hourly-limit": hourly_limit,
    "target-limit": target_limit,
    "team-limit": team_limit,
    "overall-limit": overall_limit,
}


def ask(asked: Asked) -> No | None:
    for gate in GATES.values():
        no = gate(asked)
        if no is not None:
            return no
    return None
