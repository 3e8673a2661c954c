"""Alertmanager's configuration: what amtool makes of it, and what a reader of the policies expects of it."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as target
from watchbill.targets.alertmanager_limits import SINCE
from watchbill.targets.artifact import Artifact

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: ecap
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prom-eu:9090}}
    - {name: us, labels: {cluster: us-1}, prometheus: {url: http://prom-us:9090}}
    alertmanager: {peers: [http://am-0:9093, http://am-1:9093], secrets: /etc/alertmanager/secrets}
    executor: {url: http://executor:8080/}
  staging:
    labels: {env: staging, cluster: stg-1}
    prometheus: {url: http://prom-stg:9090}
    alertmanager: {url: http://am-stg:9093}
    at_most: ticket
  lab:
    labels: {env: lab, cluster: lab-1}
    prometheus: {url: http://prom-lab:9090}
severities:
  critical: {page: level-1}
  high: {page: level-2, hours: team, outside: ticket}
  warning: {ticket: team}
  info: {notify: team}
  none: {drop: true}
timing:
  critical: {first: 30s, more: 5m, again: 4h}
  high: {first: 45s, more: 10m, again: 1d}
catch_all: {team: sre, outcome: ticket}
channels:
  slack: {bot_token: {file: /run/secrets/slack-bot}}
  email: {smarthost: "mail.ecap.example:587", from: alerts@ecap.example, username: alerts, password: {file: /run/secrets/smtp}}
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
closed: [2026-12-25]
---
kind: Calendar
name: always
weekly: {monday-sunday: ["00:00-24:00"]}
---
kind: Person
name: me
email: me@ecap.example
---
kind: Schedule
name: rota
people: [me]
---
kind: Team
name: pay
on_call: {primary: rota}
hours: office
slack: {default: "#pay", critical: "#pay-oncall"}
email: pay@ecap.example
tickets: {webhook: {file: /run/secrets/pay-tickets}}
---
kind: Team
name: sre
on_call: {primary: rota}
hours: always
email: sre@ecap.example
---
kind: Escalation
name: level-1
steps: [{notify: [{on_call: primary}, {slack: "#war-room"}], wait: 5m}]
also: [{slack: "#incidents"}]
---
kind: Escalation
name: level-2
steps: [{notify: [{on_call: primary}]}]
---
kind: Escalation
name: breach
team: pay
steps: [{notify: [{on_call: primary}]}]
"""

SERVICES = """\
kind: Service
name: gateway
team: pay
alerts:
- {name: GatewayDown, severity: critical, expr: 'up{job="gateway"} == 0', summary: down, no_data: {ignore: tested elsewhere}}
- {name: ProviderFails, severity: critical, expr: 'sum by (provider) (fails) > 1', page_per: [provider], summary: "{{ $labels.provider }}"}
- {name: ProviderSlow, severity: high, expr: 'sum by (provider, region) (slow) > 1', page_per: [region, provider], summary: slow}
- {name: CardsStolen, severity: critical, expr: 'stolen > 1', escalation: breach, summary: stolen}
- {name: CardsCopied, severity: critical, expr: 'sum by (shop) (copied) > 1', escalation: breach, page_per: [shop], summary: copied}
- {name: Slow, severity: high, expr: 'latency > 1', summary: slow}
- {name: Odd, severity: info, expr: 'odd > 1', summary: odd}
- {name: Watchdog, severity: none, expr: 'vector(1)', summary: alive}
- name: Backlog
  levels:
    critical: {params: {limit: 9000}}
    high: {params: {limit: 500}}
    warning: {params: {limit: 100}}
    none: {params: {limit: 1}}
  params: {limit: {type: number, default: 1}}
  expr: queue > ${limit}
  summary: backlog
- name: Lag
  levels: {critical: {params: {limit: 50}}, info: {params: {limit: 5}}}
  params: {limit: {type: number, default: 1}}
  page_per: [topic]
  expr: sum by (topic) (lag) > ${limit}
  summary: lag
---
kind: Service
name: nodes
team: sre
alerts:
- {name: NodeDown, severity: critical, expr: 'node == 0', summary: down}
- {name: DiskFull, severity: high, expr: 'disk > 1', page_per: [instance], summary: disk}
- {name: Certificate, severity: warning, expr: 'cert < 1', summary: cert}
- {name: Restarted, severity: info, expr: 'restarts > 1', summary: restarted}
"""

