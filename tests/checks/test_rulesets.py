"""How the rules of a workspace stand to each other, in each place: twice the same, and records that nothing makes."""

import pytest

ALERT = "- {{name: {}, severity: {}, expr: '{}', summary: x, runbook: {{url: 'https://w.example/a'}}}}\n"
TWO = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production: {prometheus: {url: http://localhost:9090}}
  staging: {prometheus: {url: http://localhost:9091}}
---
kind: Team
name: shop
---
kind: Person
name: me
email: me@shop.example
"""


@pytest.fixture
def told(workspace, findings):
    """Code, file and text under the caret of what is said of these files, from this room only."""

    def about(files, head=TWO):
        root = workspace(
            {"policies/watchbill.yaml": head, **{f"policies/{name}": text for name, text in files.items()}}
        )
        found = [one for one in findings(root) if one.code in ("WB331", "WB333", "WB334", "WB335")]
        return [(one.code, one.file.removeprefix("policies/"), one.text) for one in found]

    return about


def service(name, *alerts, more=""):
    return f"kind: Service\nname: {name}\nteam: shop\n{more}alerts:\n" + "".join(alerts)


def test_one_expression_under_two_names_is_told_whichever_services_they_are_of(told):
    one = service("a", ALERT.format("Down", "warning", "up == 0"))
    files = {"a.yaml": one, "b.yaml": service("b", ALERT.format("Gone", "warning", "up == 0"))}
    assert told(files) == [("WB333", "b.yaml", "Gone")]


@pytest.mark.parametrize(
    "other",
    [
        ALERT.format("Gone", "high", "up == 0"),
        ALERT.format("Gone", "warning", "up == 1"),
        ALERT.format("Gone", "warning", "up == 0").replace("summary", "for: 5m, summary"),
        ALERT.format("Gone", "warning", "up == 0").replace("summary", "labels: {kind: b}, summary"),
        ALERT.format("Gone", "warning", "up == 0").replace("summary", "only: [staging], summary"),
    ],
    ids=["another severity", "another limit", "another wait", "another label", "in another place"],
)
def test_what_differs_in_anything_that_matters_is_no_repetition(told, other):
    mine = ALERT.format("Down", "warning", "up == 0").replace("summary", "only: [production], summary")
    if "only" not in other:
        mine = mine.replace("only: [production], ", "")
    assert told({"a.yaml": service("a", mine, other)}) == []


def test_the_alerts_that_watch_over_the_same_data_are_not_told(told):
    both = [ALERT.format(name, "warning", f"up == {limit}") for name, limit in (("Down", 0), ("Up", 1))]
    watched = [one.replace("summary", "no_data: {after: 5m, severity: warning}, summary") for one in both]
    assert told({"a.yaml": service("a", *watched)}) == []


def test_a_record_that_is_gone_is_told_where_it_is_asked_for_and_the_nearest_name_is_offered(workspace, findings):
    asks = service("a", ALERT.format("Low", "warning", "job:up:smu < 1"))
    makes = "kind: Service\nname: b\nteam: shop\nrecords:\n- {name: 'job:up:sum', expr: sum by (job) (up)}\n"
    root = workspace({"policies/watchbill.yaml": TWO, "policies/a.yaml": asks, "policies/b.yaml": makes})
    [one] = [one for one in findings(root) if one.code == "WB334"]
    assert (one.text, one.help) == ("job:up:smu", "did you mean `job:up:sum`?")
    root = workspace({"policies/watchbill.yaml": TWO, "policies/a.yaml": asks})
    assert [one.code for one in findings(root) if one.code == "WB334"] == ["WB334"]


@pytest.mark.parametrize(
    "expr", ['up{instance="a:9090"} == 0', "max_over_time(up[5m:1m]) == 0", "job:up:sum < 1", 'sum(up{a="b:c"}) < 1']
)
def test_a_colon_that_names_no_record_is_fine_and_so_is_one_that_is_made(told, expr):
    quoted = expr.replace("'", "''")
    text = service("a", ALERT.format("A", "warning", quoted), more="records:\n- {name: 'job:up:sum', expr: sum(up)}\n")
    assert told({"a.yaml": text}) == []


RULES = """\
groups:
- name: web
  interval: 10m
  rules:
  - alert: Slow
    expr: rate(a_total{job=~"a"}[5m]) > 1
    labels: {severity: warning}
    annotations: {summary: "{{ $value }}"}
"""


def test_of_rules_that_somebody_else_wrote_style_is_not_told_and_danger_is(workspace, findings):
    foreign = "kind: Foreign\nname: node\nrules: rules/*.yml\nteam: shop\n"
    files = {"policies/watchbill.yaml": TWO, "policies/node.yaml": foreign, "policies/rules/a.yml": RULES}
    found = [(one.code, one.text) for one in findings(workspace(files)) if one.code.startswith("WB3")]
    assert found == [("WB335", "10m")]
    files["policies/rules/a.yml"] = RULES.replace("rate(", "topk(3, a) > 1 or rate(")
    found = [one.code for one in findings(workspace(files)) if one.code.startswith("WB3")]
    assert found == ["WB335", "WB316"]
