"""The tree of an expression. Every node knows its characters, so that texts can be edited without printing a tree.

Nodes hold no reference to anything that could hold them, so the garbage collector need not look at them (`gc=False`).
"""

from typing import Literal

import msgspec

ValueType = Literal["scalar", "vector", "matrix", "string"]
"""What an expression yields: one number, an instant vector, a range vector, or a string."""

Operator = Literal["=", "!=", "=~", "!~"]

SPOKEN: dict[ValueType, str] = {
    "scalar": "a number",
    "vector": "an instant vector",
    "matrix": "a range vector",
    "string": "a string",
}


class Matcher(msgspec.Struct, frozen=True, gc=False):
    """`name op "value"` inside braces; a quoted metric name is the matcher `__name__ = name`."""

    name: str
    op: Operator
    value: str
    start: int = 0
    end: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """The matcher without its place."""
        return (self.name, self.op, self.value)


class Duration(msgspec.Struct, frozen=True, gc=False):
    """A length of time inside `[…]` or after `offset`: `seconds` is None where only the evaluation knows it (`step()`)."""

    start: int
    end: int
    seconds: float | None


class At(msgspec.Struct, frozen=True, gc=False):
    """`@ 1700000000`, `@ start()` or `@ end()`."""

    start: int
    end: int
    timestamp: float | None


class VectorSelector(msgspec.Struct, frozen=True, gc=False):
    """`metric{a="b"} offset 5m @ end()`.

    `body_end` is where name and braces end; `brace` is the offset of `{` or -1. `metric` is the name before the braces.
    """

    index: int
    start: int
    end: int
    type: ValueType
    metric: str | None
    matchers: tuple[Matcher, ...]
    body_end: int
    brace: int
    offset: Duration | None
    at: At | None


class MatrixSelector(msgspec.Struct, frozen=True, gc=False):
    """`metric[5m] offset 1h`: the modifiers stand here, not on the selector inside."""

    index: int
    start: int
    end: int
    type: ValueType
    selector: VectorSelector
    range: Duration
    offset: Duration | None
    at: At | None


class Subquery(msgspec.Struct, frozen=True, gc=False):
    """`expr[1h:5m]`; `step` is None for the default of the server."""

    index: int
    start: int
    end: int
    type: ValueType
    expr: "Node"
    range: Duration
    step: Duration | None
    offset: Duration | None
    at: At | None


class Call(msgspec.Struct, frozen=True, gc=False):
    """`name(args)`; the name ends at `name_end`."""

    index: int
    start: int
    end: int
    type: ValueType
    name: str
    name_end: int
    args: "tuple[Node, ...]"


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """`sum by (a) (expr)`: `op` in lower case; `grouping` is None without `by` and `without`.

    `clause` is the place of `by (a)`, or of the operator's name where there is no clause.
    """

    index: int
    start: int
    end: int
    type: ValueType
    op: str
    name_end: int
    expr: "Node"
    param: "Node | None"
    without: bool
    grouping: tuple[str, ...] | None
    clause: tuple[int, int]


class Matching(msgspec.Struct, frozen=True, gc=False):
    """How the two sides of an operator find each other.

    `on` is True for `on (labels)`; without a clause it is False with no labels, which is what `ignoring ()` means.
    `group` is `left`, `right` or empty; `include` the labels it copies. `clause` is the place of `on (…)` with the
    grouping, or of the operator where there is none. `fill` is True when a fill modifier stands there.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()
    clause: tuple[int, int] = (0, 0)
    fill: bool = False
    written: bool = False


class Binary(msgspec.Struct, frozen=True, gc=False):
    """`left op right`; `op` in lower case. `operator` is the place of the operator itself."""

    index: int
    start: int
    end: int
    type: ValueType
    op: str
    operator: tuple[int, int]
    left: "Node"
    right: "Node"
    bool_: bool
    matching: Matching


class Unary(msgspec.Struct, frozen=True, gc=False):
    """`-expr` or `+expr`."""

    index: int
    start: int
    end: int
    type: ValueType
    op: str
    expr: "Node"


class Paren(msgspec.Struct, frozen=True, gc=False):
    """`(expr)`."""

    index: int
    start: int
    end: int
    type: ValueType
    expr: "Node"


class Number(msgspec.Struct, frozen=True, gc=False):
    """`1.5`, `0x1f`, `Inf`, or a duration used as a number of seconds."""

    index: int
    start: int
    end: int
    type: ValueType
    value: float


class String(msgspec.Struct, frozen=True, gc=False):
    """A quoted string, its escapes resolved."""

    index: int
    start: int
    end: int
    type: ValueType
    value: str


Node = VectorSelector | MatrixSelector | Subquery | Call | Aggregate | Binary | Unary | Paren | Number | String


class Syntax(msgspec.Struct, frozen=True, gc=False):
    """A piece of syntax that not every Prometheus reads, named as in `needs.SYNTAX`."""

    what: str
    start: int
    end: int


class Expr(msgspec.Struct, frozen=True, gc=False):
    """A parsed expression.

    `nodes` holds every node once, children before their parents, the root last; `node.index` is its place there. So
    any analysis is one loop, whatever the depth. `syntax` lists the constructs that a version gate asks about.
    """

    text: str
    nodes: tuple[Node, ...]
    syntax: tuple[Syntax, ...]

    @property
    def root(self) -> Node:
        return self.nodes[-1]

    @property
    def type(self) -> ValueType:
        return self.nodes[-1].type


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order of the text (the parameter of an aggregation first)."""
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Aggregate):
        return (node.expr,) if node.param is None else (node.param, node.expr)
    if isinstance(node, Subquery | Unary | Paren):
        return (node.expr,)
    if isinstance(node, MatrixSelector):
        return (node.selector,)
    return ()


def unwrapped(node: Node) -> Node:
    """The node inside any parentheses around it."""
    while isinstance(node, Paren):
        node = node.expr
    return node
