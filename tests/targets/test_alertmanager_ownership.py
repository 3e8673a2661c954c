"""Routes of alerts whose team only a label says: amtool sends each to its owner, and what nobody owns to the rest."""

import json
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as target

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: http://prom:9090}
    alertmanager: {url: http://am:9093}
severities: {critical: {page: level-1}, high: {page: level-1, hours: team, outside: ticket}, warning: {ticket: team}}
catch_all: {team: sre, outcome: ticket}
channels: {email: {smarthost: "mail.shop.example:587", from: alerts@shop.example}}
---
kind: Ownership
name: namespace
label: namespace
owners: {payments: [payments, "payments-.*", "(?i)PSP|psp2"], platform: kube-system}
---
kind: Ownership
name: app
label: app
owners: {platform: [ingress]}
---
{kind: Calendar, name: office, weekly: {monday-friday: ["09:00-18:00"]}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: payments, on_call: {primary: rota}, hours: office, email: pay@shop.example}
---
{kind: Team, name: platform, on_call: {primary: rota}, hours: office, email: platform@shop.example}
---
{kind: Team, name: sre, on_call: {primary: rota}, hours: office, email: sre@shop.example}
---
{kind: Escalation, name: level-1, steps: [{notify: [{on_call: primary}]}]}
---
{kind: Escalation, name: loud, steps: [{notify: [{on_call: primary}]}]}
---
kind: Foreign
name: mixin
rules: rules/kubernetes.yaml
team: {by: namespace, otherwise: platform}
change:
- {alert: PodLoops, page_per: [pod]}
- {alert: PodDies, escalation: loud}
---
kind: Foreign
name: more
rules: rules/more.yaml
team: {by: namespace, otherwise: sre}
---
kind: Foreign
name: edge
rules: rules/edge.yaml
team: {by: app, otherwise: sre}
---
kind: Service
name: gateway
team: payments
alerts:
- {name: GatewayDown, severity: critical, expr: up == 0, summary: down, runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
"""
RULES = """\
groups:
- name: all
  rules:
"""


def rule(name: str, severity: str) -> str:
    return f"""\
  - alert: {name}
    expr: {name.lower()} > 0
    labels: {{severity: {severity}}}
    annotations: {{summary: text, runbook_url: "https://r.example"}}
"""


FILES = {
    "policies/watchbill.yaml": WORKSPACE,
    "policies/rules/kubernetes.yaml": RULES
    + rule("PodLoops", "critical")
    + rule("PodDies", "critical")
    + rule("PodWaits", "high")
    + rule("VolumeFull", "critical")
    + rule("VolumeFull", "warning"),
    "policies/rules/more.yaml": RULES + rule("QuotaFull", "warning"),
    "policies/rules/edge.yaml": RULES + rule("EdgeDown", "warning"),
}


@pytest.fixture(scope="module")
def found(workspace: Callable[[Mapping[str, str]], Path]) -> Workspace:
    read, _, diagnostics = read_workspace(workspace(FILES), cache=False)
    assert [diagnostic.message for diagnostic in diagnostics if diagnostic.level == "error"] == []
    assert read is not None
    return read


@pytest.fixture(scope="module")
def config(found: Workspace) -> dict[str, Any]:
    (artifact,) = target.build(found)
    return yaml.safe_load(artifact.text)


def labels(found: Workspace, name: str, severity: str, **more: str) -> dict[str, str]:
    (alert,) = (
        one for place in found.places.values() for one in place.alerts if (one.name, one.severity) == (name, severity)
    )
    return {"alertname": name, **alert.labels, **more}


CASES = [
    ("PodLoops", "critical", {"namespace": "payments", "pod": "a"}, "payments-critical"),
    ("PodLoops", "critical", {"namespace": "payments-eu", "pod": "a"}, "payments-critical"),
    ("PodLoops", "critical", {"namespace": "Psp", "pod": "a"}, "payments-critical"),
    ("PodLoops", "critical", {"namespace": "psp2", "pod": "a"}, "payments-critical"),
    ("PodLoops", "critical", {"namespace": "Psp2", "pod": "a"}, "payments-critical"),
    ("PodLoops", "critical", {"namespace": "kube-system", "pod": "a"}, "platform-critical"),
    ("PodLoops", "critical", {"namespace": "elsewhere", "pod": "a"}, "platform-critical"),
    ("PodLoops", "critical", {}, "platform-critical"),
    ("PodDies", "critical", {"namespace": "payments"}, "payments-critical-loud"),
    ("PodDies", "critical", {"namespace": "elsewhere"}, "platform-critical-loud"),
    ("PodWaits", "high", {"namespace": "payments"}, "payments-high,payments-high-outside"),
    ("VolumeFull", "warning", {"namespace": "payments"}, "payments-warning"),
    ("QuotaFull", "warning", {"namespace": "payments"}, "payments-warning"),
    ("QuotaFull", "warning", {"namespace": "kube-system"}, "platform-warning"),
    ("QuotaFull", "warning", {"namespace": "elsewhere"}, "sre-warning"),
    ("EdgeDown", "warning", {"app": "ingress", "namespace": "payments"}, "platform-warning"),
    ("EdgeDown", "warning", {"namespace": "payments"}, "sre-warning"),
    ("GatewayDown", "critical", {"namespace": "kube-system"}, "payments-critical"),
]


@pytest.mark.tools
def test_amtool_sends_each_alert_to_its_owner_and_the_rest_to_the_team_named_for_it(
    amtool: Path, found: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    (artifact,) = target.build(found)
    file.write_text(artifact.text, encoding="utf-8")
    assert subprocess.run([amtool, "check-config", file], capture_output=True, check=False).returncode == 0

    def ask(case: tuple[str, str, dict[str, str], str]) -> str:
        name, severity, more, _ = case
        pairs = [f"{key}={json.dumps(value)}" for key, value in labels(found, name, severity, **more).items()]
        argv = [amtool, "config", "routes", "test", f"--config.file={file}", *pairs]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(ask, CASES))
    wrong = [(case, answer) for case, answer in zip(CASES, said, strict=True) if case[3] != answer]
    # A flag holds in its own pattern only: `(?i)PSP|psp2` folds both of its words, as RE2 has it.
    assert wrong == []


def test_a_receiver_is_the_teams_own_for_alerts_of_either_kind(config: dict[str, Any]) -> None:
    names = [one["name"] for one in config["receivers"]]
    assert len(names) == len(set(names))
    routes = [route for route in config["route"]["routes"] if route["receiver"] == "payments-critical"]
    assert [route["matchers"] for route in routes] == [
        ['team="payments"', 'severity="critical"'],
        ['team="runtime"', 'ownership="namespace/platform"', 'namespace=~"payments|payments-.*|(?:(?i)PSP|psp2)"', 'severity="critical"', 'page_per="pod"'],
        ['team="runtime"', 'ownership="namespace/platform"', 'namespace=~"payments|payments-.*|(?:(?i)PSP|psp2)"', 'severity="critical"'],
    ]  # fmt: skip


def test_what_makes_one_incident_includes_the_label_that_finds_the_owner(
    found: Workspace, config: dict[str, Any]
) -> None:
    routes = [route for route in config["route"]["routes"] if 'page_per="pod"' in route["matchers"]]
    (alert,) = (one for place in found.places.values() for one in place.alerts if one.name == "PodLoops")
    assert {tuple(route["group_by"]) for route in routes} == {alert.incident_key}
    assert alert.incident_key == ("alertname", "service", "env", "namespace", "pod")


def test_a_worse_level_silences_the_lesser_of_the_same_owner_only(config: dict[str, Any]) -> None:
    (rule,) = config["inhibit_rules"]
    assert rule["source_matchers"] == [
        'severity="critical"',
        'page_per=""',
        'ownership="namespace/platform"',
        'service!=""',
        'env!=""',
    ]
    assert rule["equal"] == ["alertname", "service", "env", "namespace"]


def test_a_rule_of_levels_that_are_nobodys_at_run_time_keeps_off_those_that_are(
    workspace: Callable[[Mapping[str, str]], Path],
) -> None:
    level = "- {name: Lag, levels: {critical: {params: {most: 9}}, warning: {params: {most: 1}}}, params: {most: {type: number, default: 1}}, expr: 'lag > ${most}', summary: lag, runbook: {url: 'https://r.example'}, no_data: {ignore: tested elsewhere}}\n"
    read, _, _ = read_workspace(workspace({**FILES, "policies/watchbill.yaml": WORKSPACE + level}), cache=False)
    assert read is not None
    (artifact,) = target.build(read)
    rules = yaml.safe_load(artifact.text)["inhibit_rules"]
    assert [[one for one in rule["source_matchers"] if one.startswith("ownership")] for rule in rules] == [
        ['ownership=""'],
        ['ownership="namespace/platform"'],
    ]
