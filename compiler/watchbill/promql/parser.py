"""Reads an expression into a tree. Mirrors the grammar of Prometheus, `promql/parser/generated_parser.y`.

Operators of equal tightness group to the left and are read in a loop, so only parentheses, signs and `^` recurse.
"""

from typing import Literal

from watchbill.promql import checking
from watchbill.promql.cursor import Cursor, shortened, unbalanced
from watchbill.promql.fault import Fault, Rejected, nearest
from watchbill.promql.functions import AGGREGATIONS, FUNCTIONS
from watchbill.promql.literals import unquote
from watchbill.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
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
from watchbill.promql.spans import bracket, seconds
from watchbill.promql.tokens import Token, tokenize

_TIGHTNESS = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "</", ">/"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}

_SIGN = 5
_POWER = 6

# Words of the language that cannot name a metric, and those that cannot name a label in a clause.
_NO_METRIC = frozenset(("bool", "on", "ignoring", "group_left", "group_right", "atan2"))
_NO_LABEL = frozenset(("without", "inf", "nan"))

_CLAUSES = frozenset(("by", "without"))

# These words look like keywords and are still functions when parentheses follow.
_CALLABLE = frozenset(("start", "end", "step", "range", "max_of", "min_of"))
_KEYWORDS = frozenset((*AGGREGATIONS, *_NO_METRIC, *_CLAUSES, "and", "or", "unless", "offset"))


def parse(text: str) -> Expr | Fault:
    """An expression as a tree, or why it is none and where.

    Accepts what Prometheus 3.14 accepts with every feature on, and `holt_winters`, which only Prometheus 2 has:
    `needs` tells which version an expression asks for. Any text whatever gives an answer, in time linear in its length.
    """
    tokens: list[Token] = []
    try:
        tokens = tokenize(text)
        cursor = Cursor(text, tokens)
        if len(tokens) == 1:
            raise Rejected("there is no expression here", 0, len(text))
        _expression(cursor, 0)
        if cursor.token.kind != "end":
            _trailing(cursor)
        return Expr(text, tuple(cursor.nodes), tuple(cursor.syntax))
    except Rejected as rejected:
        # An unclosed bracket is better told at the bracket than where the text runs out.
        return (unbalanced(tokens) or rejected).fault


def _trailing(cursor: Cursor) -> None:
    token = cursor.token
    word = token.text.lower()
    root = cursor.nodes[-1]
    if word in _CLAUSES and isinstance(root, VectorSelector):
        raise Rejected(
            f"`{root.metric}` is not an aggregation{nearest(root.metric or '', AGGREGATIONS)}", root.start, root.end
        )
    if token.kind == "=":
        raise Rejected("values are compared by `==`", token.start, token.end)
    cursor.unexpected("an operator or the end")


def _expression(cursor: Cursor, loosest: int) -> Node:
    left = _operand(cursor)
    while True:
        token = cursor.token
        op = token.kind
        if op == "word":
            op = token.text.lower()
        tightness = _TIGHTNESS.get(op, 0)
        if tightness <= loosest:
            return left
        cursor.take()
        bool_, matching = _matching(cursor, token)
        if tightness == _POWER:
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
        kind = checking.binary(op, where, left, right, bool_, matching)
        left = Binary(len(cursor.nodes), left.start, right.end, kind, op, where, left, right, bool_, matching)
        cursor.nodes.append(left)


def _matching(cursor: Cursor, operator: Token) -> tuple[bool, Matching]:
    """`bool`, `on (…)` or `ignoring (…)`, `group_left (…)` or `group_right (…)`, and fills, after an operator."""
    word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
    bool_ = word == "bool"
    if bool_:
        cursor.take()
        word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
    if word not in {"on", "ignoring", "fill", "fill_left", "fill_right"}:
        return bool_, Matching(clause=(operator.start, operator.end))
    start, end = cursor.token.start, cursor.token.end
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    written = word in {"on", "ignoring"}
    on = word == "on"
    if written:
        cursor.take()
        labels, end = _labels(cursor, f"after `{word}`")
        word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
        if word in {"group_left", "group_right"}:
            group = "left" if word == "group_left" else "right"
            end = cursor.take().end
            if cursor.token.kind == "(":
                include, end = _labels(cursor, f"after `{word}`")
    fill = False
    while (
        cursor.token.kind == "word"
        and cursor.token.text.lower() in {"fill", "fill_left", "fill_right"}
        and cursor.ahead().kind == "("
    ):
        fill = True
        end = _fill(cursor)
    if not written and not fill:
        return bool_, Matching(clause=(operator.start, operator.end))
    return bool_, Matching(on, labels, group, include, (start, end), fill, written)


