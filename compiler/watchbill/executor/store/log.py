"""The append-only log and the bodies beside it. Only the log's writer appends, in its own transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

import msgspec
from sqlalchemy import Insert, bindparam, case, exists, insert, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from watchbill.executor.store.chain import (
    Head,
    Raw,
    Received,
    Unreadable,
    digest_of,
    is_kind,
    link,
    packed,
    to_micros,
    unpacked,
)
from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.schema import BODIES, INBOX, LOG

Keep = Literal["incidents", "evidence"]
_LAST = select(LOG.c.seq, LOG.c.hash).order_by(LOG.c.seq.desc()).limit(1)
_HASH = select(LOG.c.hash).where(LOG.c.seq == bindparam("seq"))
_APPEND = insert(LOG)
_ARRIVE = insert(INBOX)


class Entry(msgspec.Struct, frozen=True):
    """An entry of the log. `body` is None once it was erased."""

    seq: int
    time: datetime
    kind: str
    digest: bytes
    hash: bytes
    body: bytes | None


class Arrival(msgspec.Struct, frozen=True):
    """A request as it came: whose it is by its token and its path, its raw body, and what became of it."""

    received_at: datetime
    environment: str
    source: str
    body: bytes
    verdict: str


class New(msgspec.Struct, frozen=True):
    """What is to be appended: a time that never runs backwards in the log, a kind, a body."""

    time: datetime
    kind: str
    body: bytes
    arrival: Arrival | None = None


def head(tx: Transaction) -> Head:
    last = tx.connection.execute(_LAST).first()
    return Head(last.seq, last.hash) if last is not None else Head()


def hash_of(tx: Transaction, seq: int) -> bytes | None:
    """The hash of an entry, None where there is none."""
    return tx.connection.execute(_HASH, {"seq": seq}).scalar_one_or_none()


def append(tx: Transaction, at: Head, entries: Sequence[New], keep: Keep = "incidents") -> Head:
    """Append after `at`, which must be the log's head: another writer's entry in its place is an IntegrityError."""
    rows: list[dict[str, Any]] = []
    arrivals: list[dict[str, Any]] = []
    bodies: list[bytes] = []
    for entry in entries:
        if not is_kind(entry.kind):
            raise ValueError(f"`{entry.kind}` is no kind of an entry")
        digest = digest_of(entry.body)
        chained = link(at.seq + 1, to_micros(entry.time), entry.kind, digest, at.hash)
        rows.append(
            {
                "seq": at.seq + 1,
                "time": entry.time,
                "kind": entry.kind,
                "digest": digest,
                "prev": at.hash,
                "hash": chained,
            }
        )
        bodies.append(entry.body)
        if entry.arrival is not None:
            arrivals.append(_arrival(at.seq + 1, entry.arrival))
            bodies.append(entry.arrival.body)
        at = Head(at.seq + 1, chained)
    if rows:
        tx.connection.execute(_APPEND, rows)
        put(tx, bodies, keep)
    if arrivals:
        tx.connection.execute(_ARRIVE, arrivals)
    return at


def _arrival(seq: int, arrival: Arrival) -> dict[str, Any]:
    return {
        "seq": seq,
        "received_at": arrival.received_at,
        "environment": arrival.environment,
        "source": arrival.source,
        "digest": digest_of(arrival.body),
        "verdict": arrival.verdict,
    }


def put(tx: Transaction, bodies: Iterable[bytes], keep: Keep) -> list[bytes]:
    """Store bodies by digest, and give the digests. One that was stored before counts as stored now."""
    rows: list[dict[str, Any]] = []
    for body in bodies:
        form, small = packed(body)
        rows.append(
            {
                "digest": digest_of(body),
                "form": form,
                "size": len(body),
                "body": small,
                "keep": keep,
                "stored_at": tx.now,
                "erased_at": None,
            }
        )
    if not rows:
        return []
    tx.connection.execute(_put(tx.postgresql), rows)
    return [row["digest"] for row in rows]


@cache
def _put(postgres: bool) -> Insert:
    new = (postgresql.insert if postgres else sqlite.insert)(BODIES)
    longest = case(
        (or_(BODIES.c.keep == "evidence", new.excluded.keep == "evidence"), "evidence"), else_=new.excluded.keep
    )
    again = {name: new.excluded[name] for name in ("form", "size", "body", "stored_at", "erased_at")}
    return new.on_conflict_do_update(index_elements=["digest"], set_={**again, "keep": longest})


def get(tx: Transaction, digest: bytes) -> bytes | None:
    """A body, or None when it was erased or never stored."""
    row = tx.connection.execute(select(BODIES).where(BODIES.c.digest == digest)).first()
    return None if row is None else unpacked(row.form, row.size, row.body)


def entries(tx: Transaction, after: int = 0, prefix: str = "") -> Iterator[Entry]:
    """Entries with a number above `after`, in order; with `prefix`, only those of kinds that begin so."""
    columns = (LOG.c.seq, LOG.c.time, LOG.c.kind, LOG.c.digest, LOG.c.hash, BODIES.c.form, BODIES.c.size, BODIES.c.body)
    found = select(*columns).outerjoin(BODIES, BODIES.c.digest == LOG.c.digest).where(LOG.c.seq > after)
    if prefix:
        found = found.where(LOG.c.kind.startswith(prefix, autoescape=True))
    for row in tx.connection.execute(found.order_by(LOG.c.seq).execution_options(yield_per=500)):
        body = unpacked(row.form, row.size, row.body)
        yield Entry(row.seq, row.time, row.kind, row.digest, row.hash, body)


def erased(tx: Transaction, prefix: str) -> bool:
    """Whether the body of any entry of kinds that begin so is gone."""
    gone = exists().where(
        LOG.c.kind.startswith(prefix, autoescape=True), BODIES.c.digest == LOG.c.digest, BODIES.c.body.is_(None)
    )
    return tx.connection.execute(select(gone)).scalar_one()


def raw(tx: Transaction, after: int = 0, limit: int | None = None) -> Iterator[Raw]:
    """The log as it lies there, believing nothing of it: for `chain.verify`, `chain.follow` and for exports."""
    columns = (
        "log.seq, log.time, log.kind, log.digest, log.prev, log.hash, b.form, b.size, b.body, b.erased_at,"
        " inbox.digest AS came, r.form AS came_form, r.size AS came_size, r.body AS came_body, r.erased_at AS came_erased"
    )
    joined = (
        "log LEFT JOIN bodies b ON b.digest = log.digest"
        " LEFT JOIN inbox ON inbox.seq = log.seq LEFT JOIN bodies r ON r.digest = inbox.digest"
    )
    part = ("WHERE log.seq > :after " if after else "") + "ORDER BY log.seq" + (" LIMIT :limit" if limit else "")
    rows = text(f"SELECT {columns} FROM {joined} {part}").execution_options(yield_per=500)  # noqa: S608
    bound = {name: value for name, value in (("after", after), ("limit", limit)) if value}
    try:
        for row in tx.connection.execute(rows, bound):
            received = None
            if row.came is not None:
                received = Received(row.came, unpacked(row.came_form, row.came_size, row.came_body), row.came_erased)
            body = unpacked(row.form, row.size, row.body)
            yield Raw(row.seq, row.time, row.kind, row.digest, row.prev, row.hash, body, row.erased_at, received)
    except Exception as error:  # noqa: BLE001  (a tampered database fails in ways of its own)
        raise Unreadable(f"the database does not yield it: {str(error).splitlines()[0]}") from None
