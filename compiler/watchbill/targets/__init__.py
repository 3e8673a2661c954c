"""The targets: each one module with `build(workspace) -> list[Artifact]`, named here once."""

import importlib
from collections.abc import Iterable

from watchbill.source.diagnostic import Diagnostic
from watchbill.spec import schema
from watchbill.spec.model import Workspace
from watchbill.targets import codeowners
from watchbill.targets.artifact import Artifact
from watchbill.targets.beside import beside, worthwhile

TARGETS = {
    "prometheus": "watchbill.targets.prometheus",
    "alertmanager": "watchbill.targets.alertmanager",
    "pagerduty": "watchbill.targets.pagerduty",
    "runbooks": "watchbill.targets.runbooks",
    "executor": "watchbill.targets.executor",
}
SCHEMA = "policy.schema.json"
HEAVIEST = "runbooks"  # built beside the others where that saves time


def check(workspace: Workspace) -> list[Diagnostic]:
    """What the workspace's targets cannot express, each by its name: never dropped in silence."""
    found: list[Diagnostic] = []
    for name in workspace.targets:
        module = importlib.import_module(TARGETS[name])
        if hasattr(module, "check"):
            found.extend(module.check(workspace))
    return found


def build(workspace: Workspace, names: Iterable[str] | None = None) -> list[Artifact]:
    """All artifacts of the workspace's targets (or of those named), sorted by path; beside them the schema and CODEOWNERS."""
    chosen = tuple(names if names is not None else workspace.targets)
    modules = {name: importlib.import_module(TARGETS[name]) for name in chosen}
    rules = sum(len(service.alerts) for place in workspace.places.values() for service in place.services)
    aside = None
    if HEAVIEST in modules and len(modules) > 1 and worthwhile(rules):
        heavy = modules.pop(HEAVIEST)
        aside = beside(lambda: list(heavy.build(workspace)))
    found = [Artifact(SCHEMA, schema.text()), *codeowners.build(workspace)]
    for module in modules.values():
        found.extend(module.build(workspace))
    if aside is not None:
        found.extend(aside())
    return sorted(found, key=lambda artifact: artifact.path)
