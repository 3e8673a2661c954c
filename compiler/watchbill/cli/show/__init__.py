"""Findings, rendered: one value, several forms, none of which knows less than another."""

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from watchbill.source.diagnostic import RANK, Diagnostic, Span
from watchbill.source.locate import Sources

FORMATS = {"text": "text", "json": "json", "github": "github", "sarif": "sarif", "markdown": "markdown"}
DOCUMENTS = ("json", "sarif", "markdown")  # stdout is one document and nothing else


def in_order(diagnostics: Iterable[Diagnostic], sources: Sources) -> list[tuple[Diagnostic, Span | None]]:
    """By file, line and column; one finding told twice becomes one with a count."""
    placed: dict[tuple[Any, ...], tuple[Diagnostic, Span | None]] = {}
    for diagnostic in diagnostics:
        span = sources.locate(diagnostic.where) if diagnostic.where is not None else None
        key = (diagnostic.code.id, diagnostic.message, span)
        if key not in placed:
            placed[key] = (diagnostic, span)
    return sorted(placed.values(), key=_order)


def _order(item: tuple[Diagnostic, Span | None]) -> tuple[Any, ...]:
    diagnostic, span = item
    where = (span.file, span.line, span.column) if span else ("", 0, 0)
    return (*where, RANK[diagnostic.level], diagnostic.code.id, diagnostic.message)


def render(form: str, diagnostics: Sequence[Diagnostic], sources: Sources, *, color: bool = False) -> str:
    """All findings as one text in the form asked for."""
    module = importlib.import_module(f"watchbill.cli.show.{FORMATS[form]}")
    rendered: str = module.render(in_order(diagnostics, sources), sources, color)
    return rendered


def counts(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    found = {"error": 0, "warning": 0, "note": 0}
    for diagnostic in diagnostics:
        found[diagnostic.level] += 1
    return found
