"""Who is asked before the machine acts: people who are awake, as many as must agree, and not only the one it woke."""

from collections.abc import Iterator
from itertools import pairwise

from watchbill.checks.acting import chosen, uses_of_alerts, uses_of_procedures
from watchbill.checks.contacts import people_in, people_of
from watchbill.checks.covered import coverage_of
from watchbill.checks.procedures import Use
from watchbill.oncall import Schedule
from watchbill.oncall.clock import instant_of
from watchbill.oncall.localtime import stretch
from watchbill.oncall.shifts import spans
from watchbill.source.codes import safety as codes
from watchbill.source.diagnostic import Diagnostic, Related
from watchbill.spec.kinds.actions import Isolate, RolloutUndo
from watchbill.spec.kinds.answers import Approvals, Remediation
from watchbill.spec.kinds.people import Notified
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.rota import rota


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    direct, through = uses_of_alerts(workspace), uses_of_procedures(workspace)
    asking = {
        name: policy
        for name, policy in workspace.documents.get("Remediation", {}).items()
        if policy.body is not None and policy.body.approvals is not None
    }
    turns = _with_turns(workspace) if asking else set()
    for name, policy in asking.items():
        uses = [*direct.get(name, ()), *through.get(name, ())]
        yield from _asleep(workspace, policy, uses, turns)
        yield from _too_few(workspace, policy, uses)
        if destructive(policy.body):
            yield from _alone(workspace, policy, uses)
            yield from _left_out(workspace, policy, uses)


def destructive(body: Remediation) -> bool:
    return body.risk == "high" or isinstance(chosen(body.action)[1], Isolate | RolloutUndo)


def _with_turns(workspace: Workspace) -> set[str]:
    """Everybody who has a turn in some schedule."""
    schedules = workspace.documents.get("Schedule", {}).values()
    return {person for schedule in schedules for person in people_in(workspace, schedule)}


def _teams(uses: list[Use]) -> list[str]:
    return list(dict.fromkeys(team for use in uses for team, _ in use.alert.takers))


def _asleep(workspace: Workspace, policy: Policy, uses: list[Use], turns: set[str]) -> Iterator[Diagnostic]:
    approvals: Approvals = policy.body.approvals
    for team in _teams(uses):
        people = [name for target in approvals.from_ for name in people_of(workspace, team, target)]
        if people and not turns & set(people):
            who = " and ".join(f"`{name}`" for name in dict.fromkeys(people))
            yield Diagnostic(
                codes.NEVER_ON_CALL,
                f"approval is asked of {who}, who {'is' if len(set(people)) == 1 else 'are'} never on call",
                policy.at.at("approvals", "from"),
                "asleep at night",
                "ask an on-call role too, such as {on_call: primary}",
            )
            return


def _too_few(workspace: Workspace, policy: Policy, uses: list[Use]) -> Iterator[Diagnostic]:
    approvals: Approvals = policy.body.approvals
    if approvals.count < 2 or approvals.count > len(approvals.from_):
        return
    made, _ = rota(workspace)
    for team in _teams(uses):
        fixed: set[str] = set()
        schedules: dict[str, Schedule] = {}
        for target in approvals.from_:
            name = _schedule(workspace, team, target)
            if name is None:
                fixed.update(people_of(workspace, team, target))
            elif name in made.schedules:
                schedules[name] = made.schedules[name]
        few = _first_time(workspace, approvals.count, fixed, list(schedules.values()))
        if few is not None:
            people, when = few
            who = f"all that are asked are `{min(people)}`" if len(people) == 1 else f"only {len(people)} are there"
            yield Diagnostic(
                codes.TOO_FEW,
                f"{approvals.count} must approve, and {who}{when}",
                policy.at.at("approvals", "count"),
                "more than there are",
                "ask somebody else too, or let one approve",
            )
            return


def _first_time(
    workspace: Workspace, count: int, always: set[str], schedules: list[Schedule]
) -> tuple[set[str], str] | None:
    """The first time at which there are some and yet too few: who they are, and when in words."""
    if not schedules:
        return (always, "") if 0 < len(always) < count else None
    times = [coverage_of(workspace, one) for one in schedules]
    start, end = max(at for at, _ in times), max(until for _, until in times)
    shifts = [spans(one, start, end) for one in schedules]
    places = [0] * len(schedules)
    for at, until in pairwise(sorted({at for one in shifts for at, _, _ in one} | {end})):
        people = set(always)
        for number, one in enumerate(shifts):
            while one[places[number]][1] <= at:
                places[number] += 1
            people.update(one[places[number]][2].people)
        if 0 < len(people) < count:
            first = schedules[0]
            return people, f" from {stretch(instant_of(at), instant_of(until), first.zone)} ({first.zone})"
    return None


def _schedule(workspace: Workspace, team: str, target: Notified) -> str | None:
    owner = workspace.documents.get("Team", {}).get(target.of or team)
    if target.on_call is None or owner is None or owner.body is None:
        return None
    reference = owner.body.on_call.get(target.on_call)
    return qualified(workspace.documents, "Schedule", reference, target.of or team) if reference is not None else None


def _alone(workspace: Workspace, policy: Policy, uses: list[Use]) -> Iterator[Diagnostic]:
    asked = set(policy.body.approvals.from_)
    if len(asked) != 1 or next(iter(asked)).on_call is None:
        return
    for use in uses:
        escalation = workspace.documents["Escalation"].get(use.alert.outcome.escalation or "")
        if escalation is None or escalation.body is None:
            continue
        paged = {target for step in escalation.body.steps for target in step.notify if target.slack is None}
        if paged == asked:
            yield Diagnostic(
                codes.ALONE,
                f"only the one who is paged for `{use.alert.name}` is asked, and nobody else is paged",
                policy.at.at("approvals", "from"),
                "one pair of eyes",
                "ask somebody else too, with `count: 2`",
                related=(Related(use.at, f"`{use.alert.name}` leads here"),),
            )
            return


def _left_out(workspace: Workspace, policy: Policy, uses: list[Use]) -> Iterator[Diagnostic]:
    """Places where the labels say that nobody is asked, and the executor acts by itself."""
    when: dict[str, str] = policy.body.approvals.when
    for use in uses:
        environment = workspace.places[use.place].environment
        executor = workspace.environments[environment].executor
        if executor is None or executor.mode != "auto":
            continue
        other = next((label for label, value in when.items() if use.alert.labels.get(label, value) != value), None)
        if other is not None:
            if not any(_asked(use_, when) for use_ in uses):
                return  # never asked at all, which is told by itself
            yield Diagnostic(
                codes.PARTLY_APPROVED,
                f"in {environment} nobody is asked: there `{other}` is `{use.alert.labels[other]}`",
                policy.at.at("approvals", "when", other),
                "only there",
                "leave `when:` out, so that it is asked everywhere",
                related=(Related(use.at, f"`{use.alert.name}` leads here"),),
            )
            return


def _asked(use: Use, when: dict[str, str]) -> bool:
    return all(
        use.alert.labels[label] == value if label in use.alert.labels else use.alert.may_have(label)
        for label, value in when.items()
    )
