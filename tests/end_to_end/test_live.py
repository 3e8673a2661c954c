"""A real Prometheus and a real Alertmanager on loopback, with what the compiler wrote: from a metric to a message.

Nothing here leaves the machine: every receiver is the listener of this file.
"""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
import yaml

from watchbill.spec.model import OUTCOMES, ResolvedAlert, Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager as routing
from watchbill.targets import prometheus as rules

pytestmark = pytest.mark.tools

TOP = Path(__file__).parents[2]
PATIENCE = 25.0  # seconds until something that should happen has not happened
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
T = TypeVar("T")


class Heard(NamedTuple):
    """A message that reached the listener."""

    path: str
    authorization: str | None
    body: dict[str, Any]


class Listener:
    """What is scraped, and what receives: GET gives the metrics of `series`, POST is remembered."""

    def __init__(self) -> None:
        self.series: dict[str, float] = {}
        self.heard: list[Heard] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = "".join(f"{name} {value}\n" for name, value in dict(listener.series).items())
                self._answer(text.encode(), "text/plain; version=0.0.4")

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                listener.heard.append(Heard(self.path, self.headers["Authorization"], body))
                self._answer(b"ok", "text/plain")

            def _answer(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, path: str, alertname: str) -> list[Heard]:
        """What came to a path about an alert."""
        return [
            one
            for one in list(self.heard)
            if one.path == path and one.body.get("groupLabels", {}).get("alertname") == alertname
        ]


class Live(NamedTuple):
    """The running system: the model it was compiled from, and where it is reached."""

    workspace: Workspace
    listener: Listener
    alertmanager: str

    def alerts(self) -> list[Alert]:
        found: list[Alert] = get(f"{self.alertmanager}/api/v2/alerts")
        return found


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (loopback)
        return json.load(answer)


def post(url: str, body: Any) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        assert answer.status == 200


def until(happened: Callable[[], T], what: str) -> T:
    """What `happened` gives as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := happened():
            return found
        time.sleep(0.05)
    pytest.fail(f"{PATIENCE:.0f} seconds went by without {what}")


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, name: str, ready: str, *argv: str | Path) -> Iterator[None]:
    """A server, from when it says it is ready until the end of the block."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*map(str, argv)], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder
        )

    def is_ready() -> bool:
        if process.poll() is not None:
            cannot_start(name, log.read_text(encoding="utf-8", errors="replace"))
        try:
            with urllib.request.urlopen(ready, timeout=1) as answer:  # noqa: S310  (loopback)
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(is_ready, f"{name} being ready")
        yield
    finally:
        process.kill()
        process.wait(10)


def cannot_start(name: str, log: str) -> None:
    """Debian's Alertmanager reads its templates from one fixed folder; where they cannot be put there, it does not start."""
    if "default.tmpl" in log or "templates cannot be shown" in log:
        reason = f"{name} cannot start here: its templates are not in /usr/share/prometheus/alertmanager"
        if os.environ.get("WATCHBILL_REQUIRE_ALL") == "1":
            pytest.fail(f"{reason} (WATCHBILL_REQUIRE_ALL=1)", pytrace=False)
        pytest.skip(reason)
    pytest.fail(f"{name} did not start:\n{log[-3000:]}")


@contextmanager
def an_alertmanager(binary: Path, folder: Path, config: str) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    flags = [
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address={url.removeprefix('http://')}",
        f"--web.external-url={url}",
        "--cluster.listen-address=",
    ]
    with running(folder, "alertmanager", f"{url}/-/ready", binary, *flags):
        yield url


@contextmanager
def a_prometheus(binary: Path, folder: Path, target: str, alertmanager: str) -> Iterator[str]:
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        # Only the last part of a path may hold a wildcard there: one line for each team.
        "rule_files": [f"{team}/*.rules.yml" for team in folder.glob("production/prometheus/*/*")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]},
        "scrape_configs": [{"job_name": "shop", "static_configs": [{"targets": [target.removeprefix("http://")]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    flags = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--rules.alert.resend-delay=1s",
    ]
    with running(folder, "prometheus", f"{url}/-/ready", binary, *flags):
        # The first alerts would go nowhere: discovery comes after readiness, and an alert is sent again only later.
        until(
            lambda: get(f"{url}/api/v1/alertmanagers")["data"]["activeAlertmanagers"],
            "Prometheus knowing its Alertmanager",
        )
        yield url


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
        stack.enter_context(a_prometheus(prometheus, folder, listener.url, alerts_at))
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
