"""Pieces of what `oncall` prints: rows, reasons, instants."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

HEADS = ((1, ""), (2, "on call"), (3, "there"), (4, "until"), (5, "then"))


def table_row(cells: list[str], widths: list[int]) -> str:
    return ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))).rstrip()


def because(entry: dict[str, Any]) -> str:
    """Why it is not simply somebody's turn, and who hears it all beside them."""
    said = []
    if entry["kind"] == "swap":
        said.append(f"for {entry['for']}")
    elif entry["kind"] == "fallback":
        said.append(f"stands in from {entry['by_schedule']}")
    elif entry["kind"] == "gap":
        said.append("a declared gap")
    if entry["reason"]:
        said.append(entry["reason"])
    words = {"away": "is away", "works": "does not work now"}
    said += [f"{one['person']} ({one['layer']}) {words[one['why']]}" for one in entry["absent"]]
    if entry["shadow"]:
        said.append(f"{', '.join(entry['shadow'])} {'shadows' if len(entry['shadow']) == 1 else 'shadow'}")
    return "; ".join(said)


def swap_reason(policy: Any, duty: Any) -> str:
    reason: str = policy.body.swaps[duty.swap].reason if duty.kind == "swap" else ""
    return reason


def shift_record(shift: Any) -> dict[str, Any]:
    return {
        "start": iso(shift.start),
        "end": iso(shift.end),
        "people": list(shift.people),
        "kind": shift.kind,
        "layer": shift.layer,
        "for": shift.duty.giver,
        "by_schedule": shift.duty.schedule,
    }


def iso(instant: datetime, zone: Any = UTC) -> str:
    text = instant.astimezone(zone).isoformat()
    return text.replace("+00:00", "Z") if zone is UTC else text


def wrapped(head: str, parts: list[str]) -> Iterator[str]:
    """Parts one after another, within 80 columns, those that go on indented."""
    line = head
    for number, part in enumerate(parts):
        more = part if number == 0 else f" · {part}"
        if number and len(line) + len(more) > 80:
            yield line
            line, more = " " * len(head), part
        line += more
    yield line
