"""Documents as plain values for JSON, directed by their types; and with each, the documents that it names in turn."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec

from watchbill.spec.kinds.actions import Action, Own
from watchbill.spec.kinds.answers import Collector, KeepHealthy
from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.people import Calendar
from watchbill.spec.model import Place, Workspace, qualified
from watchbill.spec.scalars import WEEKDAYS, weekday_numbers
from watchbill.spec.series import asked
from watchbill.spec.shapes import ListShape, MapShape, ScalarShape, Shape, StructShape, fields_of

Record = dict[str, Any]


class Reached:
    """The documents of some kinds that are named: each is written down once, and what it names is reached as well.

    `places` are those where a query is asked otherwise than it is written.
    """

    def __init__(self, workspace: Workspace, kinds: Iterable[str], places: Iterable[Place] = ()) -> None:
        self.places = tuple(place for place in places if place.series)
        self._documents = workspace.documents
        self._waiting: list[tuple[str, str]] = []
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in kinds}

    def name(self, kind: str, reference: str, team: str | None) -> str:
        """The qualified name of what a reference means. One that means nothing is a finding elsewhere, and stays."""
        name = qualified(self._documents, kind, reference, team)
        if name is None:
            return reference
        if kind in self.records and name not in self.records[kind]:
            self.records[kind][name] = {}
            self._waiting.append((kind, name))
        return name

    def finish(self) -> None:
        """Write down everything that was named, until nothing new is named."""
        while self._waiting:
            kind, name = self._waiting.pop()
            policy = self._documents[kind][name]
            if policy.body is None:
                del self.records[kind][name]
                continue
            team = policy.name if kind == "Team" else policy.team
            record: Record = plain(StructShape(type(policy.body)))(policy.body, self, team)
            self.records[kind][name] = {"team": policy.team, **record} if policy.team else record


Plain = Callable[[Any, Reached, str | None], Any]


def present(record: Record) -> Record:
    return {key: value for key, value in record.items() if value is not None and value not in ("", (), {}, [])}


@cache
def plain(shape: Shape) -> Plain:
    """A function from a value, what it may reach, and the team it speaks for, to what JSON can hold."""
    if isinstance(shape, ScalarShape) and shape.scalar.to:
        kind = shape.scalar.to
        return lambda value, reached, team: reached.name(kind, value, team)
    if isinstance(shape, ListShape):
        of_item = plain(shape.item)
        return lambda values, reached, team: [of_item(value, reached, team) for value in values]
    if isinstance(shape, MapShape):
        of_value = plain(shape.value)
        return lambda values, reached, team: {key: of_value(values[key], reached, team) for key in values}
    if isinstance(shape, StructShape):
        return _SPECIAL.get(shape.type) or _plain_struct(shape)
    return lambda value, _reached, _team: value


def part(value: msgspec.Struct, keys: Iterable[str], reached: Reached) -> Record:
    """Some keys of a document without a team, those that have a value."""
    found = {}
    for field in fields_of(type(value)):
        held = getattr(value, field.attribute)
        if field.key in keys and held is not None:
            found[field.key] = plain(field.shape)(held, reached, None)
    return present(found)


def _plain_struct(shape: StructShape) -> Plain:
    parts: list[tuple[str, str, Any, Plain]] = []  # filled on first use: a struct may contain itself

    def of_struct(value: Any, reached: Reached, team: str | None) -> Record:
        if not parts:
            parts.extend(
                (field.key, field.attribute, field.default, plain(field.shape))
                for field in fields_of(shape.type)
                if field.shape != StructShape(Defaults)  # inherited by the alerts, which say so themselves
            )
        record = {}
        for key, attribute, default, of_part in parts:
            held = getattr(value, attribute)
            if held is not None and (held not in ("", (), {}) or held != default):  # `undo: {}` is not no `undo`
                record[key] = of_part(held, reached, team)
        return record

    return of_struct


def _plain_action(action: Action, reached: Reached, team: str | None) -> Record:
    """Which action and with what. One of the user's own stands there like any other, and is found by its name."""
    for field in fields_of(Action):
        parameters = getattr(action, field.attribute)
        if parameters is not None:
            record = plain(field.shape)(parameters, reached, team)
            if isinstance(parameters, Own):
                return {"name": parameters.name, "parameters": record.get("parameters", {})}
            return {"name": field.key, "parameters": record}
    return {}  # it is broken, and nothing is written


def _plain_calendar(calendar: Calendar, _reached: Reached, _team: str | None) -> Record:
    """Hours day by day: `monday-friday` is five days."""
    weekly: dict[int, set[str]] = {}
    for days, hours in calendar.weekly.items():
        for number in weekday_numbers(days):
            weekly.setdefault(number, set()).update(hours)
    record = {
        "timezone": calendar.timezone,
        "weekly": {WEEKDAYS[number]: sorted(weekly[number]) for number in sorted(weekly)},
        "closed": sorted(set(calendar.closed)),
    }
    return present(record)


def _plain_query(type_: type[msgspec.Struct], key: str) -> Plain:
    """A struct with a query: `by` holds, for a place whose series carry its labels, the query that asks for them."""
    plain_struct = _plain_struct(StructShape(type_))

    def of_query(value: Any, reached: Reached, team: str | None) -> Record:
        record: Record = plain_struct(value, reached, team)
        text = record.get(key)
        texts = {place.source: asked(text, place) for place in reached.places} if text is not None else {}
        by = {source: {key: other} for source, other in texts.items() if other != text}
        return {**record, "by": by} if by else record

    return of_query


_SPECIAL: dict[type[msgspec.Struct], Plain] = {
    Action: _plain_action,
    Calendar: _plain_calendar,
    Collector: _plain_query(Collector, "promql"),
    KeepHealthy: _plain_query(KeepHealthy, "expr"),
}
