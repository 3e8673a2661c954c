"""Clauses that name a label which is gone by then, and operators whose two sides cannot find each other."""

from collections.abc import Iterator
from functools import partial

from watchbill.promql.branches import NAME, Branch, matched
from watchbill.promql.labels import can_have
from watchbill.promql.nodes import Aggregate, Binary, Call, Node, VectorSelector, unwrapped
from watchbill.promql.reasons import why_not
from watchbill.promql.remarks.firing import all_dead, mismatch
from watchbill.promql.remarks.remark import Remark, Subject
from watchbill.promql.selectors import named

_SCRAPED = ("instance", "job")
"""Labels that Prometheus itself puts on every series it scrapes."""


def remarks(subject: Subject) -> Iterator[Remark]:
    for aggregate in subject.aggregates:
        if aggregate.grouping and not aggregate.without:
            yield from _grouped(subject, aggregate)
    for binary in subject.binaries:
        if binary.left.type == binary.right.type == "vector" and binary.op != "or":
            yield from _matched(subject, binary)


def _grouped(subject: Subject, node: Aggregate) -> Iterator[Remark]:
    below = subject.yields[node.expr.index]
    if all_dead(below):
        return
    possible = below[0].possible if len(below) == 1 else partial(can_have, below)
    for label in node.grouping or ():
        if not possible(label):
            yield _gone(subject, label, below, node.clause, f"`by` names `{label}`, which is not there any more")


def _gone(subject: Subject, label: str, below: tuple[Branch, ...], clause: tuple[int, int], message: str) -> Remark:
    start = subject.expr.text.find(label, *clause)
    where = (start, start + len(label)) if start >= 0 else clause
    reason = why_not(subject.expr, label, below)
    note = reason.text if reason is not None else ""
    return Remark("label-gone", message, *where, "not on these series", f"keep `{label}` below, or leave it out", note)


def _matched(subject: Subject, node: Binary) -> Iterator[Remark]:
    left, right = subject.yields[node.left.index], subject.yields[node.right.index]
    if all_dead(left) or all_dead(right):
        return
    if node.op == "unless":
        empty = all(matched(one, other, node, across=False).dead for one in left for other in right if not one.dead)
        if empty:
            yield _impossible(node, mismatch(node, subject))
            return
    if all_dead(subject.yields[node.index]):
        if not all_dead(subject.yields[-1]):  # else the whole is empty, and that is told
            yield _impossible(node, mismatch(node, subject))
        return
    matching = node.matching
    if matching.on:
        for label in matching.labels:
            for side in (left, right):
                if not can_have(side, label):
                    message = f"`on` compares `{label}`, and one side cannot have it"
                    yield _gone(subject, label, side, matching.clause, message)
                    break
        yield from _copied(subject, node)
    elif not matching.fill:
        stray = _stray(node, left, right)
        if stray is not None:
            yield stray
        else:
            yield from _copied(subject, node)


def _copied(subject: Subject, node: Binary) -> Iterator[Remark]:
    """Labels that `group_left` copies from the side of which there is one."""
    one = node.left if node.matching.group == "right" else node.right
    below = subject.yields[one.index]
    for label in node.matching.include:
        if not can_have(below, label):
            message = f"`group_{node.matching.group}` copies `{label}` from a side that cannot have it"
            yield _gone(subject, label, below, node.matching.clause, message)


def _impossible(node: Binary, message: str) -> Remark:
    effect = "removes nothing, ever" if node.op == "unless" else "yields nothing, ever"
    return Remark(
        "impossible-match", message, *node.operator, effect, "say with `on (…)` which labels the two sides share"
    )


def _stray(node: Binary, left: tuple[Branch, ...], right: tuple[Branch, ...]) -> Remark | None:
    """Scraped series on one side, which carry `instance` and `job`, and on the other none that can."""
    compared = [label for label in _SCRAPED if label not in node.matching.labels]
    for mine, sides in ((node.left, (left, right)), (node.right, (right, left))):
        if not _scraped(mine):
            continue
        lost = [label for label in compared if can_have(sides[0], label) and not can_have(sides[1], label)]
        if lost and all(branch.closed for branch in sides[1] if not branch.dead):
            labels = " and ".join(f"`{label}`" for label in lost)
            message = f"`{node.op}` matches series of equal labels: one side carries {labels}, the other cannot"
            shared = sorted(set[str]().union(*(branch.can for branch in sides[1])) - {NAME})
            effect = "removes nothing" if node.op == "unless" else "finds no partner"
            advice = f"say which labels they share: {node.op} on ({', '.join(shared)})"
            return Remark("impossible-match", message, *node.operator, effect, advice)
    return None


def _scraped(node: Node) -> bool:
    """Whether the series of a scrape come out of it with their own labels, as far as names can tell."""
    inner = unwrapped(node)
    if isinstance(inner, VectorSelector):
        name = named(inner)
        return name is not None and ":" not in name and not name.startswith("ALERTS")
    if isinstance(inner, Binary):
        if inner.matching.on or inner.matching.group:
            return False
        if inner.op in {"and", "unless"}:
            return _scraped(inner.left)
        sides = [side for side in (inner.left, inner.right) if side.type == "vector"]
        return bool(sides) and all(_scraped(side) for side in sides)
    if isinstance(inner, Call):
        below = next((one for one in inner.args if one.type in {"vector", "matrix"}), None)
        if below is None or inner.name in {
            "absent",
            "absent_over_time",
            "vector",
            "label_replace",
            "label_join",
            "info",
        }:
            return False
        inside = unwrapped(below)
        return _scraped(getattr(inside, "selector", inside))
    return False
