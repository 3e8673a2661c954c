"""Why a label is not there, in a sentence with a place."""

import msgspec

from watchbill.promql.branches import Branch, Cause
from watchbill.promql.cursor import shortened
from watchbill.promql.labels import labels, lacking
from watchbill.promql.nodes import Aggregate, Binary, Call, Expr, Number, VectorSelector


class Reason(msgspec.Struct, frozen=True):
    """A sentence about the construct at `start` to `end`, which removed a label (or never had it)."""

    text: str
    start: int
    end: int


def why_not(expr: Expr, label: str, branches: tuple[Branch, ...] | None = None) -> Reason | None:
    """Why some alternative of the result cannot carry the label, or None where all can.

    `branches` spares working out `labels(expr)` again. With several such alternatives the first one is told.
    """
    missing = lacking(labels(expr) if branches is None else branches, label)
    if not missing:
        return None
    culprit: Cause | None = None
    for cause in missing[0].causes:
        if cause.effect == "adds":
            culprit = None if label in cause.labels else culprit
        elif (label in cause.labels) == (cause.effect == "drops"):
            culprit = culprit or cause
    if culprit is None:
        root = expr.root
        return Reason(f"nothing here has the label `{label}`", root.start, root.end)
    return Reason(_sentence(expr, culprit, label), culprit.start, culprit.end)


def _sentence(expr: Expr, cause: Cause, label: str) -> str:
    node = cause.node
    if isinstance(node, Aggregate):
        return _of_aggregation(expr, node, cause, label)
    if isinstance(node, Binary):
        return _of_matching(expr, node, cause, label)
    if isinstance(node, VectorSelector):
        return f"this selector takes only series without `{label}`"
    if isinstance(node, Number):
        return "a number has no labels"
    if isinstance(node, Call):
        return _of_call(node, cause, label)
    return f"the label `{label}` is lost here"


def _of_aggregation(expr: Expr, node: Aggregate, cause: Cause, label: str) -> str:
    if node.grouping is None:
        return f"`{node.op}` without `by` drops every label"
    clause = shortened(expr.text[cause.start : cause.end])
    if node.without:
        return f"`{node.op} {clause}` drops `{label}`"
    return f"`{node.op} {clause}` keeps {_only(node.grouping)}"


def _of_matching(expr: Expr, node: Binary, cause: Cause, label: str) -> str:
    if not node.matching.written:
        return f"`{node.op}` matches series of equal labels, and one side cannot have `{label}`"
    clause = shortened(expr.text[cause.start : cause.end])
    if cause.effect == "keeps":
        return f"`{node.op} {clause}` keeps {_only(node.matching.labels)}"
    if label in node.matching.include:
        return f"`{clause}` copies `{label}` from a side that cannot have it"
    if label in node.matching.labels and not node.matching.on:
        return f"`{node.op} {clause}` drops `{label}`"
    return f"`{node.op} {clause}` compares `{label}`, and one side cannot have it"


def _of_call(node: Call, cause: Cause, label: str) -> str:
    if node.name in {"absent", "absent_over_time"}:
        if not cause.labels:
            return f"`{node.name}` yields a series without labels unless its selector fixes some with `=`"
        return f"`{node.name}` yields only the labels that its selector fixes with `=`, {_listed(sorted(cause.labels))}"
    if cause.effect == "keeps":
        return f"`{node.name}()` has no labels"
    if node.name in {"label_replace", "label_join"}:
        return f"`{node.name}` empties `{label}`"
    return f"`{node.name}` drops `{label}`"


def _only(names: tuple[str, ...]) -> str:
    return f"only {_listed(names)}" if names else "no label"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
