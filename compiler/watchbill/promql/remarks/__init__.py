"""What can be said against an expression that parses: computed once for each text, whatever rule it stands in."""

from watchbill.promql.branches import Branch
from watchbill.promql.nodes import Expr
from watchbill.promql.remarks import dividing, firing, flapping, joins, kinds, patterns, spans
from watchbill.promql.remarks.remark import Remark, subject

__all__ = ["Remark", "remarks"]

_MODULES = (firing, joins, flapping, dividing, patterns, kinds, spans)


def remarks(expr: Expr, yields: list[tuple[Branch, ...]]) -> tuple[Remark, ...]:
    """Everything there is to say, in the order of the text; what would be said twice is said of the first place.

    `yields` are the labels of each node, as `labels_of_nodes` tells them.
    """
    about = subject(expr, yields)
    found = [remark for module in _MODULES for remark in module.remarks(about)]
    if not found:
        return ()
    first: dict[tuple[str, str], Remark] = {}
    for remark in sorted(found, key=lambda one: (one.start, one.end, one.name)):
        first.setdefault((remark.name, remark.message), remark)
    return tuple(first.values())
