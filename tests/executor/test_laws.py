"""Whatever happens, in whatever order: the laws of `laws.py` hold, and in the end the executor knows what is true."""

import os
import random
from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.busy import Day
from executor.laws import LAWS
from executor.world import ALERTS, KNOWN, MINUTE, World
from watchbill.executor.core import decisions as said
from watchbill.executor.core import events

NUMBER = st.integers(0, len(ALERTS) - 1)
ANY = st.integers(0, 10_000)
SOME = st.lists(NUMBER, min_size=1, max_size=6)
MOVES = st.one_of(
    st.tuples(st.just("fire"), SOME),
    st.tuples(st.just("clear"), NUMBER),
    st.tuples(st.just("silence"), NUMBER),
    st.tuples(st.just("tell"), SOME, st.sampled_from([0, 0, 0, -MINUTE, MINUTE]), st.sampled_from([0, 0, 0, 3])),
    st.tuples(st.just("arrive"), ANY, st.booleans()),
    st.tuples(st.just("arrive"), ANY, st.just(False)),
    st.tuples(st.just("due"), ANY),
    st.tuples(st.just("due-again"), ANY),
    st.tuples(st.just("due-early"), ANY),
    st.tuples(st.just("run"), st.integers(1, 25), ANY),
    st.tuples(st.just("work"), ANY, ANY),
    st.tuples(st.just("work"), ANY, ANY),
    st.tuples(st.just("person"), ANY, ANY, ANY),
    st.tuples(st.just("answer"), ANY, ANY),
    st.tuples(st.just("jump"), st.sampled_from([1, 5, 30, 240, 300, -2, -30, 24 * 60])),
    st.tuples(st.just("prometheus"), st.sampled_from(["fine", "fine", "down", "empty"]), st.integers(1, 4)),
    st.tuples(st.just("switch"), st.booleans(), st.sampled_from(["all", "team:web", "remediation:restart"])),
    st.tuples(st.just("mode"), st.sampled_from([None, None, "observe", "approve", "auto"])),
    st.tuples(st.just("monitoring"), st.booleans()),
    st.tuples(st.just("breaker"), st.sampled_from(["restart", "scale", "overall"])),
    st.tuples(st.just("plan"), st.booleans()),
)


def play(world: World, move) -> None:
    match move:
        case ("fire", numbers):
            for number in numbers:
                world.fire(number)
            world.tell(list(numbers))
            world.arrive(len(world.flying) - 1)
        case ("clear", number):
            world.clear(number)
        case ("silence", number):
            world.truth[number].silenced ^= True
        case ("tell", numbers, shift, truncated):
            world.tell(list(numbers), shift=shift, truncated=truncated)
        case ("arrive", which, again):
            world.arrive(which, again=again)
        case ("due", which):
            world.due(which)
        case ("due-again", which):
            world.due_again(which)
        case ("due-early", which):
            world.due_early(which)
        case ("run", steps, how):
            world.routine(steps, how)
        case ("work", which, how):
            world.work(which, how)
        case ("person", which, who, what):
            world.person(which, who, what)
        case ("answer", which, who):
            world.person(which, who, 4)
        case ("jump", minutes):
            world.pass_(minutes * MINUTE)
        case ("prometheus", how, healthy):
            world.prometheus, world.healthy = how, healthy
        case ("switch", on, scope):
            world.take(events.Switched(on=on, person="ana", scope=scope))
        case ("mode", mode):
            world.take(events.ModeSet(mode=mode, person="ana"))
        case ("monitoring", healthy):
            world.take(events.MonitoringReported(part="watchdog", healthy=healthy))
        case ("plan", changed):
            world.adopt(changed=changed)
        case ("breaker", name):
            world.take(events.BreakerClosed(breaker=name, person="ana"))


def broken(world: World) -> list[str]:
    return [f"{law.__name__}: {what}" for law in LAWS for what in law(world.story)]


def unsettled(world: World):
    """What the executor would still believe after hours in which only Alertmanager was asked."""
    resolved_by_hand = {one.event.incident for one in world.entries if isinstance(one.event, events.ResolvedByHand)}
    for incident in world.state.incidents.values():
        numbers = [int(fingerprint[1:]) for fingerprint in incident.alerts]
        if incident.open and not any(world.active(number) for number in numbers) and "settle" not in incident.deadlines:
            yield f"{incident.id} is open, and none of its alerts is"
        heard = [number for number in numbers if world.active(number) and not world.truth[number].silenced]
        if not incident.open and heard and incident.id not in resolved_by_hand:
            yield f"{incident.id} is over, and {heard} fire"
    known = {int(fingerprint[1:]) for one in world.state.incidents.values() for fingerprint in one.alerts}
    if world.state.open:
        for number in KNOWN:
            if world.active(number) and not world.truth[number].silenced and number not in known:
                yield f"alert {number} fires, and there is no incident"


@settings(max_examples=200, deadline=None)
@given(st.lists(MOVES, max_size=60), st.sampled_from(["auto", "auto", "approve"]), st.booleans())
def test_whatever_happens_every_law_holds_and_nothing_is_lost(moves, mode, tight):
    limits = {"storm": {"incidents": 4, "within": "5m", "hold": "10m"}, "per_team": 3, "overall": 4} if tight else {}
    world = World(mode=mode, limits=limits)
    for move in moves:
        play(world, move)
    assert broken(world) == []
    world.settle()
    assert broken(world) == []
    assert list(unsettled(world)) == []


# The same days in every run; others each time for whoever hunts for more.
FIRST = random.randrange(10**9) if "WATCHBILL_EXAMPLES" in os.environ else 0
DAYS = range(FIRST, FIRST + 10)


@cache
def day(seed: int) -> World:
    return Day(seed).play(150)


@pytest.mark.parametrize("seed", DAYS)
def test_on_busy_days_every_law_holds_and_nothing_is_lost(seed):
    world = day(seed)
    assert broken(world) == []
    world.settle()
    assert broken(world) == []
    assert list(unsettled(world)) == []


def test_the_stories_come_to_every_state_of_an_incident_and_to_most_gates():
    """A law about what never happens says nothing."""
    decided = [one for seed in range(10) for entry in day(seed).entries for one in entry.step.decisions]
    assert {one.after for one in decided if isinstance(one, said.Moved)} == set(get_args(said.Phase))
    refused = {one.reason for one in decided if isinstance(one, said.Refused | said.Held)}
    assert (
        len(refused) >= len(get_args(said.Refusal)) * 2 // 3
    )  # each has a story of its own, too: test_gates, test_notice
    assert {one.outcome for one in decided if isinstance(one, said.Ran)} == {
        "succeeded",
        "failed",
        "not-started",
        "unknown",
    }
    assert {one.helped for one in decided if isinstance(one, said.Verified)} == {True, False, None}
    assert {one.open for one in decided if isinstance(one, said.Breaker)} == {True, False}
    late = [one for seed in range(10) for one in day(seed).entries if isinstance(one.event, events.PlanLoaded)]
    assert len([one for one in late if one.step.state.open]) > 10
