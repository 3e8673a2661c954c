"""Which labels the result of an expression can, must and cannot carry."""

from collections.abc import Iterable

from watchbill.promql.branches import NAME, NONE, Branch, Cause, add, bare, drop, keep, matched, nameless, valued
from watchbill.promql.calling import called
from watchbill.promql.checking import COMPARISONS
from watchbill.promql.constants import compare, fold
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Node,
    Number,
    Paren,
    String,
    Subquery,
    Unary,
    VectorSelector,
)
from watchbill.promql.selecting import accepts

MOST = 64
"""Alternatives that are told apart. Beyond, they are merged into one that promises less but nothing wrong."""

_KEEPING = frozenset(("topk", "bottomk", "limitk", "limit_ratio"))
_SAME_VALUE = frozenset(("sum", "min", "max", "avg"))
_LIKE_ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "^", "atan2"))

Branches = tuple[Branch, ...]


def labels(expr: Expr, *, across: bool = False) -> Branches:
    """The alternatives of the result (more than one only under `or` and fills), each with its labels.

    Mirrors what the engine does to labels (`promql/engine.go`: `aggregation`, `VectorBinop`, `resultMetric`, and
    `promql/functions.go`). Nothing is known of the series themselves: a bare selector may carry any label.

    A label on one side only of a matching that compares it leaves nothing to match: `a and absent(b)` wants series of
    `a` without labels. Such a matching is most likely a mistake of its own, so these labels count as possible; with
    `across` they are ruled out as well, which is the exact truth about what comes out.
    """
    return labels_of_nodes(expr, across=across)[-1]


def labels_of_nodes(expr: Expr, *, across: bool = False) -> list[Branches]:
    """The same for every node of the expression, by its index."""
    found: list[Branches] = []
    for node in expr.nodes:
        found.append(_node(node, found, across=across))
    return found


def can_have(branches: Iterable[Branch], label: str) -> bool:
    """Whether any alternative that can yield something may carry the label."""
    return any(branch.possible(label) for branch in _living(branches))


def must_have(branches: Iterable[Branch], label: str) -> bool:
    """Whether the label is on every series of every alternative."""
    return all(label in branch.must for branch in _living(branches))


def lacking(branches: Iterable[Branch], label: str) -> Branches:
    """The living alternatives that cannot carry the label: where a template that reads it shows nothing."""
    return tuple(branch for branch in _living(branches) if not branch.possible(label))


def _living(branches: Iterable[Branch]) -> Branches:
    everything = tuple(branches)
    return tuple(branch for branch in everything if not branch.dead) or everything


def _node(node: Node, found: list[Branches], *, across: bool) -> Branches:
    if isinstance(node, VectorSelector):
        return (_selected(node),)
    if isinstance(node, Binary):
        return _few(_binary(node, found[node.left.index], found[node.right.index], across=across))
    if isinstance(node, Number):
        return (bare(node, (node.start, node.end), always=True, value=node.value),)
    if isinstance(node, Call):
        return called(node, [found[argument.index] for argument in node.args])
    if isinstance(node, Aggregate):
        below = found[node.expr.index]
        return tuple(_aggregated(node, branch, alone=len(below) == 1) for branch in below)
    if isinstance(node, MatrixSelector):
        return found[node.selector.index]
    if isinstance(node, Paren | Subquery):
        return found[node.expr.index]
    if isinstance(node, Unary):
        return _negated(node, found[node.expr.index])
    return (bare(node, (node.start, node.end), always=True),)


def _selected(node: VectorSelector) -> Branch:
    if not node.matchers:
        name = node.metric or ""
        return Branch(False, _NAME, _NAME, NONE, ((NAME, name),))
    must: set[str] = set()
    cannot: set[str] = set()
    fixed: dict[str, str] = {}
    dead = False
    if node.metric is not None:
        must.add(NAME)
        fixed[NAME] = node.metric
    for matcher in node.matchers:
        if matcher.op == "=" and matcher.value:
            dead = dead or fixed.setdefault(matcher.name, matcher.value) != matcher.value
        if not accepts(matcher, ""):
            must.add(matcher.name)
        elif (matcher.op in {"=", "=~"} and not matcher.value) or (matcher.op == "!~" and matcher.value == ".+"):
            cannot.add(matcher.name)
    if cannot & must:
        dead = True
        cannot -= must
    gone = frozenset(cannot)
    musts = frozenset(must)
    causes = (Cause("drops", gone, node, node.start, node.body_end),) if gone else ()
    return Branch(False, musts, musts, gone, tuple(sorted(fixed.items())), False, None, dead, causes)


_NAME = frozenset((NAME,))


def _aggregated(node: Aggregate, branch: Branch, *, alone: bool) -> Branch:
    """`alone`: no other alternative can be mixed into the same group, so that a constant stays one."""
    if node.op in _KEEPING:
        some = isinstance(node.param, Number) and node.param.value >= 1 and node.op != "limit_ratio"
        return valued(branch, always=branch.always and some, value=branch.value, dead=branch.dead)
    result = branch
    counted = node.param.value if node.op == "count_values" and isinstance(node.param, String) else None
    if node.without:
        # The count goes into its label first, and then `without` may drop that very label.
        if counted is not None:
            result = add(result, counted, node, (node.start, node.end), must=True)
        result = drop(result, frozenset((*(node.grouping or ()), NAME)), node, node.clause)
    else:
        result = keep(result, node.grouping or (), node, node.clause)
        if counted is not None:
            result = add(result, counted, node, (node.start, node.end), must=True)
    value = branch.value if alone and node.op in _SAME_VALUE else None
    return valued(result, always=branch.always, value=value, dead=branch.dead)


