"""Edits of the text of an expression. A tree is never printed: blanks, comments and spelling stay as they are."""

import re
from collections.abc import Mapping

import msgspec

from watchbill.promql.fault import Fault
from watchbill.promql.literals import quote
from watchbill.promql.nodes import Expr, Matcher, VectorSelector
from watchbill.promql.parser import parse
from watchbill.promql.selecting import accepts
from watchbill.promql.tokens import MAX_LENGTH

_PLAIN_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Conflict(msgspec.Struct, frozen=True):
    """A selector already has another matcher on this label, at `start` to `end` of the text; nothing was changed."""

    label: str
    matcher: Matcher
    message: str
    start: int
    end: int


def add_matchers(text: str, matchers: Mapping[str, str]) -> str | Fault | Conflict:
    """The expression with an equality matcher for each label in every selector, in the order of the mapping.

    A selector that already has the very matcher is left as it is. Any other matcher on one of the labels is a
    `Conflict`: the author meant something, and narrowing it further is not ours to decide. A text that does not parse,
    a label or value that PromQL cannot write, or a result that grows too long, is a `Fault`.
    """
    expr = parse(text)
    if isinstance(expr, Fault):
        return expr
    for label, value in matchers.items():
        if not label or label == "__name__" or _SURROGATE.search(label + value):
            return Fault(f"{label!r} cannot be matched to {value!r}", 0, len(text))
    out: list[str] = []
    done = 0
    for node in expr.nodes:
        if not isinstance(node, VectorSelector):
            continue
        wanted = []
        for label, value in matchers.items():
            there = [matcher for matcher in node.matchers if matcher.name == label]
            clash = next((one for one in there if one.op != "=" or one.value != value), None)
            if clash is not None:
                return _conflict(expr, clash, value)
            if not there:
                wanted.append(_written(label, value))
        if wanted:
            place, addition = _insertion(node, ", ".join(wanted))
            out.append(text[done:place])
            out.append(addition)
            done = place
    out.append(text[done:])
    edited = "".join(out)
    if len(edited) > MAX_LENGTH:
        return Fault(f"with its new matchers the expression is longer than {MAX_LENGTH} characters", 0, len(text))
    return edited


def pin(text: str, label: str, value: str) -> str | None:
    """The expression with one matcher on the label in every selector: equality with the value.

    None where a selector's own matchers refuse the value, or where there are several that would have to go.
    """
    expr = parse(text)
    if isinstance(expr, Fault):
        return None
    out: list[str] = []
    done = 0
    for node in expr.nodes:
        if not isinstance(node, VectorSelector):
            continue
        there = [matcher for matcher in node.matchers if matcher.name == label]
        if len(there) > 1 or any(not accepts(matcher, value) for matcher in there):
            return None
        start, addition = _insertion(node, _written(label, value))
        end = start
        if there:
            start, end, addition = there[0].start, there[0].end, _written(label, value)
        out += [text[done:start], addition]
        done = end
    return "".join((*out, text[done:]))


def _conflict(expr: Expr, clash: Matcher, value: str) -> Conflict:
    written = expr.text[clash.start : clash.end]
    message = f"`{written}` stands here already, where `{_written(clash.name, value)}` should be added"
    return Conflict(clash.name, clash, message, clash.start, clash.end)


def _written(label: str, value: str) -> str:
    name = label if _PLAIN_LABEL.fullmatch(label) else quote(label)
    return f"{name}={quote(value)}"


def _insertion(node: VectorSelector, addition: str) -> tuple[int, str]:
    """Where to write the new matchers: never behind a comment, which would swallow them."""
    if node.brace < 0:
        return node.body_end, "{" + addition + "}"
    if node.matchers:
        return node.matchers[-1].end, ", " + addition
    return node.brace + 1, addition
