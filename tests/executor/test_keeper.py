"""What one replica at a time does beside the work: snapshots, retention by the plan, a watch over what it is told by."""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from executor.small_plan import plan_text
from executor.test_engine import delivered, started
from watchbill.executor.core.events import PlanLoaded
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.keeper import Keeper
from watchbill.executor.store import log
from watchbill.executor.store.chain import verify
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
        self.keeper = Keeper(self.engine, self.writer, Metrics("0", dict))

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


def test_what_cannot_be_asked_twice_is_reported_and_so_is_its_return(tmp_path, opened, clock, keep):
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}"
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
        server.shutdown()


def test_whoever_stops_leaves_a_snapshot_and_its_leases(database, opened, clock, keep):
    first, second = keep(opened(database, clock=clock), "a"), keep(opened(database, clock=clock), "b")
    first.keeper.start()
    first.writer.submit(Unit(delivered(clock))).result(20)
    first.keeper.stop()
    assert first.kinds()[-1] == "store.snapshot"
    second.keeper._keep()
    assert second.keeper._lease is not None