def _negated(node: Unary, branches: Branches) -> Branches:
    if node.op == "+":
        return branches
    return tuple(
        valued(
            nameless(branch, node),
            always=branch.always,
            value=None if branch.value is None else -branch.value,
            dead=branch.dead,
        )
        for branch in branches
    )


def _binary(node: Binary, left: Branches, right: Branches, *, across: bool) -> list[Branch]:
    if node.op == "or":
        return [*left, *right]
    if node.op == "unless":
        return [valued(branch, always=False, value=branch.value, dead=branch.dead) for branch in left]
    if node.left.type == "scalar" or node.right.type == "scalar":
        single = len(left) == len(right) == 1
        return [_with_number(node, one, other, single=single) for one in left for other in right]
    if node.op == "and":
        return [
            valued(result, always=False, value=one.value, dead=result.dead)
            for one in left
            for other in right
            for result in (matched(one, other, node, across=across),)
        ]
    found = [branch for one in left for other in right for branch in _paired(node, one, other, across=across)]
    # Which of several alternatives comes depends on the data, and so does whether it finds a partner.
    return found if len(found) == 1 else [valued(one, always=False, value=one.value, dead=one.dead) for one in found]


def _with_number(node: Binary, left: Branch, right: Branch, *, single: bool) -> Branch:
    """A vector and a number, in either order, or two numbers. `single`: neither side has another alternative."""
    base = right if node.left.type == "scalar" and node.right.type == "vector" else left
    result = _evaluated(node, base, left, right, base)
    if result.always and not single and node.op in COMPARISONS and not node.bool_:
        return valued(result, always=False, value=result.value, dead=result.dead)
    return result


def _evaluated(node: Binary, base: Branch, left: Branch, right: Branch, subject: Branch) -> Branch:
    """The value of the operation as far as it is constant; a comparison that is never true is dead.

    `subject` is the side whose value passes through a comparison.
    """
    always = left.always and right.always
    dead = base.dead or left.dead or right.dead
    if node.op in COMPARISONS and not node.bool_:
        truth = compare(node.op, left.value, right.value)
        return valued(base, always=always and truth is True, value=subject.value, dead=dead or truth is False)
    value = fold(node.op, left.value, right.value)
    result = nameless(base, node) if node.op in _LIKE_ARITHMETIC or node.bool_ else base
    return valued(result, always=always, value=value, dead=dead)


def _paired(node: Binary, left: Branch, right: Branch, *, across: bool) -> list[Branch]:
    """Two vectors, one to one or many to one."""
    matching = node.matching
    many, one = (right, left) if matching.group == "right" else (left, right)
    if matching.fill:
        # A series may stand alone here, so that the other side says nothing about its labels.
        return [valued(_shaped(node, side, other), always=False) for side, other in ((many, one), (one, many))]
    shaped = _shaped(node, matched(many, one, node, across=across), one)
    result = _evaluated(node, shaped, left, right, left)
    if result.always and (_labelled(left) or _labelled(right)):
        result = valued(result, always=False, value=result.value, dead=result.dead)
    return [result]


def _labelled(branch: Branch) -> bool:
    """Whether there may be labels that find no partner."""
    return not branch.closed or bool(branch.can)


def _shaped(node: Binary, many: Branch, one: Branch) -> Branch:
    """The labels that `resultMetric` leaves and copies."""
    matching = node.matching
    where = matching.clause
    compared = frozenset(matching.labels)
    if not matching.group:
        return keep(many, compared, node, where) if matching.on else drop(many, compared, node, where)
    for label in matching.include:
        if one.possible(label):
            value = dict(one.fixed).get(label)
            many = add(many, label, node, where, must=label in one.must, value=value)
        else:
            many = drop(many, frozenset((label,)), node, where)
    return many


def _few(branches: list[Branch]) -> Branches:
    """Equal alternatives once, and not more than `MOST`."""
    if len(branches) == 1:
        return (branches[0],)
    seen: dict[object, Branch] = {}
    for branch in branches:
        key = (
            branch.closed,
            branch.can,
            branch.must,
            branch.cannot,
            branch.fixed,
            branch.always,
            branch.value,
            branch.dead,
        )
        seen.setdefault(key, branch)
    distinct = tuple(seen.values())
    return distinct if len(distinct) <= MOST else (_merged(distinct),)


def _merged(branches: Branches) -> Branch:
    """One alternative that covers all: closed only if all are, certain only of what all are certain of."""
    living = _living(branches)
    closed = all(branch.closed for branch in living)
    can: frozenset[str] = frozenset().union(*(branch.can for branch in living))
    never = [
        label
        for label in frozenset().union(*(branch.cannot for branch in living))
        if not any(branch.possible(label) for branch in living)
    ]
    fixed = set(living[0].fixed).intersection(*(branch.fixed for branch in living))
    return Branch(
        closed,
        can,
        living[0].must.intersection(*(branch.must for branch in living)),
        NONE if closed else frozenset(never),
        tuple(sorted(fixed)),
        any(branch.always for branch in living),
        None,
        living[0].dead,
        living[0].causes,
    )
