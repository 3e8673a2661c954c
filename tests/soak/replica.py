"""Replicas of the executor: processes that are killed, stopped, and started again."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any


class Nursery:
    """Starts and ends replicas, by orders to serving.py. Closed at the end of a storm, whatever comes of it."""

    def __init__(self, folder: Path, database: str, lease: float) -> None:
        self.folder, self.database, self.lease = folder, database, lease
        self._argv = ["serve", "--plan", str(folder / "plan.json"), "--database", database, "--listen", "127.0.0.1:0"]
        own = {
            "WATCHBILL_INTAKE_TOKEN": "open-sesame",
            "SOAK_EFFECTS": str(folder / "effects.jsonl"),
            "SOAK_LEASE": str(lease),
        }
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "serving.py")],
            env={**os.environ, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def born(self) -> tuple[int, Path]:
        """Its pid, and what it says."""
        said = self.folder / f"said-{next(self._numbers)}"
        os.mkfifo(said)
        return int(self._ordered({"argv": self._argv, "stderr": str(said)})), said

    def end(self, pid: int, number: int) -> None:
        self._ordered({"end": pid, "signal": number})

    def _ordered(self, order: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Replica:
    """`address` is None unless it is ready, `over` when it has ended; `stopped` while it is paused."""

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery
        self.stopped = False
        self.start()

    def start(self) -> None:
        self.address: str | None = None
        self.over = False
        self.pid, said = self.nursery.born()
        threading.Thread(target=self._read, args=(self.pid, said), daemon=True).start()

    def _read(self, pid: int, said: Path) -> None:
        with said.open() as lines, (self.nursery.folder / "replicas.log").open("a", buffering=1) as kept:
            for line in lines:
                kept.write(line)
                if '"ready"' in line and pid == self.pid:
                    self.address = f"http://{json.loads(line)['listen']}"
        if pid == self.pid:
            self.over = True

    def until_ready(self, seconds: float = 60) -> None:
        """Started again when it could not start: its database may have been away."""
        end = time.monotonic() + seconds
        while self.address is None:
            assert time.monotonic() < end, "a replica does not start"
            if self.over:
                self.end(signal.SIGKILL)
                self.start()
            time.sleep(0.01)

    def end(self, number: int) -> None:
        self.address = None
        self.nursery.end(self.pid, number)

    def pause(self, seconds: float) -> None:
        """As a virtual machine that is moved: it knows nothing of the time that passed, and goes on where it was."""
        before, self.address = self.address, None
        os.kill(self.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self.pid, signal.SIGCONT)
        self.address = before
