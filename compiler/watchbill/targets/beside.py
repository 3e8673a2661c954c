"""A target built in a child process, so that a large workspace uses a second core. The artifacts are the same."""

import os
from collections.abc import Callable
from contextlib import suppress

import msgspec

from watchbill.targets.artifact import Artifact

LARGE = 2_000  # rules; below it a child costs more than it saves


def beside(make: Callable[[], list[Artifact]]) -> Callable[[], list[Artifact]]:
    """Start `make` in a forked child; the result waits for it. If the child fails, `make` runs here instead."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 1
        with suppress(BaseException):  # the parent makes the same, and its exception is the one that is told
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(msgspec.msgpack.encode(make()))
            code = 0
        os._exit(code)
    os.close(writer)

    def result() -> list[Artifact]:
        with os.fdopen(reader, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(child, 0)
        return msgspec.msgpack.decode(data, type=list[Artifact]) if status == 0 else make()

    return result


def worthwhile(rules: int) -> bool:
    """Whether a second process would help: a large workspace, two cores, a system that can fork."""
    return rules >= LARGE and hasattr(os, "fork") and (os.cpu_count() or 1) > 1
