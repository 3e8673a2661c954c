"""How much the executor takes in, how fast, and in how much memory: each figure beside its budget, on both engines.

A real `watchbill serve` in a process of its own, a load generator in another; arrivals are on a clock, so that a slow
answer delays nobody else's, and counts from when its request was due. Timings gate nothing: the exit code is 0 unless
something breaks or a delivery that was answered 200 is not in the log.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from executor.conftest import Server  # noqa: E402
from executor.small_plan import plan_text  # noqa: E402
from watchbill.executor.store import log  # noqa: E402
from watchbill.executor.store.chain import digest_of, verify  # noqa: E402
from watchbill.executor.store.connect import Store  # noqa: E402

NOWHERE = "http://127.0.0.1:1"
TOKEN = "bench-token"  # noqa: S105
CONNECTIONS = 16
INCIDENTS = 10_000


class Result(NamedTuple):
    what: str
    budget: float
    figure: float
    unit: str
    detail: str

    @property
    def held(self) -> bool:
        return self.figure <= self.budget


class Executor:
    """A process of `watchbill serve`; `ready` is how long it took from its start."""

    def __init__(self, folder: Path, database: str) -> None:
        plan = folder / "plan.json"
        plan.write_text(plan_text(alertmanagers=[NOWHERE]).replace("http://prom:9090", NOWHERE))
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "watchbill",
                "serve",
                "--plan",
                plan,
                "--database",
                database,
                "--listen",
                "127.0.0.1:0",
            ],
            env={**os.environ, "WATCHBILL_INTAKE_TOKEN": TOKEN},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            told = json.loads(line)
            if told["message"] == "ready":
                self.ready = time.perf_counter() - started
                self.recovered = told["seconds"]
                host, _, port = told["listen"].rpartition(":")
                self.address = (host, int(port))
                break
        else:
            raise SystemExit("bench: watchbill serve did not start")
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.drain.wait(10)

    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def processor(self) -> float:
        """Seconds of processor so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def webhook(number: int, alerts: int, kinds: int) -> bytes:
    """A delivery of so many alerts; every `kinds` deliveries the same incidents again."""

    def alert(one: int) -> dict[str, Any]:
        name = f"{number % kinds}-{one}"
        labels = {
            "alertname": "Slow",
            "service": "shop",
            "severity": "critical",
            "env": "production",
            "deployment": f"web-{name}",
            "instance": f"10.0.0.1:{one}",
            "job": "shop",
            "team": "web",
        }
        return {
            "status": "firing",
            "labels": labels,
            "annotations": {"summary": f"web-{name} is slow", "runbook_url": "http://wiki.example/slow"},
            "startsAt": "2026-03-01T03:00:00.5Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=slow&g0.tab=1",
            "fingerprint": digest_of(name.encode()).hex()[:16],
        }

    document = {
        "version": "4",
        "receiver": "executor",
        "status": "firing",
        "groupKey": f"{{}}:{number}",
        "truncatedAlerts": 0,
        "alerts": [alert(one) for one in range(alerts)],
    }
    return json.dumps(document).encode()


# The load, in a process of its own


