"""What the core is told of an effect that was not done, or of which nobody knows whether it was."""

from watchbill.executor.core.effects import Act, Bodies, Collect, Query, Reconcile
from watchbill.executor.core.events import (
    ActionFinished,
    ActionUnknown,
    Collected,
    Events,
    Instant,
    MessageSettled,
    QueryAnswered,
    Reconciled,
    Result,
)


def undone(key: str, body: Bodies, detail: str, now: Instant) -> Events:
    """It was not done and will not be: after every try, or because nothing here can do it."""
    match body:
        case Act():
            return ActionFinished(key=key, outcome="not-started", detail=detail)
        case Collect():
            return Collected(key=key, complete=False, detail=detail)
        case Query():
            return QueryAnswered(key=key, results={name: Result(error=detail) for name in body.expressions})
        case Reconcile():
            return Reconciled(key=key, asked_at=now, alerts=(), complete=False)
        case _:
            return MessageSettled(key=key, arrived=False, detail=detail)


def unknown(key: str, body: Bodies, detail: str, now: Instant) -> Events:
    """It was begun, and whoever began it was lost."""
    return ActionUnknown(key=key, detail=detail) if isinstance(body, Act) else undone(key, body, detail, now)
