"""What an alert is: which incident it belongs to, how grave that is, and how risky it is to act. Every figure with its reason."""

import hashlib

import msgspec

from watchbill.executor.core.decisions import Refusal
from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Facts, Incident, State
from watchbill.executor.core.turn import Turn
from watchbill.executor.core.who import Plans, calendar_of, team_of, to_ask
from watchbill.executor.plan import Plan, Target
from watchbill.executor.plan.documents import Procedure, Remediation
from watchbill.executor.plan.times import HOUR, milliseconds

RISKY = 70  # from here on a person is asked, in mode auto too
_CANONICAL = msgspec.json.Encoder(order="deterministic")
_OF_SEVERITY = (30, 20, 10)
_OF_TIER = {1: 15, 2: 8}
_OF_CLASS = {"security": 10, "data": 10, "business": 5}
_OF_REVENUE = {"direct": 15, "indirect": 5}
_OF_ACTION = {"low": 10, "medium": 30, "high": 50}


class Identity(msgspec.Struct, frozen=True, gc=False):
    """The incident an alert belongs to. `contradicts`: its labels are not those of the environment or the token's source."""

    slot: str
    key: dict[str, str]
    place: str | None
    target: Target | None
    contradicts: str | None = None


def identify(plan: Plan, labels: dict[str, str], environment: str, source: str | None) -> Identity:
    """By the policy's own key; never by what Alertmanager groups by, which changes with the routes.

    An alert that no policy claims is told apart by its name, service and identity. One whose labels contradict where it
    came from never meets an incident of the place that it claims to be from.
    """
    place = plan.place_of(labels)
    contradicts = None
    if environment != plan.document.environment or (source is not None and place != source) or place is None:
        contradicts = f"{environment}/{source or '*'}"
    target = plan.alert(labels, place) if place is not None and contradicts is None else None
    names = target.alert.incident_key if target is not None else ("alertname", "service", *plan.document.identity)
    key = {name: labels.get(name, "") for name in names}
    if contradicts is not None:
        key["contradicts"] = contradicts
    elif target is None:
        key["unclaimed"] = "yes"
    slot = hashlib.sha256(_CANONICAL.encode(key)).hexdigest()[:16]
    return Identity(slot, key, place, target, contradicts)


def crowd(identity: Identity) -> Identity:
    """The one incident of all that no policy claims, once there are too many: anybody can make up another name."""
    key = {"unclaimed": "many"}
    slot = hashlib.sha256(_CANONICAL.encode(key)).hexdigest()[:16]
    return msgspec.structs.replace(identity, slot=slot, key=key)


def unclaimed(identity: Identity) -> tuple[Refusal, str] | None:
    """Why the machine keeps its hands off an alert."""
    if identity.contradicts is not None:
        return "labels-contradict", f"the labels are not those of {identity.contradicts}"
    return ("unknown-alert", "no policy claims this alert") if identity.target is None else None


def facts_of(turn: Turn, plan: Plan, identity: Identity, labels: dict[str, str]) -> Facts:
    now = turn.now
    target = identity.target
    severity = labels.get("severity", "")
    if target is None:
        reason = f"team {plan.document.catch_all.team}: the catch-all"
        known = severity if severity in plan.document.severities else plan.worst
        return Facts(known, plan.document.catch_all.team, 3, 0, claimed=False, reasons=(reason,))
    alert = target.alert
    reasons = [
        f"severity {severity}: as the rule says",
        f"team {target.team}: whose alert it is",
        f"tier {alert.tier}: its service's",
    ]
    if alert.class_ is not None:
        reasons.append(f"class {alert.class_}: as the policy says")
    plans = to_ask(turn.state, plan)
    risk, why = _risk_of_incident(plan, plans, target, severity, now)
    procedure = _procedure(turn, plan, target, severity)
    if procedure is not None:
        reasons.append(f"procedure {procedure[0]}: {procedure[1]}")
    return Facts(
        severity,
        target.team,
        alert.tier,
        risk,
        class_=alert.class_,
        revenue=alert.impact.revenue,
        customers=alert.impact.customers,
        procedure=procedure[0] if procedure is not None else None,
        reasons=(*reasons, *why),
    )


