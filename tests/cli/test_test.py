"""`watchbill test`, as a person, a program or a build server meets it."""

import json
from xml.etree import ElementTree as ET

import pytest

from trial.street import WORKSPACE, a_test

PASSES = "alert: {alertname: WebDown}, in: production, outcome: page"
FAILS = "name: it is a ticket, alert: {alertname: WebDown}, in: production/eu, outcome: ticket"
RULE = """\
kind: Service
name: till
team: shop
alerts:
- name: TillDown
  severity: critical
  expr: 'up{job="till"} == 0'
  for: 2m
  summary: down
  runbook: look
  tests:
  - {name: fires, in: production/eu, series: {'up{job="till"}': 0x10}, expect: [{at: 5m, firing: [{}]}]}
  - {name: does not fire, in: production/eu, series: {'up{job="till"}': 0x10}, expect: [{at: 5m, firing: []}]}
"""


@pytest.fixture
def street(workspace):
    def street(*cases: str, **more: str):
        files = {"policies/watchbill.yaml": WORKSPACE, "policies/tests.yaml": a_test(*cases)}
        return workspace({**files, **{f"policies/{name}.yaml": text for name, text in more.items()}})

    return street


@pytest.fixture
def without_promtool(monkeypatch):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", "/nowhere/promtool")


def report(file):
    return ET.parse(file).getroot()  # noqa: S314  (our own report)


def test_who_is_told_is_tested_without_any_tool(street, run, without_promtool):
    ran = run("test", cwd=street(PASSES))
    assert ran.exit == 0
    assert "error[" not in ran.out
    assert "1 of 5 alerts have a test (20%). Not db/DbDown, disk/DiskFull, web/WebOdd, web/WebSlow" in ran.err
    assert "routes are reached by a test of who is told." in ran.err
    assert "2 tests: 2 passed, 0 failed." in ran.err


def test_a_failing_case_is_told_with_its_place_and_ends_with_1(street, run, without_promtool):
    ran = run("test", cwd=street(PASSES, FAILS))
    assert ran.exit == 1
    assert "error[WB483] it is a ticket (in production/eu): expected ticket, but it leads to page" in ran.out
    assert "policies/tests.yaml:5:" in ran.out
    assert "3 tests: 2 passed, 1 failed." in ran.err


def test_rule_tests_that_cannot_run_are_said_to_be_not_run_and_the_others_run(street, run, without_promtool):
    ran = run("test", cwd=street(PASSES, rule=RULE))
    assert ran.exit == 1
    assert "2 rule tests did not run" in ran.err
    assert "2 tests: 2 passed, 0 failed." in ran.err
    told = json.loads(run("test", "--format", "json", cwd=street(PASSES, rule=RULE)).out)
    assert (told["tests"]["total"], told["tests"]["routing"], told["tests"]["not_run"]) == (2, 2, 2)


@pytest.mark.tools
def test_both_kinds_run_and_are_reported_to_a_build_server(street, run, promtool, monkeypatch, tmp_path):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    file = tmp_path / "report.xml"
    root = street(PASSES, FAILS, rule=RULE)
    ran = run("test", "--junit", file, "--format", "json", cwd=root)
    told = json.loads(ran.out)
    assert ran.exit == 1
    assert {one["code"] for one in told["diagnostics"] if one["severity"] == "error"} == {"WB483", "WB906"}
    assert told["tests"] | {"seconds": 0} == {
        "total": 5,
        "failed": 2,
        "rules": 2,
        "routing": 3,
        "not_run": 0,
        "seconds": 0,
    }
    top = report(file)
    assert (top.tag, top.get("name"), top.get("tests"), top.get("failures"), top.get("errors")) == (
        "testsuites",
        "street",
        "5",
        "2",
        "0",
    )
    suites = {suite.get("name"): suite for suite in top}
    assert list(suites) == ["production/prometheus/eu/shop/till.test.yml", "Test who"]
    for suite in top:
        cases = list(suite)
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == sum(case.find("failure") is not None for case in cases)
        assert float(suite.get("time")) >= 0
        assert all(case.get("classname") and case.get("name") for case in cases)
        assert {case.get("file") for case in cases} <= {"policies/rule.yaml", "policies/tests.yaml"}
    (failure,) = suites["Test who"].iter("failure")
    assert failure.get("message") == "it is a ticket (in production/eu): expected ticket, but it leads to page"
    assert "watchbill route WebDown --in production/eu" in failure.text
    failing = [case for case in suites["Test who"] if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("line")) for case in failing] == [("production/eu", "5")]


