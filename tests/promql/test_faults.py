"""Where the caret goes, and what is said, when an expression is refused."""

import pytest

from watchbill.promql import Fault, parse

# The text, with what the caret stands under between « and », and a piece of the message.
FAULTS = [
    ("«»", "no expression"),
    ("«  # only a comment»", "no expression"),
    ("sum«(»rate(a[5m])", "never closed"),
    ("sum«(»rate(a[5m]) by (x)", "never closed"),
    ("a + b«)»", "nothing opens this `)`"),
    ('a«{»b="c"', "never closed"),
    ("a«[»5m", "never closed"),
    ('sum«(»a{b="c"}', "never closed"),
    ("«rat»(a[5m])", "no function `rat`, did you mean `rate`?"),
    ("«Rate»(a[5m])", "did you mean `rate`?"),
    ("«summ» by (x) (a)", "not an aggregation, did you mean `sum`?"),
    ("«summ»(a)", "no function `summ`, did you mean `sum`?"),
    ("«qwertz»(a)", "no function `qwertz`"),
    ("rate(«a»)", "`rate` needs a range vector here, and this is an instant vector; add a range, as in `metric[5m]`"),
    ("rate(«sum(a)»)", "add a range, as in `(…)[5m:]`"),
    ("abs(«a[5m]»)", "`abs` needs an instant vector here, and this is a range vector"),
    ("topk(«a», b)", "`topk` needs a number here"),
    ("sum(«5»)", "`sum` needs an instant vector here, and this is a number"),
    ("count_values(«v», a)", "`count_values` needs a string here"),
    ("«topk(a)»", "takes a number and a vector, and there is one"),
    ("«clamp(a, 1)»", "takes 3 arguments, and there are 2"),
    ("round(a, 1, «2»)", "takes 1 to 2 arguments, and there are 3"),
    ("«rate()»", "takes 1 argument, and there is none"),
    ("abs(a, «b, c»)", "takes 1 argument, and there are 3"),
    ("rate(a[5m]«,»)", "no argument follows this comma"),
    ("a «+»", "nothing follows this `+`"),
    ("(a «>»)", "nothing follows this `>`"),
    ("a «and»", "nothing follows this `and`"),
    ("«*» a", "nothing stands before this `*`"),
    ("a «b»", "found `b` where an operator or the end should stand"),
    ("a «5»", "found the number `5`"),
    ("a «=» 5", "compared by `==`"),
    ("sum(a «=» 5)", "compared by `==`"),
    ("1 «==» 2", "must be written `== bool`"),
    ("a «and» bool b", "`bool` stands only after a comparison"),
    ("a and «1»", "joins two vectors, and this is a number"),
    ('«"x"» + a', "works on numbers and instant vectors, and this is a string"),
    ("a + «b[5m]»", "and this is a range vector"),
    ("a and «on (x) group_left» b", "takes no `group_left`"),
    ("a * «on (x) group_left (x)» b", "`x` stands in both"),
    ("a + «on (x)» 1", "one side is a number"),
    ("a[«5q»]", "`5q` is not a duration"),
    ("a[«5m1h»]", "from large to small"),
    ("a[«0s»]", "longer than nothing"),
    ("a > «5q»", "neither a number nor a duration"),
    ("a offset «b»", "a duration such as `5m`"),
    ("a offset 5m «offset» 5m", "a second `offset`"),
    ("sum(a) «offset» 5m", "directly after a selector"),
    ("a @ 5 «@» 6", "a second `@`"),
    ("sum(a)«[5m]»", "write a subquery, `[…:]`"),
    ("a offset 1h«[5m]»", "the range comes before `offset`"),
    ("«1[5m:]»", "a subquery needs an instant vector"),
    ("a[«$»__rate_interval]", "variable of Grafana"),
    ('a{b=«"c}»', "this string is never closed"),
    ('a{b=«"c»\n"}', "this string is never closed"),
    ("a{b=«`c}»", "a backtick is missing"),
    ('a{b="x«\\d»"}', "`\\d` is not an escape"),
    ('a{b="x«\\ud800»"}', "is not a character"),
    ('a{b=~«"("»}', "not a regular expression of RE2"),
    ('a{b«==»"c"}', "a matcher has a single `=`"),
    ('a{b="c" «or» d="e"}', "all matchers must hold"),
    ('a{b="c" «d»="e"}', "found `d` between label matchers where `,` or `}` should stand"),
    ("a{b=«c»}", "a quoted value"),
    ('a{x«:»y="z"}', "cannot hold a `:`"),
    ('a{«__name__="b"»}', "already has its name, `a`"),
    ('sum(«{b=""}»)', "would select every series"),
    ("«bool» + a", "cannot name a metric"),
    ("a «&»& b", "the operator is `and`"),
    ("a «|»| b", "the operator is `or`"),
    ("a «!»b", "only in `!=` and `!~`"),
    ("a{b=«\u201c»c\u201d}", "typographic quote"),
    ("a «\u00a0»+ b", "no-break space"),
    ("a + «é»", "`é` cannot stand here"),
    ("a + «\x00»", "`U+0000` cannot stand here"),
    ("a # 😀 café\n+ «😀»", "cannot stand here"),
    ('a{b="«\ud800»"}', "lone surrogate"),
    ('a{b="«\ufffd»"}', "U+FFFD"),
    ('info(a, «b{x="y"}»)', "only label matchers"),
    ("sum by («5») (a)", "a label name"),
    ("sum by (x) (a) «by» (y)", "found `by`"),
    ("a[5m «b»]", "in a range"),
    ("a[5m «/» 0]", "a division by zero"),
]


def marked(text: str) -> tuple[str, int, int]:
    start = text.index("«")
    end = text.index("»") - 1
    return text.replace("«", "").replace("»", ""), start, end


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_the_caret_stands_under_the_mistake_and_the_message_names_it(text: str, message: str) -> None:
    plain, start, end = marked(text)
    fault = parse(plain)
    assert isinstance(fault, Fault)
    assert message in fault.message
    assert (fault.start, fault.end) == (start, end), plain[fault.start : fault.end]


def test_a_closer_of_the_wrong_kind_points_at_the_opener() -> None:
    fault = parse("sum(a]")
    assert isinstance(fault, Fault)
    assert (fault.start, fault.end, fault.message) == (3, 4, "this `(` is never closed")


def test_messages_are_single_lines_without_a_stop() -> None:
    for text, _ in FAULTS:
        fault = parse(marked(text)[0])
        if isinstance(fault, Fault):
            assert "\n" not in fault.message
            assert not fault.message.endswith(".")
