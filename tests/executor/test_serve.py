"""`watchbill serve` and its companions as processes: started, stopped, killed, asked."""

import concurrent.futures
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from executor.small_plan import plan_text
from executor.test_intake import PATH, alert, webhook
from watchbill.executor.core.events import PlanLoaded
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.entries import event_of
from watchbill.executor.store import log
from watchbill.executor.store.chain import digest_of, verify
from watchbill.executor.web.webhook import read as read_webhook

# Nobody answers there, and at once.
NOWHERE = "http://127.0.0.1:1"
PLAN = plan_text(alertmanagers=[NOWHERE]).replace("http://prom:9090", NOWHERE)
CLIENT = httpx.Client(timeout=20)
HEADERS = {"Authorization": "Bearer open-sesame"}


class Served:
    """A process of `watchbill serve`, and its lines."""

    def __init__(
        self, folder: Path, database: str, *arguments: str, plan: str | None = None, **environment: str
    ) -> None:
        self.plan = folder / "plan.json"
        self.plan.write_text(plan or PLAN)
        argv = [sys.executable, "-m", "watchbill", "serve", "--plan", self.plan, "--database", database]
        self.process = subprocess.Popen(
            [*argv, "--listen", "127.0.0.1:0", *arguments],
            env={**os.environ, "WATCHBILL_INTAKE_TOKEN": "open-sesame", **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        self.address: str | None = None
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._ready.wait(30), self.lines
        assert self.address is not None, self.lines

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"message": "not JSON", "line": line})
            if self.lines[-1]["message"] == "ready":
                self.address = f"http://{self.lines[-1]['listen']}"
                self._ready.set()
        self._ready.set()

    def post(self, body: bytes) -> int:
        return CLIENT.post(f"{self.address}{PATH}", content=body, headers=HEADERS).status_code

    def get(self, path: str) -> httpx.Response:
        return CLIENT.get(f"{self.address}{path}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(10)
        return code

    def told(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["message"] == message]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    processes: list[Served] = []

    def started(database: str, *arguments: str, **environment: str) -> Served:
        processes.append(Served(tmp_path, database, *arguments, **environment))
        return processes[-1]

    yield started
    for one in processes:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def whole(store: Any) -> set[str]:
    """The deliveries of a log that is whole."""
    with store.read() as tx:
        assert verify(lambda: log.raw(tx)).broken is None
        return {event_of(one.body).delivery for one in log.entries(tx, prefix="event.delivered")}


def firing(number: int) -> bytes:
    return webhook(
        alert(labels={"deployment": f"web-{chr(97 + number % 26)}"}, fingerprint=f"{number:016x}"), receiver=str(number)
    )


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


# Its life


def test_it_starts_takes_in_tells_what_it_does_and_stops_with_a_snapshot(database, serve, opened):
    served = serve(database)
    assert served.get("/readyz").status_code == 200
    assert served.get("/healthz").status_code == 200
    assert served.post(firing(0)) == 200
    assert served.post(b"nonsense") == 400
    assert served.stop() == 0
    (started,), (incident,) = served.told("ready"), served.told("opened")
    assert started["mode"] == "auto"
    assert started["seconds"] < 30
    assert incident["incident"]
    assert not served.told("not JSON")
    assert all("open-sesame" not in json.dumps(line) for line in served.lines)
    store = opened(database)
    assert whole(store) == {digest_of(firing(0)).hex()}
    with store.read() as tx:
        assert len(list(log.entries(tx, prefix="store.snapshot"))) == 1


def test_a_second_start_knows_what_the_first_did(file, serve):
    first = serve(file)
    first.post(firing(0))
    first.stop()
    second = serve(file)
    (ready,) = second.told("ready")
    assert ready["incidents"] == 1
    assert not second.told("adopted")  # the same plan
    assert "watchbill_incidents_open 1.0" in second.get("/metrics").text


def test_observing_takes_everything_in_and_does_nothing_and_the_next_start_goes_back(file, serve, opened):
    observing = serve(file, "--observe")
    assert observing.told("ready")[0]["mode"] == "observe"
    assert observing.post(firing(0)) == 200
    observing.stop()
    assert observing.told("opened")
    assert [line["decision"]["value"] for line in observing.told("adopted") if line["decision"]["what"] == "mode"] == [
        "observe"
    ]
    after = serve(file)
    after.stop()
    assert len([line for line in after.told("adopted") if line["decision"]["what"] == "mode"]) == 1
    store = opened(file)
    with store.read() as tx:
        assert not list(log.entries(tx, prefix="event.action-started"))


def refused(plan: Path, database: str, *arguments: str) -> str:
    """What a start that comes to nothing says."""
    argv = [sys.executable, "-m", "watchbill", "serve", "--plan", plan, "--database", database]
    done = subprocess.run(
        [*argv, "--listen", "127.0.0.1:0", *arguments],
        env={**os.environ, "WATCHBILL_INTAKE_TOKEN": "x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


def test_one_that_observes_and_one_that_acts_do_not_share_a_store(file, serve):
    """It would take pages from the outbox, and call them sent."""
    acting = serve(file)
    assert "an executor that acts runs on" in refused(acting.plan, file, "--observe")
    acting.stop()
    observing = serve(file, "--observe")
    assert "an executor that only observes runs on" in refused(observing.plan, file)


def test_a_store_is_not_started_with_the_plan_of_another_environment(file, serve, tmp_path):
    serve(file).stop()
    staging = tmp_path / "staging.json"
    staging.write_text(json.dumps({**json.loads(PLAN), "environment": "staging"}))
    assert "belongs to production, and the plan is of staging" in refused(staging, file)


def test_a_plan_that_changes_is_in_force_without_a_restart_and_one_that_is_none_changes_nothing(file, serve):
    served = serve(file)
    for text, told in (
        ('{"version": 1', "the plan's file is not taken, and the one before stays in force: this is not a plan: "),
        (
            json.dumps({**json.loads(PLAN), "environment": "staging"}),
            "the plan's file is not taken, and the one before stays in force: it is of staging, and ",
        ),
        (PLAN + "\n", "a new plan is in force"),
    ):
        served.plan.write_text(text)
        served.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 20
        while not any(line["message"].startswith(told) for line in served.lines):
            assert time.monotonic() < end, served.lines
            time.sleep(0.02)
    assert (
        f'watchbill_plan_info{{digest="{digest_of((PLAN + chr(10)).encode()).hex()}"}} 1.0'
        in served.get("/metrics").text
    )
    assert served.get("/metrics").text.count("watchbill_plan_info{") == 1
    assert served.stop() == 0


def test_what_is_under_way_when_it_is_told_to_stop_is_still_answered(file, serve, opened):
    served = serve(file)
    answered: dict[int, int] = {}

    def post(number: int) -> None:
        try:
            answered[number] = served.post(firing(number))
        except httpx.HTTPError:
            answered[number] = 0

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(post, number) for number in range(60)]
        while len(answered) < 10:
            time.sleep(0.005)
        assert served.stop() == 0
        concurrent.futures.wait(futures)
    committed = {digest_of(firing(number)).hex() for number, code in answered.items() if code == 200}
    assert committed <= whole(opened(file))


def test_two_replicas_take_in_side_by_side(postgresql, serve, opened):
    database = postgresql.empty()
    replicas = [serve(database), serve(database)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda number: replicas[number % 2].post(firing(number)), range(60)))
    assert set(codes) == {200}
    assert [one.stop() for one in replicas] == [0, 0]
    assert whole(opened(database)) == {digest_of(firing(number)).hex() for number in range(60)}
    assert "watchbill_incidents_open 26.0" in serve(database).get("/metrics").text


# What it refuses at the start


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["--plan", "none.json"], {}, "WB802", "none.json cannot be read"),
        (["--plan", "broken.json"], {}, "WB802", "this is not a plan"),
        (["--plan", "newer.json"], {}, "WB802", "the plan is of version 99"),
        ([], {"WATCHBILL_INTAKE_TOKEN": " , "}, "WB806", "holds no token"),
        (["--tokens", "none"], {}, "WB806", "cannot be read"),
        (["--database", "mysql://x/y"], {}, "WB803", "not one of sqlite and postgresql"),
        (["--database", "/no/such/folder/s.db"], {}, "WB803", "unable to open"),
        (["--connections", "none.toml"], {}, "WB809", "none.toml cannot be read"),
        (["--connections", "misspelt.toml"], {}, "WB809", "Object contains unknown field `begin`"),
        (["--connections", "twice.toml"], {}, "WB809", "a secret is either"),
        (["--listen", "192.0.2.1:80"], {}, "WB805", "cannot listen on 192.0.2.1:80"),
        (["--listen", "here"], {}, "", "is not HOST:PORT"),
        (["--trust-proxy", "everybody"], {}, "", "does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_what_it_cannot_work_with_is_a_finding(tmp_path, run, monkeypatch, arguments, environment, code, said):
    (tmp_path / "plan.json").write_text(plan_text())
    (tmp_path / "broken.json").write_text(plan_text()[:-400])
    (tmp_path / "newer.json").write_text(plan_text(version=99))
    (tmp_path / "misspelt.toml").write_text('[command.kubectl]\npath = "/usr/bin/kubectl"\nbegin = [["get"]]\n')
    (tmp_path / "twice.toml").write_text('[kubernetes.main]\ntoken = {file = "a", env = "B"}\n')
    for name, value in {"WATCHBILL_INTAKE_TOKEN": "open-sesame", **environment}.items():
        monkeypatch.setenv(name, value)
    base = ["--plan", "plan.json", "--database", "s.db", "--listen", "127.0.0.1:0"]
    ran = run("serve", *base, *arguments, cwd=tmp_path)
    assert ran.exit == (1 if code else 64)
    assert said in " ".join((ran.out + ran.err).split())
    assert code in ran.out


def test_an_address_that_is_taken_is_a_finding(tmp_path, run, monkeypatch):
    (tmp_path / "plan.json").write_text(plan_text())
    monkeypatch.setenv("WATCHBILL_INTAKE_TOKEN", "open-sesame")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = run("serve", "--plan", "plan.json", "--database", "s.db", "--listen", address, cwd=tmp_path)
    assert ran.exit == 1
    assert "WB805" in ran.out


def test_a_plain_install_says_what_to_install(tmp_path, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for verb in (["serve", "--plan", "p.json"], ["incidents"], ["audit", "verify"], ["ack", "1", "--as", "ana"]):
        ran = run(*verb, "--database", "s.db", cwd=tmp_path)
        assert ran.exit == 1
        assert "pip install 'watchbill[executor]'" in ran.out


def test_traces_are_sent_when_an_endpoint_is_set(tmp_path, serve):
    received: list[bytes] = []

    def collect(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            received.append(connection.recv(65_536))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=collect, args=(listening,))
        thread.start()
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        served = serve(str(tmp_path / "s.db"), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        served.post(firing(0))
        served.stop()
        thread.join(20)
    assert b"POST /v1/traces" in received[0]


# Its companions


@pytest.fixture
def filled(database: str, opened: Callable[..., Any]) -> str:
    engine = Engine(opened(database))
    bodies = [firing(0), firing(1)]
    events = [read_webhook(body, "production", "production", None) for body in bodies]
    came = [log.Arrival(datetime.now(UTC), "production", "", body, "event") for body in bodies]
    engine.take(
        Unit(PlanLoaded(text=PLAN)), *(Unit(event, arrival) for event, arrival in zip(events, came, strict=True))
    )
    return database


def test_incidents_are_listed_and_acknowledged_by_the_beginning_of_an_id(filled, run, tmp_path):
    listed = run("incidents", "--database", filled, "--format", "json", cwd=tmp_path)
    document = json.loads(listed.out)
    assert document["version"] == 1
    assert len(document["incidents"]) == 2
    first = document["incidents"][0]
    assert {"id", "key", "state", "severity", "service", "team", "opened_at"} <= first.keys()
    acked = run("ack", first["id"][:8], "--as", "ana", "--database", filled, cwd=tmp_path)
    assert (acked.exit, acked.out) == (0, f"{first['id']} is acknowledged by ana.\n")
    again = json.loads(run("incidents", "--database", filled, "--format", "json", cwd=tmp_path).out)["incidents"]
    assert next(one for one in again if one["id"] == first["id"])["owner"] == "ana"
    table = run("incidents", "--database", filled, cwd=tmp_path)
    assert first["id"] in table.out
    assert "2 shown, 2 open" in table.err


@pytest.mark.parametrize("verb", ["ack", "resolve"])
def test_a_variable_of_the_shell_that_is_not_set_means_no_incident(filled, run, tmp_path, verb):
    told = run(verb, "", "--as", "ana", "--database", filled, cwd=tmp_path)
    assert (told.exit, "no incident is named" in told.out + told.err) == (1, True)


def test_whoever_is_not_of_the_plan_acknowledges_nothing(filled, run, tmp_path):
    (first, *_) = json.loads(run("incidents", "--database", filled, "--format", "json", cwd=tmp_path).out)["incidents"]
    ran = run("ack", first["id"], "--as", "mallory", "--database", filled, cwd=tmp_path)
    assert ran.exit == 1
    assert "WB808" in ran.out
    for name in ("ffff", ""):
        ran = run("ack", name, "--as", "ana", "--database", filled, cwd=tmp_path)
        assert ran.exit == 1
        assert "WB807" in ran.out


def test_the_log_is_verified_exported_and_verified_again_offline(filled, run, tmp_path):
    live = run("audit", "verify", "--database", filled, cwd=tmp_path)
    assert live.exit == 0
    head = live.out.split("head ")[1].strip()
    assert run("audit", "export", "--database", filled, "--out", "log.jsonl", cwd=tmp_path).exit == 0
    assert run("audit", "verify", "log.jsonl", "--head", head, cwd=tmp_path).out == live.out
    text = (tmp_path / "log.jsonl").read_text()
    (tmp_path / "changed.jsonl").write_text(text.replace("web-a", "web-z", 1))
    ran = run("audit", "verify", "changed.jsonl", cwd=tmp_path)
    assert ran.exit == 1
    assert "WB804" in ran.out
    assert "entry 2: " in ran.out
    assert run("audit", "export", "--database", filled, "--out", "log.jsonl", cwd=tmp_path).exit == 1
    assert json.loads(run("audit", "verify", "log.jsonl", "--format", "json", cwd=tmp_path).out)["head"] == head


def test_a_backup_is_verified_and_restored(filled, run, tmp_path, postgresql):
    taken = run("backup", "kept.db", "--database", filled, cwd=tmp_path)
    assert taken.exit == 0
    assert [path.name for path in tmp_path.glob("kept.db*")] == ["kept.db"]
    head = taken.out.split("head ")[1].strip()
    assert run("audit", "verify", "kept.db", "--head", head, cwd=tmp_path).exit == 0
    assert run("backup", "kept.db", "--database", filled, cwd=tmp_path).exit == 1
    for target in ("new.db", postgresql.empty()):
        restored = run("restore", "kept.db", "--database", target, cwd=tmp_path)
        assert (restored.exit, head in restored.out) == (0, True)
        assert (
            len(json.loads(run("incidents", "--database", target, "--format", "json", cwd=tmp_path).out)["incidents"])
            == 2
        )
        assert run("restore", "kept.db", "--database", target, cwd=tmp_path).exit == 1


def test_what_is_written_is_its_owners_alone(filled, run, tmp_path):
    """Labels, notes and evidence are in it."""
    for arguments in (("audit", "export", "--out", "export.jsonl"), ("backup", "copy.db")):
        assert run(*arguments, "--database", filled, cwd=tmp_path).exit == 0
    names = ["export.jsonl", "copy.db", *(["store.db"] if filled.startswith("sqlite") else [])]
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names} == {0o600}


def test_a_backup_that_was_changed_is_not_restored(filled, run, tmp_path):
    run("backup", "kept.db", "--database", filled, cwd=tmp_path)
    with sqlite3.connect(tmp_path / "kept.db") as connection:
        connection.execute("UPDATE log SET time = time + 1 WHERE seq = 2")
    connection.close()
    ran = run("restore", "kept.db", "--database", "new.db", cwd=tmp_path)
    assert ran.exit == 1
    assert "entry 2" in ran.out
    assert not (tmp_path / "new.db").exists()


def test_what_is_no_log_is_a_finding(run, tmp_path):
    (tmp_path / "text").write_text("nothing of the kind")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "half.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    for name in ("text", "empty", "half.db", "none"):
        ran = run("audit", "verify", name, cwd=tmp_path)
        assert ran.exit == 1, name
        assert "WB80" in ran.out
    assert run("audit", "verify", "--database", "none.db", cwd=tmp_path).exit == 1
    assert run("audit", "verify", cwd=tmp_path).exit == 64
    assert run("audit", "verify", "text", "--head", "7", cwd=tmp_path).exit == 64
