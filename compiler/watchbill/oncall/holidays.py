"""The holiday lock: public holidays by country and year as reviewed text, so that no machine ever guesses one.

    PT 2026
    2026-01-01 New Year's Day
    2026-04-03 Good Friday

A head names a country, or a country and its subdivision (BR-SP), and a year; the days of that year follow, in order.
Empty lines and lines that begin with `#` say nothing.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

REGION = r"[A-Z]{2}(-[A-Z0-9]{1,3})?"
Lock = dict[str, dict[int, dict[date, str]]]
_HEAD = re.compile(rf"({REGION}) ([0-9]{{4}})")
_PREFACE = """\
# Public holidays, on which calendars with `holidays:` are closed. Reviewed like any policy, written by
# `watchbill holidays update` from {}.
"""
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) (\S.*)")


def parse(text: str) -> tuple[Lock, list[tuple[int, str]]]:
    """The lock, and what is wrong with it: (line from 1, what)."""
    lock: Lock = {}
    wrong: list[tuple[int, str]] = []
    days: dict[date, str] | None = None
    in_year = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        head = _HEAD.fullmatch(line)
        if head:
            region, in_year = head.group(1), int(head.group(3))
            years = lock.setdefault(region, {})
            if in_year in years:
                wrong.append((number, f"{region} {in_year} stands here a second time"))
            days = years.setdefault(in_year, {})
            continue
        entry = _DAY.fullmatch(line)
        day = _day(entry.group(1)) if entry else None
        if entry is None or day is None:
            wrong.append((number, "this is neither a country with a year nor a day with its name"))
        elif days is None:
            wrong.append((number, "a day before any country"))
        elif day.year != in_year or (days and day <= max(days)):
            wrong.append((number, f"{day} is not in its place: days stand in order, below their own year"))
        else:
            days[day] = entry.group(2)
    return lock, wrong


def render(lock: Mapping[str, Mapping[int, Mapping[date, str]]], source: str) -> str:
    """The lock as text: the same for the same lock, whatever order it was made in."""
    parts = [_PREFACE.format(source)]
    for region in sorted(lock):
        for year in sorted(lock[region]):
            days = sorted(lock[region][year].items())
            parts.append(f"\n{region} {year}\n" + "".join(f"{day} {_one_line(name)}\n" for day, name in days))
    return "".join(parts)


def missing(lock: Lock, region: str, years: Iterable[int]) -> list[int]:
    """The years for which the lock does not know a region."""
    known = lock.get(region, {})
    return [year for year in years if year not in known]


def days_of(lock: Lock, region: str) -> frozenset[date]:
    return frozenset(day for days in lock.get(region, {}).values() for day in days)


def _one_line(name: str) -> str:
    return " ".join(name.split()) or "holiday"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
