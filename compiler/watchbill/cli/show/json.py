"""For programs: version 1 of the findings document."""

from collections.abc import Sequence
from typing import Any

from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.locate import Sources


def render(placed: Sequence[tuple[Diagnostic, Span | None]], sources: Sources, color: bool) -> str:  # noqa: ARG001
    import json  # noqa: PLC0415

    return json.dumps(document(placed, sources), ensure_ascii=False, indent=2)


def document(placed: Sequence[tuple[Diagnostic, Span | None]], sources: Sources) -> dict[str, Any]:
    from watchbill.cli.show import counts  # noqa: PLC0415

    return {
        "version": 1,
        "diagnostics": [_one(diagnostic, span, sources) for diagnostic, span in placed],
        "summary": counts(diagnostic for diagnostic, _ in placed),
    }


def _one(diagnostic: Diagnostic, span: Span | None, sources: Sources) -> dict[str, Any]:
    return {
        "code": diagnostic.code.id,
        "name": diagnostic.code.name,
        "severity": diagnostic.level,
        "message": diagnostic.message,
        **place(span),
        "label": diagnostic.label,
        "help": diagnostic.help,
        "notes": list(diagnostic.notes),
        "related": [
            {**place(sources.locate(related.where)), "message": related.text} for related in diagnostic.related
        ],
    }


def place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "line": None, "column": None, "end_line": None, "end_column": None}
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
