"""Effects whose every doing is a line in a file, put in the place of the real ones through the table of handlers."""

import json
import os
import random
import time
from typing import Any

from watchbill.executor.core.effects import Act, Query
from watchbill.executor.core.events import ActionFinished, Events, MessageSettled, QueryAnswered, Result, Sample
from watchbill.executor.handlers import Outside, Work
from watchbill.executor.settling import undone

KINDS = ("act", "page", "note", "message", "ask", "collect", "query", "reconcile")


def record(work: Work, outside: Outside) -> str:
    return "3 replicas"


def handle(work: Work, outside: Outside) -> Events:
    match work.body:
        case Act(remediation=remediation, target=target, undo=undo):
            write({"key": work.key, "at": time.time(), "remediation": remediation, "target": target, "undo": undo})
            time.sleep(random.uniform(0.0, 1.0))  # a kill may come before the result
            return ActionFinished(key=work.key, outcome="succeeded")
        case Query(expressions=expressions):
            there = Result(samples=(Sample(labels={}, value=9.0),))
            return QueryAnswered(
                key=work.key, results={name: Result() if name == "absent" else there for name in expressions}
            )
        case _:
            time.sleep(random.uniform(0.0, 0.2))
            settled = undone(work.key, work.body, "counted only", outside.now())
            return MessageSettled(key=work.key, arrived=True) if isinstance(settled, MessageSettled) else settled


def write(line: dict[str, Any]) -> None:
    """One write of a file opened for appending: no line of one process lands inside another's."""
    file = os.open(os.environ["SOAK_EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, json.dumps(line).encode() + b"\n")
    finally:
        os.close(file)
