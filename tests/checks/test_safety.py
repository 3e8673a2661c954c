"""Who is asked before the machine acts, and remedies that undo each other."""

import pytest

SHOP = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: http://a:9090}
    alertmanager: {url: http://am-a:9093}
    executor: {url: http://executor-a:8080, mode: MODE}
  staging:
    labels: {env: staging}
    prometheus: {url: http://b:9090}
    alertmanager: {url: http://am-b:9093}
    executor: {url: http://executor-b:8080, mode: approve}
severities: {critical: {page: level}, warning: {ticket: team}}
catch_all: {team: web, outcome: ticket}
roles: {boss: {person: kim}}
---
kind: Team
name: web
on_call: {primary: first, secondary: second}
tickets: {webhook: {file: /run/secrets/tickets}}
---
{kind: Person, name: ana, email: ana@shop.example}
---
{kind: Person, name: bo, email: bo@shop.example}
---
{kind: Person, name: kim, email: kim@shop.example}
---
{kind: Schedule, name: first, layers: [{name: week, eras: [{from: 2026-01-05, people: [ana, bo]}]}]}
---
{kind: Schedule, name: second, layers: [{name: week, eras: [{from: 2026-01-05, people: [SECOND]}]}]}
---
kind: Escalation
name: level
steps: STEPS
repeat: 1
---
kind: Service
name: front
team: web
alerts:
- {name: FrontFails, severity: critical, expr: 'sum by (deployment, app) (rate(errors_total[5m])) > 1', for: 5m, summary: fails, runbook: {url: "https://w.example"}, no_data: {ignore: tested elsewhere}, remediate: [one]}
- {name: FrontSlow, severity: critical, expr: 'sum by (deployment, app) (seconds) > 1', for: 5m, summary: slow, runbook: {url: "https://w.example"}, no_data: {ignore: tested elsewhere}, remediate: OTHER}
---
"""
INPUTS = "inputs: {deployment: {label: deployment, allow: [ALLOW]}}\n"
TARGET = "{cluster: eu, namespace: shop, deployment: {input: deployment}"
RESTART = INPUTS + "action: {kubernetes.rollout_restart: " + TARGET + "}}\n"
BACK = INPUTS + "action: {kubernetes.rollout_undo: " + TARGET + "}}\n"
ISOLATE = (
    "inputs: {app: {label: app, allow: [ALLOW]}}\n"
    "action: {kubernetes.isolate: {cluster: eu, namespace: shop, app: {input: app}}}\n"
)
RAILS = "guardrails: {cooldown: 15m}\n"
BOTH = "[{notify: [{on_call: primary}]}, {notify: [{on_call: secondary}]}]"


def scale(how: str) -> str:
    return INPUTS + "action: {kubernetes.scale: " + TARGET + f", {how}, at_most: 9}}}}\n"


def http(value: str) -> str:
    return (
        "inputs: {app: {label: app, allow: [ALLOW]}}\n"
        "action: {http: {url: 'http://mesh/v1/breaker', body: {app: {input: app}, state: " + value + "}}}\n"
    )


@pytest.fixture
def told(workspace, findings):
    def told(
        one: str,
        other: str = "",
        *,
        mode: str = "approve",
        steps: str = BOTH,
        second: str = "bo, ana",
        allow: str = "web",
    ):
        text = SHOP.replace("MODE", mode).replace("STEPS", steps).replace("SECOND", second)
        text = text.replace("OTHER", "[other]" if other else "[one]")
        remedies = [f"kind: Remediation\nname: one\n{one.replace('ALLOW', 'web')}{RAILS}"]
        remedies += [f"kind: Remediation\nname: other\n{other.replace('ALLOW', allow)}{RAILS}"] if other else []
        return findings(workspace({"policies/watchbill.yaml": text + "---\n".join(remedies)}))

    return told


@pytest.mark.parametrize(
    "from_, asleep",
    [
        ("{on_call: primary}", False),
        ("{person: ana}", False),
        ("{person: kim}", True),
        ("{role: boss}", True),
        ("{role: boss}, {on_call: secondary}", False),
        ("{role: boss}, {person: kim}", True),
    ],
)
def test_somebody_who_is_asked_has_turns(from_, asleep, told):
    found = told(RESTART + f"approvals: {{from: [{from_}]}}\n")
    assert [one.code for one in found] == ["WB715"] * asleep


@pytest.mark.parametrize(
    "from_, count, second, few",
    [
        ("{on_call: primary}, {on_call: secondary}", 2, "bo, ana", None),
        (
            "{on_call: primary}, {on_call: secondary}",
            2,
            "ana",
            "all that are asked are `ana` from Mon 5 Jan 09:00 to",
        ),
        ("{on_call: primary}, {on_call: secondary}", 1, "ana", None),
        ("{on_call: primary}, {on_call: secondary}, {role: boss}", 2, "ana", None),
        (
            "{on_call: primary}, {on_call: secondary}, {role: boss}",
            3,
            "bo, kim",
            "only 2 are there from Mon 12 Jan 09:00 to",
        ),
        ("{person: ana}, {person: ana}", 2, "bo, ana", "all that are asked are `ana`"),
        ("{person: ana}, {person: kim}", 2, "bo, ana", None),
    ],
)
def test_as_many_people_as_must_approve_are_there_at_every_time(from_, count, second, few, told):
    found = told(RESTART + f"approvals: {{from: [{from_}], count: {count}}}\n", second=second)
    found = [one for one in found if one.code != "WB524"]  # that a team's two roles are one person is another matter
    assert [one.code for one in found] == (["WB716"] if few else [])
    assert all(few in one.message for one in found)


ONE_STEP = "[{notify: [{on_call: primary}]}]"


@pytest.mark.parametrize(
    "remedy, from_, steps, alone",
    [
        ("risk: high\n" + RESTART, "{on_call: primary}", ONE_STEP, True),
        (ISOLATE, "{on_call: primary}", ONE_STEP, True),
        (BACK, "{on_call: primary}", ONE_STEP, True),
        (RESTART, "{on_call: primary}", ONE_STEP, False),
        (BACK, "{on_call: primary}", BOTH, False),
        (BACK, "{on_call: primary}, {role: boss}", ONE_STEP, False),
        (BACK, "{on_call: secondary}", ONE_STEP, False),
    ],
)
def test_something_destructive_has_more_than_one_pair_of_eyes(remedy, from_, steps, alone, told):
    found = told(remedy + f"approvals: {{from: [{from_}]}}\n", steps=steps)
    assert [one.code for one in found] == ["WB717"] * alone


@pytest.mark.parametrize(
    "when, mode, left_out",
    [
        ("{}", "auto", None),
        ("{env: production}", "auto", None),  # the other place is not automatic
        ("{env: staging}", "auto", "in production nobody is asked: there `env` is `production`"),
        ("{env: staging}", "approve", None),
        ("{env: staging}", "observe", None),
    ],
)
def test_something_destructive_is_asked_for_wherever_the_machine_acts_by_itself(when, mode, left_out, told):
    found = told(BACK + f"approvals: {{when: {when}, from: [{{on_call: primary}}]}}\n", mode=mode)
    assert [(one.code, one.message) for one in found] == ([("WB718", left_out)] if left_out else [])


FIGHTS = {
    "more and fewer": (scale("by: 2"), scale("to: 1")),
    "two numbers": (scale("to: 2"), scale("to: 1")),
    "cut off and restarted": (RESTART, ISOLATE + "approvals: {from: [{on_call: primary}]}\n"),
    "cut off and scaled": (ISOLATE + "approvals: {from: [{on_call: primary}]}\n", scale("by: 1")),
    "one call with two values": (http("open"), http("closed")),
}
PEACE = {
    "more and more": (scale("by: 2"), scale("by: 1")),
    "the same number": (scale("to: 2"), scale("to: 2")),
    "restarted and scaled": (RESTART, scale("by: 2")),
    "one call with one value": (http("open"), http("open")),
}


@pytest.mark.parametrize("one, other", FIGHTS.values(), ids=FIGHTS)
def test_remedies_that_undo_each_other_are_found_with_a_target(one, other, told):
    (found,) = [finding for finding in told(one, other, mode="auto", allow='"w.*", api') if finding.code != "WB717"]
    assert (found.code, found.level) == ("WB719", "warning")
    assert "`web`" in found.message
    assert [text for _, _, text in found.related][1:] == ["`FrontFails` leads to `one`", "and `FrontSlow` to `other`"]


@pytest.mark.parametrize("one, other", PEACE.values(), ids=PEACE)
def test_remedies_that_can_stand_beside_each_other_are_left_alone(one, other, told):
    assert told(one, other, mode="auto") == []


@pytest.mark.parametrize("one, other", FIGHTS.values(), ids=FIGHTS)
def test_remedies_of_different_targets_or_with_somebody_to_decide_are_left_alone(one, other, told):
    assert [finding for finding in told(one, other, mode="auto", allow="api") if finding.code == "WB719"] == []
    assert [finding for finding in told(one, other, mode="approve") if finding.code == "WB719"] == []
    asked = "" if "approvals" in one else "approvals: {from: [{on_call: primary}]}\n"
    asked_too = "" if "approvals" in other else "approvals: {from: [{on_call: primary}]}\n"
    assert [finding for finding in told(one + asked, other + asked_too, mode="auto") if finding.code == "WB719"] == []


@pytest.mark.parametrize(
    "rails", ["guardrails: {}", "guardrails: {max_per_hour: 3}"], ids=["no guardrails", "no cooldown"]
)
def test_a_remedy_without_a_cooldown_cannot_be_written_and_limit_and_proof_are_never_missing(
    rails, workspace, findings
):
    text = SHOP.replace("MODE", "auto").replace("STEPS", BOTH).replace("SECOND", "bo, ana").replace("OTHER", "[one]")
    remedy = f"kind: Remediation\nname: one\n{RESTART.replace('ALLOW', 'web')}{rails}\n"
    assert [one.code for one in findings(workspace({"policies/watchbill.yaml": text + remedy}))] == ["WB104"]
    from watchbill.spec.kinds.answers import Guardrails, Verify

    defaults = Guardrails(cooldown="15m")
    assert (defaults.max_per_hour, defaults.max_targets, defaults.stop_after_failures) == (3, 1, 3)
    assert (Verify().quiet_for, Verify().within) == ("2m", "15m")
