"""Matchers added to the text of an expression."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.promql import Conflict, Expr, Fault, add_matchers, parse, selectors

EDITS = [
    ("a", 'a{env="production"}'),
    ("a{}", 'a{env="production"}'),
    ("a{ }", 'a{env="production" }'),
    ("a{ # why\n}", 'a{env="production" # why\n}'),
    ("a{x='1'}", "a{x='1', env=\"production\"}"),
    ("a{x='1',}", "a{x='1', env=\"production\",}"),
    ("a{x='1' # why\n}", "a{x='1', env=\"production\" # why\n}"),
    ("{__name__='a'}", "{__name__='a', env=\"production\"}"),
    ('{"a.b", x="}{"}', '{"a.b", x="}{", env="production"}'),
    ("a # {b}\n+ c", 'a{env="production"} # {b}\n+ c{env="production"}'),
    ("rate(a[5m] offset 1h)", 'rate(a{env="production"}[5m] offset 1h)'),
    ("sum by (env) (a)", 'sum by (env) (a{env="production"})'),
    ("sum + by * and", 'sum{env="production"} + by{env="production"} * and{env="production"}'),
    ("absent(up{job='x'})", "absent(up{job='x', env=\"production\"})"),
    ('a{env="production"} + b', 'a{env="production"} + b{env="production"}'),
    ("a{env='production'}", "a{env='production'}"),
    ("5 + time()", "5 + time()"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_a_matcher_goes_into_every_selector_and_nothing_else_changes(before: str, after: str) -> None:
    assert add_matchers(before, {"env": "production"}) == after


def test_several_matchers_go_in_together_in_their_order() -> None:
    assert add_matchers("a", {"env": "p", "cluster": "eu"}) == 'a{env="p", cluster="eu"}'


def test_no_matchers_change_nothing() -> None:
    assert add_matchers("a{}", {}) == "a{}"


@pytest.mark.parametrize("text", ['a{env="staging"}', 'a{env=~"p.*"}', 'a{env!="staging"}', 'a{env=""}'])
def test_another_matcher_on_the_label_is_a_conflict(text: str) -> None:
    conflict = add_matchers(f"b + {text}", {"env": "production"})
    assert isinstance(conflict, Conflict)
    assert conflict.label == "env"
    assert f"b + {text}"[conflict.start : conflict.end] == text[2:-1]
    assert 'env="production"' in conflict.message


def test_a_broken_expression_stays_broken() -> None:
    fault = add_matchers("sum(a", {"env": "p"})
    assert isinstance(fault, Fault)
    assert (fault.start, fault.end) == (3, 4)


@pytest.mark.parametrize("matchers", [{"": "x"}, {"__name__": "x"}, {"a": "\ud800"}, {"\udfff": "x"}])
def test_what_cannot_be_written_is_refused(matchers: dict[str, str]) -> None:
    assert isinstance(add_matchers("a", matchers), Fault)


EXPRESSIONS = [before for before, _ in EDITS if "env" not in before or "by (env)" in before]

LABELS = st.text(min_size=1, max_size=8).filter(lambda text: text != "__name__")


@settings(deadline=None)
@given(
    st.sampled_from(EXPRESSIONS),
    st.dictionaries(LABELS | st.sampled_from(["env", "a.b", "é", 'q"']), st.text(max_size=12), min_size=1, max_size=3),
)
def test_any_value_comes_back_from_the_edited_text(text: str, matchers: dict[str, str]) -> None:
    edited = add_matchers(text, matchers)
    if isinstance(edited, Conflict):
        assert edited.label in {"x", "job"}
        return
    assert isinstance(edited, str), edited
    before, after = parse(text), parse(edited)
    assert isinstance(before, Expr)
    assert isinstance(after, Expr), after
    added = [(label, "=", value) for label, value in matchers.items()]
    for old, new in zip(selectors(before), selectors(after), strict=True):
        assert new.metric == old.metric
        assert [one.key for one in new.matchers] == [
            *(one.key for one in old.matchers),
            *(key for key in added if key not in [one.key for one in old.matchers]),
        ]


@pytest.mark.tools
def test_promtool_adds_the_same_matchers(promtool: Path) -> None:
    for text in EXPRESSIONS:
        theirs = promql(promtool, "label-matchers", "set", "--type==", text, "env", "production")
        ours = add_matchers(text, {"env": "production"})
        assert isinstance(ours, str)
        assert keys(theirs) == keys(ours), text


def promql(promtool: Path, *words: str) -> str:
    ran = subprocess.run([promtool, "--experimental", "promql", *words], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def keys(text: str) -> list[tuple[str | None, set[tuple[str, str, str]]]]:
    expr = parse(text)
    assert isinstance(expr, Expr)
    return [
        (one.metric, {matcher.key for matcher in one.matchers if matcher.name != "__name__"}) for one in selectors(expr)
    ]
