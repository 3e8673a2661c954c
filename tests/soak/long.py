"""The long storm: `make soak`. Storm after storm on new databases, since the limits end the actions of each."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from executor.conftest import Server
from soak.storm import Outcome, storm

KILLS = 20  # of one storm


def bad(one: Outcome) -> bool:
    return bool(one.lost or one.overdue or one.unserved or one.twice or one.above or one.broken)


def storms(
    name: str, kills: int, replicas: int, database: Callable[[Path], str], restart: Callable[[], None] | None
) -> bool:
    outcomes = []
    for seed in range(-(-kills // KILLS)):
        folder = Path(tempfile.mkdtemp(prefix="watchbill-soak-"))
        outcomes.append(storm(folder, database(folder), kills=KILLS, replicas=replicas, seed=seed, restart=restart))
        print(f"{name} {outcomes[-1]}", flush=True)
        if not bad(outcomes[-1]):
            shutil.rmtree(folder)
    total = {
        field: sum(getattr(one, field) for one in outcomes)
        for field in ("kills", "answered", "lost", "overdue", "unserved", "acted", "unknown")
    }
    total["twice"], total["above"] = (sum(len(getattr(one, field)) for one in outcomes) for field in ("twice", "above"))
    print(f"{name} in all: {total}", flush=True)
    return any(bad(one) for one in outcomes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="on each engine (default 200)")
    asked = parser.parse_args()
    failed = storms("SQLite", asked.kills, 1, lambda folder: f"sqlite:///{folder / 's.db'}", None)
    own = Path(tempfile.mkdtemp(prefix="watchbill-pg-"))
    server = Server(own, durable=True)

    def restart() -> None:
        server.stop()
        server.start()

    try:
        failed |= storms("PostgreSQL", asked.kills, 3, lambda _: server.empty(), restart)
    finally:
        server.stop()
        shutil.rmtree(own, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
