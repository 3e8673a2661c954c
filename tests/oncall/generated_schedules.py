"""Schedules of every shape, near the days on which clocks do something odd."""

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from watchbill.oncall import Calendar, Era, Gap, Layer, Person, Rotation, Schedule, Swap
from watchbill.oncall.clock import DAY, WEEK

HOUR = 3600


def zone(name: str) -> ZoneInfo:
    """As the tzdata package has it, never the machine."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


# Days on which the clocks of a zone change, one without any change, and leap days.
DAYS = {
    "Europe/Lisbon": (date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 10)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # by half an hour
    "America/Sao_Paulo": (date(2018, 11, 4), date(2019, 2, 17)),  # at midnight: a day without 00:00, and 23:00 twice
    "Pacific/Apia": (date(2011, 12, 30), date(2012, 4, 1)),  # a day that never was
    "Africa/Casablanca": (date(2026, 2, 15), date(2026, 3, 22)),  # summer time stops for Ramadan
    "Asia/Kathmandu": (date(2028, 2, 29), date(2026, 1, 1)),
    "Asia/Kolkata": (date(2028, 2, 29),),
    "UTC": (date(2027, 12, 31),),
}
ZONES = {name: zone(name) for name in DAYS}
PEOPLE = ("ana", "bo", "chi", "dan", "eli")

PERIODS = (DAY, WEEK, 12 * HOUR, 8 * HOUR, 6 * HOUR, HOUR, 2 * DAY, 3 * DAY, 2 * WEEK, 36 * HOUR, 5 * HOUR, 100 * HOUR)
_zones = st.sampled_from(sorted(ZONES))
_quarters = st.integers(0, 95).map(lambda quarter: quarter * 900)
_early = st.sampled_from([0, 1 * HOUR, HOUR + 1800, 2 * HOUR, 2 * HOUR + 900, 2 * HOUR + 1800, 3 * HOUR, 23 * HOUR])


@st.composite
def hours(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.sets(st.integers(0, 24 * 4), min_size=2, max_size=4)))
    return tuple((15 * start, 15 * end) for start, end in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn, around: date, zone_name: str | None = None) -> Calendar:
    zone_name = zone_name or draw(_zones)
    usual = draw(hours())
    weekly = tuple(draw(st.sampled_from([usual, usual, (), ((0, 1440),)])) for _ in range(7))
    closed = draw(st.sets(st.integers(-3, 5), max_size=2))
    return Calendar(ZONES[zone_name], weekly, frozenset(around + timedelta(days) for days in closed))


@st.composite
def layers(draw: st.DrawFn, around: date, zone_name: str, name: str) -> Layer:
    rotation = Rotation(draw(st.sampled_from(PERIODS)), draw(st.one_of(_early, _quarters)), draw(st.integers(0, 6)))
    days = sorted(draw(st.sets(st.integers(-24, 4), min_size=1, max_size=3)))
    eras = []
    for day in days:
        people = tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True)))
        eras.append(Era(around + timedelta(day), people, draw(st.sampled_from([None, *people]))))
    bound = draw(st.sampled_from(["", "", "inside", "outside"]))
    bounds = {bound: draw(calendars(around, draw(st.sampled_from([None, zone_name]))))} if bound else {}
    return Layer(name, tuple(eras), rotation, **bounds)


@st.composite
def spans_of_time(draw: st.DrawFn, around: date, longest: timedelta = timedelta(days=3)) -> tuple[datetime, datetime]:
    start = datetime(around.year, around.month, around.day, tzinfo=UTC) + timedelta(
        minutes=15 * draw(st.integers(-4 * 48, 4 * 72))
    )
    return start, start + timedelta(minutes=15 * draw(st.integers(1, int(longest / timedelta(minutes=15)))))


@st.composite
def people(draw: st.DrawFn, around: date) -> tuple[Person, ...]:
    found = []
    for name in PEOPLE:
        zone_name = draw(_zones)
        works = draw(st.one_of(st.none(), st.none(), calendars(around)))
        first = around + timedelta(draw(st.integers(-3, 3)))
        away = draw(
            st.sampled_from([(), (), ((first, first + timedelta(1)),), ((first, first), (first, first + timedelta(2)))])
        )
        found.append(Person(name, ZONES[zone_name], works, away))
    return tuple(found)


@st.composite
def swaps(draw: st.DrawFn, around: date) -> Swap:
    start, end = draw(spans_of_time(around))
    giver, take = draw(st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=2, unique=True))
    return Swap(start, end, take, giver)


@st.composite
def schedules(draw: st.DrawFn, depth: int = 1) -> tuple[Schedule, date]:
    """A schedule, and a day near which something happens."""
    zone_name = draw(_zones)
    around = draw(st.sampled_from(DAYS[zone_name]))
    return draw(schedules_near(zone_name, around, depth)), around


@st.composite
def schedules_near(draw: st.DrawFn, zone_name: str, around: date, depth: int) -> Schedule:
    count = draw(st.integers(1, 3))
    made = tuple(draw(layers(around, zone_name, f"layer-{number}")) for number in range(count))
    gaps = []
    for _ in range(draw(st.integers(0, 2))):
        other = draw(schedules_near(draw(_zones), around, depth - 1)) if depth and draw(st.booleans()) else None
        gaps.append(Gap(*draw(spans_of_time(around, timedelta(days=1))), other))
    swapped = draw(st.lists(swaps(around), max_size=3))
    if swapped and draw(st.booleans()):  # and back again, for some of the time
        swapped.append(Swap(*draw(spans_of_time(around)), swapped[0].giver, swapped[0].take))
    return Schedule(
        f"schedule-{depth}",
        ZONES[zone_name],
        made,
        draw(people(around)) if draw(st.booleans()) else (),
        tuple(swapped),
        tuple(gaps),
    )


def instants(around: date) -> st.SearchStrategy[datetime]:
    """Any instant of the days around, to the microsecond."""
    middle = datetime(around.year, around.month, around.day, tzinfo=UTC)
    return st.integers(-3 * DAY * 10**6, 5 * DAY * 10**6).map(lambda micro: middle + timedelta(microseconds=micro))
