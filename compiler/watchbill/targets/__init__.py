"""The targets: each one module with `build(workspace) -> list[Artifact]`, named here once."""

import importlib
from collections.abc import Iterable

from watchbill.spec import schema
from watchbill.spec.model import Workspace
from watchbill.targets.artifact import Artifact

TARGETS = {
    "prometheus": "watchbill.targets.prometheus",
    "alertmanager": "watchbill.targets.alertmanager",
    "runbooks": "watchbill.targets.runbooks",
    "executor": "watchbill.targets.executor",
}
SCHEMA = "policy.schema.json"


def build(workspace: Workspace, names: Iterable[str] | None = None) -> list[Artifact]:
    """All artifacts of the workspace's targets (or of those named), sorted by path; and the schema, for editors."""
    found = [Artifact(SCHEMA, schema.text())]
    for name in names if names is not None else workspace.targets:
        module = importlib.import_module(TARGETS[name])
        found.extend(module.build(workspace))
    return sorted(found, key=lambda artifact: artifact.path)
