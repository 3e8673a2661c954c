"""PagerDuty: one JSON document for each object, as `pagerduty/<kind>/<name>.json`, in the shape in which REST takes it.

`team`, `escalation_policy`, `service`, `integration`, `schedule`, `override`, `custom_shift` and, with `service_per:
service`, `orchestration` and `router` are request bodies. `rotation` holds all of a schedule's (see
`pagerduty_schedules`). Keys keep the order of REST's documentation, names are sorted.

No document holds an id, and PagerDuty alone makes them: wherever REST wants one stands `watchbill:<kind>/<name>`, which
is also the end of every description. Whoever sends the documents replaces each such value by the id of the object with
this marker: of a user by the e-mail address, of a rotation by the schedule and the name of its events, of anything else
by its description. People are no documents: accounts, their roles and their telephone numbers belong to whoever runs
the PagerDuty account, and policies only name them.

A service closes and reopens nothing by itself: both of its timeouts are off, 0, and written down, since PagerDuty's own
defaults differ. An incident ends when Alertmanager says so, and an acknowledgement holds until then. Its integration's
key belongs in the file of the service's name, from which Alertmanager reads it.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from watchbill.oncall.schedule import Schedule
from watchbill.routing.building.paged import Target
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.kinds.workspace import PagerDuty
from watchbill.spec.load import Policy
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Workspace
from watchbill.spec.rota import rota
from watchbill.targets import pagerduty_json as write
from watchbill.targets.artifact import Artifact, recalled
from watchbill.targets.pagerduty_escalations import Rule, loops, rules
from watchbill.targets.pagerduty_limits import limits
from watchbill.targets.pagerduty_schedules import documents, horizon, timetable
from watchbill.targets.pagerduty_use import Use, in_use, paged_by

_REST_TYPES = {"Schedule": "schedule_v3_reference", "Person": "user_reference"}
_OWNERS = {
    "code": "Overrides are made in the policies.",
    "pagerduty": "Overrides made here are kept.",
    "executor": "Overrides are made in the executor.",
}


def check(workspace: Workspace) -> list[Diagnostic]:
    """What of these policies PagerDuty cannot do, or does otherwise."""
    return limits(workspace)


def build(workspace: Workspace, memory: Memory = NOTHING) -> list[Artifact]:
    uses = in_use(workspace)
    per_service = (workspace.settings.pagerduty or PagerDuty()).service_per == "service"
    teams: dict[str, None] = {}
    schedules: dict[str, None] = {}
    found: list[Artifact] = []
    for use in uses:
        teams[use.team] = None
        escalated = rules(workspace, use.team, use.escalation, lambda _: None)
        schedules |= {target.name: None for rule in escalated for target in rule.targets if target.kind == "Schedule"}
        found.append(_escalation_policy(workspace, use, escalated))
        found.append(_service(workspace, use, use.name, f"What pages team {use.team} by {use.escalation}."))
        found.extend(_routed(workspace, use) if per_service else [_integration(workspace, use)])
    made = rota(workspace)[0].schedules if schedules else {}
    people = workspace.documents.get("Person", {})
    emails = {name: policy.body.email for name, policy in people.items() if policy.body is not None}
    for name in sorted(made.keys() & schedules.keys()):
        policy = workspace.get("Schedule", name)
        teams |= {policy.team: None} if policy.team is not None else {}
        make = partial(_schedule, workspace, policy, made[name], emails)
        found.extend(recalled(memory, "pagerduty", name, workspace.seals.on_call, make))
    found.extend(_team(workspace, name) for name in sorted(teams))
    return found


def _artifact(kind: str, name: str, text: str, sources: tuple[str, ...], at: Location) -> Artifact:
    return Artifact(f"pagerduty/{kind}/{name}.json", text, sources, ((1, at),))


def _team(workspace: Workspace, name: str) -> Artifact:
    body = {"type": "team", "name": name, "description": write.described(f"Team {name}.", "team", name)}
    return _artifact("team", name, write.text({"team": body}), (f"Team/{name}",), workspace.get("Team", name).at)


def _escalation_policy(workspace: Workspace, use: Use, escalated: list[Rule]) -> Artifact:
    resort = " The last rule is the workspace's last resort." if any(rule.resort for rule in escalated) else ""
    body = {
        "type": "escalation_policy",
        "name": use.policy,
        "escalation_rules": [
            {
                "escalation_delay_in_minutes": rule.minutes,
                "targets": [_target(workspace, target) for target in rule.targets],
            }
            for rule in escalated
        ],
        "num_loops": loops(workspace, use.escalation),
        "on_call_handoff_notifications": "if_has_services",
        "teams": [write.reference("team_reference", "team", use.team)],
        "description": write.described(
            f"{use.escalation} for team {use.team}.{resort}", "escalation_policy", use.policy
        ),
    }
    text = write.text({"escalation_policy": body})
    return _artifact("escalation_policy", use.policy, text, _sources(use), _at(workspace, use))


def _target(workspace: Workspace, target: Target) -> write.Body:
    if target.kind == "Person":
        email = workspace.get("Person", target.name).body.email
        return write.reference(_REST_TYPES["Person"], "user", email)
    return write.reference(_REST_TYPES["Schedule"], "schedule", target.name)


def _service(workspace: Workspace, use: Use, name: str, text: str, *more: str) -> Artifact:
    """`alert_creation`: an alert for each key of Alertmanager's, and an incident for each alert."""
    body = {
        "type": "service",
        "name": name,
        "description": write.described(text, "service", name),
        "auto_resolve_timeout": 0,
        "acknowledgement_timeout": 0,
        "status": "active",
        "escalation_policy": write.reference("escalation_policy_reference", "escalation_policy", use.policy),
        "incident_urgency_rule": {"type": "constant", "urgency": "high" if use.urgent else "severity_based"},
        "alert_creation": "create_alerts_and_incidents",
    }
    return _artifact("service", name, write.text({"service": body}), (*_sources(use), *more), _at(workspace, use))


