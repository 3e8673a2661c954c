"""Mimir's limits: groups are split and services put together so that no record is in another group than who asks for it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill import promql
from watchbill.output.gates import gate, run_tests
from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import prometheus

HEAD = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: all, mimir: {url: http://mimir:8080/, tenant: shop, max_rules_per_group: %d, max_groups: %d}}
severities: {critical: {page: default}, warning: {page: default}}
catch_all: {team: data}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: data, on_call: {primary: rota}}
---
{kind: Team, name: web, on_call: {primary: rota}}
"""
Make = Callable[[Mapping[str, str | bytes]], Path]


def service(name: str, team: str, records: Mapping[str, str], alerts: Mapping[str, str], tested: bool = False) -> str:
    lines = [f"---\nkind: Service\nname: {name}\nteam: {team}\ndefaults: {{runbook: {{url: 'https://r.example'}}}}\n"]
    if records:
        lines.append("records:\n")
        lines += [f"- {{name: '{record}', expr: '{expr}'}}\n" for record, expr in records.items()]
    lines.append("alerts:\n")
    for alert, expr in alerts.items():
        test = ", tests: [{name: fires, series: {up: 0x5}, expect: [{at: 3m, firing: [{}]}]}]" if tested else ""
        lines.append(f"- {{name: {alert}, severity: warning, expr: '{expr}', summary: text{test}}}\n")
    return "".join(lines)


def read(workspace: Make, text: str) -> Workspace:
    found, _, told = read_workspace(workspace({"policies/watchbill.yaml": text}), cache=False)
    assert [one.message for one in told if one.level == "error"] == []
    assert found is not None
    return found


def written(found: Workspace) -> dict[str, list[tuple[str, list[str]]]]:
    """For each rule file below the source: its groups, each with the names of its rules."""
    return {
        one.path.removeprefix("production/prometheus/all/").removesuffix(".rules.yml"): [
            (group["name"], [rule.get("record") or rule["alert"] for rule in group["rules"]])
            for group in yaml.safe_load(one.text)["groups"]
        ]
        for one in prometheus.build(found)
        if one.path.endswith(".rules.yml")
    }


PLAIN = {f"A{number}": f"a{number} > 1" for number in range(5)}


def test_a_group_that_is_too_long_is_split_and_a_rule_more_moves_none_before_it(workspace: Make) -> None:
    found = read(workspace, HEAD % (2, 70) + service("shop", "web", {}, PLAIN))
    assert written(found) == {"web/shop": [("shop", ["A0", "A1"]), ("shop-2", ["A2", "A3"]), ("shop-3", ["A4"])]}
    more = read(workspace, HEAD % (2, 70) + service("shop", "web", {}, {**PLAIN, "B": "b > 1"}))
    assert written(more)["web/shop"][:2] == written(found)["web/shop"][:2]


def test_who_asks_for_a_record_stands_behind_it_in_the_same_group(workspace: Make) -> None:
    records = {"a:x": "x", "b:y": "y", "c:z": "a:x + 1"}
    alerts = {"One": "up == 0", "Two": "b:y > 1", "Three": "c:z > 1", "Four": "down > 1"}
    found = read(workspace, HEAD % (3, 70) + service("shop", "web", records, alerts))
    assert written(found) == {
        "web/shop": [("shop", ["a:x", "c:z", "Three"]), ("shop-2", ["b:y", "Two", "One"]), ("shop-3", ["Four"])]
    }


def test_a_prometheus_keeps_one_group_however_long(workspace: Make) -> None:
    text = HEAD % (2, 70) + service("shop", "web", {}, PLAIN)
    mimir = text[text.index("mimir:") : text.index("}}\n") + 1]
    found = read(workspace, text.replace(mimir, "prometheus: {url: http://prom:9090}"))
    assert written(found) == {"web/shop": [("shop", list(PLAIN))]}


def test_with_too_many_groups_a_teams_services_share_a_file_the_team_first_that_saves_most(workspace: Make) -> None:
    services = "".join(
        service(f"s{number}", "web" if number < 4 else "data", {}, {f"A{number}": f"a{number} > 1"}, tested=number == 0)
        for number in range(6)
    )
    found = read(workspace, HEAD % (20, 6) + services)
    assert set(written(found)) == {"web/s0", "web/s1", "web/s2", "web/s3", "data/s4", "data/s5"}
    fewer = read(workspace, HEAD % (20, 5) + services)
    assert written(fewer) == {
        "web/_team": [("web-1", ["A0", "A1", "A2", "A3"])],
        "data/s4": [("s4", ["A4"])],
        "data/s5": [("s5", ["A5"])],
    }
    fewest = read(workspace, HEAD % (20, 2) + services)
    assert set(written(fewest)) == {"web/_team", "data/_team"}
    assert prometheus.check(fewest) == []


