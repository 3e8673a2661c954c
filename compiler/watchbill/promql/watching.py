"""Which series an alert depends on, so that it goes blind when all of them are gone."""

from watchbill.promql.nodes import Expr
from watchbill.promql.selectors import Selector, selectors

_Key = frozenset[tuple[str, str, str]]


def watched(expr: Expr) -> tuple[str, ...]:
    """Instant selectors, as written, whose absence makes the expression silent for want of data; each distinct one once.

    Left out are selectors whose absence is expected or told by the expression itself: under `absent`, on the right of
    `unless`, on the left of `or vector(…)`, and those that narrow another selector of the same metric
    (`errors{code="500"}` beside `errors`: no such error may have happened yet). Range, offset and `@` are left out.
    """
    all_of_them = selectors(expr)
    told = {_key(one) for one in all_of_them if one.context.absent and not one.context.excluded}
    chosen: dict[_Key, Selector] = {}
    for one in all_of_them:
        context = one.context
        if context.absent or context.excluded or context.fallback or context.information:
            continue
        key = _key(one)
        if key not in told:
            chosen.setdefault(key, one)
    return tuple(
        expr.text[one.start : one.end]
        for key, one in chosen.items()
        if not any(wider < key and chosen[wider].metric == one.metric for wider in chosen)
    )


def _key(one: Selector) -> _Key:
    """What a selector asks for, whichever way it is written. A metric counts as the matcher it stands for."""
    matchers = {matcher.key for matcher in one.matchers}
    if one.metric is not None:
        matchers.add(("__name__", "=", one.metric))
    return frozenset(matchers)
