"""What was meant for a time that is over. Only `check` looks at the clock: it changes no output."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from watchbill.source.codes import windows as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.kinds.foreign import Foreign
from watchbill.spec.model import Workspace


def expired(workspace: Workspace, now: datetime) -> Iterator[Diagnostic]:
    """Windows that came once and are over, and changes of foreign rules that were to be looked at again by now."""
    for window in workspace.windows.values():
        if window.span is not None and window.span[1] <= now:
            message = f"the window `{window.name}` is over since {window.span[1]:%Y-%m-%d %H:%M} UTC"
            yield Diagnostic(codes.OVER, message, window.at.at("when", "until"), "in the past", "remove the window")
    for policy in workspace.documents.get("Foreign", {}).values():
        foreign: Foreign | None = policy.body
        for index, change in enumerate(foreign.change if foreign is not None else ()):
            if change.until is not None and _end(change.until) <= now:
                message = f"the change of `{change.alert}` was to be looked at again after {change.until}"
                where = policy.at.at("change", index, "until")
                notes = (f"it says: {change.reason}",) if change.reason else ()
                yield Diagnostic(codes.OVER, message, where, "in the past", "give it another day, or remove it", notes)


def _end(day: str) -> datetime:
    """The end of a day in UTC."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
