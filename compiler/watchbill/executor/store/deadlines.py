"""Deadlines: rows set and cancelled by key in the transaction of the change that wants them, served in another.

Whoever serves one does so in the log's writing transaction: that it was served and what followed are one commit, so
none is lost and none is served twice, whichever replica dies where.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

import msgspec
from sqlalchemy import Insert, Integer, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.schema import DEADLINES, Instant

_DUE = (
    select(DEADLINES)
    .where(DEADLINES.c.due <= bindparam("now", type_=Instant))
    .order_by(DEADLINES.c.due, DEADLINES.c.key)
    .limit(bindparam("number", type_=Integer))
)
_SOONEST = select(DEADLINES.c.due).order_by(DEADLINES.c.due).limit(1)


class Deadline(msgspec.Struct, frozen=True):
    """What is to happen at an instant, unless it is cancelled or moved first."""

    key: str
    due: datetime


def put(tx: Transaction, deadlines: Sequence[Deadline]) -> None:
    """Set, or move those that are set already."""
    if not deadlines:
        return
    tx.connection.execute(_put(tx.postgresql), [{"key": one.key, "due": one.due} for one in deadlines])


@cache
def _put(postgres: bool) -> Insert:
    new = (postgresql.insert if postgres else sqlite.insert)(DEADLINES)
    return new.on_conflict_do_update(index_elements=["key"], set_={"due": new.excluded.due})


def cancel(tx: Transaction, keys: Iterable[str]) -> None:
    """Those that are not set stay so."""
    gone = sorted(set(keys))
    for start in range(0, len(gone), 500):
        tx.connection.execute(delete(DEADLINES).where(DEADLINES.c.key.in_(gone[start : start + 500])))


def due(tx: Transaction, limit: int) -> list[Deadline]:
    """Those whose time has come, the oldest first. Serving one includes cancelling it, in the same transaction."""
    asked = {"now": tx.now, "number": limit}
    return [Deadline(row.key, row.due) for row in tx.connection.execute(_DUE, asked)]


def soonest(tx: Transaction) -> datetime | None:
    return tx.connection.execute(_SOONEST).scalar_one_or_none()


def everything(tx: Transaction) -> dict[str, datetime]:
    """All that are set, by key."""
    return {row.key: row.due for row in tx.connection.execute(select(DEADLINES))}


def number(tx: Transaction) -> int:
    return tx.connection.execute(select(func.count()).select_from(DEADLINES)).scalar_one()