def _risk_of_incident(plan: Plan, plans: Plans, target: Target, severity: str, now: Instant) -> tuple[int, list[str]]:
    """The seed's factors of an incident: severity, tier, class, revenue, and whether anybody is at work."""
    alert, rank = target.alert, plan.rank(severity)
    parts = [
        (f"severity {severity}", _OF_SEVERITY[rank] if rank < len(_OF_SEVERITY) else 0),
        (f"tier {alert.tier}", _OF_TIER.get(alert.tier, 0)),
        (f"class {alert.class_}", _OF_CLASS.get(alert.class_ or "", 0)),
        (f"revenue {alert.impact.revenue}", _OF_REVENUE.get(alert.impact.revenue or "", 0)),
        ("outside working hours", _out_of_hours(plans, target.team, now)),
    ]
    return _summed(parts)


def _out_of_hours(plans: Plans, team: str, now: Instant) -> int:
    known = team_of(plans, team)
    hours = calendar_of(plans, known.hours) if known is not None else None
    return 10 if hours is not None and not hours.is_open(now // 1000) else 0


def risk_of_action(state: State, plan: Plan, incident: Incident, name: str, now: Instant) -> tuple[int, list[str]]:
    """How risky it is to run a remediation for an incident now: 0 to 100, with what adds to it.

    The action's own risk; the environment, tier and class it acts in; the time of day; and how it went before.
    """
    remediation: Remediation = plan.document.remediations[name]
    pages = any(one.outcome == "page" for one in plan.document.severities.values())
    breaker = state.ledger.breakers.get(name)
    failures = breaker.failures if breaker is not None else 0
    back = len([at for at in incident.returns if at > now - HOUR])
    parts = [
        (f"{remediation.risk} risk", _OF_ACTION[remediation.risk]),
        (f"environment {plan.document.environment}", 10 if pages else 0),
        (f"tier {incident.facts.tier}", _OF_TIER.get(incident.facts.tier, 0)),
        (f"class {incident.facts.class_}", _OF_CLASS.get(incident.facts.class_ or "", 0)),
        ("outside working hours", _out_of_hours(to_ask(state, plan), incident.facts.team, now)),
        (f"{failures} runs in a row without success", min(20, 10 * failures)),
        (f"back {back} times within the hour", min(10, 5 * back)),
    ]
    return _summed(parts)


def _summed(parts: list[tuple[str, int]]) -> tuple[int, list[str]]:
    return min(100, sum(points for _, points in parts)), [f"risk +{points}: {why}" for why, points in parts if points]


def _procedure(turn: Turn, plan: Plan, target: Target, severity: str) -> tuple[str, str] | None:
    """The first procedure that the incident starts, and why."""
    if target.alert.no_data_of is not None:
        return None
    for name, procedure in plan.document.procedures.items():
        if procedure.when.class_ not in (None, target.alert.class_):
            continue
        if procedure.when.severity and severity not in procedure.when.severity:
            continue
        if procedure.when.incidents is None:
            return name, f"class {target.alert.class_}, severity {severity}"
        count = _many(turn, procedure, target)
        if count >= procedure.when.incidents and not _running(turn, name):
            return name, f"{count} incidents within {procedure.when.within}"
    return None


def _many(turn: Turn, procedure: Procedure, target: Target) -> int:
    """How many open incidents began within the time, this one included; with `distinct`, of how many kinds."""
    when = procedure.when
    since = turn.now - milliseconds(when.within or "5m")
    service, alert, _ = target.key.split("/")
    recent = [one for one in turn.state.recent if one.at > since and _open(turn, one.incident)]
    if when.distinct is None:
        return len(recent) + 1
    mine = {"service": service, "team": target.team, "alert": alert}[when.distinct]
    return len({mine, *(str(getattr(one, when.distinct)) for one in recent)})


def _open(turn: Turn, identity: str) -> bool:
    """What no policy claims makes no cascade: anybody can make up services."""
    found = turn.peek(identity)
    return found is not None and found.open and found.facts.claimed


def _running(turn: Turn, procedure: str) -> bool:
    """Whether an open incident of late follows a procedure already: one command centre, not ten."""
    found = (turn.peek(one.incident) for one in turn.state.recent)
    return any(one is not None and one.open and one.facts.procedure == procedure for one in found)
