"""Deadlines and the outbox anew from the log, for when their tables were damaged or changed by hand.

The log is what happened; every other table follows from it. What it says was begun and never ended is unknown, as after
any loss: it is told, and never done again.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from watchbill.executor.core import State, permitted, reduce
from watchbill.executor.core.events import ActionStarted, Events
from watchbill.executor.engine import Engine, beginning, effect_row, from_millis
from watchbill.executor.entries import BEGUN, EVENT, event_of, note_of
from watchbill.executor.store import deadlines, log, outbox
from watchbill.executor.store.chain import to_micros
from watchbill.executor.store.connect import Transaction
from watchbill.executor.store.outbox import Row, RowState

REBUILT = "store.rebuilt"
_ENDS: dict[str, RowState] = {"action-unknown": "unknown"}
_SETTLE = ("action-finished", "action-unknown", "message-settled", "collected", "query-answered", "reconciled")


class Rebuilt(msgspec.Struct, frozen=True):
    """How many deadlines were missing, wrong or never set, how many effects were missing, and how many nobody wanted."""

    deadlines: int
    missing: int
    unwanted: int


def rebuild(engine: Engine) -> Rebuilt:
    """In one transaction, as the log's writer: replicas may run meanwhile, and what they hold stays theirs.

    Where retention has erased events it begins at the snapshot, and rows of effects from before it stay as they are.
    """
    with engine.store.write() as tx:
        engine.catch_up(tx)
        since, state = beginning(tx)
        state, wanted = _followed(tx, since, state)
        known, rows = _deadlines(state), deadlines.everything(tx)
        wrong = {key for key, _ in known.items() ^ rows.items()}
        deadlines.cancel(tx, rows.keys() - known.keys())
        deadlines.put(tx, [deadlines.Deadline(key, due) for key, due in known.items() if key in wrong])
        there = outbox.keys(tx, since)
        missing = [row for key, row in wanted.items() if key not in there]
        outbox.put_back(tx, missing)
        outbox.drop(tx, there - wanted.keys())
        found = Rebuilt(len(wrong), len(missing), len(there - wanted.keys()))
        if found != Rebuilt(0, 0, 0):
            at, said = max(tx.now, from_millis(engine.last)), msgspec.json.encode(found)
            log.append(tx, engine.head, [log.New(at, REBUILT, said)])
    return found


def _deadlines(state: State) -> dict[str, datetime]:
    known = {f"executor/{name}": due for name, due in state.deadlines.items()}
    for one in state.incidents.values():
        known |= {f"{one.id}/{name}": due for name, due in one.deadlines.items()}
    return {key: from_millis(due) for key, due in known.items()}


def _followed(tx: Transaction, since: int, state: State) -> tuple[State, dict[str, Row]]:
    """The state at the end, and what the log knows of each effect that it wants."""
    wanted: dict[str, Row] = {}
    for entry in log.entries(tx, since):
        if entry.kind == BEGUN and entry.body is not None:
            _mark(wanted, note_of(entry.body).get("effect", ""), "acting")
        if not entry.kind.startswith(EVENT) or entry.body is None:
            continue
        event = event_of(entry.body)
        step = reduce(state, event, to_micros(entry.time) // 1000)
        state = step.state
        for one in step.effects:
            wanted.setdefault(one.key, Row(effect_row(one), entry.seq, "waiting"))
        if isinstance(event, ActionStarted):
            _mark(wanted, event.key, "acting" if permitted(step, event.key) else "done")
        for key, end in _ends(event):
            _mark(wanted, key, end)
    return state, wanted


def _ends(event: Events) -> Iterator[tuple[str, RowState]]:
    tag = str(type(event).__struct_config__.tag)
    if tag in _SETTLE:
        yield getattr(event, "key"), _ENDS.get(tag, "done")  # noqa: B009  (each of these has one)


def _mark(wanted: dict[str, Row], key: str, state: RowState) -> None:
    """An end is final; but whoever was refused and then lost is told as unknown."""
    row = wanted.get(key)
    if row is not None and row.state != "unknown" and (row.state != "done" or state == "unknown"):
        wanted[key] = msgspec.structs.replace(row, state=state)
