"""A program run for the executor: a list of words, no shell, a clean environment, bounds that the kernel keeps.

It is started by a small launcher of its own, because limits can be set for another process only before it begins, and
code between fork and exec is not safe in a process with threads.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

LAUNCHER = Path(__file__).with_name("launch.py")
_PATH = "/usr/local/bin:/usr/bin:/bin"
_GRACE = 1.0  # seconds between the friendly signal and the other one
_LOOK = 0.05  # seconds at most until an end is noticed


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """`output` is in bytes, both streams together; `file_mib` bounds each file that is written."""

    seconds: float = 60.0
    cpu_seconds: int = 60
    memory_mib: int = 1024
    file_mib: int = 64
    output: int = 256 * 1024


class Ended(msgspec.Struct, frozen=True):
    """`code` as subprocess gives it, negative for a signal. `stopped` says why it was ended before its time."""

    code: int
    output: bytes
    stopped: str | None = None


class NotRun(Exception):  # noqa: N818
    """It could not even be started."""


def run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    bounds: Bounds,
    go_on: Callable[[], bool] = lambda: True,
) -> Ended:
    """Run `argv`, whose first word is a whole path, until it ends or a bound is reached; then end its whole group.

    `go_on` is asked now and then; when it says no, the program is ended. Raises NotRun.
    """
    if not os.access(argv[0], os.X_OK) or not Path(argv[0]).is_file():
        raise NotRun(f"{argv[0]} is not a program that can be run")
    limits = json.dumps([bounds.cpu_seconds, bounds.memory_mib << 20, bounds.file_mib << 20])
    clean = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent", **environment}
    try:
        started = subprocess.Popen(
            [sys.executable, "-I", "-S", LAUNCHER, limits, *argv],
            env=clean,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NotRun(f"it could not be started: {error}") from None
    with started:
        output = bytearray()
        try:
            stopped = _watched(started, output, bounds, go_on)
        finally:
            _signal(started.pid, signal.SIGKILL)  # before it is reaped: its number is its group's until then
            started.wait()
        _drain(started, output, bounds.output)
    return Ended(started.returncode, bytes(output[: bounds.output]), stopped)


def _watched(
    started: subprocess.Popen[bytes], output: bytearray, bounds: Bounds, go_on: Callable[[], bool]
) -> str | None:
    """Read what it says until it ends; why it was told to end, or None."""
    assert started.stdout is not None  # noqa: S101  (it is a pipe)
    end, stopped, killed = time.monotonic() + bounds.seconds, None, 0.0
    os.set_blocking(started.stdout.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(started.stdout, selectors.EVENT_READ)
        open_ = True
        while not _over(started.pid):
            if open_:
                if selector.select(_LOOK):
                    open_ = _take(started, output, bounds.output)
            else:
                time.sleep(_LOOK)
            now = time.monotonic()
            if stopped is None:
                if len(output) > bounds.output:
                    stopped = f"it said more than {bounds.output} bytes"
                elif now > end:
                    stopped = f"it took longer than {bounds.seconds:g} s"
                elif not go_on():
                    stopped = "its lease was over"
                if stopped is not None:
                    _signal(started.pid, signal.SIGTERM)
                    killed = now + _GRACE
            elif now > killed:
                _signal(started.pid, signal.SIGKILL)
    return stopped


def _over(pid: int) -> bool:
    """Whether it has ended, without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _take(started: subprocess.Popen[bytes], output: bytearray, bound: int) -> bool:
    """What is there to read, kept up to the bound; False at the end."""
    assert started.stdout is not None  # noqa: S101  (it is a pipe)
    part = os.read(started.stdout.fileno(), 65536)
    output += part[: max(0, bound + 1 - len(output))]
    return bool(part)


def _drain(started: subprocess.Popen[bytes], output: bytearray, bound: int) -> None:
    """What was left in the pipe; what left the group may hold it open, and is not waited for."""
    for _ in range(64):
        try:
            if not _take(started, output, bound):
                return
        except BlockingIOError:
            return


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # nobody is left in it
        return
