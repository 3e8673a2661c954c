"""The types of PromQL: what may stand where. Mirrors `parser.checkAST` of Prometheus."""

from watchbill.promql.fault import Rejected
from watchbill.promql.functions import Aggregation, Function
from watchbill.promql.nodes import SPOKEN, Matching, Node, ValueType, VectorSelector, unwrapped

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
SETS = frozenset(("and", "or", "unless"))


def call(function: Function, args: tuple[Node, ...], start: int, end: int) -> None:
    """Number and types of the arguments of a function."""
    fixed = len(function.args)
    least = fixed if function.variadic == 0 else fixed - 1
    most = len(args) if function.variadic < 0 else least + function.variadic
    if not least <= len(args) <= most:
        if function.variadic < 0:
            wanted = f"at least {counted(least)}"
        else:
            wanted = counted(least) if least == most else f"{least} to {counted(most)}"
        # Too many: the caret goes under the first one too much; too few: under the whole call.
        where = (args[most].start, args[-1].end) if len(args) > most else (start, end)
        raise Rejected(f"`{function.name}` takes {wanted}, and there {_are(len(args))}", *where)
    for position, node in enumerate(args):
        expected = function.args[min(position, fixed - 1)]
        if node.type != expected:
            raise Rejected(_mismatch(function.name, expected, node), node.start, node.end)
    if (
        function.name == "info"
        and len(args) == 2
        and not (isinstance(args[1], VectorSelector) and args[1].metric is None)
    ):
        raise Rejected(
            "the second argument of `info` is only label matchers in braces, without a metric",
            args[1].start,
            args[1].end,
        )


def aggregate(aggregation: Aggregation, args: tuple[Node, ...], start: int, end: int) -> None:
    """Number and types of the arguments of an aggregation."""
    wanted = 1 if aggregation.param is None else 2
    if len(args) != wanted:
        what = "one vector" if wanted == 1 else f"{SPOKEN[aggregation.param or 'scalar']} and a vector"
        raise Rejected(f"`{aggregation.name}` takes {what}, and there {_are(len(args))}", start, end)
    if aggregation.param is not None and args[0].type != aggregation.param:
        raise Rejected(_mismatch(aggregation.name, aggregation.param, args[0]), args[0].start, args[0].end)
    if args[-1].type != "vector":
        raise Rejected(_mismatch(aggregation.name, "vector", args[-1]), args[-1].start, args[-1].end)


def binary(op: str, where: tuple[int, int], left: Node, right: Node, *, bool_: bool, matching: Matching) -> ValueType:
    """The type of a binary operation, its operands being able to stand there."""
    for side in (left, right):
        if side.type not in {"scalar", "vector"}:
            raise Rejected(
                f"`{op}` works on numbers and instant vectors, and this is {SPOKEN[side.type]}", side.start, side.end
            )
    scalars = (left.type == "scalar") + (right.type == "scalar")
    if bool_ and op not in COMPARISONS:
        raise Rejected(f"`bool` stands only after a comparison, and `{op}` is none", *where)
    if scalars == 2 and op in COMPARISONS and not bool_:
        raise Rejected(f"a comparison of two numbers must be written `{op} bool`", *where)
    if matching.on and matching.group:
        for label in matching.labels:
            if label in matching.include:
                raise Rejected(f"`{label}` stands in both `on` and `group_{matching.group}`", *matching.clause)
    if scalars and op in SETS:
        side = left if left.type == "scalar" else right
        raise Rejected(f"`{op}` joins two vectors, and this is a number", side.start, side.end)
    if scalars and (matching.labels or matching.fill):
        raise Rejected("only two vectors can be matched by labels, and one side is a number", *matching.clause)
    if op in SETS and (matching.group or matching.fill):
        what = "fill" if matching.fill else f"`group_{matching.group}`"
        raise Rejected(f"`{op}` matches many to many; it takes no {what}", *matching.clause)
    return "scalar" if scalars == 2 else "vector"


def unary(op: str, node: Node) -> None:
    if node.type not in {"scalar", "vector"}:
        raise Rejected(
            f"the sign `{op}` needs a number or an instant vector, and this is {SPOKEN[node.type]}",
            node.start,
            node.end,
        )


def subquery(node: Node, end: int) -> None:
    if node.type != "vector":
        raise Rejected(f"a subquery needs an instant vector, and this is {SPOKEN[node.type]}", node.start, end)


def _mismatch(name: str, expected: ValueType, node: Node) -> str:
    message = f"`{name}` needs {SPOKEN[expected]} here, and this is {SPOKEN[node.type]}"
    if expected == "matrix" and node.type == "vector":
        inner = unwrapped(node)
        plain = isinstance(inner, VectorSelector)
        return f"{message}; add a range, as in `{'metric[5m]' if plain else '(…)[5m:]'}`"
    return message


def counted(number: int) -> str:
    return f"{number} argument" if number == 1 else f"{number} arguments"


def _are(number: int) -> str:
    return {0: "is none", 1: "is one"}.get(number, f"are {number}")
