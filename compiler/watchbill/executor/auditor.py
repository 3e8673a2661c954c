"""The executor looks over its own shoulder: it reads the store, and believes nothing that its other parts say.

No deadline waits long, every page and question comes to an end, the log's chain is whole. While one of these does not
hold, monitoring counts as broken: people are still paged, and nothing is done by a machine. Every replica looks for itself.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import msgspec
from sqlalchemy import func, select

from watchbill.executor.engine import Faulty
from watchbill.executor.store import deadlines, log
from watchbill.executor.store.chain import Head, Verdict, follow
from watchbill.executor.store.connect import Store, Transaction, Unavailable, first_line
from watchbill.executor.store.schema import LOG, OUTBOX
from watchbill.executor.writer import Overloaded

_LOG = logging.getLogger("watchbill.auditor")
_EVERY = 10.0  # seconds between two looks
_LATE = timedelta(seconds=30)  # a deadline may be served so late
_ENDLESS = timedelta(minutes=10)  # longer than every try of a page takes
_SLICE = 500  # entries judged without a pause, of those since the last look and of those before
_SLICES, _PAUSE = 20, 0.5  # of one look, and the seconds between two: webhooks do not wait for it
_TOLD = ("page", "ask")

Report = Callable[[str, str | None], None]


class Read(msgspec.Struct, frozen=True):
    """How far the log was judged: what came since the start of this process, and once more from its first entry on."""

    new: Head
    again: Head = Head()


def look(tx: Transaction, read: Read) -> tuple[dict[str, str | None], Read]:
    """What is wrong by its part, None where nothing is; and how far it was read."""
    new = follow(log.raw(tx, read.new.seq, _SLICE), read.new)
    again = follow(log.raw(tx, read.again.seq, _SLICE), read.again)
    start = Head() if again.head.seq >= read.new.seq else again.head
    found = {
        "executor:deadlines": _late(tx),
        "executor:pages": _endless(tx),
        "executor:log": _broken(new) or _broken(again),
    }
    return found, Read(new.head, read.again if again.broken is not None else start)


def _late(tx: Transaction) -> str | None:
    soonest = deadlines.soonest(tx)
    if soonest is None or tx.now - soonest <= _LATE:
        return None
    return f"a deadline is {(tx.now - soonest).total_seconds():.0f} s late"


def _endless(tx: Transaction) -> str | None:
    undone = OUTBOX.c.state.in_(("waiting", "claimed", "acting"))
    wanted = select(func.min(LOG.c.time)).select_from(OUTBOX).join(LOG, LOG.c.seq == OUTBOX.c.seq)
    oldest = tx.connection.execute(wanted.where(undone, OUTBOX.c.kind.in_(_TOLD))).scalar_one_or_none()
    if oldest is None or tx.now - oldest <= _ENDLESS:
        return None
    return f"a page is on its way for {(tx.now - oldest).total_seconds() / 60:.0f} min"


def _broken(verdict: Verdict) -> str | None:
    return None if verdict.broken is None else f"entry {verdict.broken.seq}: {verdict.broken.reason}"


class Auditor:
    """A thread of its own. `report` takes a part, and what is wrong with it or None."""

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report
        self._read: Read | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="auditor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(_EVERY)

    def look(self) -> None:
        """Slice after slice, until it has read to the end."""
        for _ in range(_SLICES):
            with self._store.read() as tx:
                end = log.head(tx)
                found, self._read = look(tx, self._read or Read(end))
            if self._read.new.seq >= end.seq or self._stopping.wait(_PAUSE):
                break
        for part, trouble in found.items():
            self._report(part, trouble)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY):
            try:
                self.look()
            except (*Unavailable, Overloaded, Faulty, TimeoutError) as error:
                _LOG.warning("not audited: %s", first_line(error))
            except Exception:  # noqa: BLE001  (it looks again)
                _LOG.exception("not audited")
