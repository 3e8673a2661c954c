"""The selectors of an expression in the order of its text, each with where it stands; and what else it uses."""

import msgspec

from watchbill.promql.branches import NAME
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Duration,
    Expr,
    Matcher,
    MatrixSelector,
    Node,
    Subquery,
    VectorSelector,
    children,
    unwrapped,
)


class Context(msgspec.Struct, frozen=True, gc=False):
    """Where a selector stands. Each field is about the whole way up to the root.

    `absent`: under `absent` or `absent_over_time`. `excluded`: on the right of `unless`. `alternative`: on a side of
    `or`. `fallback`: on the left of an `or` whose right side always yields something. `aggregated`: under an
    aggregation. `information`: the second argument of `info`. `functions`: the calls and aggregations around it, the
    outermost first.
    """

    absent: bool = False
    excluded: bool = False
    alternative: bool = False
    fallback: bool = False
    aggregated: bool = False
    information: bool = False
    functions: tuple[str, ...] = ()


class Selector(msgspec.Struct, frozen=True, gc=False):
    """One selector. `text[start:end]` is the name with its braces, without range, offset and `@`.

    `metric` is the name, written before the braces or as `{"name"}` or `{__name__="name"}`. `brace` is the offset of
    its `{`, or -1. `range` and `offset` are as written (`5m`), or None.
    """

    metric: str | None
    matchers: tuple[Matcher, ...]
    start: int
    end: int
    brace: int
    range: str | None
    offset: str | None
    context: Context


class Use(msgspec.Struct, frozen=True, gc=False):
    """A name and the place where it is written."""

    name: str
    start: int
    end: int


class Range(msgspec.Struct, frozen=True, gc=False):
    """How far a selector or subquery looks back, with its `offset`. `seconds` is None where only the server knows."""

    seconds: float | None
    offset: float | None
    subquery: bool
    start: int
    end: int


def selectors(expr: Expr) -> tuple[Selector, ...]:
    """Every selector, in the order of the text."""
    contexts: list[Context] = [_TOP] * len(expr.nodes)
    owners: dict[int, MatrixSelector] = {}
    for node in reversed(expr.nodes):
        if isinstance(node, MatrixSelector):
            owners[node.selector.index] = node
        _pass_down(node, contexts)
    found = [
        _described(expr, node, owners.get(node.index), contexts[node.index])
        for node in expr.nodes
        if isinstance(node, VectorSelector)
    ]
    return tuple(found)


_TOP = Context()


def _pass_down(node: Node, contexts: list[Context]) -> None:
    """Gives the children of a node their context, its own being known."""
    here = contexts[node.index]
    if isinstance(node, Call):
        inside = msgspec.structs.replace(
            here,
            absent=here.absent or node.name in {"absent", "absent_over_time"},
            functions=(*here.functions, node.name),
        )
        for place, argument in enumerate(node.args):
            information = node.name == "info" and place == 1
            contexts[argument.index] = msgspec.structs.replace(inside, information=True) if information else inside
    elif isinstance(node, Aggregate):
        inside = msgspec.structs.replace(here, aggregated=True, functions=(*here.functions, node.op))
        for child in children(node):
            contexts[child.index] = inside
    elif isinstance(node, Binary) and node.op == "or":
        sides = msgspec.structs.replace(here, alternative=True)
        contexts[node.right.index] = sides
        covered = _always(node.right)
        contexts[node.left.index] = msgspec.structs.replace(sides, fallback=True) if covered else sides
    elif isinstance(node, Binary) and node.op == "unless":
        contexts[node.left.index] = here
        contexts[node.right.index] = msgspec.structs.replace(here, excluded=True)
    elif here is not _TOP:
        for child in children(node):
            contexts[child.index] = here


def _always(node: Node) -> bool:
    """Whether this is `vector(…)` or the like, written to stand in where nothing is found."""
    inner = unwrapped(node)
    return isinstance(inner, Call) and (inner.name == "vector" or not inner.args)


def _described(expr: Expr, node: VectorSelector, owner: MatrixSelector | None, context: Context) -> Selector:
    offset = owner.offset if owner is not None else node.offset
    return Selector(
        named(node),
        node.matchers,
        node.start,
        node.body_end,
        node.brace,
        None if owner is None else _written(expr, owner.range),
        None if offset is None else _written(expr, offset),
        context,
    )


def _written(expr: Expr, duration: Duration) -> str:
    return expr.text[duration.start : duration.end]


def named(node: VectorSelector) -> str | None:
    """The metric, wherever its name is written; None where a selector does not say exactly one."""
    if node.metric is not None:
        return node.metric
    names = [matcher for matcher in node.matchers if matcher.name == NAME]
    return names[0].value if len(names) == 1 and names[0].op == "=" else None


def metrics(expr: Expr) -> tuple[str, ...]:
    """The metrics that the expression names, each once, in the order of the text."""
    names = (named(node) for node in expr.nodes if isinstance(node, VectorSelector))
    return tuple(dict.fromkeys(name for name in names if name))


def functions(expr: Expr) -> tuple[Use, ...]:
    """The functions and aggregations (in lower case) that the expression uses, in the order of the text."""
    found = [
        Use(node.name if isinstance(node, Call) else node.op, node.start, node.name_end)
        for node in expr.nodes
        if isinstance(node, Call | Aggregate)
    ]
    return tuple(sorted(found, key=lambda use: use.start))


def ranges(expr: Expr) -> tuple[Range, ...]:
    """The ranges of range selectors and subqueries, in the order of the text."""
    found = [
        Range(
            node.range.seconds,
            node.offset.seconds if node.offset is not None else 0.0,
            isinstance(node, Subquery),
            node.range.start,
            node.range.end,
        )
        for node in expr.nodes
        if isinstance(node, MatrixSelector | Subquery)
    ]
    return tuple(sorted(found, key=lambda one: one.start))
