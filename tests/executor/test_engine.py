"""The engine: one transaction for an event and all that follows, replicas that follow one another, work done once."""

import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from sqlalchemy import text

from executor.small_plan import plan_text
from watchbill.executor.core import encode
from watchbill.executor.core.effects import Act, Collect, Note, Page, Query, Recipient, decode_body, encode_body
from watchbill.executor.core.effects import Effect as Wanted
from watchbill.executor.core.events import (
    Acknowledged,
    ActionFinished,
    Delivered,
    MessageSettled,
    Noted,
    PlanLoaded,
    Reported,
)
from watchbill.executor.engine import LANES as KINDS
from watchbill.executor.engine import Engine, Faulty, Unit, effect_row
from watchbill.executor.handlers import HANDLERS, Again, Outside
from watchbill.executor.lanes import Effects
from watchbill.executor.store import deadlines, leases, log, outbox
from watchbill.executor.store.chain import digest_of, to_micros, verify
from watchbill.executor.store.connect import NoStore
from watchbill.executor.store.outbox import Effect, Fenced
from watchbill.executor.writer import Overloaded, Writer


def delivered(clock, name="web-a", status="firing"):
    labels = {"alertname": "Slow", "service": "shop", "severity": "critical", "env": "production", "deployment": name}
    at = to_micros(clock.now) // 1000
    alert = Reported(
        fingerprint=name, status=status, labels=labels, starts_at=at - 5, ends_at=at if status == "resolved" else None
    )
    return Delivered(delivery=digest_of(name.encode()).hex(), environment="production", alerts=(alert,))


def started(store):
    engine = Engine(store)
    engine.recover()
    if engine.state.plan is None:
        engine.take(Unit(PlanLoaded(text=plan_text())))
    return engine


def count(store, table):
    with store.read() as tx:
        return tx.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608


def all_due(store):
    with store.read() as tx:
        return {row.key: row.due for row in tx.connection.execute(text("SELECT key, due FROM deadlines"))}


def wanted(state):
    """The deadlines that the state waits for, as keys and microseconds."""
    mine = {f"executor/{name}": due for name, due in state.deadlines.items()}
    for one in state.incidents.values():
        mine.update({f"{one.id}/{name}": due for name, due in one.deadlines.items()})
    return {key: due * 1000 for key, due in mine.items()}


# One transaction


def test_the_state_is_the_fold_of_the_log_whoever_reads_it_and_when(database, opened, clock):
    store = opened(database, clock=clock)
    first = started(store)
    for number in range(6):
        clock.pass_(seconds=40)
        first.take(Unit(delivered(clock, f"web-{chr(97 + number % 3)}", "resolved" if number > 3 else "firing")))
    (incident, *_) = [one for one in first.state.incidents.values() if one.open]
    first.take(
        Unit(Acknowledged(incident=incident.id, person="ana")),
        Unit(Noted(incident=incident.id, person="ana", text="mine")),
    )
    second = started(store)
    assert encode(second.state) == encode(first.state)
    assert (second.head, second.last) == (first.head, first.last)
    assert all_due(store) == wanted(first.state)


def test_replicas_that_take_turns_have_one_state(database, opened, clock):
    store = opened(database, clock=clock)
    replicas = [started(store), started(opened(database, clock=clock)), started(opened(database, clock=clock))]
    for number in range(12):
        clock.pass_(seconds=7)
        replicas[number % 3].take(Unit(delivered(clock, f"web-{chr(97 + number % 5)}")))
    assert replicas[1].state.opened < 5 or replicas[1].head != replicas[2].head
    for replica in replicas:
        replica.take(Unit())
    assert len({encode(replica.state) for replica in replicas}) == 1
    assert len({replica.head for replica in replicas}) == 1
    assert replicas[0].state.opened == 5
    assert all_due(store) == wanted(replicas[0].state)


