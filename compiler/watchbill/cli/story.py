"""What happened to incidents, as a person or a program reads it: the story line by line, and the history of actions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchbill.executor.acted import Acted
    from watchbill.executor.words import Line

_COLORS = {
    "page": "31",
    "refused": "33",
    "held": "33",
    "ask": "36",
    "act": "35",
    "began": "35",
    "verified": "32",
    "opened": "1",
}


def iso(at: int) -> str:
    """`2026-11-25T22:00:00Z`, of milliseconds since 1970."""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def plain(text: str) -> str:
    """What came from labels must not move the cursor of whoever reads it."""
    return "".join(c if c.isprintable() else "·" for c in text)


def story_text(
    story: "Sequence[Line]", when: "Callable[[Line], str]", incidents: list[str], *, color: bool
) -> list[str]:
    """A line each; the time where it is another than before, and the incident's number where there are several."""
    shown: list[str] = []
    before = ""
    for line in story:
        time = when(line)
        kind = f"{line.kind:<10}"
        if color:
            kind = f"\x1b[{_COLORS.get(line.kind, '0')}m{kind}\x1b[0m"
        number = f"{incidents.index(line.incident) + 1 if line.incident in incidents else '':>2}  "
        shown.append(
            f"{time if time != before else ' ' * len(time)}  "
            f"{number if len(incidents) > 1 else ''}{kind}  {plain(line.text)}"
        )
        before = time
    return shown


def line_record(line: "Line") -> dict[str, Any]:
    record = {
        "at": iso(line.at),
        "kind": line.kind,
        "who": list(line.who),
        "text": line.text,
        "incident": line.incident,
    }
    return {name: value for name, value in record.items() if value is not None}


def record(one: "Acted") -> dict[str, Any]:
    found = {
        "at": iso(one.at),
        "ended_at": iso(one.ended_at) if one.ended_at is not None else None,
        "incident": one.incident,
        "remediation": one.remediation,
        "targets": list(one.targets),
        "run": one.run,
        "undo": one.undo or None,
        "outcome": one.outcome,
        "detail": one.detail or None,
        "helped": one.helped,
        "risk": one.risk,
        "requested_by": one.requested_by,
        "approved_by": list(one.approved_by) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def table(done: "Sequence[Acted]") -> list[str]:
    """The history of actions: a line for what was done or refused, and a line below it for what else is known."""
    if not done:
        return ["Nothing was done, and nothing was held back."]
    outcomes = [_outcome(one) for one in done]
    width = max(map(len, outcomes))
    names = max(len(one.remediation) for one in done)
    shown: list[str] = []
    for one, outcome in zip(done, outcomes, strict=True):
        where = ", ".join(one.targets) or "-"
        shown.append(f"{iso(one.at)}  {outcome.ljust(width)}  {one.remediation.ljust(names)}  {plain(where)}")
        shown.append(f"{'':22}{plain('; '.join(_more(one)))}")
    return shown


def _outcome(one: "Acted") -> str:
    if one.helped is not None and not one.undo:
        return f"{one.outcome}, {'helped' if one.helped else 'did not help'}"
    return f"{one.outcome}, taken back" if one.undo and one.outcome == "succeeded" else one.outcome


def _more(one: "Acted") -> list[str]:
    told = [f"incident {one.incident}"]
    if one.risk is not None:
        told.append(f"risk {one.risk}")
    if one.requested_by is not None:
        told.append(f"requested by {one.requested_by}")
    if one.approved_by:
        told.append(f"approved by {', '.join(one.approved_by)}")
    if one.ended_at is not None:
        told.append(f"took {(one.ended_at - one.at) // 1000} s")
    if one.detail:
        told.append(one.detail)
    return told
