"""Snapshots of the state, so that a start need not fold the whole log; and the plans that incidents began with.

A snapshot is as trustworthy as the log: an entry of kind `store.snapshot` names its digest.
"""

import json

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from watchbill.executor.store import log
from watchbill.executor.store.chain import Head, digest_of, packed, unpacked
from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.schema import PLANS, SNAPSHOTS

TAKEN = "store.snapshot"
_KEPT = 2


class Snapshot(msgspec.Struct, frozen=True):
    """The state after entry `seq`, in bytes. `version` is that of their meaning."""

    seq: int
    version: int
    body: bytes


def take(tx: Transaction, at: Head, snapshot: Snapshot) -> Head:
    """Store it, say so in the log, forget all but the two newest. One of the same entry is stored once."""
    if tx.connection.execute(select(SNAPSHOTS.c.seq).where(SNAPSHOTS.c.seq == snapshot.seq)).first() is not None:
        return at
    form, small = packed(snapshot.body)
    digest = digest_of(snapshot.body)
    row = {"seq": snapshot.seq, "version": snapshot.version, "digest": digest, "form": form}
    tx.connection.execute(insert(SNAPSHOTS), {**row, "size": len(snapshot.body), "body": small})
    kept = select(SNAPSHOTS.c.seq).order_by(SNAPSHOTS.c.seq.desc()).limit(_KEPT)
    tx.connection.execute(delete(SNAPSHOTS).where(SNAPSHOTS.c.seq.not_in(kept.scalar_subquery())))
    said = {"seq": snapshot.seq, "version": snapshot.version, "sha256": digest.hex()}
    return log.append(tx, at, [log.New(tx.now, TAKEN, json.dumps(said).encode())])


def newest(tx: Transaction, version: int) -> Snapshot | None:
    """The newest of this version whose bytes are those that were stored."""
    found = select(SNAPSHOTS).where(SNAPSHOTS.c.version == version).order_by(SNAPSHOTS.c.seq.desc())
    for row in tx.connection.execute(found):
        body = unpacked(row.form, row.size, row.body)
        if body is not None and digest_of(body) == row.digest:
            return Snapshot(row.seq, row.version, body)
    return None


def oldest_seq(tx: Transaction) -> int:
    """Entries after this one are needed to rebuild the state; 0 without a snapshot."""
    return tx.connection.execute(select(SNAPSHOTS.c.seq).order_by(SNAPSHOTS.c.seq).limit(1)).scalar_one_or_none() or 0


def put_plan(tx: Transaction, body: bytes) -> bytes:
    """Store a plan, and give its digest. One that is there already is now the newest."""
    new = (postgresql.insert if tx.postgresql else sqlite.insert)(PLANS)
    again = new.on_conflict_do_update(index_elements=["digest"], set_={"stored_at": new.excluded.stored_at})
    digest = digest_of(body)
    tx.connection.execute(again, {"digest": digest, "stored_at": tx.now, "body": body})
    return digest


def plan(tx: Transaction, digest: bytes) -> bytes | None:
    return tx.connection.execute(select(PLANS.c.body).where(PLANS.c.digest == digest)).scalar_one_or_none()


def newest_plan(tx: Transaction) -> bytes | None:
    found = select(PLANS.c.body).order_by(PLANS.c.stored_at.desc(), PLANS.c.digest).limit(1)
    return tx.connection.execute(found).scalar_one_or_none()
