"""A real Prometheus and a real Alertmanager on loopback, with what the compiler wrote: from a metric to a message.

Nothing here leaves the machine: every receiver is the listener of this file.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from end_to_end.listener import Heard, Listener
from end_to_end.servers import a_prometheus, an_alertmanager, get, post, until
from watchbill.spec.model import OUTCOMES, ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as routing
from watchbill.targets import prometheus as rules

pytestmark = pytest.mark.tools

TOP = Path(__file__).parents[2]
POLICIES = """\
apiVersion: watchbill/v1
kind: Workspace
name: live
environments:
  production:
    labels: {{env: production, cluster: eu-1}}
    prometheus: {{url: http://localhost:9090}}
    alertmanager: {{url: http://localhost:9093, secrets: "{folder}"}}
    executor: {{url: "{url}", token: {{file: "{folder}/token"}}}}
severities: {severities}
timing:
  critical: {{first: 1s, more: 1s, again: 1h}}
  warning: {{first: 1s, more: 1s, again: 1h}}
  none: {{first: 1s, more: 1s, again: 1h}}
catch_all: {{team: sre, outcome: ticket}}
channels: {{slack: {{webhook: {{file: "{folder}/slack"}}}}}}
---
kind: Person
name: me
email: me@live.example
---
kind: Schedule
name: rota
people: [me]
---
kind: Team
name: pay
on_call: {{primary: rota}}
slack: {{default: "#pay"}}
tickets: {{webhook: {{file: "{folder}/pay-tickets"}}}}
---
kind: Team
name: sre
on_call: {{primary: rota}}
tickets: {{webhook: {{file: "{folder}/sre-tickets"}}}}
---
kind: Service
name: gateway
team: pay
alerts:
- name: ProviderFails
  severity: critical
  expr: sum by (provider) (payment_failures{{job="shop"}}) > 0.5
  page_per: [provider]
  no_data: {{ignore: tested elsewhere}}
  summary: "Payments through {{{{ $labels.provider }}}} fail"
  runbook: {{url: "https://runbooks.live.example/payment-failures"}}
- name: QueueLong
  levels:
    warning: {{params: {{limit: 10}}}}
    critical: {{params: {{limit: 100}}}}
  params: {{limit: {{type: number, default: 1}}}}
  expr: queue_length{{job="shop"}} > ${{limit}}
  no_data: {{ignore: tested elsewhere}}
  summary: "The queue is {{{{ $value }}}} long"
- {{name: Watchdog, severity: none, expr: vector(1), no_data: {{ignore: a constant}}, summary: alive}}
"""
TICKETS_ONLY = "{critical: {ticket: team}, warning: {ticket: team}, none: {drop: true}}"
PAGING = "{critical: {page: default}, warning: {ticket: team}, none: {drop: true}}"

Alert = dict[str, Any]


class Live(NamedTuple):
    """The running system: the model it was compiled from, and where it is reached."""

    workspace: Workspace
    listener: Listener
    alertmanager: str

    def alerts(self) -> list[Alert]:
        found: list[Alert] = get(f"{self.alertmanager}/api/v2/alerts")
        return found


def compiled(folder: Path, listener: Listener, severities: str) -> tuple[Workspace, str]:
    """The policies compiled into the folder, its secrets beside them; and Alertmanager's configuration."""
    for name, text in (("token", "t0ken"), ("slack", f"{listener.url}/slack"), ("pagerduty-pay-default", "pay-key")):
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    for team in ("pay", "sre"):
        (folder / f"{team}-tickets").write_text(f"{listener.url}/tickets/{team}\n", encoding="utf-8")
    policies = folder / "policies" / "watchbill.yaml"
    policies.parent.mkdir()
    policies.write_text(POLICIES.format(folder=folder, url=listener.url, severities=severities), encoding="utf-8")
    workspace, _, found = read_workspace(folder, cache=False)
    assert workspace is not None
    assert [diagnostic.message for diagnostic in found if diagnostic.level == "error"] == []
    for artifact in rules.build(workspace):
        path = folder / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artifact.text, encoding="utf-8")
    (artifact,) = routing.build(workspace)
    return workspace, artifact.text


@pytest.fixture(scope="module")
def live(prometheus: Path, alertmanager: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    listener = Listener()
    with ExitStack() as stack:
        stack.callback(listener.close)
        workspace, config = compiled(folder, listener, TICKETS_ONLY)
        alerts_at = stack.enter_context(an_alertmanager(alertmanager, folder, config))
        stack.enter_context(a_prometheus(prometheus, folder, folder / "production", [listener.url], alerts_at))
        yield Live(workspace, listener, alerts_at)


EXECUTOR = "/v1/alertmanager/production"


def test_a_metric_goes_bad_and_the_right_team_hears_of_one_incident_for_each_provider(live: Live) -> None:
    live.listener.series |= {
        'payment_failures{provider="acme",host="a"}': 0.9,
        'payment_failures{provider="umbra",host="b"}': 0.8,
    }

    def both(path: str) -> dict[str, Heard]:
        heard = {one.body["groupLabels"]["provider"]: one for one in live.listener.of(path, "ProviderFails")}
        return heard if len(heard) == 2 else {}

    for path in (EXECUTOR, "/tickets/pay"):
        for provider, one in until(lambda path=path: both(path), f"a message to {path} for each provider").items():
            message = one.body
            assert (message["receiver"], message["status"], message["truncatedAlerts"]) == ("pay-critical", "firing", 0)
            key = {"alertname": "ProviderFails", "service": "gateway", "env": "production", "cluster": "eu-1"}
            assert message["groupLabels"] == {**key, "provider": provider}
            (alert,) = message["alerts"]
            assert alert["labels"] == {
                **key,
                "provider": provider,
                "severity": "critical",
                "team": "pay",
                "page_per": "provider",
            }
            assert alert["annotations"] == {
                "summary": f"Payments through {provider} fail",
                "runbook_url": "https://runbooks.live.example/payment-failures",
            }
            assert one.authorization == ("Bearer t0ken" if path == EXECUTOR else None)

    live.listener.series['payment_failures{provider="acme",host="a"}'] = 0.0
    recovered = until(
        lambda: [one for one in live.listener.of(EXECUTOR, "ProviderFails") if one.body["status"] == "resolved"],
        "the recovery of one provider",
    )
    assert {one.body["groupLabels"]["provider"] for one in recovered} == {"acme"}


def test_a_worse_level_inhibits_the_lesser_of_the_same_incident(live: Live) -> None:
    def level(severity: str) -> Alert | None:
        return next(
            (
                one
                for one in live.alerts()
                if one["labels"]["alertname"] == "QueueLong" and one["labels"]["severity"] == severity
            ),
            None,
        )

    live.listener.series["queue_length"] = 50
    until(lambda: live.listener.of("/tickets/pay", "QueueLong"), "a ticket for the lesser level")
    lesser = level("warning")
    assert lesser is not None
    assert (lesser["status"]["state"], lesser["receivers"]) == ("active", [{"name": "pay-warning"}])

    live.listener.series["queue_length"] = 500
    worse = until(lambda: level("critical"), "the worse level")
    inhibited = until(
        lambda: (found := level("warning")) and found["status"]["inhibitedBy"] and found,
        "the lesser level being inhibited",
    )
    assert inhibited["status"] == {
        **inhibited["status"],
        "state": "suppressed",
        "inhibitedBy": [worse["fingerprint"]],
        "silencedBy": [],
    }
    assert worse["status"]["inhibitedBy"] == []
    heard = until(
        lambda: [one for one in live.listener.of(EXECUTOR, "QueueLong") if one.body["receiver"] == "pay-critical"],
        "word of the worse level",
    )
    assert heard[0].body["commonLabels"]["severity"] == "critical"


def test_an_alert_that_no_policy_claims_reaches_the_catch_all(live: Live) -> None:
    post(
        f"{live.alertmanager}/api/v2/alerts", [{"labels": {"alertname": "Handmade", "severity": "page", "team": "pay"}}]
    )
    for path in (EXECUTOR, "/tickets/sre"):
        (one,) = until(lambda path=path: live.listener.of(path, "Handmade"), f"the unknown alert at {path}")
        assert (one.body["receiver"], one.body["groupLabels"]) == ("catch-all", {"alertname": "Handmade"})


def test_a_dropped_alert_fires_and_nobody_hears_of_it(live: Live) -> None:
    watchdog = until(lambda: [one for one in live.alerts() if one["labels"]["alertname"] == "Watchdog"], "the watchdog")
    assert [one["receivers"] for one in watchdog] == [[{"name": "nobody"}]]
    post(f"{live.alertmanager}/api/v2/alerts", [{"labels": {"alertname": "Later"}}])
    until(lambda: live.listener.of(EXECUTOR, "Later"), "an alert that came after the watchdog")
    assert [one.path for one in live.listener.heard if "Watchdog" in json.dumps(one.body)] == []


BRACES = [
    "{{ nosuchfunction }}",
    '["{{ .x", "y"]',
    "a: {{ template `none` }}",
    "<!channel> & <https://evil.example|here>",
]


def test_no_label_can_stop_a_page_or_call_a_channel(alertmanager: Path, tmp_path: Path) -> None:
    """Alertmanager 0.30 to 0.33 lose the page of an alert with such a label, with their own details (#5302)."""
    listener = Listener()
    with ExitStack() as stack:
        stack.callback(listener.close)
        _, text = compiled(tmp_path, listener, PAGING)
        config = yaml.safe_load(text)
        config["global"] = {
            "pagerduty_url": f"{listener.url}/v2/enqueue"
        }  # policies cannot say so, and the page must stay here
        url = stack.enter_context(an_alertmanager(alertmanager, tmp_path, json.dumps(config)))
        known = {
            "alertname": "ProviderFails",
            "service": "gateway",
            "env": "production",
            "cluster": "eu-1",
            "severity": "critical",
            "team": "pay",
            "page_per": "provider",
        }
        post(
            f"{url}/api/v2/alerts",
            [
                {
                    "labels": {**known, "provider": value, "class": value},
                    "annotations": {"summary": value, "runbook_url": value},
                }
                for value in BRACES
            ],
        )
        pages = until(
            lambda: len(found := [one for one in listener.heard if one.path == "/v2/enqueue"]) >= len(BRACES) and found,
            "a page for each",
        )
        chats = until(
            lambda: len(found := [one for one in listener.heard if one.path == "/slack"]) >= len(BRACES) and found,
            "a message for each",
        )
    assert {one.body["routing_key"] for one in pages} == {"pay-key"}
    assert len({one.body["dedup_key"] for one in pages}) == len(BRACES)
    for page in pages:
        payload = page.body["payload"]
        assert (payload["severity"], payload["source"], payload["component"], payload["group"]) == (
            "critical",
            "production/eu-1",
            "gateway",
            "pay",
        )
        assert set(payload["custom_details"]) == {
            "service",
            "place",
            "runbook",
            "firing",
            "resolved",
            "num_firing",
            "num_resolved",
        }
    said = [chat.body["attachments"][0] for chat in chats]
    assert [
        part for one in said for key in ("title", "text", "fallback") for part in ("<", ">") if part in one[key]
    ] == []


def quieter(workspace: Workspace, alert: ResolvedAlert, environment: str) -> set[str]:
    """What windows make of an alert while they last: a route of its own, muted at all other times."""
    return {
        window.effect
        for window in workspace.windows.values()
        if window.effect != "no-remediation"
        and any(place.startswith(f"{environment}/") for place in window.places)
        and window.team in (None, alert.team)
        and window.match.items() <= alert.labels.items()
        and OUTCOMES.index(window.effect) > OUTCOMES.index(alert.outcome.kind)
    }


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_real_alertmanager_takes_every_alert_of_the_worked_example_to_whom_its_outcome_says(
    alertmanager: Path, tmp_path: Path, environment: str
) -> None:
    workspace, _, _ = read_workspace(TOP, cache=False)
    assert workspace is not None
    (artifact,) = (one for one in routing.build(workspace) if one.path.startswith(f"{environment}/"))
    wanted: dict[str, list[str]] = {}
    batch = []
    for number, alert in enumerate(alert for place in workspace.places_of(environment) for alert in place.alerts):
        own = alert.labels.get("escalation")
        name = f"{alert.team}-{alert.severity}" + (f"-{own.replace('/', '-')}" if own else "")
        names = [name, f"{alert.team}-{alert.severity}-outside"] if alert.outcome.hours else [name]
        names += [f"{name}-{effect}" for effect in sorted(quieter(workspace, alert, environment))]
        wanted[str(number)] = ["nobody"] if alert.outcome.kind == "drop" else names
        labels: Mapping[str, str] = {
            "alertname": alert.name,
            **dict.fromkeys(alert.page_per, "x"),
            **alert.labels,
            "number": str(number),
        }
        batch.append({"labels": labels})
    assert len(batch) > 50
    config = yaml.safe_load(artifact.text)
    for route in (config["route"], *config["route"]["routes"]):
        route["group_wait"] = "1h"  # only where alerts go is asked; nothing is sent
    with an_alertmanager(alertmanager, tmp_path, json.dumps(config)) as url:
        post(f"{url}/api/v2/alerts", batch)
        found: list[Alert] = until(
            lambda: len(all_ := get(f"{url}/api/v2/alerts")) == len(batch) and all_, "all alerts being known"
        )
    assert {one["labels"]["number"]: sorted(receiver["name"] for receiver in one["receivers"]) for one in found} == {
        number: sorted(names) for number, names in wanted.items()
    }
