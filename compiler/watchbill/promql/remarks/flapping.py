"""What comes and goes although nothing has changed: series chosen by rank, and sums of half a scrape."""

from collections.abc import Iterator

from watchbill.promql.checking import SETS
from watchbill.promql.nodes import Aggregate, Binary, Call, Node, Paren, Unary, children
from watchbill.promql.remarks.firing import ABSENT
from watchbill.promql.remarks.remark import Remark, Subject

_RANKED = frozenset(("topk", "bottomk"))
_ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "^", "atan2"))


def remarks(subject: Subject) -> Iterator[Remark]:
    if any(node.op in _RANKED for node in subject.aggregates):
        yield from _ranked(subject.expr.root)
    if len(subject.aggregates) > 1:
        yield from _combined(subject)


def _ranked(root: Node) -> Iterator[Remark]:
    """Down to each `topk` whose choice of series reaches the result.

    On the side that is matched `on` labels, one for each, the choice is not seen: `… * on (a) topk by (a) (1, b)`.
    """
    stack = [(root, False)]
    while stack:
        node, matched = stack.pop()
        if isinstance(node, Aggregate) and node.op in _RANKED:
            if not (matched and node.grouping is not None):
                yield Remark(
                    "fragile-ranking",
                    f"`{node.op}` chooses other series from one evaluation to the next, so alerts come and go",
                    node.start,
                    node.name_end,
                    "another choice each time",
                    f"compare without `{node.op}`, and leave the ranking to the dashboard",
                    when="alert",
                )
        elif isinstance(node, Aggregate) or (isinstance(node, Call) and node.name in ABSENT):
            continue  # series are no longer told apart above it
        kept = _kept(node)
        stack.extend((child, matched or (kept is not None and child is not kept)) for child in children(node))


def _kept(node: Node) -> Node | None:
    """Of two sides that are matched `on` labels the one whose series come out, with all their labels."""
    if not isinstance(node, Binary) or not node.matching.on or node.op == "or":
        return None
    if node.matching.group == "right":
        return node.right
    return node.left if node.matching.group or node.op in SETS else node


def _combined(subject: Subject) -> Iterator[Remark]:
    """Arithmetic between two aggregations; one finding is enough for an expression."""
    for node in reversed(subject.binaries):
        if node.op == "*" and node.matching.group:
            continue  # labels are brought over from a metric whose value is 1
        if node.op in _ARITHMETIC and _aggregated(node.left) and _aggregated(node.right):
            yield Remark(
                "fragile-arithmetic",
                f"`{node.op}` between two aggregations: while targets come back after a restart, the two sides "
                "count different ones",
                *node.operator,
                "both sides are incomplete for a scrape or two",
                "add `for:`, two scrape intervals at least",
                when="hasty",
            )
            return


def _aggregated(node: Node) -> bool:
    """Whether it is an aggregation, or arithmetic or a function of nothing else."""
    if isinstance(node, Aggregate):
        return node.op not in _RANKED
    if isinstance(node, Paren | Unary):
        return _aggregated(node.expr)
    if isinstance(node, Binary):
        sides = [side for side in (node.left, node.right) if side.type == "vector"]
        return node.op in _ARITHMETIC and bool(sides) and all(map(_aggregated, sides))
    if isinstance(node, Call):
        sides = [argument for argument in node.args if argument.type == "vector"]
        return bool(sides) and all(map(_aggregated, sides))
    return False
