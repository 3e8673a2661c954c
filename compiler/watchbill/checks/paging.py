"""Paging: every outcome has somewhere to go, and every step of an escalation has somebody."""

from collections.abc import Iterator
from itertools import pairwise

from watchbill.source.codes import paging as codes
from watchbill.source.codes.naming import OUT_OF_ORDER
from watchbill.source.diagnostic import Diagnostic, Related
from watchbill.spec.kinds.people import Escalation, Notified, Team
from watchbill.spec.load import Policy
from watchbill.spec.loudness import at_least_as_loud
from watchbill.spec.model import OutcomeKind, ResolvedAlert, ResolvedWindow, Workspace
from watchbill.spec.scalars import seconds
from watchbill.spec.settings import can_take, outcome_kind
from watchbill.spec.settings import outcome as outcome_of
from watchbill.spec.windows import is_about, lowered, matching


def check(workspace: Workspace) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    users: dict[
        tuple[str, str], ResolvedAlert
    ] = {}  # one alert for each team and outcome, as the example in the finding
    escalations: dict[tuple[str, str], ResolvedAlert] = {}
    in_window: dict[tuple[str, str], ResolvedWindow] = {}
    seen: set[tuple[object, ...]] = set()  # thousands of alerts are alike in this
    for place in workspace.places.values():
        for alert in place.alerts:
            windows = matching(workspace.windows.values(), alert, place) if workspace.windows else ()
            alike = (alert.team, alert.outcome, id(alert.owners), *(window.name for window in windows))
            if alike in seen:
                continue
            seen.add(alike)
            for team, outcome in alert.takers:
                users.setdefault((team, outcome.kind), alert)
                if outcome.outside is not None:
                    users.setdefault((team, outcome.outside), alert)
                if outcome.escalation is not None:
                    escalations.setdefault((team, outcome.escalation), alert)
                for window in windows:
                    effect = lowered(window, outcome)
                    if effect is not None and (team, effect) not in users and is_about(window, team):
                        users[team, effect] = alert
                        in_window[team, effect] = window
    teams = workspace.documents.get("Team", {})
    found.extend(_outcomes(workspace, teams, users, in_window))
    found.extend(_catch_all(workspace, teams))
    for (team, escalation), alert in escalations.items():
        found.extend(_steps(workspace, team, escalation, alert))
    taker = workspace.catch_all
    if taker.escalation is not None and (taker.team, taker.escalation) not in escalations:
        found.extend(_steps(workspace, taker.team, taker.escalation, None))
    found.extend(_hours(workspace))
    found.extend(_useless_escalations(workspace))
    found.extend(_waits(workspace))
    found.extend(_order(workspace))
    return found


def _outcomes(
    workspace: Workspace,
    teams: dict[str, Policy],
    users: dict[tuple[str, str], ResolvedAlert],
    in_window: dict[tuple[str, str], ResolvedWindow],
) -> Iterator[Diagnostic]:
    for (name, kind), alert in users.items():
        policy = teams.get(name)
        if policy is None or policy.body is None or kind == "drop":
            continue
        if kind == "page" and not can_take(policy.body, "page", workspace.settings):
            related = (Related(alert.at.at("name"), f"`{alert.name}` pages it"),)
            yield Diagnostic(
                codes.CANNOT_BE_PAGED,
                f"team `{name}` cannot be paged",
                policy.at.at("paging"),
                "pages nobody",
                "write `paging: pagerduty`",
                related=related,
            )
        elif kind in ("ticket", "notify") and not can_take(policy.body, kind, workspace.settings):  # type: ignore[arg-type]
            yield _no_channel(name, policy, kind, alert, in_window.get((name, kind)))


def _no_channel(
    name: str, policy: Policy, kind: str, alert: ResolvedAlert, window: ResolvedWindow | None
) -> Diagnostic:
    more = (Related(window.at.at("effect"), "in this window"),) if window is not None else ()
    what = "tickets" if kind == "ticket" else "messages"
    keys = "`tickets:` or `email:`" if kind == "ticket" else "`slack:` or `email:`"
    return Diagnostic(
        codes.NO_CHANNEL,
        f"team `{name}` has nowhere for its {what}",
        policy.at.at("name"),
        f"no {keys}",
        f"add {keys} to the team",
        related=(
            Related(alert.at.at("name"), f"`{alert.name}` leads to {'a ticket' if kind == 'ticket' else 'a message'}"),
            *more,
        ),
        notes=("this alert would be told to nobody",),
    )


def _catch_all(workspace: Workspace, teams: dict[str, Policy]) -> Iterator[Diagnostic]:
    taker = workspace.catch_all
    policy = teams.get(taker.team)
    if policy is None or policy.body is None:
        return
    workspace_policy = next(iter(workspace.documents["Workspace"].values()))
    for name, environment in workspace.environments.items():
        if environment.alertmanager is None:
            continue
        kind: OutcomeKind = (
            taker.outcome if taker.outcome != "page" or environment.at_most == "page" else environment.at_most
        )
        if not can_take(policy.body, kind, workspace.settings):
            yield Diagnostic(
                codes.NO_CHANNEL,
                f"alerts that no policy claims have nowhere to go in {name}: team `{taker.team}` cannot take a {kind}",
                workspace_policy.at.at("catch_all") if workspace.settings.catch_all else policy.at.at("name"),
                "nobody would be told",
                f"give team `{taker.team}` `tickets:`, `slack:` or `email:`, or name another team",
            )


