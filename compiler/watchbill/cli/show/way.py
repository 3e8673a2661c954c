"""An alert's way through a tree, for people and for programs: the routes, and why others did not take it."""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from watchbill.oncall.localtime import moment
from watchbill.promql import format_duration
from watchbill.routing import Arrival, Config, Followed, Labels, Matcher, Route, Visit, visits
from watchbill.routing.matchers import written

WIDTH = 100
NEAREST = 2  # routes of each kind that are shown; of the others the number


class Shown(NamedTuple):
    """What is shown. `asked_firing`: other alerts were given, so that "by nothing" means something."""

    config: Config
    labels: Labels
    at: datetime
    followed: Followed
    asked_firing: bool


class Known(Protocol):
    """What is known beside the tree, where there are policies: cli/show/story.py."""

    def head(self) -> Iterator[str]: ...
    def receiver(self, index: int) -> str: ...
    def interval(self, name: str) -> str: ...
    def lines(self) -> Iterator[str]: ...


def lines(shown: Shown, known: Known | None) -> list[str]:
    return list(_lines(shown, known))


def _lines(shown: Shown, known: Known | None) -> Iterator[str]:
    if known is not None:
        yield from known.head()
    else:
        yield f"At {moment(shown.at, UTC)} UTC"
    yield ""
    yield "Labels"
    named = [f"{name}={_spelt(value)}" for name, value in sorted(shown.labels.items()) if value]
    yield from filled("  ", named or ["none"], "  ")
    yield ""
    yield "Route"
    yield from _routes(shown)
    for index, arrival in enumerate(shown.followed.arrivals):
        yield ""
        yield from _arrival(shown, index, arrival, known)
    yield ""
    yield from _inhibition(shown)
    if known is not None:
        yield from known.lines()


def painted(line: str) -> str:
    """On a terminal: heads bold, what goes wrong red, what takes the alert green."""
    line = re.sub(r"NOBODY|\bshut:", lambda match: f"\x1b[31m{match[0]}\x1b[0m", line)
    line = re.sub(r"▶", "\x1b[32m▶\x1b[0m", line)
    return f"\x1b[1m{line}\x1b[0m" if line and line[0] not in " \x1b" else line


def filled(head: str, parts: Sequence[str], between: str = ", ") -> Iterator[str]:
    """Parts one after another within the width, those that go on indented as the first."""
    line, empty = head, True
    for part in parts:
        if not empty and len(line) + len(between) + len(part) > WIDTH:
            yield (line + between).rstrip()
            line, empty = " " * len(head), True
        line += part if empty else between + part
        empty = False
    yield line.rstrip()


def _spelt(value: str) -> str:
    """A value as it can be typed again: in quotes where a shell or an eye would take it apart."""
    if re.fullmatch(r"[\w.:/@%+,-]+", value):
        return value
    return '"' + "".join(one if one.isprintable() else repr(one)[1:-1] for one in value) + '"'


# Routes


def _routes(shown: Shown) -> Iterator[str]:
    below: dict[tuple[int, ...], list[Visit]] = {}
    found = visits(shown.config, shown.labels)
    for one in found[1:]:
        below.setdefault(one.route.path[:-1], []).append(one)
    yield from _taken(found[0], below, shown, "  ")


def _taken(visit: Visit, below: dict[tuple[int, ...], list[Visit]], shown: Shown, indent: str) -> Iterator[str]:
    """A route that has the alert, and between those right below it what is to be said of the others."""
    route = visit.route
    sign, end = ("▶", f"  → {route.receiver}") if visit.outcome == "ends" else ("│", "")
    yield from _cut(f"{indent}{sign} {route}{end}{'  and goes on' if route.goes_on else ''}")
    inner = f"{indent}  "
    waiting: list[Visit] = []
    for one in below.get(route.path, []):
        if one.outcome in ("taken", "ends"):
            yield from _mismatched(waiting, shown, inner)
            waiting = []
            yield from _taken(one, below, shown, inner)
        else:
            waiting.append(one)
    if waiting and waiting[0].by is not None:
        yield from _passed(waiting, shown, inner)
    else:
        yield from _mismatched(waiting, shown, inner)


def _mismatched(some: list[Visit], shown: Shown, indent: str) -> Iterator[str]:
    """Those that did not match: how many, and the nearest."""
    near = sorted(some, key=lambda one: _failing(one.route, shown.labels))[:NEAREST]
    if len(some) > len(near):
        yield f"{indent}· {len(some):,} routes do not match; the nearest are"
    for one in near if len(some) > len(near) else some:
        lead = "  " if len(some) > len(near) else "· "
        yield from _cut(f"{indent}{lead}{one.route}", f"not taken: {_why(one.mismatch, shown.labels)}")


def _passed(some: list[Visit], shown: Shown, indent: str) -> Iterator[str]:
    """Those that were not asked any more: how many, the next one, and those that would have matched."""
    told = [some[0], *[one for one in some[1:] if one.would_match][:NEAREST]]
    matching = sum(one.would_match for one in some)
    count = f"{len(some):,} more routes are" if len(some) > 1 else "1 more route is"
    tail = f", and {matching:,} of them would match" if matching and len(some) > 1 else ""
    yield f"{indent}· {count} not asked, as this one does not continue{tail}"
    for one in told:
        why = "it would match" if one.would_match else f"the next would not match: {_why(one.mismatch, shown.labels)}"
        yield from _cut(f"{indent}  {one.route}", why)


def _failing(route: Route, labels: Labels) -> int:
    return sum(not one.matches(labels) for one in route.matchers)


def _why(matcher: Matcher | None, labels: Labels) -> str:
    assert matcher is not None  # noqa: S101  (a mismatch has one)
    value = labels.get(matcher.label, "")
    return f"{matcher.label} is {_spelt(value)}" if value else f"it has no {matcher.label}"


