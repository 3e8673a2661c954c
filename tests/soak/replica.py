"""A replica of the executor as a process that is killed, stopped, and started again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


class Replica:
    """`address` is None unless it is ready. SOAK_LEASE shortens its leases, in seconds."""

    def __init__(self, folder: Path, database: str, lease: float) -> None:
        self.folder, self.database, self.lease = folder, database, lease
        self.address: str | None = None
        self.stopped = False
        self.process: subprocess.Popen[str] | None = None
        self.start()

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
        with (self.folder / "replicas.log").open("a", buffering=1) as kept:
            for line in process.stderr:
                kept.write(line)
                if '"ready"' in line and process is self.process:
                    self.address = f"http://{json.loads(line)['listen']}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def until_ready(self, seconds: float = 60) -> None:
        """Started again when it could not start: its database may have been away."""
        end = time.monotonic() + seconds
        while self.address is None:
            assert time.monotonic() < end, "a replica does not start"
            if self.process is None or self.process.poll() is not None:
                self.start()
            time.sleep(0.01)

    def end(self, number: int) -> None:
        assert self.process is not None
        self.address = None
        self.process.send_signal(number)
        self.process.wait(60)

    def pause(self, seconds: float) -> None:
        """As a virtual machine that is moved: it knows nothing of the time that passed, and goes on where it was."""
        assert self.process is not None
        before, self.address = self.address, None
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)
        self.address = before
