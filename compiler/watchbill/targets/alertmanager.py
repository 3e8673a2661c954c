"""Alertmanager's configuration: one file for each environment that has an Alertmanager.

The tree is flat. The root is the catch-all; below it stands one route for each team, severity, escalation of an alert's
own and `page_per` that occur, the more specific first; and where only a label says whose an alert is, one for each owner. An alert is matched by labels the compiler writes on every rule,
so adding an alert changes no route: PagerDuty's key is the sha256 of a route's matchers and the group's labels
(notify.Key.Hash, dispatch.Route.Key), and an edited matcher would orphan every incident open under the old key.

Beside a base, a configuration that somebody wrote by hand, its root stays the root and takes what no policy claims; our
routes stand before its own, under the same keys as without it, so that nothing moves on the day it is taken away.
"""

from collections.abc import Iterator
from typing import Any

from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.dependence import Dependence
from watchbill.spec.kinds.people import Calendar
from watchbill.spec.kinds.workspace import Heartbeat, Timing
from watchbill.spec.model import Base, Workspace
from watchbill.spec.ownership import LABEL as OWNERSHIP
from watchbill.targets import heartbeat, timeintervals
from watchbill.targets.alertmanager_limits import limits
from watchbill.targets.artifact import HEADER, Artifact
from watchbill.targets.branches import Branch
from watchbill.targets.receivers import receiver, said_once
from watchbill.targets.routetree import Inhibition, Tree, incident_keys, trees
from watchbill.targets.timeintervals import CLOSED
from watchbill.targets.yamltext import dump

MERGED = ("inhibit_rules", "time_intervals", "receivers")  # lists of ours, and of a base behind them


def build(workspace: Workspace) -> list[Artifact]:
    return [_artifact(workspace, one) for one in trees(workspace)]


def check(workspace: Workspace) -> list[Diagnostic]:
    """What of these policies Alertmanager cannot do, or not in the version in use."""
    return limits(workspace, [(tree, configuration(workspace, tree)) for tree in trees(workspace)])


def configuration(workspace: Workspace, tree: Tree) -> dict[str, Any]:
    """The configuration as Alertmanager reads it, without a base. No key holds a secret, only the names of files that do.

    Beside a base its root takes what no policy claims, and its `global` is its own: so our routes and mails say all that
    they would else inherit.
    """
    found: dict[str, Any] = {}
    beside = tree.environment in workspace.bases
    wanted = [one for one in tree.receivers() if not beside or one != tree.catch_all]
    receivers = [receiver(workspace, tree.environment, one) for one in wanted]
    if any("email_configs" in one for one in receivers):
        mail = _mail(workspace)
        if beside:
            receivers = [_mailing(one, mail) for one in receivers]
        else:
            found["global"] = mail
    routes = [route for branch in tree.branches for route in _routes(workspace, tree.environment, branch)]
    keys = incident_keys(workspace, tree.environment)
    if beside:
        routes = [route if "group_by" in route else {**route, "group_by": keys} for route in routes]
    beat = workspace.settings.heartbeat
    if beat is not None:
        routes.insert(0, _heartbeat(beat))
        receivers.append(heartbeat.receiver(beat))
    root = {"receiver": tree.catch_all.name, "group_by": keys, **_times(_catch_all_timing(workspace, tree))}
    found["route"] = {**root, "routes": routes} if routes else root
    inhibitions = [_inhibition(workspace, tree.environment, one) for one in tree.inhibitions]
    inhibitions += [_dependence(workspace, tree.environment, one) for one in tree.dependences]
    if inhibitions:
        found["inhibit_rules"] = inhibitions
    hours = [
        interval for name in tree.calendars() for interval in timeintervals.intervals(name, _calendar(workspace, name))
    ]
    hours += [timeintervals.window_interval(workspace.windows[name]) for name in tree.windows()]
    if hours:
        found["time_intervals"] = hours
    found["receivers"] = receivers
    return found


def _heartbeat(beat: Heartbeat) -> dict[str, Any]:
    """The first route: nothing that anybody routes may keep it back. A group is a source."""
    matchers = [matcher(*one) for one in heartbeat.matchers()]
    by = ["alertname", heartbeat.PLACE]
    return {"receiver": heartbeat.RECEIVER, "matchers": matchers, "group_by": by, **heartbeat.times(beat)}


