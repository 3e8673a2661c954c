"""Ranges too short for what is asked of them."""

from collections.abc import Iterator

from watchbill.promql.nodes import MatrixSelector, Subquery, unwrapped
from watchbill.promql.remarks.remark import Remark, Subject

SCRAPE = 30.0
"""Seconds between scrapes that are taken for granted: most installations scrape every 15 to 60 seconds."""

_TWO_SAMPLES = frozenset(
    ("rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets")
)


def remarks(subject: Subject) -> Iterator[Remark]:
    for node in subject.calls:
        if node.name not in _TWO_SAMPLES:
            continue
        for argument in node.args:
            inner = unwrapped(argument)
            if not isinstance(inner, MatrixSelector | Subquery) or inner.range.seconds is None:
                continue
            step = inner.step.seconds if isinstance(inner, Subquery) and inner.step is not None else None
            if isinstance(inner, MatrixSelector) and inner.range.seconds < 2 * SCRAPE:
                message = f"`{node.name}` needs two samples, and so short a range seldom holds them"
                advice = "take a range of four scrape intervals, one minute at least"
                yield _short(message, inner.range.start, inner.range.end, "shorter than two scrapes", advice)
            elif step is not None and inner.range.seconds < 2 * step:
                message = f"`{node.name}` needs two points, and this subquery has one"
                yield _short(message, inner.range.start, inner.range.end, "one step", "shorten the step after the `:`")


def _short(message: str, start: int, end: int, label: str, advice: str) -> Remark:
    return Remark("range-too-short", message, start, end, label, advice)
