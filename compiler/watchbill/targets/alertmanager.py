"""Alertmanager's configuration: one file for each environment that has an Alertmanager.

What stands in it is decided in routing; here it is written down, each part with the policy it came from.
"""

import hashlib
from collections.abc import Iterator

from watchbill.routing.building import timeintervals
from watchbill.routing.building.configuration import MERGED, ours
from watchbill.routing.building.receivers import texts
from watchbill.routing.building.routetree import Tree, trees
from watchbill.routing.building.timeintervals import CLOSED
from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Base, Workspace
from watchbill.targets.alertmanager_limits import limits
from watchbill.targets.artifact import HEADER, Artifact, recalled
from watchbill.targets.yamltext import dump


def build(workspace: Workspace, memory: Memory = NOTHING) -> list[Artifact]:
    return [one for tree in trees(workspace) for one in _recalled(workspace, tree, memory)]


def _recalled(workspace: Workspace, tree: Tree, memory: Memory) -> list[Artifact]:
    """Remembered under a seal of its own: all that is written down. To write it is the slow part."""
    environment = tree.environment
    written = (ours(workspace, tree), texts(workspace, environment), workspace.bases.get(environment))
    seal = hashlib.sha256(repr((written, _sources(workspace, tree))).encode()).digest()
    return recalled(memory, "alertmanager", environment, seal, lambda: [_artifact(workspace, tree)])


def check(workspace: Workspace) -> list[Diagnostic]:
    """What of these policies Alertmanager cannot do, or not in the version in use."""
    return limits(workspace, [(tree, ours(workspace, tree)) for tree in trees(workspace)])


def _artifact(workspace: Workspace, tree: Tree) -> Artifact:
    parts: list[str] = []
    lines: list[tuple[int, Location]] = []
    line = 1
    for text, where in _parts(workspace, tree):
        lines.append((line, where))
        parts.append(text)
        line += text.count("\n")
    name = f"{tree.environment}/alertmanager/alertmanager.yml"
    return Artifact(name, "".join(parts), _sources(workspace, tree), tuple(lines))


def _sources(workspace: Workspace, tree: Tree) -> tuple[str, ...]:
    teams = {branch.team for branch in tree.branches} | {tree.catch_all.team}
    escalations = {one.escalation for one in tree.receivers() if one.escalation is not None}
    named = [
        *(f"Calendar/{name}" for name in tree.calendars()),
        *(f"Escalation/{name}" for name in sorted(escalations)),
        *(f"Ownership/{name}" for name in sorted({one.claim.table for one in tree.branches if one.claim is not None})),
        *(f"Window/{name}" for name in tree.windows()),
        *(f"Service/{name}" for name in sorted({one.target for one in tree.dependences})),
    ]
    return (f"Workspace/{workspace.name}", *(f"Team/{name}" for name in sorted(teams)), *named)


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
    alike = _said_once(workspace, tree.environment)
    said: set[str] = set()
    base = workspace.bases.get(tree.environment, Base(settings, {}))
    own, theirs = ours(workspace, tree), base.value
    for key in dict.fromkeys((*theirs, *own)):
        if key == "route":
            root = {name: part for name, part in (theirs or own)["route"].items() if name != "routes"}
            routes, others = own["route"].get("routes", []), theirs.get("route", {}).get("routes") or []
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
            for one in own.get(key, ()):
                yield _with_aliases(dump([one]), alike, said), named.get(key, {}).get(one.get("name", ""), settings)
            for index, one in enumerate(theirs.get(key) or ()):
                yield dump([one]), base.at.at(key, index)
        elif key in theirs:
            yield dump({key: theirs[key]}), base.at.at(key)
        else:
            yield dump({key: own[key]}), settings


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


def _said_once(workspace: Workspace, environment: str) -> dict[str, str]:
    """Texts that every receiver has alike, as YAML, and the name under which they are said once: anchors and aliases.

    A file of templates beside the configuration would read better still; but one that is not deployed with it, or is of
    another version, fails every notification. One file is all or nothing.
    """
    return {dump({key: value}, "    "): name for name, key, value in texts(workspace, environment)}
