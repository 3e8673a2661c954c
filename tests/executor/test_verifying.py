"""Whether a remedy has helped: looks at the alert's own expression, and what is said when there were none."""

import json

import pytest

from executor import laws
from executor.small_plan import compiled
from executor.world import MINUTE, SLOW_A, SLOW_B, World
from watchbill.executor.core import decisions as said
from watchbill.executor.core import effects as outside
from watchbill.executor.core import events


@pytest.fixture
def world():
    made = World()
    yield made
    assert [f"{law.__name__}: {what}" for law in laws.LAWS for what in law(made.story)] == []


def run_of(world: World, number: int, *, helps: bool) -> str:
    """An alert for which the first remedy has run; its incident's id."""
    identity = world.opened(number)
    (effect,) = world.proceed()
    if helps:
        world.helps(effect.body)
    assert world.run(effect)
    return identity


def verified(world: World) -> list[tuple[str, bool | None]]:
    decisions = [one for entry in world.entries for one in entry.step.decisions]
    return [(one.seen, one.helped) for one in decisions if isinstance(one, said.Verified)]


def hasty() -> World:
    """One in which it must be quiet for four seconds only."""
    remediations = json.loads(compiled())["remediations"]
    remediations["restart"]["verify"] = {"quiet_for": "4s", "within": "10s"}
    return World(remediations=remediations)


def test_however_short_it_must_be_quiet_it_is_looked_at_several_times():
    world = hasty()
    identity = run_of(world, SLOW_A, helps=True)
    world.tick(0.15)
    assert verified(world) == [*[("quiet", None)] * 4, ("quiet", True)]
    incident = world.state.find(identity)
    assert incident is not None
    assert incident.phase == "mitigated"


def test_a_prometheus_that_answers_more_slowly_than_it_is_to_be_asked_is_believed_all_the_same():
    world = hasty()
    run_of(world, SLOW_A, helps=True)
    end, answers = world.now + 11_000, []
    while (now := min([*world.rows.values(), *(at for at, _ in answers)])) <= end:
        world.now = now
        while answers and answers[0][0] <= now:
            effect = answers.pop(0)[1]
            world.take(world.answer(effect.key, effect.body))
        world.due(0)
        asked = [one for one in world.outbox if isinstance(one.body, outside.Query)]
        world.outbox = [one for one in world.outbox if one not in asked]
        answers += [(now + 1_500, one) for one in asked]
    assert verified(world)[-1] == ("quiet", True)


@pytest.mark.parametrize(("prometheus", "seen"), [("fine", "firing"), ("empty", "no-data"), ("down", "error")])
def test_that_a_remedy_did_not_help_is_said_with_what_was_last_seen(world, prometheus, seen):
    run_of(world, SLOW_A, helps=False)
    world.prometheus = prometheus
    world.tick(5.5)
    assert verified(world)[-1] == (seen, False)


def test_where_nobody_could_look_nothing_is_claimed_to_have_been_seen(world):
    run_of(world, SLOW_A, helps=False)
    end = world.now + 6 * MINUTE
    while (due := min(world.rows.values())) <= end:  # the clock runs, and no question is carried out
        world.now = max(world.now, due)
        world.due(0)
    assert verified(world) == [("error", False)]


def test_an_alert_that_ends_while_its_expression_is_quiet_has_been_helped(world):
    """Else the breaker would count two failures, with every success between them forgotten, as two in a row."""
    run_of(world, SLOW_A, helps=False)
    world.tick(5.5)
    world.over(SLOW_A)
    assert world.state.ledger.breakers["restart"].failures == 1
    run_of(world, SLOW_B, helps=True)
    world.tick(0.5)
    world.over(SLOW_B)
    assert verified(world)[-1] == ("quiet", True)
    assert "restart" not in world.state.ledger.breakers


@pytest.mark.parametrize("how", ["nobody looked", "no data", "a person says so"])
def test_that_an_alert_ends_proves_nothing_by_itself(world, how):
    identity = run_of(world, SLOW_A, helps=True)
    if how == "no data":
        world.prometheus = "empty"
    if how != "nobody looked":
        world.tick(0.5)
    if how == "a person says so":
        world.take(events.ResolvedByHand(incident=identity, person="ana"))
    else:
        world.over(SLOW_A)
    assert not any(helped for _, helped in verified(world))


def test_one_that_comes_back_after_such_an_end_was_not_helped(world):
    run_of(world, SLOW_A, helps=True)
    world.tick(0.5)
    world.over(SLOW_A)
    world.pass_(2 * MINUTE)
    world.opened(SLOW_A)
    assert world.state.ledger.breakers["restart"].failures == 1
    assert [
        e.body.remediation for one in world.entries for e in one.step.effects if isinstance(e.body, outside.Act)
    ] == ["restart"]
