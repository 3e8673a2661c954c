"""What a PromQL expression is, as far as policies care; each text is analysed once, and remembered between runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

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


class _Notes(msgspec.Struct):
    """What is known of texts: from earlier runs, and looked at in this one."""

    known: dict[str, Any]
    used: dict[str, Any]

    def look_up(self, text: str, make: Callable[[str], Any]) -> Any:
        """What is known of a text, made where nothing is. A fault is told each time: its text is never written down."""
        found = self.used.get(text)
        if found is None:
            found = self.known.get(text)
            if found is None:
                found = make(text)
                if isinstance(found, promql.Fault):
                    return found
            self.used[text] = found
        return found


_expressions = _Notes({}, {})
_templates = _Notes({}, {})
_remembering = False


def analyse(expression: str) -> Analysis | promql.Fault:
    """The analysis of an expression, or what is wrong with it."""
    found: Analysis | promql.Fault = _expressions.look_up(expression, _analysed)
    return found


def _analysed(expression: str) -> Analysis | promql.Fault:
    parsed = promql.parse(expression)
    if isinstance(parsed, promql.Fault):
        return parsed
    if parsed.type not in ("vector", "scalar"):
        what = "a range vector" if parsed.type == "matrix" else "a text"
        return promql.Fault(f"a rule needs one value for each series, and this is {what}", 0, len(expression))
    return Analysis(_merge(promql.labels(parsed)), promql.watched(parsed), bool(promql.needs(parsed)))


def labels_read(template: str) -> tuple[str, ...] | promql.Fault:
    """The labels that a template of an annotation reads, or what is wrong with it."""
    found: tuple[str, ...] | promql.Fault = _templates.look_up(template, _scanned)
    return found


def _scanned(template: str) -> tuple[str, ...] | promql.Fault:
    scanned = promql.scan_template(template)
    if isinstance(scanned, promql.Fault):
        return scanned
    return tuple(dict.fromkeys(label for label, _, _ in promql.template_labels(scanned)))


@contextmanager
def remembered(root: Path, *, cache: bool) -> Iterator[None]:
    """Within this, analyses come from the workspace's cache, and new ones are added to it at the end."""
    global _remembering  # noqa: PLW0603  (the outermost of nested uses reads and writes the cache)
    if _remembering:
        yield
        return
    files = {name: cached.path(root, name) if cache else None for name in ("expressions", "templates")}
    known = cached.read(files["expressions"], dict[str, Analysis])
    _expressions.known, _expressions.used = {text: _interned(analysis) for text, analysis in known.items()}, {}
    _templates.known, _templates.used = cached.read(files["templates"], dict[str, tuple[str, ...]]), {}
    _remembering = True
    try:
        yield
    finally:
        _remembering = False
    for name, notes in (("expressions", _expressions), ("templates", _templates)):
        file = files[name]
        if file is not None and notes.used.keys() != notes.known.keys():
            cached.write(file, notes.used)


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
