"""The targets: each one module with `build(workspace) -> list[Artifact]`, named here once."""

import importlib
from collections.abc import Callable, Iterable
from functools import cache, partial

import msgspec

from watchbill.source.diagnostic import Diagnostic
from watchbill.spec import schema
from watchbill.spec.beside import MANY, beside, two_cores
from watchbill.spec.memory import NOTHING, Memory
from watchbill.spec.model import Workspace
from watchbill.targets import codeowners
from watchbill.targets.artifact import Artifact, Lines, Mark

TARGETS = {
    "prometheus": "watchbill.targets.prometheus",
    "alertmanager": "watchbill.targets.alertmanager",
    "pagerduty": "watchbill.targets.pagerduty",
    "runbooks": "watchbill.targets.runbooks",
    "executor": "watchbill.targets.executor",
}
SCHEMA = "policy.schema.json"
HEAVIEST = ("executor", "runbooks")  # built beside the others where that saves time


def check(workspace: Workspace) -> list[Diagnostic]:
    """What the workspace's targets cannot express, each by its name: never dropped in silence."""
    found: list[Diagnostic] = []
    for name in workspace.targets:
        module = importlib.import_module(TARGETS[name])
        if hasattr(module, "check"):
            found.extend(module.check(workspace))
    return found


def build(workspace: Workspace, names: Iterable[str] | None = None, memory: Memory = NOTHING) -> list[Artifact]:
    """All artifacts of the workspace's targets (or of those named), sorted by path; beside them the schema and CODEOWNERS."""
    return begin(workspace, names, memory)()


def begin(
    workspace: Workspace, names: Iterable[str] | None = None, memory: Memory = NOTHING
) -> Callable[[], list[Artifact]]:
    """The same, but whoever asks for the artifacts later, has a child at work on the heaviest until then."""
    builds = {
        name: partial(importlib.import_module(TARGETS[name]).build, workspace, memory=memory)
        for name in (names if names is not None else workspace.targets)
    }
    heavy = [builds.pop(name) for name in HEAVIEST if name in builds]
    aside = _aside(lambda: [one for build_one in heavy for one in build_one()], workspace, memory) if heavy else list

    def artifacts() -> list[Artifact]:
        found = [Artifact(SCHEMA, schema.text()), *codeowners.build(workspace)]
        for build_one in builds.values():
            found.extend(build_one())
        return sorted([*found, *aside()], key=lambda artifact: artifact.path)

    return artifacts


_Sent = tuple[list[tuple[Mark, tuple[str, Lines] | None]], bytes]  # artifacts, and what their making asked the memory


def _aside(make: Callable[[], list[Artifact]], workspace: Workspace, memory: Memory) -> Callable[[], list[Artifact]]:
    """Artifacts made by a child, where that saves time."""
    services = sum(len(place.services) for place in workspace.places.values())
    if services < MANY or not memory.remembers or not two_cores():
        return make

    def work() -> bytes:
        memory.forget_asked()
        return msgspec.msgpack.encode(([(one.mark, one.made) for one in make()], memory.asked()))

    @cache
    def again() -> dict[str, Artifact]:
        return {one.path: one for one in make()}

    def result() -> list[Artifact]:
        data = other()
        if data is None:
            return list(again().values())
        sent, asked = msgspec.msgpack.decode(data, type=_Sent)
        memory.adopt(asked)
        return [
            Artifact(mark.path, made[0], mark.sources, made[1])
            if made is not None
            else Artifact.remembered(mark, partial(lambda path: again()[path], mark.path))
            for mark, made in sent
        ]

    other = beside(work)
    return result
