"""Files that are looked at now and then and at SIGHUP: a newer plan, newer tokens and connections hold without a restart.

Only a file that has changed since this process last looked is taken in, so that replicas with different plans do not take
turns. One that cannot be used changes nothing; the log says so once.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchbill.executor import plan
from watchbill.executor.core.events import PlanLoaded
from watchbill.executor.engine import Faulty, Unit
from watchbill.executor.plan import Plan
from watchbill.executor.store.connect import Unavailable, first_line
from watchbill.executor.writer import Overloaded, Writer

_LOG = logging.getLogger("watchbill.reload")
_EVERY = 10.0  # seconds between two looks


class Watched:
    """A file. `take` puts its bytes in force, or says why not; `seen` is the digest of what this process began with."""

    def __init__(self, name: str, path: Path, take: Callable[[bytes], str | None], seen: str | None = None) -> None:
        self.name = name
        self._path = path
        self._take = take
        self._seen = seen

    def look(self) -> None:
        """What `take` raises leaves it to the next look."""
        try:
            text = self._path.read_bytes()
        except OSError as error:
            why = f"it cannot be read: {error.strerror}"
            self._looked("unreadable", lambda: why)
        else:
            self._looked(plan.digest_of(text), lambda: self._take(text))

    def _looked(self, seen: str, taken: Callable[[], str | None]) -> None:
        if seen == self._seen:
            return
        why = taken()
        self._seen = seen
        if why is not None:
            _LOG.error("the %s is not taken, and the one before stays in force: %s", self.name, why)


def plan_file(path: Path, known: Plan, writer: Writer) -> Watched:
    """The plan's. `known` is the one with which the process has started."""
    mine = known.document.environment

    def take(text: bytes) -> str | None:
        found = plan.read(text)
        if isinstance(found, plan.Fault):
            return str(found)
        if found.document.environment != mine:
            return f"it is of {found.document.environment}, and this executor serves {mine}"
        if writer.engine.state.plan != found.digest:
            writer.submit(Unit(PlanLoaded(text=text.decode()))).result()
        _LOG.info("a new plan is in force", extra={"plan": found.digest})
        return None

    return Watched("plan's file", path, take, known.digest)


class Reloader:
    """A thread of its own."""

    def __init__(self, files: Sequence[Watched]) -> None:
        self._files = files
        self._wanted = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="reloader", daemon=True)

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
            for file in self._files:
                try:
                    file.look()
                except (*Unavailable, Overloaded, Faulty) as error:
                    _LOG.warning("the %s was not taken in: %s", file.name, first_line(error))
                except Exception:  # noqa: BLE001  (it looks again)
                    _LOG.exception("the %s was not taken in", file.name)