def _fill(cursor: Cursor) -> int:
    name = cursor.take()
    cursor.take()
    if cursor.token.kind in {"+", "-"}:
        cursor.take()
    token = cursor.token
    if token.kind in {"number", "duration"}:
        seconds(token.kind, token.text, token.start, cursor)
    elif token.text.lower() not in {"inf", "nan"}:
        cursor.unexpected("a number", f"in `{name.text}`")
    cursor.take()
    end = cursor.expect(")", f"in `{name.text}`").end
    cursor.needs("fill", name.start, end)
    return end


def _labels(cursor: Cursor, where: str) -> tuple[tuple[str, ...], int]:
    """`(a, "b.c",)`: the names, and where the list ends."""
    cursor.expect("(", where)
    names: list[str] = []
    while cursor.token.kind != ")":
        token = cursor.token
        if token.kind == "string":
            name = unquote(token.text, token.start)
            cursor.needs("quoted name", token.start, token.end)
            if not name:
                raise Rejected("the name of a label cannot be empty", token.start, token.end)
        elif token.kind == "word" and token.text.lower() not in _NO_LABEL:
            name = token.text
            if ":" in name:
                cursor.needs("quoted name", token.start, token.end)
        else:
            cursor.unexpected("a label name", where)
        names.append(name)
        cursor.take()
        if cursor.token.kind == ",":
            cursor.take()
        elif cursor.token.kind != ")":
            cursor.unexpected("`,` or `)`", "in a list of labels")
    return tuple(names), cursor.take().end


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
            _trailing_inside(cursor, "an operator or `)`", "inside parentheses")
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
        _no_operand(cursor)
    return _suffixes(cursor, node)


def _signed(cursor: Cursor, sign: Token) -> Node:
    cursor.take()
    cursor.deeper()
    inner = _expression(cursor, _SIGN)
    cursor.depth -= 1
    checking.unary(sign.kind, inner)
    return _add(cursor, Unary(len(cursor.nodes), sign.start, inner.end, inner.type, sign.kind, inner))


def _no_operand(cursor: Cursor) -> None:
    token = cursor.token
    if cursor.place and token.kind in {"end", ")", ","}:
        before = cursor.tokens[cursor.place - 1]
        if before.kind in _TIGHTNESS or before.text.lower() in _TIGHTNESS:
            raise Rejected(f"nothing follows this `{before.text}`", before.start, before.end)
    if token.kind in _TIGHTNESS:
        raise Rejected(f"nothing stands before this `{token.text}`", token.start, token.end)
    cursor.unexpected("a metric, a number or a function")


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
        if following.kind == "(" or (following.kind == "word" and following.text.lower() in _CLAUSES):
            return _aggregate(cursor, word)
    elif following.kind == "(" and (word not in _KEYWORDS or word in _CALLABLE):
        return _call(cursor)
    elif word in _NO_METRIC:
        raise Rejected(
            f"`{token.text}` is a word of the language and cannot name a metric here", token.start, token.end
        )
    return _selection(cursor)


def _arguments(cursor: Cursor, name: str, *, information: bool = False) -> tuple[tuple[Node, ...], int]:
    opener = cursor.expect("(", f"after `{name}`")
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
            _trailing_inside(cursor, "`,` or `)`", f"in the arguments of `{name}`", opener)
    cursor.depth -= 1
    return tuple(args), cursor.take().end


def _trailing_inside(cursor: Cursor, wanted: str, where: str, opener: Token | None = None) -> None:
    if cursor.token.kind == "end" and opener is not None:
        raise Rejected("this `(` is never closed", opener.start, opener.end)
    if cursor.token.kind in {"=", "word"}:
        _trailing(cursor) if cursor.token.kind == "=" or cursor.token.text.lower() in _CLAUSES else None
    cursor.unexpected(wanted, where)


def _call(cursor: Cursor) -> Node:
    name = cursor.take()
    function = FUNCTIONS.get(name.text)
    if function is None:
        close = nearest(name.text, (*FUNCTIONS, *AGGREGATIONS))
        raise Rejected(f"there is no function `{shortened(name.text)}`{close}", name.start, name.end)
    args, end = _arguments(cursor, name.text, information=name.text == "info")
    checking.call(function, args, name.start, name.end, end)
    return _add(cursor, Call(len(cursor.nodes), name.start, end, function.returns, name.text, name.end, args))


def _aggregate(cursor: Cursor, op: str) -> Node:
    name = cursor.take()
    without = False
    grouping: tuple[str, ...] | None = None
    clause = (name.start, name.end)
    word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
    if word in _CLAUSES:
        start = cursor.take().start
        grouping, close = _labels(cursor, f"after `{word}`")
        without, clause = word == "without", (start, close)
    args, end = _arguments(cursor, name.text)
    if grouping is None:
        word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
        if word in _CLAUSES:
            start = cursor.take().start
            grouping, end = _labels(cursor, f"after `{word}`")
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
