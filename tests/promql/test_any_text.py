"""Any text whatever gives an answer, soon, and never an exception or a crash."""

import subprocess
import sys
import threading
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchbill.promql import (
    FUNCTIONS,
    Conflict,
    Expr,
    Fault,
    add_matchers,
    functions,
    labels,
    metrics,
    needs,
    parse,
    ranges,
    selectors,
    watched,
    why_not,
)
from watchbill.promql.tokens import MAX_LENGTH, MAX_NESTING, MAX_OPERATORS
from watchbill.promql.words import FILLS, KEYWORDS

WORDS = [*sorted(KEYWORDS | FILLS), *sorted(FUNCTIONS), "a", "b", "inf", "nan", "anchored"]
SIGNS = [*"()[]{},+-*/%^=<>@:!~#$\\\"'` \n", "==", "!=", "=~", "!~", ">=", "{x='1'}", '{y=~"."}', "[5m]", "[5m:1m]"]
SIGNS += ["5m", "1", "0x1f", "1e5", "'s'", '"t"', "`u`", "# c\n", "()", "\x00", "é", "😀", "\ud800", "\ufffd"]

SOUP = st.lists(st.sampled_from(WORDS + SIGNS), max_size=40)
TEXTS = st.text() | SOUP.map(" ".join) | SOUP.map("".join) | st.binary().map(lambda data: data.decode("latin-1"))


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> str:
    """Mostly valid instant vectors."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(
            st.sampled_from(["a", "b{x='1'}", "c{y=~'2|'}", "{z!=''}", "vector(1)", "a offset 5m", "b @ end()"])
        )
    inner = draw(expressions(depth - 1))
    kind = draw(st.integers(0, 7))
    if kind <= 2:
        op = draw(st.sampled_from(["+", "/", "> bool", "==", "and", "or", "unless", "* on (x)", "- ignoring (x)"]))
        more = draw(st.sampled_from(["", " group_left (y)", " group_right"])) if "(" in op else ""
        return f"{inner} {op}{more} {draw(expressions(depth - 1))}"
    shapes = [
        "({})",
        "-{}",
        "sum({})",
        "sum by (x) ({})",
        "max without (y) ({})",
        "topk(2, {})",
        "abs({})",
        "absent({})",
    ]
    shapes += [
        "rate(({})[5m:])",
        "label_replace({}, 'x', '$1', 'y', '(.*)')",
        "count_values('v', {})",
        "vector(scalar({}))",
    ]
    shapes += ["histogram_quantile(0.9, {})", "label_join({}, 'x', '-', 'y')", "{} > 5", "5 * {}", "info({})"]
    return draw(st.sampled_from(shapes)).format(inner)


def analyse(text: str) -> None:
    expr = parse(text)
    if isinstance(expr, Fault):
        assert 0 <= expr.start <= expr.end <= len(text)
        assert expr.message
        return
    for across in (False, True):
        branches = labels(expr, across=across)
        assert branches
        for branch in branches:
            assert branch.must <= branch.can
            assert all(branch.possible(label) for label in branch.must)
            assert {label for label, _ in branch.fixed} <= branch.must
    for one in selectors(expr):
        assert text[one.start : one.end].strip()
        assert all(one.start < matcher.start < matcher.end < one.end for matcher in one.matchers)
    for selector in watched(expr):
        assert isinstance(parse(selector), Expr)
    for place in (*functions(expr), *ranges(expr), *needs(expr)):
        assert 0 <= place.start <= place.end <= len(text)
    metrics(expr)
    why_not(expr, "missing")
    edited = add_matchers(text, {"e-n-v": 'p"\\'})
    if isinstance(edited, str):
        assert isinstance(parse(edited), Expr)
    else:
        assert isinstance(edited, Conflict) or len(text) > MAX_LENGTH - 100


@given(TEXTS)
@settings(deadline=None)
def test_any_text_gives_an_answer(text: str) -> None:
    analyse(text)


@given(expressions())
@settings(deadline=None)
@example("a or b or c{x=''}")
def test_any_expression_can_be_analysed(text: str) -> None:
    analyse(text)


@given(expressions(), st.integers(0, 200), st.sampled_from([*WORDS, *SIGNS]))
@settings(deadline=None)
def test_any_damaged_expression_gives_an_answer(text: str, place: int, piece: str) -> None:
    analyse(text[:place] + piece + text[place:])
    analyse(text[:place] + text[place + 1 :])


HUGE = {
    "a chain": "up" + "+up" * 50_000,
    "parentheses": "(" * 100_000 + "up" + ")" * 100_000,
    "openers": "(" * 60_000,
    "signs": "-" * 100_000 + "up",
    "fewer signs": "-" * 60_000 + "up",
    "braces": "{" * 60_000,
    "brackets": "x" + "[" * 60_000,
    "subqueries": "x" + "[5m:]" * 10_000,
    "powers": "2" + "^2" * 30_000,
    "aggregations": "sum(" * 15_000,
    "calls": "abs(" * 15_000 + "a" + ")" * 100,
    "alternatives": "a" + " or a" * 12_000,
    "signs of durations": "x[" + "-" * 60_000 + "5m]",
    "sums of durations": "x[1s" + "+1s" * 20_000 + "]",
    "powers of durations": "x[1s" + "^1s" * 20_000 + "]",
    "nested durations": "x[" + "(" * 30_000 + "1s" + ")" * 30_000 + "]",
    "quotes": '"' * 60_001,
    "backslashes": '"' + "\\" * 60_001,
    "digits": "1" * 60_000,
    "digits and underscores": "1_" * 30_000,
    "units": "1m" * 30_000,
    "comments": "#\n" * 30_000 + "$",
    "blanks": " " * 65_000 + "$",
    "groups of a regex": 'x{a=~"' + "(" * 30_000 + '"}',
    "a regex that is too large": 'x{a=~"' + "(a{1000}){1000}" + '"}',
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_huge_text_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    fault = parse(text)
    assert isinstance(fault, Fault)
    assert isinstance(add_matchers(text, {"a": "b"}), Fault)
    assert time.process_time() - began < 2


LARGEST = {
    "length": "a{b='" + "x" * (MAX_LENGTH - 7) + "'}",
    "operators": "up" + " + up" * MAX_OPERATORS,
    "alternatives": "up" + " or up" * MAX_OPERATORS,
    "nesting": "(" * MAX_NESTING + "up" + ")" * MAX_NESTING,
    "calls": "abs(" * MAX_NESTING + "up" + ")" * MAX_NESTING,
    "signs": "-" * MAX_NESTING + "up",
    "powers": "2" + " ^ 2" * MAX_NESTING,
    "both": "(" * (MAX_NESTING - 1) + "up" + " + up" * MAX_OPERATORS + ")" * (MAX_NESTING - 1),
}


@pytest.mark.parametrize("text", LARGEST.values(), ids=LARGEST)
def test_the_largest_text_is_read_and_one_step_more_is_refused(text: str) -> None:
    assert isinstance(parse(text), Expr)
    analyse(text)
    assert isinstance(parse(text + " " * MAX_LENGTH), Fault)


def test_one_operator_or_level_too_many_is_refused() -> None:
    assert "operators" in parse("up" + " + up" * (MAX_OPERATORS + 1)).message
    assert "levels deep" in parse("(" * (MAX_NESTING + 1) + "up" + ")" * (MAX_NESTING + 1)).message
    assert "too long" in parse(" " * MAX_LENGTH + "a").message


def test_the_largest_texts_fit_on_the_small_stack_of_a_thread() -> None:
    """Half of what macOS gives a thread; in a process of its own, as a crash would take the whole run with it."""
    program = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from watchbill.promql import add_matchers, labels, parse, watched, why_not
def work():
    for text in sys.stdin.read().split("\\0"):
        expr = parse(text)
        labels(expr); watched(expr); why_not(expr, "q"); add_matchers(text, {"e": "p"}); hash(expr)
        del expr
    print("done")
threading.stack_size(256 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    root = parse.__code__.co_filename.partition("/watchbill/")[0]
    texts = "\0".join(text for text in LARGEST.values())
    ran = subprocess.run(
        [sys.executable, "-c", program, root], input=texts, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "done\n", ran.stderr[-1000:]


def test_threads_may_parse_at_the_same_time() -> None:
    found: list[bool] = []

    def work() -> None:
        found.extend(isinstance(parse(f"sum by (x) (rate(a{{b=~'{number}|c'}}[5m]))"), Expr) for number in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 200


def test_a_thousand_expressions_take_a_tenth_of_a_second_or_so() -> None:
    """Measured 0.06 s; the bound only notices a change of order."""
    texts = [
        f"sum by (job, x{number}) (rate(errors_total{{code=~'5..'}}[5m])) / sum by (job) (rate(total[5m])) > 0.{number}"
        for number in range(1_000)
    ]
    began = time.process_time()
    for text in texts:
        expr = parse(text)
        assert isinstance(expr, Expr)
        labels(expr)
        watched(expr)
    assert time.process_time() - began < 1
