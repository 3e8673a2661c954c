"""PromQL: parsed with places, what labels it can yield, which series it watches, and edits of its text."""

from watchbill.promql.branches import Branch
from watchbill.promql.duration import format_duration, parse_duration
from watchbill.promql.fault import Fault
from watchbill.promql.functions import AGGREGATIONS, FUNCTIONS, Aggregation, Function
from watchbill.promql.labels import can_have, labels, lacking, must_have
from watchbill.promql.needs import Need, experimental, needs, unmet
from watchbill.promql.nodes import Expr, Matcher
from watchbill.promql.parser import parse
from watchbill.promql.reasons import Reason, why_not
from watchbill.promql.selectors import Range, Selector, Use, functions, metrics, ranges, selectors
from watchbill.promql.watching import watched

__all__ = [
    "AGGREGATIONS",
    "FUNCTIONS",
    "Aggregation",
    "Branch",
    "Expr",
    "Fault",
    "Function",
    "Matcher",
    "Need",
    "Range",
    "Reason",
    "Selector",
    "Use",
    "can_have",
    "experimental",
    "format_duration",
    "functions",
    "labels",
    "lacking",
    "metrics",
    "must_have",
    "needs",
    "parse",
    "parse_duration",
    "ranges",
    "selectors",
    "unmet",
    "watched",
    "why_not",
]
