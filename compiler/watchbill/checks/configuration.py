"""What is wrong with a configuration of Alertmanager that Alertmanager takes: anybody's, and the base of ours."""

from collections.abc import Iterator

from watchbill.checks.tree import hours, reached, silencing
from watchbill.checks.tree.choices import Kinds
from watchbill.routing import Config, read
from watchbill.source.codes import tree as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import Workspace


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    """The bases that are kept beside our own routes, as they stand in their files."""
    for file in dict.fromkeys(base.at.file for base in workspace.bases.values()):
        yield from lint_text((workspace.root / file).read_bytes(), file)


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