Config = dict[str, Any]
Make = Callable[[Mapping[str, str]], Workspace]


@pytest.fixture(scope="module")
def make(workspace: Callable[[Mapping[str, str]], Path]) -> Make:
    def made(changes: Mapping[str, str]) -> Workspace:
        """The workspace above, after some pieces of its text are replaced by others."""
        texts = {"policies/watchbill.yaml": WORKSPACE, "policies/services.yaml": SERVICES}
        for old, new in changes.items():
            assert sum(text.count(old) for text in texts.values()) >= 1, old
            texts = {path: text.replace(old, new) for path, text in texts.items()}
        found, _, diagnostics = read_workspace(workspace(texts), cache=False)
        assert [diagnostic.message for diagnostic in diagnostics if diagnostic.level == "error"] == []
        assert found is not None
        return found

    return made


@pytest.fixture(scope="module")
def full(make: Make) -> Workspace:
    return make({})


def artifacts(workspace: Workspace) -> dict[str, Artifact]:
    return {artifact.path.split("/")[0]: artifact for artifact in target.build(workspace)}


def configs(workspace: Workspace) -> dict[str, Config]:
    return {name: yaml.safe_load(artifact.text) for name, artifact in artifacts(workspace).items()}


def receivers(config: Config) -> dict[str, Config]:
    return {one["name"]: one for one in config["receivers"]}


def seen(alert: ResolvedAlert) -> dict[str, str]:
    """The labels Alertmanager sees: the rule's, and one of each that the expression is asked for."""
    return {"alertname": alert.name, "instance": "a:1", **dict.fromkeys(alert.page_per, "x"), **alert.labels}


def expected(alert: ResolvedAlert) -> list[str]:
    """Whom the policy means: the receiver of the alert's team and severity, and the one outside its hours."""
    if alert.outcome.kind == "drop":
        return ["nobody"]
    own = alert.labels.get("escalation")
    names = [f"{alert.team}-{alert.severity}" + (f"-{own.replace('/', '-')}" if own else "")]
    return [*names, f"{alert.team}-{alert.severity}-outside"] if alert.outcome.hours else names


def alerts_of(workspace: Workspace, environment: str) -> list[ResolvedAlert]:
    return [alert for place in workspace.places_of(environment) for alert in place.alerts]


def matched(config: Config, labels: Mapping[str, str]) -> Iterator[Config]:
    """The routes an alert takes in a flat tree, each with what it inherits (dispatch.Route.Match)."""
    root = {key: value for key, value in config["route"].items() if key != "routes"}
    taken = False
    for route in config["route"].get("routes", []):
        if all(holds(matcher, labels) for matcher in route["matchers"]):
            taken = True
            yield {**root, **route}
            if not route.get("continue"):
                return
    if not taken:
        yield root


def holds(matcher: str, labels: Mapping[str, str]) -> bool:
    name, _, value = matcher.replace("!=", "=").replace("=~", "=").partition("=")
    has = labels.get(name, "")
    if "!=" in matcher:
        return has != json.loads(value)
    return has in json.loads(value).split("|") if "=~" in matcher else has == json.loads(value)


def silenced(config: Config, target_labels: Mapping[str, str], source: Mapping[str, str]) -> bool:
    """Whether a firing source inhibits a target (inhibit.InhibitRule): labels missing on both sides are equal."""
    return any(
        all(holds(matcher, source) for matcher in rule["source_matchers"])
        and all(holds(matcher, target_labels) for matcher in rule["target_matchers"])
        and all(source.get(label, "") == target_labels.get(label, "") for label in rule["equal"])
        for rule in config.get("inhibit_rules", [])
    )


# What amtool says


