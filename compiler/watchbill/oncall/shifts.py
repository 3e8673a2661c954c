"""Every shift between two instants: stretches of one duty that make up the whole time, worked out layer by layer."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from watchbill.oncall.calendar import Stretch, common
from watchbill.oncall.clock import DAY, instant_of, seconds_of
from watchbill.oncall.duty import Absence, Duty, Kind, duty_at, fallen
from watchbill.oncall.rotation import Turns
from watchbill.oncall.schedule import Layer, Person, Schedule

Span = tuple[int, int, Duty]  # start, end in seconds since 1970; neighbours have different duties
_Piece = tuple[int, int, str, str, int | None]  # start, end, person, holder of the turn, swap
_LONGEST = 1100 * DAY


class Shift(msgspec.Struct, frozen=True):
    """A stretch [start, end) of one duty, in UTC."""

    start: datetime
    end: datetime
    duty: Duty

    @property
    def kind(self) -> Kind:
        return self.duty.kind

    @property
    def person(self) -> str | None:
        return self.duty.person

    @property
    def people(self) -> tuple[str, ...]:
        return self.duty.people

    @property
    def layer(self) -> str | None:
        return self.duty.layer

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def shifts(schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts that make up [start, end), in order; neighbours differ in who is on call or in why."""
    found = spans(schedule, seconds_of(start), -seconds_of(-_since(end)) if False else _up(end))
    made = [Shift(instant_of(begins), instant_of(ends), duty) for begins, ends, duty in found]
    if made:
        made[0] = msgspec.structs.replace(made[0], start=start.astimezone(UTC))
        made[-1] = msgspec.structs.replace(made[-1], end=end.astimezone(UTC))
    return tuple(made)
