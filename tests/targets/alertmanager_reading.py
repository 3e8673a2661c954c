"""Alertmanager's reading of a configuration with a flat tree, for tests: routes, time intervals, inhibition."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import re2

Config = Mapping[str, Any]
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"(.*)"', re.DOTALL)


def holds(matcher: str, labels: Mapping[str, str]) -> bool:
    """labels.Matcher.Matches: a label that is absent is an empty one."""
    match = _MATCHER.fullmatch(matcher)
    assert match is not None, matcher
    name, operator, value = match[1], match[2], match[3].replace('\\"', '"').replace("\\\\", "\\")
    has = labels.get(name, "")
    same = re2.fullmatch(value, has) is not None if "~" in operator else has == value
    return same != operator.startswith("!")


def taken(config: Config, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The routes an alert takes, each with what it inherits (dispatch.Route.Match)."""
    root = {key: value for key, value in config["route"].items() if key != "routes"}
    found = False
    for route in config["route"].get("routes", []):
        if all(holds(matcher, labels) for matcher in route.get("matchers", ())):
            found = True
            yield {**root, **route}
            if not route.get("continue"):
                return
    if not found:
        yield root


def within(config: Config, name: str, now: datetime) -> bool:
    """Whether an instant lies in a named interval (timeinterval.TimeInterval.ContainsTime)."""
    (found,) = (one["time_intervals"] for one in config["time_intervals"] if one["name"] == name)
    return any(_contains(entry, now) for entry in found)


def _contains(entry: Mapping[str, Any], now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(entry.get("location", "UTC")))
    clock = f"{local:%H:%M}"
    if "times" in entry and not any(one["start_time"] <= clock < one["end_time"] for one in entry["times"]):
        return False
    values = {
        "days_of_month": local.day,
        "months": local.month,
        "weekdays": (local.weekday() + 1) % 7,
        "years": local.year,
    }
    return all(
        any(first <= value <= last for first, last in map(_range, entry[key]))
        for key, value in values.items()
        if key in entry
    )


def _range(text: str) -> tuple[int, int]:
    begin, _, end = text.partition(":")
    first, last = (DAYS.index(word) if word in DAYS else int(word) for word in (begin, end or begin))
    assert first <= last, text
    return first, last


def heard(config: Config, labels: Mapping[str, str], now: datetime) -> list[str]:
    """The receivers that are told at an instant (notify.TimeMuteStage, notify.TimeActiveStage)."""
    found = []
    for route in taken(config, labels):
        active, muted = route.get("active_time_intervals"), route.get("mute_time_intervals", ())
        if active and not any(within(config, name, now) for name in active):
            continue
        if not any(within(config, name, now) for name in muted):
            found.append(route["receiver"])
    return found


def silenced(config: Config, target: Mapping[str, str], source: Mapping[str, str]) -> bool:
    """Whether a firing source inhibits a target (inhibit.InhibitRule): labels missing on both sides are equal."""
    return any(
        all(holds(matcher, source) for matcher in rule["source_matchers"])
        and all(holds(matcher, target) for matcher in rule["target_matchers"])
        and all(source.get(label, "") == target.get(label, "") for label in rule.get("equal", ()))
        for rule in config.get("inhibit_rules", [])
    )
