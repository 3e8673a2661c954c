"""What one replica at a time does beside the work: snapshots, retention, and a watch over what it is told by.

Whoever holds the lease of that name does it. A replica that cannot commit its own lease is not ready.
"""

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from watchbill.executor.connections import Connections
from watchbill.executor.core import encode
from watchbill.executor.core.coding import VERSION
from watchbill.executor.engine import Engine, Faulty, Unit
from watchbill.executor.monitoring import Monitoring
from watchbill.executor.plan import Plan, milliseconds
from watchbill.executor.probing import probe
from watchbill.executor.store import leases, retention, snapshots
from watchbill.executor.store.connect import Unavailable, first_line
from watchbill.executor.store.log import Keep
from watchbill.executor.web.metrics import Metrics
from watchbill.executor.writer import LEASE, Overloaded, Writer

_LOG = logging.getLogger("watchbill.keeper")
_EVERY = 5.0  # seconds between two looks
_MANY = 20_000  # entries after which a snapshot is taken
_OLD = 600.0  # seconds after which one is taken if anything happened
_ERASES = 3600.0  # seconds between two rounds of retention
_PROBES = 30.0  # seconds between two looks at what is monitored by


class Keeper:
    """Threads of its own. Start it after the writer, stop it before. `replica` is the lease that shows that it lives."""

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        metrics: Metrics,
        monitoring: Monitoring,
        connections: Connections,
        replica: str,
    ) -> None:
        self._replica = replica
        self._engine = engine
        self._writer = writer
        self._metrics = metrics
        self._monitoring = monitoring
        self.connections = connections
        self._stopping = threading.Event()
        self._lease: leases.Lease | None = None
        self._kept = (engine.head.seq, time.monotonic())
        self._erased = 0.0
        self._threads = [
            threading.Thread(target=self._run, args=(self._keep, _EVERY), name="keeper", daemon=True),
            threading.Thread(target=self._run, args=(self._probe, _PROBES), name="monitor", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """With a last snapshot, so that the next start is quick; and the leases are free for others."""
        self._stopping.set()
        self._threads[0].join(_EVERY)
        try:
            if self._engine.head.seq > self._kept[0]:
                self._snapshot()
            self._do(Unit(within=lambda tx: leases.release_all(tx, self._writer.holder)))
        except (*Unavailable, Overloaded, Faulty) as error:
            _LOG.warning("no snapshot at the end: %s", first_line(error))

    def _run(self, what: Any, every: float) -> None:
        while True:
            try:
                what()
            except (*Unavailable, Overloaded, Faulty) as error:
                _LOG.warning("not kept: %s", first_line(error))
            except Exception:  # noqa: BLE001  (it tries again; the lease shows others that it is alive)
                _LOG.exception("not kept")
            if self._stopping.wait(every):
                return

    def _do(self, unit: Unit) -> Any:
        taken = self._writer.submit(unit).result()
        if taken.failed is not None:
            raise taken.failed
        return taken.value

    def _keep(self) -> None:
        holder = self._writer.holder
        self._do(Unit(within=lambda tx: leases.acquire(tx, self._replica, holder, LEASE)))
        self._lease = self._do(Unit(within=lambda tx: leases.acquire(tx, "keeper", holder, LEASE)))
        if self._lease is None:
            return
        seq, since = self._kept
        new = self._engine.head.seq - seq
        if new >= _MANY or (new > 0 and time.monotonic() - since >= _OLD):
            self._snapshot()
        if time.monotonic() - self._erased >= _ERASES:
            self._retain()

    def _snapshot(self) -> None:
        """Encoded here, not in the writer's thread: state is a value, and stays as it was."""
        state, seq = self._do(Unit(within=lambda _: (self._engine.state, self._engine.head.seq)))
        found = snapshots.Snapshot(seq, VERSION, encode(state))
        head = self._do(Unit(write=lambda tx, head: (after := snapshots.take(tx, head, found), after.seq)))
        self._kept = (head, time.monotonic())

    def _retain(self) -> None:
        plan = self._plan()
        if plan is None:
            return
        for name, length in plan.document.retention.items():
            keep: Keep = "evidence" if name == "evidence" else "incidents"
            age = timedelta(milliseconds=milliseconds(length))
            while not self._stopping.is_set():
                erased = self._do(Unit(write=lambda tx, head, k=keep, a=age: retention.erase(tx, head, k, a)))  # type: ignore[misc]
                self._metrics.erased.inc(erased)
                if not erased:
                    break
        self._erased = time.monotonic()

    def _plan(self) -> Plan | None:
        state = self._engine.state
        return state.library.get(state.plan or "")

    # What it is told by

    def _probe(self) -> None:
        plan = self._plan()
        if plan is None or self._lease is None:
            return
        for part, trouble in probe(plan.document, self.connections, time.time_ns() // 1_000_000).items():
            self._monitoring(part, trouble)
