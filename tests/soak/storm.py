"""A storm over the executor: deliveries without a pause while its replicas are killed at random moments.

What must hold afterwards is read from the log, the file that every action was written to, and the answers that were had.
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from executor.small_plan import plan_text
from executor.test_intake import PATH, alert, webhook
from watchbill.executor.core.events import BreakerClosed
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.entries import event_of
from watchbill.executor.store import deadlines, log, outbox
from watchbill.executor.store.chain import digest_of, verify
from watchbill.executor.store.connect import Store, Unavailable

NOWHERE = "http://127.0.0.1:1"
HEADERS = {"Authorization": "Bearer open-sesame"}
PER_HOUR = 40  # of the remediation and of the team
PER_TARGET = 3
_PERIOD = 3600.0


class Outcome(msgspec.Struct, frozen=True):
    """`overdue` deadlines and `unserved` effects are those of a lease after the last kill.

    `worst` is by how many seconds the oldest of those effects was late."""

    kills: int
    answered: int
    lost: int
    overdue: int
    unserved: int
    acted: int
    unknown: int
    twice: tuple[str, ...]
    above: tuple[str, ...]
    worst: float
    entries: int
    broken: str | None


def plan() -> str:
    document = json.loads(
        plan_text(
            alertmanagers=[NOWHERE],
            limits={
                "per_target": PER_TARGET,
                "per_team": PER_HOUR,
                "overall": PER_HOUR,
                "storm": {"incidents": 100_000, "within": "5m", "hold": "10m"},
            },
        ).replace("http://prom:9090", NOWHERE)
    )
    restart = document["remediations"]["restart"]
    restart["inputs"]["deployment"]["allow"] = ["web-[0-9]{1,6}"]
    restart["guardrails"].update(
        {"cooldown": "1s", "max_per_hour": PER_HOUR, "max_targets": 50, "stop_after_failures": 9}
    )
    return json.dumps(document)


class Replica:
    """A process that is started again whenever it is killed."""

    def __init__(self, folder: Path, database: str, lease: float) -> None:
        self.folder, self.database, self.lease = folder, database, lease
        self.address: str | None = None
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        here = Path(__file__).parent / "serving.py"
        argv = [sys.executable, here, "serve", "--plan", self.folder / "plan.json", "--database", self.database]
        environment = {
            "WATCHBILL_INTAKE_TOKEN": "open-sesame",
            "SOAK_EFFECTS": str(self.folder / "effects.jsonl"),
            "SOAK_LEASE": str(self.lease),
        }
        self.process = subprocess.Popen(
            [*map(str, argv), "--listen", "127.0.0.1:0"],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if '"ready"' in line and process is self.process:
                self.address = f"http://{json.loads(line)['listen']}"

    def until_ready(self, seconds: float = 30) -> bool:
        end = time.monotonic() + seconds
        while self.address is None and time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                return False
            time.sleep(0.01)
        return self.address is not None

    def end(self, number: int) -> None:
        assert self.process is not None
        self.address = None
        self.process.send_signal(number)
        self.process.wait(60)


def storm(
    folder: Path,
    database: str,
    *,
    kills: int,
    replicas: int,
    seed: int,
    lease: float = 15.0,
    restart: Callable[[], None] | None = None,
) -> Outcome:
    """Kill one replica after another, `kills` times; every 10 kills the database too, where `restart` does that."""
    (folder / "plan.json").write_text(plan())
    rolled, stopping = random.Random(seed), threading.Event()
    running = [Replica(folder, database, lease) for _ in range(replicas)]
    for one in running:
        one.start()
    assert all(one.until_ready() for one in running)
    answered: set[str] = set()
    threads = [threading.Thread(target=_deliver, args=(running, answered, stopping, start, 4)) for start in range(4)]
    for thread in threads:
        thread.start()
    for kill in range(1, kills + 1):
        one = rolled.choice(running)
        one.until_ready()
        time.sleep(rolled.uniform(0.0, 0.4))
        one.end(signal.SIGKILL)
        if restart is not None and kill % 10 == 0:
            restart()
        one.start()
        while not one.until_ready():  # the database may have been away
            one.start()
        if kill % 10 == 0:
            _look(database)
    stopping.set()
    for thread in threads:
        thread.join()
    time.sleep(lease + 3)  # by now whatever the dead held is somebody's
    late = _left(database)
    for one in running:
        one.end(signal.SIGTERM)
    return _judged(folder, database, kills, answered, late)


def _deliver(running: Sequence[Replica], answered: set[str], stopping: threading.Event, start: int, step: int) -> None:
    client = httpx.Client(timeout=20)
    for number in itertools.count(start, step):
        if stopping.is_set():
            return
        address = running[number % len(running)].address
        labels = {"deployment": f"web-{number}"}
        body = webhook(alert(labels=labels, fingerprint=f"{number:016x}"), receiver=str(number))
        try:
            if (
                address is not None
                and client.post(f"{address}{PATH}", content=body, headers=HEADERS).status_code == 200
            ):
                answered.add(digest_of(body).hex())
        except httpx.HTTPError:
            time.sleep(0.01)
        time.sleep(0.02)


def _look(database: str) -> None:
    """A person looks, and closes the breakers that lost actions have opened."""
    store = Store(database)
    try:
        engine = Engine(store)
        engine.recover()
        for name in engine.state.ledger.breakers:
            engine.take(Unit(BreakerClosed(breaker=name, person="ana")))
    except Unavailable:
        pass
    finally:
        store.close()


def _left(database: str) -> tuple[int, int, float]:
    """Deadlines and effects that should have been served, and by how much the oldest is late."""
    store = Store(database)
    with store.read() as tx:
        overdue = [one for one in deadlines.due(tx, 10_000) if (tx.now - one.due).total_seconds() > 2]
        soonest = outbox.soonest(tx)
        waiting = sum(outbox.waiting(tx).values())
        late = max(0.0, (tx.now - soonest).total_seconds()) if soonest is not None else 0.0
    store.close()
    return len(overdue), waiting if late > 2 else 0, late


def _judged(folder: Path, database: str, kills: int, answered: set[str], late: tuple[int, int, float]) -> Outcome:
    store = Store(database)
    with store.read() as tx:
        verdict = verify(lambda: log.raw(tx))
        taken = {event_of(one.body).delivery for one in log.entries(tx, prefix="event.delivered")}  # type: ignore[union-attr, arg-type]
        unknown = len(list(log.entries(tx, prefix="event.action-unknown")))
    store.close()
    file = folder / "effects.jsonl"
    acts: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    keys = Counter(act["key"] for act in acts)
    begun = [act for act in acts if act["undo"] is None]
    return Outcome(
        kills=kills,
        answered=len(answered),
        lost=len(answered - taken),
        overdue=late[0],
        unserved=late[1],
        acted=len(acts),
        unknown=unknown,
        twice=tuple(sorted(key for key, number in keys.items() if number > 1)),
        above=(*_above(begun, "remediation", PER_HOUR), *_above(begun, "target", PER_TARGET)),
        worst=late[2],
        entries=verdict.head.seq,
        broken=None if verdict.broken is None else str(verdict.broken),
    )


def _above(acts: Sequence[dict[str, Any]], by: str, limit: int) -> list[str]:
    """Of what more than `limit` were begun within some hour."""
    found = []
    for name in sorted({act[by] for act in acts}):
        times = sorted(act["at"] for act in acts if act[by] == name)
        if any(later - first < _PERIOD for first, later in zip(times, times[limit:], strict=False)):
            found.append(f"{by} {name}")
    return found