def _mailing(one: dict[str, Any], mail: dict[str, str]) -> dict[str, Any]:
    """A receiver whose mails say themselves how they are sent: `smtp_from` is `from` here."""
    if "email_configs" not in one:
        return one
    own = {key.removeprefix("smtp_"): value for key, value in mail.items()}
    return {**one, "email_configs": [{**entry, **own} for entry in one["email_configs"]]}


def _mail(workspace: Workspace) -> dict[str, str]:
    mail = workspace.settings.channels.email
    assert mail is not None  # noqa: S101  (there are receivers that use it)
    found = {"smtp_smarthost": mail.smarthost, "smtp_from": mail.sender}
    if mail.username is not None:
        found["smtp_auth_username"] = mail.username
    if mail.password is not None and mail.password.file is not None:
        found["smtp_auth_password_file"] = mail.password.file
    return found


def _catch_all_timing(workspace: Workspace, tree: Tree) -> Timing:
    """That of the worst severity with the catch-all's outcome; else of the worst."""
    for name, severity in workspace.severities.items():
        if getattr(severity, tree.catch_all.kind) is not None:
            return workspace.timing[name]
    return next(iter(workspace.timing.values()))


def _times(timing: Timing) -> dict[str, str]:
    return {"group_wait": timing.first, "group_interval": timing.more, "repeat_interval": timing.again}


def _routes(workspace: Workspace, environment: str, branch: Branch) -> Iterator[dict[str, Any]]:
    """One route; where hours or windows change the outcome several, of which at any minute exactly one is active.

    A route outside its time still takes its alerts, and keeps them muted (notify.TimeActiveStage), so each but the last
    must continue to the next. All have the same matchers, hence one group key: what was paged inside the hours and
    recovers outside them is told, as recovered, to the second receiver only, under the key that PagerDuty knows.
    """
    common: dict[str, Any] = {"matchers": [matcher(*one) for one in branch.matchers()]}
    owner = branch.claim.label if branch.claim is not None else None
    if branch.page_per is not None or owner is not None:
        common["group_by"] = incident_keys(workspace, environment, branch.page_per, owner)
    common |= _times(workspace.timing[branch.severity])
    stages = branch.stages()
    for stage in stages:
        route: dict[str, Any] = {"receiver": stage.receiver.name, **common}
        muted = [name for name in stage.muted if _exists(workspace, name)]
        if stage.active:
            route["active_time_intervals"] = list(stage.active)
        if muted:
            route["mute_time_intervals"] = muted
        if stage is not stages[-1]:
            route["continue"] = True
        yield route


def _exists(workspace: Workspace, interval: str) -> bool:
    """Whether there is an interval of this name: one for closed days only where a calendar has some."""
    calendar, closed = interval.removesuffix(CLOSED), interval.endswith(CLOSED)
    return not closed or bool(_calendar(workspace, calendar).closed)


def _calendar(workspace: Workspace, name: str) -> Calendar:
    policy = workspace.documents.get("Calendar", {}).get(name)
    return policy.body if policy is not None and policy.body is not None else Calendar(weekly={})


def _inhibition(workspace: Workspace, environment: str, one: Inhibition) -> dict[str, Any]:
    """Labels missing on both sides count as equal (inhibit.InhibitRule.fingerprintEquals), so each must be there.

    Else a rule somebody wrote by hand, without identity labels, would be silenced across environments. Only the label
    that finds an owner may be missing, on both: then they are one team's.
    """
    label = one.owned[1] if one.owned is not None else None
    equal = incident_keys(workspace, environment, one.page_per, label)
    there = [matcher(name, "!=", "") for name in equal if name not in ("alertname", label)]
    same = [matcher("page_per", "=", one.page_per or ""), *there]
    if one.owned is not None or one.apart:
        same.insert(1, matcher(OWNERSHIP, "=", one.owned[0] if one.owned is not None else ""))
    return {
        "source_matchers": [matcher("severity", "=", one.severity), *same],
        "target_matchers": [_any_of("severity", one.targets), *same],
        "equal": equal,
    }


def _dependence(workspace: Workspace, environment: str, one: Dependence) -> dict[str, Any]:
    """While a service's dependency pages, some of its own alerts are silent: in the same place only."""
    equal = list(workspace.identity[environment])
    there = [matcher(label, "!=", "") for label in equal]
    return {
        "source_matchers": [matcher("service", "=", one.source), _any_of("severity", one.worse), *there],
        "target_matchers": [matcher("service", "=", one.target), _any_of("severity", one.lesser), *there],
        **({"equal": equal} if equal else {}),
    }