def test_when_a_commit_fails_nothing_of_it_is_left_and_the_engine_goes_on(database, opened, clock, monkeypatch):
    engine = started(opened(database, clock=clock))
    before = encode(engine.state)
    monkeypatch.setattr(deadlines, "put", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.take(Unit(delivered(clock)))
    assert encode(engine.state) == before
    monkeypatch.undo()
    assert count(engine.store, "outbox") == 0
    engine.take(Unit(delivered(clock)))
    assert engine.state.open == 1


def test_a_commit_that_happened_though_its_answer_was_lost_is_found_in_the_log(database, opened, clock):
    engine = started(opened(database, clock=clock))
    with engine.store.write() as tx:
        engine.transact(tx, [Unit(delivered(clock))])  # committed, and never settled: the answer was lost
    assert engine.state.opened == 0
    engine.take(Unit(delivered(clock, "web-b")))
    assert engine.state.opened == 2


def test_a_log_that_lacks_what_was_committed_is_followed_and_stays_one_chain(database, opened, clock, caplog):
    """As after a promoted standby, to which the last commits had not come, and of which other replicas are already writing."""
    store = opened(database, clock=clock)
    first, second = started(store), started(opened(database, clock=clock))
    first.take(Unit(delivered(clock)))
    second.take(Unit())
    with store.read() as tx:
        kept = log.head(tx)
    for name in ("web-b", "web-c"):
        first.take(Unit(delivered(clock, name)))
    with store.write() as tx:
        for table in ("log", "inbox", "outbox"):
            tx.connection.execute(text(f"DELETE FROM {table} WHERE seq > {kept.seq}"))  # noqa: S608
    for _ in range(3):
        second.take(Unit(delivered(clock, "web-d")))
    first.take(Unit(delivered(clock, "web-e")))
    second.take(Unit())
    assert encode(first.state) == encode(second.state) == encode(started(store).state)
    assert {one.key["deployment"] for one in first.state.incidents.values()} == {"web-a", "web-d", "web-e"}
    assert "folded anew" in caplog.text
    with store.read() as tx:
        assert verify(lambda: log.raw(tx)).broken is None


def test_a_commit_on_postgresql_waits_for_the_disk_whatever_the_server_is_set_to(postgresql, opened):
    url = postgresql.empty()
    with psycopg.connect(url, autocommit=True) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone()
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with opened(url).write() as tx:
        assert tx.connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"


def test_a_fenced_unit_leaves_the_others_of_its_commit_alone(database, opened, clock):
    engine = started(opened(database, clock=clock))

    def over(_):
        raise Fenced("over")

    lost, kept = engine.take(Unit(delivered(clock, "web-a"), within=over), Unit(delivered(clock, "web-b")))
    assert isinstance(lost.failed, Fenced)
    assert kept.failed is None
    assert engine.state.opened == 1


def test_a_clock_that_is_set_back_a_little_stands_still_in_the_log(database, opened, clock):
    engine = started(opened(database, clock=clock))
    engine.take(Unit(delivered(clock)))
    engine.take(Unit(write=engine.snapshot()))
    clock.pass_(seconds=-50)
    engine.take(Unit(delivered(clock, "web-b")))
    started(engine.store).take(Unit(delivered(clock, "web-c")))
    with engine.store.read() as tx:
        times = [entry.time for entry in log.entries(tx)]
    assert times == sorted(times)
    assert not any(entry.kind == "event.clock-set-back" for entry in entries_of(engine))


@pytest.mark.parametrize("days", [1, 4000])
def test_a_clock_that_ran_ahead_and_was_set_right_keeps_nobody_from_being_paged(database, opened, clock, days):
    """One that is set wrong for a moment, and everything set in that moment would be due in days, or in years."""
    engine = started(opened(database, clock=clock))
    clock.pass_(days=days)
    engine.take(Unit(delivered(clock)))
    with engine.store.write() as tx:  # whoever has these is lost before the clock is set right
        leases.acquire(tx, "keeper", "lost", timedelta(seconds=15))
        claims = outbox.claim(tx, "lost", timedelta(seconds=15), 99, "urgent")
    clock.pass_(days=-days)
    served = []
    for _ in range(7):
        clock.pass_(minutes=1)
        with engine.store.write() as tx:
            commit = engine.transact(tx, [], serve=100)
        engine.settle(commit)
        served += commit.served
    (incident,) = engine.state.incidents.values()
    assert incident.escalation.step == 2
    assert all_due(engine.store) == wanted(engine.state)
    with engine.store.write() as tx:
        assert leases.acquire(tx, "keeper", "other", timedelta(seconds=15))
        again = outbox.claim(tx, "other", timedelta(seconds=15), 99, "urgent")
    assert {one.effect.key for one in claims} < {one.effect.key for one in again}
    assert len([entry for entry in entries_of(engine) if entry.kind == "event.clock-set-back"]) == 1
    again = Engine(engine.store)
    again.recover()
    assert encode(again.state) == encode(engine.state)


def entries_of(engine):
    with engine.store.read() as tx:
        return list(log.entries(tx))


def test_deadlines_that_are_due_are_served_once_and_by_one_replica(database, opened, clock):
    store = opened(database, clock=clock)
    first, second = started(store), started(opened(database, clock=clock))
    first.take(Unit(delivered(clock)))
    due = min(all_due(store).values())
    clock.now += timedelta(microseconds=due - to_micros(clock.now))
    served = []
    for engine in (second, first, second):
        with engine.store.write() as tx:
            commit = engine.transact(tx, [], serve=100)
        engine.settle(commit)
        served += commit.served
    assert len(served) >= 1
    assert due not in all_due(store).values()
    with store.read() as tx:
        assert len(list(log.entries(tx, prefix="event.deadline"))) == len(served)
    assert all_due(store) == wanted(second.state)


def test_a_deadline_of_which_nothing_could_be_made_is_tried_again_a_minute_later(database, opened, clock, monkeypatch):
    engine = started(opened(database, clock=clock))
    with engine.store.write() as tx:
        deadlines.put(tx, [deadlines.Deadline("executor/x", clock.now)])
    monkeypatch.setattr("watchbill.executor.engine.reduce", lambda *_: 1 / 0)
    with engine.store.write() as tx:
        commit = engine.transact(tx, [], serve=10)
    assert isinstance(commit.served[0].failed, Faulty)
    assert all_due(engine.store)["executor/x"] == to_micros(clock.now + timedelta(minutes=1))


def test_a_snapshot_and_what_came_after_it_are_the_whole(database, opened, clock):
    engine = started(opened(database, clock=clock))
    engine.take(Unit(delivered(clock)))
    engine.take(Unit(write=engine.snapshot()))
    engine.take(Unit(delivered(clock, "web-b")))
    again = Engine(opened(database, clock=clock))
    again.recover()
    assert again.folded == 1
    assert encode(again.state) == encode(engine.state)


def test_a_log_whose_events_were_erased_cannot_be_folded_without_a_snapshot(database, opened, clock):
    engine = started(opened(database, clock=clock))
    engine.take(Unit(delivered(clock)))
    with engine.store.write() as tx:
        tx.connection.execute(text("UPDATE bodies SET body = NULL"))
    with pytest.raises(NoStore, match="restore a backup"):
        Engine(engine.store).recover()


# The writer's thread and the lanes


@pytest.fixture
def kinds(monkeypatch) -> Iterator[dict[str, Callable[..., Any]]]:
    """What does each kind of effect: set a function, and it is a handler's module."""
    done: dict[str, Callable[..., Any]] = {"note": lambda work, _: MessageSettled(key=work.key, arrived=True)}
    module = types.ModuleType("tests_own_handler")
    module.record = lambda *given: done["record"](*given)  # noqa: PLW0108  (it is set later)
    module.handle = lambda work, outside: done[encode_tag(work.body)](work, outside)
    sys.modules[module.__name__] = module
    for kind in ("page", "note", "act", "query", "collect"):
        monkeypatch.setitem(HANDLERS, kind, module.__name__)
    yield done
    del sys.modules[module.__name__]


def encode_tag(body: Any) -> str:
    return str(type(body).__struct_config__.tag)


LANES = sorted({"once", "other", *KINDS.values()})


class Process:
    """An executor without its door: engine, writer, lanes."""

    def __init__(self, store: Any, holder: str = "a") -> None:
        self.store = store
        self.engine = started(store)
        self.writer = Writer(self.engine, holder)
        outside = Outside(
            lambda: self.engine.state, lambda: time.time_ns() // 1_000_000, lambda *_: "", lambda *_: None
        )
        self.lanes = [Effects(self.writer, outside, name=name, threads=4) for name in LANES]

    def start(self) -> "Process":
        self.writer.start()
        for lane in self.lanes:
            lane.begin()
        return self

    def lane(self, name: str) -> Effects:
        return next(lane for lane in self.lanes if lane.name == name)

    def stop(self) -> None:
        for lane in self.lanes:
            lane.cease()
        for lane in self.lanes:
            lane.stop(5)
        self.writer.stop()

    def add(self, *effects: Effect) -> None:
        with self.store.write() as tx:
            outbox.add(tx, [(1, effect) for effect in effects])

    def states(self) -> dict[str, str]:
        with self.store.read() as tx:
            return {row.key: row.state for row in tx.connection.execute(text("SELECT key, state FROM outbox"))}

    def settled(self) -> list[MessageSettled]:
        with self.store.read() as tx:
            found = [entry.body for entry in log.entries(tx, prefix="event.message-settled")]
        return [
            msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(body)["event"]), type=MessageSettled)
            for body in found
        ]


