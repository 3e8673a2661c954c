"""A storm over the executor: deliveries without a pause while its replicas are killed at random moments.

Kills come at any moment: while a replica starts, between an intent and its act, within a commit. Of three replicas one is
also stopped now and then for longer than a lease, and goes on where it was: only fencing keeps it from writing. Where
`restart` does that the database goes too. `judging.py` says what must hold afterwards.
"""

import itertools
import json
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec

from executor.small_plan import plan_text
from executor.test_intake import PATH, alert, webhook
from soak.judging import Figures, Findings, judged
from soak.replica import Nursery, Replica
from soak.watching import Watch
from watchbill.executor.core.events import BreakerClosed
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.store import deadlines, log, outbox
from watchbill.executor.store.chain import Head, digest_of
from watchbill.executor.store.connect import PAUSED, Store, Unavailable

NOWHERE = "http://127.0.0.1:1"
HEADERS = {"Authorization": "Bearer open-sesame"}
LIMITS = {"remediation": 22, "target": 2, "overall": 20}
GRACE = 3.0  # seconds after a lease until it is somebody's: two looks a second, a commit, and a lane that is free
_SENDERS = 4
_SEVERITY = {"Slow": "critical", "Full": "warning"}
_LOADED = 0.9  # of kills wait until the replica is ready; the others come while it starts
_LOOKS = 5  # kills between two looks of a person
_RESTARTS = 10  # kills between two of the database
_PAUSES = 7  # kills between two pauses


class Outcome(msgspec.Struct, frozen=True):
    kills: int
    pauses: int
    restarts: int
    findings: Findings
    figures: Figures

    @property
    def bad(self) -> dict[str, tuple[str, ...]]:
        """What was found, by name."""
        return {name: found for name, found in msgspec.structs.asdict(self.findings).items() if found}


def plan() -> str:
    """Steps of seconds, so that many deadlines are served; limits that bind."""
    limits = {
        "per_target": LIMITS["target"],
        "per_team": LIMITS["overall"],
        "overall": LIMITS["overall"],
        "storm": {"incidents": 100_000, "within": "5m", "hold": "10m"},
        "flapping": 100_000,
        "reopen": "1s",
    }
    document = json.loads(plan_text(alertmanagers=[NOWHERE], limits=limits).replace("http://prom:9090", NOWHERE))
    restart = document["remediations"]["restart"]
    restart["inputs"]["deployment"]["allow"] = ["web-[0-9]{1,6}"]
    restart["guardrails"].update(
        {"cooldown": "1s", "max_per_hour": LIMITS["remediation"], "max_targets": 50, "stop_after_failures": 9}
    )
    document["alerts"]["shop/Slow/critical"]["remediate"] = ["restart"]
    document["alerts"]["shop/Full/warning"]["remediate"] = []
    for step in document["escalations"]["level-1"]["steps"]:
        step["wait"] = "2s"
    return json.dumps(document)


def storm(
    folder: Path,
    database: str,
    *,
    kills: int,
    replicas: int,
    seed: int,
    lease: float = 15.0,
    patience: float = 0.0,
    restart: Callable[[], None] | None = None,
) -> Outcome:
    """Kill one replica after another, `kills` times. `patience` is in seconds beyond a lease until the dead must be replaced."""
    (folder / "plan.json").write_text(plan())
    nursery = Nursery(folder, database, lease)
    try:
        running = [Replica(nursery) for _ in range(replicas)]
        return _storm(running, kills=kills, seed=seed, patience=patience, restart=restart)
    finally:
        nursery.close()