def _any_of(label: str, values: tuple[str, ...]) -> str:
    return matcher(
        label,
        "=~" if len(values) > 1 else "=",
        "|".join(value.replace(".", "\\.") if len(values) > 1 else value for value in values),
    )


def matcher(label: str, operator: str, value: str) -> str:
    """A matcher that Alertmanager's classic and its UTF-8 parser read alike: the value always in quotes."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}{operator}"{quoted}"'


def _artifact(workspace: Workspace, tree: Tree) -> Artifact:
    parts: list[str] = []
    lines: list[tuple[int, Location]] = []
    line = 1
    for text, where in _parts(workspace, tree):
        lines.append((line, where))
        parts.append(text)
        line += text.count("\n")
    teams = {branch.team for branch in tree.branches} | {tree.catch_all.team}
    escalations = {one.escalation for one in tree.receivers() if one.escalation is not None}
    named = [
        *(f"Calendar/{name}" for name in tree.calendars()),
        *(f"Escalation/{name}" for name in sorted(escalations)),
        *(f"Ownership/{name}" for name in sorted({one.claim.table for one in tree.branches if one.claim is not None})),
        *(f"Window/{name}" for name in tree.windows()),
        *(f"Service/{name}" for name in sorted({one.target for one in tree.dependences})),
    ]
    sources = (f"Workspace/{workspace.name}", *(f"Team/{name}" for name in sorted(teams)), *named)
    return Artifact(f"{tree.environment}/alertmanager/alertmanager.yml", "".join(parts), sources, tuple(lines))


def _parts(workspace: Workspace, tree: Tree) -> Iterator[tuple[str, Location]]:
    """The text piece by piece, each with its policy: what amtool says of a line is led back by it."""
    settings = next(iter(workspace.documents["Workspace"].values())).at
    by_team = {name: policy.at for name, policy in workspace.documents["Team"].items()}
    receivers = {one.name: by_team.get(one.team, settings) for one in tree.receivers()}
    calendars = {
        f"{name}{end}": policy.at
        for name, policy in workspace.documents.get("Calendar", {}).items()
        for end in ("", CLOSED, ":outside")
    }
    calendars |= {timeintervals.window_name(name): window.at for name, window in workspace.windows.items()}
    named = {"receivers": receivers, "time_intervals": calendars}
    yield HEADER, settings
    texts = said_once(workspace, tree.environment)
    said: set[str] = set()
    base = workspace.bases.get(tree.environment, Base(settings, {}))
    ours, theirs = configuration(workspace, tree), base.value
    for key in dict.fromkeys((*theirs, *ours)):
        if key == "route":
            root = {name: part for name, part in (theirs or ours)["route"].items() if name != "routes"}
            routes, others = ours["route"].get("routes", []), theirs.get("route", {}).get("routes") or []
            yield (
                dump({"route": root}) + ("  routes:\n" if routes or others else ""),
                base.at.at("route") if theirs else settings,
            )
            for route in routes:
                yield dump([route], "  "), receivers.get(route["receiver"], settings)
            for index, route in enumerate(others):
                yield dump([route], "  "), base.at.at("route", "routes", index)
        elif key in MERGED:
            yield f"{key}:\n", settings
            for one in ours.get(key, ()):
                yield _with_aliases(dump([one]), texts, said), named.get(key, {}).get(one.get("name", ""), settings)
            for index, one in enumerate(theirs.get(key) or ()):
                yield dump([one]), base.at.at(key, index)
        elif key in theirs:
            yield dump({key: theirs[key]}), base.at.at(key)
        else:
            yield dump({key: ours[key]}), settings


def _with_aliases(text: str, texts: dict[str, str], said: set[str]) -> str:
    """A text that was said before becomes an alias of it; the first gets the anchor."""
    for entry, name in texts.items():
        key = entry[: entry.index(":") + 1]
        pieces = text.split(entry)
        if len(pieces) > 1:
            first = f"{key} *{name}\n" if name in said else f"{key} &{name}{entry[len(key) :]}"
            text = pieces[0] + first + f"{key} *{name}\n".join(pieces[1:])
            said.add(name)
    return text
