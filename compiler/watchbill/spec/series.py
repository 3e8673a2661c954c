"""Sources in which the place's labels stand on the series: every selector asks for them, and no result may lose them."""

from functools import lru_cache

import msgspec

from watchbill import promql
from watchbill.source.codes import Code
from watchbill.source.codes import promql as codes
from watchbill.spec.model import Place
from watchbill.spec.settings import PlaceSettings


class Problem(msgspec.Struct, frozen=True):
    """Why an expression cannot be asked in such a source; `start` to `end` of its text is the construct at fault."""

    code: Code
    message: str
    label: str
    advice: str
    start: int
    end: int


def narrowed(text: str, place: PlaceSettings) -> str | Problem:
    """An expression that parses, with the place's labels in every selector; or why it cannot be had."""
    return _narrowed(text, tuple(place.labels.items()), place.identity, place.name)


@lru_cache(maxsize=65536)
def _narrowed(text: str, labels: tuple[tuple[str, str], ...], identity: tuple[str, ...], name: str) -> str | Problem:
    edited = promql.add_matchers(text, dict(labels))
    if isinstance(edited, promql.Conflict):
        advice = f"leave the matcher out: in {name} every selector gets the place's own"
        return Problem(codes.MATCHER_CONFLICT, edited.message, "in the way", advice, edited.start, edited.end)
    if isinstance(edited, promql.Fault):
        message = f"PromQL: {edited.message}"
        return Problem(codes.SYNTAX, message, "here", "write it shorter", edited.start, edited.end)
    parsed, original = promql.parse(edited), promql.parse(text)
    if isinstance(parsed, promql.Fault) or isinstance(original, promql.Fault):
        return edited
    branches = promql.labels(parsed)
    for label in identity:
        reason = promql.why_not(parsed, label, branches)
        if reason is not None:
            before = promql.why_not(original, label) or reason
            message = f"identity label `{label}` is lost: {reason.text}"
            advice = f"keep it, for example `by ({label}, …)`: in {name} it stands on the series, and on no rule"
            return Problem(codes.IDENTITY_LOST, message, "lost here", advice, before.start, before.end)
    return edited


def asked(text: str, place: Place) -> str:
    """A query as it is asked in a place: of the series that carry its labels, where those stand on the series.

    One that says something else about these labels, or that is no PromQL (told elsewhere), is asked as it stands.
    """
    edited = promql.add_matchers(text, place.labels) if place.series else text
    return edited if isinstance(edited, str) else text


def blind(selectors: tuple[str, ...], place: PlaceSettings | Place) -> tuple[str, ...]:
    """Selectors whose absence is to be told: where a source holds several clusters, each of them for each."""
    if not place.holds or place.held is None:
        return selectors
    found: list[str] = []
    for selector in selectors:
        pinned = [promql.pin(selector, place.held, value) for value in place.holds]
        found += [one for one in pinned if one is not None] or [selector]
    return tuple(dict.fromkeys(found))


def placed(series: str, place: PlaceSettings) -> str:
    """A series of a test as it is in the source: with the place's labels, where it does not say others itself."""
    labels = dict(place.labels)
    if place.held is not None and place.holds:
        labels[place.held] = place.holds[0]
    for label, value in labels.items():
        edited = promql.add_matchers(series, {label: value})
        series = edited if isinstance(edited, str) else series
    return series
