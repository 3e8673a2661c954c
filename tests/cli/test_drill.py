"""`watchbill drill`: the production core on the worked example, and what a person reads of it."""

import json
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PLAN = TOP / "generated/production/executor/plan.json"
NIGHT = ("--at", "2026-11-25T22:00Z")
PAYMENTS = ("PaymentFailureRateHigh", "provider=acquirer-a", "--in", "production/eu", *NIGHT)


@pytest.fixture
def drill(run):
    def told(*arguments):
        ran = run("drill", *arguments, "--format", "json", cwd=TOP)
        assert ran.exit == 0, ran.err
        return json.loads(ran.out)

    return told


def kinds(document, *wanted):
    return [line["kind"] for line in document["story"] if line["kind"] in wanted]


def texts(document, kind):
    return [line["text"] for line in document["story"] if line["kind"] == kind]


def test_a_remedy_that_helps_is_asked_for_runs_once_is_verified_and_the_incident_is_over(drill):
    document = drill(*PAYMENTS)
    assert document["ended"] == "resolved"
    assert kinds(document, "collect", "ask", "approval", "passed", "act", "ran", "verified") == [
        "collect", "ask", "approval", "passed", "act", "ran", "verified",
    ]  # fmt: skip
    assert texts(document, "verified") == ["payments/reroute-payments helped"]


def test_whoever_is_on_call_at_that_moment_is_paged_in_their_own_time(drill):
    pages = texts(drill(*PAYMENTS), "page")
    assert pages[0].startswith("eli is paged as primary of payments (17:00 in America/New_York), beside PagerDuty")
    day = texts(drill(*PAYMENTS[:4], "--at", "2026-11-25T12:00Z"), "page")
    assert not day[0].startswith("eli")


def test_a_remedy_that_does_not_help_is_taken_back_and_people_are_called(drill):
    document = drill(*PAYMENTS, "--useless")
    assert texts(document, "verified") == ["payments/reroute-payments did not help"]
    assert [text.split()[1] for text in texts(document, "act")] == ["run", "take"]
    assert any("could not mend it" in text for text in texts(document, "page"))
    assert document["ended"] != "resolved"


def test_when_nobody_approves_nothing_runs_and_the_next_step_is_taken(drill):
    document = drill(*PAYMENTS, "--approvers", "nothing")
    assert kinds(document, "act") == []
    assert "payments/reroute-payments (approval-expired): nobody answered in time" in texts(document, "refused")


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (("--healthy", "0"), "unhealthy"),
        (("--no-prometheus",), "no-answer"),
        (("provider=acquirer-x",), "input-not-allowed"),
        ((), "input-missing"),
    ],
)
def test_what_holds_the_machine_back_is_told_and_nothing_runs(drill, arguments, refused):
    given = arguments if "provider=acquirer-x" in arguments or not arguments else ("provider=acquirer-a", *arguments)
    document = drill("PaymentFailureRateHigh", *given, "--in", "production", *NIGHT)
    assert [re.findall(r"\(([a-z-]+)\)", text)[0] for text in texts(document, "refused")] == [refused]
    assert kinds(document, "act") == []


def test_a_process_that_dies_leaves_the_unknown_to_people_and_never_runs_again(drill):
    document = drill(*PAYMENTS, "--dies")
    assert len(texts(document, "act")) == 1
    assert any("nobody knows whether" in text for text in texts(document, "page"))


def test_a_security_incident_keeps_evidence_asks_two_people_and_tells_the_ciso_at_once(drill):
    document = drill("PossibleDataExfiltration", "namespace=accounts", "app=export", "--in", "production/us", *NIGHT)
    story = document["story"]
    evidence = next(line for line in story if line["kind"] == "collect")
    assert evidence["text"].startswith("kept as evidence: security/auth-logs")
    assert evidence["text"].endswith("under custody")
    told = next(line for line in story if line["kind"] == "page" and "noor" in line["who"])
    act = next(line for line in story if line["kind"] == "act")
    assert told["after_seconds"] < 10 < act["after_seconds"]
    assert texts(document, "approval") == ["vik approves (1 of 2)", "yara approves (2 of 2)"]


def test_an_acknowledgement_stops_the_escalation(drill):
    late = [line["after_seconds"] for line in drill(*PAYMENTS, "--useless")["story"] if line["kind"] == "escalated"]
    early = drill(*PAYMENTS, "--useless", "--acknowledge", "1m")
    assert max(late) > 60 >= max(line["after_seconds"] for line in early["story"] if line["kind"] == "escalated")


def test_the_text_is_the_same_story_minute_by_minute(run):
    ran = run("drill", *PAYMENTS, cwd=TOP)
    lines = ran.out.splitlines()
    assert (
        lines[0]
        == "payment-gateway/PaymentFailureRateHigh/critical in production/eu, Wed 25 Nov 2026 22:00 UTC, mode approve"
    )
    assert lines[2].startswith(" 0:00:00  opened      incident ")
    assert lines[-1] == "It is resolved after 0:06:58."
    assert ran.exit == 0


def test_the_same_drill_is_the_same_to_the_byte(run):
    assert run("drill", *PAYMENTS, cwd=TOP).out == run("drill", *PAYMENTS, cwd=TOP).out


def test_a_plan_alone_is_enough(run, tmp_path):
    ran = run("drill", *PAYMENTS, "--plan", PLAN, cwd=tmp_path)
    assert (ran.exit, "It is resolved" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "this is not a plan"),
        (b'{"version": 2}', "the plan is of version 2, and this executor reads version 1"),
        (PLAN.read_bytes()[:-200], "this is not a plan"),
        (PLAN.read_bytes().replace(b'"cooldown": "15m"', b'"cooldown": "soon"'), "`soon` is not a duration"),
    ],
)
def test_a_plan_that_cannot_be_used_is_a_finding_and_no_traceback(run, tmp_path, text, told):
    (tmp_path / "plan.json").write_bytes(text)
    ran = run("drill", "Any", "--plan", tmp_path / "plan.json", cwd=tmp_path)
    assert ran.exit == 1
    assert "error[WB908]" in ran.out
    assert told in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_no_plan_and_no_workspace_are_findings(run, tmp_path):
    assert "error[WB908]" in run("drill", "Any", cwd=tmp_path).out
    assert "error[WB908]" in run("drill", "Any", "--plan", tmp_path / "none.json", cwd=tmp_path).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name an alert"),
        (("PaymentFailureRateHihg", "--in", "production"), "did you mean PaymentFailureRateHigh?"),
        (("PaymentFailureRateHigh",), "say where: production or staging"),
        (("PaymentFailureRateHigh", "--in", "prodution"), "did you mean production?"),
        (("PaymentFailureRateHigh", "--in", "production/mars"), "there is no source `mars`: eu, us"),
        (("PaymentFailureRateHigh", "--in", "production", "--for", "long"), "write 90s, 4m or 2h"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(run, arguments, told):
    ran = run("drill", *arguments, cwd=TOP)
    assert ran.exit == 64
    assert told in ran.err
