"""The long storm: `make soak`. Storm after storm on new databases, since the limits end the actions of each."""

import argparse
import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from executor.conftest import Server
from soak.judging import Figures
from soak.storm import Outcome, storm

KILLS = 20  # of one storm
_WORST = ("slowest", "latest", "tardy")  # of figures that are not added up


def storms(
    name: str, kills: int, replicas: int, database: Callable[[Path], str], restart: Callable[[], None] | None
) -> bool:
    """Whether anything was found. The folder of a bad storm is kept."""
    outcomes: list[Outcome] = []
    for seed in range(-(-kills // KILLS)):
        folder = Path(tempfile.mkdtemp(prefix="watchbill-soak-"))
        outcomes.append(storm(folder, database(folder), kills=KILLS, replicas=replicas, seed=seed, restart=restart))
        tell(f"{name} {seed + 1}", [outcomes[-1]])
        if not outcomes[-1].bad:
            shutil.rmtree(folder)
    tell(f"{name} in all", outcomes)
    return any(one.bad for one in outcomes)


def tell(name: str, outcomes: list[Outcome]) -> None:
    kills, pauses, restarts = (sum(getattr(one, it) for one in outcomes) for it in ("kills", "pauses", "restarts"))
    print(f"{name}: {kills} kills, {pauses} pauses beyond a lease, {restarts} restarts of the database", flush=True)
    figures = [(field, [getattr(one.figures, field) for one in outcomes]) for field in Figures.__struct_fields__]
    counted = {field: sum(values) for field, values in figures if field not in (*_WORST, "refused")}
    print(f"  {', '.join(f'{number:,} {field}' for field, number in counted.items())}")
    worst = {field: max(values) for field, values in figures if field in _WORST}
    print(f"  taken over {worst['slowest']} s after a death at most, and {worst['latest']} s after the end of a lease")
    print(f"  a deadline was served {worst['tardy']} s late at most")
    refused: dict[str, int] = {}
    for reason, number in itertools.chain.from_iterable(one.figures.refused.items() for one in outcomes):
        refused[reason] = refused.get(reason, 0) + number
    print(f"  refused: {refused}")
    for field in outcomes[0].findings.__struct_fields__:
        found = [line for one in outcomes for line in getattr(one.findings, field)]
        print(f"  {field}: {len(found)}", *found[:10], sep="\n    ")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="on each engine (default 200)")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one engine instead of both")
    asked = parser.parse_args()
    failed = False
    if asked.only != "postgresql":
        failed |= storms("SQLite", asked.kills, 1, lambda folder: f"sqlite:///{folder / 's.db'}", None)
    if asked.only != "sqlite":
        failed |= on_postgresql(asked.kills)
    return int(failed)


def on_postgresql(kills: int) -> bool:
    own = Path(tempfile.mkdtemp(prefix="watchbill-pg-"))
    server = Server(own, durable=True)
    modes = itertools.cycle(["immediate", "fast"])

    def restart() -> None:
        server.stop(next(modes))
        server.start()

    try:
        return storms("PostgreSQL", kills, 3, lambda _: server.empty(), restart)
    finally:
        server.stop()
        shutil.rmtree(own, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
