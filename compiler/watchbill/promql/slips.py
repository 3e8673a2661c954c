"""What to say where the grammar cannot go on: the likely slip rather than the rule that failed."""

from watchbill.promql.cursor import Cursor
from watchbill.promql.fault import Rejected, nearest
from watchbill.promql.functions import AGGREGATIONS
from watchbill.promql.nodes import VectorSelector
from watchbill.promql.words import CLAUSES, TIGHTNESS


def trailing(cursor: Cursor, wanted: str, where: str = "") -> Rejected:
    """An operand is complete, and what follows it is neither an operator nor the end."""
    token = cursor.token
    last = cursor.nodes[-1]
    if token.text.lower() in CLAUSES and isinstance(last, VectorSelector):
        return Rejected(
            f"`{last.metric}` is not an aggregation{nearest(last.metric or '', AGGREGATIONS)}", last.start, last.end
        )
    if token.kind == "=":
        return Rejected("values are compared by `==`", token.start, token.end)
    return cursor.unexpected(wanted, where)


def no_operand(cursor: Cursor) -> Rejected:
    """An operand should stand here and does not."""
    token = cursor.token
    if cursor.place and token.kind in {"end", ")", ","}:
        before = cursor.tokens[cursor.place - 1]
        if before.text.lower() in TIGHTNESS:
            return Rejected(f"nothing follows this `{before.text}`", before.start, before.end)
    if token.kind in TIGHTNESS:
        return Rejected(f"nothing stands before this `{token.text}`", token.start, token.end)
    return cursor.unexpected("a metric, a number or a function")
