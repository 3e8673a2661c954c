"""Names and texts of alerts: what is a finding, and what only looks like one."""

import pytest


def named(small: str, name: str) -> dict[str, str]:
    return {"policies/watchbill.yaml": small.replace("WebDown", name)}


@pytest.mark.parametrize(
    "name, code, help_",
    [
        ("web_down", "WB751", "write WebDown"),
        ("webDown", "WB751", "write WebDown"),
        ("Web_Down", "WB751", "write WebDown"),
        ("_5xx", "WB751", "begin it with a capital letter"),
        ("WebDownCritical", "WB752", "leave that to `severity:`"),
        ("WarningWebDown", "WB752", "leave that to `severity:`"),
        ("WebDownP1", "WB752", "leave that to `severity:`"),
        ("WebDownSev2", "WB752", "leave that to `severity:`"),
        ("ShopTeamWebDown", "WB752", "leave that to the service's `team:`"),
    ],
)
def test_a_name_that_does_not_last_is_found(name, code, help_, small, workspace, findings):
    (found,) = findings(workspace(named(small, name)))
    assert (found.code, found.level, found.text, found.help) == (code, "warning", name, help_)


@pytest.mark.parametrize(
    "name",
    [
        "LatencyHigh",
        "HTTPErrors",
        "Http5xxHigh",
        "ShopDown",
        "PagesSlow",
        "InformationStale",
        "P99High",
        "TLSCertExpiry",
        "S3Errors",
    ],
)
def test_a_name_of_the_field_is_left_alone(name, small, workspace, findings):
    assert findings(workspace(named(small, name))) == []


def test_names_of_others_are_theirs(small, workspace, findings):
    foreign = "kind: Foreign\nname: nodes\nteam: shop\nrules: nodes/*.yml\n"
    rules = (
        "groups:\n- name: g\n  rules:\n  - alert: node_down_critical\n    expr: up == 0\n    for: 1m\n    labels: {severity: critical}\n"
        "    annotations: {summary: down, runbook_url: 'https://r.example'}\n"
    )
    files = {"policies/watchbill.yaml": small, "policies/n.yaml": foreign, "policies/nodes/rules.yml": rules}
    assert [one for one in findings(workspace(files)) if one.code in ("WB751", "WB752")] == []


def worded(small: str, summary: str) -> dict[str, str]:
    return {"policies/watchbill.yaml": small.replace("{{ $labels.instance }} is down", summary)}


@pytest.mark.parametrize(
    "there",
    [
        "10.0.3.17",
        "192.168.1.1:9100",
        "checkout-api-7d9f8b6c5d-x2x9z",
        "i-0123456789abcdef0",
        "db-1.shop.internal:5432",
    ],
)
def test_a_machine_that_is_written_out_is_found_where_it_stands(there, small, workspace, findings):
    (found,) = findings(workspace(worded(small, f"the page of {there} is slow")))
    assert (found.code, found.level, found.text) == ("WB754", "warning", there)


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4-rc1 is out",
        "more than 99.95 percent",
        "see https://10.0.0.1/graph",
        "{{ $labels.instance }} is down",
        "the follow-up-20260101-later note",
        "TLS 1.2 is refused, 10.5 of 20.5",
    ],
)
def test_what_only_resembles_a_machine_is_left_alone(text, small, workspace, findings):
    assert findings(workspace(worded(small, text))) == []


@pytest.mark.parametrize("text", ["", " ", "\\n"])
def test_a_summary_without_words_is_an_error_unless_nobody_hears_of_it(text, small, workspace, findings):
    (found,) = findings(workspace(worded(small, text)))
    assert (found.code, found.level) == ("WB753", "error")
    quiet = worded(small.replace("severity: critical", "severity: none"), text)
    assert findings(workspace(quiet)) == []