def test_a_report_holds_whatever_a_policy_says(street, run, without_promtool, tmp_path):
    file = tmp_path / "report.xml"
    case = r'name: "<a> & \"b\" \u0007]]>", alert: {alertname: WebDown, deployment: "\u0001<"}, in: production/eu, outcome: ticket'
    assert run("test", "--junit", file, cwd=street(case)).exit == 1
    (found,) = report(file).iter("testcase")
    assert found.get("name") == '<a> & "b" \N{REPLACEMENT CHARACTER}]]> in production/eu'


def test_what_was_not_run_is_skipped_in_the_report(street, run, without_promtool, tmp_path):
    file = tmp_path / "report.xml"
    run("test", "--junit", file, cwd=street(PASSES, rule=RULE))
    (skipped,) = report(file).iter("skipped")
    assert skipped.get("message") == "2 rule tests did not run: there is no promtool"
    assert report(file).get("skipped") == "1"


def test_a_report_that_cannot_be_written_is_a_finding(street, run, without_promtool, tmp_path):
    ran = run("test", "--junit", tmp_path / "nowhere" / "report.xml", cwd=street(PASSES))
    assert ran.exit == 1
    assert "WB905" in ran.out
    assert "cannot be written: no such file or directory" in ran.out


@pytest.mark.parametrize("percent, ends", [("0", 0), ("20", 0), ("20.1", 1), ("100", 1)])
def test_too_few_tested_alerts_fail_where_a_share_is_asked_for(percent, ends, street, run, without_promtool):
    ran = run("test", "--fail-under", percent, cwd=street(PASSES))
    assert ran.exit == ends
    assert ("error[WB484] 1 of 5 alerts have a test: 20%, and" in ran.out) == bool(ends)
    assert ("no test: db/DbDown" in ran.out) == bool(ends)


def test_a_rule_test_counts_whether_or_not_it_can_run(street, run, without_promtool):
    told = json.loads(run("test", "--format", "json", cwd=street(PASSES, rule=RULE)).out)
    assert (told["coverage"]["alerts"], told["coverage"]["percent"]) == (6, 33.33)
    assert "till/TillDown" not in told["coverage"]["untested"]
    assert "web/Watchdog" not in told["coverage"]["untested"]
    assert told["coverage"]["routes"] > len(told["coverage"]["unreached"]) > 0


def test_only_one_alerts_tests_or_one_tests_cases_run(street, run, without_promtool):
    other = a_test("alert: {alertname: WebSlow}, in: production/eu, outcome: ticket").replace("name: who", "name: slow")
    root = street(PASSES, FAILS, other=other)
    assert "3 tests: 2 passed, 1 failed." in run("test", "--only", "WebDown", cwd=root).err
    assert "1 test: 1 passed, 0 failed." in run("test", "--only", "slow", cwd=root).err
    ran = run("test", "--only", "slwo", cwd=root)
    assert ran.exit == 64
    assert "there is no alert and no Test `slwo`: did you mean `slow`?" in ran.err
    assert run("test", "--only", "slow", "--fail-under", "5", cwd=root).exit == 64


@pytest.mark.tools
def test_only_runs_the_rule_tests_of_that_alert(street, run, promtool, monkeypatch):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    root = street(PASSES, rule=RULE)
    assert "2 tests: 1 passed, 1 failed." in run("test", "--only", "TillDown", cwd=root).err
    assert "2 tests: 2 passed, 0 failed." in run("test", "--only", "WebDown", cwd=root).err


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "markdown"])
def test_every_form_tells_what_failed(form, street, run, without_promtool):
    ran = run("test", "--format", form, cwd=street(PASSES, FAILS))
    assert ran.exit == 1
    assert "it leads to page" in ran.out
    if form == "markdown":
        assert "- 3 tests: 2 passed, 1 failed." in ran.out


def test_nothing_runs_while_there_are_errors(street, run, without_promtool):
    ran = run("test", cwd=street("alert: {alertname: Nothing}, in: production, outcome: page"))
    assert ran.exit == 1
    assert "No test was run." in ran.err


def test_the_proof_holds_only_when_the_tests_of_who_is_told_pass(street, run, without_promtool):
    def claim(root):
        told = json.loads(run("check", "--proof", "--format", "json", cwd=root).out)
        return next(one for one in told["proof"]["claims"] if one["name"] == "tests")

    found = claim(street(PASSES))
    assert (found["verdict"], found["says"]) == ("proven", "2 tests passed")
    found = claim(street(PASSES, FAILS))
    assert (found["verdict"], found["says"], found["broken_by"]) == ("broken", "1 of 3 tests failed", ["WB483"])
    found = claim(street(PASSES, rule=RULE))
    assert found["verdict"] == "not shown"
    assert found["says"].endswith("there is no promtool (watchbill doctor), and 2 tests of who is told passed")
