"""The glue between the core and the store: in one transaction, take events in and write all that follows from them.

The transaction is the log's writer's, and there is one at a time, whichever replica has it. It first catches up on what
others wrote; then the core reduces each event; then the events with their decisions, deadlines and effects are written
together. State is replaced only after the commit: if that fails, or nobody knows whether it did, the log decides.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from watchbill.executor import plan
from watchbill.executor.core import State, Step, decode, encode, reduce
from watchbill.executor.core import effects as wanted
from watchbill.executor.core.coding import VERSION
from watchbill.executor.core.effects import SetDeadline, encode_body
from watchbill.executor.core.events import ClockSetBack, DeadlineReached, Events, Instant, PlanLoaded
from watchbill.executor.entries import EVENT, FAULT, event_of, kind_of, written
from watchbill.executor.store import deadlines, log, outbox, snapshots
from watchbill.executor.store.chain import GENESIS, Head, from_micros, to_micros
from watchbill.executor.store.connect import NoStore, Store, Transaction
from watchbill.executor.store.log import Arrival, New
from watchbill.executor.store.outbox import Effect, Fenced

_LOG = logging.getLogger("watchbill.engine")
# Of what may be repeated: what wakes or asks somebody waits neither behind a thousand notes nor for a Prometheus that hangs.
LANES = {"page": "urgent", "ask": "urgent", "query": "look", "collect": "collect"}
_SET_BACK = kind_of(ClockSetBack(by=0))
_AHEAD = 60_000  # ms that the log may be ahead of the clock: time stands still so long; beyond, the clock was set back
_PUT_OFF = 60_000  # ms until a deadline is tried again of which the core could make nothing


class Unit(msgspec.Struct, frozen=True):
    """What is to be taken in by one transaction.

    `within` is a fenced write that comes first: when the lease is over, nothing of the unit is written. `note` is an
    entry that changes no state. `write` appends to the log itself, after everything else.
    """

    event: Events | None = None
    arrival: Arrival | None = None
    within: Callable[[Transaction], Any] | None = None
    note: tuple[str, bytes] | None = None
    write: Callable[[Transaction, Head], tuple[Head, Any]] | None = None


class Faulty(Exception):  # noqa: N818
    """The core, or the database, could make nothing of an event. It is in the log, as a fault."""


class Taken(msgspec.Struct, frozen=True):
    """What became of a unit: the step and its time, or why there is none; `value` is what `within` or `write` gave."""

    step: Step | None = None
    at: Instant = 0
    value: Any = None
    failed: Fenced | Faulty | None = None


class Commit(msgspec.Struct, frozen=True):
    """What a transaction will have done once it is committed. `late` are the seconds by which deadlines were served."""

    state: State
    head: Head
    last: Instant
    taken: list[Taken]
    served: list[Taken]
    late: list[float]
    effects: int
    now: datetime


class Engine:
    """State as far as this process knows it, and the transaction that takes it further. One thread at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.state = State()
        self.head = Head()
        self.last: Instant = 0
        self.folded = 0

    def recover(self) -> None:
        """From the newest snapshot that can be read, and the entries after it. Raises NoStore when bodies are gone."""
        with self.store.read() as tx:
            seq, self.state = _newest(tx)
            self.head = Head(seq, b"")
            self.catch_up(tx)
            self.head = log.head(tx)

    def catch_up(self, tx: Transaction) -> None:
        """Fold what others have written: what followed from it, they have written too.

        A log that lacks what was folded already is another one (a standby that was promoted without it, a backup that was
        restored): then the state is folded anew, and the next entry follows from the last one that is there.
        """
        at = log.head(tx)
        if not self._follows(tx, at):
            _LOG.error("the log lacks entry %s, which was committed: the state is folded anew", self.head)
            seq, self.state = _newest(tx)
            self.head, self.last = Head(seq, b""), 0
        if at.seq == self.head.seq:
            return
        for entry in log.entries(tx, self.head.seq):
            now = to_micros(entry.time) // 1000
            self.last = now if entry.kind == _SET_BACK else max(self.last, now)
            if entry.kind.startswith(EVENT):
                if entry.body is None:
                    raise NoStore(f"entry {entry.seq} was erased and no snapshot can be read: restore a backup")
                self.state = reduce(self.state, event_of(entry.body), now).state
                self.folded += 1
            self.head = Head(entry.seq, entry.hash)

    def _follows(self, tx: Transaction, at: Head) -> bool:
        if self.head.hash in (b"", GENESIS) or self.head == at:  # of a snapshot only the number is known
            return True
        return at.seq > self.head.seq and log.hash_of(tx, self.head.seq) == self.head.hash

    def transact(self, tx: Transaction, units: Sequence[Unit], *, serve: int = 0) -> Commit:
        """Take the units in, and up to `serve` deadlines that are due. `settle` afterwards, when it is committed."""
        self.catch_up(tx)
        now = to_micros(tx.now) // 1000
        back = self.last - now
        batch = _Batch(self.state, self.head, now if back > _AHEAD else max(self.last, now))
        if back > _AHEAD:
            _LOG.error("the clock was set back", extra={"seconds": back / 1000})
            batch.event(ClockSetBack(by=back), None)
            outbox.set_back(tx, timedelta(milliseconds=_AHEAD))
        due = deadlines.due(tx, serve) if serve else []
        served = [batch.deadline(one) for one in due]
        taken = [batch.unit(tx, unit) for unit in units]
        head = batch.write(tx)
        for number, unit in enumerate(units):
            if unit.write is not None and taken[number].failed is None:
                head, value = unit.write(tx, head)
                taken[number] = Taken(value=value)
        late = [(tx.now - one.due).total_seconds() for one in due]
        return Commit(batch.state, head, batch.now, taken, served, late, len(batch.effects), tx.now)

    def settle(self, commit: Commit) -> None:
        self.state, self.head, self.last = commit.state, commit.head, commit.last

    def take(self, *units: Unit) -> list[Taken]:
        """A transaction of its own, for those who have no writer's thread."""
        with self.store.write() as tx:
            commit = self.transact(tx, units)
        self.settle(commit)
        return commit.taken

    def snapshot(self) -> Callable[[Transaction, Head], tuple[Head, Any]]:
        """What writes the state as it is now, for `Unit.write`."""
        state, seq = self.state, self.head.seq
        found = snapshots.Snapshot(seq, VERSION, encode(state))
        return lambda tx, head: (snapshots.take(tx, head, found), seq)


