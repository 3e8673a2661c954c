"""The second core: work done in a forked child, so that a large workspace is read and built in less time.

What comes back is bytes, and only what the parent would have made itself: where there is no fork, one core or little to do,
and where a child fails, it does so here. The result is the same, to the byte.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import TypeVar

from watchbill.spec.memory import Memory

T = TypeVar("T")
MANY = 200  # jobs; below it a child costs more than it saves


def beside(work: Callable[[], bytes]) -> Callable[[], bytes | None]:
    """Start `work` in a child. What is returned waits for the result; None when the child failed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 1
        with suppress(BaseException):  # the parent makes the same, and its exception is the one that is told
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(work())
            code = 0
        os._exit(code)
    os.close(writer)

    def result() -> bytes | None:
        with os.fdopen(reader, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(child, 0)
        return data if status == 0 else None

    return result


def meanwhile(work: Callable[[], None], many: int) -> Callable[[], object]:
    """Have a child do what this process needs no result of, where it is about many things; what is returned waits for it."""
    if many < MANY or not two_cores():
        work()
        return lambda: None

    def child() -> bytes:
        work()
        return b""

    return beside(child)


def two_cores() -> bool:
    """Whether a child would have a core of its own."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return hasattr(os, "fork") and cores > 1


def in_two(memory: Memory, jobs: Sequence[Callable[[], T]], lacking: int) -> list[T]:
    """What each job gives, in order. They ask the memory for most of it, in which there is no answer for `lacking` of them.

    If those are many, a child does every second job, and its answers are then remembered here.
    """
    if lacking < MANY or not memory.remembers or not two_cores():
        return [job() for job in jobs]

    def every_second() -> bytes:
        memory.forget_asked()
        for job in jobs[1::2]:
            job()
        return memory.asked()

    other = beside(every_second)
    own = [job() for job in jobs[::2]]
    memory.adopt(other() or b"")
    rest = [job() for job in jobs[1::2]]
    return [one for pair in zip_longest(own, rest) for one in pair][: len(jobs)]
