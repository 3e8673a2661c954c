"""Windows of a plan: whether one holds now, and until when."""

from datetime import datetime

import msgspec

from watchbill import oncall
from watchbill.executor.plan.documents import Window
from watchbill.executor.plan.people import Calendar
from watchbill.executor.plan.rota import calendar

_LOOK_AHEAD = 8 * 86_400  # a stretch of weekly hours ends within a week, or never


class Holding(msgspec.Struct, frozen=True):
    """A window with its time: weekly hours, or from one instant until another. Seconds."""

    name: str
    window: Window
    hours: oncall.Calendar | None
    span: tuple[int, int]

    def means(self, team: str, labels: dict[str, str]) -> bool:
        """Whether it is about an alert with these labels, of this team."""
        if self.window.team not in (None, team):
            return False
        return all(labels.get(label) == value for label, value in self.window.match.items())

    def until(self, second: int) -> int | None:
        """When it ends, as seen from a second in which it holds; None when it does not hold then."""
        if self.hours is None:
            return self.span[1] if self.span[0] <= second < self.span[1] else None
        if not self.hours.is_open(second):
            return None
        stretches = self.hours.hours(second, second + _LOOK_AHEAD)
        return stretches[0][1] if stretches else second + 1


def holding(name: str, window: Window) -> Holding:
    """ValueError when its time cannot be understood."""
    if window.from_ is not None and window.until is not None:
        start, end = (int(datetime.fromisoformat(text).timestamp()) for text in (window.from_, window.until))
        return Holding(name, window, None, (start, end))
    if not window.weekly:
        raise ValueError("it has neither weekly hours nor a beginning and an end")
    return Holding(name, window, calendar(Calendar(timezone=window.timezone, weekly=window.weekly)), (0, 0))


def next_opening(hours: oncall.Calendar, second: int) -> int | None:
    """When hours that are shut open again, within four weeks."""
    stretches = hours.hours(second, second + 28 * 86_400)
    return stretches[0][0] if stretches else None
