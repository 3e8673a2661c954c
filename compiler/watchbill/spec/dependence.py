"""Services whose alerts are silenced while a service they depend on pages: only on request."""

from collections.abc import Iterator

import msgspec

from watchbill.spec.kinds.service import Service
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace
from watchbill.spec.settings import outcome_kind


class Dependence(msgspec.Struct, frozen=True):
    """While `source` has an alert of the `worse` severities, those of `target` with the `lesser` ones are silent.

    Both run in the same environment and carry the same identity labels. `index` is its place in `depends_on`.
    """

    source: str
    target: str
    worse: tuple[str, ...]
    lesser: tuple[str, ...]
    policy: Policy
    index: int


def dependences(workspace: Workspace) -> Iterator[Dependence]:
    """Every `depends_on` with `inhibits`, by the name of the service; the severities are known ones, worst first."""
    pages = [name for name, severity in workspace.severities.items() if outcome_kind(severity) == "page"]
    for name, policy in workspace.documents.get("Service", {}).items():
        body: Service | None = policy.body
        for index, dependency in enumerate(body.depends_on if body is not None else ()):
            lesser = tuple(severity for severity in workspace.severities if severity in dependency.inhibits)
            if lesser:
                worst = workspace.rank(lesser[0])
                worse = tuple(severity for severity in pages if workspace.rank(severity) < worst)
                yield Dependence(dependency.service, name, worse, lesser, policy, index)