class _Batch:
    """What one transaction is about to write."""

    def __init__(self, state: State, head: Head, now: Instant) -> None:
        self.state = state
        self.head = head
        self.now = now
        self.entries: list[New] = []
        self.effects: list[tuple[int, Effect]] = []
        self.deadlines: dict[str, Instant | None] = {}
        self.plans: list[bytes] = []

    @property
    def time(self) -> datetime:
        return from_millis(self.now)

    def deadline(self, one: deadlines.Deadline) -> Taken:
        self.deadlines[one.key] = None  # unless it is set again by what follows
        taken = self.event(DeadlineReached(key=one.key, due=to_micros(one.due) // 1000), None)
        if taken.failed is not None:
            self.deadlines[one.key] = self.now + _PUT_OFF
        return taken

    def unit(self, tx: Transaction, unit: Unit) -> Taken:
        value = None
        if unit.within is not None:
            try:
                value = unit.within(tx)
            except Fenced as fenced:
                return Taken(failed=fenced)
        if unit.note is not None:
            kind, body = unit.note
            self.entries.append(New(self.time, kind, body, unit.arrival))
        if unit.event is None:
            return Taken(at=self.now, value=value)
        return msgspec.structs.replace(self.event(unit.event, unit.arrival), value=value)

    def event(self, event: Events, arrival: Arrival | None) -> Taken:
        try:
            step = reduce(self.state, event, self.now)
            deadlines_set = {
                change.key: change.due if isinstance(change, SetDeadline) else None for change in step.deadlines
            }
            effects = [effect_row(one) for one in step.effects]
            body = written(event, step.decisions, arrival)
        except Exception as error:  # noqa: BLE001  (total by its own tests; a mistake there must not lose the event)
            said = f"{type(error).__name__}: {error}"
            self.entries.append(New(self.time, FAULT, written(event, (), arrival, said), arrival))
            return Taken(at=self.now, failed=Faulty(said))
        self.state = step.state
        self.entries.append(New(self.time, kind_of(event), body, arrival))
        seq = self.head.seq + len(self.entries)
        self.effects.extend((seq, effect) for effect in effects)
        self.deadlines.update(deadlines_set)
        if isinstance(event, PlanLoaded):
            self.plans.append(event.text.encode())
        return Taken(step, self.now)

    def write(self, tx: Transaction) -> Head:
        head = log.append(tx, self.head, self.entries) if self.entries else self.head
        outbox.add(tx, self.effects)
        deadlines.cancel(tx, [key for key, due in self.deadlines.items() if due is None])
        deadlines.put(
            tx, [deadlines.Deadline(key, from_millis(due)) for key, due in self.deadlines.items() if due is not None]
        )
        for text in self.plans:
            snapshots.put_plan(tx, text)
        return head


def beginning(tx: Transaction) -> tuple[int, State]:
    """From where the log can be folded: from its first entry, or where retention has erased events from a snapshot."""
    return _newest(tx) if log.erased(tx, EVENT) else (0, State())


def _newest(tx: Transaction) -> tuple[int, State]:
    found = snapshots.newest(tx, VERSION)
    return (0, State()) if found is None else (found.seq, decode(found.body, lambda digest: _plan(tx, digest)))


def effect_row(one: wanted.Effect) -> Effect:
    """In the lane of its kind: one that hangs, or of which there are very many, holds up its own lane alone."""
    lane = "once" if one.once else LANES.get(one.kind, "other")
    return Effect(one.key, one.kind, encode_body(one.body), one.once, lane)


def from_millis(millis: Instant) -> datetime:
    return from_micros(millis * 1000)


def _plan(tx: Transaction, digest: str) -> plan.Plan:
    text = snapshots.plan(tx, bytes.fromhex(digest))
    found = plan.read(text) if text is not None else plan.Fault("it is not in the store")
    if isinstance(found, plan.Fault):
        raise NoStore(f"the plan {digest[:12]}, with which an incident began, cannot be read: {found}")
    return found
