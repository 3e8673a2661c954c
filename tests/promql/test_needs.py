"""Which Prometheus an expression asks for."""

import pytest

from watchbill.promql import AGGREGATIONS, FUNCTIONS, Expr, experimental, needs, parse, unmet


def read(text: str) -> Expr:
    expr = parse(text)
    assert isinstance(expr, Expr), expr
    return expr


NEEDS = [
    ("a @ 5", "@", "2.33.0", "@ 5"),
    ("a @ end()", "@", "2.33.0", "@ end()"),
    ("a offset -5m", "negative offset", "2.33.0", "-"),
    ("a atan2 b", "atan2", "2.31.0", "atan2"),
    ("a > 5m", "duration as number", "2.54.0", "5m"),
    ("a[300]", "number as duration", "2.54.0", "300"),
    ("a offset 300", "number as duration", "2.54.0", "300"),
    ("a > 1_000", "digits with underscores", "2.54.0", "1_000"),
    ("{'a.b'}", "quoted name", "3.0.0", "'a.b'"),
    ("a{'b.c'='d'}", "quoted name", "3.0.0", "'b.c'"),
    ("sum by ('b.c') (a)", "quoted name", "3.0.0", "'b.c'"),
    ("a[5m + 5m]", "arithmetic with durations", "3.4.0", "5m + 5m"),
    ("a[step()]", "step() in a duration", "3.6.0", "step()"),
    ("a smoothed", "anchored or smoothed", "3.7.0", "smoothed"),
    ("a + fill (0) b", "fill", "3.10.0", "fill (0)"),
    ("a </ 5", "trimming of histograms", "3.11.0", "</"),
    ("sin(a)", "sin()", "2.31.0", "sin"),
    ("histogram_count(a)", "histogram_count()", "2.40.0", "histogram_count"),
    ("limitk(1, a)", "limitk()", "2.54.0", "limitk"),
    ("info(a)", "info()", "2.55.0", "info"),
    ("holt_winters(a[5m], 0.1, 0.1)", "holt_winters()", "3.0.0", "holt_winters"),
    ("double_exponential_smoothing(a[5m], 0.1, 0.1)", "double_exponential_smoothing()", "3.0.0", None),
]


@pytest.mark.parametrize(("text", "what", "version", "where"), NEEDS)
def test_a_need_tells_version_and_place(text: str, what: str, version: str, where: str | None) -> None:
    (need,) = needs(read(text))
    assert (need.what, need.version) == (what, version)
    if where is not None:
        assert text[need.start : need.end] == where


def test_ordinary_expressions_need_nothing() -> None:
    for text in (
        "sum by (x) (rate(a{b='c'}[5m] offset 5m)) > 0.5",
        "a[1h:5m]",
        "vector(1)",
        "absent(a)",
        "a == bool 1",
    ):
        assert needs(read(text)) == ()


def test_needs_come_in_the_order_of_the_text() -> None:
    found = needs(read("sin(a @ 5) + cos(b > 5m)"))
    assert [need.what for need in found] == ["sin()", "@", "cos()", "duration as number"]


def test_experimental_needs_tell_their_flag() -> None:
    (need,) = experimental(read("sin(a) + limitk(5, b)"))
    assert need.flag == "promql-experimental-functions"


def test_a_flag_is_needed_only_until_a_construct_is_stable() -> None:
    expr = read("first_over_time(a[5m])")
    assert unmet(expr, "3.6.0", frozenset(("promql-experimental-functions",)))
    assert unmet(expr, "3.7.0")
    assert not unmet(expr, "3.7.0", frozenset(("promql-experimental-functions",)))
    assert not unmet(expr, "3.14.0")


@pytest.mark.parametrize(
    ("version", "met"),
    [("2.53.9", False), ("2.54.0", True), ("v2.54", True), ("3", True), ("2.54.0-rc.1", True), ("2.9", False)],
)
def test_versions_are_compared_as_numbers(version: str, met: bool) -> None:
    assert (not unmet(read("a > 5m"), version)) is met


def test_every_function_and_aggregation_is_in_the_table_once() -> None:
    assert len(FUNCTIONS) == 91
    assert list(FUNCTIONS) == sorted(FUNCTIONS)
    assert not set(FUNCTIONS) & set(AGGREGATIONS)


@pytest.mark.tools
def test_promtool_knows_the_functions_that_we_say_it_knows(judge, promtool_version: str) -> None:
    values = {"scalar": "1", "vector": "a", "matrix": "a[5m]", "string": '"x"'}
    texts = []
    for function in FUNCTIONS.values():
        args = [
            '{x="y"}' if function.name == "info" and place else values[kind] for place, kind in enumerate(function.args)
        ]
        texts.append(f"{function.name}({', '.join(args)})")
    flags = frozenset(("promql-experimental-functions",))
    ours = [not unmet(read(text), promtool_version, flags) for text in texts]
    theirs = [word is None for word in judge(texts)]
    assert dict(zip(texts, ours, strict=True)) == dict(zip(texts, theirs, strict=True))