NOTE = encode_body(Note(to=(Recipient(why="test", person="ana"),), reason="test", text="test"))
PAGE = encode_body(
    Page(
        to=Recipient(why="test", person="ana"),
        step=1,
        round=1,
        reason="t",
        team="web",
        severity="critical",
        paging="native",
    )
)


def act(not_after: int = 2**42) -> bytes:
    """To run an action, its state before recorded first."""
    body = Act(
        remediation="restart",
        action="kubernetes.rollout_restart",
        parameters={},
        inputs={},
        target="web-a",
        plan="",
        place="main",
        not_after=not_after,
        record=True,
    )
    return encode_body(body)


def until(what: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


@pytest.fixture
def process(database, opened, monkeypatch) -> Iterator[Process]:
    monkeypatch.setattr("watchbill.executor.outgoing._wait", lambda _: 0.01)
    process = Process(opened(database))
    yield process
    process.stop()


def test_an_effect_is_done_and_the_core_is_told_its_answer(process, kinds):
    kinds["note"] = lambda work, _: MessageSettled(key=work.key, arrived=True, detail=f"try {work.attempt}")
    process.add(Effect("x/note/1", "note", NOTE, False))
    process.start()
    until(lambda: process.states() == {"x/note/1": "done"})
    assert process.settled() == [MessageSettled(key="x/note/1", arrived=True, detail="try 1")]


def test_what_may_be_repeated_is_tried_again_and_given_up_at_last(process, kinds, monkeypatch):
    monkeypatch.setattr("watchbill.executor.lanes._TRIES", 3)
    tries = []

    def fails(work, _):
        tries.append(work.attempt)
        if len(tries) == 2:
            raise ZeroDivisionError
        return Again("no line", after=0.0)

    kinds["note"] = fails
    process.add(Effect("x/note/1", "note", NOTE, False))
    process.start()
    until(lambda: process.states() == {"x/note/1": "done"})
    assert tries == [1, 2, 3]
    assert process.settled() == [
        MessageSettled(key="x/note/1", arrived=False, detail="given up after 3 tries: no line")
    ]


def test_what_takes_down_whoever_does_it_is_given_up_and_told(process, kinds):
    kinds["note"] = lambda work, _: MessageSettled(key=work.key, arrived=True)
    process.add(Effect("x/note/1", "note", NOTE, False), Effect("x/note/2", "note", NOTE, False))
    with process.store.write() as tx:
        tx.connection.execute(text("UPDATE outbox SET attempts = 16 WHERE key = 'x/note/1'"))
    process.start()
    until(lambda: set(process.states().values()) == {"done"})
    told = {one.key: one for one in process.settled()}
    assert told["x/note/2"].arrived
    assert told["x/note/1"].detail == "given up: of 16 who began it nobody could tell the result"


def test_a_page_does_not_wait_for_questions_and_diagnostics_that_hang(process, kinds):
    hangs = threading.Event()
    kinds["page"] = kinds["note"]
    for kind in ("query", "collect"):
        kinds[kind] = lambda work, _: hangs.wait(20) and MessageSettled(key=work.key, arrived=True)
    query = Query(place="main", expressions={"firing": "up"}, not_after=2**42)
    collect = Collect(diagnostics=("logs",), plan="", place="main")
    for number in range(6):
        process.add(effect_row(Wanted(f"x/query/{number}", query)), effect_row(Wanted(f"x/collect/{number}", collect)))
    page, note = (effect_row(Wanted(f"x/{one}/1", decode_body(body))) for one, body in (("page", PAGE), ("note", NOTE)))
    process.add(page, note)
    process.start()
    until(lambda: {process.states()[one.key] for one in (page, note)} == {"done"})
    assert set(process.states().values()) == {"done", "claimed", "waiting"}
    hangs.set()


def test_what_is_done_once_is_never_tried_again(process, kinds):
    tries = []

    def fails(work, _):
        tries.append(work.attempt)
        raise ConnectionError("no answer")

    kinds["page"] = fails
    process.add(Effect("x/page/1", "page", PAGE, True, "once"))
    process.start()
    until(lambda: process.states() == {"x/page/1": "done"})
    assert tries == [1]
    assert process.settled()[0].arrived is False
    with process.store.read() as tx:
        assert [entry.kind for entry in log.entries(tx, 1)] == ["effect.begun", "event.message-settled"]


def kinds_of(process):
    with process.store.read() as tx:
        return [entry.kind for entry in log.entries(tx, 1, "event.action")]


def test_an_action_that_the_core_does_not_permit_is_not_begun(process, kinds):
    kinds["record"] = lambda *_: "3 replicas"
    kinds["act"] = lambda *_: pytest.fail("it was begun")
    process.add(Effect("x/act/1", "act", act(), True, "once"))
    process.start()
    until(lambda: process.states()["x/act/1"] == "done")
    assert kinds_of(process) == ["event.action-started"]


def test_an_action_is_recorded_permitted_done_and_told_in_this_order(process, kinds, monkeypatch):
    monkeypatch.setattr("watchbill.executor.lanes.permitted", lambda *_: True)
    order = []

    def acts(work, _):
        order.append(("act", work.recorded, process.states()["x/act/1"], kinds_of(process)))
        return ActionFinished(key=work.key, outcome="succeeded")

    kinds["record"] = lambda work, _: order.append(("record", work.recorded)) or "3 replicas"
    kinds["act"] = acts
    process.add(Effect("x/act/1", "act", act(), True, "once"))
    process.start()
    until(lambda: process.states()["x/act/1"] == "done")
    assert order == [("record", None), ("act", "3 replicas", "acting", ["event.action-started"])]
    assert kinds_of(process) == ["event.action-started", "event.action-finished"]


@pytest.mark.parametrize("why", ["too late", "not recorded"])
def test_an_action_that_cannot_begin_is_told_as_not_started(process, kinds, why):
    def fails(*_):
        raise ConnectionError("no cluster")

    kinds["record"] = fails
    process.add(Effect("x/act/1", "act", act(0 if why == "too late" else 2**42), True, "once"))
    process.start()
    until(lambda: process.states()["x/act/1"] == "done")
    assert kinds_of(process) == ["event.action-finished"]


def test_a_kind_that_nothing_here_does_is_told_to_the_core(process):
    process.add(Effect("x/note/1", "note", NOTE, False))
    HANDLERS.pop("note", None)
    process.start()
    until(lambda: process.states() == {"x/note/1": "done"})
    assert process.settled()[0].detail == "nothing in this installation does `note`"


def test_a_writer_whose_tables_are_away_for_a_moment_goes_on_when_they_are_back(process, clock):
    """As while a database is restored under it."""
    process.start()
    until(lambda: process.writer.committed_at is not None)
    with process.store.write("migration") as tx:
        tx.connection.execute(text("ALTER TABLE deadlines RENAME TO away"))
    time.sleep(1.5)  # it has looked for what is due
    with process.store.write("migration") as tx:
        tx.connection.execute(text("ALTER TABLE away RENAME TO deadlines"))
    assert process.writer.submit(Unit(delivered(clock))).result(15).step is not None


def test_whoever_wakes_after_its_lease_tells_nothing_and_the_other_has_told_that_nobody_knows(
    database, opened, kinds, monkeypatch
):
    """As a process that is stopped in the middle of a call: its leases are not renewed meanwhile."""
    monkeypatch.setattr("watchbill.executor.writer.LEASE", timedelta(seconds=1))
    monkeypatch.setattr("watchbill.executor.lanes._RENEWALS", 3600)
    asleep, begun = threading.Event(), threading.Event()

    def sleeps(work, _):
        begun.set()
        asleep.wait(20)
        return MessageSettled(key=work.key, arrived=True)

    kinds["page"] = sleeps
    first = Process(opened(database), "first")
    first.add(Effect("x/page/1", "page", PAGE, True, "once"))
    first.start()
    begun.wait(20)
    second = Process(opened(database), "second").start()
    until(lambda: second.states() == {"x/page/1": "unknown"})
    asleep.set()
    first.stop()
    second.stop()
    assert [(one.arrived, "lost" in one.detail) for one in second.settled()] == [(False, True)]


def test_a_lease_that_is_renewed_outlasts_a_long_piece_of_work(database, opened, kinds, monkeypatch):
    lease = timedelta(seconds=2)
    monkeypatch.setattr("watchbill.executor.writer.LEASE", lease)
    monkeypatch.setattr("watchbill.executor.lanes.LEASE", lease)
    monkeypatch.setattr("watchbill.executor.lanes._RENEWALS", 0.4)

    def long(work, _):
        time.sleep(3)
        return MessageSettled(key=work.key, arrived=True)

    kinds["page"] = long
    process = Process(opened(database))
    process.add(Effect("x/page/1", "page", PAGE, True, "once"))
    process.start()
    until(lambda: process.states() == {"x/page/1": "done"})
    process.stop()
    assert [one.arrived for one in process.settled()] == [True]


def test_while_it_stops_leases_are_renewed_as_before_and_no_more_often(process, kinds, monkeypatch):
    monkeypatch.setattr("watchbill.executor.lanes._RENEWALS", 0.1)
    released, renewed, renew = threading.Event(), [], outbox.renew

    def renewing(*given):
        renewed.append(time.monotonic())
        return renew(*given)

    def long(work, _):
        released.wait(20)
        return MessageSettled(key=work.key, arrived=True)

    monkeypatch.setattr(outbox, "renew", renewing)
    kinds["note"] = long
    process.add(Effect("x/note/1", "note", NOTE, False))
    process.start()
    until(lambda: process.states() == {"x/note/1": "claimed"})
    stopping = threading.Thread(target=process.lane("other").stop, args=(20,))
    renewed.clear()
    began = time.monotonic()
    stopping.start()
    until(lambda: len(renewed) == 4)
    assert time.monotonic() - began > 0.25
    released.set()
    stopping.join()
    assert process.states() == {"x/note/1": "done"}


def test_two_processes_do_each_effect_once_between_them(database, opened, kinds):
    done = []
    kinds["note"] = lambda work, _: (done.append(work.key), MessageSettled(key=work.key, arrived=True))[1]
    first, second = Process(opened(database), "first"), Process(opened(database), "second")
    first.add(*[Effect(f"x/note/{number}", "note", NOTE, False) for number in range(40)])
    first.start()
    second.start()
    until(lambda: set(first.states().values()) == {"done"})
    first.stop()
    second.stop()
    assert sorted(done) == sorted(first.states())


def test_what_was_submitted_before_the_end_is_committed(database, opened, clock):
    process = Process(opened(database))
    process.writer.start()
    waiting = [process.writer.submit(Unit(delivered(clock, f"web-{n}"))) for n in range(30)]
    process.writer.stop()
    assert all(future.result(0).failed is None for future in waiting)
    with pytest.raises(Overloaded):
        process.writer.submit(Unit())


def test_one_event_that_the_database_cannot_hold_does_not_take_the_others_down(database, opened, clock, monkeypatch):
    monkeypatch.setattr("watchbill.executor.outgoing._wait", lambda _: 0.01)
    process = Process(opened(database))
    append = log.append

    def refuses(tx, at, entries):
        if any(entry.kind == "event.delivered" and b"web-z" in entry.body for entry in entries):
            raise ValueError("it cannot be held")
        return append(tx, at, entries)

    monkeypatch.setattr(log, "append", refuses)
    futures = [
        process.writer.submit(Unit(one))
        for one in (delivered(clock, "web-a"), delivered(clock, "web-z"), delivered(clock, "web-b"))
    ]
    process.writer.start()
    assert futures[0].result(20).failed is None
    assert futures[2].result(20).failed is None
    with pytest.raises(Faulty):
        futures[1].result(20)
    with process.store.read() as tx:
        (fault,) = log.entries(tx, prefix="engine.fault")
    assert b"it cannot be held" in fault.body
    process.stop()
