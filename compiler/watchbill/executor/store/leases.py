"""Leases on names: one replica at a time does what only one may do. The token fences whoever lost it."""

from datetime import timedelta

import msgspec
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.outbox import Fenced
from watchbill.executor.store.schema import LEASES


class Lease(msgspec.Struct, frozen=True):
    name: str
    holder: str
    token: int


def acquire(tx: Transaction, name: str, holder: str, length: timedelta) -> Lease | None:
    """The lease, when nobody else holds it. Whoever holds it already gets it again, with a new token."""
    new = (postgresql.insert if tx.postgresql else sqlite.insert)(LEASES)
    taken = new.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": new.excluded.holder, "token": LEASES.c.token + 1, "until": new.excluded.until},
        where=or_(LEASES.c.until <= tx.now, LEASES.c.holder == holder),
    ).returning(LEASES.c.token)
    row = {"name": name, "holder": holder, "token": 1, "until": tx.now + length}
    token = tx.connection.execute(taken, row).scalar_one_or_none()
    return None if token is None else Lease(name, holder, token)


def renew(tx: Transaction, lease: Lease, length: timedelta) -> None:
    """Raises Fenced when it is over, even if nobody took it meanwhile."""
    _mine(tx, lease, {"until": tx.now + length})


def check(tx: Transaction, lease: Lease) -> None:
    """Raises Fenced unless the lease holds now. On PostgreSQL nobody can take it before this transaction ends."""
    _mine(tx, lease, {"token": LEASES.c.token})


def release(tx: Transaction, lease: Lease) -> None:
    _mine(tx, lease, {"until": tx.now})


def release_all(tx: Transaction, holder: str) -> None:
    """Everything that somebody holds: it stops, and others need not wait for the end of its leases."""
    tx.connection.execute(update(LEASES).where(LEASES.c.holder == holder, LEASES.c.until > tx.now).values(until=tx.now))


def holders(tx: Transaction, prefix: str = "") -> int:
    """How many leases of names that begin so hold now."""
    held = select(func.count()).where(LEASES.c.until > tx.now, LEASES.c.name.startswith(prefix, autoescape=True))
    return tx.connection.execute(held).scalar_one()


def _mine(tx: Transaction, lease: Lease, values: dict[str, object]) -> None:
    mine = (LEASES.c.name == lease.name, LEASES.c.token == lease.token, LEASES.c.until > tx.now)
    if tx.connection.execute(update(LEASES).where(*mine).values(**values)).rowcount != 1:
        raise Fenced(f"the lease on {lease.name} is over")
