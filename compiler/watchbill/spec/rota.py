"""Schedules, calendars and people of the model as the structures of `oncall`, with holidays from the reviewed lock."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import msgspec

from watchbill import oncall
from watchbill.oncall import holidays
from watchbill.oncall.zones import zone
from watchbill.source.codes import schedules as codes
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.spec.kinds import people as kinds
from watchbill.spec.kinds.workspace import Coverage
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.scalars import WEEKDAYS, local_time, seconds, weekday_numbers

LOCK = "policies/holidays.lock"
FIRST_MONDAY = date(1970, 1, 5)  # from which `people: […]`, the short form, has always rotated
SHORTEST_TURN = 3600
LAYER_OF_PEOPLE = "people"  # the name of the short form's only layer
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Documents = dict[str, dict[str, Policy]]


class Rota(msgspec.Struct, frozen=True):
    """Every schedule, person and calendar by its qualified name. What is broken, and told elsewhere, is left out."""

    schedules: dict[str, oncall.Schedule]
    people: dict[str, oncall.Person]
    calendars: dict[str, oncall.Calendar]


def rota(workspace: Workspace) -> tuple[Rota, list[Diagnostic]]:
    """The workspace's schedules, and what is wrong with the lock or with the schedules that gaps fall to."""
    lock, found = read_lock(workspace.root)
    made = _Making(workspace.documents, lock)
    found += _unlocked(workspace.documents, workspace.settings.coverage, lock) if not found else []
    for name in workspace.documents.get("Schedule", {}):
        made.schedule(name)
    return Rota(dict(sorted(made.schedules.items())), made.people, made.calendars), [*found, *made.found]


def read_lock(root: Path) -> tuple[holidays.Lock, list[Diagnostic]]:
    """The lock of a workspace; none is an empty one."""
    try:
        text = (root / LOCK).read_text("utf-8")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror).lower()
        return {}, [_broken(1, 1, f"the holiday lock cannot be read: {reason}")]
    lock, wrong = holidays.parse(text)
    lines = text.splitlines()
    return lock, [_broken(line, len(lines[line - 1]) + 1, what) for line, what in wrong]


def years_of(coverage: Coverage) -> range:
    """The years whose holidays the coverage time needs; a day more at each end, since zones differ."""
    day = timedelta(days=1)
    first, last = date.fromisoformat(coverage.from_) - day, date.fromisoformat(coverage.until) + day
    return range(first.year, last.year + 1)


def close_on_holidays(documents: Documents, coverage: Coverage | None, root: Path) -> list[Diagnostic]:
    """Write the holidays of every Calendar that names a country into its `closed` days, in place.

    What reads `closed` then knows them all. What the lock does not know is a finding, never a guess.
    """
    if not any(policy.body is not None and policy.body.holidays for policy in documents.get("Calendar", {}).values()):
        return []
    lock, found = read_lock(root)
    for name, policy in documents["Calendar"].items():
        if policy.body is not None and policy.body.holidays is not None:
            closed = tuple(sorted({*policy.body.closed, *map(str, holidays.days_of(lock, policy.body.holidays))}))
            body = msgspec.structs.replace(policy.body, closed=closed)
            documents["Calendar"][name] = msgspec.structs.replace(policy, body=body)
    return found or _unlocked(documents, coverage, lock)


def _unlocked(documents: Documents, coverage: Coverage | None, lock: holidays.Lock) -> list[Diagnostic]:
    found = []
    for name, policy in documents.get("Calendar", {}).items():
        region = policy.body.holidays if policy.body is not None else None
        if region is None:
            continue
        if coverage is None:
            message = f"calendar `{name}` has holidays, and the workspace does not say of which years"
            help_ = "add `coverage: {from: …, until: …}` to the workspace, then run: watchbill holidays update"
        else:
            years = holidays.missing(lock, region, years_of(coverage))
            if not years:
                continue
            message = f"{LOCK} does not know the holidays of {region} in {_listed(years)}"
            help_ = "run: watchbill holidays update"
        found.append(
            Diagnostic(
                codes.HOLIDAYS_NOT_LOCKED,
                message,
                policy.at.at("holidays"),
                "not locked",
                help_,
                notes=("until then these days would be working days like any other",),
            )
        )
    return found


def _listed(years: list[int]) -> str:
    words = [str(year) for year in years]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _broken(line: int, end: int, what: str) -> Diagnostic:
    span = Span(LOCK, line, 1, line, max(end, 2))
    return Diagnostic(codes.BAD_LOCK, what, span, "here", "write it anew: watchbill holidays update")


