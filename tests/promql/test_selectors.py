"""Selectors with their places and contexts; what an alert watches; names and ranges."""

import pytest

from watchbill.promql import Expr, Selector, functions, metrics, parse, ranges, selectors, watched


def read(text: str) -> Expr:
    expr = parse(text)
    assert isinstance(expr, Expr), expr
    return expr


def only(text: str) -> Selector:
    (selector,) = selectors(read(text))
    return selector


def test_selectors_come_in_the_order_of_the_text_with_their_places() -> None:
    text = "sum(rate(b{x='1'}[5m] offset 1h)) / a offset -5m > {__name__='c'} and {\"d.e\", y!~`z`} @ 5"
    found = selectors(read(text))
    assert [text[one.start : one.end] for one in found] == ["b{x='1'}", "a", "{__name__='c'}", '{"d.e", y!~`z`}']
    assert [one.metric for one in found] == ["b", "a", "c", "d.e"]
    assert [one.range for one in found] == ["5m", None, None, None]
    assert [one.offset for one in found] == ["1h", "-5m", None, None]
    assert [one.brace for one in found] == [10, -1, 51, 70]
    assert [matcher.key for matcher in found[3].matchers] == [("__name__", "=", "d.e"), ("y", "!~", "z")]
    assert [text[one.start : one.end] for one in found[3].matchers] == ['"d.e"', "y!~`z`"]


def test_a_metric_that_is_not_one_name_is_none() -> None:
    assert only("{__name__=~'a|b'}").metric is None
    assert only("{job='a'}").metric is None
    assert only("{'a', 'b'}").metric is None


def test_a_range_keeps_its_spelling() -> None:
    assert only("rate(a[ 1h30m ])").range == "1h30m"
    assert only("a[2 * 5m] offset (1m + 1m)").range == "2 * 5m"


CONTEXTS = [
    ("a", "absent", False),
    ("absent(a)", "absent", True),
    ("absent(sum(rate(a[5m])) > 5)", "absent", True),
    ("absent_over_time(a[5m])", "absent", True),
    ("b unless a", "excluded", True),
    ("b unless on (x) (a > 5)", "excluded", True),
    ("a unless b", "excluded", False),
    ("b and a", "excluded", False),
    ("b or a", "alternative", True),
    ("(a > 5) or b", "alternative", True),
    ("b and a", "alternative", False),
    ("sum(a or vector(0))", "fallback", True),
    ("a or b", "fallback", False),
    ("sum(a)", "aggregated", True),
    ("topk(scalar(a), b)", "aggregated", True),
    ("rate(a[5m])", "aggregated", False),
    ("info(b, {a='1'})", "information", False),
]


@pytest.mark.parametrize(("text", "field", "expected"), CONTEXTS)
def test_a_selector_knows_what_stands_around_it(text: str, field: str, expected: bool) -> None:
    one = next(one for one in selectors(read(text)) if one.metric == "a" or field == "information")
    assert getattr(one.context, field) is expected


def test_a_selector_knows_the_functions_around_it_outermost_first() -> None:
    assert only("sum by (x) (max_over_time(rate(a[5m])[1h:]))").context.functions == ("sum", "max_over_time", "rate")


def test_the_second_argument_of_info_is_marked() -> None:
    first, second = selectors(read("info(rate(a[5m]), {b=~'.+'})"))
    assert not first.context.information
    assert second.context.information


WATCHED = [
    ("a > 5", ["a"]),
    ("rate(a{x='1'}[5m] offset 1h) > 0", ["a{x='1'}"]),
    ("a @ 5 > 1", ["a"]),
    ("a / a > 1", ["a"]),
    ("a{x='1', y='2'} / a{y='2', x='1'}", ["a{x='1', y='2'}"]),
    ('a / {__name__="a"}', ["a"]),
    ("a / b", ["a", "b"]),
    ("a > 1 or b > 1", ["a", "b"]),
    ("sum(rate(e{code=~'5..'}[5m])) / sum(rate(e[5m])) > 0.1", ["e"]),
    ("sum(rate(e[5m])) - sum(rate(e{code='200'}[5m]))", ["e"]),
    ("e{code='500', x='1'} / e{x='1'}", ["e{x='1'}"]),
    ("e{code='500'} / e{x='1'}", ["e{code='500'}", "e{x='1'}"]),
    ("e{code='500'} / f", ["e{code='500'}", "f"]),
    ("absent(a)", []),
    ("absent(a{x='1'}) or a{x='1'} == 0", []),
    ("absent(a) or b > 1", ["b"]),
    ("absent_over_time(a[5m])", []),
    ("a unless b", ["a"]),
    ("a{x='1'} unless a", ["a{x='1'}"]),
    ("a unless absent(a)", ["a"]),
    ("a and on () b", ["a", "b"]),
    ("(a or vector(0)) / b > 0.5", ["b"]),
    ("sum(a) or on () vector(0)", []),
    ("vector(1)", []),
    ("time() - 5 > bool 1", []),
    ("time() - max(a) > 60", ["a"]),
    ("info(a, {b='1'})", ["a"]),
    ("{__name__=~'a|b'} > 1", ["{__name__=~'a|b'}"]),
    ("max_over_time((a > 1)[5m:1m])", ["a"]),
    ("a{ # note\n x='1' } > 1", ["a{ # note\n x='1' }"]),
]


@pytest.mark.parametrize(("text", "expected"), WATCHED)
def test_what_an_alert_goes_blind_without(text: str, expected: list[str]) -> None:
    found = watched(read(text))
    assert list(found) == expected
    for one in found:
        assert isinstance(parse(f"absent({one})"), Expr)


def test_names_of_metrics_and_functions_are_told_in_order() -> None:
    expr = read("SUM by (x) (rate(b[5m])) / topk(5, a) + b + time()")
    assert metrics(expr) == ("b", "a")
    assert [(use.name, expr.text[use.start : use.end]) for use in functions(expr)] == [
        ("sum", "SUM"),
        ("rate", "rate"),
        ("topk", "topk"),
        ("time", "time"),
    ]


def test_ranges_are_in_seconds() -> None:
    expr = read("max_over_time(rate(a[5m] offset 1h)[1d:1m] offset -1m) + rate(b[300])")
    assert [(one.seconds, one.offset, one.subquery, expr.text[one.start : one.end]) for one in ranges(expr)] == [
        (300.0, 3600.0, False, "5m"),
        (86400.0, -60.0, True, "1d"),
        (300.0, 0.0, False, "300"),
    ]


def test_a_computed_range_is_computed_as_far_as_it_is_constant() -> None:
    assert [one.seconds for one in ranges(read("rate(a[5m * 2 + 2 ^ 3])"))] == [608.0]
    assert [one.seconds for one in ranges(read("rate(a[max_of(5m, 1m)])"))] == [300.0]
    assert [one.seconds for one in ranges(read("rate(a[step() * 2])"))] == [None]
