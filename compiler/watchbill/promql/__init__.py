"""PromQL: parsed with places, what labels it can yield, which series it watches, and edits of its text."""

from watchbill.promql.branches import Branch
from watchbill.promql.duration import format_duration, parse_duration
from watchbill.promql.edit import Conflict, add_matchers, pin
from watchbill.promql.fault import Fault
from watchbill.promql.fractions import fractional
from watchbill.promql.functions import AGGREGATIONS, FUNCTIONS, Aggregation, Function
from watchbill.promql.labels import can_have, labels, labels_of_nodes, lacking, must_have
from watchbill.promql.needs import Need, experimental, needs, unmet
from watchbill.promql.nodes import Expr, Matcher
from watchbill.promql.parser import parse
from watchbill.promql.reasons import Reason, why_not
from watchbill.promql.remarks import Remark, remarks
from watchbill.promql.selectors import Context, Range, Selector, Use, functions, metrics, ranges, selectors
from watchbill.promql.template import Template, scan_template, template_labels, template_needs, uses_value
from watchbill.promql.template_words import TEMPLATE_FUNCTIONS
from watchbill.promql.watching import watched

__all__ = [
    "AGGREGATIONS",
    "FUNCTIONS",
    "TEMPLATE_FUNCTIONS",
    "Aggregation",
    "Branch",
    "Conflict",
    "Context",
    "Expr",
    "Fault",
    "Function",
    "Matcher",
    "Need",
    "Range",
    "Reason",
    "Remark",
    "Selector",
    "Template",
    "Use",
    "add_matchers",
    "can_have",
    "experimental",
    "format_duration",
    "fractional",
    "functions",
    "labels",
    "labels_of_nodes",
    "lacking",
    "metrics",
    "must_have",
    "needs",
    "parse",
    "parse_duration",
    "pin",
    "ranges",
    "remarks",
    "scan_template",
    "selectors",
    "template_labels",
    "template_needs",
    "unmet",
    "uses_value",
    "watched",
    "why_not",
]
