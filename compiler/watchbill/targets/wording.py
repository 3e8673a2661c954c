"""Policies in plain words: who is told, what an outcome does, what an action does. Plain text, to be escaped later."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from watchbill.promql import format_duration
from watchbill.spec.kinds.actions import Action, Value
from watchbill.spec.kinds.answers import Trigger
from watchbill.spec.kinds.people import Notified, Only, Rotation, Team
from watchbill.spec.kinds.workspace import Role
from watchbill.spec.model import Outcome, OutcomeKind, Workspace
from watchbill.spec.scalars import seconds

EVERYWHERE = "everywhere"
MODES = {
    "observe": "the machine only watches: it does nothing",
    "approve": "the machine asks a person before every action",
    "auto": "the machine acts by itself, within the limits below",
    None: "there is no executor: nothing is done by a machine",
}
_SPELT = frozenset(("api", "cpu", "db", "dns", "http", "id", "io", "ml", "sla", "slo", "sql", "tls", "vm", "vpn"))
AUDIENCES = {
    "incident": "everyone who works on the incident",
    "stakeholders": "stakeholders inside the company",
    "status-page": "the public status page",
    "customers": "customers",
}


def either(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    known = list(words)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} {last} {known[-1]}" if known else ""


def times(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@lru_cache(maxsize=8192)
def heading(name: str) -> str:
    """A document's name as a title: `payments/api-latency` is `API latency`."""
    words = name.rsplit("/", 1)[-1].replace("-", " ").replace("_", " ").split()
    text = " ".join(word.upper() if word in _SPELT else word for word in words)
    return text[:1].upper() + text[1:]


def total(durations: Iterable[str]) -> str:
    return format_duration(round(sum(seconds(duration) for duration in durations) * 1000))


def where(workspace: Workspace, places: Iterable[str]) -> str:
    """Places in few words: an environment's name when all of its places are meant."""
    chosen = set(places)
    if len(chosen) == len(workspace.places):
        return EVERYWHERE
    found = []
    for environment in workspace.environments:
        here = [place.name for place in workspace.places_of(environment)]
        found += [environment] if chosen.issuperset(here) else [name for name in here if name in chosen]
    return ", ".join(found)


def _team(workspace: Workspace, name: str | None) -> Team | None:
    policy = workspace.documents.get("Team", {}).get(name) if name is not None else None
    return policy.body if policy is not None else None


def who(workspace: Workspace, notified: Notified, team: str | None) -> str:
    """Who a step reaches, for the alerts of a team; for any team, when `team` is None."""
    if notified.person is not None:
        return notified.person.rsplit("/", 1)[-1]
    if notified.slack is not None:
        return notified.slack
    of = notified.of or team
    body = _team(workspace, of)
    if notified.on_call is not None:
        schedule = body.on_call.get(notified.on_call) if body is not None else None
        known = f" ({schedule})" if schedule else ""
        return f"{notified.on_call} on call of {of or 'the team'}{known}"
    role = notified.role or ""
    office = (body.roles.get(role) if body is not None else None) or workspace.settings.roles.get(role)
    if office is None:
        return f"{role} of {of or 'the team'}"
    return f"{role} ({_office(office)})"


def _office(role: Role) -> str:
    if role.person is not None:
        return role.person.rsplit("/", 1)[-1]
    return role.email or role.slack or "by phone"


def outcome(workspace: Workspace, meaning: Outcome, team: str | None, severity: str) -> str:
    """What an alert of a team leads to."""
    inside = _leads_to(workspace, meaning.kind, meaning.escalation, team, severity)
    if meaning.hours is None or meaning.outside is None:
        return inside
    outside = _leads_to(workspace, meaning.outside, None, team, severity)
    return f"{inside}, in {meaning.hours} only; outside them {outside}"


def _leads_to(workspace: Workspace, kind: OutcomeKind, escalation: str | None, team: str | None, severity: str) -> str:
    whose = team or "the team"
    if kind == "page":
        return f"pages {whose} by {escalation}"
    if kind == "ticket":
        return f"a ticket for {whose}"
    if kind == "notify":
        body = _team(workspace, team)
        slack = body.slack if body is not None else {}
        channel = slack.get(severity) or slack.get("default")
        return f"a message to {whose}" + (f" in {channel}" if channel else "")
    return "goes nowhere, on purpose"


def trigger(when: Trigger) -> str:
    """What starts a procedure."""
    alerts = f"alerts of class {when.class_}" if when.class_ else "alerts of any class"
    if when.severity:
        alerts += f" and severity {either(when.severity)}"
    if when.incidents is None:
        return alerts
    storm = f"{when.incidents} open incidents"
    storm += f" of different {when.distinct}s" if when.distinct else ""
    storm += f" within {when.within}" if when.within else ""
    return f"{storm}, from {alerts}" if when.class_ or when.severity else storm


def rotation(turns: Rotation) -> str:
    return turns.name or f"every {turns.every}"


def hours(only: Only | None) -> str:
    if only is None:
        return ""
    return f"in {only.inside}" if only.inside is not None else f"outside {only.outside}"


def value(given: Value) -> str:
    """A parameter of an action; a value that comes from the alert stands in angle marks."""
    return f"\u2039{given.input}\u203a" if given.input is not None else given.literal or ""


def action(given: Action) -> str:
    """What an action does, in words."""
    if (do := given.rollout_restart) is not None:
        return f"Restart the pods of {_deployment(do.deployment, do.namespace, do.cluster)}, a few at a time"
    if (scale := given.scale) is not None:
        target = _deployment(scale.deployment, scale.namespace, scale.cluster)
        if scale.to is not None:
            return f"Set {target} to {times(scale.to, 'replica')}, never more than {scale.at_most}"
        by = scale.by or 0
        verb, side = ("Take", "from") if by < 0 else ("Add", "to")
        return f"{verb} {times(abs(by), 'replica')} {side} {target}, never more than {scale.at_most}"
    if (back := given.rollout_undo) is not None:
        return f"Roll {_deployment(back.deployment, back.namespace, back.cluster)} back to its previous revision"
    if (cordon := given.cordon) is not None:
        return f"Keep new pods off node {value(cordon.node)} of cluster {value(cordon.cluster)}"
    if (isolate := given.isolate) is not None:
        place = f"namespace {value(isolate.namespace)} of cluster {value(isolate.cluster)}"
        return f"Cut the pods of app {value(isolate.app)} in {place} off from the network"
    if (call := given.http) is not None:
        return f"Call {call.method} {call.url}{_body(call.body)}"
    if (command := given.command) is not None:
        return f"Run the command: {' '.join(value(word) for word in command.argv)}"
    if (unit := given.systemd_restart) is not None:
        return f"Restart the unit {value(unit.unit)} on host {value(unit.host)}"
    if (flush := given.redis_flush) is not None:
        return f"Delete the keys {flush.pattern} of Redis {value(flush.server)}"
    if (own := given.own) is not None:
        return f"Run {own.name}{_body(own.parameters)}"
    return ""


def _deployment(deployment: Value, namespace: Value, cluster: Value) -> str:
    return f"Deployment {value(deployment)} in namespace {value(namespace)} of cluster {value(cluster)}"


def _body(body: Mapping[str, Value]) -> str:
    pairs: Sequence[str] = [f"{key}: {value(given)}" for key, given in body.items()]
    return f" with {', '.join(pairs)}" if pairs else ""