@pytest.mark.tools
def test_amtool_accepts_every_file_of_a_full_and_of_the_smallest_workspace(
    amtool: Path, full: Workspace, small: str, workspace: Callable[[Mapping[str, str]], Path], tmp_path: Path
) -> None:
    smallest, _, _ = read_workspace(workspace({"policies/watchbill.yaml": small}), cache=False)
    assert smallest is not None
    paths = []
    for one in (full, smallest):
        for artifact in target.build(one):
            path = tmp_path / one.name / artifact.path
            path.parent.mkdir(parents=True)
            path.write_text(artifact.text, encoding="utf-8")
            paths.append(path)
    assert len(paths) == 3
    done = subprocess.run([amtool, "check-config", *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("SUCCESS")) == (0, 3), done.stdout + done.stderr


@pytest.mark.tools
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_amtool_sends_every_alert_where_its_outcome_says(
    amtool: Path, full: Workspace, tmp_path: Path, environment: str
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(artifacts(full)[environment].text, encoding="utf-8")
    cases = [(seen(alert), expected(alert)) for alert in alerts_of(full, environment)]
    cases += [
        ({"alertname": "Unknown", "severity": "critical"}, ["catch-all"]),
        ({"alertname": "Unknown", "team": "pay", "severity": "page"}, ["catch-all"]),
        ({"alertname": "Unknown", "team": "payments", "severity": "critical"}, ["catch-all"]),
        ({"alertname": "Unknown", "team": "pay", "severity": "critical", "page_per": "colour"}, ["pay-critical"]),
    ]

    def ask(case: tuple[dict[str, str], list[str]]) -> str:
        labels = [f"{name}={json.dumps(value)}" for name, value in case[0].items()]
        argv = [amtool, "config", "routes", "test", f"--config.file={file}", *labels]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(ask, cases))
    assert len(cases) >= 20
    assert list(zip(cases, said, strict=True)) == [((labels, names), ",".join(names)) for labels, names in cases]


# Routes


def test_a_group_is_one_incident_for_every_alert(full: Workspace) -> None:
    for environment, config in configs(full).items():
        for alert in alerts_of(full, environment):
            for route in matched(config, seen(alert)):
                assert (alert.name, route["group_by"]) == (alert.name, list(alert.incident_key))


def test_another_alert_of_a_known_kind_changes_no_byte(make: Make, full: Workspace) -> None:
    more = "- {name: GatewayDown, severity: critical"
    again = make({more: f"- {{name: Another, severity: critical, expr: 'up > 1', summary: another}}\n{more}"})
    assert len(alerts_of(again, "production")) > len(alerts_of(full, "production"))
    assert [artifact.text for artifact in target.build(again)] == [artifact.text for artifact in target.build(full)]


def test_the_more_specific_route_stands_before_the_plain_one(full: Workspace) -> None:
    routes = [
        route["matchers"][2:]
        for route in configs(full)["production"]["route"]["routes"]
        if route["matchers"][:2] == ['team="pay"', 'severity="critical"']
    ]
    assert routes == [
        ['escalation="pay/breach"', 'page_per="shop"'],
        ['page_per="provider"'],
        ['page_per="topic"'],
        ['escalation="pay/breach"'],
        [],
    ]


def test_the_times_of_a_route_are_those_of_its_severity(full: Workspace) -> None:
    for environment, config in configs(full).items():
        for alert in alerts_of(full, environment):
            timing = full.timing[alert.severity]
            for route in matched(config, seen(alert)):
                found = (route["group_wait"], route["group_interval"], route["repeat_interval"])
                assert found == (timing.first, timing.more, timing.again)
    assert (
        configs(full)["production"]["route"]["group_wait"] == full.timing["warning"].first
    )  # the catch-all's: a ticket


def test_outside_its_hours_a_page_becomes_what_the_severity_says(full: Workspace) -> None:
    config = configs(full)["production"]
    (alert,) = (alert for alert in full.places["production/eu"].alerts if alert.name == "Slow")
    inside, outside = matched(config, seen(alert))
    assert (inside["receiver"], inside["continue"]) == ("pay-high", True)
    assert (inside["active_time_intervals"], inside["mute_time_intervals"]) == (["office"], ["office:closed"])
    assert (outside["receiver"], outside["active_time_intervals"]) == ("pay-high-outside", ["office:outside"])
    assert "continue" not in outside
    assert inside["matchers"] == outside["matchers"]  # one group key, by which what was paged can be resolved
    assert "pagerduty_configs" in receivers(config)["pay-high"]
    assert "pagerduty_configs" not in receivers(config)["pay-high-outside"]
    assert set(config_intervals(config)) == {"office", "office:closed", "office:outside", "always", "always:outside"}
    assert config_intervals(config)["always:outside"] == []


def config_intervals(config: Config) -> dict[str, Any]:
    return {one["name"]: one["time_intervals"] for one in config["time_intervals"]}


def test_a_line_of_the_file_leads_back_to_the_team_or_the_calendar_it_is_about(full: Workspace) -> None:
    artifact = artifacts(full)["production"]
    lines = artifact.text.splitlines()

    def policy(text: str) -> object:
        where = artifact.policy_at(lines.index(text) + 1)
        assert where is not None
        return next(one.name for same in full.documents.values() for one in same.values() if one.at == where)

    assert policy("- name: sre-critical") == "sre"
    assert policy("  - receiver: pay-info") == "pay"
    assert policy("- name: 'office:closed'") == "office"
    assert policy("  receiver: catch-all") == "ecap"


# Receivers


def test_an_outcome_decides_which_integrations_a_team_hears_by(full: Workspace) -> None:
    found = {
        name: {key.removesuffix("_configs"): len(value) for key, value in one.items() if key != "name"}
        for name, one in receivers(configs(full)["production"]).items()
    }
    assert found == {
        "catch-all": {"email": 1, "webhook": 1},
        "pay-critical": {"pagerduty": 1, "slack": 3, "email": 1, "webhook": 1},
        "pay-critical-pay-breach": {"pagerduty": 1, "slack": 1, "email": 1, "webhook": 1},
        "pay-high": {"pagerduty": 1, "slack": 1, "email": 1, "webhook": 1},
        "pay-high-outside": {"slack": 1, "webhook": 2},
        "pay-warning": {"slack": 1, "webhook": 2},
        "pay-info": {"slack": 1, "webhook": 1},
        "sre-critical": {"pagerduty": 1, "slack": 2, "email": 1, "webhook": 1},
        "sre-high": {"pagerduty": 1, "email": 1, "webhook": 1},
        "sre-high-outside": {"email": 1, "webhook": 1},
        "sre-warning": {"email": 1, "webhook": 1},
        "sre-info": {"email": 1, "webhook": 1},
        "nobody": {},
    }


def test_a_page_names_the_key_of_its_team_and_escalation_and_pagerdutys_word_for_the_severity(full: Workspace) -> None:
    found = receivers(configs(full)["production"])
    keys = {
        name: (one["pagerduty_configs"][0]["routing_key_file"], one["pagerduty_configs"][0]["severity"])
        for name, one in found.items()
        if "pagerduty_configs" in one
    }
    folder = "/etc/alertmanager/secrets"
    assert keys == {
        "pay-critical": (f"{folder}/pagerduty-pay-level-1", "critical"),
        "pay-critical-pay-breach": (f"{folder}/pagerduty-pay-pay-breach", "critical"),
        "pay-high": (f"{folder}/pagerduty-pay-level-2", "error"),
        "sre-critical": (f"{folder}/pagerduty-sre-level-1", "critical"),
        "sre-high": (f"{folder}/pagerduty-sre-level-2", "error"),
    }


def test_channels_beside_an_escalation_and_in_its_first_step_hear_at_once(full: Workspace) -> None:
    found = receivers(configs(full)["production"])
    assert [slack["channel"] for slack in found["pay-critical"]["slack_configs"]] == [
        "#pay-oncall",
        "#incidents",
        "#war-room",
    ]
    assert [slack["channel"] for slack in found["pay-high"]["slack_configs"]] == ["#pay"]


def test_every_receiver_but_nobody_tells_the_executor_of_its_environment(full: Workspace) -> None:
    for name, one in receivers(configs(full)["production"]).items():
        hooks = [hook for hook in one.get("webhook_configs", []) if "url" in hook]
        wanted = {
            "url": "http://executor:8080/v1/alertmanager/production",
            "send_resolved": True,
            "max_alerts": 0,
            "http_config": {"authorization": {"credentials_file": "/run/secrets/watchbill-intake"}},
        }
        assert hooks == ([] if name == "nobody" else [wanted])


def test_every_integration_tells_of_the_recovery_too(full: Workspace) -> None:
    for config in configs(full).values():
        entries = [
            entry for one in config["receivers"] for key, value in one.items() if key != "name" for entry in value
        ]
        assert entries
        assert [entry for entry in entries if entry["send_resolved"] is not True] == []


def test_an_environment_that_may_not_page_has_no_pagerduty_and_no_hours(make: Make) -> None:
    found = make({"catch_all: {team: sre, outcome: ticket}": "catch_all: {team: sre, outcome: page}"})
    assert (
        "pagerduty" in receivers(configs(found)["production"])["catch-all"]["pagerduty_configs"][0]["routing_key_file"]
    )
    text = artifacts(found)["staging"].text
    assert [word for word in ("pagerduty", "routing_key", "active_time_intervals", "-outside") if word in text] == []
    assert [hook["url_file"] for hook in receivers(configs(found)["staging"])["pay-critical"]["webhook_configs"]] == [
        "/run/secrets/pay-tickets"
    ]


def test_an_environment_without_an_alertmanager_has_no_file(full: Workspace) -> None:
    assert [artifact.path for artifact in target.build(full)] == [
        "production/alertmanager/alertmanager.yml",
        "staging/alertmanager/alertmanager.yml",
    ]


def test_secrets_are_named_by_file_only(full: Workspace) -> None:
    def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
        for name, inner in value.items() if isinstance(value, dict) else ():
            yield from leaves(inner, name)
        for inner in value if isinstance(value, list) else ():
            yield from leaves(inner, key)
        if not isinstance(value, dict | list):
            yield key, value

    secret = {
        "routing_key",
        "service_key",
        "auth_password",
        "smtp_auth_password",
        "credentials",
        "password",
        "bearer_token",
        "app_token",
    }
    for config in configs(full).values():
        found = dict(leaves(config))
        assert secret & set(found) == set()
        assert {value for key, value in leaves(config) if key == "api_url"} == {
            "https://slack.com/api/chat.postMessage"
        }
        assert found["smtp_auth_password_file"] == "/run/secrets/smtp"  # noqa: S105  (its file)


@pytest.mark.parametrize(
    ("line", "access"),
    [
        (
            "slack: {bot_token: {file: /run/secrets/slack-bot}}",
            {
                "api_url": "https://slack.com/api/chat.postMessage",
                "http_config": {"authorization": {"credentials_file": "/run/secrets/slack-bot"}},
            },
        ),
        ("slack: {webhook: {file: /run/secrets/hook}}", {"api_url_file": "/run/secrets/hook"}),
        ("", {"api_url_file": "/etc/alertmanager/secrets/slack-webhook-url"}),
    ],
    ids=["bot token", "webhook", "not said"],
)
def test_slack_is_reached_as_the_workspace_says(make: Make, line: str, access: Config) -> None:
    found = make({"  slack: {bot_token: {file: /run/secrets/slack-bot}}\n": f"  {line}\n" if line else ""})
    slack = receivers(configs(found)["production"])["pay-info"]["slack_configs"][0]
    assert {key: slack[key] for key in ("api_url", "api_url_file", "http_config") if key in slack} == access


# Inhibition


def labels(name: str, severity: str, **more: str) -> dict[str, str]:
    return {
        "alertname": name,
        "severity": severity,
        "service": "gateway",
        "env": "production",
        "cluster": "eu-1",
        **more,
    }


def test_a_worse_level_silences_the_lesser_of_the_same_incident(full: Workspace) -> None:
    config = configs(full)["production"]
    ranks = ["critical", "high", "warning"]
    for worse in ranks:
        for lesser in [*ranks, "none", "info"]:
            wanted = lesser in ranks and ranks.index(worse) < ranks.index(lesser)
            assert (worse, lesser, silenced(config, labels("Backlog", lesser), labels("Backlog", worse))) == (
                worse,
                lesser,
                wanted,
            )
    assert not silenced(config, labels("Backlog", "warning"), labels("Backlog", "none"))


def test_what_is_one_incident_for_each_value_of_a_label_is_silenced_by_that_value_only(full: Workspace) -> None:
    config = configs(full)["production"]
    orders = labels("Lag", "critical", page_per="topic", topic="orders")
    assert silenced(config, labels("Lag", "info", page_per="topic", topic="orders"), orders)
    assert not silenced(config, labels("Lag", "info", page_per="topic", topic="refunds"), orders)
    assert not silenced(config, labels("Lag", "info", page_per="topic"), labels("Lag", "critical", page_per="topic"))


def test_no_alert_silences_another_name_another_place_or_one_that_lacks_the_identity(full: Workspace) -> None:
    config = configs(full)["production"]
    source = labels("Backlog", "critical")
    assert not silenced(config, labels("Slow", "high"), source)
    assert not silenced(config, labels("Backlog", "warning", cluster="us-1"), source)
    assert not silenced(config, labels("Backlog", "warning", service="nodes"), source)
    bare = {"alertname": "Handmade", "severity": "critical"}
    assert not silenced(config, {**bare, "severity": "warning"}, bare)


def test_severities_that_never_stand_together_do_not_inhibit(full: Workspace, make: Make) -> None:
    config = configs(full)["production"]
    assert [(rule["source_matchers"][:2], rule["target_matchers"][:2]) for rule in config["inhibit_rules"]] == [
        (['severity="critical"', 'page_per=""'], ['severity=~"high|warning"', 'page_per=""']),
        (['severity="high"', 'page_per=""'], ['severity="warning"', 'page_per=""']),
        (['severity="critical"', 'page_per="topic"'], ['severity="info"', 'page_per="topic"']),
    ]
    apart = SERVICES[SERVICES.index("- name: Backlog") : SERVICES.index("---\nkind: Service\nname: nodes")]
    assert "inhibit_rules" not in configs(make({apart: ""}))["production"]


def test_what_is_quieter_at_some_hour_silences_nothing_louder(make: Make) -> None:
    found = make({"hours: team, outside: ticket": "hours: team, outside: notify"})
    assert silenced(configs(found)["production"], labels("Backlog", "high"), labels("Backlog", "critical"))
    assert not silenced(configs(found)["production"], labels("Backlog", "warning"), labels("Backlog", "high"))


# What people read: templates, with what somebody could write into a label

HOSTILE = "<!channel> <@U0123ABC> <https://evil.example|runbook> & {{ .ExternalURL }}\nRunbook: https://evil.example"


def data(status: str = "firing", number: int = 1, **annotations: str) -> Config:
    alert = {
        "status": status,
        "labels": {"alertname": "ProviderFails", "severity": "critical", "provider": HOSTILE},
        "annotations": annotations,
    }
    return {
        "receiver": "pay-critical",
        "status": status,
        "alerts": [alert] * number,
        "groupLabels": {
            "alertname": "ProviderFails",
            "service": "gateway",
            "env": "production",
            "cluster": "eu-1",
            "provider": HOSTILE,
        },
        "commonLabels": {
            "alertname": "ProviderFails",
            "severity": "critical",
            "service": "gateway",
            "env": "production",
            "cluster": "eu-1",
            "provider": HOSTILE,
        },
        "commonAnnotations": annotations,
        "externalURL": "http://am:9093",
    }


@pytest.fixture
def render(amtool: Path, tmp_path: Path) -> Callable[[str, Config], str]:
    (tmp_path / "none.tmpl").write_text("", encoding="utf-8")

    def rendered(text: str, values: Config) -> str:
        file = tmp_path / "data.json"
        file.write_text(json.dumps(values), encoding="utf-8")
        argv = [
            amtool,
            "template",
            "render",
            f"--template.glob={tmp_path}/none.tmpl",
            f"--template.text={text}",
            f"--template.data={file}",
        ]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.removesuffix("\n")

    return rendered


@pytest.mark.tools
def test_slack_shows_what_is_wrong_where_and_what_to_do(full: Workspace, render: Callable[[str, Config], str]) -> None:
    slack = receivers(configs(full)["production"])["pay-critical"]["slack_configs"][0]
    values = data(
        summary="Payments through acme fail", description="5% of attempts", runbook_url="https://runbooks.example/r"
    )
    values["groupLabels"]["provider"] = "acme"
    assert render(slack["title"], values) == "[FIRING] critical: Payments through acme fail"
    assert render(slack["text"], values).splitlines() == [
        "*Payments through acme fail*",
        "5% of attempts",
        "Runbook: https://runbooks.example/r",
        "alertname=ProviderFails cluster=eu-1 env=production provider=acme service=gateway ",
    ]
    assert render(slack["title"], data("resolved", summary="It fails")) == "[RESOLVED] critical: It fails"
    assert render(slack["title"], data(number=7, summary="It fails")) == "[FIRING] critical: It fails (7 alerts)"
    assert render(slack["text"], data(number=7, summary="It fails")).count("It fails") == 5
    assert render(slack["title"], data()) == "[FIRING] critical: ProviderFails"


@pytest.mark.tools
def test_a_label_cannot_call_a_channel_or_disguise_a_link_in_slack(
    full: Workspace, render: Callable[[str, Config], str]
) -> None:
    slack = receivers(configs(full)["production"])["pay-critical"]["slack_configs"][0]
    values = data(summary=HOSTILE, description=HOSTILE, runbook_url=HOSTILE)
    said = {key: render(slack[key], values) for key in ("title", "fallback", "text")}
    escaped = "&lt;!channel&gt; &lt;@U0123ABC&gt; &lt;https://evil.example|runbook&gt; &amp; {{ .ExternalURL }} Runbook: https://evil.example"
    assert said["title"] == said["fallback"] == f"[FIRING] critical: {escaped}"
    assert said["text"].count(escaped) == 4
    assert [character for text in said.values() for character in "<>" if character in text] == []
    assert [line for line in said["text"].splitlines() if line.startswith("Runbook: https://evil")] == []


@pytest.mark.tools
def test_a_very_long_label_is_cut_and_no_escape_with_it(full: Workspace, render: Callable[[str, Config], str]) -> None:
    slack = receivers(configs(full)["production"])["pay-critical"]["slack_configs"][0]
    assert render(slack["title"], data(summary="<" * 5000)) == "[FIRING] critical: " + "&lt;" * 500


@pytest.mark.tools
def test_what_pagerduty_expands_twice_holds_no_braces(full: Workspace, render: Callable[[str, Config], str]) -> None:
    page = receivers(configs(full)["production"])["pay-critical"]["pagerduty_configs"][0]
    values = data(summary=HOSTILE, runbook_url=HOSTILE)
    values["commonLabels"]["service"] = HOSTILE
    values["commonLabels"]["cluster"] = HOSTILE
    said = {key: render(text, values) for key, text in page["details"].items()}
    assert set(said) == {"service", "place", "runbook", "firing", "resolved", "num_firing", "num_resolved"}
    assert [key for key, text in said.items() if "{" in text or "}" in text or "\n" in text] == []
    assert (said["num_firing"], said["resolved"]) == ("1", "none")
    assert render(page["source"], data()) == "production/eu-1"
    assert render(page["description"], data(summary="It fails")) == "It fails"


# What Alertmanager cannot do


def found_by_check(workspace: Workspace) -> list[tuple[str, str]]:
    return [(diagnostic.code.id, diagnostic.message) for diagnostic in target.check(workspace)]


def test_nothing_is_wrong_with_the_full_workspace(full: Workspace) -> None:
    assert found_by_check(full) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        (
            {"http://am-stg:9093": "http://AM-1:9093/"},
            ("WB401", "`production` and `staging` name the same Alertmanager"),
        ),
        (
            {"webhook: {file: /run/secrets/pay-tickets}": "webhook: {env: PAY}"},
            ("WB402", "Alertmanager cannot read the environment variable `PAY`"),
        ),
        (
            {"bot_token: {file: /run/secrets/slack-bot}": "bot_token: {env: BOT}"},
            ("WB402", "Alertmanager cannot read the environment variable `BOT`"),
        ),
        (
            {"password: {file: /run/secrets/smtp}": "password: {env: SMTP}"},
            ("WB402", "Alertmanager cannot read the environment variable `SMTP`"),
        ),
        (
            {"executor:8080/}": "executor:8080/, token: {env: TOKEN}}"},
            ("WB402", "Alertmanager cannot read the environment variable `TOKEN`"),
        ),
        (
            {"{env: staging, cluster: stg-1}": "{env: production, cluster: eu-1}"},
            (
                "WB404",
                "alerts of `production` and of `staging` carry the same identity labels (cluster=eu-1, env=production)",
            ),
        ),
        (
            {"slack: {bot_token: {file: /run/secrets/slack-bot}}": "slack: {webhook: {file: /run/secrets/hook}}"},
            ("WB405", "an incoming webhook for 4 Slack channels: #incidents, #pay, #pay-oncall, #war-room"),
        ),
        (
            {"wait: 5m}]": 'wait: 5m}, {notify: [{slack: "#late"}]}]'},
            ("WB406", "`#late` in step 2 of `level-1` is not told"),
        ),
        ({"more: 5m, again: 4h": "more: 0, again: 4h"}, ("WB103", "Alertmanager takes no interval of zero")),
    ],
    ids=["shared", "tickets", "slack", "mail", "executor", "alike", "channels", "late", "zero"],
)
def test_what_alertmanager_cannot_do_is_said(make: Make, changes: dict[str, str], finding: tuple[str, str]) -> None:
    assert found_by_check(make(changes)) == [finding]


