"""Every table follows from the log: what was lost or changed beside it is as before when it is rebuilt."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from executor.test_engine import all_due, delivered, started
from watchbill.executor.core import encode
from watchbill.executor.core.events import ActionStarted, Collected, MessageSettled, QueryAnswered, Result, Sample
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.entries import BEGUN, noted
from watchbill.executor.rebuild import Rebuilt, rebuild
from watchbill.executor.store import log, outbox, retention
from watchbill.executor.store.chain import verify

LEASE = timedelta(seconds=15)


def rows(store, columns="key, seq, kind, body, once, lane, state"):
    with store.read() as tx:
        return {row.key: tuple(row) for row in tx.connection.execute(text(f"SELECT {columns} FROM outbox"))}  # noqa: S608


def worked(store, clock):
    """An incident of which some effects are done, some wait, an action was begun, and one message was lost in the middle."""
    engine = started(store)
    engine.take(Unit(delivered(clock)), Unit(delivered(clock, "web-b")))
    settle(engine, "collect", lambda key: Collected(key=key))
    there = Result(samples=(Sample(labels={}, value=9.0),))
    for key in settle(engine, "query", lambda key: QueryAnswered(key=key, results=answers(there))):
        assert key
    with store.write() as tx:
        (acting,) = outbox.claim(tx, "a", LEASE, 1, "once")
    engine.take(Unit(ActionStarted(key=acting.effect.key), within=lambda tx: outbox.begin(tx, acting)))
    settle(engine, "note", lambda key: MessageSettled(key=key, arrived=True), 1)
    return engine, acting.effect.key


def answers(there):
    return {"firing": there, "floor": there, "absent": Result()}


def settle(engine, kind, made, most=99):
    """Claim everything, settle up to `most` of a kind, and hand the rest back."""
    done = []
    for lane in ("urgent", "look", "collect", "other"):
        with engine.store.write() as tx:
            claims = outbox.claim(tx, "a", LEASE, 99, lane)
        for claim in claims:
            if claim.effect.kind == kind and len(done) < most:
                done.append(claim.effect.key)
                engine.take(Unit(made(claim.effect.key), within=lambda tx, one=claim: outbox.finish(tx, one)))
            else:
                with engine.store.write() as tx:
                    outbox.release(tx, claim)
    return done


def test_deadlines_and_effects_are_as_before_when_they_are_rebuilt_from_the_log_alone(database, opened, clock):
    store = opened(database, clock=clock)
    engine, _ = worked(store, clock)
    before = rows(store), all_due(store), encode(engine.state)
    assert {state for *_, state in before[0].values()} == {"waiting", "acting", "done"}
    with store.write() as tx:
        for table in ("deadlines", "outbox", "snapshots"):
            tx.connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
    again = Engine(store)
    again.recover()
    found = rebuild(again)
    assert (found.deadlines, found.missing, found.unwanted) == (len(before[1]), len(before[0]), 0)
    assert (rows(store), all_due(store), encode(again.state)) == before
    assert rebuild(again) == Rebuilt(0, 0, 0)
    with store.read() as tx:
        assert verify(lambda: log.raw(tx)).broken is None
        assert [entry.kind for entry in log.entries(tx, prefix="store.")] == ["store.rebuilt"]


def test_what_was_begun_and_lost_with_its_row_is_unknown_and_never_done_again(database, opened, clock):
    store = opened(database, clock=clock)
    engine, acting = worked(store, clock)
    engine.take(Unit(note=(BEGUN, noted({"effect": "of nobody"}))))
    with store.write() as tx:
        tx.connection.execute(text("DELETE FROM outbox"))
    rebuild(engine)
    with store.write() as tx:
        claimed = outbox.claim(tx, "b", LEASE, 99, "once")
        assert acting not in {one.effect.key for one in claimed}
        assert [effect.key for effect in outbox.lapsed(tx)] == [acting]


def test_what_was_put_in_or_moved_by_hand_is_found(database, opened, clock):
    store = opened(database, clock=clock)
    engine, _ = worked(store, clock)
    before = rows(store), all_due(store)
    with store.write() as tx:
        outbox.add(tx, [(1, outbox.Effect("x/act/1.1", "act", b"{}", once=True, lane="once"))])
        tx.connection.execute(text("UPDATE deadlines SET due = due + 1000000"))
    assert rebuild(engine) == Rebuilt(len(before[1]), 0, 1)
    assert (rows(store), all_due(store)) == before


def test_where_events_were_erased_it_begins_at_the_snapshot(database, opened, clock):
    store = opened(database, clock=clock)
    engine, _ = worked(store, clock)
    for name in ("web-c", "web-d"):
        engine.take(Unit(write=engine.snapshot()))
        clock.pass_(days=500)
        engine.take(Unit(delivered(clock, name)))
    with store.write() as tx:
        _, erased = retention.erase(tx, log.head(tx), "incidents", timedelta(days=400))
    assert erased > 0
    kept = rows(store), all_due(store)
    with store.write() as tx:
        tx.connection.execute(text("DELETE FROM deadlines"))
        tx.connection.execute(text("DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox)"))
    again = Engine(store)
    again.recover()
    assert rebuild(again).missing > 0
    assert (rows(store), all_due(store)) == kept


@pytest.mark.parametrize("damage", ["DELETE FROM deadlines", "UPDATE log SET time = time + 1 WHERE seq = 2"])
def test_the_verb_rebuilds_from_a_whole_log_only(database, opened, run, tmp_path, clock, damage):
    store = opened(database, clock=clock)
    worked(store, clock)
    with store.write() as tx:
        tx.connection.exec_driver_sql(damage)
    store.close()
    ran = run("audit", "rebuild", "--database", database, cwd=tmp_path)
    if "log" in damage:
        assert (ran.exit, "WB804" in ran.out) == (1, True)
    else:
        assert ran.exit == 0
        assert "deadlines were not as the log says, 0 effects were missing, and 0 were wanted by nobody" in ran.out
