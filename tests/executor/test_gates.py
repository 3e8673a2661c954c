"""Every gate holds; and when it is taken away, a law notices. Each story is short enough to be read."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from executor import laws
from executor.world import (
    BREAK,
    BREAK_MAIL,
    FULL_A,
    FULL_B,
    FULL_C,
    FULL_D,
    LATE,
    LIAR,
    MINUTE,
    SLOW_A,
    SLOW_B,
    SLOW_EVIL,
    STUCK,
    STUCK_Y,
    STUCK_Z,
    UNHEARD,
    World,
)
from watchbill.executor.core import attempts, events, gates, ledger, lifecycle, runs, targets
from watchbill.executor.core import decisions as said
from watchbill.executor.core.effects import Recipient
from watchbill.executor.plan import Plan


def refusals(world: World) -> set[str]:
    return {
        one.reason
        for entry in world.entries
        for one in entry.step.decisions
        if isinstance(one, said.Refused | said.Held)
    }


def act(world: World, *numbers: int, outcome: str = "succeeded") -> str:
    incident = world.opened(*numbers)
    for effect in world.proceed():
        world.run(effect, outcome)
    return incident


def ask_for(world: World, incident: str, remediation: str) -> None:
    world.take(events.RemedyRequested(incident=incident, person="bo", remediation=remediation))
    world.proceed()


# Stories: after each, the gate must have said no


def the_kill_switch_is_on() -> World:
    world = World()
    world.take(events.Switched(on=True, person="ana"))
    act(world, FULL_A)
    return world


def the_kill_switch_of_a_team_is_on() -> World:
    world = World()
    world.take(events.Switched(on=True, person="ana", scope="team:web"))
    act(world, FULL_A)
    return world


def the_executor_only_observes() -> World:
    world = World(mode="observe")
    act(world, FULL_A)
    return world


def three_targets_where_two_may_be_touched() -> World:
    world = World()
    world.take(events.Switched(on=True, person="ana"))
    incident = world.opened(STUCK, STUCK_Y, STUCK_Z)
    world.take(events.Switched(on=False, person="ana"))
    ask_for(world, incident, "restart")
    return world


def a_change_freeze() -> World:
    world = World()
    world.pass_(270 * MINUTE)
    act(world, FULL_A)
    return world


def monitoring_is_broken() -> World:
    world = World()
    world.take(events.MonitoringReported(part="watchdog", healthy=False))
    act(world, FULL_A)
    return world


def many_incidents_at_once() -> World:
    world = World(limits={"storm": {"incidents": 3, "within": "5m", "hold": "10m"}})
    world.opened(SLOW_A, FULL_B, FULL_A)
    world.proceed()
    return world


def many_incidents_of_one_team_before_one_of_another() -> World:
    world = World(limits={"storm": {"incidents": 3, "within": "5m", "hold": "10m"}})
    world.opened(SLOW_A, FULL_B, FULL_A)
    act(world, STUCK)
    return world


def many_incidents_of_all_teams_at_once() -> World:
    world = World(limits={"storm": {"incidents": 2, "within": "5m", "hold": "10m"}})
    world.opened(SLOW_A, SLOW_B, FULL_A, FULL_B, FULL_C)
    act(world, STUCK)
    return world


def alerts_that_anybody_made_up(world: World, count: int) -> World:
    for number in range(count):
        labels = {"alertname": "Junk", "service": f"made-up-{number}", "env": "production"}
        alert = events.Reported(fingerprint=f"u{number}", status="firing", labels=labels, starts_at=world.now)
        world.take(events.Delivered(delivery="", environment="production", alerts=(alert,)))
    return world


def a_storm_that_anybody_made_up() -> World:
    world = alerts_that_anybody_made_up(World(), 12)
    act(world, FULL_A)
    return world


def it_comes_back_again_and_again() -> World:
    world = World(limits={"flapping": 1})
    incident = act(world, FULL_A)
    world.over(FULL_A)
    world.pass_(MINUTE)
    world.opened(FULL_A)
    world.pass_(15 * MINUTE)
    ask_for(world, incident, "restart")
    return world


def one_run_failed_and_one_is_enough() -> World:
    world = World()
    act(world, BREAK, outcome="failed")
    act(world, BREAK_MAIL)
    return world


def another_run_is_at_work_on_the_target() -> World:
    world = World()
    world.opened(FULL_A)
    (effect,) = world.proceed()
    world.take(events.ActionStarted(key=effect.key))
    incident = world.opened(SLOW_A)
    ask_for(world, incident, "scale")
    return world


def a_run_so_soon_after_the_last() -> World:
    world = World()
    act(world, FULL_A)
    world.over(FULL_A)
    world.pass_(9 * MINUTE)
    act(world, SLOW_A)
    return world


def a_run_so_soon_after_the_last_has_ended() -> World:
    world = World()
    world.opened(FULL_A)
    (effect,) = world.proceed()
    world.take(events.ActionStarted(key=effect.key))
    world.pass_(9 * MINUTE)
    world.take(events.ActionFinished(key=effect.key, outcome="succeeded"))
    world.over(FULL_A)
    world.pass_(2 * MINUTE)
    act(world, SLOW_A)
    return world


def four_restarts_of_a_team_within_an_hour() -> World:
    world = World()
    for number in (FULL_A, FULL_B, FULL_C, FULL_D):
        act(world, number)
    return world


def two_runs_on_a_target_where_one_may_be() -> World:
    world = World(limits={"per_target": 1})
    act(world, FULL_A)
    world.over(FULL_A)
    incident = world.opened(SLOW_A)
    ask_for(world, incident, "scale")
    return world


def two_runs_of_a_team_where_one_may_be() -> World:
    world = World(limits={"per_team": 1})
    act(world, FULL_A)
    act(world, LATE)
    return world


def two_runs_where_one_may_be() -> World:
    world = World(limits={"overall": 1})
    act(world, FULL_A)
    act(world, STUCK)
    return world


def a_value_that_is_on_no_list() -> World:
    world = World()
    act(world, SLOW_EVIL)
    return world


def too_few_are_healthy() -> World:
    world = World()
    world.healthy = 1
    act(world, FULL_A)
    return world


def prometheus_is_away() -> World:
    world = World()
    world.prometheus = "down"
    act(world, LATE)
    return world


def the_series_are_gone() -> World:
    world = World()
    world.prometheus = "empty"
    act(world, FULL_A)
    return world


def nobody_approves() -> World:
    world = World(mode="approve")
    world.opened(FULL_A)
    world.proceed(consent=False)
    world.tick(11)
    return world


def somebody_approves_who_may_not() -> World:
    world = World()
    incident = world.opened(BREAK)
    world.proceed(consent=False)
    known = world.state.find(incident)
    for person in ("cy", "ana"):
        answer = events.Answered(incident=incident, question=known.questions[0].id, person=person, yes=True)
        world.take(answer)
    world.proceed(consent=False)
    world.tick(11)
    return world


def the_kill_switch_comes_between() -> World:
    world = World()
    world.opened(FULL_A)
    (effect,) = world.proceed()
    world.take(events.Switched(on=True, person="ana"))
    world.run(effect)
    return world


def it_begins_too_late() -> World:
    world = World()
    world.opened(FULL_A)
    (effect,) = world.proceed()
    world.pass_(2 * MINUTE)
    world.run(effect)
    return world


def two_replicas_begin_the_same_run() -> World:
    world = World()
    world.opened(FULL_A)
    (effect,) = world.proceed()
    world.take(events.ActionStarted(key=effect.key))
    world.take(events.ActionStarted(key=effect.key))
    return world


def nobody_knows_whether_it_ran() -> World:
    world = World()
    world.opened(SLOW_A)
    (effect,) = world.proceed()
    world.take(events.ActionStarted(key=effect.key))
    world.take(events.ActionUnknown(key=effect.key))
    world.tick(30)
    return world


def labels_of_another_environment() -> World:
    world = World()
    act(world, LIAR)
    return world


class Case(NamedTuple):
    """A story, why the executor says no in it, what is taken away, and the law that must notice."""

    story: Callable[[], World]
    reason: str
    without: Callable[[pytest.MonkeyPatch], None]
    law: Callable[[laws.Story], laws.Broken]


def gate(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setitem(gates.GATES, name, lambda _: None)


def passing(module: object, name: str, value: object = None) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(module, name, lambda *_, **__: value)


def so_many_teams_storms_are_one_of_all(number: int) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(gates, "STORM_OF_ALL", number)


def what_no_policy_claims_counts(patch: pytest.MonkeyPatch) -> None:
    opening = lifecycle.Opening
    patch.setattr(lifecycle, "Opening", lambda *known, **_: opening(*known))


def quiet_whatever_the_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attempts.looking, "seen", lambda *_: ("firing", ""))


def anybody_may_approve(patch: pytest.MonkeyPatch) -> None:
    people = tuple(Recipient("anybody", name) for name in ("ana", "bo", "cy", "noor"))
    patch.setattr(attempts, "approvers", lambda *_: people)


CASES = [
    Case(
        the_kill_switch_is_on,
        "kill-switch",
        gate("kill-switch"),
        laws.while_a_kill_switch_is_on_nothing_of_its_scope_is_begun,
    ),
    Case(
        the_kill_switch_of_a_team_is_on,
        "kill-switch",
        gate("kill-switch"),
        laws.while_a_kill_switch_is_on_nothing_of_its_scope_is_begun,
    ),
    Case(the_executor_only_observes, "observe", gate("mode"), laws.observing_changes_nothing),
    Case(
        three_targets_where_two_may_be_touched,
        "too-many-targets",
        gate("targets"),
        laws.no_more_targets_are_touched_at_once_than_the_policy_says,
    ),
    Case(a_change_freeze, "change-freeze", gate("change-freeze"), laws.nothing_is_done_in_a_change_freeze),
    Case(
        monitoring_is_broken,
        "monitoring-broken",
        gate("monitoring"),
        laws.while_monitoring_cannot_be_believed_nothing_is_decided,
    ),
    Case(many_incidents_at_once, "storm", gate("storm"), laws.in_a_storm_nothing_is_begun),
    Case(
        many_incidents_of_all_teams_at_once,
        "storm",
        so_many_teams_storms_are_one_of_all(100),
        laws.in_a_storm_nothing_is_begun,
    ),
    Case(
        many_incidents_of_one_team_before_one_of_another,
        "",
        so_many_teams_storms_are_one_of_all(1),
        laws.no_storm_of_others_and_none_that_anybody_made_up_holds_anything_back,
    ),
    Case(
        a_storm_that_anybody_made_up,
        "",
        what_no_policy_claims_counts,
        laws.no_storm_of_others_and_none_that_anybody_made_up_holds_anything_back,
    ),
    Case(it_comes_back_again_and_again, "flapping", gate("flapping"), laws.an_incident_that_flaps_is_left_to_people),
    Case(
        one_run_failed_and_one_is_enough,
        "breaker-open",
        gate("breaker"),
        laws.a_breaker_that_is_open_stops_everything_until_a_person_closes_it,
    ),
    Case(
        one_run_failed_and_one_is_enough,
        "breaker-open",
        passing(ledger, "failed"),
        laws.a_breaker_that_is_open_stops_everything_until_a_person_closes_it,
    ),
    Case(
        another_run_is_at_work_on_the_target,
        "busy-target",
        gate("busy-target"),
        laws.a_target_is_touched_by_one_run_at_a_time,
    ),
    Case(
        a_run_so_soon_after_the_last, "cooldown", gate("cooldown"), laws.between_two_runs_on_a_target_lies_the_cooldown
    ),
    Case(
        a_run_so_soon_after_the_last_has_ended,
        "cooldown",
        passing(ledger, "ended"),
        laws.between_two_runs_on_a_target_lies_the_cooldown,
    ),
    Case(
        four_restarts_of_a_team_within_an_hour,
        "hourly-limit",
        gate("hourly-limit"),
        laws.runs_within_an_hour_never_exceed_any_limit,
    ),
    Case(
        two_runs_on_a_target_where_one_may_be,
        "target-limit",
        gate("target-limit"),
        laws.runs_within_an_hour_never_exceed_any_limit,
    ),
    Case(
        two_runs_of_a_team_where_one_may_be,
        "team-limit",
        gate("team-limit"),
        laws.runs_within_an_hour_never_exceed_any_limit,
    ),
    Case(
        two_runs_where_one_may_be,
        "overall-limit",
        gate("overall-limit"),
        laws.runs_within_an_hour_never_exceed_any_limit,
    ),
    Case(
        a_value_that_is_on_no_list,
        "input-not-allowed",
        passing(targets, "_allowed", value=True),
        laws.values_from_labels_are_on_the_allow_list_or_nothing_is_done,
    ),
    Case(
        too_few_are_healthy,
        "unhealthy",
        passing(attempts, "_below_floor"),
        laws.right_before_acting_prometheus_was_asked_and_gave_a_good_answer,
    ),
    Case(
        prometheus_is_away,
        "no-answer",
        quiet_whatever_the_answer,
        laws.right_before_acting_prometheus_was_asked_and_gave_a_good_answer,
    ),
    Case(
        the_series_are_gone,
        "monitoring-broken",
        quiet_whatever_the_answer,
        laws.right_before_acting_prometheus_was_asked_and_gave_a_good_answer,
    ),
    Case(
        nobody_approves,
        "approval-expired",
        passing(attempts, "_needs_approval"),
        laws.what_needs_approval_has_it_from_people_who_may_give_it,
    ),
    Case(
        somebody_approves_who_may_not,
        "approval-expired",
        anybody_may_approve,
        laws.what_needs_approval_has_it_from_people_who_may_give_it,
    ),
    Case(
        the_kill_switch_comes_between,
        "kill-switch",
        passing(runs, "_stopped"),
        laws.while_a_kill_switch_is_on_nothing_of_its_scope_is_begun,
    ),
    Case(
        it_begins_too_late, "too-late", passing(runs, "_stopped"), laws.no_run_is_begun_twice_and_none_is_begun_unasked
    ),
    Case(
        two_replicas_begin_the_same_run,
        "already-started",
        passing(runs, "_begun", value=False),
        laws.no_run_is_begun_twice_and_none_is_begun_unasked,
    ),
    Case(
        nobody_knows_whether_it_ran,
        "",
        passing(runs, "at_once"),
        laws.what_is_unknown_is_told_to_a_person_and_never_repeated,
    ),
    Case(
        labels_of_another_environment,
        "labels-contradict",
        passing(Plan, "place_of", value="default"),
        laws.alerts_that_no_policy_claims_or_whose_labels_lie_start_nothing,
    ),
]
IDS = [f"{case.story.__name__}-{number}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_executor_says_no_and_every_law_holds(case: Case) -> None:
    world = case.story()
    assert case.reason in {*refusals(world), ""}
    assert [f"{law.__name__}: {what}" for law in laws.LAWS for what in law(world.story)] == []


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_without_that_gate_a_law_is_broken(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.without(monkeypatch)
    assert list(case.law(case.story().story)) != []


def test_a_storm_of_one_team_or_one_that_anybody_made_up_holds_back_no_other() -> None:
    for story in (many_incidents_of_one_team_before_one_of_another, a_storm_that_anybody_made_up):
        permitted = [one for entry in story().entries for one in entry.decided(said.Permitted)]
        assert len(permitted) == 1, story.__name__


def test_an_alert_that_no_policy_knows_is_paged_and_nothing_is_done() -> None:
    world = World()
    act(world, UNHEARD)
    assert refusals(world) == {"unknown-alert"}
    assert [f"{law.__name__}: {what}" for law in laws.LAWS for what in law(world.story)] == []