def _integration(workspace: Workspace, use: Use) -> Artifact:
    body = {
        "type": "events_api_v2_inbound_integration",
        "name": "Alertmanager",
        "service": write.reference("service_reference", "service", use.name),
    }
    return _artifact("integration", use.name, write.text({"integration": body}), _sources(use), _at(workspace, use))


def _routed(workspace: Workspace, use: Use) -> Iterator[Artifact]:
    """A service for each of ours, behind a router that reads the event's component: Alertmanager has one key for all.

    The key is the orchestration's. What comes from no service of ours stays with the service of the key's name.
    """
    description = write.described(f"What pages team {use.team} by {use.escalation}.", "orchestration", use.name)
    team = {"id": write.marker("team", use.team)}
    body = {"name": use.name, "description": description, "team": team}
    where = _at(workspace, use)
    yield _artifact("orchestration", use.name, write.text({"orchestration": body}), _sources(use), where)
    routes = []
    for kind, service in paged_by(workspace, use):
        name = f"{use.team}-{service}-{use.escalation.replace('/', '-')}"
        text = f"What pages team {use.team} by {use.escalation} because of {service}."
        yield _service(workspace, use, name, text, f"{kind}/{service}")
        exact = service.replace(".", "[.]")
        routes.append(
            {
                "label": service,
                "conditions": [{"expression": f"event.component matches regex '^{exact}$'"}],
                "actions": {"route_to": write.marker("service", name)},
            }
        )
    path = {
        "sets": [{"id": "start", "rules": routes}],
        "catch_all": {"actions": {"route_to": write.marker("service", use.name)}},
    }
    yield _artifact("router", use.name, write.text({"orchestration_path": path}), _sources(use), where)


def _schedule(workspace: Workspace, policy: Policy, schedule: Schedule, emails: Mapping[str, str]) -> list[Artifact]:
    name = schedule.name
    table = timetable(schedule, horizon(workspace.settings.coverage, schedule))
    note = f"{policy.name}. {_OWNERS[policy.body.overrides]}"
    return [
        _artifact(kind, name, text, (f"Schedule/{name}",), policy.at)
        for kind, text in documents(name, schedule, table, emails, policy.team, note)
    ]


def _sources(use: Use) -> tuple[str, ...]:
    return (f"Escalation/{use.escalation}", f"Team/{use.team}")


def _at(workspace: Workspace, use: Use) -> Location:
    return workspace.get("Team", use.team).at
