"""What of a workspace PagerDuty cannot do, or does otherwise: each is a finding, never left out in silence."""

from collections.abc import Iterator, Sequence

from watchbill.oncall.schedule import Schedule
from watchbill.routing.building.paged import Target
from watchbill.source.codes import pagerduty as codes
from watchbill.source.diagnostic import Diagnostic, Related
from watchbill.spec import kinds
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace
from watchbill.spec.rota import Rota, rota
from watchbill.targets.pagerduty_escalations import rules
from watchbill.targets.pagerduty_schedules import horizon, obstacle
from watchbill.targets.pagerduty_use import in_use


def limits(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    targets: dict[Target, None] = {}
    for use in in_use(workspace):
        for rule in rules(workspace, use.team, use.escalation, found.append):
            targets |= dict.fromkeys(rule.targets)
    made = rota(workspace)[0] if targets else Rota({}, {}, {})
    people = {target.name: None for target in targets if target.kind == "Person"}
    for name in sorted(target.name for target in targets if target.kind == "Schedule"):
        if name in made.schedules:
            found.extend(_schedule(workspace, workspace.get("Schedule", name), made.schedules[name]))
            people |= dict.fromkeys(_in_turn(made, name))
    policies = workspace.documents.get("Person", {})
    known = [
        (name, policies[name]) for name in sorted(people.keys() & policies.keys()) if policies[name].body is not None
    ]
    found.extend(_emails(known))
    found.extend(_own_rules(known))
    return list(dict.fromkeys(found))


def _schedule(workspace: Workspace, policy: Policy, schedule: Schedule) -> Iterator[Diagnostic]:
    body: kinds.Schedule = policy.body
    time = horizon(workspace.settings.coverage, schedule)
    reason = obstacle(schedule, time)
    if reason is not None and time[1] is None:
        yield Diagnostic(
            codes.NO_COVERAGE,
            f"PagerDuty can have `{policy.name}` shift by shift only, and nobody said for how long: {reason}",
            policy.at.at("name"),
            "no recurrence says this",
            "add `coverage: {from: …, until: …}` to the workspace",
        )
    elif reason is not None and workspace.settings.coverage is not None:
        yield Diagnostic(
            codes.SHIFT_BY_SHIFT,
            f"PagerDuty has `{policy.name}` shift by shift: {reason}",
            policy.at.at("name"),
            "no recurrence says this",
            "make it recur, or extend the workspace's `coverage` in good time",
            notes=(f"after {workspace.settings.coverage.until} PagerDuty would have nobody on call by it",),
        )
    for index, person in enumerate(body.shadow):
        yield Diagnostic(
            codes.SHADOW,
            f"`{person}` shadows `{policy.name}`, which PagerDuty cannot do: nothing is sent there",
            policy.at.at("shadow", index),
            "hears nothing from PagerDuty",
            "a Slack channel under the escalation's `also` reaches a shadow",
        )
    if body.overrides == "executor":
        yield Diagnostic(
            codes.OVERRIDES_ELSEWHERE,
            f"overrides of `{policy.name}` belong to the executor, and PagerDuty, which pages by it, never learns of them",
            policy.at.at("overrides"),
            "the wrong person would be woken",
            "write `overrides: pagerduty`, or `code`",
        )


def _in_turn(made: Rota, name: str) -> Iterator[str]:
    """Everybody who is ever on call by a schedule."""
    schedule = made.schedules[name]
    for layer in schedule.layers:
        for era in layer.eras:
            yield from era.people
    yield from (swap.take for swap in schedule.swaps)
    for gap in schedule.gaps:
        if gap.falls_to is not None:
            yield from _in_turn(made, gap.falls_to.name)


def _emails(people: Sequence[tuple[str, Policy]]) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, Policy]] = {}
    for name, policy in people:
        person: kinds.Person = policy.body
        other, earlier = first.setdefault(person.email.lower(), (name, policy))
        if other != name:
            yield Diagnostic(
                codes.SAME_EMAIL,
                f"`{other}` and `{name}` have one e-mail address: PagerDuty would take them for one person",
                policy.at.at("email"),
                "the other's too",
                "give each their own",
                related=(Related(earlier.at.at("email"), "the other"),),
            )


def _own_rules(people: Sequence[tuple[str, Policy]]) -> Iterator[Diagnostic]:
    told = [(name, policy) for name, policy in people if policy.body.notify]
    if told:
        names = ", ".join(f"`{name}`" for name, _ in told[:5]) + (f" and {len(told) - 5} more" if len(told) > 5 else "")
        yield Diagnostic(
            codes.OWN_RULES,
            f"PagerDuty notifies by the rules in everybody's own profile: `notify` of {names} is not sent there",
            told[0][1].at.at("notify"),
            "not sent",
            "have each profile say the same; a page is of high urgency",
        )
