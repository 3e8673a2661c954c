"""Deadlines: rows set and cancelled by key in the transaction of the change that wants them, served in another.

Whoever serves one does so in the log's writing transaction: that it was served and what followed are one commit, so
none is lost and none is served twice, whichever replica dies where.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.schema import DEADLINES


class Deadline(msgspec.Struct, frozen=True):
    """What is to happen at an instant, unless it is cancelled or moved first."""

    key: str
    due: datetime


def put(tx: Transaction, deadlines: Sequence[Deadline]) -> None:
    """Set, or move those that are set already."""
    if not deadlines:
        return
    new = (postgresql.insert if tx.postgresql else sqlite.insert)(DEADLINES)
    rows = [{"key": one.key, "due": one.due} for one in deadlines]
    tx.connection.execute(new.on_conflict_do_update(index_elements=["key"], set_={"due": new.excluded.due}), rows)


def cancel(tx: Transaction, keys: Iterable[str]) -> None:
    """Those that are not set stay so."""
    gone = sorted(set(keys))
    for start in range(0, len(gone), 500):
        tx.connection.execute(delete(DEADLINES).where(DEADLINES.c.key.in_(gone[start : start + 500])))


def due(tx: Transaction, limit: int) -> list[Deadline]:
    """Those whose time has come, the oldest first. Serving one includes cancelling it, in the same transaction."""
    found = select(DEADLINES).where(DEADLINES.c.due <= tx.now).order_by(DEADLINES.c.due, DEADLINES.c.key).limit(limit)
    return [Deadline(row.key, row.due) for row in tx.connection.execute(found)]


def soonest(tx: Transaction) -> datetime | None:
    return tx.connection.execute(select(DEADLINES.c.due).order_by(DEADLINES.c.due).limit(1)).scalar_one_or_none()


def number(tx: Transaction) -> int:
    return tx.connection.execute(select(func.count()).select_from(DEADLINES)).scalar_one()
