"""What is said against expressions that parse, and what looks alike and is fine."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill import promql

# Each mistake with «what is underlined», and below it expressions that look like it and are fine.
MISTAKES = {
    "alert-without-comparison": (
        [
            "«up»",
            "«sum by (job) (rate(errors_total[5m]))»",
            "«up and on (job) build_info»",
            "up «>» bool 0",
            "«(up > 0) or errors»",
            "«histogram_quantile(0.9, rate(a_bucket[5m]))»",
        ],
        [
            "up == 0",
            "sum(rate(errors_total[5m])) > 0",
            "absent(up)",
            "absent_over_time(up[5m])",
            "up unless on (job) build_info",
            "up and on (job) errors > 5",
            "(up > bool 0) == 0",
            "up == 0 or errors > 1",
            "sum(up == 0)",
            'ALERTS{alertname="A"}',
            "present_over_time(crash[5m])",
            "vector(1)",
        ],
    ),
    "always-fires": (
        [
            "errors > 5 or «vector(0)»",
            "sum(errors) > 5 or on () «vector(0)»",
            "sum(up) or «vector(0)»",
            "absent(up) or «vector(1)»",
            "up == 0 or (absent(up) or «vector(1)»)",
        ],
        [
            "(sum(errors) or vector(0)) > 5",
            "(sum(errors) or vector(0)) == 0",
            "vector(1)",
            "errors > 5 or vector(0) > 5",
        ],
    ),
    "never-fires": (
        [
            'a{x="1"} > 0 «and» b{x="2"} > 0',
            'a{x="1"} «+» a{x="2"} > 5',
            'a{x=~".+"} > 0 «and» sum(b) > 0',
            '«a{x="1", x="2"}» > 5',
            '«a{x="", x=~".+"}» > 5',
            "absent(a) «==» 0",
            "vector(0) «>» 5 and on () up",
        ],
        [
            'a{x="1"} > 0 and ignoring (x) b{x="2"} > 0',
            'a{x="1"} > 0 or b{x="2"} > 0',
            'a{x="1"} > 0 unless b{x="2"} > 0',
            'sum(a{x="1"}) + sum(a{x="2"}) > 5',
            'a{x=~".+"} > 0 and on () sum(b) > 0',
            'a{x="1", x=~"1|2"} > 5',
            "absent(a) == 1",
        ],
    ),
    "impossible-match": (
        [
            "a > 5 «and» sum(b) > 5",
            "a > 5 «and» sum by (job) (b) > 5",
            "a > 5 «unless» sum by (region) (b) > 5",
            "up == 0 «and» absent(b)",
            "count(a) «/» b > 5",
            "rate(a_total[5m]) «/» sum(rate(b_total[5m])) > 5",
            'a{x="1"} > 0 «unless» b{x="2"} > 0',
            'c > 1 or (a{x="1"} > 0 «and» b{x="2"} > 0)',
        ],
        [
            "a > 5 and on () sum(b) > 5",
            "a > 5 and on (job) sum by (job) (b) > 5",
            "sum(a) / sum(b) > 5",
            "a > 5 and sum without (cpu) (b) > 5",
            "a > 5 and sum by (instance, job, x) (b) > 5",
            "job:a:sum > 5 and sum by (job) (b) > 5",
            "a > 5 and ignoring (instance, job) sum(b) > 5",
            "sum by (job) (a) * on (job) group_left () b > 5",
            "time() - a > 5",
            "a > scalar(sum(b))",
            "label_replace(a, 'x', '1', '', '') > 5 and sum(b) > 5",
        ],
    ),
    "label-gone": (
        [
            "sum by («x») (sum by (job) (a)) > 5",
            "max by (job, «x») (sum by (job) (a)) > 5",
            "sum by (job) (a) / on («x») b > 5",
            "a * on (job) group_left («x») sum by (job) (b) > 5",
            "sum by («__name__») (rate(a_total[5m])) > 5",
            "count by («pod») (absent(a)) > 0",
        ],
        [
            "sum by (x) (a) > 5",
            "sum by (job) (sum by (job, x) (a)) > 5",
            "a * on (job) group_left (x) sum by (job, x) (b) > 5",
            "sum by (x) (label_replace(sum(a), 'x', '1', '', '')) > 5",
            "sum by (x) (sum by (x) (a) or sum(b)) > 5",
            "sum without (x) (sum by (job) (a)) > 5",
        ],
    ),
    "absent-without-for": (
        ["«absent»(up)", "«absent»(up{job='a'} == 1)", "up == 0 or «absent»(up)"],
        ["absent_over_time(up[5m])", "up unless absents", "present_over_time(up[5m]) == 0"],
    ),
    "fragile-ranking": (
        [
            "«topk»(5, a) > 1",
            "«bottomk» by (job) (1, a) < 1",
            "a > 1 and «topk»(5, a)",
            "abs(«topk»(5, a)) > 1",
            "«topk» by (x) (1, a) / on (x) group_left b > 1",
            "a > 1 and on (x) «topk»(5, a)",
            "a > 1 or on (x) «topk» by (x) (1, b) > 1",
            "«topk» by (x) (1, a) / on (x) group_left b > 1",
            "a > 1 and on (x) «topk»(5, a)",
        ],
        [
            "sum(topk(5, a)) > 1",
            "count(topk(5, a)) > 1",
            "absent(topk(5, a))",
            "a > 1",
            "max by (job) (topk(5, a)) > 1",
            "a / on (x) group_left topk by (x) (1, b) > 1",
            "topk by (x) (1, a) / on (x) topk by (x) (1, b) > 1",
            "a / on (x) group_left abs(-topk by (x) (1, b)) > 1",
        ],
    ),
    "fragile-arithmetic": (
        [
            "sum(a) «/» sum(b) > 1",
            "100 * (sum(a) «-» sum(b)) > 1",
            "abs(sum(a) «-» avg(b)) > 1",
            "sum(a) / 2 «/» sum(b) > 1",
        ],
        [
            "sum(a / b) > 1",
            "a / b > 1",
            "sum(a) > 1 and sum(b) > 1",
            "sum(a) * 100 > 1",
            "sum by (x) (a) * on (x) group_left (y) max by (x, y) (b) > 1",
            "a / on () group_left () sum(b) > 1",
        ],
    ),
    "nan-in-aggregation": (
        [
            "sum(a «/» b) > 1",
            "avg by (job) (100 * (1 - a «/» b)) > 1",
            "sum(a «%» b) > 1",
            "stddev(rate(a_total[5m]) «/» rate(b_total[5m])) > 1",
            "sum(a «/» (b * c)) > 1",
            "sum(a «/» 0) > 1",
        ],
        [
            "sum(a) / sum(b) > 1",
            "sum(a / 2) > 1",
            "sum(a / (b > 0)) > 1",
            "sum(a / b > 0) > 1",
            "max(a / b) > 1",
            "count(a / b) > 1",
            "sum(a / clamp_min(b, 1)) > 1",
            "sum(a / on (job) group_left () count by (job) (c)) > 1",
            "sum(max by (job) (a / b)) > 1",
            "sum(a / (b and b > 0)) > 1",
        ],
    ),
    "regex-not-needed": (
        [
            'up{«job=~"a"»} == 0',
            'up{«job!~"a"»} == 0',
            'up{«job=~"a b-c_1"»} == 0',
            r'up{«job=~"a\\.b"»} == 0',
            'up{«job=~"^a$"»} == 0',
        ],
        ['up{job="a"} == 0', 'up{job=~"a|b"} == 0', 'up{job=~"a.b"} == 0', 'up{job=~"a.*"} == 0', 'up{job=~".+"} == 0'],
    ),
    "regex-anchors": (
        [
            'up{«job=~"^a.*"»} == 0',
            'up{«job=~"a.*$"»} == 0',
            'up{«job!~"^(a.*|b)$"»} == 0',
            'up{«job=~"^a[|]b+"»} == 0',
        ],
        [r'up{job=~"a.*\\$"} == 0', 'up{job=~"[^a]b"} == 0', 'up{job=~"^a.*|^b.*"} == 0', 'up{job=~"a.*"} == 0'],
    ),
    "regex-too-wide": (
        ['up{«job=~".*a.*"»} == 0', 'up{«job=~".+-a"»} == 0', 'up{«job!~"(?i).*a.*"»} == 0', 'up{«job=~"(.*)a"»} == 0'],
        ['up{job=~"a.*"} == 0', 'up{job=~"(a.*|b.*)"} == 0', 'up{job=~".+"} == 0', r'up{job=~"\\.*a.+"} == 0'],
    ),
    "regex-of-everything": (
        ['up{«job=~".*"»} == 0', 'up{«job!~".*"»} == 0', 'up{«job=~"^.*$"»} == 0'],
        ['up{job=~".+"} == 0', 'up{job!=""} == 0', 'up{job!~".+"} == 0'],
    ),
    "rate-of-gauge": (
        [
            "rate(«disk_free_bytes»[5m]) > 1",
            "increase(«cpu_temperature_celsius»{x='1'}[5m]) > 1",
            'irate({«__name__="node_load1"»}[5m]) > 1'.replace("«", "")
            .replace("»", "")
            .replace("{", "«{")
            .replace("}", "}»"),
        ],
        [
            "rate(requests_total[5m]) > 1",
            "deriv(disk_free_bytes[5m]) > 1",
            "rate(process_cpu_seconds_total[5m]) > 1",
            "rate(node_network_receive_bytes[5m]) > 1",
        ],
    ),
    "raw-counter": (
        [
            "«errors_total» > 5",
            "5 < «errors_total»",
            "sum by (job) («errors_total») > 5",
            "«errors_total» / requests_total > 0.1",
            "«errors_total»{job='a'} * 100 > 5",
            "«delta»(errors_total[5m]) > 5",
            "«predict_linear»(errors_total[1h], 3600) > 5",
            "max_over_time(up[5m]) > 0 or «errors_total» > 1",
        ],
        [
            "rate(errors_total[5m]) > 5",
            "increase(errors_total[5m]) > 5",
            "errors_total == 0",
            "errors > 5",
            "count(errors_total) > 5",
            "up == 0 and errors_total > 0",
            "changes(errors_total[5m]) > 5",
            "errors_total > errors_total offset 5m",
            "errors_total - errors_total offset 5m > 5",
            "disk_used / disk_space_total > 0.9",
            "drives_offline_total > 0",
            "job:errors_total > 5",
            "absent(errors_total)",
        ],
    ),
    "rate-of-sum": (
        ["«rate»(sum(a_total)[5m:1m]) > 1", "«increase»(sum by (job) (a_total)[1h:]) > 1"],
        [
            "sum(rate(a_total[5m])) > 1",
            "max_over_time(sum(a)[5m:1m]) > 1",
            "rate(a_total[5m:1m]) > 1",
            "deriv(sum(a)[5m:1m]) > 1",
        ],
    ),
    "range-too-short": (
        [
            "rate(a_total[«30s»]) > 1",
            "sum(increase(a_total{x='1'}[«59s»] offset 5m)) > 1",
            "deriv(a[«15s»]) > 1",
            "rate(a_total[«5m»:4m]) > 1",
        ],
        [
            "rate(a_total[1m]) > 1",
            "max_over_time(a[30s]) > 1",
            "last_over_time(a[30s]) > 1",
            "rate(a_total[5m:1m]) > 1",
            "rate(a_total[5m:]) > 1",
        ],
    ),
}
FOUND = [(name, marked) for name, (wrong, _) in MISTAKES.items() for marked in wrong]
FINE = [(name, text) for name, (_, right) in MISTAKES.items() for text in right]


def remarks(text):
    parsed = promql.parse(text)
    assert not isinstance(parsed, promql.Fault), parsed
    return promql.remarks(parsed, promql.labels_of_nodes(parsed))


@pytest.mark.parametrize(("name", "marked"), FOUND)
def test_a_mistake_is_named_and_underlined(name, marked):
    text = re.sub("[«»]", "", marked)
    [found] = [one for one in remarks(text) if one.name == name]
    assert f"{text[: found.start]}«{text[found.start : found.end]}»{text[found.end :]}" == marked
    assert found.message
    assert found.label
    assert found.help


@pytest.mark.parametrize(("name", "text"), FINE)
def test_what_looks_like_it_is_fine(name, text):
    assert [one for one in remarks(text) if one.name == name] == []


def test_one_cause_is_told_once():
    assert len(remarks("sum(a / b) > 1 and sum(a / b) < 5")) == 1
    assert [one.name for one in remarks('up{job=~"a"} == 0 or up{job=~"a"} == 2')] == ["regex-not-needed"]
    assert [one.name for one in remarks('a{x="1"} > 0 and b{x="2"} > 0 and c{x="3"} > 0')] == ["never-fires"]
    assert [one.name for one in remarks("sum(a) / sum(b) > 1 and sum(a) + sum(b) > 1")] == ["fragile-arithmetic"]


def test_no_message_repeats_a_number_of_the_author():
    """Else an alert with a limit of its own for each environment would be told of once for each."""
    for name, marked in FOUND:
        text = re.sub("[«»]", "", marked)
        limit = re.sub(r"([<>]) ?[15]$", r"\1 31415", text)
        both = [[one.message for one in remarks(each) if one.name == name] for each in (text, limit)]
        assert both[0] == both[1]


def test_whether_an_alert_waits_matters_only_where_waiting_helps():
    [absent] = remarks("absent(up)")
    [ratio] = remarks("sum(a) / sum(b) > 1")
    [ranked] = remarks("topk(5, a) > 1")
    assert [absent.when, ratio.when, ranked.when] == ["hasty", "hasty", "alert"]


_SIDES = st.sampled_from(
    [
        "a", "b_total", 'c{x="1"}', 'c{x=~".*y.*"}', "sum(a)", "sum by (x) (b)", "avg without (x) (a / b)", "absent(a)",
        "rate(b_total[30s])", "topk(2, a)", "vector(0)", "1", "time()", "max_over_time(sum(a)[5m:1m])", "-a", "(a > 1)",
        "label_replace(a, 'x', '1', '', '')", "histogram_quantile(0.9, h_bucket)", "scalar(a)", "count_values('v', a)",
    ]
)  # fmt: skip
_OPERATORS = st.sampled_from(
    ["+", "/", "%", ">", "== bool", "and", "or", "unless", "/ on (x)", "* on (x) group_left (y)", "and ignoring (x)"]
)


@st.composite
def _expressions(draw):
    text = draw(_SIDES)
    for _ in range(draw(st.integers(0, 3))):
        other = draw(_SIDES)
        text = f"({text}) {draw(_OPERATORS)} ({other})"
        text = draw(st.sampled_from(["{}", "sum({})", "max by (x) ({})", "abs({})"])).format(text)
    return text


@settings(max_examples=300)
@given(_expressions())
def test_whatever_parses_is_judged_and_every_place_lies_in_the_text(text):
    parsed = promql.parse(text)
    if not isinstance(parsed, promql.Fault):
        for one in promql.remarks(parsed, promql.labels_of_nodes(parsed)):
            assert 0 <= one.start < one.end <= len(text)
            assert one.name in MISTAKES


def test_every_expression_of_a_corpus_is_judged(alerts):
    for alert in alerts:
        assert all(0 <= one.start < one.end <= len(alert.expr) for one in remarks(alert.expr))
