"""What a policy means: each alert in each place is one record, with everything filled in."""

import pytest

from watchbill.spec.resolve import read_workspace

HEAD = """
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://us:9090}}
  staging: {labels: {env: staging}, at_most: ticket, prometheus: {url: http://stg:9090}}
runbooks: {base_url: https://rb.example}
severities:
  critical: {page: level-1}
  high: {page: level-1, hours: team, outside: ticket}
  warning: {ticket: team}
  none: {drop: true}
---
kind: Team
name: shop
on_call: {primary: always}
hours: office
email: shop@shop.example
tickets: {webhook: {file: /run/secrets/tickets}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: always, people: [me]}
---
{kind: Calendar, name: office, weekly: {monday-friday: ["09:00-17:00"]}}
---
{kind: Escalation, name: level-1, steps: [{notify: [{on_call: primary}]}]}
---
{kind: Escalation, name: slow, steps: [{notify: [{on_call: primary}], wait: 30m}]}
---
{kind: Runbook, name: help, immediate: [look]}
---
{kind: Runbook, name: help, team: shop, immediate: [look closer]}
---
kind: Service
name: web
team: shop
alerts:
"""


@pytest.fixture
def alerts(workspace):
    """The alerts of one place, by name and severity, for a service with these alerts."""

    def resolved(text, place="production/eu", head=HEAD):
        model, _, found = read_workspace(workspace({"policies/watchbill.yaml": head + text}), cache=False)
        assert [diagnostic.message for diagnostic in found if diagnostic.level == "error"] == []
        return {(alert.name, alert.severity): alert for alert in model.places[place].alerts}

    return resolved


def test_an_alert_carries_the_labels_of_its_team_service_severity_and_place(alerts):
    alert = alerts("- {name: A, severity: warning, expr: up == 0, summary: x, labels: {zone: b}}")[("A", "warning")]
    assert alert.labels == {
        "severity": "warning",
        "team": "shop",
        "service": "web",
        "escalation": "",  # `up` may bring labels of these names along, and they choose nothing
        "ownership": "",
        "page_per": "",
        "zone": "b",
        "env": "production",
        "cluster": "eu-1",
    }
    assert alert.incident_key == ("alertname", "service", "env", "cluster")


def test_sources_of_one_environment_differ_only_by_their_own_labels(alerts):
    text = "- {name: A, severity: warning, expr: up == 0, summary: x}"
    eu, us = (alerts(text, place)[("A", "warning")] for place in ("production/eu", "production/us"))
    assert us.labels == {**eu.labels, "cluster": "us-1"}
    assert us.expr == eu.expr


def test_the_most_exact_place_wins(alerts):
    text = """
- name: A
  severity: warning
  expr: up < ${limit}
  params: {limit: {type: number, default: "1", by: {production: "2", production/us: "3"}}}
  for: {default: 1m, by: {staging: 9m}}
  summary: below ${limit}
"""
    found = {
        place: alerts(text, place)[("A", "warning")] for place in ("production/eu", "production/us", "staging/default")
    }
    assert [alert.expr for alert in found.values()] == ["up < 2", "up < 3", "up < 1"]
    assert [alert.annotations["summary"] for alert in found.values()] == ["below 2", "below 3", "below 1"]
    assert [alert.for_ for alert in found.values()] == ["1m", "1m", "9m"]


def test_a_param_is_written_as_promql_needs_it_and_shown_as_the_policy_has_it(alerts):
    text = """
- name: A
  severity: warning
  expr: rate(x[${window}] offset ${window}) > ${ratio} and x > ${slow} and y > ${size}
  params:
    window: {type: duration, default: 5m}
    ratio: {type: ratio, default: 5%}
    slow: {type: duration, default: 800ms}
    size: {type: bytes, default: 10KiB}
  summary: ${ratio} in ${window}, ${slow}, ${size}, $${ratio}
"""
    alert = alerts(text)[("A", "warning")]
    assert alert.expr == "rate(x[5m] offset 5m) > 0.05 and x > 0.8 and y > 10240"
    assert alert.annotations["summary"] == "5% in 5m, 800ms, 10KiB, ${ratio}"


def test_page_per_becomes_a_label_and_part_of_the_incident_key(alerts):
    alert = alerts("- {name: A, severity: warning, expr: up == 0, page_per: [instance, job], summary: x}")[
        ("A", "warning")
    ]
    assert alert.labels["page_per"] == "instance,job"
    assert alert.incident_key[-2:] == ("instance", "job")


def test_levels_are_two_alerts_of_one_name(alerts):
    text = """
- name: A
  levels: {critical: {params: {limit: "9"}, for: 1m}, warning: {}}
  expr: x > ${limit}
  params: {limit: {type: number, default: "5"}}
  for: 10m
  no_data: {ignore: nobody cares}
  summary: x
  runbook: help
"""
    found = alerts(text)
    assert {key: (alert.expr, alert.for_) for key, alert in found.items()} == {
        ("A", "critical"): ("x > 9", "1m"),
        ("A", "warning"): ("x > 5", "10m"),
    }


def test_a_critical_alert_notices_when_its_data_is_gone_unless_it_says_why_not(alerts):
    text = "- {name: A, severity: critical, expr: 'rate(a[5m]) / rate(b[5m]) > 1', summary: x, runbook: help"
    found = alerts(text + "}")
    twin = found[("ANoData", "warning")]
    assert (twin.expr, twin.for_, twin.no_data_of) == ("absent(a) or absent(b)", "10m", "A")
    assert twin.runbook_url == found[("A", "critical")].runbook_url
    assert list(alerts(text + ", no_data: {ignore: it rests on Sundays}}")) == [("A", "critical")]
    assert ("ANoData", "critical") in alerts(text + ", no_data: {after: 1m, severity: critical}}")


