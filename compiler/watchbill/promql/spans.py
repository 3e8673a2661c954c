"""Reads lengths of time: plain ranges, and the arithmetic with durations of Prometheus 3.4 and later."""

import math
import operator
from collections.abc import Callable

from watchbill.promql.cursor import Cursor
from watchbill.promql.duration import parse_duration
from watchbill.promql.fault import Rejected
from watchbill.promql.literals import NUMBER, number
from watchbill.promql.nodes import Duration
from watchbill.promql.tokens import Token

Bracket = tuple[Duration, Duration | None, bool, int]
"""What stands in `[…]`: the range, the step, whether there is a colon, and the offset behind the `]`."""

_FUNCTIONS = {"step": "step() in a duration", "range": "range() in a duration"}
_OF_TWO: dict[str, Callable[[float, float], float]] = {"min_of": min, "max_of": max}

_ARITHMETIC: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (1, operator.add),
    "-": (1, operator.sub),
    "*": (2, operator.mul),
    "/": (2, operator.truediv),
    "%": (2, math.fmod),
    "^": (3, math.pow),
}


def seconds(kind: str, text: str, start: int, cursor: Cursor) -> float:
    """A number or duration token as seconds."""
    if kind == "number":
        if "_" in text:
            cursor.needs("digits with underscores", start, start + len(text))
        return number(text, start)
    milliseconds = parse_duration(text)
    if milliseconds is None:
        raise Rejected(
            f"`{text}` is not a duration; units go from large to small, each once, as in `1d12h30m`",
            start,
            start + len(text),
        )
    return milliseconds / 1000


def bracket(cursor: Cursor) -> Bracket:
    """`[range]`, `[range:]` or `[range:step]`."""
    token = cursor.token
    if token.kind == "range":
        cursor.take()
        return _plain(cursor, token)
    cursor.take()
    span = _positive(*_sum(cursor, 0))
    step = None
    colon = cursor.token.kind == ":"
    if colon:
        cursor.take()
        if cursor.token.kind != "]":
            step = _positive(*_sum(cursor, 0))
    if cursor.token.kind != "]":
        raise cursor.unexpected("`]`" if colon else "`]` or `:`", "in a range")
    return span, step, colon, cursor.take().end


def _plain(cursor: Cursor, token: Token) -> Bracket:
    """A range that is a single token, as nearly all are."""
    inner = token.text[1:-1]
    first, colon, second = inner.partition(":")
    start = token.start + 1
    span = _part(cursor, first, start)
    step = _part(cursor, second, start + len(first) + 1) if second.strip(" \t\r\n") else None
    return span, step, bool(colon), token.end


def _part(cursor: Cursor, text: str, start: int) -> Duration:
    word = text.strip(" \t\r\n")
    start += text.index(word)
    milliseconds = parse_duration(word) if word != "0" else None
    if milliseconds is not None:
        span = Duration(start, start + len(word), milliseconds / 1000)
    elif NUMBER.fullmatch(word):
        cursor.needs("number as duration", start, start + len(word))
        span = Duration(start, start + len(word), number(word, start))
    else:
        raise Rejected(
            f"`{word}` is not a duration; units go from large to small, each once, as in `1d12h30m`",
            start,
            start + len(word),
        )
    return _positive(span, literal=True)


def _positive(span: Duration, literal: bool) -> Duration:
    """Mirrors `positive_duration_expr`: only what is written as one literal is judged before it runs."""
    if literal and span.seconds is not None:
        if span.seconds <= 0:
            raise Rejected("a range must be longer than nothing", span.start, span.end)
        _bounded(span)
    return span


def _bounded(span: Duration) -> None:
    if span.seconds is not None and not -(2.0**63) / 1e9 <= span.seconds <= 2.0**63 / 1e9:
        raise Rejected("longer than the 292 years that Prometheus can hold", span.start, span.end)


