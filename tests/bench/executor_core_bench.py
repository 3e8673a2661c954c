"""How fast the executor's core decides, in one process and without a store: `python tests/bench/executor_core_bench.py`.

It gates nothing. Budgets: 2,000 deliveries of one alert a second with 10,000 open incidents, 100 MB for them, a snapshot of
them written or read within a second. Times are processor time.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from executor.small_plan import plan_text
from watchbill.executor.core import State, decode, encode, events, reduce

INCIDENTS = 10_000
MINUTE = 60_000
START = 1_780_300_800_000


def resident() -> float:
    """Megabytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def alert(number: int, *, ends_at: int | None = None) -> events.Reported:
    labels = {
        "alertname": "Slow",
        "service": "shop",
        "severity": "critical",
        "team": "web",
        "env": "production",
        "namespace": "shop",
        "deployment": f"web-{number}",
        "pod": f"web-{number}-7d9f8b6c5d-x2x{number}",
        "instance": f"10.0.{number % 256}.{number // 256}:9090",
    }
    said = {"summary": f"web-{number} is slow", "description": "It answers more slowly than it should."}
    status = "firing" if ends_at is None else "resolved"
    return events.Reported(f"{number:016x}", status, labels, START, ends_at, said)


def delivery(*alerts: events.Reported) -> events.Delivered:
    return events.Delivered(delivery="", environment="production", alerts=alerts)


class Bench:
    def __init__(self) -> None:
        quiet = {"storm": {"incidents": 10 * INCIDENTS, "within": "5m", "hold": "1m"}}
        self.now = START
        self.state = reduce(State(), events.PlanLoaded(text=plan_text(limits=quiet)), self.now).state

    def take(self, event: events.Events) -> None:
        self.now += 1
        self.state = reduce(self.state, event, self.now).state

    def rate(self, what: str, made: list[events.Events]) -> None:
        begun = time.process_time()
        for event in made:
            self.take(event)
        seconds = time.process_time() - begun
        print(f"{what:<44}{len(made) / seconds:>10,.0f} a second")


def timed(what: str, work: Callable[[], object]) -> None:
    begun = time.process_time()
    work()
    print(f"{what:<44}{time.process_time() - begun:>10.2f} s")


def main() -> None:
    bench = Bench()
    before = resident()
    bench.rate(f"{INCIDENTS:,} incidents opened by one alert each", [delivery(alert(n)) for n in range(INCIDENTS)])
    print(f"{'memory of them':<44}{resident() - before:>10.0f} MB")
    bench.rate("one alert told again", [delivery(alert(n)) for n in range(5_000)])
    bench.rate("a hundred alerts told again", [delivery(*map(alert, range(n, n + 100))) for n in range(0, 5_000, 100)])
    data = encode(bench.state)
    timed(f"snapshot written, {len(data) / 1e6:.1f} MB", lambda: encode(bench.state))
    timed("snapshot read", lambda: decode(data, bench.state.library.__getitem__))
    active = tuple(map(alert, range(INCIDENTS)))
    bench.now += 60 * MINUTE
    timed(
        "reconciled with Alertmanager", lambda: bench.take(events.Reconciled(key="", asked_at=bench.now, alerts=active))
    )
    bench.rate("one alert ended", [delivery(alert(n, ends_at=bench.now)) for n in range(2_000)])


if __name__ == "__main__":
    main()
