"""Times at which a route tells nobody, and the times between its messages."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from watchbill.routing import Config, Interval, Route
from watchbill.routing.times import zone
from watchbill.source.codes import tree as codes
from watchbill.source.diagnostic import Diagnostic

DAY = 1440  # minutes
_START = datetime(2024, 1, 1)  # noqa: DTZ001  (a Monday; the zone is each interval's own)
_CYCLE = 28 * 365 + 7  # days after which weekdays, days and months come together again


def check(config: Config) -> Iterator[Diagnostic]:
    for route in config.routes():
        yield from _silent(config, route)
        yield from _waits(route)


def _silent(config: Config, route: Route) -> Iterator[Diagnostic]:
    muted = _intervals(config, route.muted)
    active = _intervals(config, route.active)
    advice = "mend the intervals, or remove the route"
    if route.muted and _covers(muted):
        message = f"{route} is muted at every minute, by {_named(route.muted)}"
        yield Diagnostic(codes.ALWAYS_MUTED, message, route.at, "never told", advice)
    elif route.active and not any(_ever(one) for one in active):
        message = f"{_named(route.active)}, by which {route} is active, never holds"
        yield Diagnostic(codes.NEVER_ACTIVE, message, route.at, "never told", advice)
    elif route.active and route.muted and _covers(muted, active):
        message = f"{route} is muted whenever it is active"
        yield Diagnostic(codes.ALWAYS_MUTED, message, route.at, "never told", advice)


def _named(names: Iterable[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _intervals(config: Config, names: Iterable[str]) -> list[Interval]:
    return [one for name in names for one in config.intervals[name].intervals]


def _days(intervals: Iterable[Interval]) -> Iterator[datetime]:
    """Noon of days that stand for every day there is: those of a week, or of 28 years where months or days are named."""
    named = any(one.days is not None or one.months is not None for one in intervals)
    for number in range(_CYCLE if named else 7):
        yield _START + timedelta(days=number, hours=12)


def _minutes(one: Interval, noon: datetime) -> tuple[tuple[int, int], ...]:
    """The minutes of a day on which an interval holds, whatever the year."""
    day = msgspec.structs.replace(one, times=None, years=None)
    if not day.holds(noon.replace(tzinfo=zone(one.location))):
        return ()
    return one.times if one.times is not None else ((0, DAY),)


def _ever(one: Interval) -> bool:
    if one.years == ():
        return False
    return any(start < end for noon in _days((one,)) for start, end in _minutes(one, noon))


def _covers(some: list[Interval], others: list[Interval] | None = None) -> bool:
    """Whether some intervals hold whenever one of the others does (None: always). Zones that differ are not compared."""
    some = [one for one in some if one.years is None]
    wanted = [Interval()] if others is None else others
    for here in {one.location or "UTC" for one in some}:
        alike = [one for one in some if (one.location or "UTC") == here]
        theirs = [msgspec.structs.replace(one, location=here) for one in wanted] if others is None else wanted
        if any((one.location or "UTC") != here for one in theirs):
            continue
        if all(
            _filled([span for one in alike for span in _minutes(one, noon)], span)
            for noon in _days([*alike, *theirs])
            for one in theirs
            for span in _minutes(one, noon)
        ):
            return True
    return False


def _filled(spans: list[tuple[int, int]], wanted: tuple[int, int]) -> bool:
    at, end = wanted
    for start, until in sorted(spans):
        if start > at:
            break
        at = max(at, until)
    return at >= end


def _waits(route: Route) -> Iterator[Diagnostic]:
    timing = route.timing
    for key, longer, other, shorter in (
        ("group_wait", timing.group_wait, "group_interval", timing.group_interval),
        ("group_interval", timing.group_interval, "repeat_interval", timing.repeat_interval),
    ):
        heartbeat = key == "group_interval" and timing.group_wait == 0  # told at each look, on purpose
        if longer > shorter and route.written & {key, other} and not heartbeat:
            message = f"the {key} of {route} is longer than its {other}"
            advice = f"let `{key}` be the shorter of the two"
            yield Diagnostic(codes.WAITS_LONGER, message, route.at, "too long", advice)
