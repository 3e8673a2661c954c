"""`watchbill serve`: the parts put together, started in order, and stopped in the other order.

Start: plan, store, state; then the writer, the lanes, the keeper; then the door is opened. Stop: the door is closed, what
was let in is answered, effects under way get a while, then a last snapshot, and the leases are handed back.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import uvicorn

from watchbill.executor import connections
from watchbill.executor.auditor import Auditor
from watchbill.executor.connections import Connections
from watchbill.executor.core.decisions import Ignored
from watchbill.executor.core.events import ModeSet, PlanLoaded
from watchbill.executor.engine import Commit, Engine, Unit
from watchbill.executor.entries import event_of, noted
from watchbill.executor.handlers import Outside
from watchbill.executor.keeper import Keeper
from watchbill.executor.lanes import Effects
from watchbill.executor.monitoring import Monitoring
from watchbill.executor.outward import routes
from watchbill.executor.plan import Plan
from watchbill.executor.reloading import Reloader, Watched, plan_file
from watchbill.executor.store import deadlines, leases, log, outbox
from watchbill.executor.store.connect import NoStore, Store, Transaction, Unavailable
from watchbill.executor.store.log import Keep
from watchbill.executor.traces import Traces
from watchbill.executor.web import access
from watchbill.executor.web.access import Credential, Proxy
from watchbill.executor.web.app import Intake, app
from watchbill.executor.web.arriving import Bounded
from watchbill.executor.web.metrics import Metrics
from watchbill.executor.writer import LEASE, Writer

_LOG = logging.getLogger("watchbill.serve")
_OBSERVER = "serve --observe"
_PATIENCE = 10.0  # seconds for what is under way when it is told to stop
_THREADS = {"once": 8, "urgent": 16, "look": 8, "collect": 4, "other": 8}  # of each lane


class Settings(msgspec.Struct, frozen=True):
    """`listening` is bound already, so that an address in use is told before anything is started. `path` is the plan's file;
    those of the credentials and the connections are None where there is none.
    """

    plan: Plan
    path: Path
    store: Store
    listening: socket.socket
    credentials: tuple[Credential, ...]
    proxy: Proxy
    observe: bool
    version: str
    connections: Connections = Connections()
    credentials_path: Path | None = None
    connections_path: Path | None = None


class Executor:
    """One process of the executor, without its door."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = Engine(settings.store)
        self.engine.recover()
        self.writer = Writer(self.engine, f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}")
        self.metrics = Metrics(settings.version, self._waiting)
        self.writer.told += [self.metrics.committed, _tell]
        outside = Outside(
            state=lambda: self.engine.state,
            now=lambda: time.time_ns() // 1_000_000,
            keep=self._put,
            note=self._note,
            connections=settings.connections,
            sent=self.metrics.sent,
        )
        self.lanes = [
            Effects(self.writer, outside, name=name, threads=threads, observe=settings.observe)
            for name, threads in _THREADS.items()
        ]
        for lane in self.lanes:
            lane.done.append(self.metrics.done)
            lane.claimed.append(self.metrics.claimed)
        monitoring = Monitoring(self.engine, self.writer, self.metrics)
        self.replica = f"{'observer' if settings.observe else 'replica'}/{self.writer.holder}"
        self.keeper = Keeper(self.engine, self.writer, self.metrics, monitoring, settings.connections, self.replica)
        self.credentials, self.connections = settings.credentials, settings.connections
        self.reloader = Reloader(list(self._files()))
        self.auditor = Auditor(settings.store, monitoring)
        self.stopping = False

    def start(self) -> None:
        """Raises NoStore when this store is not for it."""
        self._fits()
        with self.settings.store.write() as tx:
            self._alone(tx)
        self.writer.start()
        for unit in self._first():
            self.writer.submit(unit).result()
        self.metrics.open.set(self.engine.state.open)
        for lane in self.lanes:
            lane.begin()
        self.keeper.start()
        self.reloader.start()
        self.auditor.start()
        self._tell_useless()
        self._tell_unreached()

    def _files(self) -> Iterator[Watched]:
        settings = self.settings
        yield plan_file(settings.path, settings.plan, self.writer)
        if settings.credentials_path is not None:
            yield Watched("tokens' file", settings.credentials_path, self._let_in)
        if settings.connections_path is not None:
            yield Watched("connections' file", settings.connections_path, self._connect)

    def _let_in(self, text: bytes) -> str | None:
        found = access.read(text)
        if isinstance(found, str):
            return found
        if found != self.credentials:
            self.credentials = found
            _LOG.info("new tokens are in force", extra={"tokens": len(found)})
            self._tell_useless()
        return None

    def _connect(self, text: bytes) -> str | None:
        found = connections.read(text)
        if isinstance(found, str):
            return found
        if found != self.connections:
            self.connections = self.keeper.connections = found
            for lane in self.lanes:
                lane.outside = msgspec.structs.replace(lane.outside, connections=found)
            _LOG.info("new connections are in force")
            self._tell_unreached()
        return None

    def _plan(self) -> Plan:
        return self.engine.state.library.get(self.engine.state.plan or "", self.settings.plan)

    def _tell_useless(self) -> None:
        document = self._plan().document
        nobody = access.useless(self.credentials, document.environment, document.places, self.settings.proxy)
        if nobody:
            _LOG.warning("credentials that let nobody in", extra={"credentials": nobody})

    def _tell_unreached(self) -> None:
        unreached = {} if self.settings.observe else routes.unreached(self._plan(), self.connections)
        for said, teams in unreached.items():
            if teams:
                _LOG.warning("teams that may be paged have no connection that %s them", said, extra={"teams": teams})

    def _fits(self) -> None:
        """Alerts of one environment contradict the plan of another: all of them would open incidents that nobody handles."""
        known, mine = (
            self.engine.state.library.get(self.engine.state.plan or ""),
            self.settings.plan.document.environment,
        )
        if known is not None and known.document.environment != mine:
            raise NoStore(
                f"{self.settings.store.name} belongs to {known.document.environment}, and the plan is of {mine}: each"
                " environment has a database of its own"
            )

    def _alone(self, tx: Transaction) -> None:
        """One that observes would take pages from those that act, and send none."""
        others = "replica/" if self.settings.observe else "observer/"
        if leases.holders(tx, others):
            here = "acts" if self.settings.observe else "only observes"
            raise NoStore(
                f"an executor that {here} runs on {self.settings.store.name}, and one that observes would take its pages"
                " and send none: stop it first (one that was killed counts for 15 seconds), or use a copy (watchbill"
                " backup, watchbill restore)"
            )
        leases.acquire(tx, self.replica, self.writer.holder, LEASE)

    def stop(self) -> None:
        self.stopping = True
        for lane in self.lanes:
            lane.cease()  # they end side by side
        left = sum(lane.stop(_PATIENCE if lane.name == "once" else _PATIENCE / 5) for lane in self.lanes)
        if left:
            _LOG.warning("effects were still under way; of those done once, nobody will know", extra={"effects": left})
        self.auditor.stop()
        self.reloader.stop()
        self.keeper.stop()
        self.writer.stop()

    def ready(self) -> str | None:
        """Why it cannot take webhooks in, or None."""
        if self.stopping:
            return "the executor is stopping"
        last = self.writer.committed_at
        if last is None or time.monotonic() - last > LEASE.total_seconds():
            return "the database has taken nothing for a while"
        return None

    def _first(self) -> Iterator[Unit]:
        """The plan, if it is not the one in force; and what the command line says of the mode."""
        state, plan = self.engine.state, self.settings.plan
        if state.plan != plan.digest:
            yield Unit(PlanLoaded(text=plan.text.decode()))
        if self.settings.observe and state.mode != "observe":
            yield Unit(ModeSet(mode="observe", person=_OBSERVER))
        if not self.settings.observe and state.mode == "observe" and self._observed():
            yield Unit(ModeSet(mode=None, person="serve"))

    def _observed(self) -> bool:
        """Whether it was a start with --observe that set the mode, and not a person."""
        with self.settings.store.read() as tx:
            last = [entry.body for entry in log.entries(tx, prefix="event.mode-set")][-1:]
        event = event_of(last[0]) if last and last[0] is not None else None
        return isinstance(event, ModeSet) and event.person == _OBSERVER

    def _put(self, body: bytes, keep: Keep) -> str:
        (digest,) = self.writer.submit(Unit(within=lambda tx: log.put(tx, [body], keep))).result().value
        return bytes(digest).hex()

    def _note(self, kind: str, note: dict[str, str]) -> None:
        self.writer.submit(Unit(note=(kind, noted(note)))).result()

    def _waiting(self) -> dict[tuple[str, str], int]:
        try:
            with self.settings.store.read() as tx:
                rows = {("outbox", state): number for state, number in outbox.waiting(tx).items()}
                rows["deadlines", "set"] = deadlines.number(tx)
                rows["leases", "replica"] = leases.holders(tx, self.replica.partition("/")[0] + "/")
        except Unavailable:
            return {}
        return rows


