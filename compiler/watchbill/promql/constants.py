"""Arithmetic on constants, as floats of Go do it: no exceptions, only Inf and NaN."""

import math
import operator
from collections.abc import Callable

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(op: str, left: float | None, right: float | None) -> bool | None:
    """Whether the comparison holds, or None where a side is unknown."""
    if left is None or right is None:
        return None
    return _COMPARISONS[op](left, right)


def fold(op: str, left: float | None, right: float | None) -> float | None:
    """The number, or None where a side or the result is unknown. Mirrors `scalarBinop`."""
    if left is None or right is None:
        return None
    if op in _COMPARISONS:
        return float(_COMPARISONS[op](left, right))
    try:
        match op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "%":
                return math.fmod(left, right)
            case "^":
                return math.pow(left, right)
            case "atan2":
                return math.atan2(left, right)
    except (ArithmeticError, ValueError):
        return None
    return None
