"""Reads what stands between an operator and its right side, and lists of labels."""

from typing import Literal

from watchbill.promql.cursor import Cursor
from watchbill.promql.fault import Rejected
from watchbill.promql.literals import unquote
from watchbill.promql.nodes import Matching
from watchbill.promql.spans import seconds
from watchbill.promql.tokens import Token
from watchbill.promql.words import FILLS, NO_LABEL


def matching(cursor: Cursor, operator: Token) -> tuple[bool, Matching]:
    """`bool`, `on (…)` or `ignoring (…)`, `group_left (…)` or `group_right (…)`, and fills, after an operator."""
    word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
    bool_ = word == "bool"
    if bool_:
        cursor.take()
        word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
    if word not in FILLS and word not in {"on", "ignoring"}:
        return bool_, Matching(clause=(operator.start, operator.end))
    start, end = cursor.token.start, cursor.token.end
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    written = word in {"on", "ignoring"}
    on = word == "on"
    if written:
        cursor.take()
        labels, end = label_list(cursor, f"after `{word}`")
        word = cursor.token.text.lower() if cursor.token.kind == "word" else ""
        if word in {"group_left", "group_right"}:
            group = "left" if word == "group_left" else "right"
            end = cursor.take().end
            if cursor.token.kind == "(":
                include, end = label_list(cursor, f"after `{word}`")
    fill = False
    while cursor.token.kind == "word" and cursor.token.text.lower() in FILLS and cursor.ahead().kind == "(":
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
        raise cursor.unexpected("a number", f"in `{name.text}`")
    cursor.take()
    end = cursor.expect(")", f"in `{name.text}`").end
    cursor.needs("fill", name.start, end)
    return end


def label_list(cursor: Cursor, where: str) -> tuple[tuple[str, ...], int]:
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
        elif token.kind == "word" and token.text.lower() not in NO_LABEL:
            name = token.text
            if ":" in name:
                cursor.needs("quoted name", token.start, token.end)
        else:
            raise cursor.unexpected("a label name", where)
        names.append(name)
        cursor.take()
        if cursor.token.kind == ",":
            cursor.take()
        elif cursor.token.kind != ")":
            raise cursor.unexpected("`,` or `)`", "in a list of labels")
    return tuple(names), cursor.take().end
