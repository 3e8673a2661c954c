"""What a PromQL expression is, as far as policies care; each text is analysed once."""

from functools import lru_cache

import msgspec

from watchbill import promql
from watchbill.spec.model import Yields

_LOOKED_AT: dict[str, "Analysis"] = {}


class Analysis(msgspec.Struct, frozen=True):
    """Either a `fault`, or what the expression yields and the selectors whose absence means it has gone blind."""

    fault: promql.Fault | None
    yields: Yields | None
    watched: tuple[str, ...] = ()


def analyse(expression: str) -> Analysis:
    known = _LOOKED_AT.get(expression)
    if known is None:
        known = _LOOKED_AT[expression] = _analyse(expression)
    return known


def _analyse(expression: str) -> Analysis:
    parsed = promql.parse(expression)
    if isinstance(parsed, promql.Fault):
        return Analysis(parsed, None)
    return Analysis(None, _merge(promql.labels(parsed)), promql.watched(parsed))


def _merge(branches: tuple[promql.Branch, ...]) -> Yields:
    must = frozenset.intersection(*(branch.must for branch in branches)) if branches else frozenset()
    if all(branch.closed for branch in branches):
        return _shared(frozenset().union(*(branch.can for branch in branches)), frozenset(), must)
    cannot = frozenset().union(*(branch.cannot for branch in branches))
    return _shared(None, frozenset(label for label in cannot if not promql.can_have(branches, label)), must)


@lru_cache(maxsize=4096)
def _shared(can: frozenset[str] | None, cannot: frozenset[str], must: frozenset[str]) -> Yields:
    """Ten thousand alerts have a few hundred different label sets: one object for each."""
    return Yields(can, cannot, must)
