"""Lanes: claimed effects, each done in a thread of its own. What is done once has a lane, what wakes or asks somebody
another, and so have questions to Prometheus, diagnostics, and everything else: a page waits neither for a restart or a
Prometheus that hangs nor behind a thousand notes.

Of what is done `once` the intent is committed first, and the core has the last word on it; then the act; then the
result. Whoever dies or sleeps in between leaves it unknown. Everything else is tried again until it is given up.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from watchbill.executor.core import permitted
from watchbill.executor.core.effects import Act, Bodies, Query, decode_body
from watchbill.executor.core.events import ActionStarted, Events, MessageSettled
from watchbill.executor.engine import Faulty, Taken, Unit, from_millis
from watchbill.executor.entries import BEGUN, noted
from watchbill.executor.handlers import READS_ONLY, Again, Outside, Work, handler
from watchbill.executor.settling import undone, unknown
from watchbill.executor.store import outbox
from watchbill.executor.store.connect import Unavailable, first_line
from watchbill.executor.store.outbox import Claim, Fenced
from watchbill.executor.writer import LEASE, Overloaded, Writer

_LOG = logging.getLogger("watchbill.effects")
_TRIES = 8
_CLAIMS = 2 * _TRIES  # from here on it is the effect, and no accident, of which processes die
_LONGEST = 60.0  # seconds between two tries
_MARGIN = 1.0  # seconds before the end of a lease from which on it is not counted on
_RENEWALS = LEASE.total_seconds() / 3


class _Lost(Exception):  # noqa: N818
    """The lease went to somebody else, or into the void."""


class Effects:
    """One lane. `observe` does only what reads. `outside` may be replaced; what is under way goes on with the one before.

    Register with the writer, start, and stop before the writer.
    """

    def __init__(self, writer: Writer, outside: Outside, *, name: str, threads: int, observe: bool = False) -> None:
        self.name = name
        self.observe = observe
        self.done: list[Callable[[str, str, float], None]] = []
        self.claimed: list[Callable[[float], None]] = []
        self._writer = writer
        self.outside = outside
        self._threads = threads
        self._held: dict[str, tuple[Claim, float]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._renewer = threading.Thread(target=self._renew, name="renewer", daemon=True)
        writer.lanes.append(self)

    def begin(self) -> None:
        self._renewer.start()

    def free(self) -> int:
        return 0 if self._stopping.is_set() else self._threads - len(self._held)

    def start(self, claims: Sequence[Claim]) -> None:
        until = time.monotonic() + LEASE.total_seconds() - _MARGIN
        with self._lock:
            self._held.update({claim.effect.key: (claim, until) for claim in claims})
        for claim in claims:
            for tell in self.claimed:
                tell((claim.lease_until - LEASE - claim.waited_since).total_seconds())
            try:
                threading.Thread(target=self._do, args=(claim,), name=claim.effect.kind, daemon=True).start()
            except RuntimeError as error:  # the machine has no thread left: it is not held, and tried again
                _LOG.error("an effect was left to its lease: %s", error, extra={"effect": claim.effect.key})
                with self._lock:
                    self._held.pop(claim.effect.key, None)

    def cease(self) -> None:
        """Claim no more."""
        self._stopping.set()

    def stop(self, patience: float) -> int:
        """Claim no more, wait up to so many seconds for what is under way; how many were left in the middle.

        What may be repeated is handed back, so that another may have it at once.
        """
        self.cease()
        end = time.monotonic() + patience
        while self._held and time.monotonic() < end:
            time.sleep(0.02)
        self._stopped.set()
        with self._lock:
            left = [claim for claim, _ in self._held.values()]
        if self.name == "once":
            return len(left)
        for claim in left:
            with contextlib.suppress(*Unavailable, Overloaded):
                self._writer.submit(Unit(within=lambda tx, one=claim: outbox.release(tx, one))).result()  # type: ignore[misc]
        return 0

    # Threads

    def _do(self, claim: Claim) -> None:
        effect = claim.effect
        started, outcome = time.monotonic(), "settled"
        try:
            body = decode_body(effect.body)
            if claim.attempts > _CLAIMS:
                detail = f"given up: of {claim.attempts - 1} who began it nobody could tell the result"
                self._finish(claim, undone(effect.key, body, detail, self.outside.now()))
            else:
                outcome = (self._act_once if effect.once else self._repeatable)(claim, body)
        except (_Lost, *Unavailable, Overloaded, Faulty) as error:
            outcome = "lost"
            _LOG.warning("an effect was left to its lease: %s", error, extra={"effect": effect.key})
        except Exception:  # noqa: BLE001  (a mistake in one effect must not stop the lane)
            outcome = "failed"
            _LOG.exception("an effect failed", extra={"effect": effect.key})
        finally:
            with self._lock:
                self._held.pop(effect.key, None)
            for tell in self.done:
                tell(effect.kind, outcome, time.monotonic() - started)
            self._writer.hungry(self.name)

    def _repeatable(self, claim: Claim, body: Bodies) -> str:
        answer = self._answer(claim, body, self._work(claim, body))
        if isinstance(answer, Again):
            if claim.attempts < _TRIES:
                wait = answer.after if answer.after is not None else min(2.0 ** (claim.attempts - 1), _LONGEST)
                until = from_millis(self.outside.now()) + timedelta(seconds=wait)
                self._write(claim, Unit(within=lambda tx: outbox.put_off(tx, claim, until)))
                return "put off"
            answer = undone(
                claim.effect.key, body, f"given up after {_TRIES} tries: {answer.detail}", self.outside.now()
            )
        self._finish(claim, answer)
        return "settled"

    def _act_once(self, claim: Claim, body: Bodies) -> str:
        key, work = claim.effect.key, self._work(claim, body)
        prepared = self._prepared(claim, body, work)
        if not isinstance(prepared, str | None):
            self._finish(claim, prepared)
            return "refused"
        if isinstance(body, Act):
            begun = Unit(ActionStarted(key=key, recorded=prepared), within=lambda tx: outbox.begin(tx, claim))
            step = self._write(claim, begun).step
            if step is None or not permitted(step, key):
                self._write(claim, Unit(within=lambda tx: outbox.finish(tx, claim)))
                return "not permitted"
        else:
            intent = (BEGUN, noted({"effect": key}))
            self._write(claim, Unit(note=intent, within=lambda tx: outbox.begin(tx, claim)))
        if not work.held():
            raise _Lost("its lease was over before it could be acted on")
        answer = self._tried(claim, self._work(claim, body, prepared))
        if isinstance(answer, Again):  # what was begun is never done again
            answer = unknown(key, body, answer.detail, self.outside.now())
        self._finish(claim, answer)
        return "settled"

    def _prepared(self, claim: Claim, body: Bodies, work: Work) -> Events | str | None:
        """The state before, if it is to be recorded; or, with nothing touched yet, why it is not done."""
        try:
            refused = self._refused(claim, body)
            if refused is not None or not (isinstance(body, Act) and body.record):
                return refused
            recorded: str | Again | None = handler(claim.effect.kind).record(work, self.outside)
        except Exception as error:  # noqa: BLE001  (a handler may be anybody's)
            _LOG.exception("an effect could not be prepared", extra={"effect": claim.effect.key})
            recorded = Again(f"{type(error).__name__}: {error}")
        if isinstance(recorded, Again):
            return undone(claim.effect.key, body, recorded.detail, self.outside.now())
        return recorded

    def _answer(self, claim: Claim, body: Bodies, work: Work) -> Events | Again:
        try:
            refused = self._refused(claim, body)
        except Exception as error:  # noqa: BLE001  (a handler may be anybody's)
            _LOG.exception("a handler cannot be loaded", extra={"effect": claim.effect.key})
            return Again(f"{type(error).__name__}: {error}")
        return refused if refused is not None else self._tried(claim, work)

    def _tried(self, claim: Claim, work: Work) -> Events | Again:
        try:
            answer: Events | Again = handler(claim.effect.kind).handle(work, self.outside)
        except (*Unavailable, Overloaded) as error:
            _LOG.warning("what an effect leaves behind was not kept", extra={"effect": claim.effect.key})
            return Again(f"what it leaves behind cannot be kept: {first_line(error)}")
        except Exception as error:  # noqa: BLE001  (a handler may be anybody's)
            _LOG.exception("an effect failed while it was done", extra={"effect": claim.effect.key})
            return Again(f"{type(error).__name__}: {error}")
        return answer

    def _refused(self, claim: Claim, body: Bodies) -> Events | None:
        """Why it is not even tried."""
        key, kind, now = claim.effect.key, claim.effect.kind, self.outside.now()
        if isinstance(body, (Act, Query)) and now > body.not_after:
            return undone(key, body, "its time was over before it could begin", now)
        if self.observe and kind not in READS_ONLY:
            settled = undone(key, body, "observed only", now)
            return (
                MessageSettled(key=key, arrived=True, detail="observed only")
                if isinstance(settled, MessageSettled)
                else settled
            )
        if handler(kind) is None:
            return undone(key, body, f"nothing in this installation does `{kind}`", now)
        return None

    def _work(self, claim: Claim, body: Bodies, recorded: str | None = None) -> Work:
        return Work(claim.effect.key, body, claim.attempts, lambda: self._holds(claim), recorded)

    def _holds(self, claim: Claim) -> bool:
        held = self._held.get(claim.effect.key)
        return held is not None and held[0].token == claim.token and time.monotonic() < held[1]

    def _finish(self, claim: Claim, answer: Events) -> None:
        self._write(claim, Unit(answer, within=lambda tx: outbox.finish(tx, claim)))

    def _write(self, claim: Claim, unit: Unit) -> Taken:
        """Through the writer; while the database is away, again and again as long as the lease holds."""
        while True:
            try:
                taken = self._writer.submit(unit).result()
            except (*Unavailable, Overloaded):
                if not self._holds(claim):
                    raise
                time.sleep(0.2)
                continue
            if isinstance(taken.failed, Fenced):
                raise _Lost(str(taken.failed))
            return taken

    def _renew(self) -> None:
        while not self._stopped.wait(_RENEWALS):
            with self._lock:
                claims = [claim for claim, _ in self._held.values()]
            if not claims:
                continue
            until = time.monotonic() + LEASE.total_seconds() - _MARGIN
            try:
                renewing = Unit(within=lambda tx, held=claims: outbox.renew(tx, held, LEASE))  # type: ignore[misc]
                kept: list[Any] = self._writer.submit(renewing).result().value
            except (*Unavailable, Overloaded, Faulty) as error:
                _LOG.warning("leases were not renewed: %s", error)
                continue
            with self._lock:
                for claim in kept:
                    if claim.effect.key in self._held:
                        self._held[claim.effect.key] = (claim, until)
