"""Whom an escalation reaches, step by step: the people who are on call at the moment in which each step comes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from watchbill.oncall import Duty, on_call
from watchbill.spec.kinds.people import Escalation, Notified
from watchbill.spec.kinds.workspace import Role
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.rota import Rota
from watchbill.spec.scalars import seconds


class Target(msgspec.Struct, frozen=True):
    """Whom a step pages: a Schedule or a Person, by qualified name."""

    kind: str
    name: str


class Told(msgspec.Struct, frozen=True):
    """One of those whom a step names, `said` as the policy names them.

    With a `schedule` its `duty` is who is on call there at that moment; `person` is they, or the one that is named, and
    None when nobody is. A `channel` is a Slack channel, a mailbox, or a telephone, and no person.
    """

    said: str
    person: str | None = None
    schedule: str | None = None
    duty: Duty | None = None
    channel: str | None = None


class Step(msgspec.Struct, frozen=True):
    """`after` so many seconds from the first message; `wait` so many more for an acknowledgement. `resort`: no step of the
    policy, but the workspace's last resort, which stands behind every other.
    """

    after: float
    wait: float
    told: tuple[Told, ...]
    resort: bool = False


class Chain(msgspec.Struct, frozen=True):
    """An escalation for one team, from an instant on. `also` hear of it at once. Times are seconds."""

    escalation: str
    team: str
    acknowledge_within: float | None
    steps: tuple[Step, ...]
    repeat: int
    also: tuple[Told, ...]


def chain(workspace: Workspace, rota: Rota, team: str, escalation: str, at: datetime) -> Chain | None:
    """Who is paged, from the first message on; None when there is no such escalation."""
    policy = workspace.documents["Escalation"].get(escalation)
    if policy is None or policy.body is None:
        return None
    body: Escalation = policy.body
    steps: list[Step] = []
    after = 0.0
    paged: set[Target | None] = set()
    for step in body.steps:
        paged |= {target(workspace, team, one, policy.team) for one in step.notify}
        told = tuple(
            _told(workspace, rota, team, one, policy.team, at + timedelta(seconds=after)) for one in step.notify
        )
        steps.append(Step(after, seconds(step.wait), told))
        after += seconds(step.wait)
    resort_team, role = workspace.last_resort
    resort = on_call_target(workspace, resort_team, role)
    if resort is not None and resort not in paged:
        last = Notified(on_call=role, of=resort_team)
        told = (_told(workspace, rota, team, last, None, at + timedelta(seconds=after)),)
        steps.append(Step(after, steps[-1].wait if steps else 300.0, told, resort=True))
    within = seconds(body.acknowledge_within) if body.acknowledge_within is not None else None
    also = tuple(_told(workspace, rota, team, one, policy.team, at) for one in body.also)
    return Chain(escalation, team, within, tuple(steps), body.repeat, also)


def people(found: Chain) -> Iterator[str]:
    """Everybody the steps reach, in order, each once."""
    yield from dict.fromkeys(one.person for step in found.steps for one in step.told if one.person is not None)


def target(workspace: Workspace, team: str, one: Notified, owner: str | None) -> Target | None:
    """The schedule or person meant, for alerts of a team; None for what is neither, and for what is not there."""
    if one.on_call is not None:
        return on_call_target(workspace, one.of or team, one.on_call)
    person, seen_from = one.person, owner
    if one.role is not None:
        found = role_of(workspace, team, one.role)
        person = found.person if found is not None else None
        own = workspace.documents["Team"].get(team)
        seen_from = team if own is not None and own.body is not None and one.role in own.body.roles else None
    name = qualified(workspace.documents, "Person", person, seen_from) if person is not None else None
    return Target("Person", name) if name is not None else None


def on_call_target(workspace: Workspace, team: str, role: str) -> Target | None:
    """The schedule of an on-call role."""
    policy = workspace.documents["Team"].get(team)
    reference = policy.body.on_call.get(role) if policy is not None and policy.body is not None else None
    name = qualified(workspace.documents, "Schedule", reference, team) if reference is not None else None
    return Target("Schedule", name) if name is not None else None


def role_of(workspace: Workspace, team: str, role: str) -> Role | None:
    """An office of the team, or else of the workspace."""
    policy = workspace.documents["Team"].get(team)
    own: Role | None = policy.body.roles.get(role) if policy is not None and policy.body is not None else None
    return own or workspace.settings.roles.get(role)


def said(one: Notified, team: str | None) -> str:
    """As policies name them: `primary`, `primary of sre`, `cto`, `#incidents`."""
    name = one.on_call or one.role or one.person or one.slack or ""
    return name if one.of in (None, team) else f"{name} of {one.of}"


def _told(workspace: Workspace, rota: Rota, team: str, one: Notified, owner: str | None, at: datetime) -> Told:
    name = said(one, team)
    found = target(workspace, team, one, owner)
    if found is not None and found.kind == "Person":
        return Told(name, person=found.name)
    if found is not None:
        schedule = rota.schedules.get(found.name)
        duty = on_call(schedule, at) if schedule is not None else None
        return Told(name, duty.person if duty is not None else None, found.name, duty)
    office = role_of(workspace, team, one.role) if one.role is not None else None
    channel = one.slack or (office.slack or office.email or "by telephone" if office is not None else None)
    return Told(name, channel=channel)
