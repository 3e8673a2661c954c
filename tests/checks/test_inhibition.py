"""`inhibits` on a dependency: only what is never louder is silenced, in one place, one way round."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from alertmanager_reading import silenced

from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as target

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prom-eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prom-us:9090}}
    alertmanager: {url: http://am:9093}
  staging:
    labels: {env: staging, cluster: stg-1}
    prometheus: {url: http://prom-stg:9090}
    alertmanager: {url: http://am-stg:9093}
    at_most: ticket
severities: {critical: {page: default}, high: {page: default, hours: team, outside: ticket}, warning: {ticket: team}, info: {notify: team}}
catch_all: {team: pay, outcome: ticket}
channels: {email: {smarthost: "mail.shop.example:587", from: alerts@shop.example}}
---
{kind: Calendar, name: office, weekly: {monday-friday: ["09:00-18:00"]}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: pay, on_call: {primary: rota}, email: pay@shop.example, hours: office}
---
kind: Service
name: fraud
team: pay
tier: 1
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
alerts:
- {name: FraudDown, severity: critical, expr: fraud == 0, summary: down}
- {name: FraudSlow, severity: high, expr: slow > 1, summary: slow}
- {name: FraudOld, severity: warning, expr: old > 1, summary: old}
---
kind: Service
name: gateway
team: pay
tier: 2
depends_on: [{service: fraud, inhibits: [warning, info]}]
defaults: {runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
alerts:
- {name: Down, severity: critical, expr: up == 0, summary: down}
- {name: Lag, severity: high, expr: lag > 1, summary: lag}
- {name: Retries, severity: warning, expr: retries > 1, summary: retries}
- {name: Note, severity: info, expr: note > 1, summary: note}
"""
Findings = Callable[..., list[Any]]
Make = Callable[[Mapping[str, str | bytes]], Path]


def texts(changes: Mapping[str, str]) -> dict[str, str | bytes]:
    text = WORKSPACE
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {"policies/watchbill.yaml": text}


def config(root: Path, environment: str) -> dict[str, Any]:
    found, _, told = read_workspace(root, cache=False)
    assert found is not None
    assert [one.message for one in told if one.level == "error"] == []
    artifact = next(one for one in target.build(found) if one.path.startswith(environment))
    return yaml.safe_load(artifact.text)


def labels(service: str, severity: str, cluster: str = "eu-1", env: str = "production") -> dict[str, str]:
    return {"alertname": "X", "service": service, "severity": severity, "env": env, "cluster": cluster, "team": "pay"}


def test_while_the_dependency_pages_the_listed_severities_are_silent_in_the_same_place(
    workspace: Make, findings: Findings
) -> None:
    root = workspace(texts({}))
    assert findings(root) == []
    found = config(root, "production")
    for severity in ("warning", "info"):
        assert silenced(found, labels("gateway", severity), labels("fraud", "critical"))
        assert silenced(found, labels("gateway", severity), labels("fraud", "high"))
        assert not silenced(found, labels("gateway", severity), labels("fraud", "warning"))
        assert not silenced(found, labels("gateway", severity), labels("fraud", "critical", "us-1"))
        assert not silenced(found, labels("fraud", severity), labels("gateway", "critical"))
    for severity in ("critical", "high"):
        assert not silenced(found, labels("gateway", severity), labels("fraud", "critical"))
    bare = {"alertname": "X", "severity": "critical", "service": "fraud"}
    assert not silenced(found, {**bare, "severity": "warning", "service": "gateway"}, bare)
    staging = config(root, "staging")
    assert silenced(
        staging, labels("gateway", "warning", "stg-1", "staging"), labels("fraud", "critical", "stg-1", "staging")
    )


@pytest.mark.tools
def test_amtool_takes_it(amtool: Path, workspace: Make, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config(workspace(texts({})), "production")), encoding="utf-8")
    done = subprocess.run([amtool, "check-config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 inhibit rules" in done.stdout


def told(root: Path, findings: Findings) -> list[tuple[str, str, str]]:
    return [(one.code, one.text, one.message) for one in findings(root) if one.level == "error"]


def test_what_is_quieter_at_night_may_not_silence_what_is_not(workspace: Make, findings: Findings) -> None:
    root = workspace(texts({"inhibits: [warning, info]": "inhibits: [high, warning]"}))
    assert told(root, findings) == []  # the other page is critical, at all hours
    root = workspace(texts({"inhibits: [warning, info]": "inhibits: [warning]", "outside: ticket": "outside: notify"}))
    assert told(root, findings) == [
        (
            "WB431",
            "[warning]",
            "`FraudSlow` of `fraud` would silence `Retries` in production, which is louder at some hour",
        )
    ]


def test_what_a_window_makes_quieter_may_not_silence_what_it_leaves_alone(workspace: Make, findings: Findings) -> None:
    window = "---\nkind: Window\nname: w\nwhen: {every: tuesday}\nmatch: {service: fraud}\neffect: %s\nreason: vacuum\n"
    asked = texts({"inhibits: [warning, info]": "inhibits: warning"})
    assert told(workspace({**asked, "policies/w.yaml": window % "ticket"}), findings) == []
    (finding,) = findings(
        workspace({**asked, "policies/w.yaml": (window % "notify").replace("effect", "in: production/eu\neffect")})
    )[:1]
    assert (finding.code, finding.message) == (
        "WB431",
        "`FraudDown` of `fraud` would silence `Retries` in production, which is louder in the window `w`",
    )
    assert finding.notes == ("the window makes it a notify: vacuum",)
    both = (window % "notify").replace("service: fraud", "env: production")
    assert told(workspace({**asked, "policies/w.yaml": both}), findings) == []


def test_a_lower_tier_may_not_silence_a_higher_one(workspace: Make, findings: Findings) -> None:
    assert told(workspace(texts({"tier: 1": "tier: 3"})), findings) == [
        ("WB433", "[warning, info]", "`fraud` has tier 3, and would silence `gateway` of tier 2")
    ]


def test_services_may_not_silence_each_other(workspace: Make, findings: Findings) -> None:
    both = {"tier: 1\n": "tier: 2\ndepends_on: [{service: gateway, inhibits: [warning]}]\n"}
    assert told(workspace(texts(both)), findings) == [
        ("WB432", "[warning]", "these services silence each other: fraud → gateway → fraud")
    ]


@pytest.mark.parametrize(
    ("changes", "code", "text", "message"),
    [
        ({"inhibits: [warning, info]": "inhibits: [critical]"}, "WB434", "[critical]", "no severity that pages is worse than `critical`"),
        ({"inhibits: [warning, info]": "inhibits: [high]", "FraudDown, severity: critical": "FraudDown, severity: info"}, "WB434", "[high]", "`fraud` has no paging alert worse than `high`"),
        ({"inhibits: [warning, info]": "inhibits: [info]", "name: Note, severity: info": "name: Note, severity: high"}, "WB434", "[info]", "`gateway` has no alert of info where `fraud` pages"),
        ({"inhibits: [warning, info]": "inhibits: [warnng]"}, "WB221", "warnng", "unknown severity `warnng`"),
        ({"service: fraud, inhibits": "service: fruad, inhibits"}, "WB206", "fruad", "unknown Service `fruad`"),
    ],
)  # fmt: skip
def test_what_can_never_happen_is_said(
    workspace: Make, findings: Findings, changes: Mapping[str, str], code: str, text: str, message: str
) -> None:
    assert told(workspace(texts(changes)), findings) == [(code, text, message)]
