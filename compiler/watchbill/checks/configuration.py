"""What is wrong with a configuration of Alertmanager that Alertmanager takes: anybody's, and the base of ours."""

from collections.abc import Iterator

from msgspec.structs import replace

from watchbill.checks.tree import hours, reached, silencing
from watchbill.checks.tree.choices import Kinds
from watchbill.routing import Config, read
from watchbill.routing.building.configuration import configuration
from watchbill.source.codes import tree as codes
from watchbill.source.diagnostic import Diagnostic, has_errors
from watchbill.spec.model import Workspace
from watchbill.spec.references import is_whole


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    """The bases that are kept beside our own routes: as they stand in their files, and behind what the policies mean."""
    alone: dict[str, list[Diagnostic]] = {}
    whole = (
        bool(workspace.bases)
        and is_whole(workspace.documents)
        and bool(workspace.catch_all.team and workspace.severities)
    )
    for environment, base in workspace.bases.items():
        text = (workspace.root / base.at.file).read_bytes()
        if base.at.file not in alone:
            alone[base.at.file] = lint_text(text, base.at.file)
            yield from alone[base.at.file]
        if whole and not has_errors(alone[base.at.file]):
            known = {(one.code.id, one.where) for one in alone[base.at.file]}
            yield from (one for one in _behind(workspace, environment, text) if (one.code.id, one.where) not in known)


def _behind(workspace: Workspace, environment: str, text: bytes) -> Iterator[Diagnostic]:
    """What becomes of a base behind our routes and rules: its own that no alert reaches any more, and circles with ours."""
    theirs, _ = read(text, workspace.bases[environment].at.file)
    whole, _ = read(configuration(workspace, environment) or {})
    if theirs is None or whole is None:
        return  # told elsewhere, by name
    ours = len(whole.root.routes) - len(theirs.root.routes)
    rules = len(whole.inhibitions) - len(theirs.inhibitions)
    root = replace(whole.root, routes=(*whole.root.routes[:ours], *theirs.root.routes))  # those have places
    whole = replace(whole, root=root, inhibitions=(*whole.inhibitions[:rules], *theirs.inhibitions))
    kinds = Kinds(whole)
    for one in (*reached.check(whole, kinds), *silencing.check(whole, kinds)):
        if one.where is None:
            continue  # ours
        if one.code is codes.SHADOWED:
            advice = "remove it: the policies say who is told of these alerts now"
            yield replace(one, severity="note", label="policies take its alerts", help=advice)
        else:
            yield one


def lint_text(text: bytes, file: str) -> list[Diagnostic]:
    """A file: what Alertmanager would refuse, or else what it takes and should not be so."""
    config, found = read(text, file)
    return [*found, *lint(config)] if config is not None else found


def lint(config: Config) -> list[Diagnostic]:
    kinds = Kinds(config)
    return [
        *reached.check(config, kinds),
        *silencing.check(config, kinds),
        *hours.check(config),
        *_unused(config),
    ]


def _unused(config: Config) -> Iterator[Diagnostic]:
    routes = list(config.routes())
    told = {one.receiver for one in routes}
    for name, receiver in config.receivers.items():
        if name not in told:
            message = f"no route leads to receiver `{name}`"
            yield Diagnostic(
                codes.UNUSED_RECEIVER, message, receiver.at, "told nothing", "name it in a route, or remove it"
            )
    held = {name for one in routes for name in (*one.active, *one.muted)}
    for name in config.intervals:
        if name not in held:
            message = f"no route asks for time interval `{name}`"
            yield Diagnostic(codes.UNUSED_RECEIVER, message, None, "", "name it in a route, or remove it")
