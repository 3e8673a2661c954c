"""Remediations and procedures: one good workspace without a finding, and what every kind of damage to it is told as."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from watchbill.checks import remediation
from watchbill.source.codes import remediation as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.source.locate import Sources
from watchbill.spec.resolve import read_workspace

GOOD = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prom-eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prom-us:9090}}
    executor: {url: http://executor:8080}
classes: [performance, security]
roles: {ciso: {person: noor}, press: {email: press@shop.example}}
catch_all: {team: web, outcome: page}
---
kind: Team
name: web
on_call: {primary: rota, secondary: rota}
roles: {manager: noor}
---
kind: Team
name: lone
on_call: {primary: rota}
---
kind: Person
name: noor
email: noor@shop.example
---
kind: Schedule
name: rota
people: [noor]
---
kind: Service
name: front
team: web
alerts:
- name: FrontSlow
  class: performance
  severity: critical
  expr: max by (deployment, zone) (latency_seconds) > 1
  summary: "slow"
  runbook: {url: "https://wiki.shop.example/slow"}
  remediate: [restart, breaker]
- name: Intrusion
  class: security
  severity: critical
  expr: sum by (app) (rate(denied_total[5m])) > 1
  summary: "intrusion"
  runbook: {url: "https://wiki.shop.example/intrusion"}
---
kind: Service
name: lonely
team: lone
alerts:
- name: LonelySlow
  class: performance
  severity: warning
  expr: latency_seconds > 1
  summary: "slow"
  runbook: {url: "https://wiki.shop.example/slow"}
---
kind: Remediation
name: restart
inputs:
  cluster: {label: cluster, connection: kubernetes}
  deployment: {label: deployment, allow: [front, "front-[a-z]+"]}
risk: medium
action: {kubernetes.rollout_restart: {cluster: {input: cluster}, namespace: shop, deployment: {input: deployment}}}
guardrails:
  cooldown: 15m
  keep_healthy: {expr: 'count(up{job="front"} == 1)', at_least: 2}
approvals: {when: {env: production}, from: [{on_call: primary}, {role: manager}], count: 2}
verify: {quiet_for: 2m, within: 15m}
---
kind: Remediation
name: breaker
action:
  http:
    url: http://mesh:8080/v1/breaker
    body: {state: open}
    undo: {state: closed}
guardrails: {cooldown: 5m}
undo: inverse
---
kind: Remediation
name: cut-off
inputs:
  app: {label: app, allow: ["[a-z]{1,20}"]}
risk: high
action: {kubernetes.isolate: {cluster: eu-1, namespace: shop, app: {input: app}}}
guardrails: {cooldown: 15m}
approvals: {from: [{role: ciso}]}
undo: inverse
---
kind: Remediation
name: flush
action: {redis.flush: {server: cache, pattern: "catalogue:*"}}
guardrails: {cooldown: 15m}
---
kind: Procedure
name: intrusion
when: {class: security, severity: [critical]}
steps:
- {remediate: cut-off}
- {notify: [{role: ciso}, {on_call: secondary}, {slack: "#incidents"}]}
- {ask: "Data lost?", of: {role: ciso}, yes: [{notify: [{role: press}]}]}
---
kind: Procedure
name: cascade
when: {incidents: 3, distinct: service, within: 5m}
steps:
- {notify: [{on_call: primary}]}
"""
FILE = "policies/watchbill.yaml"

Check = Callable[[Path], list[Diagnostic]]


@pytest.fixture
def told(workspace: Callable[[Mapping[str, str]], Path]) -> Callable[[str], list[tuple[str, str, str, str]]]:
    """Code, text under the caret, message and the texts of related places, for every finding of this area."""

    def findings(text: str) -> list[tuple[str, str, str, str]]:
        root = workspace({FILE: text})
        model, policies, found = read_workspace(root, cache=False)
        assert model is not None
        assert [one.message for one in found if one.level == "error"] == []
        sources = Sources(root, policies.paths)
        shown = []
        for one in remediation.check(model):
            span = sources.locate(one.where)
            under = sources.lines(span.file)[span.line - 1][span.column - 1 : span.end_column - 1]
            shown.append((one.code.id, under, one.message, "; ".join(other.text for other in one.related)))
        return shown

    return findings


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_a_good_workspace_has_no_finding(told: Callable[[str], list[tuple[str, str, str, str]]]) -> None:
    assert told(GOOD) == []