def _steps(workspace: Workspace, team_name: str, escalation: str, alert: ResolvedAlert | None) -> Iterator[Diagnostic]:
    """What steps name that is not there; without an alert, for those that no policy claims."""
    policy = workspace.documents["Escalation"].get(escalation)
    teams = workspace.documents.get("Team", {})
    team = teams.get(team_name)
    if policy is None or policy.body is None or team is None or team.body is None:
        return
    body: Escalation = policy.body
    if alert is not None:
        related = (Related(alert.at.at("name"), f"`{alert.name}` pages by it"),)
    else:
        settings = next(iter(workspace.documents["Workspace"].values())).at
        related = (Related(settings.at("catch_all"), "alerts that no policy claims page by it"),)
    for index, step in enumerate(body.steps):
        for position, target in enumerate(step.notify):
            missing = missing_target(workspace, team.body, target)
            if missing is not None:
                where = policy.at.at("steps", index, "notify", position)
                if escalation == "default" and not _is_written(policy):
                    where = team.at.at("name")
                yield Diagnostic(
                    codes.PAGES_NOBODY,
                    f"step {index + 1} of `{escalation}` names {missing}, which team `{target.of or team_name}` does not have",
                    where,
                    "nobody",
                    f"add it to team `{target.of or team_name}`",
                    related=related,
                    notes=("the pager would fall silent at this step",),
                )


def _is_written(policy: Policy) -> bool:
    """Whether an escalation stands in a file, or is the built-in default."""
    from watchbill.spec.resolve import BUILT_IN_ESCALATION  # noqa: PLC0415

    return policy.body is not BUILT_IN_ESCALATION


def missing_target(workspace: Workspace, team: Team, target: Notified) -> str | None:
    """What a target names that is not there, in words; None when it reaches somebody."""
    if target.on_call is not None:
        other = workspace.documents["Team"].get(target.of) if target.of is not None else None
        owner = other.body if other is not None else team
        if owner is not None and target.on_call not in owner.on_call:
            return f"on-call role `{target.on_call}`"
    if target.role is not None and target.role not in team.roles and target.role not in workspace.settings.roles:
        return f"role `{target.role}`"
    return None


def _hours(workspace: Workspace) -> Iterator[Diagnostic]:
    bound = {name for name, severity in workspace.severities.items() if severity.hours == "team"}
    told: set[str] = set()
    seen: set[tuple[str, int]] = set()
    for place in workspace.places.values():
        for alert in place.alerts:
            if alert.severity not in bound or (alert.team, id(alert.owners)) in seen:
                continue
            seen.add((alert.team, id(alert.owners)))
            for team, _ in alert.takers:
                policy = workspace.documents.get("Team", {}).get(team)
                if team in told or policy is None or policy.body is None or policy.body.hours is not None:
                    continue
                told.add(team)
                yield Diagnostic(
                    codes.NO_HOURS,
                    f"team `{team}` has no hours, and severity `{alert.severity}` is bound to them",
                    policy.at.at("name"),
                    "no `hours:`",
                    "add `hours:` with the name of a Calendar",
                    related=(Related(alert.at.at("name"), f"`{alert.name}` has this severity"),),
                )


def _useless_escalations(workspace: Workspace) -> Iterator[Diagnostic]:
    pages = {name for name, severity in workspace.severities.items() if outcome_kind(severity) == "page"}
    for policy in workspace.documents.get("Service", {}).values():
        for index, alert in enumerate(policy.body.alerts if policy.body else ()):
            if alert.escalation is None:
                continue
            named = [*alert.levels] or [alert.severity.default, *(alert.severity.by or {}).values()]
            if not any(severity in pages for severity in named):
                yield Diagnostic(
                    codes.USELESS_ESCALATION,
                    f"`{alert.name}` has an escalation, and its severity does not page",
                    policy.at.at("alerts", index, "escalation"),
                    "never used",
                    "remove it, or choose a severity that pages",
                )


def _waits(workspace: Workspace) -> Iterator[Diagnostic]:
    for name, policy in workspace.documents.get("Escalation", {}).items():
        body: Escalation | None = policy.body
        if body is None or body.acknowledge_within is None or len(body.steps) < 2:
            continue
        if seconds(body.steps[0].wait) > seconds(body.acknowledge_within):
            yield Diagnostic(
                codes.WAITS_TOO_LONG,
                f"the first step of `{name}` waits {body.steps[0].wait}, longer than `acknowledge_within: {body.acknowledge_within}`",
                policy.at.at("steps", 0, "wait"),
                "too long",
                f"wait at most {body.acknowledge_within}",
            )


def _order(workspace: Workspace) -> Iterator[Diagnostic]:
    """Severities that are quieter than the one below them."""
    settings = next(iter(workspace.documents["Workspace"].values()))
    known = [(name, outcome_of(one, "page", one.page, one.hours)) for name, one in workspace.severities.items()]
    for (name, meaning), (lesser, other) in pairwise(known):
        if not at_least_as_loud(meaning, other):
            yield Diagnostic(
                OUT_OF_ORDER,
                f"`{name}` stands above `{lesser}` and is quieter than it{' at some hour' if meaning.hours else ''}",
                settings.at.at("severities", name),
                f"{meaning.outside or meaning.kind}",
                "the order is the rank, worst first: exchange the two, or make this one louder",
                related=(Related(settings.at.at("severities", lesser), "than this one"),),
            )
