"""A schedule over the coverage time: what the checks of coverage look at."""

from collections.abc import Sequence

import msgspec

from watchbill.oncall import Schedule
from watchbill.oncall.calendar import Stretch
from watchbill.oncall.clock import instant_of
from watchbill.oncall.localtime import length, stretch
from watchbill.oncall.shifts import Span
from watchbill.spec.load import Policy

SHOWN = 3  # further times that a finding names


class Covered(msgspec.Struct, frozen=True):
    """One schedule, where it stands in the policies, and its shifts in the coverage time."""

    policy: Policy
    schedule: Schedule
    start: int
    end: int
    spans: list[Span]

    def words(self, times: Sequence[Stretch]) -> str:
        """The first of some times, and how many there are."""
        start, end = times[0]
        text = stretch(instant_of(start), instant_of(end), self.schedule.zone)
        zone = f" ({self.policy.body.timezone})"
        if len(times) == 1:
            return f"from {text}{zone}"
        total = length(sum(until - at for at, until in times))
        more = "once more" if len(times) == 2 else f"{len(times) - 1} more times"
        return f"from {text}{zone}, and {more}: {total} in all"

    def others(self, times: Sequence[Stretch]) -> tuple[str, ...]:
        """The times after the first, a few of them."""
        if len(times) < 2:
            return ()
        texts = [stretch(instant_of(at), instant_of(until), self.schedule.zone) for at, until in times[1 : SHOWN + 1]]
        rest = len(times) - 1 - len(texts)
        return (f"also {'; '.join(texts)}{f'; and {rest} more' if rest else ''}",)


def listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
