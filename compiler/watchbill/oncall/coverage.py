"""Where nobody is on call."""

from collections.abc import Iterable
from datetime import datetime

from watchbill.oncall.calendar import Stretch
from watchbill.oncall.schedule import Schedule
from watchbill.oncall.shifts import Shift, Span, shifts


def holes(schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The times in [start, end) when nobody is on call and nobody said so, each with what led to it."""
    return tuple(shift for shift in shifts(schedule, start, end) if shift.kind == "hole")


def unattended(found: Iterable[Span]) -> list[Stretch]:
    """The times when nobody is on call, declared or not; those that touch are one."""
    result: list[Stretch] = []
    for start, end, duty in found:
        if duty.person is None:
            if result and result[-1][1] == start:
                result[-1] = (result[-1][0], end)
            else:
                result.append((start, end))
    return result


def same_person(one: list[Span], other: list[Span]) -> list[tuple[int, int, str]]:
    """(start, end, person) where one person is on call by two schedules at once.

    A time that falls to another schedule is left out: whoever declared the gap has chosen that.
    """
    result: list[tuple[int, int, str]] = []
    position = 0
    for start, end, duty in one:
        if duty.person is None or duty.kind == "fallback":
            continue
        while position < len(other) and other[position][1] <= start:
            position += 1
        following = position
        while following < len(other) and other[following][0] < end:
            begins, ends, beside = other[following]
            if beside.person == duty.person and beside.kind != "fallback":
                at, until = max(start, begins), min(end, ends)
                if result and result[-1][1:] == (at, duty.person):
                    result[-1] = (result[-1][0], until, duty.person)
                else:
                    result.append((at, until, duty.person))
            following += 1
    return result
