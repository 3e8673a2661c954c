"""The log: what is appended stays as it was, in order, and whoever changes anything of it is found out."""

import sqlite3
from datetime import timedelta

import pytest
import sqlalchemy.exc

from watchbill.executor.store import export, log
from watchbill.executor.store.chain import GENESIS, Head, Verdict, digest_of, link, to_micros, verify
from watchbill.executor.store.connect import Store


def entry(clock, text, kind="delivered", arrival=None):
    return log.New(clock.now, kind, text if isinstance(text, bytes) else text.encode(), arrival)


def arrival(clock, body):
    return log.Arrival(clock.now, "production", "eu", body, "event")


def came(clock, body):
    """An entry with the request that it came from, as the engine writes it."""
    text = f'{{"received": {{"sha256": "{digest_of(body).hex()}"}}}}'
    return entry(clock, text, arrival=arrival(clock, body))


def filled(store, clock, number=5):
    with store.write() as tx:
        return log.append(tx, log.head(tx), [came(clock, b"request %d" % n * (n * 90 + 1)) for n in range(number)])


def judged(store, **asked):
    with store.read() as tx:
        return verify(lambda: log.raw(tx), **asked)


def test_what_is_appended_is_read_back_in_order(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        assert log.head(tx) == Head(0, GENESIS)
        head = log.append(tx, Head(), [entry(clock, "first"), entry(clock, b"\x00\xff" * 5000, "acked")])
    with store.write() as tx:
        assert log.head(tx) == head
        log.append(tx, head, [entry(clock, "")])
    with store.read() as tx:
        found = list(log.entries(tx))
        assert [(one.seq, one.kind, one.body) for one in found] == [
            (1, "delivered", b"first"),
            (2, "acked", b"\x00\xff" * 5000),
            (3, "delivered", b""),
        ]
        assert [one.seq for one in log.entries(tx, after=1, prefix="deliv")] == [3]
        assert all(one.time == clock.now for one in found)
    assert judged(store) == Verdict(log_head(store), 3, 0)


def exported(lines):
    return verify(lambda: export.read(lines))


def log_head(store):
    with store.read() as tx:
        return log.head(tx)


def test_the_hash_of_an_entry_can_be_computed_with_a_shell():
    text = f"watchbill log 1\n1\n1772334000000000\nacked\n{digest_of(b'x').hex()}\n{'0' * 64}\n"
    assert link(1, 1772334000000000, "acked", digest_of(b"x"), GENESIS) == digest_of(text.encode())


def test_a_writer_that_does_not_know_the_newest_entry_cannot_append(database, opened, clock):
    store = opened(database, clock=clock)
    filled(store, clock)
    with pytest.raises(sqlalchemy.exc.IntegrityError), store.write() as tx:
        log.append(tx, Head(), [entry(clock, "in its place")])
    assert log_head(store).seq == 5


def test_a_transaction_that_fails_leaves_nothing(database, opened, clock):
    store = opened(database, clock=clock)
    head = filled(store, clock)
    with pytest.raises(ZeroDivisionError), store.write() as tx:  # noqa: PT012
        log.append(tx, head, [came(clock, b"never")])
        raise ZeroDivisionError
    assert log_head(store) == head
    with store.read() as tx:
        assert log.get(tx, digest_of(b"never")) is None


def test_two_entries_may_have_one_body(database, opened, clock):
    store = opened(database, clock=clock)
    with store.write() as tx:
        log.append(tx, Head(), [came(clock, b"again"), came(clock, b"again")])
    assert judged(store).broken is None


# Each column of each table, changed by hand in the database


TAMPERED = {
    "an entry's time": ("UPDATE log SET time = time + 1 WHERE seq = 3", 3),
    "an entry's kind": ("UPDATE log SET kind = 'acked' WHERE seq = 3", 3),
    "an entry's kind, no kind": ("UPDATE log SET kind = 'Über' WHERE seq = 3", 3),
    "the digest of its body": ("UPDATE log SET digest = (SELECT digest FROM log WHERE seq = 1) WHERE seq = 3", 3),
    "the hash before": ("UPDATE log SET prev = hash WHERE seq = 3", 3),
    "its hash": ("UPDATE log SET hash = prev WHERE seq = 3", 3),
    "its number": ("UPDATE log SET seq = 30 WHERE seq = 5", 5),
    "a hole": ("DELETE FROM log WHERE seq = 3", 3),
    "no beginning": ("DELETE FROM log WHERE seq = 1", 1),
    "the same entry again": ("INSERT INTO log SELECT 6, time, kind, digest, prev, hash FROM log WHERE seq = 5", 6),
    "a body": ("UPDATE bodies SET body = CAST('x' AS {blob}) WHERE digest = (SELECT digest FROM log WHERE seq = 3)", 3),
    "a body's form": ("UPDATE bodies SET form = 'plain' WHERE digest = (SELECT digest FROM inbox WHERE seq = 4)", 4),
    "a body's size": ("UPDATE bodies SET size = 1 WHERE digest = (SELECT digest FROM inbox WHERE seq = 4)", 4),
    "no body": ("DELETE FROM bodies WHERE digest = (SELECT digest FROM log WHERE seq = 3)", 3),
    "a body erased in secret": (
        "UPDATE bodies SET body = NULL, erased_at = 1 WHERE digest = (SELECT digest FROM log WHERE seq = 3)",
        3,
    ),
    "a mark of erasure": (
        "UPDATE bodies SET erased_at = 1 WHERE digest = (SELECT digest FROM log WHERE seq = 3)",
        3,
    ),
    "a request": (
        "UPDATE bodies SET body = CAST('x' AS {blob}), form = 'plain' WHERE digest = (SELECT digest FROM inbox WHERE seq = 2)",
        2,
    ),
    "another's request": ("UPDATE inbox SET digest = (SELECT digest FROM inbox WHERE seq = 1) WHERE seq = 2", 2),
    "no request": ("DELETE FROM inbox WHERE seq = 2", 2),
    "a request erased in secret": (
        "UPDATE bodies SET body = NULL WHERE digest = (SELECT digest FROM inbox WHERE seq = 2)",
        2,
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_whatever_is_changed_in_the_database_is_found_at_its_entry(database, opened, clock, case):
    store = opened(database, clock=clock)
    filled(store, clock)
    statement, first = TAMPERED[case]
    with store.write() as tx:
        tx.connection.exec_driver_sql(statement.format(blob="bytea" if tx.postgresql else "blob"))
    broken = judged(store).broken
    assert broken is not None
    assert broken.seq == first


def test_values_of_the_wrong_type_are_found_too(tmp_path, opened, clock):
    for column, value in (
        ("time", "'late'"),
        ("kind", "x'00ff'"),
        ("digest", "7"),
        ("hash", "'text'"),
        ("prev", "1.5"),
    ):
        path = tmp_path / f"{column}.db"
        store = opened(f"sqlite:///{path}", clock=clock)
        filled(store, clock)
        store.close()
        with sqlite3.connect(path) as connection:
            connection.execute(f"UPDATE log SET {column} = {value} WHERE seq = 2")  # noqa: S608
        connection.close()
        assert judged(opened(f"sqlite:///{path}")).broken.seq == 2


def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_written_down(database, opened, clock):
    store = opened(database, clock=clock)
    head = filled(store, clock)
    with store.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM log WHERE seq > 3")
    assert judged(store).broken is None
    assert judged(store, head=head).broken.seq == 4


def test_a_log_written_anew_is_found_by_a_head_that_was_written_down(database, opened, clock):
    store = opened(database, clock=clock)
    filled(store, clock)
    assert judged(store, head=Head(3, bytes(32))).broken.seq == 3


def test_an_export_is_the_log_and_is_judged_alike(database, opened, clock):
    store = opened(database, clock=clock)
    head = filled(store, clock)
    with store.write() as tx:
        log.append(tx, head, [entry(clock, b"\xff\xfe")])
    with store.read() as tx:
        lines = [f"{line}\n".encode() for line in export.write(log.raw(tx))]
    assert exported(lines) == judged(store)
    for cut in range(len(lines)):
        broken = exported(lines[:cut]).broken
        assert broken is not None
        assert broken.seq == max(1, cut)


def test_every_byte_of_an_export_counts(opened, clock, tmp_path):
    store = opened(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)
    filled(store, clock, 3)
    with store.read() as tx:
        whole = "".join(f"{line}\n" for line in export.write(log.raw(tx))).encode()
    unseen = set()
    for place in range(0, len(whole), 5):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        if exported(changed.splitlines(keepends=True)).broken is None:
            unseen.add(whole[max(0, place - 12) : place + 3])
    assert unseen == set()


def test_a_store_that_is_only_read_is_not_changed(tmp_path, opened, clock):
    path = tmp_path / "store.db"
    store = opened(f"sqlite:///{path}", clock=clock)
    filled(store, clock)
    store.close()
    before = path.read_bytes()
    reader = Store(f"sqlite:///{path}", read_only=True)
    assert judged(reader).broken is None
    with pytest.raises(sqlalchemy.exc.OperationalError), reader.read() as tx:
        tx.connection.exec_driver_sql("DELETE FROM log")
    reader.close()
    assert path.read_bytes() == before


def test_instants_are_whole_microseconds(clock):
    assert to_micros(clock.now + timedelta(microseconds=1)) - to_micros(clock.now) == 1
