"""One alternative of a result, as far as its labels go, and the few ways in which PromQL changes labels."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from watchbill.promql.nodes import Binary, Node

NAME = "__name__"
NONE: frozenset[str] = frozenset()

Effect = Literal["keeps", "drops", "adds"]


class Cause(msgspec.Struct, frozen=True, gc=False):
    """A construct that changed the labels: it `keeps` only these, `drops` these, or `adds` these."""

    effect: Effect
    labels: frozenset[str]
    node: Node
    start: int
    end: int


class Branch(msgspec.Struct, frozen=True, gc=False):
    """One alternative of a result (`a or b` has two).

    If `closed`, only the labels in `can` are possible; if not, any label but those in `cannot`, and `can` lists only
    those that the expression speaks of. `must` are on every series, `fixed` are those whose value is known too.
    `always` on any alternative means that there always is a result; `value` is its number where it is a constant;
    `dead` means that this alternative can never yield anything. `causes` say what shaped the labels, the innermost first.
    """

    closed: bool
    can: frozenset[str] = NONE
    must: frozenset[str] = NONE
    cannot: frozenset[str] = NONE
    fixed: tuple[tuple[str, str], ...] = ()
    always: bool = False
    value: float | None = None
    dead: bool = False
    causes: tuple[Cause, ...] = ()

    def possible(self, label: str) -> bool:
        """Whether a series of this alternative may carry the label."""
        return label in self.can if self.closed else label not in self.cannot


def keep(branch: Branch, labels: Iterable[str], node: Node, where: tuple[int, int]) -> Branch:
    """Only these labels stay, as far as they were possible."""
    kept = frozenset(labels)
    can = frozenset(label for label in kept if branch.possible(label))
    return Branch(
        True,
        can,
        branch.must & can,
        NONE,
        tuple(pair for pair in branch.fixed if pair[0] in can) if branch.fixed else (),
        branch.always,
        branch.value,
        branch.dead,
        (*branch.causes, Cause("keeps", kept, node, *where)),
    )


def drop(branch: Branch, labels: frozenset[str], node: Node, where: tuple[int, int]) -> Branch:
    """These labels go."""
    if not labels:
        return branch
    return Branch(
        branch.closed,
        branch.can - labels,
        branch.must - labels,
        NONE if branch.closed else branch.cannot | labels,
        tuple(pair for pair in branch.fixed if pair[0] not in labels) if branch.fixed else (),
        branch.always,
        branch.value,
        branch.dead,
        (*branch.causes, Cause("drops", labels, node, *where)),
    )


_JUST_NAME = frozenset((NAME,))


def nameless(branch: Branch, node: Node) -> Branch:
    """The metric name goes, as under every function and operator that changes the value."""
    if NAME in branch.cannot or (branch.closed and NAME not in branch.can):
        return branch
    return drop(branch, _JUST_NAME, node, (node.start, node.end))


def add(
    branch: Branch, label: str, node: Node, where: tuple[int, int], *, must: bool, value: str | None = None
) -> Branch:
    """The label may now be there, or `must`; a `value` that is known makes it fixed."""
    one = frozenset((label,))
    fixed = tuple(pair for pair in branch.fixed if pair[0] != label)
    if must and value is not None:
        fixed = tuple(sorted((*fixed, (label, value))))
    return Branch(
        branch.closed,
        branch.can | one,
        branch.must | one if must else branch.must - one,
        branch.cannot - one,
        fixed,
        branch.always,
        branch.value,
        branch.dead,
        (*branch.causes, Cause("adds", one, node, *where)),
    )


def valued(branch: Branch, *, always: bool, value: float | None = None, dead: bool = False) -> Branch:
    """The same labels with another fate."""
    if branch.always == always and branch.value == value and branch.dead == dead:
        return branch
    return Branch(
        branch.closed, branch.can, branch.must, branch.cannot, branch.fixed, always, value, dead, branch.causes
    )


def bare(node: Node, where: tuple[int, int], *, always: bool, value: float | None = None) -> Branch:
    """No labels at all."""
    return Branch(True, always=always, value=value, causes=(Cause("keeps", NONE, node, *where),))


def matched(one: Branch, other: Branch, node: Binary, *, across: bool) -> Branch:
    """`one` as far as it finds a partner in `other`: labels that are compared are alike on both sides.

    Mirrors the signatures of `VectorBinop` and `VectorAnd`, where an absent label is an empty one, and where all labels
    but the metric name are compared unless `on` or `ignoring` says otherwise. What the other side is certain of becomes
    certain here; what it cannot have is ruled out here only with `across`.
    """
    labels = frozenset(node.matching.labels)
    where = node.matching.clause
    if node.matching.on:
        gone = frozenset(label for label in labels if one.possible(label) and not other.possible(label))
        must = other.must & labels
    else:
        free = labels | _JUST_NAME
        must = other.must - free
        if other.closed:
            gone = frozenset(label for label in one.can if label not in free and label not in other.can)
            if across and not one.closed:
                kept = frozenset(label for label in other.can | free if one.possible(label))
                return _joined(keep(one, kept, node, where), other, must, one.must & gone)
        else:
            gone = frozenset(label for label in other.cannot if label not in free and one.possible(label))
    return _joined(drop(one, gone, node, where) if across else one, other, must, one.must & gone)


def _joined(branch: Branch, other: Branch, must: frozenset[str], lost: frozenset[str]) -> Branch:
    """Takes over what is certain about the compared labels of the other side."""
    dead = branch.dead or other.dead or bool(lost)
    fixed = branch.fixed
    if must and other.fixed:
        mine = dict(fixed)
        for label, value in other.fixed:
            if label in must and mine.setdefault(label, value) != value:
                dead = True
        fixed = tuple(sorted(mine.items()))
    if any(not branch.possible(label) for label in must):
        dead = True
        must = frozenset(label for label in must if branch.possible(label))
        fixed = tuple(pair for pair in fixed if branch.possible(pair[0]))
    if dead == branch.dead and fixed == branch.fixed and must <= branch.must:
        return branch
    return Branch(
        branch.closed,
        branch.can | must,
        branch.must | must,
        branch.cannot,
        fixed,
        branch.always,
        branch.value,
        dead,
        branch.causes,
    )
