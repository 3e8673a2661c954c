"""Whether an alert can be silent and can fire: it needs a condition, and one that is sometimes true and sometimes not."""

from collections.abc import Iterator

from watchbill.promql.branches import NAME, Branch
from watchbill.promql.checking import COMPARISONS
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    MatrixSelector,
    Node,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
    children,
    unwrapped,
)
from watchbill.promql.remarks.remark import Remark, Subject

ABSENT = frozenset(("absent", "absent_over_time"))
_EXISTENCE = frozenset((*ABSENT, "present_over_time"))
_FIRING = "ALERTS"  # series of it exist only while an alert is active


def remarks(subject: Subject) -> Iterator[Remark]:
    expr = subject.expr
    if not subject.selectors:
        return  # `vector(1)`: an alert that always fires on purpose, to show that the path works
    dead = _dead(subject)
    if dead is not None:
        yield dead
        return
    always = _always(subject)
    if always is not None:
        yield always
    elif not _conditional(expr.root):
        yield _unconditional(subject)
    for node in subject.calls:
        if node.name == "absent":
            yield Remark(
                "absent-without-for",
                "an alert on `absent` that does not wait fires at every restart of Prometheus",
                node.start,
                node.name_end,
                "true until the first scrape is in",
                "add `for:`, two scrape intervals at least",
                when="hasty",
            )


def all_dead(branches: tuple[Branch, ...]) -> bool:
    return branches[0].dead and all(branch.dead for branch in branches)


def _dead(subject: Subject) -> Remark | None:
    """Where an expression that never yields anything goes wrong: the first node of which nothing is left."""
    if not all_dead(subject.yields[-1]):
        return None
    node = _origin(subject.expr.root, subject)
    if isinstance(node, VectorSelector):
        where, why = (node.start, node.body_end), "no series can pass all of these matchers"
        advice = "the matchers contradict each other: remove one"
    elif isinstance(node, Binary) and node.op in COMPARISONS and _by_value(node, subject):
        where, why = node.operator, "this comparison is never true"
        advice = "turn the comparison round, or compare something that changes"
    elif isinstance(node, Binary):
        where, why = node.operator, mismatch(node, subject)
        advice = "say with `on (…)` which labels the two sides share"
    else:
        where, why = (node.start, node.end), "nothing can come out of this"
        advice = "write what should be watched"
    return Remark("never-fires", f"this expression never yields anything: {why}", *where, "always empty", advice)


def mismatch(node: Binary, subject: Subject) -> str:
    """Why the two sides of an operator cannot find each other."""
    for one in subject.yields[node.left.index]:
        for other in subject.yields[node.right.index]:
            for label in sorted(one.must | other.must):
                if (label in node.matching.labels) != node.matching.on or (label == NAME and not node.matching.on):
                    continue
                values = [dict(side.fixed).get(label) for side in (one, other)]
                if None not in values and values[0] != values[1]:
                    return f'`{node.op}` compares `{label}`, which is "{values[0]}" on one side and "{values[1]}" on the other'
                if not (one.possible(label) and other.possible(label)):
                    return f"`{node.op}` compares `{label}`, which one side always has and the other cannot have"
    return f"no series of one side of `{node.op}` can match one of the other"


def _by_value(node: Binary, subject: Subject) -> bool:
    """Whether the comparison fails by its numbers, and not because its sides cannot find each other."""
    left, right = subject.yields[node.left.index], subject.yields[node.right.index]
    return all(branch.value is not None for branch in (*left, *right))


def _origin(node: Node, subject: Subject) -> Node:
    """Down to the node that is empty while what it is made of is not."""
    while True:
        below = next((child for child in children(node) if all_dead(subject.yields[child.index])), None)
        if below is None or (isinstance(node, Binary) and node.op == "or"):
            return node
        node = below


def _always(subject: Subject) -> Remark | None:
    culprit = next((branch for branch in subject.yields[-1] if branch.always and not branch.dead), None)
    if culprit is None:
        return None
    cause = culprit.causes[0] if culprit.causes else None
    where = (cause.start, cause.end) if cause is not None else (subject.expr.root.start, subject.expr.root.end)
    words = subject.expr.text[where[0] : where[1]]
    return Remark(
        "always-fires",
        "this alert always fires: one side of it yields something whatever the series say",
        *where,
        "always there",
        f"put parentheses round the `or` and compare its result: (… or {words}) > …"
        if len(words) <= 40
        else "put parentheses round the `or`, and compare its result",
        when="alert",
    )


def _conditional(node: Node) -> bool:
    """Whether it depends on the series' values, or on their absence, if there is a result at all."""
    if isinstance(node, Binary):
        if node.op == "unless" or (node.op in COMPARISONS and not node.bool_):
            return True
        sides = (_conditional(node.left), _conditional(node.right))
        return all(sides) if node.op == "or" else any(sides)
    if isinstance(node, VectorSelector):
        return node.metric == _FIRING
    if isinstance(node, Call):
        return node.name in _EXISTENCE or any(_conditional(argument) for argument in node.args)
    if isinstance(node, Aggregate | Subquery | Unary | Paren):
        return _conditional(node.expr)
    return isinstance(node, MatrixSelector) and _conditional(node.selector)


def _unconditional(subject: Subject) -> Remark:
    expr = subject.expr
    compared = next((one for one in subject.binaries if one.bool_), None)
    if compared is not None:
        return Remark(
            "alert-without-comparison",
            f"`{compared.op} bool` yields 0 or 1 and keeps every series, so this alert fires on both",
            *compared.operator,
            "keeps what is false too",
            "leave `bool` out",
            when="alert",
        )
    root = unwrapped(expr.root)
    return Remark(
        "alert-without-comparison",
        "this alert compares nothing: it fires for as long as the series exist",
        root.start,
        root.end,
        "whatever the value",
        "compare it with something, for example `> 0`",
        when="alert",
    )