def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; SIGHUP looks at the files at once. Raises NoStore, NoTraces and Unavailable before it is ready."""
    started = time.monotonic()
    traces = Traces(settings.version)
    executor = Executor(settings)
    executor.start()
    intake = Intake(
        writer=executor.writer,
        environment=settings.plan.document.environment,
        credentials=lambda: executor.credentials,
        proxy=settings.proxy,
        metrics=executor.metrics,
        traces=traces,
        ready=executor.ready,
        version=settings.version,
    )
    host, port = settings.listening.getsockname()[:2]
    told: dict[str, object] = {
        "listen": f"{host}:{port}",
        "database": settings.store.name,
        "plan": settings.plan.digest,
        "mode": "observe" if settings.observe else settings.plan.mode,
        "incidents": executor.engine.state.open,
        "seconds": round(time.monotonic() - started, 3),
    }
    try:
        asyncio.run(_listen(intake, settings.listening, told, executor.reloader.look_now))
    finally:
        executor.stop()
        settings.store.close()
        traces.close()
        _LOG.info("stopped", extra={"head": str(executor.engine.head)})


class _Server(uvicorn.Server):
    """Leaves signals alone: what comes after it must still be done. Tells when it is ready."""

    told: Mapping[str, object]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _LOG.info("ready", extra=dict(self.told))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def config(intake: Intake) -> uvicorn.Config:
    """How the server before the intake is set up."""
    return uvicorn.Config(
        app(intake),
        http=Bounded,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,  # the peer's address decides whether a proxy is believed
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        limit_concurrency=2000,
    )


async def _listen(
    intake: Intake, listening: socket.socket, told: Mapping[str, object], reload: Callable[[], None]
) -> None:
    server = _Server(config(intake))
    server.told = told

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    await server.serve(sockets=[listening])


def _tell(commit: Commit, _: float) -> None:
    """What was decided, a line each; what changed nothing is in the log of the store alone."""
    for taken in (*commit.taken, *commit.served):
        for decision in taken.step.decisions if taken.step is not None else ():
            if not isinstance(decision, Ignored):
                told = msgspec.to_builtins(decision)
                incident, kind = told.pop("incident", None), told.pop("type")
                _LOG.info(kind, extra={"incident": incident, "decision": told})
