"""Schedules as teams write them, and as nobody should, near the days on which clocks change.

Half of what a team could mean PagerDuty's recurrences say exactly; these schedules lean to that half, which is the hard
one: whatever they do not say is written shift by shift, from the engine's own shifts. They are made from a `Random`:
a seeded one makes thousands in seconds, one of hypothesis' own shrinks what fails.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

from watchbill.oncall import Calendar, Era, Gap, Layer, Person, Rotation, Schedule, Swap
from watchbill.oncall.clock import DAY, WEEK
from watchbill.spec.scalars import zone

HOUR = 3600
DAYS = {  # a day near which the clocks of a zone change, and one far from any
    "Europe/Lisbon": (date(2026, 3, 29), date(2026, 10, 25)),
    "Europe/London": (date(2026, 3, 29), date(2026, 6, 10)),  # the same clocks by another name
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # by half an hour
    "America/Santiago": (date(2026, 4, 5), date(2026, 9, 6)),  # at midnight
    "Africa/Casablanca": (date(2026, 2, 15), date(2026, 3, 22)),
    "Asia/Kolkata": (date(2028, 2, 29),),
    "UTC": (date(2027, 12, 31),),
}
PEOPLE = ("ana", "bo", "chi", "dan", "eli", "fay", "gus")
COMMON = (DAY, DAY, WEEK, WEEK, WEEK, 12 * HOUR, 8 * HOUR, 2 * DAY, 2 * WEEK)
RARE = (3 * DAY, 5 * DAY, 4 * HOUR, HOUR, 36 * HOUR, 100 * HOUR, 90 * 60)
AT = (9 * HOUR, 9 * HOUR, 10 * HOUR, 0, 2 * HOUR + 1800, 12 * HOUR, 18 * HOUR + 900)
FEW = (0, 0, 0, 1, 2)
OFFICE = ((540, 1080),)


def schedules(random: Random, depth: int = 1) -> tuple[Schedule, date]:
    """A schedule, and a day near which something happens."""
    zone_name = random.choice(sorted(DAYS))
    around = random.choice(DAYS[zone_name])
    count = random.choice((1, 1, 2, 2, 3))
    made = [
        _layer(random, around, zone_name, f"layer-{number}", bound=number + 1 < count or not random.randrange(4))
        for number in range(count)
    ]
    people = []
    for name in random.sample(PEOPLE, random.randrange(3)):
        first = around + timedelta(random.randrange(-14, 15))
        works = _calendar(random, around, zone_name) if not random.randrange(30) else None
        there = zone(random.choice(sorted(DAYS)))
        people.append(Person(name, there, works, ((first, first + timedelta(random.randrange(10))),)))
    swaps = [Swap(*_span(random, around), *random.sample(PEOPLE, 2)) for _ in range(random.choice(FEW))]
    gaps = []
    for _ in range(random.choice(FEW)):
        other = schedules(random, depth - 1)[0] if depth and random.randrange(2) else None
        gaps.append(Gap(*_span(random, around), other))
    return Schedule("rota", zone(zone_name), tuple(made), tuple(people), tuple(swaps), tuple(gaps)), around


def _layer(random: Random, around: date, zone_name: str, name: str, *, bound: bool) -> Layer:
    period = random.choice(COMMON if random.randrange(6) else RARE)
    rotation = Rotation(period, random.choice(AT), random.randrange(7))
    eras = {}
    for number in range(random.choice((1, 1, 1, 2, 3))):
        people = tuple(random.sample(PEOPLE, random.randrange(1, 5)))
        days = -100 if number == 0 and random.randrange(5) else random.randrange(-40, 21)
        start = around + timedelta(days)
        eras[start] = Era(start, people, random.choice((None, people[-1])))
    bounds = {random.choice(("inside", "outside")): _calendar(random, around, zone_name)} if bound else {}
    return Layer(name, tuple(eras.values()), rotation, **bounds)


def _calendar(random: Random, around: date, zone_name: str) -> Calendar:
    """Mostly in the schedule's own zone; office hours, weekends, every day alike, or anything."""
    usual = OFFICE if random.randrange(2) else _hours(random)
    week = random.choice(
        (
            (usual,) * 7,
            (usual,) * 5 + ((), ()),
            ((),) * 5 + (((0, 1440),),) * 2,
            (usual, (), usual, (), usual, (), usual),
        )
    )
    closed = frozenset(around + timedelta(random.randrange(-14, 21)) for _ in range(random.choice(FEW)))
    name = zone_name if random.randrange(10) else random.choice(sorted(DAYS))
    return Calendar(zone(name), week, closed)


def _hours(random: Random) -> tuple[tuple[int, int], ...]:
    edges = sorted(random.sample(range(49), random.randrange(2, 5)))
    return tuple((30 * start, 30 * end) for start, end in list(pairwise(edges))[::2])


def _span(random: Random, around: date) -> tuple[datetime, datetime]:
    start = datetime(around.year, around.month, around.day, tzinfo=UTC)
    start += timedelta(minutes=30 * random.randrange(-700, 900))
    return start, start + timedelta(minutes=30 * random.randrange(1, 400))
