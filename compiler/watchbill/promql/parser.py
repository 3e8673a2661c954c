"""Reads an expression into a tree. Mirrors the grammar of Prometheus, `promql/parser/generated_parser.y`.

Operators of equal tightness group to the left and are read in a loop, so only parentheses, signs and `^` recurse.
"""

from watchbill.promql import checking
from watchbill.promql.clauses import label_list, matching
from watchbill.promql.cursor import Cursor, shortened, unbalanced
from watchbill.promql.fault import Fault, Rejected, nearest
from watchbill.promql.functions import AGGREGATIONS, FUNCTIONS
from watchbill.promql.literals import unquote
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Node,
    Number,
    Paren,
    String,
    Subquery,
    Unary,
    VectorSelector,
)
from watchbill.promql.selecting import modifiers, selector
from watchbill.promql.slips import no_operand, trailing
from watchbill.promql.spans import bracket, seconds
from watchbill.promql.tokens import Token, tokenize
from watchbill.promql.words import CLAUSES, KEYWORDS, NO_METRIC, POWER, SIGN, TIGHTNESS


def parse(text: str) -> Expr | Fault:
    """An expression as a tree, or why it is none and where.

    Accepts what Prometheus 3.14 accepts with every feature on, and `holt_winters`, which only Prometheus 2 has:
    `needs` tells which version an expression asks for. Any text whatever gives an answer, in time linear in its length.
    """
    tokens: list[Token] = []
    try:
        tokens = tokenize(text)
        return _whole(Cursor(text, tokens))
    except Rejected as rejected:
        # An unclosed bracket is better told at the bracket than where the text runs out.
        return (unbalanced(tokens) or rejected).fault


def _whole(cursor: Cursor) -> Expr:
    if cursor.token.kind == "end":
        raise Rejected("there is no expression here", 0, len(cursor.text))
    _expression(cursor, 0)
    if cursor.token.kind != "end":
        raise trailing(cursor, "an operator or the end")
    return Expr(cursor.text, tuple(cursor.nodes), tuple(cursor.syntax))


def _expression(cursor: Cursor, loosest: int) -> Node:
    left = _operand(cursor)
    while True:
        token = cursor.token
        op = token.kind
        if op == "word":
            op = token.text.lower()
        tightness = TIGHTNESS.get(op, 0)
        if tightness <= loosest:
            return left
        cursor.take()
        bool_, pairing = matching(cursor, token)
        if tightness == POWER:
            cursor.deeper()
            right = _expression(cursor, tightness - 1)
            cursor.depth -= 1
        else:
            right = _expression(cursor, tightness)
        if op == "atan2":
            cursor.needs("atan2", token.start, token.end)
        elif op in {"</", ">/"}:
            cursor.needs("trimming of histograms", token.start, token.end)
        where = (token.start, token.end)
        kind = checking.binary(op, where, left, right, bool_=bool_, matching=pairing)
        left = Binary(len(cursor.nodes), left.start, right.end, kind, op, where, left, right, bool_, pairing)
        cursor.nodes.append(left)


def _operand(cursor: Cursor) -> Node:
    """One operand with whatever is written behind it: `[…]`, `offset`, `@`."""
    token = cursor.token
    kind = token.kind
    node: Node
    if kind == "word":
        node = _word(cursor, token)
    elif kind in {"number", "duration"}:
        cursor.take()
        value = seconds(kind, token.text, token.start, cursor)
        if kind == "duration":
            cursor.needs("duration as number", token.start, token.end)
        node = _add(cursor, Number(len(cursor.nodes), token.start, token.end, "scalar", value))
    elif kind == "(":
        cursor.take()
        cursor.deeper()
        inner = _expression(cursor, 0)
        cursor.depth -= 1
        if cursor.token.kind != ")":
            raise trailing(cursor, "an operator or `)`", "inside parentheses")
        end = cursor.take().end
        node = _add(cursor, Paren(len(cursor.nodes), token.start, end, inner.type, inner))
    elif kind == "{":
        node = _selection(cursor)
    elif kind in {"+", "-"}:
        return _signed(cursor, token)
    elif kind == "string":
        cursor.take()
        value_ = unquote(token.text, token.start)
        node = _add(cursor, String(len(cursor.nodes), token.start, token.end, "string", value_))
    else:
        raise no_operand(cursor)
    return _suffixes(cursor, node)


def _signed(cursor: Cursor, sign: Token) -> Node:
    cursor.take()
    cursor.deeper()
    inner = _expression(cursor, SIGN)
    cursor.depth -= 1
    checking.unary(sign.kind, inner)
    return _add(cursor, Unary(len(cursor.nodes), sign.start, inner.end, inner.type, sign.kind, inner))


def _add(cursor: Cursor, node: Node) -> Node:
    cursor.nodes.append(node)
    return node


