"""The words and operators of PromQL that its grammar treats in a way of their own."""

from watchbill.promql.functions import AGGREGATIONS

TIGHTNESS = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "</", ">/"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
"""How tightly each binary operator binds; all but `^` group to the left."""

SIGN = 5
POWER = 6

CLAUSES = frozenset(("by", "without"))

NO_METRIC = frozenset(("bool", "on", "ignoring", "group_left", "group_right", "atan2"))
"""Words that cannot name a metric. All others can, even `by` and `sum`."""

NO_LABEL = frozenset(("without", "inf", "nan"))
"""Words that cannot name a label in a clause unless they are quoted."""

FILLS = frozenset(("fill", "fill_left", "fill_right"))

KEYWORDS = frozenset((*AGGREGATIONS, *NO_METRIC, *CLAUSES, "and", "or", "unless", "offset"))
"""Words that no `(` turns into the call of a function."""
