"""What a schedule is made of. Names are opaque here: whoever builds a schedule says what they stand for."""

from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Literal

import msgspec

from watchbill.oncall.calendar import Calendar, Stretch, joined
from watchbill.oncall.clock import Clock, clock_of, day_number, seconds_of
from watchbill.oncall.rotation import Era, Rotation, Turns

Why = Literal["away", "works"]  # why somebody is absent: away on those days, or outside the hours they work


class Person(msgspec.Struct, frozen=True, dict=True):
    """Somebody whose turn can come. `away` are first and last days, in `zone`; outside `works` they are out of rotation.

    Somebody absent is passed over, and the turn is not: it stays theirs, everybody else's stays where it was, and for
    that time the next layer is asked. Where no layer is left, nobody is on call.
    """

    name: str
    zone: tzinfo
    works: Calendar | None = None
    away: tuple[tuple[date, date], ...] = ()

    def absent(self, instant: int) -> Why | None:
        """Why this person is not there; None for somebody who is."""
        if any(start <= instant < end for start, end in self._away):
            return "away"
        return None if self.works is None or self.works.is_open(instant) else "works"

    def absences(self, start: int, end: int) -> list[tuple[int, int, Why]]:
        """(start, end, why) of the absences that touch [start, end), in order and disjoint."""
        found: list[tuple[int, int, Why]] = [(*stretch, "away") for stretch in self._away]
        if self.works is not None:
            for begins, ends in self.works.outside(start, end):
                at = begins
                for first, last in self._away:  # a day off is a day off, at work or not
                    if first < ends and last > at:
                        if at < first:
                            found.append((at, first, "works"))
                        at = max(at, last)
                if at < ends:
                    found.append((at, ends, "works"))
            found.sort()
        return [(first, last, why) for first, last, why in found if first < end and last > start]

    @cached_property
    def clock(self) -> Clock:
        return clock_of(self.zone)

    @cached_property
    def _away(self) -> list[Stretch]:
        midnight = self.clock.midnight
        return joined([(midnight(day_number(first)), midnight(day_number(last) + 1)) for first, last in self.away])


class Layer(msgspec.Struct, frozen=True):
    """One rotation, at most in the hours `inside` one calendar, or only `outside` one."""

    name: str
    eras: tuple[Era, ...]
    rotation: Rotation = Rotation()
    inside: Calendar | None = None
    outside: Calendar | None = None


class Swap(msgspec.Struct, frozen=True):
    """From `start` until `end`, `take` has every turn that would be `giver`'s, and has agreed to be there.

    Swaps are taken in order, so one may pass on what an earlier one gave.
    """

    start: datetime
    end: datetime
    take: str
    giver: str


class Gap(msgspec.Struct, frozen=True):
    """A time with nobody on call, on purpose; `falls_to` stands in where there is one. It outweighs layers and swaps."""

    start: datetime
    end: datetime
    falls_to: "Schedule | None" = None


class Schedule(msgspec.Struct, frozen=True, dict=True):
    """Who is on call when: the first layer that has somebody wins.

    `zone` is that of hand-offs. `people` holds those who may be absent; a name that is not there is always present.
    `shadow` hears everything and is never cover.
    """

    name: str
    zone: tzinfo
    layers: tuple[Layer, ...]
    people: tuple[Person, ...] = ()
    swaps: tuple[Swap, ...] = ()
    gaps: tuple[Gap, ...] = ()
    shadow: tuple[str, ...] = ()

    @cached_property
    def clock(self) -> Clock:
        return clock_of(self.zone)

    @cached_property
    def turns(self) -> tuple[Turns, ...]:
        """The turns of each layer."""
        return tuple(Turns(self.clock, layer.rotation, layer.eras) for layer in self.layers)

    @cached_property
    def persons(self) -> dict[str, Person]:
        """Everybody who is known, those who stand in for a gap too."""
        found = {name: person for gap in self.gaps if gap.falls_to for name, person in gap.falls_to.persons.items()}
        return found | {person.name: person for person in self.people}

    @cached_property
    def part_time(self) -> dict[str, Person]:
        """Those who are ever absent."""
        return {person.name: person for person in self.people if person.works is not None or person.away}

    @cached_property
    def exchanged(self) -> tuple[Stretch, ...]:
        """When each swap begins and ends."""
        return tuple((seconds_of(swap.start), seconds_of(swap.end)) for swap in self.swaps)

    @cached_property
    def left_out(self) -> tuple[Stretch, ...]:
        """When each gap begins and ends."""
        return tuple((seconds_of(gap.start), seconds_of(gap.end)) for gap in self.gaps)
