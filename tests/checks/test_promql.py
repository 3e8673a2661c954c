"""Expressions and templates: labels that can be there, templates that render, servers that can read them."""

import pytest

SERVICE = "kind: Service\nname: api\nteam: shop\nalerts:\n- name: A\n  severity: warning\n  expr: {expr}\n  runbook: {{url: https://w.example/a}}\n"


@pytest.fixture
def told(workspace, small, findings):
    """Code, text under the caret, message and notes of what is said about one alert; `more` are further keys."""

    def about(expr, more="  summary: x\n", head=small):
        text = SERVICE.format(expr=expr) + more
        root = workspace({"policies/watchbill.yaml": head, "policies/api.yaml": text})
        return [(one.code, one.text, one.message, one.notes) for one in findings(root, "policies/api.yaml")]

    return about


@pytest.mark.parametrize(
    "summary",
    ['"{{ $labels.zone }} is slow"', '"more than ${limit}, then ${limit}: {{ $labels.zone }}"'],
    ids=["a plain text", "a text with params before the label"],
)
def test_a_label_that_cannot_exist_is_underlined_where_the_template_reads_it(told, summary):
    limit = "  params: {limit: {type: ratio, default: 5%}}\n"
    found = told("sum by (job) (up) < ${limit}", limit + f"  summary: {summary}\n  description: ${{limit}}\n")
    message = "the template of `summary` names label `zone`, which the expression cannot yield"
    assert found == [("WB302", "$labels.zone", message, ("`sum by (job)` keeps only `job`",))]


@pytest.mark.parametrize("before", ["", "${limit} "], ids=["a plain text", "a text with params"])
def test_a_template_that_does_not_render_is_underlined_where_it_breaks(told, before):
    limit = "  params: {limit: {type: ratio, default: 5%}}\n"
    [(code, text, _, _)] = told("up < ${limit}", f'{limit}  summary: "{before}{{{{ $labels.instance"\n')
    assert (code, text) == ("WB305", "{{")


def test_a_label_that_the_expression_or_the_rule_gives_is_fine(told):
    more = '  labels: {zone: b}\n  summary: "{{ $labels.zone }} {{ $labels.job }} {{ $labels.alertname }}"\n'
    assert told("sum by (job) (up) < 1", more) == []
    assert told("up < 1", '  summary: "{{ $labels.anything }}"\n') == []


def test_a_label_that_makes_an_incident_must_be_possible(told):
    [(code, text, message, notes)] = told("sum(up) < 1", "  page_per: [job]\n  summary: x\n")
    assert (code, text) == ("WB303", "job")
    assert message == "`page_per` names `job`, and no alert of `A` can have it"
    assert notes == ("`sum` without `by` drops every label",)
    assert told("sum by (job) (up) < 1", "  page_per: [job]\n  summary: x\n") == []


@pytest.mark.parametrize(
    ("expr", "versions", "code", "message"),
    [
        ("holt_winters(up[5m], 0.5, 0.5) > 1", "3.5", "WB304", "holt_winters() is gone from Prometheus 3.0.0 on"),
        ("'{\"utf.8\"} > 1'", "2.53", "WB304", "quoted name needs Prometheus 3.0.0; the oldest in use is 2.53"),
        ("limitk(5, up) > 1", "3.5", "WB307", "limitk() needs the feature flag promql-experimental-functions"),
    ],
)
def test_what_the_oldest_server_cannot_read_is_refused_by_name(told, small, expr, versions, code, message):
    head = small.replace("name: shop\n", f'name: shop\nversions: {{prometheus: "{versions}"}}\n', 1)
    assert [(one[0], one[2]) for one in told(expr, head=head)] == [(code, message)]
    assert told("up > 1", head=head) == []


def test_the_second_of_two_like_mistakes_is_the_one_that_is_underlined(workspace, small, findings):
    more = "  params: {limit: {type: ratio, default: 5%}}\n"
    text = SERVICE.format(expr="up < ${limit}") + more + '  summary: "${limit} {{ $value }} {{ $labels.job"\n'
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": text})
    [found] = findings(root, "policies/api.yaml")
    line, column, *_ = found.place
    assert text.splitlines()[line - 1][column - 1 :] == '{{ $labels.job"'
