"""Who is on call at an instant, and why: one question, answered from the definition, without looking at any other time."""

from datetime import datetime
from typing import Literal

import msgspec

from watchbill.oncall.clock import seconds_of
from watchbill.oncall.schedule import Schedule, Why

Kind = Literal["rotation", "swap", "gap", "fallback", "hole"]


class Absence(msgspec.Struct, frozen=True):
    """Somebody whose turn it would be, and who is not there."""

    person: str
    layer: str
    why: Why


class Duty(msgspec.Struct, frozen=True):
    """Who is on call, and how that came about.

    rotation: `person` has the turn in `layer`. swap: `person` took it over from `giver`, by the swap at index `swap`.
    gap: nobody, as the gap at index `gap` says. fallback: `person` stands in from another `schedule` for that gap.
    hole: nobody, and nobody said so (with a `gap`: it falls to a schedule that has nobody either).
    `absent` are those passed over on the way. `layer`, `swap` and `absent` are those of `schedule`.
    """

    kind: Kind
    schedule: str
    person: str | None = None
    layer: str | None = None
    giver: str | None = None
    swap: int | None = None
    gap: int | None = None
    absent: tuple[Absence, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        return () if self.person is None else (self.person,)


def on_call(schedule: Schedule, at: datetime) -> Duty:
    return duty_at(schedule, seconds_of(at))


def duty_at(schedule: Schedule, instant: int) -> Duty:
    for index, (start, end) in enumerate(schedule.left_out):
        if start <= instant < end:
            falls_to = schedule.gaps[index].falls_to
            return fallen(schedule, index, None if falls_to is None else duty_at(falls_to, instant))
    absent: tuple[Absence, ...] = ()
    for layer, turns in zip(schedule.layers, schedule.turns, strict=True):
        if layer.inside is not None and not layer.inside.is_open(instant):
            continue
        if layer.outside is not None and layer.outside.is_open(instant):
            continue
        holder = turns.holder(instant)
        if holder is None:
            continue
        person, by = holder, None
        for index, (start, end) in enumerate(schedule.exchanged):
            if start <= instant < end and schedule.swaps[index].giver == person:
                person, by = schedule.swaps[index].take, index
        if person != holder:
            return Duty("swap", schedule.name, person, layer.name, holder, by, absent=absent)
        known = schedule.part_time.get(person)
        why = None if known is None else known.absent(instant)
        if why is None:
            return Duty("rotation", schedule.name, person, layer.name, absent=absent)
        absent = (*absent, Absence(person, layer.name, why))
    return Duty("hole", schedule.name, absent=absent)


def fallen(schedule: Schedule, gap: int, other: Duty | None) -> Duty:
    """A gap, with what the schedule says to which it falls."""
    if other is None:
        return Duty("gap", schedule.name, gap=gap)
    kind: Kind = other.kind if other.kind in ("gap", "hole") else "fallback"
    return msgspec.structs.replace(other, kind=kind, gap=gap)