class _Making:
    """One conversion: every document once, those that a gap falls to before those that name them."""

    def __init__(self, documents: Documents, lock: holidays.Lock) -> None:
        self._documents = documents
        self._open: list[str] = []
        self.found: list[Diagnostic] = []
        self.schedules: dict[str, oncall.Schedule] = {}
        self.calendars = {
            name: _calendar(policy.body, lock)
            for name, policy in documents.get("Calendar", {}).items()
            if policy.body is not None
        }
        self.people = {
            name: self._person(name, policy)
            for name, policy in documents.get("Person", {}).items()
            if policy.body is not None
        }

    def schedule(self, name: str) -> oncall.Schedule | None:
        policy = self._documents["Schedule"].get(name)
        if name in self.schedules or policy is None or policy.body is None:
            return self.schedules.get(name)
        body: kinds.Schedule = policy.body
        self._open.append(name)
        gaps = tuple(self._gap(policy, index, one) for index, one in enumerate(body.gaps))
        self._open.pop()
        layers = tuple(self._layer(layer, policy.team) for layer in body.layers)
        if not layers:
            era = oncall.Era(FIRST_MONDAY, self._names(body.people, policy.team))
            layers = (oncall.Layer(LAYER_OF_PEOPLE, (era,)),)
        swaps = tuple(self._swap(one, body.timezone, policy.team) for one in body.swaps)
        names = {person for layer in layers for era in layer.eras for person in era.people}
        names |= {person for swap in swaps for person in (swap.take, swap.giver)}
        people = tuple(self.people[person] for person in sorted(names) if person in self.people)
        shadow = self._names(body.shadow, policy.team)
        made = oncall.Schedule(name, zone(body.timezone), layers, people, swaps, gaps, shadow)
        self.schedules[name] = made
        return made

    def _layer(self, layer: kinds.Layer, team: str | None) -> oncall.Layer:
        eras = tuple(
            oncall.Era(
                date.fromisoformat(era.from_),
                self._names(era.people, team),
                self._names((era.first,), team)[0] if era.first is not None else None,
            )
            for era in layer.eras
        )
        turn = rotation(layer)
        bounds = layer.only or kinds.Only()
        return oncall.Layer(
            layer.name,
            eras if turn is not None else (),
            turn or oncall.Rotation(),
            inside=self._calendar_of(bounds.inside, team),
            outside=self._calendar_of(bounds.outside, team),
        )

    def _swap(self, swap: kinds.Swap, zone_name: str, team: str | None) -> oncall.Swap:
        return oncall.Swap(*_time(swap.from_, swap.until, zone_name), *self._names((swap.take, swap.for_), team))

    def _gap(self, policy: Policy, index: int, gap: kinds.Gap) -> oncall.Gap:
        other = None
        if gap.falls_to is not None:
            name = qualified(self._documents, "Schedule", gap.falls_to, policy.team)
            if name in self._open:
                self.found.append(
                    Diagnostic(
                        codes.GAPS_IN_A_CIRCLE,
                        f"this gap falls back to its own schedule: {' → '.join([*self._open[self._open.index(name) :], name])}",
                        policy.at.at("gaps", index, "falls_to"),
                        "in a circle",
                        "name a schedule whose gaps do not fall back here",
                    )
                )
            elif name is not None:
                other = self.schedule(name)
        return oncall.Gap(*_time(gap.from_, gap.until, policy.body.timezone), other)

    def _person(self, name: str, policy: Policy) -> oncall.Person:
        body: kinds.Person = policy.body
        away = tuple((date.fromisoformat(one.from_), date.fromisoformat(one.until)) for one in body.away)
        return oncall.Person(name, zone(body.timezone), self._calendar_of(body.works, policy.team), away)

    def _calendar_of(self, reference: str | None, team: str | None) -> oncall.Calendar | None:
        name = qualified(self._documents, "Calendar", reference, team) if reference is not None else None
        return self.calendars.get(name) if name is not None else None

    def _names(self, references: tuple[str, ...], team: str | None) -> tuple[str, ...]:
        found = (qualified(self._documents, "Person", reference, team) or reference for reference in references)
        return tuple(found)


def rotation(layer: kinds.Layer) -> oncall.Rotation | None:
    """The rotation of a layer; None for turns that are too short to be any."""
    period = {"daily": 86_400, "weekly": 604_800}.get(layer.rotation.name or "", 0)
    if layer.rotation.every is not None:
        exact = seconds(layer.rotation.every)
        period = int(exact) if exact >= SHORTEST_TURN and exact % 60 == 0 else 0
    at = int(layer.handoff.at[:2]) * 3600 + int(layer.handoff.at[3:]) * 60
    return oncall.Rotation(period, at, WEEKDAYS.index(layer.handoff.day)) if period else None


def complete(schedule: kinds.Schedule) -> bool:
    """Whether each layer has people and turns; what lacks them is told where schedules are looked at."""
    return bool(schedule.people) or (
        bool(schedule.layers)
        and all(
            layer.eras and all(era.people for era in layer.eras) and rotation(layer) is not None
            for layer in schedule.layers
        )
    )


def _time(start: str, end: str, zone_name: str) -> tuple[datetime, datetime]:
    """From when until when. An impossible time, told elsewhere, lasts no time: the others keep their numbers."""
    first, last = local_time(start, zone_name)[0], local_time(end, zone_name)[0]
    return (first, last) if first is not None and last is not None else (_NEVER, _NEVER)


def _calendar(calendar: kinds.Calendar, lock: holidays.Lock) -> oncall.Calendar:
    weekly: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for days, hours in calendar.weekly.items():
        for day in weekday_numbers(days):
            weekly[day].extend(_minutes(text) for text in hours)
    closed = {date.fromisoformat(day) for day in calendar.closed}
    if calendar.holidays is not None:
        closed |= holidays.days_of(lock, calendar.holidays)
    return oncall.Calendar(zone(calendar.timezone), tuple(tuple(sorted(day)) for day in weekly), frozenset(closed))


@lru_cache(maxsize=1024)
def _minutes(hours: str) -> tuple[int, int]:
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end
