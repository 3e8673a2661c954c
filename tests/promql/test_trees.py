"""The shape of the tree: how tightly operators bind, and that every node knows its text."""

import pytest

from watchbill.promql import Expr, parse
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    MatrixSelector,
    Node,
    Number,
    Paren,
    String,
    Subquery,
    Unary,
    VectorSelector,
    children,
)


def read(text: str) -> Expr:
    expr = parse(text)
    assert isinstance(expr, Expr), expr
    return expr


def shape(node: Node) -> str:
    """The tree with brackets around every operation."""
    match node:
        case Binary():
            return f"({shape(node.left)} {node.op} {shape(node.right)})"
        case Unary() if isinstance(node.expr, Number):
            # Prometheus and promql-parser make one number of it.
            return f"{-node.expr.value if node.op == '-' else node.expr.value:g}"
        case Unary():
            return f"({node.op} {shape(node.expr)})" if node.op == "-" else shape(node.expr)
        case Paren():
            return shape(node.expr)
        case Aggregate():
            param = f"{shape(node.param)}, " if node.param is not None else ""
            return f"{node.op}({param}{shape(node.expr)})"
        case Call():
            return f"{node.name}({', '.join(shape(argument) for argument in node.args)})"
        case Subquery():
            return f"{shape(node.expr)}[:]" + _shift(node)
        case MatrixSelector():
            return f"{shape(node.selector)}[]" + _shift(node)
        case VectorSelector():
            return (node.metric or "{}") + _shift(node)
        case Number():
            return f"{node.value:g}"
        case String():
            return repr(node.value)


def _shift(node: VectorSelector | MatrixSelector | Subquery) -> str:
    return f" offset {node.offset.seconds:g}" if node.offset is not None and node.offset.seconds is not None else ""


SHAPES = [
    ("a + b * c", "(a + (b * c))"),
    ("a * b + c", "((a * b) + c)"),
    ("a - b - c", "((a - b) - c)"),
    ("a ^ b ^ c", "(a ^ (b ^ c))"),
    ("a * b ^ c", "(a * (b ^ c))"),
    ("a atan2 b * c", "((a atan2 b) * c)"),
    ("a % b / c", "((a % b) / c)"),
    ("a + b > c - d", "((a + b) > (c - d))"),
    ("a > b == c", "((a > b) == c)"),
    ("a and b or c unless d", "((a and b) or (c unless d))"),
    ("a or b and c", "(a or (b and c))"),
    ("a unless b and c", "((a unless b) and c)"),
    ("-a ^ b", "(- (a ^ b))"),
    ("-a * b", "((- a) * b)"),
    ("-a + b", "((- a) + b)"),
    ("a ^ -b ^ c", "(a ^ (- (b ^ c)))"),
    ("a ^ -b * c", "((a ^ (- b)) * c)"),
    ("- - a", "(- (- a))"),
    ("-1 ^ 2", "(- (1 ^ 2))"),
    ("a + b offset 5m", "(a + b offset 300)"),
    ("-a offset 5m", "(- a offset 300)"),
    ("rate(a[5m] offset 1m) * 2", "(rate(a[] offset 60) * 2)"),
    ("a offset 5m ^ 2", "(a offset 300 ^ 2)"),
    ("a offset -5m * 2", "(a offset -300 * 2)"),
    ("a offset (5m) ^ 2", "a offset 90000"),
    ("a offset -(5m) * 2", "(a offset -300 * 2)"),
    ("sum by (x) (a) + sum(b) by (y)", "(sum(a) + sum(b))"),
    ("a == bool b > bool c", "((a == b) > c)"),
    ("1h30m + 0x10 + 010 + .5e1", "(((5400 + 16) + 8) + 5)"),
]


@pytest.mark.parametrize(("text", "expected"), SHAPES)
def test_operators_bind_as_in_prometheus(text: str, expected: str) -> None:
    assert shape(read(text).root) == expected


TREES = [
    "sum by (job) (rate(http_requests_total{code=~'5..'}[5m])) / sum by (job) (rate(http_requests_total[5m])) > 0.05",
    "a and on (x) (b or c{y='z'} unless d) * 2 ^ -e % 3",
    "max_over_time(sum(rate(a[5m] offset 1h))[1h:5m] offset -1d) > bool 5",
    "label_replace(-(a + 1), 'x', '$1', 'y', '(.*)') or topk by (z) (3, b @ 5 offset 1m)",
]


@pytest.mark.parametrize("text", TREES)
def test_every_node_knows_its_text_and_stands_behind_its_children(text: str) -> None:
    expr = read(text)
    assert (expr.root.start, expr.root.end) == (0, len(text))
    for place, node in enumerate(expr.nodes):
        assert node.index == place
        for child in children(node):
            assert expr.nodes[child.index] is child
            assert child.index < node.index
            assert node.start <= child.start < child.end <= node.end
        if node.type != "matrix" and not isinstance(node, String):
            assert isinstance(parse(text[node.start : node.end]), Expr)


def test_promql_parser_builds_the_same_trees(alerts) -> None:
    rust = pytest.importorskip("promql_parser", reason="promql-parser is not installed")
    texts = [alert.expr for alert in alerts] + [text for text, _ in SHAPES] + TREES
    compared = 0
    for text in texts:
        try:
            theirs = rust.parse(text)
        except ValueError:
            continue
        assert shape(read(text).root) == rust_shape(rust, theirs), text
        compared += 1
    assert compared > 950


def rust_shape(rust, node) -> str:
    name = type(node).__name__
    if name == "BinaryExpr":
        return f"({rust_shape(rust, node.lhs)} {str(node.op).lower()} {rust_shape(rust, node.rhs)})"
    if name == "UnaryExpr":
        return f"(- {rust_shape(rust, node.expr)})"
    if name == "ParenExpr":
        return rust_shape(rust, node.expr)
    if name == "AggregateExpr":
        param = f"{rust_shape(rust, node.param)}, " if node.param is not None else ""
        return f"{str(node.op).lower()}({param}{rust_shape(rust, node.expr)})"
    if name == "Call":
        return f"{node.func.name}({', '.join(rust_shape(rust, argument) for argument in node.args)})"
    if name == "SubqueryExpr":
        return f"{rust_shape(rust, node.expr)}[:]" + rust_shift(node)
    if name == "MatrixSelector":
        inner = node.vector_selector
        return f"{inner.name or '{}'}[]" + rust_shift(inner)
    if name == "VectorSelector":
        return (node.name or "{}") + rust_shift(node)
    if name == "NumberLiteral":
        return f"{node.val:g}"
    return repr(node.val)


def rust_shift(node) -> str:
    return f" offset {node.offset.total_seconds():g}" if node.offset else ""