CASES = [
    # an input whose label is nowhere
    (
        "max by (deployment, zone) (latency_seconds)",
        "max by (zone) (latency_seconds)",
        "WB701",
        "deployment",
        "input `deployment` takes label `deployment`, which `FrontSlow` can never have",
    ),
    ("sum by (app)", "sum by (realm)", "WB701", "app", "no alert that starts the procedure can have"),
    # names of inputs
    (
        "deployment: {input: deployment}}}",
        "deployment: {input: deploiment}}}",
        "WB702",
        "deploiment",
        "unknown input `deploiment`",
    ),
    ("body: {state: open}", "body: {state: {input: state}}", "WB702", "state", "unknown input `state`"),
    ("undo: {state: closed}", "undo: {zone: {input: zone}}", "WB702", "zone", "unknown input `zone`"),
    (
        "deployment: {input: deployment}}}",
        "deployment: front}}",
        "WB703",
        "deployment",
        "input `deployment` is never used",
    ),
    # the way back
    (
        "verify: {quiet_for: 2m, within: 15m}",
        "undo: inverse",
        "WB704",
        "inverse",
        "`kubernetes.rollout_restart` cannot be taken back",
    ),
    ("    undo: {state: closed}\n", "", "WB704", "inverse", "this call has no `undo` body"),
    # keys
    ('"catalogue:*"', '"*"', "WB705", '"*"', "names no key in particular"),
    ('"catalogue:*"', '"**?*"', "WB705", '"**?*"', "names no key in particular"),
    ('"catalogue:*"', '"[a-z]*"', "WB705", '"[a-z]*"', "names no key in particular"),
    # the floor
    ("== 1)', at_least", "== 1', at_least", "WB706", "(", "PromQL: "),
    ('count(up{job="front"} == 1)', "up[5m]", "WB706", "'up[5m]'", "a number or an instant vector"),
    # approvers
    ("{role: manager}]", "{role: bishop}]", "WB707", "{role: bishop}", "role `bishop`, which team `web` does not have"),
    ("{role: manager}]", "{on_call: third}]", "WB707", "{on_call: third}", "on-call role `third`"),
    ("{role: manager}]", "{on_call: secondary, of: lone}]", "WB707", "{on_call: secondary, of: lone}", "team `lone`"),
    ("{role: manager}]", '{slack: "#ops"}]', "WB707", '{slack: "#ops"}', "a channel cannot approve"),
    (", {role: manager}], count: 2", "], count: 2", "WB707", "2", "2 must approve, and 1 can"),
    # nobody asked
    ("approvals: {from: [{role: ciso}]}\n", "", "WB708", "high", "`risk: high`, and nobody is asked"),
    ("risk: high\n", "", None, "", ""),
    # what a procedure's steps reach
    (
        "{notify: [{role: ciso}, ",
        "{notify: [{role: bishop}, ",
        "WB709",
        "{role: bishop}",
        "this step names role `bishop`",
    ),
    ("yes: [{notify: [{role: press}]}]", "yes: [{notify: [{role: pope}]}]", "WB709", "{role: pope}", "role `pope`"),
    ("of: {role: ciso}, yes", "of: {on_call: third}, yes", "WB709", "{on_call: third}", "on-call role `third`"),
    (
        "steps:\n- {notify: [{on_call: primary}]}",
        "steps:\n- {notify: [{on_call: secondary}]}",
        "WB709",
        "{on_call: secondary}",
        "which team `lone` does not have",
    ),
    # how a procedure starts and goes on
    ("steps:\n- {notify: [{on_call: primary}]}", "steps: []", "WB710", "[]", "a procedure without steps"),
    ("when: {incidents: 3, distinct: service, within: 5m}", "when: {}", "WB710", "{}", "starts for every incident"),
    ("when: {incidents: 3, distinct: service, within: 5m}", "when: {incidents: 3}", "WB710", "3", "within what time"),
    ("incidents: 3", "incidents: 1", "WB710", "1", "one incident is not many"),
    (
        "when: {incidents: 3, distinct: service, within: 5m}",
        "when: {class: security, within: 5m}",
        "WB710",
        "5m",
        "`within` counts incidents",
    ),
    ('ask: "Data lost?"', 'do: "Data lost?"', "WB710", "{role: ciso}", "`of` belongs to a question"),
    ("class: security, severity: [critical]", "class: secrecy", "WB221", "secrecy", "unknown class `secrecy`"),
    ("class: security, severity: [critical]", "severity: [fatal]", "WB221", "fatal", "unknown severity `fatal`"),
    (
        "class: security, severity: [critical]",
        "class: security, severity: [info]",
        "WB711",
        "{",
        "no alert can start `intrusion`",
    ),
    # approvals that read as required
    ("when: {env: production}", "when: {env: produktion}", "WB712", "{", "asked only where `env` is `produktion`"),
    ("when: {env: production}", "when: {tenant: a}", "WB712", "tenant", "`tenant` is `a`"),
    ("when: {env: production}", "when: {environment: production}", "WB712", "environment", "and no alert with"),
    ("when: {env: production}", "when: {zone: a}", None, "", ""),
    ("when: {env: production}", "when: {}", None, "", ""),
    # numbers
    ("  cooldown: 15m\n", "  cooldown: 15m\n  max_per_hour: 0\n", "WB713", "0", "it never acts"),
    ("  cooldown: 15m\n", "  cooldown: 0m\n", "WB713", "0m", "a cooldown of no time"),
    ("at_least: 2", "at_least: 0", "WB713", "0", "it keeps nothing"),
    ("count: 2", "count: 0", "WB713", "0", "nobody is asked"),
    ("quiet_for: 2m", "quiet_for: 20m", "WB713", "{", "it can never be quiet for 20m within 15m"),
    ("quiet_for: 2m", "quiet_for: 11m", "WB713", "{", "it can never be quiet for 11m within 15m"),
    # what is allowed
    ('"front-[a-z]+"', '".*"', "WB714", '".*"', "allows any value of label `deployment`"),
    ('"front-[a-z]+"', '"(?s).+"', "WB714", '"(?s).+"', "allows any value of label `deployment`"),
]


