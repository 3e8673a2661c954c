"""Pages that reach nobody: every step of an escalation leads to a schedule that has declared a gap for that time."""

from collections.abc import Iterable, Iterator, Sequence

from watchbill.checks.covered import Covered, over_coverage
from watchbill.oncall.calendar import Stretch, common
from watchbill.oncall.coverage import unattended
from watchbill.source.codes import coverage as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec import kinds
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.rota import rota


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    made, told = rota(workspace)
    in_circles = {(one.where.file, one.where.document) for one in told if isinstance(one.where, Location)}
    covered = over_coverage(workspace, (schedule for schedule in made.schedules.values() if schedule.left_out))
    empty = {
        name: unattended(one.spans)
        for name, one in covered.items()
        if (one.policy.at.file, one.policy.at.document) not in in_circles
        and any(duty.kind == "gap" for _, _, duty in one.spans)
    }
    if not empty:
        return
    pages = dict.fromkeys(
        (alert.team, alert.outcome.escalation)
        for place in workspace.places.values()
        for alert in place.alerts
        if alert.outcome.escalation is not None
    )
    for team, escalation in pages:
        steps = workspace.documents["Escalation"].get(escalation or "")
        owner = workspace.documents.get("Team", {}).get(team)
        if steps is None or steps.body is None or owner is None or owner.body is None:
            continue
        names = list(_schedules(workspace, team, [target for step in steps.body.steps for target in step.notify]))
        if not names or None in names:
            continue  # a person or an office is always there
        times: list[Stretch] | None = None
        for name in names:
            nobody = empty.get(name or "", [])
            times = nobody if times is None else common(times, nobody)
        times = [time for time in times or () if _declared(time, (covered[name] for name in names if name))]
        if times:
            one = covered[names[0] or ""]
            index = next(
                index for index, (at, end) in enumerate(one.schedule.left_out) if at < times[0][1] and times[0][0] < end
            )
            yield Diagnostic(
                codes.NOBODY_REACHABLE,
                f"`{escalation}` reaches nobody of team `{team}` {one.words(times)}",
                one.policy.at.at("gaps", index),
                "every step is empty then",
                "let a gap fall to another schedule, or add a step that names a person",
                related=tuple(
                    Related(covered[name].policy.at.at("name"), f"nobody is on call for `{name}` either")
                    for name in dict.fromkeys(names[1:])
                    if name is not None and name != names[0]
                ),
                notes=one.others(times),
            )


def _declared(time: Stretch, all_: Iterable[Covered]) -> bool:
    """Whether each of the schedules has a declared gap in a time; a mere hole is told by itself."""
    return all(
        any(duty.kind == "gap" and start < time[1] and time[0] < end for start, end, duty in one.spans) for one in all_
    )


def _schedules(workspace: Workspace, team: str, targets: Sequence[kinds.people.Notified]) -> Iterator[str | None]:
    """The schedule behind each target that pages; None for one that is always there. A channel pages nobody."""
    for target in targets:
        if target.slack is not None:
            continue
        if target.on_call is None:
            yield None
            continue
        owner = target.of or team
        policy = workspace.documents.get("Team", {}).get(owner)
        reference = policy.body.on_call.get(target.on_call) if policy is not None and policy.body is not None else None
        name = qualified(workspace.documents, "Schedule", reference, owner) if reference is not None else None
        if name is not None:
            yield name
