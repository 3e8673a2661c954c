"""`make bench`: how fast a large company compiles, as ratios within one run, each beside its budget.

Timings gate nothing: the exit code is 0 unless something breaks. Written to memory (/dev/shm) where there is some.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from generator.configurations import wide, wide_label_sets  # noqa: E402
from generator.large import large  # noqa: E402
from watchbill.output.gates import find_tool, version  # noqa: E402
from watchbill.proof import prove  # noqa: E402
from watchbill.routing import ends, read  # noqa: E402
from watchbill.spec.resolve import read_workspace  # noqa: E402

ALERTS = 10_000
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (a disk may be thirty times slower, and is not what is measured)


class Run(NamedTuple):
    """One process: seconds on the clock, seconds of processor, megabytes at its largest."""

    wall: float
    cpu: float
    peak: float


class Result(NamedTuple):
    what: str
    budget: float
    figure: float
    unit: str
    detail: str

    @property
    def held(self) -> bool:
        return self.figure <= self.budget


def run(argv: Sequence[str | Path], cwd: Path, cache: Path) -> Run:
    """Run to the end. What it prints is read only when it fails."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second run finds the modules compiled
    with tempfile.TemporaryFile() as printed:
        started = time.perf_counter()
        child = subprocess.Popen(argv, cwd=cwd, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            printed.seek(0)
            said = printed.read().decode("utf-8", "replace")[-4000:]
            raise SystemExit(f"bench: {' '.join(map(str, argv[:4]))} … ended with {child.returncode}\n{said}")
    peak = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Run(wall, used.ru_utime + used.ru_stime, peak)


def median(runs: Sequence[Run]) -> Run:
    return Run(*(statistics.median(values) for values in zip(*runs, strict=True)))


@contextmanager
def scratch() -> Iterator[Path]:
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="watchbill-bench-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Bench:
    """The workspaces, and what is done with them. `say` tells how far it is."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.say = say
        self.command: list[str | Path] = [Path(sys.executable).with_name("watchbill")]
        if not os.access(self.command[0], os.X_OK):
            self.command = [sys.executable, "-m", "watchbill"]
        self.sizes = {"large": 1000, "small": 100}
        for name, services in self.sizes.items():
            large(folder / name, services=services, alerts=ALERTS // 1000, teams=services // 10)

    def compile(self, name: str, cache: str, out: str) -> Run:
        argv = [*self.command, "compile", "-C", self.folder / name, "--out", self.folder / out, "--no-gates"]
        return run(argv, self.folder, self.folder / cache)

    def cold(self, name: str, number: int) -> Run:
        """Nothing is known from before: an empty cache and an empty folder."""
        self.say(f"cold compile of the {name} workspace, {number + 1}")
        for stale in (f"{name}-cache", f"{name}-out"):
            shutil.rmtree(self.folder / stale, ignore_errors=True)
        return self.compile(name, f"{name}-cache", f"{name}-out")

    def warm(self, number: int) -> Run:
        """As cold left it, and one policy edited."""
        self.say(f"warm compile with one policy edited, {number + 1}")
        policy = next(path for path in sorted((self.folder / "large/policies").rglob("*.yaml")) if self._tells(path))
        text = policy.read_text("utf-8")
        before, after = ("  for: 5m\n", "  for: 6m\n") if "  for: 5m\n" in text else ("  for: 6m\n", "  for: 5m\n")
        policy.write_text(text.replace(before, after), "utf-8")
        service = f"{policy.parent.name}/{policy.stem}.rules.yml"
        rules = self.folder / "large-out/production/prometheus/eu" / service
        old = rules.read_text("utf-8")
        result = self.compile("large", "large-cache", "large-out")
        if rules.read_text("utf-8") == old:
            raise SystemExit(f"bench: {rules} is as it was after {policy} was edited")
        return result

    @staticmethod
    def _tells(path: Path) -> bool:
        return path.name != "team.yaml" and any(
            f"  for: {length}\n" in path.read_text("utf-8") for length in ("5m", "6m")
        )

    def rule_files(self) -> list[str]:
        out = self.folder / "large-out"
        return sorted(str(path.relative_to(out)) for path in out.rglob("*.rules.yml"))

    def promtool(self, tool: Path, number: int) -> Run:
        self.say(f"promtool's check of the same rules, {number + 1}")
        argv = [tool.absolute(), "check", "rules", *self.rule_files()]
        return run(argv, self.folder / "large-out", self.folder / "large-cache")

    def starts(self, number: int) -> tuple[Run, Run]:
        self.say(f"watchbill --help beside a bare Python, {number} times")
        cache = self.folder / "large-cache"
        pairs = [
            (
                run([*self.command, "--help"], self.folder, cache),
                run([sys.executable, "-c", "pass"], self.folder, cache),
            )
            for _ in range(number)
        ]
        return median([help_ for help_, _ in pairs]), median([bare for _, bare in pairs])


def routed(runs: int) -> Result:
    """Label sets through a wide tree: where each goes, by processor time, reading the configuration included."""
    value, sets = wide(random.Random(1)), list(wide_label_sets(random.Random(2), ALERTS))
    taken = []
    for _ in range(runs):
        started = time.process_time()
        config, _ = read(value)
        if config is None:
            raise SystemExit("bench: the wide tree is refused")
        ended = sum(len(ends(config, labels)) for labels in sets)
        taken.append(time.process_time() - started)
    routes = sum(1 for _ in config.routes())
    return Result(
        "10,000 alerts to their routes", 2, statistics.median(taken), "s", f"{routes:,} routes, {ended:,} ends"
    )


def proved(bench: Bench, cold: Run, runs: int) -> Result:
    """The proof of the large workspace beside its cold compile, with nothing remembered: where every alert goes, at every minute."""
    workspace, _, _ = read_workspace(bench.folder / "large", cache=False)
    if workspace is None:
        raise SystemExit("bench: the large workspace cannot be read")
    taken = []
    for number in range(runs):
        bench.say(f"the proof of the large workspace, {number + 1}")
        started = time.perf_counter()
        proof = prove(workspace)
        taken.append(time.perf_counter() - started)
    if not proof.holds:
        raise SystemExit("bench: the proof of the large workspace does not hold")
    alerts, sets = (sum(getattr(one, what) for one in proof.reached.values()) for what in ("alerts", "label_sets"))
    days = (proof.time[1] - proof.time[0]) // 86_400
    seconds = statistics.median(taken)
    detail = f"{seconds:.2f} s: {alerts:,} alerts, {sets:,} label sets, {days} days"
    return Result("the proof / cold compile", 1, seconds / cold.wall, "x", detail)


def measured(bench: Bench, promtool: Path | None, runs: int) -> list[Result]:
    bench.compile("small", "first-cache", "first-out")  # so that nothing below waits for bytecode
    colds, warms, smalls, checks = [], [], [], []
    for number in range(runs):
        smalls.append(bench.cold("small", number))
        colds.append(bench.cold("large", number))
        if promtool is not None:
            checks.append(bench.promtool(promtool, number))
        warms.append(bench.warm(number))
    cold, warm, small = median(colds), median(warms), median(smalls)
    helped, bare = bench.starts(5 * runs)
    found = []
    if promtool is not None:
        check = median(checks)
        for what, budget, one in (("cold compile", 0.8, cold), ("one policy edited", 0.25, warm)):
            ratio, by_cpu = one.wall / check.wall, one.cpu / check.cpu
            detail = f"{one.wall:.2f} s, promtool {check.wall:.2f} s; by processor time {by_cpu:.2f}"
            found.append(Result(f"{what} / promtool's check", budget, ratio, "x", detail))
    grown = f"{small.wall:.2f} s to {cold.wall:.2f} s"
    found.append(Result("1,000 to 10,000 alerts", 11, cold.wall / small.wall, "x", grown))
    largest = max(one.peak for one in (*colds, *warms))
    found.append(Result("peak memory", 500, largest, "MB", f"cold {cold.peak:.0f} MB, warm {warm.peak:.0f} MB"))
    times = f"{helped.wall * 1000:.0f} ms, Python {bare.wall * 1000:.0f} ms"
    found.append(Result("watchbill --help / python -c pass", 5, helped.wall / bare.wall, "x", times))
    return [*found, proved(bench, cold, runs), routed(runs)]


def table(results: Sequence[Result]) -> str:
    lines = [f"{'':36}{'budget':>10}{'figure':>10}"]
    for one in results:
        digits = 0 if one.unit == "MB" else 2
        budget, figure = f"{one.budget:g} {one.unit}", f"{one.figure:.{digits}f} {one.unit}"
        lines.append(f"{one.what:36}{budget:>10}{figure:>10}  {'ok' if one.held else 'OVER':6}{one.detail}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--runs", type=int, default=3, help="how often each is done; the median counts (default 3)")
    asked = parser.parse_args()
    promtool = find_tool("promtool", TOP)

    def say(what: str) -> None:
        if not asked.json and sys.stderr.isatty():
            print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)

    with scratch() as folder:
        bench = Bench(folder, say)
        results = measured(bench, promtool, max(1, asked.runs))
        files = sum(1 for path in (folder / "large-out").rglob("*") if path.is_file())
        rules = len(bench.rule_files())
        where = "memory" if SHARED_MEMORY in folder.parents else str(folder.parent)
    say("")
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, written to {where}"
    judge = f"promtool {version(promtool)}" if promtool is not None else "no promtool: `make tools` gets it"
    if asked.json:
        told = [{**one._asdict(), "held": one.held} for one in results]
        print(json.dumps({"version": 1, "machine": machine, "promtool": judge, "results": told}, indent=1))
        return
    print(f"{ALERTS:,} alerts in 3 places: {rules:,} rule files, {files:,} files in all")
    print(f"{machine}, {judge}\n")
    print(table(results))


if __name__ == "__main__":
    main()
