"""Retention: bodies go, the chain stays. Each erasure is an entry of the log that names what it erased.

A body is erased when it is older than the plan says and no entry that holds it is needed to rebuild the state. The
store's own entries (snapshots, erasures) hold digests only, and stay. Rows of the outbox that ended go at the same age.
"""

import json
from datetime import timedelta

from sqlalchemy import delete, exists, or_, select, update

from watchbill.executor.store import log, snapshots
from watchbill.executor.store.chain import ERASED, Head
from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.log import Keep
from watchbill.executor.store.schema import BODIES, INBOX, LOG, OUTBOX

_BATCH = 500  # bodies for each entry that names them


def erase(tx: Transaction, at: Head, keep: Keep, older_than: timedelta) -> tuple[Head, int]:
    """Erase one batch of bodies under this retention; 0 of them when there is no more to do."""
    before = tx.now - older_than
    needed = snapshots.oldest_seq(tx)
    in_use = exists().where(LOG.c.digest == BODIES.c.digest, or_(LOG.c.seq > needed, LOG.c.kind.startswith("store.")))
    asked_for = exists().where(INBOX.c.digest == BODIES.c.digest, INBOX.c.seq > needed)
    old = select(BODIES.c.digest).where(
        BODIES.c.keep == keep, BODIES.c.stored_at < before, BODIES.c.body.is_not(None), ~in_use, ~asked_for
    )
    digests = list(tx.connection.execute(old.order_by(BODIES.c.stored_at).limit(_BATCH)).scalars())
    if not digests:
        if keep == "incidents":
            tx.connection.execute(delete(OUTBOX).where(OUTBOX.c.ended_at < before))
        return at, 0
    tx.connection.execute(
        update(BODIES).where(BODIES.c.digest.in_(digests)).values(body=None, form="plain", erased_at=tx.now)
    )
    said = {"keep": keep, "before": before.isoformat(), "digests": sorted(digest.hex() for digest in digests)}
    return log.append(tx, at, [log.New(tx.now, ERASED, json.dumps(said).encode())]), len(digests)
