"""Snapshots, retention, backup and restore."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from watchbill.executor.store import backup, deadlines, log, outbox, retention, snapshots
from watchbill.executor.store.chain import ERASED, digest_of, verify
from watchbill.executor.store.connect import NoStore
from watchbill.executor.store.deadlines import Deadline
from watchbill.executor.store.schema import METADATA

RELEASED = Path(__file__).with_name("schemas")


def append(store, *bodies, kind="delivered", came=None):
    with store.write() as tx:
        made = [
            log.New(tx.now, kind, body, came and log.Arrival(tx.now, "production", "", came, "event"))
            for body in bodies
        ]
        return log.append(tx, log.head(tx), made)


def request(body):
    return json.dumps({"received": {"sha256": digest_of(body).hex()}}).encode()


def snapshot(store, seq, body=b"state", version=1):
    with store.write() as tx:
        return snapshots.take(tx, log.head(tx), snapshots.Snapshot(seq, version, body))


def erase(store, keep="incidents", **age):
    with store.write() as tx:
        return retention.erase(tx, log.head(tx), keep, timedelta(**age))


def judged(store):
    with store.read() as tx:
        return verify(lambda: log.raw(tx))


def bodies(store):
    with store.read() as tx:
        return {one.seq: one.body for one in log.entries(tx)}


# Snapshots and plans


def test_the_newest_snapshot_of_a_version_is_found_and_only_two_are_kept(database, opened, clock):
    store = opened(database, clock=clock)
    append(store, b"a", b"b", b"c")
    for seq, version in ((1, 1), (2, 1), (3, 2)):
        snapshot(store, seq, b"state %d" % seq * 100, version)
    with store.read() as tx:
        assert snapshots.newest(tx, 1) == snapshots.Snapshot(2, 1, b"state 2" * 100)
        assert snapshots.newest(tx, 2).seq == 3
        assert snapshots.newest(tx, 3) is None
        assert snapshots.oldest_seq(tx) == 2
        assert [one.kind for one in log.entries(tx, 3)] == [snapshots.TAKEN] * 3
    assert snapshot(store, 3, b"again").seq == 6


def test_a_snapshot_that_was_changed_is_not_used(database, opened, clock):
    store = opened(database, clock=clock)
    append(store, b"a", b"b")
    snapshot(store, 1)
    snapshot(store, 2)
    with store.write() as tx:
        tx.connection.execute(text("UPDATE snapshots SET digest = :d WHERE seq = 2"), {"d": bytes(32)})
    with store.read() as tx:
        assert snapshots.newest(tx, 1).seq == 1


def test_a_plan_is_kept_by_its_digest(database, opened, clock):
    store = opened(database, clock=clock)
    for body in (b"{}", b'{"version": 1}', b"{}"):
        clock.pass_(seconds=1)
        with store.write() as tx:
            assert snapshots.put_plan(tx, body) == hashlib.sha256(body).digest()
    with store.read() as tx:
        assert snapshots.plan(tx, digest_of(b'{"version": 1}')) == b'{"version": 1}'
        assert snapshots.newest_plan(tx) == b"{}"
        assert snapshots.plan(tx, bytes(32)) is None


# Retention


def test_what_is_too_old_is_erased_and_the_chain_stays_whole(database, opened, clock):
    store = opened(database, clock=clock)
    append(store, request(b"old"), came=b"old")
    append(store, b"older than the snapshot, and named by it")
    clock.pass_(days=300)
    append(store, b"young")
    snapshot(store, 3)
    clock.pass_(days=101)
    _, erased = erase(store, days=400)
    assert erased == 3  # two entries, one request
    assert bodies(store)[1] is bodies(store)[2] is None
    assert bodies(store)[3] == b"young"
    verdict = judged(store)
    assert (verdict.broken, verdict.erased, verdict.entries) == (None, 3, 5)
    with store.read() as tx:
        assert [one.seq for one in log.entries(tx, prefix=ERASED)] == [5]
        assert log.get(tx, digest_of(b"old")) is None
    assert erase(store, days=400)[1] == 0


def test_what_the_state_is_rebuilt_from_is_never_erased(database, opened, clock):
    store = opened(database, clock=clock)
    append(store, b"a", b"b", b"c")
    clock.pass_(days=900)
    assert erase(store, days=400)[1] == 0
    snapshot(store, 1)
    snapshot(store, 2)
    assert erase(store, days=400)[1] == 1  # the older snapshot may be the one that is read
    assert [seq for seq, body in bodies(store).items() if body is None] == [1]


def test_evidence_has_a_retention_of_its_own(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        log.put(tx, [b"a dump", b"both"], "evidence")
        log.put(tx, [b"both"], "incidents")
    append(store, b"a", b"b")
    snapshot(store, 1)
    snapshot(store, 2)
    clock.pass_(days=500)
    assert erase(store, days=400)[1] == 1
    with store.read() as tx:
        assert log.get(tx, digest_of(b"a dump")) == b"a dump"
        assert log.get(tx, digest_of(b"both")) == b"both"
    assert erase(store, "evidence", days=400)[1] == 2


def test_a_body_that_comes_again_after_it_was_erased_is_there_again(database, opened, clock):
    store = opened(database, clock=clock)
    append(store, b"again", b"b")
    snapshot(store, 2)
    clock.pass_(days=500)
    assert erase(store, days=400)[1] == 2
    append(store, b"again")
    assert bodies(store)[1] == b"again"
    assert judged(store).broken is None


def test_an_entry_that_was_erased_before_cannot_be_erased_again_in_secret(database, opened, clock):
    store = opened(database, clock=clock)
    append(store, b"again", b"b")
    snapshot(store, 2)
    clock.pass_(days=500)
    erase(store, days=400)
    seq = append(store, b"again").seq
    with store.write() as tx:
        tx.connection.execute(
            text("UPDATE bodies SET body = NULL, erased_at = 1 WHERE digest = :d"), {"d": digest_of(b"again")}
        )
    assert judged(store).broken.seq == seq


def test_effects_that_ended_long_ago_go_and_others_stay(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        outbox.add(tx, [(1, outbox.Effect(key, "note", b"", False)) for key in ("done", "waiting")])
        outbox.finish(tx, outbox.claim(tx, "a", timedelta(seconds=9), 1)[0])
    clock.pass_(days=500)
    erase(store, days=400)
    with store.read() as tx:
        left = tx.connection.execute(text("SELECT state FROM outbox")).scalars().all()
    assert left == ["waiting"]


# Backup and restore


def furnished(store):
    append(store, request(b"\x00came"), b"x" * 2000, came=b"\x00came")
    snapshot(store, 1)
    with store.write() as tx:
        deadlines.put(tx, [Deadline("escalate", tx.now)])
        outbox.add(tx, [(1, outbox.Effect("page/1", "note", b"\x00", True, "once"))])
        snapshots.put_plan(tx, b"{}")


def everything(store):
    with store.read() as tx:
        rows = {table.name: tx.connection.execute(table.select()).all() for table in METADATA.sorted_tables}
    return {name: sorted(map(tuple, found), key=repr) for name, found in rows.items()}


def test_a_backup_restores_into_either_engine(database, opened, clock, tmp_path, postgresql):
    store = opened(database, clock=clock)
    furnished(store)
    kept = opened(f"sqlite:///{tmp_path / 'backup.db'}", clock=clock)
    head = backup.copy(store, kept)
    for target in (f"sqlite:///{tmp_path / 'new.db'}", postgresql.empty()):
        restored = opened(target, clock=clock)
        assert backup.copy(kept, restored) == head
        assert everything(restored) == everything(store)
        assert judged(restored) == judged(store)


def test_nothing_is_restored_over_what_is_there(database, opened, clock, tmp_path):
    store, kept = opened(database, clock=clock), opened(f"sqlite:///{tmp_path / 'backup.db'}", clock=clock)
    furnished(store)
    furnished(kept)
    before = everything(store)
    with pytest.raises(NoStore, match="not empty"):
        backup.copy(kept, store)
    assert everything(store) == before
