"""How fast the on-call engine answers, against its budgets: `python tests/bench/oncall_bench.py`. It gates nothing.

One schedule (nights outside office hours, weeks, a part-timer, swaps, a gap that falls elsewhere), 90 days of it and
one instant; and the coverage check of a workspace with 100 teams.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from generator.large import large
from watchbill.checks import coverage
from watchbill.oncall import Calendar, Era, Gap, Layer, Person, Rotation, Schedule, Swap, on_call, shifts
from watchbill.oncall.clock import clock_of
from watchbill.spec.resolve import read_workspace
from watchbill.spec.scalars import zone

START = datetime(2026, 3, 1, tzinfo=UTC)


def schedule() -> Schedule:
    """A new one each time: nothing is known of it yet."""
    lisbon, berlin = zone("Europe/Lisbon"), zone("Europe/Berlin")
    office = Calendar(lisbon, ((((540, 1080),),) * 5) + ((), ()), frozenset({date(2026, 4, 3), date(2026, 5, 1)}))
    mornings = Calendar(berlin, (((540, 780),),) * 7)
    sre = Schedule("sre", berlin, (Layer("week", (Era(date(2025, 12, 29), ("june", "tomas")),)),))
    return Schedule(
        "payments",
        lisbon,
        (
            Layer("nights", (Era(date(2025, 12, 29), ("deb", "eli")),), Rotation(86_400, 43_200), outside=office),
            Layer("week", (Era(date(2025, 12, 29), ("ana", "bo")), Era(date(2026, 3, 9), ("ana", "bo", "chi"), "chi"))),
            Layer("last", (Era(date(2025, 12, 29), ("mia",)),)),
        ),
        (Person("bo", berlin, works=mornings), Person("ana", lisbon, away=((date(2026, 4, 6), date(2026, 4, 9)),))),
        tuple(
            Swap(START + timedelta(days=day), START + timedelta(days=day, hours=9), "chi", "ana")
            for day in (20, 40, 60)
        ),
        (Gap(START + timedelta(days=30), START + timedelta(days=30, hours=6), sre),),
    )


def best(times: int, run: Callable[[], object]) -> float:
    """The shortest of some runs, in seconds: what the machine does when nothing else runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return min(found)


def line(what: str, seconds: float, budget: float) -> None:
    unit, factor = ("ms", 1e3) if budget >= 1e-3 else ("µs", 1e6)
    verdict = "" if seconds <= budget else "   OVER"
    print(f"  {what:<58} {seconds * factor:8.2f} {unit}   budget {budget * factor:6.0f} {unit}{verdict}")


def cold() -> object:
    clock_of.cache_clear()
    return shifts(schedule(), START, START + timedelta(days=90))


def main() -> None:
    made = schedule()
    count = len(shifts(made, START, START + timedelta(days=90)))
    line(f"90 days, {count} shifts, nothing known yet", best(20, cold), 5e-3)
    line("90 days, asked again", best(50, lambda: shifts(made, START, START + timedelta(days=90))), 5e-3)
    instants = [START + timedelta(minutes=97 * number) for number in range(1000)]
    line("one instant", best(20, lambda: [on_call(made, at) for at in instants]) / len(instants), 50e-6)
    with tempfile.TemporaryDirectory() as folder:
        large(Path(folder), services=10, alerts=3, teams=50)
        workspace, _, _ = read_workspace(Path(folder), cache=False)
        assert workspace is not None
        number = len(workspace.documents["Schedule"])
        line(f"the check: {number} schedules, 451 days", best(3, lambda: coverage.check(workspace)), 1.0)


if __name__ == "__main__":
    main()
