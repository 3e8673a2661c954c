"""The heartbeat: one alert for each source that always fires, sent on as often as asked, and never as recovered."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.output.gates import gate
from watchbill.spec.model import Workspace
from watchbill.spec.resolve import read_workspace
from watchbill.targets import alertmanager, prometheus

WORKSPACE = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    sources:
    - {name: eu, labels: {cluster: eu-1}, prometheus: {url: http://prom-eu:9090}}
    - {name: all, labels_on: series, holds: [us-1, us-2], mimir: {url: http://mimir:8080, tenant: shop}}
    identity: [env, cluster]
    alertmanager: {url: http://am:9093}
  lab: {labels: {env: lab}, prometheus: {url: http://prom-lab:9090}}
severities: {critical: {page: default}}
heartbeat: {every: 1m, missing_after: 5m, to: {url: {file: /run/secrets/heartbeat}}}
---
{kind: Person, name: me, email: me@shop.example}
---
{kind: Schedule, name: rota, people: [me]}
---
{kind: Team, name: shop, on_call: {primary: rota}}
---
kind: Service
name: web
team: shop
alerts:
- {name: Down, severity: critical, expr: up == 0, summary: down, runbook: {url: "https://r.example"}, no_data: {ignore: tested elsewhere}}
"""
Make = Callable[[Mapping[str, str | bytes]], Path]


def read(workspace: Make, changes: Mapping[str, str] = {}) -> Workspace:
    text = WORKSPACE
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    found, _, told = read_workspace(workspace({"policies/watchbill.yaml": text}), cache=False)
    assert [one.message for one in told if one.level == "error"] == []
    assert found is not None
    return found


def test_every_source_whose_alerts_can_be_sent_has_one_and_says_which_it_is(workspace: Make) -> None:
    rules = {
        one.path.split("/")[2]: yaml.safe_load(one.text)["groups"]
        for one in prometheus.build(read(workspace))
        if one.path.endswith("/_watchbill/heartbeat.rules.yml")
    }
    assert set(rules) == {"eu", "all"}
    (group,) = rules["all"]
    (rule,) = group["rules"]
    assert (rule["alert"], rule["expr"]) == ("Heartbeat", "vector(1)")
    assert rule["labels"] == {
        "severity": "none",
        "team": "shop",
        "service": "watchbill",
        "env": "production",
        "place": "production/all",
    }


@pytest.mark.tools
def test_the_tools_take_it(promtool: Path, amtool: Path, workspace: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    monkeypatch.setenv("WATCHBILL_AMTOOL", str(amtool))
    found = read(workspace)
    passed, problems = gate([*prometheus.build(found), *alertmanager.build(found)], found.root)
    assert (problems, len(passed)) == ([], 2)


def config(found: Workspace) -> dict[str, Any]:
    (artifact,) = alertmanager.build(found)
    return yaml.safe_load(artifact.text)


def test_its_route_comes_first_and_nobody_else_hears_it(workspace: Make) -> None:
    found = config(read(workspace))
    assert found["route"]["routes"][0] == {
        "receiver": "heartbeat",
        "matchers": ['alertname="Heartbeat"', 'service="watchbill"'],
        "group_by": ["alertname", "place"],
        "group_wait": "0s",
        "group_interval": "1m",
        "repeat_interval": "30s",
    }
    (receiver,) = (one for one in found["receivers"] if one["name"] == "heartbeat")
    assert receiver["webhook_configs"] == [
        {"url_file": "/run/secrets/heartbeat", "send_resolved": False, "max_alerts": 0}
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"every: 1m": "every: 0s"}, "a heartbeat needs a time between two beats"),
        ({"every: 1m": "every: 10m"}, "a heartbeat every 10m is missing after 5m while all is well"),
        ({"missing_after: 5m": "missing_after: 30s"}, "a heartbeat every 1m is missing after 30s while all is well"),
        ({"name: web": "name: watchbill"}, "service `watchbill` has the name under which the heartbeat runs"),
        ({"{file: /run/secrets/heartbeat}": "{env: BEAT}"}, "Alertmanager cannot read the environment variable `BEAT`"),
    ],
)
def test_a_heartbeat_that_could_not_be_missed_is_refused(
    workspace: Make, run: Callable[..., Any], change: Mapping[str, str], message: str
) -> None:
    ((old, new),) = change.items()
    root = workspace({"policies/watchbill.yaml": WORKSPACE.replace(old, new)})
    done = run("check", "--format", "json", cwd=root)
    assert done.exit == 1
    assert [one["message"] for one in json.loads(done.out)["diagnostics"] if one["severity"] == "error"] == [message]


@pytest.mark.tools
def test_a_real_alertmanager_sends_it_as_often_as_asked(alertmanager: Path, workspace: Make, tmp_path: Path) -> None:
    heard: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert body["status"] == "firing"
            heard.append(time.monotonic())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = tmp_path / "heartbeat"
    secret.write_text(f"http://127.0.0.1:{server.server_port}/beat", encoding="utf-8")
    found = read(workspace, {"/run/secrets/heartbeat": str(secret), "every: 1m": "every: 2s"})
    text = config(found)
    text["receivers"] = [one for one in text["receivers"] if one["name"] == "heartbeat"] + [
        {"name": one["name"]} for one in text["receivers"] if one["name"] != "heartbeat"
    ]
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(text), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [
        str(alertmanager), f"--config.file={file}", f"--storage.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    with subprocess.Popen(argv, cwd=tmp_path, env={**os.environ}) as process:
        try:
            _post(port)
            until = time.monotonic() + 15
            while len(heard) < 5 and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            process.terminate()
            server.shutdown()
    assert len(heard) >= 5
    between = [later - earlier for earlier, later in pairwise(heard)]
    assert 1.5 < sum(between) / len(between) < 2.5, between


def _post(port: int) -> None:
    """An alert as Prometheus would send it; once Alertmanager listens."""
    ends = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    labels = {"alertname": "Heartbeat", "service": "watchbill", "severity": "none", "place": "production/eu"}
    body = json.dumps([{"labels": labels, "endsAt": ends}]).encode()
    for _ in range(100):
        try:
            urllib.request.urlopen(
                urllib.request.Request(
                    f"http://127.0.0.1:{port}/api/v2/alerts", body, {"Content-Type": "application/json"}
                )
            )
        except OSError:
            time.sleep(0.1)
        else:
            return
