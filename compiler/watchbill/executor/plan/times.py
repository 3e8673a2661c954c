"""Durations and clock times of a plan, in the units that the core counts in."""

from functools import lru_cache

from watchbill.promql.duration import parse_duration

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=1024)
def milliseconds(duration: str) -> int:
    """A Prometheus duration; ValueError when it is none."""
    found = parse_duration(duration)
    if found is None:
        raise ValueError(f"`{duration}` is not a duration")
    return found


def minutes(clock: str) -> int:
    """Minutes of the local day, `24:00` is its end."""
    hour, _, minute = clock.partition(":")
    found = int(hour) * 60 + int(minute)
    if len(clock) != 5 or not 0 <= int(minute) < 60 or not 0 <= found <= 1440:
        raise ValueError(f"`{clock}` is not a time of the day")
    return found


def weekly(hours: dict[str, tuple[str, ...]]) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The hours of each weekday, Monday first, in minutes of the local day."""
    unknown = set(hours) - set(DAYS)
    if unknown:
        raise ValueError(f"`{min(unknown)}` is not a day of the week")
    week = []
    for day in DAYS:
        spans = []
        for text in hours.get(day, ()):
            start, _, end = text.partition("-")
            spans.append((minutes(start), minutes(end)))
        week.append(tuple(sorted(spans)))
    return tuple(week)
