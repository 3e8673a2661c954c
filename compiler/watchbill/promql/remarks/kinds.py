"""Counters and gauges, told apart by the names that Prometheus' conventions give them: no server is asked."""

import re
from collections.abc import Iterator

from watchbill.promql.checking import COMPARISONS
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    MatrixSelector,
    Node,
    Number,
    Subquery,
    VectorSelector,
    children,
    unwrapped,
)
from watchbill.promql.remarks.remark import Remark, Subject
from watchbill.promql.selectors import named

_OF_COUNTERS = frozenset(("rate", "irate", "increase"))
_OF_GAUGES = frozenset(("delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing", "holt_winters"))
_SAME_VALUE = frozenset(("abs", "ceil", "floor", "round", "sort", "sort_desc", "label_replace", "label_join"))
_ADDED_UP = frozenset(("sum", "avg", "min", "max"))

_ENDINGS = """
    ratio percent percentage celsius temperature timestamp timestamp_seconds info up free available avail used limit
    capacity size utilization load1 load5 load15 threads goroutines replicas queue_length resident_memory_bytes
    virtual_memory_bytes free_bytes avail_bytes available_bytes used_bytes size_bytes limit_bytes working_set_bytes
"""
_GAUGE = tuple(f"_{ending}" for ending in _ENDINGS.split())
"""How the names of gauges end, by the conventions of Prometheus and the habits of its exporters."""

_HOW_MANY = re.compile(
    r"(?:^|_)(?:offline|online|uptime|healthy|inodes|nodes|disks?|drives?|volumes?|members|membership|memory|capacity"
    r"|space|slots|managers|not|cpus?|cores)_(?:\w+_)?total$"
)
"""Names that end like a counter's and count what there is: somebody's gauges."""


def remarks(subject: Subject) -> Iterator[Remark]:
    for node in subject.calls:
        if node.name in _OF_COUNTERS:
            yield from _rated(node)
        elif node.name in _OF_GAUGES:
            yield from _measured(node)
    ranged = {node.selector.index for node in subject.expr.nodes if isinstance(node, MatrixSelector)}
    if any(node.index not in ranged and _is_counter(named(node)) for node in subject.selectors):
        yield from _comparisons(subject.expr.root)


def _comparisons(root: Node) -> Iterator[Remark]:
    """What is compared, but not the right side of `and` and `unless`: that only narrows what an alert is about."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.op in {"and", "unless"}:
            stack.append(node.left)
            continue
        if isinstance(node, Binary) and node.op in COMPARISONS and not node.bool_:
            yield from _compared(node)
        stack.extend(children(node))


def _is_counter(name: str | None) -> bool:
    return name is not None and name.endswith("_total") and ":" not in name and not _HOW_MANY.search(name)


def _ranged(node: Call) -> tuple[VectorSelector, str] | None:
    """The selector behind a range, and its metric."""
    for argument in node.args:
        inner = unwrapped(argument)
        if isinstance(inner, MatrixSelector):
            name = named(inner.selector)
            return (inner.selector, name) if name else None
    return None


def _rated(node: Call) -> Iterator[Remark]:
    for argument in node.args:
        inner = unwrapped(argument)
        if isinstance(inner, Subquery):
            below = unwrapped(inner.expr)
            if isinstance(below, Aggregate) and below.op in _ADDED_UP:
                yield Remark(
                    "rate-of-sum",
                    f"`{node.name}` of `{below.op}`: when one target restarts, the whole seems to start from zero",
                    node.start,
                    node.name_end,
                    "takes the restart of one for that of all",
                    f"take the rate of each series, and then the sum: {below.op}({node.name}(…))",
                )
    found = _ranged(node)
    if found is not None and found[1].endswith(_GAUGE):
        selector, name = found
        yield Remark(
            "rate-of-gauge",
            f"`{node.name}` is for counters, and `{name}` has the name of a gauge",
            selector.start,
            selector.start + len(name) if selector.metric else selector.body_end,
            "goes up and down",
            "use delta() or deriv(), or compare the value itself",
            f"`{node.name}` takes every fall of the value for a restart and adds it up again",
        )


def _measured(node: Call) -> Iterator[Remark]:
    found = _ranged(node)
    if found is not None and _is_counter(found[1]):
        yield Remark(
            "raw-counter",
            f"`{node.name}` is for gauges, and `{found[1]}` has the name of a counter",
            node.start,
            node.name_end,
            "sees a restart as a fall",
            "use rate() or increase()",
        )


def _compared(node: Binary) -> Iterator[Remark]:
    """A counter that is compared as it stands. `== 0` is fine: nothing has been counted at all."""
    for side, other in ((node.left, node.right), (node.right, node.left)):
        number = unwrapped(other)
        if node.op == "==" and isinstance(number, Number) and number.value == 0:
            continue
        selector = _raw(side)
        if selector is not None and _raw(other) is None:
            name = named(selector) or ""
            yield Remark(
                "raw-counter",
                f"`{name}` has the name of a counter, and is compared as it stands",
                selector.start,
                selector.start + len(name) if selector.metric else selector.body_end,
                "only ever grows",
                f"compare what was added lately: increase({name}[10m])",
                "it starts at zero with every restart, and never falls otherwise: such an alert does not end",
                when="alert",
            )


def _raw(node: Node) -> VectorSelector | None:
    """The counter whose own value reaches a comparison."""
    inner = unwrapped(node)
    if isinstance(inner, VectorSelector):
        return inner if _is_counter(named(inner)) else None
    if isinstance(inner, Aggregate):
        return _raw(inner.expr) if inner.op in _ADDED_UP else None
    if isinstance(inner, Call):
        return _raw(inner.args[0]) if inner.name in _SAME_VALUE else None
    if isinstance(inner, Binary) and inner.op in {"*", "/"}:
        # What stands below a `/` is a size as often as a counter: disks and memory have a `_total` too.
        return _raw(inner.left)
    return None
