"""The tree as Alertmanager reads it: plain values, with the part of a base that somebody wrote by hand.

The tree is flat. The root is the catch-all; below it stands one route for each team, severity, escalation of an alert's
own and `page_per` that occur, the more specific first; and where only a label says whose an alert is, one for each
owner. An alert is matched by labels the compiler writes on every rule, so adding an alert changes no route: PagerDuty's
key is the sha256 of a route's matchers and the group's labels (notify.Key.Hash, dispatch.Route.Key), and an edited
matcher would orphan every incident open under the old key.

Beside a base, a configuration that somebody wrote by hand, its root stays the root and takes what no policy claims; our
routes stand before its own, under the same keys as without it, so that nothing moves on the day it is taken away.
"""

from collections.abc import Iterator
from typing import Any

from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from watchbill.routing.building import heartbeat, timeintervals
from watchbill.routing.building.branches import Branch
from watchbill.routing.building.receivers import receiver
from watchbill.routing.building.routetree import Inhibition, Tree, incident_keys, trees
from watchbill.routing.building.timeintervals import CLOSED
from watchbill.spec.basefile import Unquoted
from watchbill.spec.dependence import Dependence
from watchbill.spec.kinds.people import Calendar
from watchbill.spec.kinds.workspace import Heartbeat, Timing
from watchbill.spec.model import Workspace
from watchbill.spec.ownership import LABEL as OWNERSHIP

MERGED = ("inhibit_rules", "time_intervals", "receivers")  # lists of ours, and of a base behind them

_YAML = Resolver()
_NO_TEXT = ("bool", "int", "float", "null")


def configuration(workspace: Workspace, environment: str) -> dict[str, Any] | None:
    """All that the environment's Alertmanager reads, ours and the base's, as plain values; None where there is none.

    It equals what YAML makes of the generated alertmanager.yml.
    """
    found = next((ours(workspace, tree) for tree in trees(workspace) if tree.environment == environment), None)
    base = workspace.bases.get(environment)
    return found if found is None or base is None else merged(found, _meant(base.value))


def merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """A configuration of ours with a base's: its root and our routes before its own, and its lists behind ours."""
    found: dict[str, Any] = {}
    for key in dict.fromkeys((*theirs, *ours)):
        if key == "route":
            routes = [*ours["route"].get("routes", ()), *(theirs["route"].get("routes") or ())]
            root = {name: part for name, part in theirs["route"].items() if name != "routes"}
            found[key] = {**root, "routes": routes} if routes else root
        elif key in MERGED:
            found[key] = [*ours.get(key, ()), *(theirs.get(key) or ())]
        else:
            found[key] = theirs.get(key, ours.get(key))
    return found


def _meant(value: Any) -> Any:
    """A base's values as YAML means them: `continue: true` is no text."""
    if isinstance(value, dict):
        return {_meant(key): _meant(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_meant(item) for item in value]
    if isinstance(value, Unquoted):
        tag = _YAML.resolve(ScalarNode, str(value), (True, False))  # type: ignore[no-untyped-call]
        if tag.rsplit(":", maxsplit=1)[1] in _NO_TEXT:
            return SafeConstructor().construct_object(ScalarNode(tag, str(value)))
    return str(value) if isinstance(value, Unquoted) else value


def ours(workspace: Workspace, tree: Tree) -> dict[str, Any]:
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
