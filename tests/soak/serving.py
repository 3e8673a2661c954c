"""Where replicas come from: a process that has loaded everything and forks `watchbill serve`, so that a start is no wait.

Their effects only count: see counting.py. SOAK_LEASE shortens leases, in seconds. An order is a line of JSON: `argv` and
`stderr`, a file, for a new replica, answered with its pid; or `end`, a pid, and `signal`, answered when it has ended. When
there are no more orders, whoever still lives is killed.
"""

import json
import os
import random
import signal
import sys
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soak import counting
from watchbill import cli
from watchbill.executor import writer
from watchbill.executor.handlers import HANDLERS

writer.LEASE = timedelta(seconds=float(os.environ["SOAK_LEASE"]))  # before those who take it from there

from watchbill.cli import serve  # noqa: F401, E402  (loaded here, not in each replica)
from watchbill.executor import serving  # noqa: F401, E402


def replica(order: dict[str, Any]) -> NoReturn:
    random.seed()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    os.dup2(os.open(order["stderr"], os.O_WRONLY), 2)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  (for life)
    sys.argv = ["watchbill", *order["argv"]]
    code: Any = 70
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  (nothing may go back into the loop of orders)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


def main() -> None:
    HANDLERS.update(dict.fromkeys(counting.KINDS, counting.__name__))
    living: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "end" in order:
            os.kill(order["end"], order["signal"])
            os.waitpid(order["end"], 0)
            living.discard(order["end"])
            print("ended", flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            replica(order)
        living.add(pid)
        print(pid, flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
