"""Time intervals of a configuration, from YAML to records (timeinterval's UnmarshalYAML)."""

import re
from collections.abc import Callable

from yaml.nodes import Node

from watchbill.routing.decoding import Told, is_null
from watchbill.routing.times import MONTHS, WEEKDAYS, Interval, Range, Ranges, TimeInterval, zone
from watchbill.source.codes import alertmanager as codes
from watchbill.source.diagnostic import did_you_mean

_INTERVAL = ("times", "weekdays", "days_of_month", "months", "years", "location")
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


class _Refused(ValueError):  # noqa: N818
    """Why a range is none."""


def time_interval(node: Node, told: Told) -> TimeInterval:
    fields = told.fields(node, "a time interval", ("name", "time_intervals"))
    name = told.text(fields.get("name"), "`name`")
    if not name and not is_null(node):
        told.say(codes.BAD_INTERVAL, "a time interval has no name", node, "this one", "write name: …")
    entries = told.items(fields.get("time_intervals"), "`time_intervals`") or ()
    return TimeInterval(name, tuple(_interval(one, told) for one in entries))


def _interval(node: Node, told: Told) -> Interval:
    fields = told.fields(node, "an entry of `time_intervals`", _INTERVAL)
    return Interval(
        times=_all(fields.get("times"), "times", _times, told),
        weekdays=_all(fields.get("weekdays"), "weekdays", _texts(_weekdays), told),
        days=_all(fields.get("days_of_month"), "days_of_month", _texts(_days), told),
        months=_all(fields.get("months"), "months", _texts(_months), told),
        years=_all(fields.get("years"), "years", _texts(_years), told),
        location=_location(fields.get("location"), told),
    )


_Read = Callable[[Node, Told], Range | None]


def _all(node: Node | None, key: str, read: _Read, told: Told) -> Ranges:
    """The ranges of a list. An entry without a value is Alertmanager's empty range, 0 to 0."""
    items = told.items(node, f"`{key}`")
    if items is None:
        return None
    found: list[Range] = []
    for one in items:
        if is_null(one):
            found.append((0, 0))
            continue
        try:
            span = read(one, told)
        except _Refused as error:
            told.say(codes.BAD_INTERVAL, f"{error}, in `{key}`", one, "refused")
            continue
        if span is not None:
            found.append(span)
    return tuple(found)


def _times(node: Node, told: Told) -> Range:
    fields = told.fields(node, "an entry of `times`", ("start_time", "end_time"))
    start, end = (told.text(fields.get(key), f"`{key}`") for key in ("start_time", "end_time"))
    if not start or not end:
        raise _Refused("a start_time and an end_time are needed")
    for text in (start, end):
        if not _CLOCK.fullmatch(text):
            raise _Refused(f"`{text}` is not a time from 00:00 to 24:00")
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    if first >= last:
        raise _Refused(f"{end} is not after {start}: what crosses midnight is two entries")
    return first, last


def _texts(read: Callable[[str], Range]) -> _Read:
    return lambda node, told: read(told.text(node, "a range"))


def _weekdays(text: str) -> Range:
    first, last = _ends(text, _weekday)
    if first > last:
        raise _Refused(f"`{text}` ends before it begins: weeks begin on sunday")
    return first, last


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise _Refused(_unknown(text, "weekday", WEEKDAYS))
    return WEEKDAYS.index(text)


def _days(text: str) -> Range:
    first, last = _ends(text, _number)
    for day in (first, last):
        if day == 0 or not -31 <= day <= 31:
            raise _Refused(f"{day} is no day of a month")
    if first < 0 < last:
        raise _Refused(f"`{text}` begins counting from the end, and ends counting from the start")
    if (first if first > 0 else 28 + first) > (last if last > 0 else 28 + last):
        raise _Refused(f"`{text}` ends before it begins")
    return first, last


def _months(text: str) -> Range:
    first, last = _ends(text, _month)
    if first > last:
        raise _Refused(f"`{text}` ends before it begins")
    return first, last


def _month(text: str) -> int:
    if text in MONTHS:
        return MONTHS.index(text) + 1
    if not _NUMBER.fullmatch(text):
        raise _Refused(_unknown(text, "month", MONTHS))
    return int(text)


def _years(text: str) -> Range:
    first, last = _ends(text, _number)
    if first > last:
        raise _Refused(f"`{text}` ends before it begins")
    return first, last


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _Refused(f"`{text}` is not a number")
    return int(text)


def _ends(text: str, member: Callable[[str], int]) -> Range:
    parts = text.lower().split(":")
    if len(parts) > 2:
        raise _Refused(f"`{text}` is not a range")
    return member(parts[0]), member(parts[-1])


def _unknown(text: str, what: str, known: tuple[str, ...]) -> str:
    close = did_you_mean(text, known)
    return f"`{text}` is no {what}" + (f" (did you mean `{close}`?)" if close else "")


def _location(node: Node | None, told: Told) -> str | None:
    if node is None or is_null(node):
        return None
    name = told.text(node, "`location`")
    try:
        zone(name)
    except KeyError:
        told.say(
            codes.BAD_INTERVAL, f"there is no time zone `{name}`", node, "not known", "write one such as Europe/Lisbon"
        )
    return name