@pytest.mark.parametrize(
    ("old", "new", "code", "under", "message"), CASES, ids=[f"{case[2]} {case[1][:40]}" for case in CASES]
)
def test_damage_is_told_once_and_in_its_place(
    told: Callable[[str], list[tuple[str, str, str, str]]],
    old: str,
    new: str,
    code: str | None,
    under: str,
    message: str,
) -> None:
    found = told(changed(old, new))
    if code is None:
        assert found == []
        return
    assert [one[0] for one in found] == [code]
    assert found[0][1].startswith(under)
    assert message in found[0][2]


def test_a_missing_label_names_every_alert_and_says_which_construct_lost_it(
    told: Callable[[str], list[tuple[str, str, str, str]]], workspace: Callable[[Mapping[str, str]], Path]
) -> None:
    text = changed("max by (deployment, zone) (latency_seconds)", "max by (zone) (latency_seconds)").replace(
        "  expr: latency_seconds > 1\n", "  expr: sum(latency_seconds) > 1\n  remediate: [restart]\n"
    )
    missing = [one for one in told(text) if one[0] == "WB701"]
    assert [(one[2], one[3]) for one in missing] == [
        (
            "input `deployment` takes label `deployment`, which `LonelySlow` and 1 more can never have",
            "`LonelySlow` has this remediation; `FrontSlow` has this remediation",
        )
    ]
    model, _, _ = read_workspace(workspace({FILE: text}), cache=False)
    assert model is not None
    (found,) = (one for one in remediation.check(model) if one.code is codes.INPUT_LABEL_MISSING)
    assert "sum" in found.notes[0]
    assert found.notes[0].endswith("(in production/eu)")


def test_an_alert_that_lacks_the_label_in_one_place_only_is_told(
    told: Callable[[str], list[tuple[str, str, str, str]]],
) -> None:
    text = changed(
        "expr: max by (deployment, zone) (latency_seconds) > 1",
        'expr: {default: "max by (deployment) (latency_seconds) > 1", by: {production/us: "max by (zone) (latency_seconds) > 1"}}',
    )
    assert [one[0] for one in told(text)] == ["WB701"]


def test_every_code_of_the_area_is_shown_by_a_case_and_explains_itself() -> None:
    shown = {case[2] for case in CASES}
    assert {code.id for code in codes.ALL} <= shown
    assert [code.id for code in codes.ALL] == sorted(code.id for code in codes.ALL)
    for code in codes.ALL:
        assert code.finds.endswith(".")
        assert code.why.endswith((".", "!"))
        assert code.example
        assert code.instead
