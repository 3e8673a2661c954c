"""What can be said against an expression that parses."""

from typing import Literal

import msgspec

from watchbill.promql.branches import Branch
from watchbill.promql.nodes import Aggregate, Binary, Call, Expr, VectorSelector

When = Literal["always", "alert", "hasty"]
"""For which rules it holds: any, alerts only, or only alerts that do not wait (`for`)."""


class Remark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`name` is the name of the code that says why it matters.

    `start` and `end` are character offsets into the expression. They mark a name, an operator or a clause and never
    hold a number of the author's, and no message repeats one: an expression with a param is told once, and not once
    for each value. `note` says what the place cannot show.
    """

    name: str
    message: str
    start: int
    end: int
    label: str
    help: str
    note: str = ""
    when: When = "always"


class Subject(msgspec.Struct, frozen=True):
    """An expression, the labels that each of its nodes can yield, by the node's index, and its nodes by what they are."""

    expr: Expr
    yields: list[tuple[Branch, ...]]
    selectors: tuple[VectorSelector, ...]
    binaries: tuple[Binary, ...]
    calls: tuple[Call, ...]
    aggregates: tuple[Aggregate, ...]


def subject(expr: Expr, yields: list[tuple[Branch, ...]]) -> Subject:
    nodes = expr.nodes
    return Subject(
        expr,
        yields,
        tuple(node for node in nodes if isinstance(node, VectorSelector)),
        tuple(node for node in nodes if isinstance(node, Binary)),
        tuple(node for node in nodes if isinstance(node, Call)),
        tuple(node for node in nodes if isinstance(node, Aggregate)),
    )
