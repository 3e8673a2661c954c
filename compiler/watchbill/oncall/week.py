"""A week of a schedule, drawn with plain characters: eight cells a day, each three hours of the wall clock."""

from itertools import pairwise

from watchbill.oncall.clock import DAY, instant_of
from watchbill.oncall.duty import Duty
from watchbill.oncall.localtime import DAYS, clock, day
from watchbill.oncall.schedule import Schedule
from watchbill.oncall.shifts import Span

CELL = 3 * 3600
CELLS = DAY // CELL
WHOLE, PART, NONE, GAP, HOLE = "█", "▌", "·", "-", "!"
WIDEST = 15  # of a name, so that a line keeps within 80 columns
LEGEND = f"{WHOLE} on call  {PART} for part of three hours  {GAP} a declared gap  {HOLE} nobody"


def drawn(schedule: Schedule, found: list[Span], first_day: int, now: int | None = None) -> list[str]:
    """The seven days from a day number on: a head, a row for each person in order of appearance, and where now is."""
    names = list(dict.fromkeys(_row(duty) for _, _, duty in found))
    width = min(WIDEST, max(len(name) for name in names))
    walls = [first_day * DAY + cell * CELL for cell in range(7 * CELLS + 1)]
    edges = [schedule.clock.instant(wall) for wall in walls]
    lines = [" " * (width + 4) + " ".join(f"{_head(first_day + number):<{CELLS}}" for number in range(7)).rstrip()]
    for name in names:
        cells = [_cell(name, found, start, end) for start, end in pairwise(edges)]
        days = "│".join("".join(cells[CELLS * number : CELLS * (number + 1)]) for number in range(7))
        lines.append(f"  {_short(name, width):<{width}}  {days}")
    if now is not None and edges[0] <= now < edges[-1]:
        cell = max(number for number, edge in enumerate(edges) if edge <= now)
        lines.append(" " * (width + 4 + cell + cell // CELLS) + "▲ now")
    return lines


def by_day(schedule: Schedule, found: list[Span]) -> list[tuple[str, list[str]]]:
    """The hand-offs of some time, day by day: `Thu 24 Dec` and `09:00 bo for ana`. The first span is where it begins."""
    days: dict[str, list[str]] = {}
    before = found[0][2] if found else None
    for start, _, duty in found[1:]:
        if before is not None and _words(duty) != _words(before):
            local = instant_of(start).astimezone(schedule.zone)
            days.setdefault(day(local, year=False), []).append(f"{clock(local)} {_words(duty)}")
        before = duty
    return list(days.items())


def _words(duty: Duty) -> str:
    if duty.person is None:
        return "nobody" if duty.kind == "hole" else "nobody, on purpose"
    if duty.kind == "swap":
        return f"{duty.person} for {duty.giver}"
    return f"{duty.person} of {duty.schedule}" if duty.kind == "fallback" else duty.person


def _row(duty: Duty) -> str:
    return duty.person or "nobody"


def _cell(name: str, found: list[Span], start: int, end: int) -> str:
    held, mark = 0, WHOLE
    for begins, ends, duty in found:
        if begins < end and ends > start and _row(duty) == name:
            held += min(ends, end) - max(begins, start)
            mark = WHOLE if duty.person else HOLE if duty.kind == "hole" or mark == HOLE else GAP
    if not held:
        return NONE
    return mark if held == end - start or mark != WHOLE else PART


def _head(number: int) -> str:
    local = instant_of(number * DAY)
    return f"{DAYS[local.weekday()]} {local.day}"


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else f"{name[: width - 1]}…"
