"""The writer's thread: everything that one process writes goes through it, as many as are waiting in one commit.

While one commit is being made durable the next gathers. The same transaction serves deadlines that are due and claims
effects for the lanes that are free, so that an effect is claimed by the commit that made it.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Protocol

from watchbill.executor.core.effects import decode_body
from watchbill.executor.engine import Commit, Engine, Faulty, Taken, Unit
from watchbill.executor.entries import FAULT, written
from watchbill.executor.settling import unknown
from watchbill.executor.store import deadlines, outbox
from watchbill.executor.store.connect import Transaction, Unavailable, first_line
from watchbill.executor.store.outbox import Claim

LEASE = timedelta(seconds=15)
_LOG = logging.getLogger("watchbill.writer")
_TOGETHER = 256  # units in one commit
_SERVED = 256  # deadlines in one commit
_CLAIMED, _BESIDE = 8, 2  # effects claimed by one commit, and by one that takes webhooks in: those wait for no effect
_LINGER = 0.004  # seconds that a commit waits for company when the one before it is hardly over
_LOOK = 0.5  # seconds until a process looks at what others left: so much later than a lease's end it is taken over
_BACK_OFF = 0.25  # seconds after the database could not be reached
_LOST = "the process that began it was lost before it could tell the result"


class Lane(Protocol):
    """Whoever does the effects of one lane."""

    name: str

    def free(self) -> int: ...

    def start(self, claims: Sequence[Claim]) -> None: ...


class Overloaded(Exception):  # noqa: N818
    """More waits than can be committed in good time, or the writer has stopped."""


class Writer:
    """Start it, submit units, stop it: what was submitted before `stop` is still committed."""

    def __init__(self, engine: Engine, holder: str, lanes: Sequence[Lane] = (), *, bound: int = 4096) -> None:
        self.engine = engine
        self.holder = holder
        self.lanes: list[Lane] = list(lanes)
        self.told: list[Callable[[Commit, float], None]] = []
        self.committed_at: float | None = None
        self._queue: queue.Queue[tuple[Unit, Future[Taken]] | None] = queue.Queue(bound)
        self._hungry: set[str] = set()
        self._wait = 0.0
        self._looked = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, unit: Unit) -> "Future[Taken]":
        """Resolved when it is committed; Unavailable when the database did not take it. Raises Overloaded."""
        future: Future[Taken] = Future()
        if self._stopping:
            raise Overloaded("the executor is stopping")
        try:
            self._queue.put_nowait((unit, future))
        except queue.Full:
            raise Overloaded("more deliveries wait than can be committed") from None
        return future

    def hungry(self, lane: str) -> None:
        """A lane has room again."""
        self._hungry.add(lane)
        if self._queue.empty():
            self._queue.put((Unit(), Future()))

    def stop(self) -> None:
        """Commit what waits, and end."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    # The thread

    def _run(self) -> None:
        going = True
        while going:
            units, going = self._gather()
            try:
                if units or self._wait <= 0 or self._something():
                    self._commit(units)
            except Exception as error:  # noqa: BLE001  (a writer that has ended would let everybody wait for ever)
                _LOG.exception("the writer stumbled")
                self._failed([one for one in units if not one[1].done()], error)

    def _gather(self) -> tuple[list[tuple[Unit, "Future[Taken]"]], bool]:
        try:
            first = self._queue.get(timeout=max(0.0, min(_LOOK, self._wait)))
        except queue.Empty:
            return [], True
        if self.committed_at is not None and time.monotonic() - self.committed_at < 2 * _LINGER:
            time.sleep(_LINGER)
        found = []
        while first is not None:
            first[1].set_running_or_notify_cancel()  # whoever waits may go; what was submitted is taken in
            found.append(first)
            if len(found) == _TOGETHER:
                return found, True
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return found, True
        return found, False

    def _something(self) -> bool:
        """Whether anything is due that this or another process left. Only reads."""
        try:
            with self.engine.store.read() as tx:
                times = [time for time in (deadlines.soonest(tx), outbox.soonest(tx)) if time is not None]
                self._look_everywhere()
                self._wait = min([_LOOK, *((time - tx.now).total_seconds() for time in times)])
        except Unavailable:
            _LOG.warning("the database cannot be read")
            self._wait = _BACK_OFF
            return False
        return self._wait <= 0

    def _commit(self, waiting: "list[tuple[Unit, Future[Taken]]]") -> None:
        started = time.perf_counter()
        claimed: list[tuple[Lane, list[Claim]]] = []
        try:
            with self.engine.store.write() as tx:
                units = [unit for unit, _ in waiting] + self._lapsed(tx)
                commit = self.engine.transact(tx, units, serve=_SERVED)
                if commit.effects:
                    self._look_everywhere()
                most = _BESIDE if any(unit.arrival for unit, _ in waiting) else _CLAIMED
                claimed = self._claim(tx, most)
                soonest = deadlines.soonest(tx)
        except Unavailable as error:
            self._failed(waiting, error)
            return
        except Exception as error:  # noqa: BLE001  (whatever it is, the next commit goes on)
            if len(waiting) > 1:  # one of them is to blame: each gets a transaction of its own
                for one in waiting:
                    self._commit([one])
                return
            _LOG.exception("a commit failed")
            self._give_up(waiting, error)
            return
        self.engine.settle(commit)
        self.committed_at = time.monotonic()
        more = sum(len(claims) for _, claims in claimed) == most
        ahead = 0.0 if more else (soonest - commit.now).total_seconds() if soonest is not None else _LOOK
        self._wait = max(0.0, min(_LOOK, ahead))
        for lane, claims in claimed:
            lane.start(claims)
        for (_, future), taken in zip(waiting, commit.taken, strict=False):
            future.set_result(taken)
        for tell in self.told:
            tell(commit, time.perf_counter() - started)

    def _lapsed(self, tx: Transaction) -> list[Unit]:
        """Effects whose holder was lost between intent and result; looked for once in a while."""
        if time.monotonic() - self._looked < _LOOK:
            return []
        self._looked = time.monotonic()
        self._look_everywhere()  # what was put off, or left by another, may be due
        now = self.engine.last
        return [Unit(unknown(one.key, decode_body(one.body), _LOST, now)) for one in outbox.lapsed(tx)]

    def _look_everywhere(self) -> None:
        self._hungry.update(lane.name for lane in self.lanes)

    def _claim(self, tx: Transaction, most: int) -> list[tuple[Lane, list[Claim]]]:
        """Up to so many effects. Lanes take turns at being first; one that may have more stays hungry."""
        claimed = []
        self.lanes[:] = [*self.lanes[1:], *self.lanes[:1]]
        for lane in self.lanes:
            free = min(most, lane.free()) if lane.name in self._hungry else 0
            if free > 0:
                claims = outbox.claim(tx, self.holder, LEASE, free, lane.name)
                if len(claims) < free:
                    self._hungry.discard(lane.name)
                most -= len(claims)
                if claims:
                    claimed.append((lane, claims))
        return claimed

    def _failed(self, waiting: "list[tuple[Unit, Future[Taken]]]", error: Exception) -> None:
        _LOG.warning("the database took nothing: %s", first_line(error))
        self._look_everywhere()
        self._wait = _BACK_OFF
        for _, future in waiting:
            future.set_exception(error)
        time.sleep(_BACK_OFF)

    def _give_up(self, waiting: "list[tuple[Unit, Future[Taken]]]", error: Exception) -> None:
        """An event that the core took and the database cannot hold: it becomes a fault in the log."""
        for unit, future in waiting:
            said = f"{type(error).__name__}: {first_line(error)}"
            if unit.event is not None:
                fault = (FAULT, written(unit.event, (), unit.arrival, said))
                try:
                    self.engine.take(Unit(note=fault, arrival=unit.arrival))
                except Exception:  # noqa: BLE001  (the log of the process has it)
                    _LOG.exception("a fault could not be logged")
            future.set_exception(Faulty(said))
