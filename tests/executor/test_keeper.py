"""What one replica at a time does beside the work: snapshots, retention by the plan, a watch over what it is told by."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from sqlalchemy import text

from executor.small_plan import plan_text
from executor.test_engine import delivered, started
from watchbill.executor.auditor import Auditor, Read, look
from watchbill.executor.connections import Connections
from watchbill.executor.core.events import MonitoringReported, PlanLoaded
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.keeper import Keeper
from watchbill.executor.monitoring import Monitoring
from watchbill.executor.store import deadlines, log, outbox
from watchbill.executor.store.chain import Head, verify
from watchbill.executor.web.metrics import Metrics
from watchbill.executor.writer import Writer

NOBODY = "http://127.0.0.1:1"


class Kept:
    """An engine, its writer and its keeper, whose looks are taken by hand."""

    def __init__(self, store: Any, holder: str, plan: str | None = None) -> None:
        self.engine = started(store) if plan is None else Engine(store)
        if plan is not None:
            self.engine.take(Unit(PlanLoaded(text=plan)))
        self.writer = Writer(self.engine, holder)
        self.writer.start()
        metrics = Metrics("0", dict)
        monitoring = Monitoring(self.engine, self.writer, metrics)
        self.keeper = Keeper(
            self.engine, self.writer, metrics, monitoring, Connections(), f"replica/{self.writer.holder}"
        )
        self.auditor = Auditor(store, monitoring)

    def kinds(self) -> list[str]:
        with self.engine.store.read() as tx:
            assert verify(lambda: log.raw(tx)).broken is None
            return [entry.kind for entry in log.entries(tx, 1)]


@pytest.fixture
def keep() -> Iterator[Callable[..., Kept]]:
    made: list[Kept] = []

    def keeps(*arguments: Any, **options: Any) -> Kept:
        made.append(Kept(*arguments, **options))
        return made[-1]

    yield keeps
    for one in made:
        one.writer.stop()


def test_a_snapshot_is_taken_after_so_many_entries_and_by_one_replica(database, opened, clock, keep, monkeypatch):
    monkeypatch.setattr("watchbill.executor.keeper._MANY", 3)
    first, second = keep(opened(database, clock=clock), "a"), keep(opened(database, clock=clock), "b")
    for number in range(3):
        first.writer.submit(Unit(delivered(clock, f"web-{number}"))).result(20)
    first.keeper._keep()
    second.keeper._keep()
    first.keeper._keep()
    assert first.kinds() == ["event.delivered"] * 3 + ["store.snapshot"]


def test_when_the_keeper_is_lost_another_keeps(database, opened, clock, keep, monkeypatch):
    monkeypatch.setattr("watchbill.executor.keeper._MANY", 1)
    first, second = keep(opened(database, clock=clock), "a"), keep(opened(database, clock=clock), "b")
    first.keeper._keep()
    clock.pass_(seconds=16)
    second.writer.submit(Unit(delivered(clock))).result(20)
    second.keeper._keep()
    assert "store.snapshot" in second.kinds()


def test_bodies_are_erased_as_the_plan_says_and_what_is_open_is_still_known(database, opened, clock, keep, monkeypatch):
    monkeypatch.setattr("watchbill.executor.keeper._MANY", 1)
    plan = plan_text(retention={"incidents": "400d", "evidence": "7y"})
    kept = keep(opened(database, clock=clock), "a", plan)
    kept.writer.submit(Unit(delivered(clock))).result(20)
    kept.keeper._keep()
    clock.pass_(days=500)
    kept.writer.submit(Unit(delivered(clock, "web-b"))).result(20)
    kept.keeper._keep()
    kept.keeper._retain()
    assert "store.erased" in kept.kinds()
    with kept.engine.store.read() as tx:
        assert tx.connection.execute(text("SELECT count(*) FROM bodies WHERE body IS NULL")).scalar_one() > 0
    again = started(opened(database, clock=clock))
    assert again.state.open == kept.engine.state.open


class Told(BaseHTTPRequestHandler):
    """A Prometheus that answers, and an Alertmanager that holds `alerts`."""

    alerts: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self.answer(self.alerts)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"status": "success", "data": {"resultType": "vector", "result": []}})

    def answer(self, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def there() -> Iterator[str]:
    Told.alerts = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Told) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_cannot_be_asked_twice_is_reported_and_so_is_its_return(tmp_path, opened, clock, keep, there, monkeypatch):
    monkeypatch.setattr("watchbill.executor.outgoing._wait", lambda _: 0.01)
    plan = plan_text(alertmanagers=[NOBODY, there]).replace("http://prom:9090", NOBODY)
    kept = keep(opened(f"sqlite:///{tmp_path / 's.db'}", clock=clock), "a", plan)
    kept.keeper._keep()
    kept.keeper._probe()
    assert kept.kinds() == []  # once is a restart
    kept.keeper._probe()
    kept.keeper._probe()
    assert kept.kinds() == ["event.monitoring-reported"]  # one of two Alertmanagers is enough
    (broken,) = kept.engine.state.broken
    assert broken.startswith("prometheus:")
    kept.writer.submit(Unit(PlanLoaded(text=plan.replace(NOBODY, there)))).result(20)
    kept.keeper._probe()
    assert not kept.engine.state.broken


def test_whoever_begins_while_a_part_is_broken_does_not_believe_it_before_it_is_well(tmp_path, opened, clock, keep):
    """A restart, or another keeper, in the middle of an outage: its first look is one failure, and no return."""
    first = keep(opened(f"sqlite:///{tmp_path / 's.db'}", clock=clock), "a")
    first.writer.submit(Unit(MonitoringReported(part="executor:log", healthy=False))).result(20)
    second = Monitoring(first.engine, first.writer, Metrics("0", dict))
    second("executor:log", "entry 3: it is not the one that was written")
    assert "executor:log" in first.engine.state.broken
    second("executor:log", None)
    assert "executor:log" not in first.engine.state.broken


def test_a_heartbeat_that_does_not_arrive_says_that_its_place_cannot_be_believed(
    tmp_path, opened, clock, keep, there, monkeypatch
):
    monkeypatch.setattr("watchbill.executor.outgoing._wait", lambda _: 0.01)
    beat = {"alertname": "Heartbeat", "place": "production"}
    document = json.loads(plan_text(alertmanagers=[there, NOBODY]).replace("http://prom:9090", there))
    for place in document["places"].values():
        place["heartbeat"] = beat
    kept = keep(opened(f"sqlite:///{tmp_path / 's.db'}", clock=clock), "a", json.dumps(document))
    kept.keeper._keep()
    alert = {"fingerprint": "1", "startsAt": "2026-03-01T03:00:00Z", "status": {"state": "active"}, "annotations": {}}
    others = {"alertname": "Heartbeat", "place": "staging"}
    for labels, broken in ((others, set()), (others, {"prometheus:default"}), ({**beat, "severity": "none"}, set())):
        Told.alerts = [{**alert, "labels": labels}]
        kept.keeper._probe()
        assert set(kept.engine.state.broken) == broken


def test_whoever_stops_leaves_a_snapshot_and_its_leases(database, opened, clock, keep):
    first, second = keep(opened(database, clock=clock), "a"), keep(opened(database, clock=clock), "b")
    first.keeper.start()
    first.writer.submit(Unit(delivered(clock))).result(20)
    first.keeper.stop()
    assert first.kinds()[-1] == "store.snapshot"
    second.keeper._keep()
    assert second.keeper._lease is not None


# It looks over its own shoulder


def test_a_deadline_that_nobody_serves_is_found(database, opened, clock, keep):
    kept = keep(opened(database, clock=clock), "a")
    with kept.engine.store.write() as tx:
        deadlines.put(tx, [deadlines.Deadline("forgotten", clock.now + timedelta(seconds=10))])
    kept.writer.stop()
    clock.pass_(seconds=41)
    with kept.engine.store.read() as tx:
        found, _ = look(tx, Read(log.head(tx)))
    assert found == {"executor:deadlines": "a deadline is 31 s late", "executor:pages": None, "executor:log": None}


def test_a_page_that_comes_to_no_end_is_found(database, opened, clock, keep):
    kept = keep(opened(database, clock=clock), "a")
    head = kept.writer.submit(Unit(delivered(clock))).result(20) and kept.engine.head
    with kept.engine.store.write() as tx:
        outbox.add(tx, [(head.seq, outbox.Effect("inc/page/1", "page", b"{}", once=False, lane="nobody's"))])
    for minutes, said in ((9, None), (2, "a page is on its way for 11 min")):
        clock.pass_(minutes=minutes)
        with kept.engine.store.read() as tx:
            assert look(tx, Read(log.head(tx)))[0]["executor:pages"] == said


@pytest.mark.parametrize("old", [True, False], ids=["before it started", "while it runs"])
def test_a_log_that_is_tampered_with_under_it_is_noticed_and_nothing_is_done_by_a_machine(
    database, opened, clock, keep, old
):
    kept = keep(opened(database, clock=clock), "a")
    if not old:
        kept.auditor.look()
    for number in range(3):
        kept.writer.submit(Unit(delivered(clock, f"web-{number}"))).result(20)
    if old:
        kept.auditor.look()
    assert not kept.engine.state.broken
    with kept.engine.store.write() as tx:
        tx.connection.execute(text("UPDATE log SET time = time + 1 WHERE seq = 3"))
    for _ in range(3):
        kept.auditor.look()
    assert set(kept.engine.state.broken) == {"executor:log"}
    with kept.engine.store.read() as tx:
        (told,) = log.entries(tx, prefix="event.monitoring")
    assert b"entry 3: its hash is not that of its number, time, kind and body's digest" in (told.body or b"")


def test_what_retention_erased_is_no_damage_to_the_auditor(database, opened, clock, keep, monkeypatch):
    monkeypatch.setattr("watchbill.executor.keeper._MANY", 1)
    kept = keep(opened(database, clock=clock), "a", plan_text(retention={"incidents": "400d", "evidence": "7y"}))
    kept.writer.submit(Unit(delivered(clock))).result(20)
    kept.keeper._keep()
    clock.pass_(days=500)
    kept.keeper._retain()
    assert "store.erased" in kept.kinds()
    with kept.engine.store.read() as tx:
        found, read = look(tx, Read(log.head(tx)))
    assert found["executor:log"] is None
    assert read.again == Head()  # it was read to its end, and is read anew
