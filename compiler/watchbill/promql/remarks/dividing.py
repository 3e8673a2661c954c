"""One division by zero inside an aggregation makes the whole of it not a number."""

from collections.abc import Iterator

from watchbill.promql.checking import COMPARISONS
from watchbill.promql.nodes import Aggregate, Binary, Call, Node, Number, Paren, Unary, unwrapped
from watchbill.promql.remarks.remark import Remark, Subject

_SPREADING = frozenset(("sum", "avg", "stddev", "stdvar"))
"""Aggregations of which one NaN makes the result NaN; `min` and `max` pass over it."""

_POSITIVE = frozenset(("clamp_min", "clamp", "exp"))
_COUNTING = frozenset(("count", "group"))


def remarks(subject: Subject) -> Iterator[Remark]:
    for node in subject.aggregates if subject.binaries else ():
        if node.op in _SPREADING:
            for division in _divisions(node.expr):
                where = division.operator
                word = "division" if division.op == "/" else "remainder"
                yield Remark(
                    "nan-in-aggregation",
                    f"a {word} inside `{node.op}`: one series that divides by zero makes the whole `{node.op}` NaN, "
                    "and no comparison with NaN is true",
                    *where,
                    "0 / 0 is NaN",
                    "aggregate first and divide then, or keep only divisors above zero: … / (… > 0)",
                )


def _divisions(node: Node) -> Iterator[Binary]:
    """Divisions whose NaN reaches the aggregation above: nothing between filters it out or aggregates by itself."""
    if isinstance(node, Paren | Unary):
        yield from _divisions(node.expr)
    elif isinstance(node, Call):
        for argument in node.args:
            yield from _divisions(argument)
    elif isinstance(node, Binary) and not (node.op in COMPARISONS and not node.bool_):
        yield from _divisions(node.left)
        if node.op != "unless":
            yield from _divisions(node.right)
        if node.op in {"/", "%"} and _may_be_zero(node.right):
            yield node


def _may_be_zero(node: Node) -> bool:
    inner = unwrapped(node)
    if isinstance(inner, Number):
        return inner.value == 0
    if isinstance(inner, Binary):
        if inner.op in COMPARISONS and not inner.bool_:
            return False  # a filter, most likely `> 0`
        if inner.op in {"*", "/"}:
            return _may_be_zero(inner.left) or (inner.op == "*" and _may_be_zero(inner.right))
        return inner.op != "and" or not _filtered(inner.right)
    if isinstance(inner, Call):
        return inner.name not in _POSITIVE
    return not (isinstance(inner, Aggregate) and inner.op in _COUNTING)


def _filtered(node: Node) -> bool:
    inner = unwrapped(node)
    return isinstance(inner, Binary) and inner.op in COMPARISONS and not inner.bool_
