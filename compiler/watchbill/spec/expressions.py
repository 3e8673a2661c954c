"""What a PromQL expression is, as far as policies care; each text is analysed once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

import msgspec

from watchbill import promql
from watchbill.spec.model import Yields


class Analysis(msgspec.Struct, frozen=True, array_like=True):
    """What an expression yields, the selectors whose absence means it has gone blind, whether it needs a newer server
    than the oldest we know of, and what is to be said against it.

    `everywhere` are the labels that each alternative of the result may carry: a template that reads another shows
    nothing for some of the alerts. `fractional`: the value is most often a long fraction.
    """

    yields: Yields
    watched: tuple[str, ...] = ()
    demanding: bool = False
    everywhere: Yields | None = None
    remarks: tuple[promql.Remark, ...] = ()
    fractional: bool = False


MOST = 200_000  # analyses that a process holds

_known: dict[str, Analysis] = {}
_asked: dict[str, Analysis] = {}
_unread: list[msgspec.Raw] = []  # analyses of services that are as they were: read when somebody asks for one of them
_decode = msgspec.msgpack.Decoder(dict[str, Analysis]).decode


def analyse(expression: str) -> Analysis | promql.Fault:
    """The analysis of an expression, or what is wrong with it."""
    while expression not in _known and _unread:
        with suppress(msgspec.MsgspecError):
            _known.update(_decode(_unread.pop()))
    found = _known.get(expression) or _analysed(expression)
    if isinstance(found, promql.Fault):
        return found
    if len(_known) >= MOST:
        _known.clear()
    _known[expression] = _asked[expression] = found
    return found


def learnt(before: msgspec.Raw) -> None:
    """Take analyses for known that were learnt in an earlier run."""
    if len(_unread) >= MOST:
        _unread.clear()
    _unread.append(before)


@contextmanager
def learning() -> Iterator[dict[str, Analysis]]:
    """All analyses that are asked for within this are in the result."""
    _asked.clear()
    asked: dict[str, Analysis] = {}
    yield asked
    asked.update(_asked)


def _analysed(expression: str) -> Analysis | promql.Fault:
    parsed = promql.parse(expression)
    if isinstance(parsed, promql.Fault):
        return parsed
    if parsed.type not in ("vector", "scalar"):
        what = "a range vector" if parsed.type == "matrix" else "a text"
        return promql.Fault(f"a rule needs one value for each series, and this is {what}", 0, len(expression))
    below = promql.labels_of_nodes(parsed)
    branches = below[-1]
    yields = _merge(branches)
    return Analysis(
        yields,
        promql.watched(parsed),
        bool(promql.needs(parsed)),
        _everywhere(branches, yields) if len(branches) > 1 else None,
        promql.remarks(parsed, below),
        promql.fractional(parsed),
    )


def _merge(branches: tuple[promql.Branch, ...]) -> Yields:
    must = frozenset.intersection(*(branch.must for branch in branches)) if branches else frozenset()
    if all(branch.closed for branch in branches):
        return _shared(frozenset().union(*(branch.can for branch in branches)), frozenset(), must)
    cannot = frozenset().union(*(branch.cannot for branch in branches))
    return _shared(None, frozenset(label for label in cannot if not promql.can_have(branches, label)), must)


def _everywhere(branches: tuple[promql.Branch, ...], yields: Yields) -> Yields | None:
    """What each of several alternatives may carry, where that is less than what any of them may."""
    living = [branch for branch in branches if not branch.dead] or branches
    cannot = frozenset().union(*(branch.cannot for branch in living))
    closed = [branch.can for branch in living if branch.closed]
    can = frozenset.intersection(*closed) - cannot if closed else None
    every = _shared(can, frozenset() if closed else cannot, yields.must)
    return None if every == yields else every


@lru_cache(maxsize=4096)
def _shared(can: frozenset[str] | None, cannot: frozenset[str], must: frozenset[str]) -> Yields:
    """Ten thousand alerts have a few hundred different label sets: one object for each."""
    return Yields(can, cannot, must)
