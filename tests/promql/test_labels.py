"""Which labels a result can, must and cannot carry."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from watchbill.promql import (
    Branch,
    Expr,
    Fault,
    can_have,
    labels,
    lacking,
    must_have,
    parse,
    scan_template,
    template_labels,
    why_not,
)


def read(text: str) -> Expr:
    expr = parse(text)
    assert isinstance(expr, Expr), expr
    return expr


def shown(branch: Branch) -> str:
    """A branch as a line: `open` or `closed`, possible labels, `!` certain ones, `-` impossible ones, `=` known values."""
    fixed = dict(branch.fixed)
    words = ["closed" if branch.closed else "open"]
    words += [
        (f"{label}={fixed[label]}" if label in fixed else label) + ("!" if label in branch.must else "")
        for label in sorted(branch.can)
        if label != "__name__"
    ]
    words += [f"-{label}" for label in sorted(branch.cannot) if label != "__name__"]
    words += [word for word in ("always", "dead") if getattr(branch, word)]
    return " ".join(words)


BRANCHES = [
    ("a", ["open"]),
    ("a{x='1'}", ["open x=1!"]),
    ("a{x=~'1|2'}", ["open x!"]),
    ("a{x=~'1|'}", ["open"]),
    ("a{x!=''}", ["open x!"]),
    ("a{x!='1'}", ["open"]),
    ("a{x=''}", ["open -x"]),
    ("a{x!~'.+'}", ["open -x"]),
    ("a{x='1', x='2'}", ["open x=1! dead"]),
    ("a{x='', x=~'.+'}", ["open x! dead"]),
    ("sum(a)", ["closed"]),
    ("sum by (x) (a)", ["closed x"]),
    ("sum by (x) (a{x='1', y='2'})", ["closed x=1!"]),
    ("sum by (x, y) (a{x=''})", ["closed y"]),
    ("sum by (x) (sum by (y) (a))", ["closed"]),
    ("sum without (x) (a{x='1', y='2'})", ["open y=2! -x"]),
    ("sum without (x) (sum by (x, y) (a))", ["closed y"]),
    ("topk(1, a{x='1'})", ["open x=1!"]),
    ("topk by (x) (1, sum by (x, y) (a))", ["closed x y"]),
    ("count_values('v', a)", ["closed v!"]),
    ("count_values by (x) ('v', a)", ["closed v! x"]),
    ("count_values without (x) ('v', a)", ["open v! -x"]),
    ("count_values without (x) ('x', a)", ["open -x"]),
    ("topk(1, vector(1))", ["closed always"]),
    ("topk(0, vector(1))", ["closed"]),
    ("histogram_quantile(0.9, vector(1))", ["closed"]),
    ("rate(vector(1)[5m:])", ["closed"]),
    ("sum(a or vector(0)) > 5", ["closed"]),
    ("1", ["closed always"]),
    ("vector(1)", ["closed always"]),
    ("time()", ["closed always"]),
    ("scalar(a)", ["closed always"]),
    ("hour()", ["closed always"]),
    ("hour(a{x='1'})", ["open x=1!"]),
    ("absent(a{x='1', y=~'2', z!='3'})", ["closed x=1!"]),
    ("absent(a{x='1', x=~'1.*'})", ["closed"]),
    ("absent(a{x=~'1.*', x='1'})", ["closed x=1!"]),
    ("absent((a{x='1'}))", ["closed x=1!"]),
    ("absent(sum by (x) (a{x='1'}))", ["closed"]),
    ("absent_over_time(a{x='1'}[5m])", ["closed x=1!"]),
    ("absent_over_time(sum(a{x='1'})[5m:])", ["closed"]),
    ("rate(a{x='1'}[5m])", ["open x=1!"]),
    ("max_over_time(sum by (x) (a)[5m:])", ["closed x"]),
    ("-a{x='1'}", ["open x=1!"]),
    ("(a{x='1'}) > 5", ["open x=1!"]),
    ("5 < a{x='1'}", ["open x=1!"]),
    ("a{x='1'} or b{y='2'}", ["open x=1!", "open y=2!"]),
    ("a or a", ["open"]),
    ("a or vector(0)", ["open", "closed always"]),
    ("(a or vector(0)) > 5", ["open", "closed dead"]),
    ("(a or vector(9)) > 5", ["open", "closed"]),
    ("vector(9) > 5", ["closed always"]),
    ("(a or vector(1)) * 2", ["open", "closed always"]),
    ("vector(1) * 2 == 2", ["closed always"]),
    ("(a or vector(1)) > bool 5", ["open", "closed always"]),
    ("a{x='1'} and b{y='2'}", ["open x=1! y=2!"]),
    ("a and on (x) b{x='1', y='2'}", ["open x=1!"]),
    ("a and on () b", ["open"]),
    ("a{x='1'} unless b{x='2'}", ["open x=1!"]),
    ("a / b", ["open"]),
    ("a{x='1'} / b{x='2'}", ["open x=1! dead"]),
    ("a{x='1'} / ignoring (x) b{x='2'}", ["open -x"]),
    ("a / on (x) b", ["closed x"]),
    ("a{x='1'} > on (x, y) b{y='2'}", ["closed x=1! y=2!"]),
    ("a{x='1'} / on (x) sum(b)", ["closed x=1! dead"]),
    ("a * on (x) group_left b", ["open"]),
    ("a * on (x) group_left (y) b", ["open y"]),
    ("a * on (x) group_left (y) b{y='1'}", ["open y=1!"]),
    ("a{y='0'} * on (x) group_left (y) b{y=''}", ["open -y"]),
    ("a{y='0'} * on (x) group_left (y) sum by (x) (b)", ["open -y"]),
    ("sum by (x) (a) * on (x) group_left (y) b", ["closed x y"]),
    ("b * on (x) group_right (y) sum by (x, z) (a)", ["closed x y z"]),
    ("a * ignoring (z) group_left (y) b", ["open y"]),
    ("label_replace(a, 'x', '1', '', '.*')", ["open x=1!"]),
    ("label_replace(a, 'x', '$1', 'y', '(.*)')", ["open x"]),
    ("label_replace(sum(a), 'x', 'z', 'y', 'q')", ["closed x"]),
    ("label_replace(a{x='1'}, 'x', '', 'y', '.*')", ["open -x"]),
    ("label_replace(a{x='1'}, 'x', 'z', 'y', 'q')", ["open x!"]),
    ("label_replace(a{x='1'}, 'x', '', 'y', 'q')", ["open x"]),
    ("label_join(a, 'x', '-', 'y', 'z')", ["open x!"]),
    ("label_join(a, 'x', '', 'y')", ["open x"]),
    ("label_join(sum(a), 'x', '-', 'y')", ["closed"]),
    ("histogram_quantile(0.9, sum by (le, x) (a))", ["closed x"]),
    ("histogram_quantile(0.9, a)", ["open -le"]),
    ("histogram_quantiles(a, 'q', 0.5, 0.9)", ["open q! -le"]),
    ("info(sum by (x) (a))", ["open x"]),
    ("info(sum by (x) (a), {y=~'.+'})", ["closed x y"]),
    ("sum by (x) (a) + fill (0) sum by (x) (b)", ["closed x"]),
    ("quantile_over_time(0.9, a[5m])", ["open"]),
    ("vector(1) + vector(2) == 3", ["closed always"]),
    ("1 / 0", ["closed always"]),
    ("'a string'", ["closed always"]),
]


@pytest.mark.parametrize(("text", "branches"), BRANCHES)
def test_labels_follow_the_engine(text: str, branches: list[str]) -> None:
    assert [shown(branch) for branch in labels(read(text))] == branches


ACROSS = [
    ("a and absent(b)", "open", "closed"),
    ("a / sum by (x) (b)", "open", "closed x"),
    ("a and on (x) sum by (y) (b)", "open", "open -x"),
    ("a * on (x) group_left sum by (y) (b)", "open", "open -x"),
    ("sum by (x, y) (a) / ignoring (z) sum by (x, z) (b)", "closed x y", "closed x"),
    ("a / b{x=''}", "open", "open -x"),
]


@pytest.mark.parametrize(("text", "usual", "across"), ACROSS)
def test_what_only_the_other_side_rules_out_is_told_on_request(text: str, usual: str, across: str) -> None:
    assert [shown(branch) for branch in labels(read(text))] == [usual]
    assert [shown(branch) for branch in labels(read(text), across=True)] == [across]


def test_helpers_look_at_every_alternative() -> None:
    branches = labels(read("sum by (x) (a{x='1'}) or sum by (y) (b)"))
    assert can_have(branches, "x")
    assert can_have(branches, "y")
    assert not can_have(branches, "z")
    assert not must_have(branches, "x")
    assert [shown(branch) for branch in lacking(branches, "x")] == ["closed y"]
    assert must_have(labels(read("sum by (x) (a{x='1'})")), "x")


def test_an_alternative_that_never_comes_is_not_asked() -> None:
    branches = labels(read("(a or vector(0)) > 5"))
    assert lacking(branches, "x") == ()


def test_the_metric_name_goes_where_a_value_changes() -> None:
    for text in ("a", "a > 5", "topk(1, a)", "last_over_time(a[5m])", "sort(a)", "a and b", "sum by (__name__) (a)"):
        assert can_have(labels(read(text)), "__name__"), text
    for text in ("rate(a[5m])", "a + 1", "-a", "a > bool 5", "sum(a)", "a / b", "a * on (x) group_left b", "abs(a)"):
        assert not can_have(labels(read(text)), "__name__"), text


def test_many_alternatives_are_merged_into_a_safe_one() -> None:
    text = " or ".join(f"sum by (x, l{number}) (a{{x='1'}})" for number in range(100))
    branches = labels(read(text))
    assert len(branches) <= 64
    assert all(branch.closed for branch in branches)
    assert all(dict(branch.fixed) == {"x": "1"} for branch in branches)
    assert must_have(branches, "x")
    assert all(can_have(branches, f"l{number}") for number in range(100))
    assert not can_have(branches, "other")


def test_products_of_alternatives_do_not_explode() -> None:
    text = " * ".join(f"(a{{l{number}='1'}} or b{{l{number}='2'}})" for number in range(60))
    assert len(labels(read(text))) <= 64


REASONS = [
    ("sum(a) > 5", "«sum»(a) > 5", "`sum` without `by` drops every label"),
    ("sum by (x) (a)", "sum «by (x)» (a)", "`sum by (x)` keeps only `x`"),
    ("sum by (x, y) (a)", "sum «by (x, y)» (a)", "`sum by (x, y)` keeps only `x` and `y`"),
    ("sum by () (a)", "sum «by ()» (a)", "`sum by ()` keeps no label"),
    ("max(sum(a) by (x)) by (x)", "max(sum(a) «by (x)») by (x)", "`sum by (x)` keeps only `x`"),
    ("avg without (q) (a)", "avg «without (q)» (a)", "`avg without (q)` drops `q`"),
    ("a{q=''} > 5", "«a{q=''}» > 5", "this selector takes only series without `q`"),
    ("a / on (x) b", "a / «on (x)» b", "`/ on (x)` keeps only `x`"),
    ("a / ignoring (q) b", "a / «ignoring (q)» b", "`/ ignoring (q)` drops `q`"),
    (
        "a * on (x) group_left (q) sum by (x) (b)",
        "a * «on (x) group_left (q)» sum by (x) (b)",
        "copies `q` from a side",
    ),
    ("absent(up)", "«absent(up)»", "`absent` yields a series without labels"),
    ("absent(up{x='1'})", "«absent(up{x='1'})»", "only the labels that its selector fixes with `=`, `x`"),
    ("a or vector(0)", "a or «vector(0)»", "`vector()` has no labels"),
    ("vector(time())", "«vector(time())»", "`vector()` has no labels"),
    ("5", "«5»", "a number has no labels"),
    ("label_replace(a, 'q', '', 'x', '.*')", "«label_replace(a, 'q', '', 'x', '.*')»", "`label_replace` empties `q`"),
]


@pytest.mark.parametrize(("text", "marked", "sentence"), REASONS)
def test_the_reason_names_the_construct_that_removed_the_label(text: str, marked: str, sentence: str) -> None:
    reason = why_not(read(text), "q")
    assert reason is not None
    assert sentence in reason.text
    assert text[: reason.start] + "«" + text[reason.start : reason.end] + "»" + text[reason.end :] == marked


def test_there_is_no_reason_where_the_label_can_be() -> None:
    assert why_not(read("sum by (q) (a)"), "q") is None
    assert why_not(read("label_replace(sum(a), 'q', 'z', 'y', 'x')"), "q") is None


def test_a_histogram_quantile_is_the_reason_for_a_missing_le() -> None:
    reason = why_not(read("histogram_quantile(0.9, a)"), "le")
    assert reason is not None
    assert reason.text == "`histogram_quantile` drops `le`"


def test_pint_and_we_find_the_same_labels_that_cannot_exist(alerts, corpora: Path) -> None:
    """Pint 0.87 tells (file, line of the rule); one of two findings in the same column of a rule it does not repeat."""
    found = set()
    for alert in alerts:
        branches = labels(read(alert.expr))
        for text in alert.texts:
            template = scan_template(text)
            assert not isinstance(template, Fault), template
            for label in {label for label, _, _ in template_labels(template)}:
                if lacking(branches, label):
                    column = min(start for name, start, _ in template_labels(template) if name == label)
                    found.add((alert.file, alert.line, label, column))
    told = []
    for line in (corpora / "awesome-prometheus-alerts.pint.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            file, first, *_, summary = line.split("\t")
            if summary == "template uses non-existent label":
                told.append((file, int(first)))
    assert len(told) == 232
    assert sorted((file, line) for file, line, _, _ in found) == sorted(told)


SERIES = {
    'a{x="1", y="2"}': "1+1x20",
    'a{x="1", y="3", z="4"}': "2+2x20",
    'a{x="5"}': "3x20",
    'b{x="1", q="6"}': "7x20",
    'b{x="5", q="7", z="4"}': "8x20",
    'b{x="9"}': "9x20",
    "c": "10x20",
    'h_bucket{x="1", le="1"}': "1+1x20",
    'h_bucket{x="1", le="+Inf"}': "2+2x20",
}

QUERIES = """
a
a{x="1"}
a{z=""}
a{y=~".+"}
{__name__=~"a|b"}
sum(a)
sum by (x) (a)
sum by (x, nothing) (a)
sum without (x) (a)
sum by (__name__) (a)
topk(2, a)
bottomk by (x) (1, a)
count_values("v", a)
count_values by (x) ("v", a)
count_values without (x) ("x", a)
quantile by (y) (0.5, a)
limitk(2, a)
rate(a[5m])
last_over_time(a[5m])
max_over_time(a[5m:1m])
max_over_time(sum by (x) (a)[5m:1m])
abs(a)
-a
+a
a > 2
2 < a
a > bool 2
a + 1
1 + a
a / a
sum by (x) (a) / on (x) sum by (x) (b)
sum by (x, z) (a{y!="2"}) / ignoring (z) sum by (x) (b)
sum by (x) (a) > on (x) b
sum by (x) (b) == bool sum by (x) (b)
a * on (x) group_left b
a * on (x) group_left (q) b
a * on (x) group_left (q, z) b
a > on (x) group_left (q) (b - 6)
b * on (x) group_right (q) a
a * ignoring (y, z, q) group_left (q) b
a and b
a and on (x) b
a and on () c
a unless on (x) b{x="5"}
a or b
a or on (x) b
a or vector(0)
nothing or vector(0)
(nothing or vector(0)) > 5
absent(nothing)
absent(nothing{x="1", y=~"2", z!="3", w=""})
absent(nothing{x="1", x="2"})
absent(nothing{x=~"1", x="1"})
absent((nothing{x="1"}))
absent(sum(nothing{x="1"}))
absent_over_time(nothing{x="1"}[5m])
absent_over_time(sum(nothing{x="1"})[5m:])
label_replace(a, "n", "$1", "y", "(.*)")
label_replace(a, "n", "new", "y", "2")
label_replace(a, "x", "", "y", ".*")
label_replace(a, "x", "", "y", "2")
label_replace(a, "x", "", "y", "")
label_replace(a, "x", "new", "", "")
label_join(a, "n", "-", "y", "z")
label_join(a, "n", "", "y", "z")
label_join(a, "x", "")
histogram_quantile(0.9, h_bucket)
histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))
histogram_fraction(0, 1, h_bucket)
vector(1)
vector(time())
vector(scalar(c))
scalar(c)
hour()
hour(a)
timestamp(a)
sort(a)
sort_by_label(a, "x")
clamp(a, 0, 1)
round(a)
1
time()
pi()
1 == bool 1
vector(1) == 1
vector(1) == 2
a atan2 a
a and a > 2 or b
sum(a) * on () group_right b
avg by (x) (a * on (x) group_left (q) b)
max without (y) (a) * on (x, z) group_left () b
quantile_over_time(0.5, a[5m])
predict_linear(a[5m], 60)
mad_over_time(a[5m])
deriv(a[5m])
sgn(a) + on (x, y, z) a
""".strip().splitlines()


@pytest.mark.tools
def test_what_promtool_computes_carries_only_the_labels_that_we_foretell(promtool: Path, tmp_path: Path) -> None:
    tests = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": values} for series, values in SERIES.items()],
                # Expecting an impossible sample makes promtool tell the real ones.
                "promql_expr_test": [
                    {"expr": query, "eval_time": "10m", "exp_samples": [{"labels": "impossible", "value": 1}]}
                    for query in QUERIES
                ],
            }
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(json.dumps(tests), encoding="utf-8")
    command = [promtool, "--enable-feature=promql-experimental-functions", "test", "rules", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    said = ran.stdout + ran.stderr
    results = re.findall(r'expr: "((?:[^"\\]|\\.)*)", time: 10m,\n.*\n +got: (.*)', said)
    assert sorted(QUERIES) == sorted(json.loads(f'"{echoed}"') for echoed, _ in results), said
    for echoed, got in results:
        query = json.loads(f'"{echoed}"')
        for across in (False, True):
            branches = labels(read(query), across=across)
            for series in series_in(got):
                assert any(allows(branch, series) for branch in branches), (query, series, across)


def series_in(got: str) -> list[dict[str, str]]:
    """The label sets in `{a="b"} 1E+00, {} 2E+00`."""
    return [
        dict(re.findall(r'([A-Za-z_]\w*)="([^"]*)"', labelled))
        for labelled in re.findall(r"(\{[^}]*\}) \S+?(?:,|$)", got)
    ]


def allows(branch: Branch, series: dict[str, str]) -> bool:
    return (
        not branch.dead
        and all(branch.possible(label) for label in series)
        and all(label in series for label in branch.must)
        and all(series[label] == value for label, value in branch.fixed)
    )
