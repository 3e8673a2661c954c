"""Prometheus itself as the judge of what is said to never fire, to always fire, or to find no partner."""

import itertools
import json
import re
import subprocess

import pytest

from watchbill import promql

pytestmark = pytest.mark.tools

SERIES = [
    f'{metric}{{instance="{instance}", job="{job}", {more}}}'
    for metric in ("a", "b")
    for instance, job in (("i1", "j1"), ("i2", "j1"), ("i3", "j2"))
    for more in ('x="1"', 'x="2", y="3"')
]
SIDES = (
    *("a", "b", 'a{x="1"}', 'b{x="2"}', 'a{y=""}', 'a{y=~".+"}', "sum(a)", "sum by (x) (b)", "sum by (job) (a)"),
    *("max by (instance, job) (b)", "avg without (x) (a)", "absent(a)", 'absent(nothing{x="1"})', "vector(0)", "a > 1"),
    *("count(b > 0)", "-a", "abs(b)", "max_over_time(a[5m])", "a offset 1m", "topk(2, a)", 'label_replace(sum(a), "x", "1", "", "")'),
)  # fmt: skip
OPERATORS = (
    "+",
    ">",
    "and",
    "or",
    "unless",
    "/ on (x)",
    "and on (job)",
    "== ignoring (x)",
    "and ignoring (instance, job)",
)
EXPRESSIONS = [f"({left}) {op} ({right})" for left, op, right in itertools.product(SIDES, OPERATORS, SIDES)]
BEHIND = [
    f"{side} {op}" for side in ("sum(a)", "absent(nothing)", "vector(0)", "a") for op in ("> 0", "== 0", "< 0", ">= 0")
]
OPEN = [
    f"{text} or {other}" for text in BEHIND for other in ("vector(0)", "vector(1) > 0", "vector(0) > 0", "absent(a)")
]


def _said(text):
    parsed = promql.parse(text)
    assert not isinstance(parsed, promql.Fault), (text, parsed)
    return {one.name for one in promql.remarks(parsed, promql.labels_of_nodes(parsed))}


@pytest.fixture(scope="module")
def results(promtool, tmp_path_factory):
    """Whether each expression yields anything, with the series and without any; None where Prometheus gives an error."""

    def yields(expressions, series):
        test = {
            "interval": "1m",
            "input_series": [{"series": name, "values": f"{n}+{n % 3}x20"} for n, name in enumerate(series)],
            "promql_expr_test": [
                {"expr": text, "eval_time": "10m", "exp_samples": [{"labels": "impossible", "value": 1}]}
                for text in expressions
            ],
        }
        path = tmp_path_factory.mktemp("judged") / "test.yml"
        path.write_text(json.dumps({"evaluation_interval": "1m", "tests": [test]}), "utf-8")
        ran = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
        said = ran.stdout + ran.stderr
        got = re.findall(r'expr: "((?:[^"\\]|\\.)*)", time: 10m,\n.*\n +got: *(.*)', said)
        return {json.loads(f'"{echoed}"'): bool(re.search(r"\d", result)) for echoed, result in got}

    return yields


def test_what_is_said_to_never_fire_yields_nothing(results):
    never = [text for text in (*EXPRESSIONS, *BEHIND) if "never-fires" in _said(text)]
    assert len(never) > 100
    given = results(never, SERIES)
    assert len(given) > 100
    assert [text for text, something in given.items() if something] == []


def test_what_is_said_to_find_no_partner_yields_nothing_where_every_series_was_scraped(results):
    strays = [text for text in EXPRESSIONS if "impossible-match" in _said(text) and " unless " not in text]
    assert len(strays) > 100
    given = results(strays, SERIES)
    assert len(given) > 100
    assert [text for text, something in given.items() if something] == []


def test_what_is_said_to_always_fire_yields_something_whether_there_are_series_or_not(results):
    always = [text for text in (*EXPRESSIONS, *OPEN) if "always-fires" in _said(text)]
    assert len(always) > 20
    for series in (SERIES, []):
        given = results(always, series)
        assert sorted(given) == sorted(set(always))
        assert all(given.values())


def test_an_unless_that_is_said_to_remove_nothing_removes_nothing(results):
    idle = [text for text in EXPRESSIONS if "impossible-match" in _said(text) and " unless " in text]
    left = {text: text.partition(" unless ")[0] for text in idle}
    assert len(idle) > 20
    whole, alone = results(idle, SERIES), results(sorted(set(left.values())), SERIES)
    assert all(whole[text] == alone[left[text]] for text in idle)
