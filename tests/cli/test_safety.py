"""The five things that keep the machine in check, each shown by one command on the worked example, with nothing running.

The commands are taken from the README.
"""

import re
import shlex
import sys
from pathlib import Path

import pytest

from watchbill.executor.plan import read

TOP = Path(__file__).parents[2]
SECTION = (TOP / "README.md").read_text().split("### What keeps the machine in check")[1].split("\n#")[0]
COMMANDS = re.findall(r"```sh\nwatchbill (.*?)\n```", SECTION.replace("\\\n", " "), re.DOTALL)
COOLDOWN, LIMIT, APPROVAL, HISTORY, RISK = COMMANDS


@pytest.fixture
def shown(run, monkeypatch):
    """What a command of the README prints after a plain install."""
    for extra in ("sqlalchemy", "alembic", "starlette", "uvicorn", "httpx", "prometheus_client"):
        monkeypatch.setitem(sys.modules, extra, None)

    def ran(command):
        done = run(*shlex.split(command), cwd=TOP)
        assert done.exit == 0, done.err
        return [" ".join(line.split()) for line in done.out.splitlines()]

    return ran


def having(lines, *words):
    return [number for number, line in enumerate(lines) if all(word in line for word in words)]


def test_between_two_actions_on_one_target_lies_a_cooldown(shown):
    lines = shown(COOLDOWN)
    (first,) = having(lines, "2026-11-25T22:01:08Z succeeded, helped redirect-traffic")
    (second,) = having(lines, "2026-11-25T22:25:05Z refused redirect-traffic")
    assert lines[first].split("redirect-traffic")[1] == lines[second].split("redirect-traffic")[1]  # the same target
    assert "cooldown: " in lines[second + 1]
    assert lines[second + 1].endswith("30m between two runs")


def test_no_more_than_three_actions_run_within_an_hour(shown):
    lines = shown(LIMIT)
    assert len(having(lines, "succeeded", "restart-service")) == 3
    (refused,) = having(lines, "refused", "restart-service", "accounts-api")
    assert lines[refused + 1].endswith("hourly-limit: 3 of 3 an hour: run:restart-service:sre")


def test_three_an_hour_is_what_a_remediation_gets_that_says_nothing():
    from executor.small_plan import plan_text

    plan = read(plan_text().encode())
    assert plan.document.remediations["isolate"].guardrails.max_per_hour == 3


def test_a_critical_operation_waits_for_people_who_may_approve_it_and_without_them_is_not_done(shown):
    lines = shown(APPROVAL)
    (asked,) = having(lines, "ask vik, yara, noor asked, 2 of them must agree")
    (refused,) = having(lines, "refused security/isolate-workload (approval-expired): nobody answered in time")
    assert asked < refused
    assert having(lines, "would run") == []
    granted = shown(APPROVAL.replace("nothing", "yes"))
    second, act = having(granted, "approval yara approves (2 of 2)"), having(granted, "would run kubernetes.isolate")
    assert second < act


def test_every_action_stands_in_a_history_with_its_risk_who_let_it_how_it_ended_and_whether_it_helped(shown):
    lines = shown(HISTORY)
    (done,) = having(lines, "2026-11-25T22:01:08Z succeeded, did not help payments/reroute-payments")
    assert lines[done + 1].endswith("risk 90; approved by eli; took 20 s; dry run")
    (undone,) = having(lines, "2026-11-25T22:16:30Z succeeded, taken back payments/reroute-payments")
    assert done < undone


def test_the_risk_of_an_incident_and_of_each_action_is_assessed_with_its_reasons(shown):
    lines = shown(RISK)
    (incident,) = having(lines, "classified critical in production of team payments, tier 1, class business")
    reasons = "+30: severity critical, +15: tier 1, +5: class business, +15: revenue direct, +10: outside working hours"
    assert lines[incident].endswith(f"risk 75 ({reasons})")
    (action,) = having(lines, "weighed payments/reroute-payments")
    reasons = "+50: high risk, +10: environment production, +15: tier 1, +5: class business, +10: outside working hours"
    assert lines[action].endswith(f"risk 90 ({reasons}): a person is asked, whatever the policy says")
