"""The plan's file, looked at now and then and at SIGHUP: a newer one is in force without a restart.

Only a file that has changed since this process last looked is taken in, so that replicas with different files do not take
turns. One that is no plan, or another environment's, changes nothing; the log says so once.
"""

import logging
import threading
from pathlib import Path

from watchbill.executor import plan
from watchbill.executor.core.events import PlanLoaded
from watchbill.executor.engine import Faulty, Unit
from watchbill.executor.plan import Plan
from watchbill.executor.store.connect import Unavailable, first_line
from watchbill.executor.writer import Overloaded, Writer

_LOG = logging.getLogger("watchbill.plan")
_EVERY = 10.0  # seconds between two looks


class Reloader:
    """A thread of its own. `known` is the plan with which the process has started."""

    def __init__(self, path: Path, known: Plan, writer: Writer) -> None:
        self._path = path
        self._environment = known.document.environment
        self._seen: str | None = known.digest
        self._writer = writer
        self._wanted = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="plan", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wanted.set()
        self._thread.join(_EVERY)

    def look_now(self) -> None:
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait(_EVERY)
            self._wanted.clear()
            if self._stopping:
                return
            try:
                self._look()
            except (*Unavailable, Overloaded, Faulty) as error:
                self._seen = None  # the next look tries again
                _LOG.warning("the plan was not taken in: %s", first_line(error))
            except Exception:  # noqa: BLE001  (it looks again)
                _LOG.exception("the plan was not taken in")

    def _look(self) -> None:
        try:
            text = self._path.read_bytes()
        except OSError as error:
            self._refused("unreadable", f"it cannot be read: {error.strerror}")
            return
        digest = plan.digest_of(text)
        if digest == self._seen:
            return
        found = plan.read(text)
        if isinstance(found, plan.Fault):
            self._refused(digest, str(found))
        elif found.document.environment != self._environment:
            self._refused(
                digest, f"it is of {found.document.environment}, and this executor serves {self._environment}"
            )
        else:
            self._seen = digest
            if self._writer.engine.state.plan != digest:
                self._writer.submit(Unit(PlanLoaded(text=text.decode()))).result()
            _LOG.info("a new plan is in force", extra={"plan": digest})

    def _refused(self, seen: str, why: str) -> None:
        if seen != self._seen:
            self._seen = seen
            _LOG.error("the plan's file is not taken, and the one before stays in force: %s", why)
