"""Expressions that do not do what was meant, in policies: told in their place, once, and only where they are alerts."""

import pytest

SERVICE = "kind: Service\nname: api\nteam: shop\n"
ALERT = (
    "alerts:\n- name: A\n  severity: warning\n  expr: {expr}\n  summary: x\n  runbook: {{url: https://w.example/a}}\n"
)


@pytest.fixture
def told(workspace, small, findings):
    """Code, text under the caret and level of what is said about a service; `head` is the workspace document."""

    def about(text, head=small):
        root = workspace({"policies/watchbill.yaml": head, "policies/api.yaml": SERVICE + text})
        return [(one.code, one.text, one.level) for one in findings(root, "policies/api.yaml")]

    return about


def test_a_finding_stands_under_the_word_it_is_about(told):
    block = "|\n    sum by (job) (a)\n      and\n    topk(2, b) > 1\n  for: 5m"
    assert told(ALERT.format(expr=block)) == [("WB316", "topk", "warning")]
    assert told(ALERT.format(expr="'{__name__=~\"^a.*\"} > 1'")) == [("WB320", '__name__=~"^a.*"', "note")]


def test_an_expression_with_a_limit_for_each_environment_is_told_of_once(told, small):
    two = small.replace("environments: {", "environments: {staging: {prometheus: {url: http://localhost:1}}, ")
    params = "  params: {limit: {type: number, default: 5, by: {staging: 50}}}\n"
    assert told(ALERT.format(expr="errors_total > ${limit}") + params, two) == [("WB324", "errors_total", "warning")]


def test_a_record_need_not_compare_and_need_not_wait(told):
    record = "records:\n- {{name: 'job:x:sum', expr: '{}'}}\n"
    for expr in ("sum(up)", "sum(a) / sum(b)", "absent(up)", "topk(5, up)", "a_total"):
        assert told(record.format(expr)) == []
        assert told(ALERT.format(expr=expr)) != []
    assert told(record.format("sum(a / b)")) == [("WB318", "/", "warning")]


def test_an_alert_that_waits_may_ask_for_what_is_absent(told):
    assert told(ALERT.format(expr="absent(up)")) == [("WB315", "absent", "warning")]
    assert told(ALERT.format(expr="absent(up)\n  for: 0s")) == [("WB315", "absent", "warning")]
    assert told(ALERT.format(expr="absent(up)\n  for: 5m")) == []


def test_nothing_is_said_of_the_alerts_that_the_compiler_writes_itself(told):
    more = "  no_data: {after: 0s, severity: warning}\n"
    assert told(ALERT.format(expr="up == 0") + more) == []


def test_a_workspace_may_choose_another_level(told, small):
    head = small.replace("name: shop\n", "name: shop\nchecks: {raw-counter: error, fragile-ranking: 'off'}\n", 1)
    assert told(ALERT.format(expr="topk(5, errors_total) > 1 or errors_total > 5"), head) == [
        ("WB324", "errors_total", "error")
    ]


def test_a_label_that_one_side_of_or_cannot_have_is_missing_for_that_side(told):
    expr = "sum by (job) (a) > 1 or sum(b) > 1\n  for: 1m"
    text = ALERT.format(expr=expr).replace("summary: x", 'summary: "{{ $labels.job }}"')
    assert told(text) == [("WB302", "$labels.job", "error")]


def test_what_is_remembered_of_a_text_says_the_same_again(workspace, small, findings):
    text = SERVICE + ALERT.format(expr="sum(a / b) > 1 or topk(5, c) > 5 or errors_total > 5")
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text})
    first, second = (findings(root, cache=True) for _ in range(2))
    assert len(first) == 3
    assert first == second


def test_a_param_with_the_name_of_a_function_does_not_draw_the_caret(told):
    params = "  params: {topk: {type: number, default: 5}}\n"
    [(_, text, _)] = told(ALERT.format(expr="topk(${topk}, a) > 1") + params)
    assert text == "topk"


def test_an_expression_written_for_each_environment_is_underlined_where_it_is_wrong(workspace, small, findings):
    two = small.replace("environments: {", "environments: {staging: {prometheus: {url: http://localhost:1}}, ")
    by = "\n    default: a > 1\n    by:\n      staging: sum(a) > 1 or topk(2, a) > 1"
    root = workspace({"policies/watchbill.yaml": two, "policies/api.yaml": SERVICE + ALERT.format(expr=by)})
    [one] = findings(root, "policies/api.yaml")
    assert (one.code, one.text, one.place[0]) == ("WB316", "topk", 10)
