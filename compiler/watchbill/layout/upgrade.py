"""`fmt --upgrade`: from one version of the language to the next. A change of the language is one row of `MIGRATIONS`."""

from collections.abc import Callable, Sequence

import msgspec

from watchbill.layout.tree import Document, Scalar
from watchbill.spec.load import API_VERSION


class Migration(msgspec.Struct, frozen=True):
    """From `before` to `after`. `apply` changes one document, and tells what it did, one sentence for each change."""

    before: str
    after: str
    apply: Callable[[Document], list[str]]


MIGRATIONS: tuple[Migration, ...] = ()  # watchbill/v1 is the first version


def version_of(documents: Sequence[Document]) -> str | None:
    """The version that the Workspace names; None without a Workspace, empty without a version."""
    for document in documents:
        if document.kind == "Workspace":
            entry = document.root.get("apiVersion")
            return entry.value.value if entry is not None and isinstance(entry.value, Scalar) else ""
    return None


def path(version: str, migrations: Sequence[Migration], newest: str = API_VERSION) -> list[Migration] | None:
    """The migrations from a version to the newest, in order; None when none lead there."""
    steps: list[Migration] = []
    while version != newest:
        step = next((step for step in migrations if step.before == version), None)
        if step is None or step in steps:
            return None
        steps.append(step)
        version = step.after
    return steps


def upgrade(document: Document, steps: Sequence[Migration]) -> list[str]:
    """Take a document through the migrations, and tell what they did."""
    told = [sentence for step in steps for sentence in step.apply(document)]
    entry = document.root.get("apiVersion")
    if steps and document.kind == "Workspace" and entry is not None and isinstance(entry.value, Scalar):
        entry.value = Scalar(steps[-1].after, raw=steps[-1].after)
        told.append(f"apiVersion is now {steps[-1].after}")
    return told
