"""Procedures: what starts one, and whether each step reaches somebody for every team whose incidents follow it."""

from collections.abc import Iterator

import msgspec

from watchbill.checks.paging import missing_target
from watchbill.source.codes import remediation as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.kinds.answers import Procedure, ProcedureStep, Trigger
from watchbill.spec.kinds.people import Notified, Team
from watchbill.spec.load import Policy
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.settings import unknown_word

Path = tuple[str | int, ...]


class Use(msgspec.Struct, frozen=True):
    """An alert that something is done about, in one place; `at` is where the policy says so."""

    alert: ResolvedAlert
    place: str
    at: Location


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    for policy in workspace.documents.get("Procedure", {}).values():
        if policy.body is not None:
            yield from _procedure(workspace, policy, started(workspace, policy))


def started(workspace: Workspace, policy: Policy) -> list[Use]:
    """The alerts that can start a procedure, in every place."""
    when: Trigger = policy.body.when
    return [
        Use(alert, place.name, alert.at.at("name"))
        for place in workspace.places.values()
        for alert in place.alerts
        if alert.no_data_of is None
        and when.class_ in (None, alert.class_)
        and (not when.severity or alert.severity in when.severity)
    ]


def steps_of(steps: tuple[ProcedureStep, ...], path: Path = ("steps",)) -> Iterator[tuple[ProcedureStep, Path]]:
    """Every step with its path in the document, those after a yes as well."""
    for index, step in enumerate(steps):
        yield step, (*path, index)
        yield from steps_of(step.yes, (*path, index, "yes"))


def lack(workspace: Workspace, target: Notified, uses: list[Use]) -> tuple[str, str, Use] | None:
    """What a target names that a team which may have one of the alerts lacks; the team that lacks it, and the alert."""
    seen: set[str] = set()
    for use in uses:
        for name in (use.alert.team, *(owner.team for owner in use.alert.owners)):
            policy = workspace.documents.get("Team", {}).get(name) if name not in seen else None
            seen.add(name)
            team: Team | None = policy.body if policy is not None else None
            missing = missing_target(workspace, team, target) if team is not None else None
            if missing is not None:
                return missing, target.of or name, use
    return None


def _procedure(workspace: Workspace, policy: Policy, alerts: list[Use]) -> Iterator[Diagnostic]:
    body: Procedure = policy.body
    yield from _trigger(workspace, policy, alerts)
    if not body.steps:
        yield _cannot(policy.at.at("steps"), "a procedure without steps", "say what is done, in order")
    for step, path in steps_of(body.steps):
        answered = "of" if step.of is not None else "yes" if step.yes else None
        if answered is not None and step.ask is None:
            at = policy.at.at(*path, answered)
            yield _cannot(at, f"`{answered}` belongs to a question", "put `ask:` beside it, or remove it")
        targets = [(target, (*path, "notify", index)) for index, target in enumerate(step.notify)]
        targets += [(step.of, (*path, "of"))] if step.of is not None else []
        for target, where in targets:
            if (lacking := lack(workspace, target, alerts)) is not None:
                missing, team, use = lacking
                yield Diagnostic(
                    codes.STEP_REACHES_NOBODY,
                    f"this step names {missing}, which team `{team}` does not have",
                    policy.at.at(*where),
                    "nobody",
                    f"add it to team `{team}`{' or to the workspace' if target.role else ''}",
                    related=(Related(use.at, f"`{use.alert.name}` can start the procedure"),),
                )


def _trigger(workspace: Workspace, policy: Policy, alerts: list[Use]) -> Iterator[Diagnostic]:
    when: Trigger = policy.body.when
    at = policy.at.at("when")
    classes = workspace.settings.classes
    known = True
    if when.class_ is not None and classes and when.class_ not in classes:
        known = False
        yield unknown_word("class", when.class_, classes, at.at("class"))
    for index, severity in enumerate(when.severity):
        if severity not in workspace.severities:
            known = False
            yield unknown_word("severity", severity, workspace.severities, at.at("severity", index))
    if when.incidents is None and when.class_ is None and not when.severity:
        yield _cannot(
            at, "this starts for every incident there is", "name a class, severities, or a number of incidents"
        )
    if when.incidents is None:
        for key, held in (("distinct", when.distinct), ("within", when.within)):
            if held is not None:
                yield _cannot(at.at(key), f"`{key}` counts incidents, and no number is given", "add `incidents:`")
    elif when.within is None:
        yield _cannot(at.at("incidents"), "so many incidents within what time?", "add `within: 5m`")
    elif when.incidents < 2:
        yield _cannot(at.at("incidents"), "one incident is not many", "write 2 or more, or name a class instead")
    sources = [workspace.documents.get(kind, {}) for kind in ("AlertSet", "Service", "Foreign")]
    if known and not alerts and all(one.body is not None for same in sources for one in same.values()):
        yield Diagnostic(
            codes.NEVER_STARTS,
            f"no alert can start `{policy.name}`",
            at,
            "no alert is of this kind",
            "name a class and severities that alerts have",
        )


def _cannot(where: Location, message: str, hint: str) -> Diagnostic:
    return Diagnostic(codes.BAD_PROCEDURE, message, where, "here", hint)