def test_an_environment_caps_what_its_alerts_may_do(alerts):
    text = "- {name: A, severity: critical, expr: up == 0, summary: x, runbook: help}"
    assert alerts(text)[("A", "critical")].outcome.kind == "page"
    outcome = alerts(text, "staging/default")[("A", "critical")].outcome
    assert (outcome.kind, outcome.escalation) == ("ticket", None)


def test_hours_bound_an_outcome_and_vanish_where_both_sides_are_the_same(alerts):
    text = "- {name: A, severity: high, expr: up == 0, summary: x, runbook: help}"
    outcome = alerts(text)[("A", "high")].outcome
    assert (outcome.kind, outcome.hours, outcome.outside) == ("page", "office", "ticket")
    capped = alerts(text, "staging/default")[("A", "high")].outcome
    assert (capped.kind, capped.hours, capped.outside) == ("ticket", None, None)


def test_an_escalation_is_a_label_only_where_it_differs(alerts):
    text = "- {name: A, severity: critical, escalation: %s, expr: up == 0, summary: x, runbook: help}"
    assert alerts(text % "level-1")[("A", "critical")].labels["escalation"] == ""
    alert = alerts(text % "slow")[("A", "critical")]
    assert (alert.labels["escalation"], alert.outcome.escalation) == ("slow", "slow")


def test_a_name_means_the_teams_own_document_before_a_shared_one(alerts):
    alert = alerts("- {name: A, severity: warning, expr: up == 0, summary: x, runbook: help}")[("A", "warning")]
    assert (alert.runbook, alert.runbook_url) == ("shop/help", "https://rb.example/runbooks/shop/help/")


def test_an_alert_may_exist_in_some_places_only(alerts):
    text = "- {name: A, only: [production/us], severity: warning, expr: up == 0, summary: x}"
    assert list(alerts(text, "production/us")) == [("A", "warning")]
    assert alerts(text, "production/eu") == alerts(text, "staging/default") == {}


def test_a_test_runs_where_it_says_or_everywhere(alerts):
    text = """
- name: A
  severity: warning
  expr: up == 0
  summary: x
  tests:
  - {name: everywhere, series: {up: 0x9}, expect: [{at: 5m, firing: [{}]}]}
  - {name: in production, in: production, series: {up: 0x9}, expect: [{at: 5m, firing: [{}]}]}
"""
    names = {
        place: [one.test.name for one in alerts(text, place)[("A", "warning")].tests]
        for place in ("production/us", "staging/default")
    }
    assert names == {"production/us": ["everywhere", "in production"], "staging/default": ["everywhere"]}


def test_a_team_with_nothing_but_a_pager_has_its_tickets_there(workspace, small):
    model, _, _ = read_workspace(workspace({"policies/watchbill.yaml": small}), cache=False)
    found = {alert.name: alert.outcome.kind for alert in model.places["production/default"].alerts}
    assert found == {"WebDown": "page", "WebDownNoData": "page"}
    assert (model.catch_all.team, model.catch_all.outcome) == ("shop", "page")


def test_what_is_inherited_is_replaced_merged_or_unset(alerts):
    head = HEAD.replace(
        "severities:", "defaults: {severity: warning, for: 9m, labels: {a: one, b: one}, page_per: [job]}\nseverities:"
    )
    head = head.replace("hours: office", "hours: office\ndefaults: {labels: {b: two}}")
    found = alerts(
        "- {name: A, expr: up == 0, summary: x, page_per: [instance]}\n- {name: B, expr: up == 0, summary: x, for: null, labels: null}",
        head=head,
    )
    first, second = found[("A", "warning")], found[("B", "warning")]
    assert (first.for_, first.page_per, first.labels["a"], first.labels["b"]) == ("9m", ("instance",), "one", "two")
    assert (second.for_, second.page_per, second.labels.get("a")) == (None, ("job",), None)


def test_a_mistake_in_one_file_hides_none_in_another(workspace, findings):
    service = "kind: Service\nname: {0}\nteam: shop\nalerts:\n- {{name: A, severity: {1}, expr: {2}, summary: x, runbook: help}}\n"
    root = workspace(
        {
            "policies/watchbill.yaml": HEAD.rsplit("---", 1)[0],
            "policies/a.yaml": "kind: Service\nname: [",
            "policies/b.yaml": service.format("b", "crtical", "up == 0"),
            "policies/c.yaml": service.format("c", "warning", "sum(up"),
            "policies/d.yaml": service.format("d", "warning", "up == 0") + "sevrity: x\n",
        }
    )
    assert [(one.file[9:10], one.code) for one in findings(root) if one.level == "error"] == [
        ("a", "WB003"),
        ("b", "WB221"),
        ("c", "WB301"),
        ("d", "WB101"),
    ]


def test_a_warm_read_means_what_a_cold_one_means(workspace, small):
    root = workspace(
        {"policies/watchbill.yaml": HEAD + "- {name: A, severity: critical, expr: up == 0, summary: x, runbook: help}"}
    )
    cold, warm = (read_workspace(root)[0] for _ in range(2))
    assert warm == cold
    (root / "policies/watchbill.yaml").write_text(small)
    assert read_workspace(root)[0].name == "shop"
    assert list(read_workspace(root)[0].places) == ["production/default"]


def test_the_caret_of_a_broken_expression_points_through_its_params(workspace, findings):
    text = "- {name: A, severity: warning, expr: 'up > ${limit} and sum(up', params: {limit: {type: number, default: \"5\"}}, summary: x}"
    [one] = [found for found in findings(workspace({"policies/watchbill.yaml": HEAD + text})) if found.code == "WB301"]
    assert one.text == "("
    assert one.notes == ("with limit = 5",)
