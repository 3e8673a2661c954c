"""Who does an effect: one line for each kind. A kind without a handler is told to the core as not done, and escalates.

A handler runs in a thread of its own and may block. It never raises for trouble outside: it answers, or asks to be
tried again. What it must leave behind (evidence, custody) goes through `Outside`, which returns when it is durable.
"""

import importlib
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from watchbill.executor.connections import Connections
from watchbill.executor.core import State
from watchbill.executor.core.effects import Bodies
from watchbill.executor.core.events import Events, Instant
from watchbill.executor.plan import Plan
from watchbill.executor.store.log import Keep

# The module that does a kind of effect; it has `handle(work, outside)`, and for `act` also `record(work, outside)`.
HANDLERS: dict[str, str] = {
    "act": "watchbill.executor.acting",
    "ask": "watchbill.executor.outward.sending",
    "close": "watchbill.executor.outward.sending",
    "collect": "watchbill.executor.diagnostics",
    "message": "watchbill.executor.outward.sending",
    "note": "watchbill.executor.outward.sending",
    "page": "watchbill.executor.outward.sending",
    "query": "watchbill.executor.asking",
    "reconcile": "watchbill.executor.reconcile",
}
READS_ONLY = frozenset({"reconcile", "query"})  # what `serve --observe` still does


class Work(msgspec.Struct, frozen=True):
    """One effect to be done now. `key` is its idempotency key, `attempt` counts from 1.

    `held` says whether the lease still holds: ask before anything that cannot be taken back. `recorded` is what `record`
    gave, for actions.
    """

    key: str
    body: Bodies
    attempt: int
    held: Callable[[], bool]
    recorded: str | None = None


def _uncounted(_channel: str, _outcome: str) -> None:
    """Where nobody counts."""


class Outside(msgspec.Struct, frozen=True):
    """What a handler may use of the executor. `state` is as of now; `plan` gives one by digest.

    `connections` are what this installation can reach, and by which credentials. `sent` counts a message: by which
    channel, and what became of it.
    """

    state: Callable[[], State]
    now: Callable[[], Instant]
    keep: Callable[[bytes, Keep], str]
    note: Callable[[str, dict[str, str]], None]
    connections: Connections = Connections()
    sent: Callable[[str, str], None] = _uncounted

    def plan(self, digest: str | None = None) -> Plan | None:
        """The plan of a digest, or the one in force."""
        state = self.state()
        return state.library.get(digest or state.plan or "")


class Again(msgspec.Struct, frozen=True):
    """It could not be done now. `after` is in seconds; None leaves it to the runner. Only for what may be repeated."""

    detail: str
    after: float | None = None


class Handler(Protocol):
    """A module of HANDLERS. `handle` answers with the event that settles the effect."""

    def handle(self, work: Work, outside: Outside) -> Events | Again: ...


def handler(kind: str) -> Any:
    """The module for a kind, or None."""
    name = HANDLERS.get(kind)
    return None if name is None else importlib.import_module(name)
