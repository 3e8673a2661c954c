"""Which Prometheus an expression asks for. Facts from the CHANGELOG of Prometheus."""

import msgspec

from watchbill.promql.functions import AGGREGATIONS, FUNCTIONS
from watchbill.promql.nodes import Aggregate, Call, Expr


class Need(msgspec.Struct, frozen=True):
    """`what` needs Prometheus `version` or later; or, with `removed`, a version before it.

    `flag` is the feature flag that it needs there (None: none), and `stable` the version that needs no flag any more.
    `start` and `end` are its place.
    """

    what: str
    version: str
    start: int
    end: int
    removed: bool = False
    flag: str | None = None
    stable: str | None = None
    instead: str | None = None


_FUNCTIONS_FLAG = "promql-experimental-functions"
_DURATIONS_FLAG = "promql-duration-expr"

SYNTAX: dict[str, tuple[str, str | None, str | None]] = {
    "@": ("2.33.0", None, None),
    "negative offset": ("2.33.0", None, None),
    "atan2": ("2.31.0", None, None),
    "digits with underscores": ("2.54.0", None, None),
    "duration as number": ("2.54.0", None, None),
    "number as duration": ("2.54.0", None, None),
    "quoted name": ("3.0.0", None, None),
    "arithmetic with durations": ("3.4.0", _DURATIONS_FLAG, "3.14.0"),
    "step() in a duration": ("3.6.0", _DURATIONS_FLAG, "3.14.0"),
    "range() in a duration": ("3.12.0", _DURATIONS_FLAG, "3.14.0"),
    "min_of() or max_of() in a duration": ("3.13.0", _DURATIONS_FLAG, "3.14.0"),
    "anchored or smoothed": ("3.7.0", "promql-extended-range-selectors", None),
    "fill": ("3.10.0", "promql-binop-fill-modifiers", None),
    "trimming of histograms": ("3.11.0", None, None),
}
"""Constructs with the version that brought them, the flag they need, and the version that needs no flag any more."""


def needs(expr: Expr) -> tuple[Need, ...]:
    """Every construct that some Prometheus since 2.30 cannot read, in the order of the text."""
    found: list[Need] = []
    for syntax in expr.syntax:
        version, flag, stable = SYNTAX[syntax.what]
        found.append(Need(syntax.what, version, syntax.start, syntax.end, flag=flag, stable=stable))
    for node in expr.nodes:
        if isinstance(node, Call):
            function = FUNCTIONS[node.name]
            flag = _FUNCTIONS_FLAG if function.experimental else None
            where = (node.start, node.name_end)
            if function.since is not None:
                found.append(Need(f"{node.name}()", function.since, *where, flag=flag, stable=function.stable))
            if function.removed is not None:
                found.append(Need(f"{node.name}()", function.removed, *where, removed=True, instead=function.instead))
        elif isinstance(node, Aggregate):
            aggregation = AGGREGATIONS[node.op]
            if aggregation.since is not None:
                flag = _FUNCTIONS_FLAG if aggregation.experimental else None
                found.append(Need(f"{node.op}()", aggregation.since, node.start, node.name_end, flag=flag))
    return tuple(sorted(found, key=lambda need: (need.start, need.end, need.what)))


def experimental(expr: Expr) -> tuple[Need, ...]:
    """Those needs that ask for a feature flag."""
    return tuple(need for need in needs(expr) if need.flag is not None)


def unmet(expr: Expr, version: str, flags: frozenset[str] = frozenset()) -> tuple[Need, ...]:
    """The needs that a Prometheus of this version (`3.5.3`) with these feature flags does not meet."""
    given = _parts(version)
    lacking = []
    for need in needs(expr):
        there = given >= _parts(need.version)
        if need.removed:
            met = not there
        else:
            stable = need.flag is None or (need.stable is not None and given >= _parts(need.stable))
            met = there and (stable or need.flag in flags)
        if not met:
            lacking.append(need)
    return tuple(lacking)


def _parts(version: str) -> tuple[int, ...]:
    """`3.5.3-rc.0` as (3, 5, 3); what is no number ends it."""
    parts = []
    for part in version.removeprefix("v").split("-", maxsplit=1)[0].split("+", maxsplit=1)[0].split("."):
        if not part.isascii() or not part.isdigit():
            break
        parts.append(int(part))
    return tuple([*parts, 0, 0, 0][:3])
