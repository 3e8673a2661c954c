"""A schedule over the coverage time: what the checks of coverage look at."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from watchbill.oncall import Schedule
from watchbill.oncall.calendar import Stretch
from watchbill.oncall.clock import DAY, day_number, instant_of
from watchbill.oncall.localtime import length, stretch
from watchbill.oncall.shifts import Span, spans
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace
from watchbill.spec.references import is_known
from watchbill.spec.rota import complete

SHOWN = 3  # further times that a finding names
YEAR = 366 * DAY


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


def over_coverage(workspace: Workspace, schedules: Iterable[Schedule]) -> dict[str, Covered]:
    """Schedules over their coverage time, by name.

    Those without any are left out, and those of which a layer lacks people or turns, or that name what is not there:
    that is a finding already, and what follows from it is none.
    """
    found: dict[str, Covered] = {}
    for schedule in schedules:
        policy = workspace.documents["Schedule"][schedule.name]
        start, end = coverage_of(workspace, schedule)
        whole = complete(policy.body) and is_known(workspace.documents, policy, ("Schedule", "Person", "Calendar"))
        if start < end and whole:
            found[schedule.name] = Covered(policy, schedule, start, end, spans(schedule, start, end))
    return found


def coverage_of(workspace: Workspace, schedule: Schedule) -> Stretch:
    """The time that is looked at, by the schedule's own clock.

    Without `coverage` in the workspace: the year from the schedule's latest era, and longer where a swap, a gap or an
    absence is later than that.
    """
    midnight = schedule.clock.midnight
    stated = workspace.settings.coverage
    if stated is not None:
        first, last = date.fromisoformat(stated.from_), date.fromisoformat(stated.until)
        return midnight(day_number(first)), midnight(day_number(last) + 1)
    starts = [turns.latest_era() for turns in schedule.turns]
    start = max((start for start in starts if start is not None), default=0)
    ends = [end for _, end in (*schedule.exchanged, *schedule.left_out)]
    ends += [midnight(day_number(last) + 1) for person in schedule.people for _, last in person.away]
    return start, max([start + YEAR, *ends])


def listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