async def load(address: tuple[str, int], rate: float, seconds: float, alerts: int, kinds: int) -> dict[str, Any]:
    """Latencies in seconds, the answers by code, and the digests of what was answered 200."""
    total = int(rate * seconds)
    bodies = [webhook(number, alerts, kinds) for number in range(min(total, kinds))]
    head = f"POST /v1/alertmanager/production HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: "
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    latencies: list[float] = []
    codes: dict[str, int] = {}
    taken: set[str] = set()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(*address)
        while (one := await due.get()) is not None:
            at, body = one
            writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - at)
            code = answer[9:12].decode()
            codes[code] = codes.get(code, 0) + 1
            if code == "200":
                taken.add(digest_of(body).hex())
        writer.close()

    connections = [asyncio.create_task(connection()) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for number in range(total):
        at = started + number / rate
        if (ahead := at - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        due.put_nowait((at, bodies[number % len(bodies)]))
    for _ in connections:
        due.put_nowait(None)
    await asyncio.gather(*connections)
    return {"latencies": latencies, "codes": codes, "taken": sorted(taken), "took": time.perf_counter() - started}


def loaded(executor: Executor, rate: float, seconds: float, alerts: int, kinds: int) -> dict[str, Any]:
    host, port = executor.address
    argv = [sys.executable, __file__, "--load", host, port, rate, seconds, alerts, kinds]
    done = subprocess.run([str(one) for one in argv], check=True, capture_output=True)
    result: dict[str, Any] = json.loads(done.stdout)
    if set(result["codes"]) != {"200"}:
        raise SystemExit(f"bench: answers were {result['codes']}")
    return result


# What is measured


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measured(folder: Path, name: str, databases: Iterator[str], seconds: float) -> list[Result]:
    found: list[Result] = []
    for rate, alerts, what in ((500, 1, "500/s of 1 alert"), (50, 100, "50/s of 100 alerts")):
        database = next(databases)
        executor = Executor(folder, database)
        if not found:
            found.append(Result(f"{name}: start to ready", 1000, executor.ready * 1000, "ms", "a new database"))
        before = executor.processor()
        result = loaded(executor, rate, seconds, alerts, 200 if alerts == 1 else 10)
        spent = (executor.processor() - before) / len(result["latencies"])
        executor.stop()
        p50, p99 = (percentile(result["latencies"], share) * 1000 for share in (0.5, 0.99))
        detail = f"p50 {p50:.0f} ms, {len(result['latencies']) / result['took']:.0f}/s, {spent * 1000:.1f} ms of processor each"
        found.append(Result(f"{name}: {what}, p99", 100, p99, "ms", detail))
        lost(database, result["taken"])
    found.append(claimed(folder, name, next(databases)))
    found += many(folder, name, next(databases))
    return found


def claimed(folder: Path, name: str, database: str) -> Result:
    """A new incident five times a second: from the webhook to the effect that it wants."""
    executor = Executor(folder, database)
    result = loaded(executor, 5, 10, 1, 50)
    waited = median(executor, "watchbill_effect_wait_seconds")
    executor.stop()
    answered = percentile(result["latencies"], 0.5)
    said = f"answer {answered * 1000:.0f} ms, then at most {waited * 1000:.0f} ms; 5 new incidents/s"
    return Result(f"{name}: webhook to effect claimed, p50", 50, (answered + waited) * 1000, "ms", said)


def many(folder: Path, name: str, database: str) -> list[Result]:
    """10,000 open incidents: how much memory, and how long until another start knows them."""
    executor = Executor(folder, database)
    loaded(executor, 50, INCIDENTS / 100 / 50, 100, INCIDENTS // 100)
    memory = executor.memory()
    executor.process.kill()
    executor.process.wait()
    again = Executor(folder, database)
    from_log = again.recovered
    after = again.memory()
    again.stop()
    third = Executor(folder, database)
    detail = f"{after:.0f} MB after a start; from the log alone {from_log:.2f} s"
    found = [
        Result(f"{name}: memory with {INCIDENTS:,} open", 200, max(memory, after), "MB", detail),
        Result(
            f"{name}: {INCIDENTS:,} open recovered", 5000, third.recovered * 1000, "ms", f"ready in {third.ready:.2f} s"
        ),
    ]
    third.stop()
    return found


def median(executor: Executor, name: str) -> float:
    """The median of a histogram, rounded up to the bound of its bucket."""
    import httpx

    host, port = executor.address
    text = httpx.get(f"http://{host}:{port}/metrics").text
    buckets = [line.split('le="')[1].split('"} ') for line in text.splitlines() if line.startswith(f"{name}_bucket")]
    half = float(buckets[-1][1]) / 2
    return next(float(bound) for bound, number in buckets if float(number) >= half)


def lost(database: str, taken: Sequence[str]) -> None:
    store = Store(database)
    with store.read() as tx:
        broken = verify(lambda: log.raw(tx)).broken
        missing = [digest for digest in taken if log.get(tx, bytes.fromhex(digest)) is None]
    store.close()
    if broken is not None or missing:
        raise SystemExit(f"bench: {len(missing)} deliveries are lost, or the log is broken: {broken}")


def table(results: Sequence[Result]) -> str:
    lines = [f"{'':46}{'budget':>10}{'figure':>10}"]
    for one in results:
        budget, figure = f"{one.budget:,.0f} {one.unit}", f"{one.figure:,.0f} {one.unit}"
        lines.append(f"{one.what:46}{budget:>10}{figure:>10}  {'ok' if one.held else 'OVER':6}{one.detail}")
    return "\n".join(lines)


def files(folder: Path) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"sqlite:///{folder / f'store{number}.db'}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="executor_bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long each load lasts (default 60)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one engine")
    parser.add_argument("--load", nargs=6, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.load is not None:
        host, port, rate, seconds, alerts, kinds = asked.load
        print(json.dumps(asyncio.run(load((host, int(port)), float(rate), float(seconds), int(alerts), int(kinds)))))
        return
    results: list[Result] = []
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="watchbill-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if asked.only != "postgresql":
            results += measured(folder, "SQLite", files(folder), asked.seconds)
        if asked.only != "sqlite":
            own = Path(tempfile.mkdtemp(prefix="watchbill-pg-"))
            stack.callback(shutil.rmtree, own, ignore_errors=True)
            server = Server(own, durable=True)
            stack.callback(server.stop)
            results += measured(folder, "PostgreSQL", iter(server.empty, ""), asked.seconds)
    if asked.json:
        print(json.dumps({"version": 1, "results": [{**one._asdict(), "held": one.held} for one in results]}, indent=1))
        return
    print(f"{os.cpu_count()} cores shared with the load generator, {asked.seconds:g} s each, synchronous commits\n")
    print(table(results))


if __name__ == "__main__":
    main()
