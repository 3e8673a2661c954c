"""A record is there where it is asked for, and recorded before it is."""

import random

import pytest

from watchbill.source.diagnostic import Location
from watchbill.spec.model import ResolvedRecord
from watchbill.spec.recorded import asked, cycles, ordered
from watchbill.spec.resolve import read_workspace

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://us:9090}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: shop, on_call: {primary: rota}}
"""
FOREIGN = "{kind: Foreign, name: nodes, rules: rules/*.yaml, team: shop, defaults: {severity: high, runbook: {url: 'https://r.example'}}, only: [production/eu]}\n"
RULES = "groups: [{name: g, rules: [{record: 'node:cpu:rate5m', expr: 'rate(cpu[5m])'}, {alert: Busy, expr: 'node:cpu:rate5m > 0.9'}]}]\n"
ALERT = "kind: Service\nname: web\nteam: shop\nalerts:\n- name: Hot\n  severity: high\n  expr: %s\n  summary: hot\n  runbook: {url: https://r.example}\n"


def told(workspace, findings, files):
    root = workspace({f"policies/{name}": text for name, text in {"watchbill.yaml": WORKSPACE, **files}.items()})
    return [one for one in findings(root) if one.code.startswith("WB39")]


def test_a_record_of_another_source_is_an_error_where_it_is_asked_for(workspace, findings):
    files = {"f.yaml": FOREIGN, "rules/r.yaml": RULES, "web.yaml": ALERT % "up > 0 and on () node:cpu:rate5m > 0.9"}
    [one] = told(workspace, findings, files)
    assert (one.code, one.level, one.file, one.text) == ("WB391", "error", "policies/web.yaml", "node:cpu:rate5m")
    assert one.message == "`node:cpu:rate5m` is recorded in production/eu, and not in production/us"
    assert "only: [production/eu]" in one.help
    ((file, _, words),) = one.related
    assert (file, words) == ("policies/rules/r.yaml", "recorded here")


@pytest.mark.parametrize(
    "files",
    [
        {"web.yaml": ALERT % "node:cpu:rate5m > 0.9" + "  only: [production/eu]\n"},
        {"f.yaml": FOREIGN.replace(", only: [production/eu]", ""), "web.yaml": ALERT % "node:cpu:rate5m > 0.9"},
        {"web.yaml": ALERT % 'up{job="node:cpu:rate5m"} > 0'},  # a value of a label is no name
    ],
    ids=["the alert is kept to that source", "every source records it", "a word in a matcher"],
)
def test_what_is_recorded_wherever_it_is_asked_for_is_fine(workspace, findings, files):
    assert told(workspace, findings, {"f.yaml": FOREIGN, "rules/r.yaml": RULES, **files}) == []


def test_a_quoted_name_asks_for_the_record_as_well(workspace, findings):
    head = {"watchbill.yaml": WORKSPACE.replace("name: shop\n", 'name: shop\nversions: {prometheus: "3.5"}\n', 1)}
    files = {**head, "f.yaml": FOREIGN, "rules/r.yaml": RULES, "web.yaml": ALERT % "'{\"node:cpu:rate5m\"} > 1'"}
    assert [one.code for one in told(workspace, findings, files)] == ["WB391"]


def records(**exprs):
    return "".join(f"- {{name: 'a:{name}', expr: '{expr}'}}\n" for name, expr in exprs.items())


def test_records_of_a_service_stand_after_those_they_ask_for_and_else_as_written(workspace, run, promtool, monkeypatch):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    written = records(one="a:two + a:four", two="a:three * 2", three="up", four="up", five="up")
    service = ALERT % "a:one > 100" + (
        "  tests:\n  - name: sees the records of the same round\n    in: production/eu\n"
        "    series: {'up{job=\"web\"}': '0 0 0 0 0 50'}\n"
        "    expect: [{at: 4m, firing: []}, {at: 5m, firing: [{job: web}]}]\n"
    )
    service = service.replace("alerts:", f"records:\n{written}alerts:")
    root = workspace({"policies/watchbill.yaml": WORKSPACE, "policies/web.yaml": service})
    found, _, problems = read_workspace(root, cache=False)
    assert problems == []
    names = [record.name for record in found.places["production/us"].services[0].records]
    assert names == ["a:three", "a:two", "a:four", "a:one", "a:five"]
    assert run("compile", cwd=root).exit == 0
    done = run("test", cwd=root)
    assert done.exit == 0, done.out


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (records(one="a:one + 1"), "`a:one` asks for itself"),
        (
            records(one="a:two", two="a:three", three="a:one + up"),
            "records ask for one another: `a:one` → `a:two` → `a:three` → `a:one`",
        ),
    ],
)
def test_records_that_ask_for_one_another_in_a_circle_are_an_error(workspace, findings, written, message):
    service = f"kind: Service\nname: web\nteam: shop\nrecords:\n{written}"
    [one] = told(workspace, findings, {"web.yaml": service})
    assert (one.code, one.level, one.message) == ("WB392", "error", message)


def test_a_circle_may_go_through_two_services_and_through_rules_of_others(workspace, findings):
    services = "---\n".join(
        f"kind: Service\nname: {name}\nteam: shop\nrecords: [{{name: 'a:{name}', expr: 'a:{other} + up'}}]\n"
        for name, other in (("one", "two"), ("two", "one"))
    )
    [one] = told(workspace, findings, {"web.yaml": services})
    assert (one.code, one.level, len(one.related)) == ("WB392", "error", 1)
    rules = "groups: [{name: g, rules: [{record: 'b:x', expr: 'b:x or vector(1)'}]}]\n"
    [one] = told(workspace, findings, {"f.yaml": FOREIGN, "rules/r.yaml": rules})
    assert (one.code, one.level, one.file) == ("WB392", "warning", "policies/rules/r.yaml")


def test_a_rule_of_others_that_stands_before_the_record_it_asks_for_is_a_warning_once(workspace, findings):
    swapped = "groups: [{name: g, rules: [{alert: Busy, expr: 'node:cpu:rate5m > 0.9'}, {record: 'node:cpu:rate5m', expr: 'rate(cpu[5m])'}]}]\n"
    everywhere = FOREIGN.replace(", only: [production/eu]", "")
    [one] = told(workspace, findings, {"f.yaml": everywhere, "rules/r.yaml": swapped})
    assert (one.code, one.level) == ("WB393", "warning")
    assert one.message == "`Busy` asks for `node:cpu:rate5m`, which its group records only afterwards"
    apart = (
        "groups: [{name: a, rules: [{alert: Busy, expr: 'b:x > 1'}]}, {name: b, rules: [{record: 'b:x', expr: cpu}]}]\n"
    )
    assert told(workspace, findings, {"f.yaml": everywhere, "rules/r.yaml": apart}) == []


def test_the_order_of_any_records_is_one_in_which_each_follows_what_it_asks_for():
    chance = random.Random(1)
    for _ in range(100):
        count = chance.randint(1, 12)
        names = [f"r:{number}" for number in range(count)]
        rank = chance.sample(range(count), count)
        made = []
        for number, name in enumerate(names):
            below = [other for other, one in enumerate(names) if rank[other] < rank[number] and chance.random() < 0.4]
            expr = " + ".join(["up", *(names[other] for other in below)])
            made.append(ResolvedRecord(name, expr, {}, Location("")))
        order = [record.name for record in ordered(made)]
        assert sorted(order) == sorted(names)
        for record in made:
            assert all(order.index(one.metric) < order.index(record.name) for one in asked(record.expr, names))
        assert list(cycles({one.name: [use.metric for use in asked(one.expr, names)] for one in made})) == []
        assert ordered(ordered(made)) == ordered(made)
