"""Whether the value of an expression is most often a long fraction, such as 0.043333333333333335."""

from watchbill.promql.checking import COMPARISONS
from watchbill.promql.nodes import Aggregate, Binary, Call, Expr, Node, Number, Paren, Unary

_FRACTIONS = frozenset(
    ("rate", "irate", "deriv", "predict_linear", "histogram_quantile", "avg_over_time", "histogram_avg")
)
_ROUNDED = frozenset(("round", "ceil", "floor", "sgn", "timestamp", "absent", "absent_over_time", "changes", "resets"))
_COUNTS = frozenset(("count", "group", "count_values"))
_MEANS = frozenset(("avg", "stddev", "stdvar", "quantile"))


def fractional(expr: Expr) -> bool:
    """True for rates, quotients, means and quantiles. A sum or a count of whole numbers is one, and so is what is rounded."""
    return _fractional(expr.root)


def _fractional(node: Node) -> bool:
    """The value that reaches the alert: of a comparison it is the left side's, or the vector's."""
    if isinstance(node, Paren | Unary):
        return _fractional(node.expr)
    if isinstance(node, Binary):
        if node.op in COMPARISONS:
            value = node.right if node.left.type == "scalar" and node.right.type == "vector" else node.left
            return not node.bool_ and _fractional(value)
        if node.op in {"and", "unless"}:
            return _fractional(node.left)
        if node.op == "/":
            return not isinstance(node.left, Number) or not isinstance(node.right, Number)
        return node.op != "%" and (_fractional(node.left) or _fractional(node.right))
    if isinstance(node, Aggregate):
        return node.op in _MEANS or (node.op not in _COUNTS and _fractional(node.expr))
    if isinstance(node, Call):
        if node.name in _ROUNDED:
            return False
        return node.name in _FRACTIONS or any(
            _fractional(argument) for argument in node.args if argument.type == "vector"
        )
    return False
