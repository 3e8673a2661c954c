"""Escalation policies: an Escalation's steps for one team, as the people and schedules that PagerDuty can page.

Each step is a rule: on-call roles are schedules, other roles people. `wait` is the rule's delay, in whole minutes.
`repeat` is `num_loops`: both say how often the rules are gone through again. PagerDuty goes on to the next rule at once
when nobody is on call at one, and opens no incident when nobody is on call at any. So the workspace's last resort is the
last rule of every policy that does not page it anyway: a page that would reach nobody reaches it, as the policies say;
and so does, where they do not say so, a page that nobody else has acknowledged.

Slack channels are no rule's: Alertmanager tells them, those of `also` and of the first step. Others that are named there
are left out, with a finding.
"""

from collections.abc import Callable, Iterator

import msgspec

from watchbill.routing.building.paged import Target, on_call_target, role_of
from watchbill.routing.building.paged import target as paged
from watchbill.source.codes import pagerduty as codes
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.kinds.people import Escalation, Notified
from watchbill.spec.kinds.workspace import Role
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace
from watchbill.spec.scalars import seconds

MOST_TARGETS = 10
MOST_LOOPS = 9
Tell = Callable[[Diagnostic], None]


class Rule(msgspec.Struct, frozen=True):
    """Whom to page, and how long to wait for an acknowledgement. `resort`: no step says so, it is the last resort."""

    minutes: int
    targets: tuple[Target, ...]
    resort: bool = False


def rules(workspace: Workspace, team: str, escalation: str, tell: Tell) -> list[Rule]:
    """The rules of an escalation for a team; what cannot be said is told."""
    policy = workspace.documents["Escalation"].get(escalation)
    if policy is None or policy.body is None:
        return []
    body: Escalation = policy.body
    found = []
    for index, step in enumerate(body.steps):
        at = policy.at.at("steps", index)
        targets = _targets(workspace, team, policy, index, tell)
        if len(targets) > MOST_TARGETS:
            tell(
                _too_many(
                    f"step {index + 1} of `{escalation}` pages {len(targets)} people and schedules", at.at("notify")
                )
            )
        minutes = max(1, int(seconds(step.wait) // 60))
        if minutes * 60 != seconds(step.wait):
            tell(_wait(escalation, index, step.wait, minutes, at.at("wait")))
        if targets:
            found.append(Rule(minutes, targets))
        elif all(one.slack is not None for one in step.notify):
            tell(_channels_only(escalation, index, step.wait, at.at("notify")))
    for position, other in enumerate(body.also):
        if other.slack is None:
            tell(_bystander(escalation, other, policy.at.at("also", position)))
    if body.repeat > MOST_LOOPS:
        tell(_too_many(f"`{escalation}` is gone through {body.repeat} times again", policy.at.at("repeat")))
    return [*found, *_last_resort(workspace, found)]


def loops(workspace: Workspace, escalation: str) -> int:
    policy = workspace.documents["Escalation"].get(escalation)
    return policy.body.repeat if policy is not None and policy.body is not None else 0


def _targets(workspace: Workspace, team: str, policy: Policy, index: int, tell: Tell) -> tuple[Target, ...]:
    step = policy.body.steps[index]
    found: dict[Target, None] = {}
    missed = []
    for position, one in enumerate(step.notify):
        target = paged(workspace, team, one, policy.team)
        if target is not None:
            found[target] = None
        elif one.role is not None and (role := role_of(workspace, team, one.role)) is not None:
            missed.append((one.role, role, policy.at.at("steps", index, "notify", position)))
    for name, role, where in missed:
        tell(_cannot_reach(f"step {index + 1} of `{policy.name}`", name, role, where, alone=not found))
    return tuple(found)


def _last_resort(workspace: Workspace, found: list[Rule]) -> Iterator[Rule]:
    target = on_call_target(workspace, *workspace.last_resort)
    if target is not None and not any(target in rule.targets for rule in found):
        yield Rule(found[-1].minutes if found else 5, (target,), resort=True)


def _cannot_reach(where: str, name: str, role: Role, at: Location, *, alone: bool) -> Diagnostic:
    what = "a telephone number" if role.phone else "a mailbox" if role.email else "a Slack channel"
    return Diagnostic(
        codes.CANNOT_REACH,
        f"{where} names `{name}`, which is {what}: PagerDuty pages people and schedules only",
        at,
        "would not hear of it",
        "make the role a person" + (", or name a Slack channel under `also`" if role.slack else ""),
        notes=("nobody else is paged at this step: it would be left out",) if alone else (),
        severity="error" if alone else None,
    )


def _channels_only(escalation: str, index: int, wait: str, at: Location) -> Diagnostic:
    return Diagnostic(
        codes.CANNOT_REACH,
        f"step {index + 1} of `{escalation}` tells Slack only: PagerDuty leaves it out, and does not wait {wait} for it",
        at,
        "pages nobody",
        "name the channels under `also`, and page from the first step on",
    )


def _bystander(escalation: str, other: Notified, at: Location) -> Diagnostic:
    name = other.on_call or other.role or other.person
    return Diagnostic(
        codes.CANNOT_REACH,
        f"`{name}` stands under `also` of `{escalation}`: PagerDuty has nobody who is told and does not have the incident",
        at,
        "would not hear of it",
        "name them in the first step, or a Slack channel here",
    )


def _wait(escalation: str, index: int, wait: str, minutes: int, at: Location) -> Diagnostic:
    return Diagnostic(
        codes.WAIT,
        f"step {index + 1} of `{escalation}` waits {wait}: PagerDuty waits whole minutes, here {minutes}",
        at,
        "not whole minutes",
        f"write {minutes}m or {minutes + 1}m",
    )


def _too_many(what: str, at: Location) -> Diagnostic:
    most = MOST_LOOPS if at.path[-1] == "repeat" else MOST_TARGETS
    return Diagnostic(codes.TOO_MANY, f"{what}, and PagerDuty takes {most} at most", at, "too many", f"at most {most}")