@pytest.mark.tools
def test_promtool_takes_shared_files_and_runs_their_tests(
    promtool: Path, workspace: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    services = "".join(
        service(f"s{number}", "web", {f"r:r{number}": "up"}, {f"A{number}": f"r:r{number} == 0"}, tested=True)
        for number in range(3)
    )
    found = read(workspace, HEAD % (4, 2) + services)
    artifacts = prometheus.build(found)
    assert [one.path.rsplit("/", 1)[1] for one in artifacts] == ["_team.rules.yml", "_team.test.yml"]
    passed, problems = gate(artifacts, found.root)
    assert (problems, [one.what for one in passed]) == ([], ["6 rules in 1 file"])
    ran, failures = run_tests(artifacts, found.root)
    assert (ran.total if ran else 0, failures) == (3, [])


def test_places_of_one_tenant_share_its_limit_and_the_strictest_holds(workspace: Make) -> None:
    two = (HEAD % (20, 5)).replace(
        "    sources:\n",
        "    sources:\n    - {name: other, labels: {cluster: b}, mimir: {url: http://mimir:8080, tenant: shop, max_groups: 3}}\n",
    )
    text = two + "".join(service(f"s{number}", "web", {}, {f"A{number}": f"a{number} > 1"}) for number in range(2))
    found = read(workspace, text)
    groups = [one.path for one in prometheus.build(found)]
    assert groups == [
        "production/prometheus/other/web/s0.rules.yml",
        "production/prometheus/other/web/s1.rules.yml",
        "production/prometheus/all/web/_team.rules.yml",
    ]


def test_rules_that_need_one_another_and_do_not_fit_are_an_error_that_names_the_numbers(workspace: Make) -> None:
    alerts = {f"A{number}": f"r:r > {number}" for number in range(4)}
    found = read(workspace, HEAD % (4, 70) + service("shop", "web", {"r:r": "up"}, alerts))
    (finding,) = prometheus.check(found)
    assert (finding.code.id, finding.message) == (
        "WB441",
        "5 rules of `shop` need one another's results and production/all takes 4 in a group",
    )
    assert finding.help == "raise the tenant's ruler_max_rules_per_rule_group and `max_rules_per_group` to 5"


def test_a_tenant_with_too_few_groups_is_an_error_that_names_the_numbers(workspace: Make) -> None:
    text = HEAD % (2, 2) + service("a", "web", {}, PLAIN) + service("b", "data", {}, {"B": "b > 1"})
    (finding,) = prometheus.check(read(workspace, text))
    assert (finding.code.id, finding.message) == ("WB442", "tenant `shop` would have 4 groups, and takes 2")
    assert "`max_groups` to 4" in finding.help


exprs = st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 8), max_size=2)), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(made=st.lists(exprs, min_size=1, max_size=4), groups=st.sampled_from([2, 5, 70]))
def test_no_rule_is_ever_in_another_group_than_a_record_it_asks_for_nor_before_it(
    workspace: Make, made: list[Any], groups: int
) -> None:
    text = HEAD % (12, groups)
    for number, rules in enumerate(made):
        records: dict[str, str] = {}
        alerts: dict[str, str] = {}
        for index, (is_record, asks) in enumerate(rules):
            known = list(records)
            named = [known[one] for one in asks if one < len(known)]
            expr = " + ".join(["up", *named])
            if is_record:
                records[f"s{number}:r{index}"] = expr
            else:
                alerts[f"S{number}A{index}"] = f"{expr} > 1"
        text += service(f"s{number}", "web", records, alerts or {f"S{number}": "up == 0"})
    found = read(workspace, text)
    total = 0
    for artifact in prometheus.build(found):
        for group in yaml.safe_load(artifact.text)["groups"]:
            before: list[str] = []
            assert len(group["rules"]) <= 12
            for rule in group["rules"]:
                parsed = promql.parse(rule["expr"])
                assert not isinstance(parsed, promql.Fault)
                asked = {metric for metric in promql.metrics(parsed) if ":" in metric}
                assert asked <= set(before)
                before.append(rule.get("record", ""))
                total += 1
    assert total == sum(len(one.records) + len(one.alerts) for place in found.places.values() for one in place.services)
