"""Who answers an alert, and what the machine may do: people at an instant, runbook, remedies with their gates."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchbill.cli.alert.variants import Rule
from watchbill.cli.show.duty import iso
from watchbill.routing.building.paged import Step, chain
from watchbill.source.diagnostic import Location
from watchbill.spec import kinds
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.rota import Rota, rota
from watchbill.targets import wording

Record = dict[str, Any]
PlaceOf = Callable[[Location | None], Record]


def on_call(workspace: Workspace, rules: Sequence[Rule], at: datetime) -> list[Record]:
    """For each team and escalation that pages somewhere: the steps, and who they reach when each of them comes."""
    known, _ = rota(workspace)
    pages = dict.fromkeys(
        (team, outcome.escalation, alert.severity)
        for _, alert in rules
        for team, outcome in alert.takers
        if outcome.kind == "page" and outcome.escalation is not None
    )
    found = []
    for team, name, severity in pages:
        paged = chain(workspace, known, team, name or "", at)
        if paged is not None:
            found.append(
                {
                    "team": team,
                    "severity": severity,
                    "escalation": name,
                    "at": iso(at),
                    "acknowledge_within_seconds": paged.acknowledge_within,
                    "steps": [_step(step, known, at) for step in paged.steps],
                    "repeat": paged.repeat,
                    "also": [one.channel or one.person or one.said for one in paged.also],
                }
            )
    return found


def _step(step: Step, known: Rota, at: datetime) -> Record:
    when = at + timedelta(seconds=step.after)
    return {
        "after_seconds": step.after,
        "last_resort": step.resort,
        "reaches": [
            {
                "as": one.said,
                "name": one.person,
                "schedule": one.schedule,
                "channel": one.channel,
                "local_time": iso(when, known.people[one.person].zone) if one.person in known.people else None,
            }
            for one in step.told
        ],
    }


def runbook(workspace: Workspace, alert: ResolvedAlert, place_of: PlaceOf) -> Record | None:
    if alert.runbook is None:
        return {"name": None, "url": alert.runbook_url, "first": [], **place_of(None)} if alert.runbook_url else None
    policy = workspace.get("Runbook", alert.runbook)
    body: kinds.Runbook | None = policy.body
    first = [step.text or step.title or step.promql for step in body.immediate] if body is not None else []
    return {"name": alert.runbook, "url": alert.runbook_url, "first": first, **place_of(policy.at.at("name"))}


def remedy(workspace: Workspace, name: str, rules: Sequence[Rule], place_of: PlaceOf) -> Record:
    """What a remediation does, and everything that can keep it from being done."""
    policy = workspace.get("Remediation", name)
    body: kinds.Remediation | None = policy.body
    if body is None:
        return {"name": name, "action": "", "risk": "", "gates": [], **place_of(policy.at)}
    environments = dict.fromkeys(place.environment for place, _ in rules)
    return {
        "name": name,
        "action": wording.action(body.action),
        "risk": body.risk,
        "gates": [*_modes(workspace, environments), *_gates(workspace, body, rules[0][1].team)],
        **place_of(policy.at.at("name")),
    }


def _modes(workspace: Workspace, environments: Iterable[str]) -> Iterator[str]:
    for name in environments:
        executor = workspace.environments[name].executor
        yield f"in {name} {wording.MODES[executor.mode if executor is not None else None]}"


def _gates(workspace: Workspace, body: kinds.Remediation, team: str) -> Iterator[str]:
    asked, guard = body.approvals, body.guardrails
    if asked is not None:
        when = " and ".join(f"{label}={value}" for label, value in asked.when.items())
        people = wording.either(wording.who(workspace, one, team) for one in asked.from_)
        count = "" if asked.count == 1 else f"{asked.count} of "
        then = "else it escalates" if asked.else_ == "escalate" else "else it is skipped"
        yield f"asks {count}{people} {f'where {when}' if when else 'always'}, within {asked.within}, {then}"
    for name, given in body.inputs.items():
        allowed = wording.either(given.allow) if given.allow else f"the {given.connection} connections there are"
        yield f"takes {name} from label {given.label}: {allowed}"
    yield f"not again within {guard.cooldown}, at most {guard.max_per_hour} an hour for a target, for a team"
    yield f"at most {wording.times(guard.max_targets, 'target')} in an incident, then it asks"
    if guard.keep_healthy is not None:
        yield f"only where at least {guard.keep_healthy.at_least} stay: {' '.join(guard.keep_healthy.expr.split())}"
    if guard.not_during:
        yield f"not during {wording.either(guard.not_during)}"
    yield f"stops after {wording.times(guard.stop_after_failures, 'run')} that did not help"
    undone = "; else it is undone" if body.undo == "inverse" else ""
    yield f"has helped when the expression is quiet for {body.verify.quiet_for}, within {body.verify.within}{undone}"


def procedures(workspace: Workspace, rules: Sequence[Rule], place_of: PlaceOf) -> Iterator[Record]:
    """The procedures that this alert can start, or help to start."""
    alert = rules[0][1]
    severities = {rule.severity for _, rule in rules if rule.outcome.kind != "drop"}
    for name, policy in workspace.documents.get("Procedure", {}).items():
        body: kinds.Procedure | None = policy.body
        if body is None:
            continue
        when = body.when
        if when.class_ in (None, alert.class_) and severities & set(when.severity or severities):
            yield {"name": name, "when": wording.trigger(when), **place_of(policy.at.at("name"))}