def _cut(line: str, more: str = "") -> Iterator[str]:
    """A line, and what is said about it: beside it where there is room, else below."""
    if more and len(line) + 2 + len(more) <= WIDTH:
        yield f"{line}  {more}"
        return
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    yield from textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True) or [
        line
    ]
    if more:
        yield from textwrap.wrap(more, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


# What happens where it ends


def _arrival(shown: Shown, index: int, arrival: Arrival, known: Known | None) -> Iterator[str]:
    route = arrival.route
    number = len(shown.followed.arrivals)
    head = f"Receiver {index + 1} of {number}" if number > 1 else "Receiver"
    told = known.receiver(index) if known is not None else ""
    yield f"{head}  {route.receiver}{f': {told}' if told else ''}"
    ways = _ways(shown.config, route.receiver)
    yield from filled(
        "  by      ",
        [f"{way} {count} times" if count > 1 else way for way, count in ways.items()] or ["no way: it tells nobody"],
    )
    grouped = [f"{name}={_spelt(value)}" for name, value in arrival.group]
    if not grouped and route.group_by:
        grouped = [f"by {', '.join(route.group_by)}, of which it has none"]
    yield from filled("  group   ", grouped or ["all its alerts are one group"])
    first, more, again = (
        format_duration(length)
        for length in (route.timing.group_wait, route.timing.group_interval, route.timing.repeat_interval)
    )
    yield f"  told    after {first}, of changes after {more}, again after {again}"
    for what, names in (("not now", arrival.inactive), ("muted", arrival.muted)):
        if names:
            said = [known.interval(name) if known is not None else f"`{name}`" for name in names]
            only = "active only in " if what == "not now" else "by "
            yield from filled(f"  {what:<7} ", [only + said[0], *said[1:]], " or " if what == "not now" else " and ")


def _ways(config: Config, receiver: str) -> Counter[str]:
    return Counter(config.receivers[receiver].integrations)


def _inhibition(shown: Shown) -> Iterator[str]:
    by, perhaps = shown.followed.inhibited_by, shown.followed.may_be_inhibited_by
    for one in by:
        sure = "" if one.certain else ", as it arrived last"
        yield from _cut(f"Inhibited by {_named(one.source)}{sure}")
        yield from _cut(
            f"  rule {one.rule.number + 1}: {written(one.rule.sources)} silences {written(one.rule.targets)}{_equal(one.rule.equal)}"
        )
    for one in perhaps:
        yield from _cut(f"Not inhibited, but for the order of arrival: {_named(one.source)} would, had it come last")
    if by or perhaps:
        return
    rules = [shown.config.inhibitions[number] for number in shown.config.targets.matching(shown.labels)]
    yield f"Inhibited by nothing{'' if shown.asked_firing or not rules else ' that was named (--firing names other alerts)'}"
    for rule in rules[:5]:
        yield from _cut(f"  it would be while {written(rule.sources)} fires{_equal(rule.equal)}")
    if len(rules) > 5:
        yield f"  and by {len(rules) - 5} rules more"


def _named(labels: Labels) -> str:
    return " ".join(
        f"{name}={_spelt(value)}" for name, value in sorted(labels.items(), key=lambda one: one[0] != "alertname")
    )


def _equal(names: tuple[str, ...]) -> str:
    return f", with the same {', '.join(names)}" if names else ""


# As data


def document(shown: Shown) -> dict[str, Any]:
    """Version 1 of `route`, as far as a tree tells it; what policies know is laid over it."""
    followed = shown.followed
    return {
        "version": 1,
        "receivers": list(followed.receivers),
        "path": [_path(shown, one) for one in followed.arrivals],
        "outcome": None,
        "escalation": None,
        "people": [],
        "inhibited_by": [
            {"rule": one.rule.number, "labels": dict(one.source), "certain": one.certain}
            for one in followed.inhibited_by
        ],
        "muted_by": [] if any(one.active for one in followed.arrivals) else _muted_by(followed),
        "runbook": None,
        "remedies": [],
    }


def _muted_by(followed: Followed) -> list[str]:
    return list(dict.fromkeys(name for one in followed.arrivals for name in one.muted_by))


def _path(shown: Shown, arrival: Arrival) -> dict[str, Any]:
    route = arrival.route
    above = [shown.config.route(route.path[:depth]) for depth in range(len(route.path) + 1)]
    return {
        "receiver": route.receiver,
        "integrations": list(shown.config.receivers[route.receiver].integrations),
        "routes": [{"path": list(one.path), "matchers": [str(matcher) for matcher in one.matchers]} for one in above],
        "group": dict(arrival.group),
        "timing_ms": msgspec.structs.asdict(route.timing),
        "muted_by": list(arrival.muted_by),
        "not_taken": [_not_taken(one, shown.labels) for one in _siblings(shown, route)],
    }


def _siblings(shown: Shown, route: Route) -> Iterator[Visit]:
    """The routes beside one, and beside those above it, that did not take the alert."""
    for one in visits(shown.config, shown.labels):
        if one.outcome in ("mismatch", "passed") and one.route.path[:-1] == route.path[: len(one.route.path) - 1]:
            yield one


def _not_taken(visit: Visit, labels: Labels) -> dict[str, Any]:
    return {
        "path": list(visit.route.path),
        "matchers": [str(one) for one in visit.route.matchers],
        "receiver": visit.route.receiver,
        "why": "does not match" if visit.outcome == "mismatch" else "not asked",
        "mismatch": str(visit.mismatch) if visit.mismatch is not None else None,
        "value": labels.get(visit.mismatch.label) if visit.mismatch is not None else None,
        "by": list(visit.by.path) if visit.by is not None else None,
    }
