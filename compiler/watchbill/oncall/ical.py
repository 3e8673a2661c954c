"""Shifts as iCalendar (RFC 5545): one event each, in UTC, that leaves whoever reads it free for other appointments."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from watchbill.oncall.shifts import Shift

_WORDS = {"gap": "nobody on call, as declared", "hole": "NOBODY ON CALL"}
_WIDTH = 75  # octets of a line (section 3.1)


def calendar(title: str, workspace: str, entries: Iterable[tuple[str, Shift]]) -> str:
    """A calendar of shifts, each with the name of its schedule. The same shifts are the same text, on any day."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Watchbill//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(title)}",
    ]
    for schedule, shift in entries:
        lines += _event(schedule, workspace, shift)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) for line in lines)


def _event(schedule: str, workspace: str, shift: Shift) -> list[str]:
    start = _utc(shift.start)
    place = re.sub(r"[^A-Za-z0-9.-]", "-", schedule)
    return [
        "BEGIN:VEVENT",
        f"UID:{place}-{start}@{workspace}.watchbill",
        f"DTSTAMP:{start}",
        f"DTSTART:{start}",
        f"DTEND:{_utc(shift.end)}",
        f"SUMMARY:{_text(f'{shift.person or _WORDS[shift.kind]}: {schedule}')}",
        f"DESCRIPTION:{_text(_why(shift))}",
        f"CATEGORIES:{shift.kind}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _why(shift: Shift) -> str:
    duty = shift.duty
    said = {
        "rotation": f"{duty.person}'s turn in {duty.layer}",
        "swap": f"{duty.person} for {duty.giver}, in {duty.layer}",
        "fallback": f"{duty.person} of {duty.schedule} stands in",
        "gap": "a declared gap",
        "hole": "nobody is on call, and no gap says so",
    }[duty.kind]
    return "; ".join([said, *(f"{one.person} ({one.layer}) is {_absent(one.why)}" for one in duty.absent)])


def _absent(why: str) -> str:
    return "away" if why == "away" else "not at work"


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """TEXT of section 3.3.11."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> str:
    """Lines of at most 75 octets, never cut within a character."""
    parts: list[str] = []
    part, width = "", 0
    for character in line:
        octets = len(character.encode())
        if width + octets > _WIDTH:
            parts.append(part)
            part, width = " ", 1
        part += character
        width += octets
    return "\r\n".join([*parts, part]) + "\r\n"
