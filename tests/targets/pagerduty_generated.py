"""Schedules as teams write them, and as nobody should, near the days on which clocks change.

Half of what a team could mean PagerDuty's recurrences say exactly; these schedules lean to that half, which is the hard
one: whatever they do not say is written shift by shift, from the engine's own shifts.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

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
_usual = st.sampled_from([9 * HOUR, 9 * HOUR, 10 * HOUR, 0, 2 * HOUR + 1800, 12 * HOUR, 18 * HOUR + 900])
_few = st.sampled_from([0, 0, 0, 1, 2])


@st.composite
def hours(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=4)))
    return tuple((30 * start, 30 * end) for start, end in list(pairwise(edges))[::2])


@st.composite
def calendars(draw: st.DrawFn, around: date, zone_name: str) -> Calendar:
    """Mostly in the schedule's own zone; office hours, weekends, every day alike, or anything."""
    usual = draw(st.one_of(st.just(((540, 1080),)), hours()))
    week = draw(
        st.sampled_from([(usual,) * 7, (usual,) * 5 + ((), ()), ((),) * 5 + (((0, 1440),),) * 2, (usual, (), usual, ()) * 2])
    )
    closed = frozenset(around + timedelta(draw(st.integers(-14, 20))) for _ in range(draw(_few)))
    name = zone_name if draw(st.integers(0, 9)) else draw(st.sampled_from(sorted(DAYS)))
    return Calendar(zone(name), week[:7], closed)


@st.composite
def layers(draw: st.DrawFn, around: date, zone_name: str, name: str, *, bound: bool) -> Layer:
    period = draw(st.sampled_from(COMMON if draw(st.integers(0, 5)) else RARE))
    rotation = Rotation(period, draw(_usual), draw(st.integers(0, 6)))
    eras = []
    for number in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        people = tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True)))
        day = -100 if number == 0 and draw(st.integers(0, 4)) else draw(st.integers(-40, 20))
        eras.append(Era(around + timedelta(day), people, draw(st.sampled_from([None, people[-1]]))))
    bounds = {draw(st.sampled_from(["inside", "outside"])): draw(calendars(around, zone_name))} if bound else {}
    return Layer(name, tuple({era.start: era for era in eras}.values()), rotation, **bounds)


@st.composite
def spans_of_time(draw: st.DrawFn, around: date) -> tuple[datetime, datetime]:
    start = datetime(around.year, around.month, around.day, tzinfo=UTC)
    start += timedelta(minutes=30 * draw(st.integers(-700, 900)))
    return start, start + timedelta(minutes=30 * draw(st.integers(1, 400)))


@st.composite
def schedules(draw: st.DrawFn, depth: int = 1) -> tuple[Schedule, date]:
    """A schedule, and a day near which something happens."""
    zone_name = draw(st.sampled_from(sorted(DAYS)))
    around = draw(st.sampled_from(DAYS[zone_name]))
    count = draw(st.sampled_from([1, 1, 2, 2, 3]))
    made = [
        draw(layers(around, zone_name, f"layer-{number}", bound=number + 1 < count or not draw(st.integers(0, 3))))
        for number in range(count)
    ]
    people = []
    for name in draw(st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True)):
        first = around + timedelta(draw(st.integers(-14, 14)))
        works = draw(calendars(around, zone_name)) if not draw(st.integers(0, 29)) else None
        there = zone(draw(st.sampled_from(sorted(DAYS))))
        people.append(Person(name, there, works, ((first, first + timedelta(draw(st.integers(0, 9)))),)))
    swaps = []
    for _ in range(draw(_few)):
        take, giver = draw(st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=2, unique=True))
        swaps.append(Swap(*draw(spans_of_time(around)), take, giver))
    gaps = []
    for _ in range(draw(_few)):
        other = draw(schedules(depth - 1))[0] if depth and draw(st.booleans()) else None
        gaps.append(Gap(*draw(spans_of_time(around)), other))
    return Schedule("rota", zone(zone_name), tuple(made), tuple(people), tuple(swaps), tuple(gaps)), around
