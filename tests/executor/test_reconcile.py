"""Reconciliation with a real Alertmanager: what fires, what is silenced, and what cannot be asked."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from end_to_end import servers
from executor.small_plan import plan_text
from executor.test_intake import alert, webhook
from executor.test_serve import Served
from watchbill.executor import reconcile
from watchbill.executor.connections import Connections
from watchbill.executor.core.effects import Reconcile
from watchbill.executor.core.events import Reconciled
from watchbill.executor.handlers import Again, Work
from watchbill.executor.plan import read

LABELS = {"alertname": "Slow", "service": "shop", "severity": "critical", "env": "production"}
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def running(alertmanager: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
    with servers.an_alertmanager(alertmanager, tmp_path_factory.mktemp("alertmanager"), config) as url:
        yield url


def asked(*peers: str) -> Any:
    plan = read(plan_text(alertmanagers=list(peers)).encode())
    outside = SimpleNamespace(plan=lambda: plan, now=lambda: 17, connections=Connections())
    return reconcile.handle(Work("executor/reconcile/1", Reconcile(reason="test"), 1, lambda: True), outside)


def test_what_an_alertmanager_holds_is_told_with_what_is_silenced(running):
    now = datetime.now(UTC)
    names = ("web-a", "web-b")
    alerts = [
        {"labels": {**LABELS, "deployment": name}, "startsAt": now.isoformat(), "annotations": {"summary": "s"}}
        for name in names
    ]
    httpx.post(f"{running}/api/v2/alerts", json=alerts).raise_for_status()
    silence = {
        "matchers": [{"name": "deployment", "value": "web-b", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "test",
        "comment": "test",
    }
    httpx.post(f"{running}/api/v2/silences", json=silence).raise_for_status()
    answer = asked(running)
    assert isinstance(answer, Reconciled)
    assert (answer.complete, answer.asked_at, answer.key) == (True, 17, "executor/reconcile/1")
    told = {alert.labels["deployment"]: alert for alert in answer.alerts}
    assert {name: alert.suppressed for name, alert in told.items()} == {"web-a": False, "web-b": True}
    assert told["web-a"].status == "firing"
    assert abs(told["web-a"].starts_at - now.timestamp() * 1000) < 2
    assert told["web-a"].annotations == {"summary": "s"}


def test_when_one_of_two_cannot_be_asked_nothing_is_concluded_from_what_is_not_there(running):
    answer = asked(NOBODY, running)
    assert isinstance(answer, Reconciled)
    assert not answer.complete


def test_when_none_can_be_asked_it_is_tried_again():
    assert isinstance(asked(NOBODY), Again)


LOCAL = b'[{"labels": {}, "fingerprint": "a", "startsAt": "2026-03-01T00:00:00"}]'  # of which place, it does not say


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[1]", b'[{"labels": {}}]', b"\xff", b"[" * 200_000, json.dumps({"alerts": []}).encode(), LOCAL],
)
def test_an_answer_that_is_none_counts_as_not_asked(body):
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert isinstance(asked(f"http://127.0.0.1:{server.server_port}"), Again)
        thread.join()


def test_what_a_delivery_left_out_is_asked_for_and_opens_its_incident(running, tmp_path):
    now = datetime.now(UTC).isoformat()
    labels = {**LABELS, "alertname": "Full", "severity": "warning"}
    alerts = [{"labels": {**labels, "deployment": f"cut-{name}"}, "startsAt": now} for name in "abc"]
    httpx.post(f"{running}/api/v2/alerts", json=alerts).raise_for_status()
    plan = plan_text(alertmanagers=[running]).replace("http://prom:9090", NOBODY)
    served = Served(tmp_path, f"sqlite:///{tmp_path / 's.db'}", plan=plan)
    told = alert(labels={**labels, "deployment": "cut-a"}, fingerprint="a", startsAt=now)
    assert served.post(webhook(told, truncatedAlerts=2)) == 200
    opened: set[str] = set()
    for _ in range(400):
        opened = {line["decision"]["key"].get("deployment", "") for line in served.told("opened")}
        if {"cut-a", "cut-b", "cut-c"} <= opened:
            break
        time.sleep(0.02)
    assert served.stop() == 0
    assert {"cut-a", "cut-b", "cut-c"} <= opened