def _word(cursor: Cursor, token: Token) -> Node:
    """A number by name, an aggregation, a call, or a metric."""
    word = token.text.lower()
    following = cursor.ahead()
    if word in {"inf", "nan"}:
        cursor.take()
        return _add(cursor, Number(len(cursor.nodes), token.start, token.end, "scalar", float(word)))
    if word in AGGREGATIONS:
        if following.kind == "(" or (following.kind == "word" and following.text.lower() in CLAUSES):
            return _aggregate(cursor, word)
    elif following.kind == "(" and word not in KEYWORDS:
        return _call(cursor)
    elif word in NO_METRIC:
        raise Rejected(
            f"`{token.text}` is a word of the language and cannot name a metric here", token.start, token.end
        )
    return _selection(cursor)


def _arguments(cursor: Cursor, name: str, *, information: bool = False) -> tuple[tuple[Node, ...], int]:
    cursor.expect("(", f"after `{name}`")
    args: list[Node] = []
    cursor.deeper()
    while cursor.token.kind != ")":
        if information and len(args) == 1 and cursor.token.kind == "{":
            args.append(_suffixes(cursor, _selection(cursor, information=True)))
        else:
            args.append(_expression(cursor, 0))
        if cursor.token.kind == ",":
            comma = cursor.take()
            if cursor.token.kind == ")":
                raise Rejected("no argument follows this comma", comma.start, comma.end)
        elif cursor.token.kind != ")":
            raise trailing(cursor, "`,` or `)`", f"in the arguments of `{name}`")
    cursor.depth -= 1
    return tuple(args), cursor.take().end


def _call(cursor: Cursor) -> Node:
    name = cursor.take()
    function = FUNCTIONS.get(name.text)
    if function is None:
        close = nearest(name.text, (*FUNCTIONS, *AGGREGATIONS))
        raise Rejected(f"there is no function `{shortened(name.text)}`{close}", name.start, name.end)
    args, end = _arguments(cursor, name.text, information=name.text == "info")
    checking.call(function, args, name.start, end)
    return _add(cursor, Call(len(cursor.nodes), name.start, end, function.returns, name.text, name.end, args))


def _aggregate(cursor: Cursor, op: str) -> Node:
    name = cursor.take()
    without = False
    grouping: tuple[str, ...] | None = None
    clause = (name.start, name.end)
    word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
    if word in CLAUSES:
        start = cursor.take().start
        grouping, close = label_list(cursor, f"after `{word}`")
        without, clause = word == "without", (start, close)
    args, end = _arguments(cursor, name.text)
    if grouping is None:
        word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
        if word in CLAUSES:
            start = cursor.take().start
            grouping, end = label_list(cursor, f"after `{word}`")
            without, clause = word == "without", (start, end)
    checking.aggregate(AGGREGATIONS[op], args, name.start, end)
    param = args[0] if len(args) == 2 else None
    return _add(
        cursor,
        Aggregate(
            len(cursor.nodes), name.start, end, "vector", op, name.end, args[-1], param, without, grouping, clause
        ),
    )


def _selection(cursor: Cursor, *, information: bool = False) -> Node:
    """A selector, with its range if it has one, and their modifiers."""
    bare = selector(cursor, information=information)
    offset, at = modifiers(cursor)
    end = cursor.tokens[cursor.place - 1].end
    index = len(cursor.nodes)
    found = VectorSelector(
        index, bare.start, end, "vector", bare.metric, bare.matchers, bare.body_end, bare.brace, offset, at
    )
    cursor.nodes.append(found)
    if cursor.token.kind not in {"[", "range"}:
        return found
    opening = cursor.token
    span, step, colon, end = bracket(cursor)
    if not colon:
        if (offset is not None and offset.seconds != 0) or at is not None:
            wrong = "@" if at is not None else "offset"
            raise Rejected(f"the range comes before `{wrong}`, as in `metric[5m] {wrong} …`", opening.start, end)
        offset, at = modifiers(cursor)
        end = cursor.tokens[cursor.place - 1].end
        return _add(cursor, MatrixSelector(index + 1, bare.start, end, "matrix", found, span, offset, at))
    offset, at = modifiers(cursor)
    end = cursor.tokens[cursor.place - 1].end
    return _add(cursor, Subquery(index + 1, bare.start, end, "matrix", found, span, step, offset, at))


def _suffixes(cursor: Cursor, node: Node) -> Node:
    """Subqueries over what is no selector; and a range, an `offset` or an `@` where none may stand."""
    while True:
        token = cursor.token
        if token.kind in {"[", "range"}:
            span, step, colon, end = bracket(cursor)
            if not colon:
                raise Rejected(
                    "a range stands directly after a metric; for any other expression write a subquery, `[…:]`",
                    token.start,
                    end,
                )
            checking.subquery(node, end)
            offset, at = modifiers(cursor)
            end = cursor.tokens[cursor.place - 1].end
            node = _add(cursor, Subquery(len(cursor.nodes), node.start, end, "matrix", node, span, step, offset, at))
        elif token.kind == "@" or (token.kind == "word" and token.text.lower() == "offset"):
            raise Rejected(
                f"`{token.text}` stands directly after a selector or a subquery, and this is neither",
                token.start,
                token.end,
            )
        else:
            return node
