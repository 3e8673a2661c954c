"""The schedules of a plan as the structures of `oncall`."""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import ParamSpec, TypeVar

from watchbill import oncall
from watchbill.executor.plan.documents import Document
from watchbill.executor.plan.people import Calendar, Gap, Layer, Schedule
from watchbill.executor.plan.times import DAYS, milliseconds, minutes, weekly
from watchbill.oncall.zones import zone, zone_names

FIRST_MONDAY = date(1970, 1, 5)  # from which `people: […]`, the short form, has always rotated
P = ParamSpec("P")
T = TypeVar("T")
_PERIODS = {"daily": 86_400, "weekly": 604_800}


class Rota:
    """Every calendar and schedule by name. What is wrong is raised as `Broken`."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[str] = []
        self.calendars = {name: _at(("calendars", name), calendar, one) for name, one in document.calendars.items()}
        self.people = {name: _at(("people", name), self._person, name) for name in document.people}
        self.schedules: dict[str, oncall.Schedule] = {}
        for name in document.schedules:
            self._schedule(name)

    def _person(self, name: str) -> oncall.Person:
        person = self._document.people[name]
        away = tuple((date.fromisoformat(one.from_), date.fromisoformat(one.until)) for one in person.away)
        return oncall.Person(name, _zone(person.timezone), self._calendar(person.works), away)

    def _calendar(self, name: str | None) -> oncall.Calendar | None:
        if name is not None and name not in self.calendars:
            raise ValueError(f"there is no calendar `{name}`")
        return self.calendars[name] if name is not None else None

    def _schedule(self, name: str) -> oncall.Schedule:
        if name not in self.schedules:
            if name in self._open:
                raise Broken(("schedules", name), "its gaps fall back to itself")
            if name not in self._document.schedules:
                raise ValueError(f"there is no schedule `{name}`")
            self._open.append(name)
            self.schedules[name] = _at(("schedules", name), self._made, name, self._document.schedules[name])
            self._open.pop()
        return self.schedules[name]

    def _made(self, name: str, body: Schedule) -> oncall.Schedule:
        there = _zone(body.timezone)
        layers = tuple(self._layer(layer) for layer in body.layers)
        if not layers:
            layers = (oncall.Layer("people", (oncall.Era(FIRST_MONDAY, body.people),)),)
        swaps = tuple(
            oncall.Swap(_local(one.from_, body.timezone), _local(one.until, body.timezone), one.take, one.for_)
            for one in body.swaps
        )
        names = {person for layer in layers for era in layer.eras for person in era.people}
        names |= {person for swap in swaps for person in (swap.take, swap.giver)} | set(body.shadow)
        unknown = names - set(self.people)
        if unknown:
            raise ValueError(f"there is no person `{min(unknown)}`")
        people = tuple(self.people[person] for person in sorted(names))
        gaps = tuple(self._gap(one, body.timezone) for one in body.gaps)
        return oncall.Schedule(name, there, layers, people, swaps, gaps, body.shadow)

    def _gap(self, gap: Gap, timezone: str) -> oncall.Gap:
        other = self._schedule(gap.falls_to) if gap.falls_to is not None else None
        return oncall.Gap(_local(gap.from_, timezone), _local(gap.until, timezone), other)

    def _layer(self, layer: Layer) -> oncall.Layer:
        if layer.rotation.every is not None:
            period = milliseconds(layer.rotation.every) // 1000
        else:
            period = _PERIODS.get(layer.rotation.name or "", 0)
        if period <= 0 or layer.handoff.day not in DAYS:
            raise ValueError(f"layer `{layer.name}` has no rotation")
        eras = tuple(oncall.Era(date.fromisoformat(era.from_), era.people, era.first) for era in layer.eras)
        rotation = oncall.Rotation(period, minutes(layer.handoff.at) * 60, DAYS.index(layer.handoff.day))
        only = layer.only
        inside = self._calendar(only.inside) if only is not None else None
        outside = self._calendar(only.outside) if only is not None else None
        return oncall.Layer(layer.name, eras, rotation, inside, outside)


class Broken(Exception):  # noqa: N818  (it never leaves the room: `read` turns it into its Fault)
    """What is wrong with a plan, and where: keys from the top."""

    def __init__(self, path: tuple[str, ...], what: str) -> None:
        super().__init__(what)
        self.path = path
        self.what = what


def calendar(body: Calendar) -> oncall.Calendar:
    closed = frozenset(date.fromisoformat(day) for day in body.closed)
    return oncall.Calendar(_zone(body.timezone), weekly(body.weekly), closed)


def _at(path: tuple[str, ...], make: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    try:
        return make(*arguments, **named)
    except ValueError as error:
        raise Broken(path, str(error)) from None


def _zone(name: str) -> tzinfo:
    if name not in zone_names():
        raise ValueError(f"`{name}` is not a time zone")
    return zone(name)


def _local(text: str, timezone: str) -> datetime:
    """A local time in a zone, or an instant; the compiler refuses those that do not exist or exist twice."""
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo is not None else when.replace(tzinfo=_zone(timezone))).astimezone(UTC)