def test_two_names_that_meet_in_one_receiver_or_one_key_are_told(make: Make) -> None:
    meeting = {
        "severities:\n": "severities:\n  breach: {page: level-1}\n",
        "name: breach\nteam: pay\n": "name: critical-x\nteam: pay\n",
        "escalation: breach": "escalation: critical-x",
        "name: sre\n": "name: pay-critical-pay\n",
        "team: sre": "team: pay-critical-pay",
        "{name: NodeDown, severity: critical,": "{name: NodeDown, severity: breach,",
    }
    assert found_by_check(make(meeting)) == []
    same_receiver = {
        **meeting,
        "severities:\n": "severities:\n  critical-x: {page: level-1}\n",
        "severity: critical, expr: 'node": "severity: critical-x, expr: 'node",
    }
    del same_receiver["{name: NodeDown, severity: critical,"]
    (finding,) = found_by_check(make(same_receiver))
    assert finding == (
        "WB403",
        "two receivers are named `pay-critical-pay-critical-x`: one of `pay`, one of `pay-critical-pay`",
    )
    same_key = {
        "name: sre\n": "name: pay-pay\n",
        "team: sre": "team: pay-pay",
        "name: level-2\n": "name: breach\n",
        "page: level-2": "page: breach",
    }
    assert (
        "WB403",
        "two PagerDuty keys lie in `/etc/alertmanager/secrets/pagerduty-pay-pay-breach`: one of `pay`, one of `pay-pay`",
    ) in found_by_check(make(same_key))


def test_what_the_oldest_alertmanager_lacks_is_refused_by_name(make: Make) -> None:
    def refused(version: str) -> set[str]:
        found = make({"name: ecap\n": f'name: ecap\nversions: {{alertmanager: "{version}"}}\n'})
        said: list[Diagnostic] = target.check(found)
        assert {(one.code.id, getattr(one.where, "path", ())) for one in said} <= {
            ("WB304", ("versions", "alertmanager"))
        }
        return {one.message.split("`")[1] for one in said}

    assert refused("0.26") == refused("0.34.0") == set()
    assert refused("0.25") == {"url_file"}
    assert refused("0.24") == {"url_file", "routing_key_file", "smtp_auth_password_file", "location", "source"}
    assert refused("0.21") == set(SINCE) - {"api_url_file"}
