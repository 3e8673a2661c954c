"""The proof against slow definitions of what it says, and over workspaces that were drawn."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generator.valid import workspaces
from proof.house import house
from watchbill.checks import check
from watchbill.oncall.clock import DAY, seconds_of
from watchbill.proof import prove
from watchbill.proof.times import held, without
from watchbill.routing import Interval, TimeInterval, follow, read
from watchbill.routing.building.configuration import configuration
from watchbill.spec.resolve import read_workspace

ZONES = ("UTC", "Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca")
minutes = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1]), min_size=1, max_size=3
)
days = st.sampled_from([(1, 1), (-1, -1), (28, 31), (31, 31), (-3, -1), (10, 20)])
intervals = st.builds(
    Interval,
    times=st.none() | minutes.map(tuple),
    weekdays=st.none() | st.sampled_from([((1, 5),), ((0, 0), (6, 6))]),
    days=st.none() | st.lists(days, min_size=1, max_size=2).map(tuple),
    months=st.none() | st.sampled_from([((3, 3),), ((10, 11),), ((1, 6),)]),
    years=st.none() | st.just(((2026, 2026),)),
    location=st.sampled_from(ZONES),
)
START, END = seconds_of(datetime(2026, 2, 27, tzinfo=UTC)), seconds_of(datetime(2026, 11, 5, tzinfo=UTC))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(intervals, min_size=1, max_size=2), st.integers(0, 2**32))
def test_an_interval_holds_in_its_stretches_and_at_no_other_minute(some: list[Interval], seed: int) -> None:
    interval = TimeInterval("any", tuple(some))
    found = held(interval, START, END)
    assert found == sorted(found)
    assert all(start < end for start, end in found)
    edges = [edge + step for start, end in found[:40] for edge in (start, end) for step in (-60, 0)]
    drawn = random.Random(seed)
    jumps = [
        datetime(2026, month, day, hour, 30, tzinfo=UTC)
        for month, day in ((3, 29), (10, 25), (3, 8))
        for hour in range(8)
    ]
    instants = [*edges, *(drawn.randrange(START, END) for _ in range(40)), *map(seconds_of, jumps)]
    for instant in (one for one in instants if START <= one < END):
        inside = any(start <= instant < end for start, end in found)
        assert inside == interval.holds(datetime.fromtimestamp(instant, UTC))


stretches = st.lists(st.integers(0, 60), unique=True, max_size=12).map(
    lambda cuts: [
        (one, other) for one, other in zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False) if one < other
    ]
)


@given(stretches, stretches)
def test_what_is_left_is_in_the_one_and_in_none_of_the_others(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    left = without(some, others)

    def within(point: int, of: list[tuple[int, int]]) -> bool:
        return any(start <= point < end for start, end in of)

    assert all(within(point, left) == (within(point, some) and not within(point, others)) for point in range(61))


def test_what_the_proof_says_is_what_the_routing_engine_does_minute_by_minute(workspace) -> None:
    """An alert with hours and a window, asked at four thousand minutes: exactly one outcome at each, the promised one."""
    model, _, _ = read_workspace(workspace(house()), cache=False)
    assert model is not None
    assert prove(model).holds
    config, _ = read(configuration(model, "production") or {})
    assert config is not None
    slow = {
        "alertname": "WebSlow",
        "severity": "high",
        "team": "shop",
        "service": "web",
        "env": "production",
        "route": "/",
    }
    drawn = random.Random(7)
    first = datetime(2026, 1, 5, tzinfo=UTC)
    seen = set()
    for _ in range(4000):
        at = first + timedelta(minutes=drawn.randrange(360 * DAY // 60))
        lisbon = at.astimezone(model_zone())
        office = lisbon.isoweekday() <= 5 and 9 <= lisbon.hour < 18
        vacuum = at.isoweekday() == 2 and 2 <= at.hour < 4
        expected = "shop-high" if office and not vacuum else "shop-high-outside"
        assert follow(config, slow, at).told == (expected,)
        seen.add(expected)
    assert len(seen) == 2


def model_zone():
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Lisbon")


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(workspaces())
def test_of_every_valid_workspace_it_is_proven_that_each_alert_goes_where_its_policy_says(
    tmp_path_factory, files
) -> None:
    root = tmp_path_factory.mktemp("valid")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    model, _, found = read_workspace(root, cache=False)
    assert model is not None
    assert [(one.code.id, one.message) for one in [*found, *check(model)] if one.level == "error"] == []
    proof = prove(model)
    assert [(one.fault, one.kind.alert.name, one.labels) for _, one in proof.breaks if one.fault != "nobody"] == []
    assert not any(proof.silences.values())
    assert not proof.refused
    assert not proof.undecided


def test_the_proof_holds_for_the_worked_example() -> None:
    from pathlib import Path

    model, _, _ = read_workspace(Path(__file__).parents[2], cache=False)
    assert model is not None
    proof = prove(model)
    assert proof.holds
    assert sum(one.label_sets for one in proof.reached.values()) > 500


@pytest.mark.parametrize("label", ["escalation", "page_per", "ownership"])
def test_a_label_of_a_series_cannot_choose_a_route(workspace, label) -> None:
    """Whoever can make a metric could else name another escalation: a rule that has none takes the label away."""
    model, _, _ = read_workspace(workspace(house()), cache=False)
    assert model is not None
    down, slow = (
        next(alert for place in model.places.values() for alert in place.alerts if alert.name == name)
        for name in ("WebDown", "WebSlow")
    )
    assert down.labels[label] == ""
    assert label not in slow.labels  # its expression keeps `route` only