def _storm(
    running: Sequence[Replica], *, kills: int, seed: int, patience: float, restart: Callable[[], None] | None
) -> Outcome:
    folder, database, lease = running[0].nursery.folder, running[0].nursery.database, running[0].nursery.lease
    rolled, stopping = random.Random(seed), threading.Event()
    for one in running:
        one.until_ready()
    watch, head = Watch(database, lambda: any(one.address is not None for one in running)), Head()
    answered: set[str] = set()
    threads = [
        threading.Thread(target=_deliver, args=(running, answered, stopping, number)) for number in range(_SENDERS)
    ]
    for thread in threads:
        thread.start()
    pauses: list[threading.Thread] = []
    restarts = 0
    for kill in range(1, kills + 1):
        one = rolled.choice([one for one in running if not one.stopped])
        if rolled.random() < _LOADED:
            one.until_ready()
            _until_under_load(answered)
        time.sleep(rolled.uniform(0.0, 0.4))
        if len(running) > 1 and kill % _PAUSES == 2:
            pauses.append(_pause(rolled.choice([other for other in running if other is not one]), watch, lease + 2))
        watch.gone(one.pid)
        one.end(signal.SIGKILL)
        one.start()
        if restart is not None and kill % _RESTARTS == 0:
            restart()
            restarts += 1
        if kill % _LOOKS == 0:
            head = _look(database) or head
    for one in running:
        if not one.stopped:
            one.until_ready()  # those that could not start while the database was away
    for thread in pauses:
        thread.join()
    for one in running:
        one.until_ready()
    stopping.set()
    for thread in threads:
        thread.join()
    left = left_lying(database, lease + GRACE + patience, watch)
    takeovers = watch.stop()
    for one in running:
        one.end(signal.SIGKILL)
    findings, figures = judged(
        folder,
        database,
        answered=answered,
        head=head,
        left=left,
        takeovers=takeovers,
        grace=GRACE + patience + (PAUSED / 1000 if pauses else 0.0),
        limits=LIMITS,
    )
    return Outcome(kills, len(pauses), restarts, findings, figures)


def _until_under_load(answered: set[str], more: int = 4, seconds: float = 60) -> None:
    """Until so many deliveries more have been answered: a kill of an executor that has nothing to do proves nothing."""
    enough, end = len(answered) + more, time.monotonic() + seconds
    while len(answered) < enough:
        assert time.monotonic() < end, "nothing is answered any more"
        time.sleep(0.005)


def _pause(one: Replica, watch: Watch, seconds: float) -> threading.Thread:
    one.until_ready()
    one.stopped, pid = True, one.pid

    def pause() -> None:
        watch.gone(pid)
        one.pause(seconds)
        watch.back(pid)
        one.stopped = False

    thread = threading.Thread(target=pause)
    thread.start()
    return thread


def _deliver(running: Sequence[Replica], answered: set[str], stopping: threading.Event, sender: int) -> None:
    """An alert of a target of its own that comes and goes; between, new ones, of which few are to be acted on."""
    client = httpx.Client(timeout=5)
    began = datetime.now(UTC)
    for number in itertools.count():
        if stopping.is_set():
            return
        own, round_ = number % 2 == 0, number // 2 % 4
        name = "Slow" if own or number % 8 == 1 else "Full"
        target = f"web-{sender if own else 1000 + number * _SENDERS + sender}"
        began = datetime.now(UTC) if own and round_ == 0 else began
        one = alert(
            labels={"alertname": name, "deployment": target, "severity": _SEVERITY[name]},
            fingerprint=f"{int(target[4:]):016x}",
            startsAt=_written(began),
        )
        if own and round_ > 1:
            one |= {"status": "resolved", "endsAt": _written(datetime.now(UTC))}
        body = webhook(one, receiver=f"{sender}/{number}")
        address = running[(number + sender) % len(running)].address
        try:
            if address is not None and client.post(f"{address}{PATH}", content=body, headers=HEADERS).is_success:
                answered.add(digest_of(body).hex())
        except httpx.HTTPError:
            time.sleep(0.01)
        time.sleep(0.02)


def _written(time_: datetime) -> str:
    return f"{time_:%Y-%m-%dT%H:%M:%S.%fZ}"


def _look(database: str) -> Head | None:
    """A person looks, closes the breakers that lost actions have opened, and writes down where the log ends."""
    store = Store(database)
    try:
        engine = Engine(store)
        engine.recover()
        for name in engine.state.ledger.breakers:
            engine.take(Unit(BreakerClosed(breaker=name, person="ana")))
        with store.read() as tx:
            return log.head(tx)
    except Unavailable:
        return None
    finally:
        store.close()


def left_lying(database: str, seconds: float, watch: Watch | None = None) -> tuple[list[str], list[str]]:
    """Deadlines and effects that nobody served within so many seconds of the last kill."""
    end = time.monotonic() + seconds
    store = Store(database)
    while True:
        with store.read() as tx:
            overdue = [one.key for one in deadlines.due(tx, 10_000) if (tx.now - one.due).total_seconds() > GRACE]
            soonest = outbox.soonest(tx)
            late = soonest is not None and (tx.now - soonest).total_seconds() > GRACE
        unserved = [f"an effect of {soonest}"] if late else []
        if watch is not None and watch.orphans:
            unserved.append(f"{watch.orphans} effects of the dead")
        if not (overdue or unserved) or time.monotonic() > end:
            store.close()
            return overdue, unserved
        time.sleep(0.1)
