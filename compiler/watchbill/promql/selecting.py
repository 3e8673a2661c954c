"""Reads selectors, and the `offset` and `@` that follow them (`vector_selector` and friends of the grammar)."""

from watchbill.promql import regex
from watchbill.promql.cursor import Cursor, described
from watchbill.promql.fault import Rejected
from watchbill.promql.literals import unquote
from watchbill.promql.nodes import At, Duration, Matcher, Operator, VectorSelector
from watchbill.promql.spans import offset, seconds

_OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}


def selector(cursor: Cursor, *, information: bool = False) -> VectorSelector:
    """Name and braces, without what follows; its index is not set yet.

    `information` stands for the second argument of `info`, which alone may select everything.
    """
    start = cursor.token.start
    metric = None
    end = start
    if cursor.token.kind == "word":
        token = cursor.take()
        metric, end = token.text, token.end
    brace = -1
    matchers: tuple[Matcher, ...] = ()
    if cursor.token.kind == "{":
        brace = cursor.token.start
        matchers = _braces(cursor)
        end = cursor.tokens[cursor.place - 1].end
    if metric is not None:
        for matcher in matchers:
            if matcher.name == "__name__":
                raise Rejected(f"the metric already has its name, `{metric}`", matcher.start, matcher.end)
    elif not information and all(accepts(matcher, "") for matcher in matchers):
        raise Rejected(
            "this would select every series there is; at least one matcher must refuse an empty value", start, end
        )
    return VectorSelector(-1, start, end, "vector", metric, matchers, end, brace, None, None)


def _braces(cursor: Cursor) -> tuple[Matcher, ...]:
    cursor.take()
    matchers: list[Matcher] = []
    while cursor.token.kind != "}":
        matchers.append(_matcher(cursor))
        token = cursor.token
        if token.kind == ",":
            cursor.take()
        elif token.kind != "}":
            if token.kind == "word" and token.text.lower() in {"or", "and"}:
                raise Rejected(
                    f"all matchers must hold, and commas separate them; `{token.text}` cannot stand here",
                    token.start,
                    token.end,
                )
            raise cursor.unexpected("`,` or `}`", "between label matchers")
    cursor.take()
    return tuple(matchers)


def _matcher(cursor: Cursor) -> Matcher:
    token = cursor.token
    if token.kind == "word":
        name = token.text
        if ":" in name:
            at = token.start + name.index(":")
            raise Rejected("the name of a label cannot hold a `:` unless it is quoted", at, at + 1)
    elif token.kind == "string":
        name = unquote(token.text, token.start)
        cursor.needs("quoted name", token.start, token.end)
    else:
        raise cursor.unexpected("a label name", "between braces")
    cursor.take()
    op = _OPERATORS.get(cursor.token.kind)
    if op is None:
        if token.kind == "string" and cursor.token.kind in {",", "}"}:
            return Matcher("__name__", "=", name, token.start, token.end)
        if cursor.token.kind == "==":
            raise Rejected("a matcher has a single `=`", cursor.token.start, cursor.token.end)
        raise cursor.unexpected("`=`, `!=`, `=~` or `!~`", f"after the label {described(token)}")
    cursor.take()
    if cursor.token.kind != "string":
        raise cursor.unexpected("a quoted value", f"after `{op}`")
    quoted = cursor.take()
    value = unquote(quoted.text, quoted.start)
    if op in {"=~", "!~"}:
        problem = regex.problem(value)
        if problem is not None:
            raise Rejected(f"this is not a regular expression of RE2: {problem}", quoted.start, quoted.end)
    return Matcher(name, op, value, token.start, quoted.end)


def accepts(matcher: Matcher, value: str) -> bool:
    """Whether a label with this value passes; an absent label has the value `""`. Mirrors `labels.Matcher.Matches`."""
    if matcher.op == "=":
        return matcher.value == value
    if matcher.op == "!=":
        return matcher.value != value
    return regex.matches(matcher.value, value) == (matcher.op == "=~")


def modifiers(cursor: Cursor) -> tuple[Duration | None, At | None]:
    """Any `offset` and `@`, in either order, each once."""
    shift: Duration | None = None
    at: At | None = None
    while True:
        token = cursor.token
        if token.kind == "@":
            if at is not None:
                raise Rejected("a second `@` on the same selector", token.start, token.end)
            at = _at(cursor)
            continue
        word = token.text.lower() if token.kind == "word" else ""
        if word == "offset":
            # Prometheus keeps a zero offset as no offset, and so lets another one follow.
            if shift is not None and shift.seconds != 0:
                raise Rejected("a second `offset` on the same selector", token.start, token.end)
            cursor.take()
            shift = offset(cursor)
        elif word in {"anchored", "smoothed"}:
            cursor.take()
            cursor.needs("anchored or smoothed", token.start, token.end)
        else:
            return shift, at


def _at(cursor: Cursor) -> At:
    start = cursor.take().start
    token = cursor.token
    if token.kind == "word" and token.text.lower() in {"start", "end"}:
        cursor.take()
        cursor.expect("(", f"after `@ {token.text}`")
        end = cursor.expect(")", f"after `@ {token.text}(`").end
        cursor.needs("@", start, end)
        return At(start, end, None)
    sign = 1.0
    if token.kind in {"+", "-"}:
        sign = -1.0 if cursor.take().kind == "-" else 1.0
        token = cursor.token
    if token.kind not in {"number", "duration"}:
        raise cursor.unexpected("a Unix time in seconds, `start()` or `end()`", "after `@`")
    cursor.take()
    timestamp = sign * seconds(token.kind, token.text, token.start, cursor)
    if not -(2.0**63) < timestamp < 2.0**63:
        raise Rejected("this point in time is out of bounds", token.start, token.end)
    cursor.needs("@", start, token.end)
    return At(start, token.end, timestamp)
