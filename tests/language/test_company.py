"""Sixty teams, four clusters, two Mimir tenants, three thousand rules that nobody there wrote, and PagerDuty."""

import json
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml
from pagerduty_openapi import OpenApi, requests, with_ids

from generator.company import files

TEAMS, RULES = 60, 3000


@cache
def rules(root: Path, place: str) -> list[dict]:
    """The groups of every rule file of a place."""
    environment, source = place.split("/")
    return [
        group
        for path in sorted(root.glob(f"generated/{environment}/prometheus/{source}/**/*.rules.yml"))
        for group in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["groups"]
    ]


@pytest.fixture(scope="module")
def company(workspace, run, promtool, amtool):
    """It compiles, and both tools accept what comes out: the last line but one says what they were shown."""
    root = workspace(files(TEAMS, RULES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATCHBILL_PROMTOOL", str(promtool))
        patch.setenv("WATCHBILL_AMTOOL", str(amtool))
        done = run("compile", cwd=root)
    assert done.exit == 0, done.out + done.err
    assert f"120 alerts of 60 services, {RULES - 1:,} of others, {TEAMS} teams, {5 * TEAMS} people" in done.out
    assert "rules in 302 files" in done.out
    assert "3 routing trees" in done.out
    return root


@pytest.fixture(scope="module")
def reached(company, amtool):
    """The receivers of an alert in production, as amtool finds them."""

    def receivers(**labels: str) -> list[str]:
        argv = [
            amtool,
            "config",
            "routes",
            "test",
            f"--config.file={company}/generated/production/alertmanager/alertmanager.yml",
        ]
        pairs = [f"{name}={value}" for name, value in {"env": "production", "cluster": "eu-1", **labels}.items()]
        done = subprocess.run([*argv, *pairs], capture_output=True, text=True, check=True)
        return done.stdout.strip().split(",")

    return receivers


@pytest.mark.parametrize(
    ("namespace", "severity", "receivers"),
    [
        ("team-42", "critical", ["team-42-critical"]),
        ("team-42-cart", "critical", ["team-42-critical"]),
        ("team-42-cart", "high", ["team-42-high", "team-42-high-outside"]),
        ("team-07-x", "warning", ["team-07-warning"]),
        ("nobody-knows", "critical", ["team-00-critical"]),
        ("team-4", "critical", ["team-00-critical"]),
        ("team-42cart", "critical", ["team-00-critical"]),
    ],
)
def test_a_rule_of_others_reaches_the_team_whose_namespace_it_is(reached, namespace, severity, receivers):
    labels = {"alertname": "Other0500", "service": "mixin", "team": "runtime", "ownership": "namespaces/team-00"}
    assert reached(**labels, severity=severity, namespace=namespace) == receivers


def test_a_rule_of_ours_reaches_its_team_in_every_cluster(reached):
    for cluster in ("eu-1", "us-1", "ap-1", "sa-1"):
        labels = {"alertname": "ErrorsHigh", "service": "team-59-api", "team": "team-59", "severity": "critical"}
        assert reached(**labels, cluster=cluster) == ["team-59-critical"]


def test_every_rule_carries_its_cluster_or_asks_for_it(company):
    for cluster in ("eu", "us"):
        alerts = [
            rule for group in rules(company, f"production/{cluster}") for rule in group["rules"] if "alert" in rule
        ]
        assert {(rule["labels"]["env"], rule["labels"]["cluster"]) for rule in alerts} == {
            ("production", f"{cluster}-1")
        }
    store = [rule for group in rules(company, "production/store") for rule in group["rules"]]
    assert {label for rule in store for label in rule.get("labels", ())} & {"env", "cluster"} == set()
    assert all('env="production"' in rule["expr"] for rule in store)
    held = [rule for rule in store if rule.get("alert") == "ErrorsHighNoData"]
    assert all('cluster="ap-1"' in rule["expr"] and 'cluster="sa-1"' in rule["expr"] for rule in held)
    assert len(held) == TEAMS


@pytest.mark.parametrize(("place", "most"), [("production/store", 2 * TEAMS + RULES // 20), ("staging/store", 200)])
def test_a_tenant_has_no_more_groups_and_rules_than_its_ruler_takes(company, place, most):
    groups = rules(company, place)
    assert len(groups) <= most
    assert max(len(group["rules"]) for group in groups) <= 20


def test_an_alert_stands_in_one_group_with_the_record_it_asks_for(company):
    asking = 0
    for group in rules(company, "production/store"):
        names = [rule.get("record") for rule in group["rules"]]
        for position, rule in enumerate(group["rules"]):
            if rule.get("alert") == "ErrorsHigh":
                record = rule["expr"].split("{")[0]
                assert record in names[:position]
                asking += 1
    assert asking == TEAMS


def test_rules_of_others_are_all_there_once_but_those_turned_off(company):
    found = Counter(
        rule["alert"] for group in rules(company, "production/eu") for rule in group["rules"] if "alert" in rule
    )
    theirs = {name: count for name, count in found.items() if name.startswith("Other") and not name.endswith("NoData")}
    assert theirs == {f"Other{number:04}": 1 for number in range(1, RULES)}
    (changed,) = (
        rule for group in rules(company, "production/us") for rule in group["rules"] if rule.get("alert") == "Other0001"
    )
    assert (changed["for"], changed["labels"]["severity"], changed["labels"]["team"]) == ("30m", "critical", "runtime")


def test_nothing_of_others_runs_where_it_should_not(company):
    for place in ("staging/store", "sandbox/default"):
        assert not any("Other" in rule.get("alert", "") for group in rules(company, place) for rule in group["rules"])


def test_pagerduty_has_every_team_and_takes_every_object(company, corpora):
    if not (corpora / "pagerduty").is_dir():
        pytest.skip("PagerDuty's OpenAPI document is not among the corpora")
    openapi = OpenApi(corpora)
    found = {
        path.relative_to(company / "generated/pagerduty").as_posix(): json.loads(path.read_text("utf-8"))
        for path in (company / "generated/pagerduty").rglob("*.json")
    }
    kinds = Counter(path.split("/")[0] for path in found)
    assert {kind: kinds[kind] for kind in ("team", "service", "escalation_policy", "schedule", "rotation")} == {
        "team": TEAMS, "service": TEAMS, "escalation_policy": TEAMS, "schedule": 2 * TEAMS, "rotation": 2 * TEAMS,
    }  # fmt: skip
    assert "custom_shift" not in kinds  # every rota recurs
    for path, kind, body in requests(found):
        assert openapi.errors(kind, with_ids(body)) == [], path


def test_each_team_reviews_its_own_folder(company):
    owners = (company / "generated/CODEOWNERS").read_text("utf-8").splitlines()
    lines = [line.split() for line in owners if line.startswith("/policies/team-")]
    assert lines == [[f"/policies/team-{number:02}/", f"@company/team-{number:02}"] for number in range(TEAMS)]


def test_who_gets_an_alert_at_three_on_sunday_in_one_cluster_is_one_command(company, run):
    asked = ["Other0500", "namespace=team-42-cart", "--in", "production/eu", "--at", "2026-06-07T03:00 Europe/Lisbon"]
    done = run("route", *asked, cwd=company)
    assert done.exit == 0
    assert "Receiver  team-42-critical: pages team-42" in done.out
    # Three people take weeks from 22 December: this one is the third's, who lives where it is half past seven.
    assert re.search(r"at once +primary +team-42-c +Sun 7 Jun 07:30 Asia/Kolkata", done.out)
    assert re.search(r"\+5m +secondary +team-42-e", done.out)


def test_who_is_on_call_on_sunday_at_three_is_one_command(company, run):
    done = run("oncall", "--at", "2026-06-07T03:00 Europe/Lisbon", "--format", "json", cwd=company)
    found = {(one["team"], one["role"]): one["people"] for one in json.loads(done.out)["on_call"]}
    assert len(found) == 2 * TEAMS
    # Three people take weeks from 22 December, two others as well: week 23 is the third of three, and the second of two.
    assert {people[0] for (_, role), people in found.items() if role == "primary"} == {
        f"team-{number:02}-c" for number in range(TEAMS)
    }
    assert found["team-33", "secondary"] == ["team-33-e"]
