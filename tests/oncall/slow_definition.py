"""The definition of a schedule, read out minute by minute with nothing but `datetime`: slow, and independent of the engine.

It walks along the wall clocks. Everything in a schedule lies on whole minutes, and so does every offset of its zones.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from watchbill.oncall import Calendar, Layer, Person, Schedule

MINUTE = timedelta(minutes=1)
REACH = timedelta(hours=40)  # further than any clock jumps


def wall(instant: datetime, zone: tzinfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def first_shown(zone: tzinfo, local: datetime) -> datetime:
    """The first minute whose wall clock shows a local time or a later one."""
    instant = local.replace(tzinfo=UTC) - REACH
    while wall(instant, zone) < local:
        instant += MINUTE
    return instant


def latest_shown(zone: tzinfo, instant: datetime) -> datetime:
    """The latest local time that was shown up to an instant, seen by going back through the minutes."""
    return max(wall(instant - minutes * MINUTE, zone) for minutes in range(int(REACH / MINUTE)))


def is_open(calendar: Calendar, instant: datetime) -> bool:
    local = wall(instant, calendar.zone)
    minute = local.hour * 60 + local.minute
    return local.date() not in calendar.closed and any(
        start <= minute < end for start, end in calendar.weekly[local.weekday()]
    )


def holder(layer: Layer, zone: tzinfo, instant: datetime, latest: datetime) -> str | None:
    """Whose turn it is, by counting hand-offs from the first."""
    rotation, eras = layer.rotation, sorted(layer.eras, key=lambda era: era.start)
    period = timedelta(seconds=rotation.period)
    day = eras[0].start
    if rotation.period % (7 * 86400) == 0:
        while day.weekday() != rotation.weekday:
            day += timedelta(days=1)
    first = datetime.combine(day, time()) + timedelta(seconds=rotation.at)
    by_the_clock = rotation.period % 86400 == 0 or 86400 % rotation.period == 0
    if by_the_clock:
        now, moments = latest, [datetime.combine(era.start, time()) for era in eras]
    else:
        now, first = instant, first_shown(zone, first)
        moments = [first_shown(zone, datetime.combine(era.start, time())) for era in eras]
    person, number, since, current = None, 0, 0, -1
    while first + number * period <= now:
        at = first + number * period
        due = max(index for index, moment in enumerate(moments) if moment <= at or index == 0)
        if due != current:
            current, since = due, number
        people = eras[current].people
        begin = people.index(eras[current].first) if eras[current].first is not None else 0
        person = people[(begin + number - since) % len(people)]
        number += 1
    return person


def is_away(person: Person, instant: datetime) -> bool:
    def midnight(day: date) -> datetime:
        return first_shown(person.zone, datetime.combine(day, time()))

    return any(midnight(first) <= instant < midnight(last + timedelta(days=1)) for first, last in person.away)


def answer(schedule: Schedule, instant: datetime, latest: datetime | None = None) -> tuple[str, str | None]:
    """The kind of duty and the person, at a whole minute."""
    for gap in schedule.gaps:
        if gap.start <= instant < gap.end:
            if gap.falls_to is None:
                return "gap", None
            kind, person = answer(gap.falls_to, instant)
            return ("fallback" if person else kind), person
    if latest is None:
        latest = latest_shown(schedule.zone, instant)
    known = {person.name: person for person in schedule.people}
    for layer in schedule.layers:
        if layer.inside is not None and not is_open(layer.inside, instant):
            continue
        if layer.outside is not None and is_open(layer.outside, instant):
            continue
        turn = person = holder(layer, schedule.zone, instant, latest)
        if person is None:
            continue
        for swap in schedule.swaps:
            if swap.start <= instant < swap.end and swap.giver == person:
                person = swap.take
        if person != turn:
            return "swap", person
        who = known.get(person)
        if who is not None and (is_away(who, instant) or (who.works is not None and not is_open(who.works, instant))):
            continue
        return "rotation", person
    return "hole", None


def answers(schedule: Schedule, start: datetime, minutes: int) -> list[tuple[str, str | None]]:
    """The answer at each of some minutes in a row."""
    latest = latest_shown(schedule.zone, start)
    found = []
    for minute in range(minutes):
        instant = start + minute * MINUTE
        latest = max(latest, wall(instant, schedule.zone))
        found.append(answer(schedule, instant, latest))
    return found
