"""What functions do to labels. Mirrors `promql/functions.go` and `promql/info.go` of Prometheus."""

import math

from watchbill.promql.branches import NAME, Branch, Cause, add, bare, drop, nameless, valued
from watchbill.promql.nodes import Call, MatrixSelector, Node, String, VectorSelector, unwrapped

_KEEP_NAME = frozenset(
    ("last_over_time", "first_over_time", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc")
)
_DROP_LE = frozenset(("histogram_quantile", "histogram_fraction", "histogram_quantiles"))
_SAME_VALUE = frozenset(("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"))

_LE = frozenset(("le",))

Branches = tuple[Branch, ...]


def called(node: Call, args: list[Branches]) -> Branches:
    """The alternatives of a call, given those of its arguments."""
    where = (node.start, node.end)
    name = node.name
    if node.type == "scalar" or not args:
        value = math.pi if name == "pi" else None
        return (bare(node, where, always=True, value=value),)
    if name == "vector":
        return (bare(node, where, always=True, value=args[0][0].value),)
    if name in {"absent", "absent_over_time"}:
        return (_absent(node),)
    main = next(
        branches for argument, branches in zip(node.args, args, strict=True) if argument.type in {"vector", "matrix"}
    )
    if name == "label_replace":
        return tuple(_replaced(node, branch) for branch in main)
    if name == "label_join":
        return tuple(_label_joined(node, branch) for branch in main)
    if name == "info":
        return tuple(_informed(node, branch) for branch in main)
    result = main if name in _KEEP_NAME else tuple(nameless(branch, node) for branch in main)
    if name in _DROP_LE:
        result = tuple(drop(branch, _LE, node, where) for branch in result)
    if name == "histogram_quantiles":
        label = _text(node.args[1])
        result = tuple(add(branch, label, node, where, must=True) for branch in result)
    if name in _SAME_VALUE:
        return result
    # A histogram is not made of constants, and a range may hold too few points.
    steady = node.args[0].type != "matrix" and not name.startswith("histogram_") and name != "quantile_over_time"
    return tuple(valued(branch, always=branch.always and steady, dead=branch.dead) for branch in result)


def _text(node: Node) -> str:
    inner = unwrapped(node)
    return inner.value if isinstance(inner, String) else ""


def _absent(node: Call) -> Branch:
    """Mirrors `createLabelsForAbsentFunction`: labels that one `=` fixes and no other matcher speaks of."""
    inner = unwrapped(node.args[0])
    selector = inner.selector if isinstance(inner, MatrixSelector) else inner
    fixed: dict[str, str] = {}
    if isinstance(selector, VectorSelector):
        seen: set[str] = set()
        for matcher in selector.matchers:
            if matcher.name == NAME:
                continue
            if matcher.op == "=" and matcher.name not in seen:
                fixed[matcher.name] = matcher.value
                seen.add(matcher.name)
            else:
                fixed.pop(matcher.name, None)
    known = frozenset(label for label, value in fixed.items() if value)
    pairs = tuple(sorted((label, value) for label, value in fixed.items() if value))
    causes = (Cause("keeps", known, node, node.start, node.end),)
    return Branch(True, known, known, frozenset(), pairs, False, 1.0, False, causes)


def _replaced(node: Call, branch: Branch) -> Branch:
    """`label_replace(v, target, replacement, source, regex)`; an empty result removes the label."""
    target, replacement, _, pattern = (_text(argument) for argument in node.args[1:])
    where = (node.start, node.end)
    certain = pattern in {".*", "(.*)", "^.*$", "(.+)?"}
    if not replacement:
        return drop(branch, frozenset((target,)), node, where) if certain else _unsure(branch, target, node)
    literal = "$" not in replacement
    if literal and certain:
        return add(branch, target, node, where, must=True, value=replacement)
    # Where the regex does not match, the label stays what it was.
    if literal and target in branch.must:
        return add(branch, target, node, where, must=True)
    return add(branch, target, node, where, must=False)


def _unsure(branch: Branch, label: str, node: Call) -> Branch:
    """The label may go: no longer certain, and no longer of a known value."""
    if not branch.possible(label):
        return branch
    return add(branch, label, node, (node.start, node.end), must=False)


def _label_joined(node: Call, branch: Branch) -> Branch:
    """`label_join(v, target, separator, source…)`; what is joined may be empty, which removes the label."""
    target, separator, *sources = (_text(argument) for argument in node.args[1:])
    certain = (bool(separator) and len(sources) > 1) or any(source in branch.must for source in sources)
    where = (node.start, node.end)
    if not certain and not any(branch.possible(source) for source in sources):
        return drop(branch, frozenset((target,)), node, where)
    return add(branch, target, node, where, must=certain)


def _informed(node: Call, branch: Branch) -> Branch:
    """`info` copies labels of an info metric: any, or those its second argument names."""
    if len(node.args) == 2:
        selector = unwrapped(node.args[1])
        names = (
            [matcher.name for matcher in selector.matchers if matcher.name != NAME]
            if isinstance(selector, VectorSelector)
            else []
        )
        if names:
            for label in names:
                branch = add(branch, label, node, (node.start, node.end), must=label in branch.must)
            return branch
    return Branch(
        False,
        branch.can,
        branch.must,
        frozenset(),
        branch.fixed,
        branch.always,
        branch.value,
        branch.dead,
        branch.causes,
    )