def offset(cursor: Cursor) -> Duration:
    """What follows the word `offset`.

    Mirrors `offset_duration_expr`, which ends after one literal: `a offset 5m ^ 2` is a square, while
    `a offset (5m) ^ 2` is a longer offset.
    """
    start = cursor.token.start
    sign = 1.0
    signed = cursor.token.kind in {"+", "-"}
    if signed and cursor.take().kind == "-":
        sign = -1.0
        cursor.needs("negative offset", start, start + 1)
    token = cursor.token
    if token.kind in {"number", "duration"}:
        cursor.take()
        if token.kind == "number":
            cursor.needs("number as duration", token.start, token.end)
        span = Duration(start, token.end, sign * seconds(token.kind, token.text, token.start, cursor))
        _bounded(span)
        return span
    if token.kind == "(" or token.text.lower() in _FUNCTIONS or token.text.lower() in _OF_TWO:
        span, _ = _operand(cursor) if signed or token.kind != "(" else _sum(cursor, 0)
        return Duration(start, span.end, None if span.seconds is None else sign * span.seconds)
    if not signed:
        raise cursor.unexpected("a duration such as `5m`", "after `offset`")
    # Two signs in a row are a sum again.
    span, _ = _sum(cursor, 0)
    return Duration(start, span.end, None if span.seconds is None else sign * span.seconds)


def _sum(cursor: Cursor, tightness: int) -> tuple[Duration, bool]:
    """An arithmetic expression, and whether it is a mere literal."""
    left, literal = _operand(cursor)
    while True:
        token = cursor.token
        entry = _ARITHMETIC.get(token.kind)
        if entry is None or entry[0] <= tightness:
            return left, literal
        cursor.take()
        cursor.deeper()
        right, plain = _sum(cursor, entry[0] - 1 if token.kind == "^" else entry[0])
        cursor.depth -= 1
        if token.kind in {"/", "%"} and plain and right.seconds == 0:
            raise Rejected("a division by zero", token.start, token.end)
        cursor.needs("arithmetic with durations", left.start, right.end)
        left = Duration(left.start, right.end, _apply(entry[1], left.seconds, right.seconds))
        literal = False


def _apply(function: Callable[[float, float], float], left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        return function(left, right)
    except (ArithmeticError, ValueError):
        return None


def _operand(cursor: Cursor) -> tuple[Duration, bool]:
    token = cursor.token
    if token.kind in {"number", "duration"}:
        cursor.take()
        if token.kind == "number":
            cursor.needs("number as duration", token.start, token.end)
        span = Duration(token.start, token.end, seconds(token.kind, token.text, token.start, cursor))
        _bounded(span)
        return span, True
    if token.kind in {"+", "-"}:
        cursor.take()
        cursor.deeper()
        # As tight as a product, as in the rest of the language: -2 ^ 2 is -(2 ^ 2).
        span, literal = _sum(cursor, 2)
        cursor.depth -= 1
        value = span.seconds if token.kind == "+" or span.seconds is None else -span.seconds
        return Duration(token.start, span.end, value), literal
    if token.kind == "(":
        cursor.take()
        cursor.deeper()
        span, _ = _sum(cursor, 0)
        cursor.depth -= 1
        end = cursor.expect(")", "after a duration").end
        cursor.needs("arithmetic with durations", token.start, end)
        return Duration(token.start, end, span.seconds), False
    word = token.text.lower()
    if word in _FUNCTIONS:
        cursor.take()
        cursor.expect("(", f"after `{token.text}`")
        end = cursor.expect(")", f"after `{token.text}(`").end
        cursor.needs(_FUNCTIONS[word], token.start, end)
        return Duration(token.start, end, None), False
    if word in _OF_TWO:
        cursor.take()
        cursor.expect("(", f"after `{token.text}`")
        cursor.deeper()
        first, _ = _sum(cursor, 0)
        cursor.expect(",", f"in `{token.text}`")
        second, _ = _sum(cursor, 0)
        cursor.depth -= 1
        end = cursor.expect(")", f"in `{token.text}`").end
        cursor.needs("min_of() or max_of() in a duration", token.start, end)
        return Duration(token.start, end, _apply(_OF_TWO[word], first.seconds, second.seconds)), False
    raise cursor.unexpected("a duration such as `5m`", "in a range")
