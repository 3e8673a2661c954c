"""What a PromQL expression is, as far as policies care; each text is analysed once, and remembered between runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import msgspec

from watchbill import promql
from watchbill.spec import cached
from watchbill.spec.model import Yields


class Analysis(msgspec.Struct, frozen=True, array_like=True):
    """What an expression yields, the selectors whose absence means it has gone blind, and whether it needs a newer
    server than the oldest we know of.
    """

    yields: Yields
    watched: tuple[str, ...] = ()
    demanding: bool = False


_known: dict[str, Analysis] = {}
_used: dict[str, Analysis] = {}


def analyse(expression: str) -> Analysis | promql.Fault:
    """The analysis of an expression, or what is wrong with it."""
    found = _used.get(expression)
    if found is None:
        found = _known.get(expression)
        if found is None:
            parsed = promql.parse(expression)
            if isinstance(parsed, promql.Fault):
                return parsed
            found = Analysis(_merge(promql.labels(parsed)), promql.watched(parsed), bool(promql.needs(parsed)))
        _used[expression] = found
    return found


@contextmanager
def remembered(root: Path, *, cache: bool) -> Iterator[None]:
    """Within this, analyses come from the workspace's cache, and new ones are added to it at the end."""
    file = cached.path(root, "expressions") if cache else None
    _known.clear()
    _used.clear()
    _known.update((text, _interned(analysis)) for text, analysis in cached.read(file, dict[str, Analysis]).items())
    yield
    if file is not None and _used.keys() != _known.keys():
        cached.write(file, _used)


def _interned(analysis: Analysis) -> Analysis:
    yields = analysis.yields
    return Analysis(_shared(yields.can, yields.cannot, yields.must), analysis.watched, analysis.demanding)


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
