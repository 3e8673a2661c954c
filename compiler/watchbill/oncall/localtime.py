"""Instants and lengths in words, by somebody's wall clock: the same words in every locale."""

from datetime import datetime, tzinfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(local: datetime, *, year: bool = True) -> str:
    """`Thu 24 Dec 2026`"""
    text = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    return f"{text} {local.year}" if year else text


def moment(instant: datetime, zone: tzinfo, *, year: bool = True) -> str:
    """`Thu 24 Dec 2026 09:00`"""
    local = instant.astimezone(zone)
    return f"{day(local, year=year)} {clock(local)}"


def clock(local: datetime) -> str:
    """`09:00`, with seconds where there are any."""
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def stretch(start: datetime, end: datetime, zone: tzinfo) -> str:
    """`Thu 24 Dec 2026 09:00 to 18:00`; the second day is named where it is another."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date() and first.utcoffset() == last.utcoffset():
        return f"{moment(start, zone)} to {clock(last)}"
    return f"{moment(start, zone, year=first.year != last.year)} to {moment(end, zone)}"


def length(seconds: int) -> str:
    """`3 d 4 h`, `1 h 30 min`, `45 min`: at most two units, rounded down."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if hours < 1:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
