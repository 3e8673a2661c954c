"""The outbox: what is to be done in the world, written in the transaction of the change that wants it.

A row is claimed under a lease with a fencing token, which rises with each claim: whoever has lost the lease, by dying
or by being paused, can write nothing more about it. A row that may be repeated is claimed again when its lease ends. A row of
`once` is begun (the intent, committed) before the act; if its lease ends then, nobody knows what happened: it is
`unknown`, told once, and never done again.

waiting ─claim─▶ claimed ─begin─▶ acting ─finish─▶ done        lease over: claimed ▶ claimed by another, acting ▶ unknown
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

import msgspec
from sqlalchemy import Insert, Integer, Update, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.schema import LEASES, OUTBOX, Instant

_HELD = ("claimed", "acting")
_NOW = bindparam("now", type_=Instant)
_FREE = or_(
    and_(OUTBOX.c.state == "waiting", OUTBOX.c.due <= _NOW),
    and_(OUTBOX.c.state == "claimed", OUTBOX.c.lease_until <= _NOW),
)
_CHOSEN = (
    select(OUTBOX.c.key)
    .where(_FREE, OUTBOX.c.lane == bindparam("lane_"))
    .order_by(OUTBOX.c.due, OUTBOX.c.seq)
    .limit(bindparam("number", type_=Integer))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(OUTBOX)
    .where(OUTBOX.c.key.in_(_CHOSEN))
    .values(
        state="claimed",
        token=OUTBOX.c.token + 1,
        attempts=OUTBOX.c.attempts + 1,
        holder=bindparam("holder_"),
        lease_until=bindparam("until_", type_=Instant),
    )
    .returning(OUTBOX)
)


class Effect(msgspec.Struct, frozen=True):
    """What is to be done: `key` tells it apart for ever, `once` says that doing it twice would harm.

    Those of one `lane` wait for one another, and for nobody else.
    """

    key: str
    kind: str
    body: bytes
    once: bool
    lane: str = "other"


class Claim(msgspec.Struct, frozen=True):
    """A row that is held until `lease_until` by whoever knows its token. `attempts` counts this one."""

    effect: Effect
    seq: int
    token: int
    attempts: int
    waited_since: datetime
    lease_until: datetime


RowState = Literal["waiting", "acting", "done", "unknown"]


class Row(msgspec.Struct, frozen=True):
    """A row as the log knows it: `seq` is the entry that wants it. One that was begun and did not end is `acting`."""

    effect: Effect
    seq: int
    state: RowState


class Fenced(Exception):  # noqa: N818
    """The lease is over, or another holds it: what was to be written was not."""


def add(tx: Transaction, effects: Sequence[tuple[int, Effect]]) -> None:
    """Add effects, each with the number of the entry that wants it. A key that was ever added is passed over."""
    if not effects:
        return
    rows = [
        {
            "key": effect.key,
            "seq": seq,
            "kind": effect.kind,
            "body": effect.body,
            "once": effect.once,
            "lane": effect.lane,
            "state": "waiting",
            "due": tx.now,
            "attempts": 0,
            "token": 0,
            "holder": "",
        }
        for seq, effect in effects
    ]
    tx.connection.execute(_add(tx.postgresql), rows)


@cache
def _add(postgres: bool) -> Insert:
    new = (postgresql.insert if postgres else sqlite.insert)(OUTBOX)
    return new.on_conflict_do_nothing(index_elements=["key"])


def claim(tx: Transaction, holder: str, lease: timedelta, limit: int, lane: str = "other") -> list[Claim]:
    """Up to `limit` rows of a lane that wait, or whose holder let the lease end before it began; the oldest first."""
    asked = {"now": tx.now, "lane_": lane, "number": limit, "holder_": holder, "until_": tx.now + lease}
    rows = sorted(tx.connection.execute(_CLAIM, asked), key=lambda row: (row.due, row.seq, row.key))
    return [Claim(_effect(row), row.seq, row.token, row.attempts, row.due, tx.now + lease) for row in rows]


def begin(tx: Transaction, claim: Claim) -> None:
    """Write the intent. Only after the commit may a row of `once` be acted on. Raises Fenced."""
    _fenced(tx, claim, ("claimed",), state="acting")


def renew(tx: Transaction, claims: Sequence[Claim], lease: timedelta) -> list[Claim]:
    """Those that are still held, their leases running from now."""
    kept = []
    for one in claims:
        try:
            _fenced(tx, one, _HELD, lease_until=tx.now + lease)
        except Fenced:
            continue
        kept.append(msgspec.structs.replace(one, lease_until=tx.now + lease))
    return kept


def finish(tx: Transaction, claim: Claim) -> None:
    """It is done, well or badly: it is never claimed again. Raises Fenced."""
    _fenced(tx, claim, _HELD, state="done", ended_at=tx.now)


def put_off(tx: Transaction, claim: Claim, until: datetime) -> None:
    """It could not be done now and may be tried again at `until`. Raises Fenced."""
    _fenced(tx, claim, ("claimed",), state="waiting", due=until, lease_until=None)


def release(tx: Transaction, claim: Claim) -> None:
    """Hand back what was not begun, as if it had not been claimed. Raises Fenced."""
    _fenced(tx, claim, ("claimed",), state="waiting", lease_until=None, attempts=claim.attempts - 1)


def lapsed(tx: Transaction) -> list[Effect]:
    """Rows of `once` whose holder was lost between intent and result: now unknown, given here and never again."""
    lost = and_(OUTBOX.c.state == "acting", OUTBOX.c.lease_until <= tx.now)
    gone = (
        update(OUTBOX).where(lost).values(state="unknown", token=OUTBOX.c.token + 1, ended_at=tx.now).returning(OUTBOX)
    )
    return [_effect(row) for row in sorted(tx.connection.execute(gone), key=lambda row: (row.seq, row.key))]


def set_back(tx: Transaction, at_most: timedelta) -> None:
    """The clock was set back: nothing waits, and no lease lasts, until a future comes round again."""
    bound = tx.now + at_most
    tx.connection.execute(update(OUTBOX).where(OUTBOX.c.state == "waiting", OUTBOX.c.due > tx.now).values(due=tx.now))
    held = update(OUTBOX).where(OUTBOX.c.state.in_(_HELD), OUTBOX.c.lease_until > bound)
    tx.connection.execute(held.values(lease_until=bound))
    tx.connection.execute(update(LEASES).where(LEASES.c.until > bound).values(until=bound))


def wanted(tx: Transaction, prefix: str) -> list[tuple[int, str, bytes]]:
    """Every row whose key begins so, ended or not: the entry that wanted it, its key, its body; in that order."""
    rows = select(OUTBOX.c.seq, OUTBOX.c.key, OUTBOX.c.body).where(OUTBOX.c.key.startswith(prefix, autoescape=True))
    found = [(row.seq, row.key, row.body) for row in tx.connection.execute(rows)]
    return sorted(found, key=lambda row: (row[0], _natural(row[1])))


def _natural(key: str) -> tuple[str, int]:
    """Effects of one entry in the order in which they were wanted, as far as their numbers tell."""
    number = key.rpartition("/")[2]
    return ("", int(number)) if number.isdecimal() else (key, 0)


def waiting(tx: Transaction) -> dict[str, int]:
    """How many rows there are in each state that is not an end."""
    undone = OUTBOX.c.state.in_(("waiting", *_HELD))
    counted = select(OUTBOX.c.state, func.count()).where(undone).group_by(OUTBOX.c.state)
    return {row[0]: row[1] for row in tx.connection.execute(counted)}


def soonest(tx: Transaction) -> datetime | None:
    """When the next row can be claimed, or counts as unknown."""
    waits = select(func.min(OUTBOX.c.due)).where(OUTBOX.c.state == "waiting")
    lapses = select(func.min(OUTBOX.c.lease_until)).where(OUTBOX.c.state.in_(_HELD))
    times = [tx.connection.execute(one).scalar_one_or_none() for one in (waits, lapses)]
    return min((time for time in times if time is not None), default=None)


def keys(tx: Transaction, after: int = 0) -> set[str]:
    """Those that entries with a number above `after` wanted."""
    return set(tx.connection.execute(select(OUTBOX.c.key).where(OUTBOX.c.seq > after)).scalars())


def put_back(tx: Transaction, rows: Sequence[Row]) -> None:
    """Rows that were lost. The lease of one that was begun is over, so that it is told as unknown."""
    add(tx, [(row.seq, row.effect) for row in rows])
    for row in rows:
        if row.state != "waiting":
            over = {"lease_until": tx.now} if row.state == "acting" else {"ended_at": tx.now}
            tx.connection.execute(update(OUTBOX).where(OUTBOX.c.key == row.effect.key).values(state=row.state, **over))


def drop(tx: Transaction, unwanted: Iterable[str]) -> None:
    """Rows that nothing wanted."""
    for key in sorted(unwanted):
        tx.connection.execute(delete(OUTBOX).where(OUTBOX.c.key == key))


def _fenced(tx: Transaction, claim: Claim, states: tuple[str, ...], **values: Any) -> None:
    mine = {"key_": claim.effect.key, "token_": claim.token, "now": tx.now}
    if tx.connection.execute(_mine(states, tuple(values)), {**mine, **values}).rowcount != 1:
        raise Fenced(f"the lease on {claim.effect.key} is over")


@cache
def _mine(states: tuple[str, ...], changed: tuple[str, ...]) -> Update:
    """Statements are made once: to make one costs more than to run it."""
    held = (
        OUTBOX.c.key == bindparam("key_"),
        OUTBOX.c.token == bindparam("token_"),
        OUTBOX.c.state.in_(states),
        OUTBOX.c.lease_until > _NOW,
    )
    return update(OUTBOX).where(*held).values({name: bindparam(name, type_=OUTBOX.c[name].type) for name in changed})


def _effect(row: Any) -> Effect:
    return Effect(row.key, row.kind, row.body, row.once, row.lane)
