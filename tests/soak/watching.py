"""A watch over who holds what: how long it takes until another has what a dead replica held."""

import threading
import time
from collections.abc import Callable

import msgspec
from sqlalchemy import text

from watchbill.executor.store.connect import Store, Unavailable

_EVERY = 0.1  # seconds between two looks
_HELD = text("SELECT key, holder, token, lease_until FROM outbox WHERE state IN ('claimed', 'acting')")
_TOKENS = text("SELECT key, token FROM outbox")


class Takeover(msgspec.Struct, frozen=True):
    """`after` seconds from the death of its holder, `late` seconds after the lease.

    If it was disturbed, because at the lease's end the database or every replica was away, `late` counts from their return.
    """

    key: str
    after: float
    late: float
    disturbed: bool


class Watch:
    """Of one storm. Tell it of deaths as they happen; a look sees what changed since the last.

    `there` is whether there is anybody to take anything over.
    """

    def __init__(self, database: str, there: Callable[[], bool]) -> None:
        self.takeovers: list[Takeover] = []
        self._store = Store(database)
        self._gone: dict[int, float] = {}
        self._orphans: dict[tuple[str, int], tuple[int, float]] = {}
        self._there = there
        self._away = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def gone(self, pid: int) -> None:
        self._gone[pid] = time.time()

    def back(self, pid: int) -> None:
        """It was only stopped, and what it still holds is its own again."""
        self._gone.pop(pid, None)
        self._orphans = {held: one for held, one in self._orphans.items() if one[0] != pid}

    def stop(self) -> list[Takeover]:
        self._stopping.set()
        self._thread.join()
        self._store.close()
        return self.takeovers

    @property
    def orphans(self) -> int:
        """How many effects are still held by the dead."""
        return len(self._orphans)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY):
            try:
                if not self._there():
                    self._away = time.time()
                self._look()
            except Unavailable:
                self._away = time.time()

    def _look(self) -> None:
        with self._store.read() as tx:
            now = tx.now.timestamp()
            held = tx.connection.execute(_HELD).all()
            tokens = {row.key: row.token for row in tx.connection.execute(_TOKENS)} if self._orphans else {}
        there = {(row.key, row.token) for row in held}
        for (key, token), (pid, until) in list(self._orphans.items()):
            if (key, token) in there:
                continue
            if tokens[key] != token and pid in self._gone:
                late = now - max(until, self._away)
                self.takeovers.append(Takeover(key, now - self._gone[pid], late, self._away > until))
            self._orphans.pop((key, token), None)
        for row in held:
            pid = int(row.holder.split("-")[-2])
            if pid in self._gone:
                until = row.lease_until / 1e6
                self._orphans[row.key, row.token] = (pid, until)
