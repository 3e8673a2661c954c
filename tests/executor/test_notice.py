"""What must not be lost, and what must be the same again: when the core forgets it, a law notices.

The gates are in test_gates. Here something else is taken away: a note, a page, a deadline, a copy, a resolve.
"""

import json
import sys

import pytest

from executor import laws
from executor.small_plan import plan_text, shifted
from executor.test_laws import unsettled
from executor.world import BREAK, FULL_A, FULL_B, FULL_C, FULL_D, LATE, MINUTE, SLOW_A, SLOW_B, STUCK, STUCK_Y, World
from watchbill.executor.core import alerts, attempts, escalate, events, ledger, lifecycle, runs, turn, who
from watchbill.executor.core import decisions as said
from watchbill.executor.core import effects as outside

reduce = sys.modules["watchbill.executor.core.reduce"]  # the package's name for it is the function's


def act(world: World, number: int, *, outcome: str = "succeeded", recorded: str | None = "3") -> str:
    incident = world.opened(number)
    for effect in world.proceed():
        world.run(effect, outcome, recorded=recorded)
    return incident


# Stories


def plan_with(remedies: list[str], **approvals: str) -> World:
    document = json.loads(plan_text())
    document["alerts"]["shop/Slow/critical"]["remediate"] = remedies
    document["remediations"]["scale"]["approvals"] |= approvals
    return World(alerts=document["alerts"], remediations=document["remediations"])


def a_remedy_does_not_help_and_is_taken_back(recorded: str | None = "3 replicas") -> World:
    world = World()
    act(world, LATE, recorded=recorded)
    world.tick(11)
    for undo in world.proceed():
        world.run(undo)
    return world


def nobody_is_on_call() -> World:
    world = World()
    world.pass_(-60 * MINUTE)  # 07:00: by the schedule nobody is on call for the data team
    world.opened(STUCK)
    return world


def it_is_held_back() -> World:
    world = World()
    world.take(events.Switched(on=True, person="ana"))
    act(world, FULL_A)
    return world


def it_holds_off() -> World:
    world = World(limits={"storm": {"incidents": 3, "within": "5m", "hold": "10m"}})
    world.opened(SLOW_A, LATE, FULL_A)
    world.proceed()
    return world


def it_waits_for_approval() -> World:
    world = World(mode="approve")
    world.opened(FULL_A)
    world.proceed(consent=False)
    return world


def it_waits_for_prometheus() -> World:
    world = World()
    world.opened(FULL_A)
    return world


def it_waits_for_an_action() -> World:
    world = World()
    world.opened(FULL_A)
    world.proceed()
    return world


def it_looks_whether_it_helped() -> World:
    world = World()
    act(world, FULL_A)
    return world


def it_was_mended() -> World:
    world = World()
    world.opened(SLOW_A)
    (effect,) = world.proceed()
    world.helps(effect.body)
    world.run(effect)
    world.tick(4)
    return world


def it_is_over() -> World:
    world = World()
    world.opened(SLOW_A)
    world.over(SLOW_A)
    return world


def prometheus_loses_the_series_after_a_run() -> World:
    world = World()
    act(world, FULL_A)
    world.prometheus = "empty"
    world.tick(6)
    return world


def it_ends_while_it_is_silenced() -> World:
    world = World()
    world.opened(SLOW_A, SLOW_B)
    world.truth[SLOW_A].silenced = True
    world.clear(SLOW_A)
    world.settle()
    return world


def its_end_is_told_late() -> World:
    """After a later delivery, in which it still fires, of the other replica."""
    world = World()
    world.opened(SLOW_A)
    world.pass_(MINUTE)
    world.tell([SLOW_A], shift=-MINUTE)
    world.clear(SLOW_A)
    world.tell([SLOW_A])
    world.arrive(0)
    world.arrive(0)
    return world


def a_yes_comes_too_late() -> World:
    world = it_waits_for_approval()
    (incident,) = world.state.incidents.values()
    world.pass_(11 * MINUTE)
    world.take(events.Answered(incident=incident.id, question=incident.questions[0].id, person="ana", yes=True))
    return world


def at_night_it_is_risky() -> World:
    world = World()
    world.pass_(13 * 60 * MINUTE)  # nobody is at work any more
    for _ in range(2):
        act(world, LATE, outcome="failed")
        for undo in world.proceed():
            world.run(undo)
        world.over(LATE)
        world.pass_(70 * MINUTE)
    return world


def a_remedy_fails() -> World:
    world = World()
    act(world, LATE, outcome="failed")
    return world


def it_cannot_be_taken_back() -> World:
    world = plan_with(["scale", "restart"])
    act(world, SLOW_A, outcome="failed")
    for undo in world.proceed():
        world.run(undo, "failed")
    world.proceed()
    return world


def a_deadline_comes_early() -> World:
    world = World()
    world.opened(SLOW_A)
    for number in range(5):
        world.due_early(number)
    return world


def it_is_over_before_an_action_begins() -> World:
    world = World()
    world.opened(FULL_A)
    (effect,) = world.proceed()
    world.over(FULL_A)
    world.run(effect)
    return world


def it_is_to_be_forgotten_while_an_action_runs() -> World:
    world = World()
    incident = world.opened(FULL_A)
    (effect,) = world.proceed()
    world.take(events.ActionStarted(key=effect.key))
    world.over(FULL_A)
    world.pass_(180 * MINUTE)
    due = world.rows.pop(f"{incident}/forget")
    world.take(events.DeadlineReached(key=f"{incident}/forget", due=due))
    return world


def one_helps_after_two_have_failed() -> World:
    """The breaker is open by then, and stays open."""
    world = World()
    world.opened(FULL_A)
    (first,) = world.proceed()
    world.take(events.ActionStarted(key=first.key))
    for number in (FULL_B, FULL_C):
        act(world, number, outcome="failed")
    world.helps(first.body)
    world.take(events.ActionFinished(key=first.key, outcome="succeeded"))
    world.tick(4)
    world.pass_(61 * MINUTE)
    act(world, FULL_D)
    return world


def a_page_opened_an_alert_in_pagerduty() -> World:
    world = World()
    incident = world.opened(SLOW_A)
    page = next(effect for effect in world.outbox if effect.kind == "page")
    opened = (events.LeftOpen("pagerduty", "web", f"{incident}/1"),)
    world.take(events.MessageSettled(key=page.key, arrived=True, opened=opened))
    world.over(SLOW_A)
    return world


def people_change_while_it_is_open() -> World:
    world = World()
    world.opened(SLOW_A)
    world.adopt(changed=True)
    world.tick(16)
    return world


def people_change_while_it_waits_for_approval() -> World:
    """Whoever has the office by now says yes, whoever had it says so in vain."""
    world = World()
    incident = world.opened(BREAK)
    world.proceed(consent=False)
    world.adopt(changed=True)
    known = world.state.find(incident)
    question = next(one.id for one in known.questions if one.item is None)
    for person in ("noor", "ana", "dee"):
        world.take(events.Answered(incident=incident, question=question, person=person, yes=True))
    world.proceed(consent=False)
    return world


def somebody_has_left_and_so_has_the_name_of_the_team() -> World:
    world = World()
    world.pass_(61 * MINUTE)
    world.opened(STUCK)
    text = shifted(world.text).replace('"data"', '"flows"').replace('"data-primary"', '"flows-primary"')
    world.take(events.PlanLoaded(text=text))
    world.tick(6)
    return world


# What is taken away


def forgotten(name: str):
    """A deadline of this name is never set."""

    def without(patch: pytest.MonkeyPatch) -> None:
        finish = turn.Turn.finish

        def forgets(self: turn.Turn):
            for incident in self._slots.values():
                if incident is not None:
                    incident.deadlines.pop(name, None)
            return finish(self)

        patch.setattr(turn.Turn, "finish", forgets)

    return without


def doing_nothing(module: object, name: str):
    return lambda patch: patch.setattr(module, name, lambda *_, **__: None)


def another_state_is_recorded(patch: pytest.MonkeyPatch) -> None:
    effect = runs.effect

    def other(turn_, incident, remediation, attempt, run):
        effect(turn_, incident, remediation, attempt, _with(run, recorded="9 replicas"))

    patch.setattr(runs, "effect", other)


def _with(struct, **changes):
    return type(struct)(**{**{name: getattr(struct, name) for name in struct.__struct_fields__}, **changes})


def keys_begin_anew(patch: pytest.MonkeyPatch) -> None:
    effect = turn.Turn.effect

    def again(self, incident, body, key=None, *, once=False):
        incident.effects = 0
        return effect(self, incident, body, key, once=once)

    patch.setattr(turn.Turn, "effect", again)


def questions_never_expire(patch: pytest.MonkeyPatch) -> None:
    question = attempts.Question
    patch.setattr(attempts, "Question", lambda key, item, given, _: question(key, item, given, None))


def deadlines_are_believed(patch: pytest.MonkeyPatch) -> None:
    """As if it were the time that the deadline says."""
    reach = reduce._deadline

    def early(turn_, event):
        turn_.now = max(turn_.now, event.due)
        reach(turn_, event)

    patch.setattr(reduce, "_deadline", early)


def quiet_at_once(patch: pytest.MonkeyPatch) -> None:
    looked = runs.looked

    def soon(turn_, incident, results):
        attempts.change(incident, quiet_since=0)
        looked(turn_, incident, results)

    patch.setattr(runs, "looked", soon)


def nothing_is_closed(patch: pytest.MonkeyPatch) -> None:
    effect = turn.Turn.effect

    def other(self, incident, body, key=None, *, once=False):
        return "" if isinstance(body, outside.Close) else effect(self, incident, body, key, once=once)

    patch.setattr(turn.Turn, "effect", other)


def no_data_is_quiet(patch: pytest.MonkeyPatch) -> None:
    seen = runs.looking.seen
    patch.setattr(runs.looking, "seen", lambda *a: ("quiet", "") if seen(*a)[0] == "no-data" else seen(*a))


def incidents_are_changed_in_place(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(turn, "copy", lambda one: one)


def the_core_has_a_memory_of_its_own(patch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    tell = turn.Turn.tell

    def remembers(self, incident, what, detail="", person=None):
        told.append(what)
        tell(self, incident, what, f"{detail}{len(told)}", person)

    patch.setattr(turn.Turn, "tell", remembers)


def the_old_plan_is_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(turn, "to_ask", lambda _, own: (own,))


OVER = laws.nothing_is_begun_for_an_incident_that_is_over_and_what_is_under_way_is_not_forgotten
WAITS = laws.every_open_incident_has_a_next_deadline_or_a_person
CASES = [
    (
        a_remedy_does_not_help_and_is_taken_back,
        another_state_is_recorded,
        laws.only_what_was_recorded_before_acting_is_taken_back_and_only_once,
    ),
    (
        a_remedy_fails,
        doing_nothing(runs, "_undo"),
        laws.what_failed_or_did_not_help_is_taken_back,
    ),
    (
        a_remedy_does_not_help_and_is_taken_back,
        doing_nothing(runs, "_undo"),
        laws.what_failed_or_did_not_help_is_taken_back,
    ),
    (
        people_change_while_it_is_open,
        the_old_plan_is_asked,
        laws.whoever_is_asked_or_told_is_meant_by_the_plan_in_force,
    ),
    (
        people_change_while_it_waits_for_approval,
        the_old_plan_is_asked,
        laws.what_needs_approval_has_it_from_people_who_may_give_it,
    ),
    (
        somebody_has_left_and_so_has_the_name_of_the_team,
        lambda patch: patch.setattr(who, "there", lambda *_: True),
        laws.whoever_is_asked_or_told_is_meant_by_the_plan_in_force,
    ),
    (a_yes_comes_too_late, questions_never_expire, laws.what_needs_approval_has_it_from_people_who_may_give_it),
    (
        at_night_it_is_risky,
        lambda patch: patch.setattr(attempts, "_needs_approval", lambda *_: None),
        laws.what_is_begun_was_weighed_before_and_what_is_risky_has_a_persons_yes,
    ),
    (
        a_remedy_fails,
        doing_nothing(attempts, "_weigh"),
        laws.what_is_begun_was_weighed_before_and_what_is_risky_has_a_persons_yes,
    ),
    (a_deadline_comes_early, deadlines_are_believed, laws.nothing_happens_before_its_time),
    (it_was_mended, quiet_at_once, laws.a_remedy_has_helped_only_after_the_quiet_time_of_its_policy),
    (it_is_over_before_an_action_begins, doing_nothing(runs, "_stopped"), OVER),
    (
        it_is_to_be_forgotten_while_an_action_runs,
        lambda patch: patch.setattr(lifecycle.attempts, "outstanding", lambda _: False),
        OVER,
    ),
    (
        one_helps_after_two_have_failed,
        lambda patch: patch.setattr(ledger, "helped", ledger.close),
        laws.a_breaker_that_is_open_stops_everything_until_a_person_closes_it,
    ),
    (
        it_cannot_be_taken_back,
        doing_nothing(runs, "no_more_remedies"),
        laws.what_could_not_be_taken_back_reaches_a_person_and_nothing_else_is_tried,
    ),
    (it_is_held_back, keys_begin_anew, laws.effects_have_keys_of_their_own),
    (it_is_held_back, doing_nothing(turn.Turn, "note"), laws.every_refusal_reaches_a_person),
    (it_holds_off, forgotten("hold"), WAITS),
    (it_waits_for_approval, forgotten("approval"), WAITS),
    (it_waits_for_prometheus, forgotten("query"), WAITS),
    (it_waits_for_an_action, forgotten("act"), WAITS),
    (it_looks_whether_it_helped, forgotten("verify"), WAITS),
    (it_looks_whether_it_helped, forgotten("verified"), WAITS),
    (it_was_mended, forgotten("mitigated"), WAITS),
    (it_was_mended, forgotten("collect"), WAITS),
    (it_waits_for_prometheus, forgotten("stale"), WAITS),
    (nobody_is_on_call, forgotten("escalate"), WAITS),
    (it_is_over, forgotten("forget"), WAITS),
    (nobody_is_on_call, doing_nothing(escalate, "_last_resort"), laws.a_page_reaches_a_human_being_at_once),
    (
        it_is_over,
        lambda patch: patch.setattr(turn, "_changes", lambda *_: []),
        laws.deadlines_in_the_store_are_the_deadlines_of_the_state,
    ),
    (
        a_page_opened_an_alert_in_pagerduty,
        nothing_is_closed,
        laws.what_messages_opened_outside_is_closed_when_their_incident_is_over,
    ),
    (prometheus_loses_the_series_after_a_run, no_data_is_quiet, laws.no_data_is_no_success),
    (
        it_is_over,
        incidents_are_changed_in_place,
        laws.folding_the_log_gives_the_same_state_effects_and_decisions,
    ),
    (
        a_remedy_does_not_help_and_is_taken_back,
        the_core_has_a_memory_of_its_own,
        laws.folding_the_log_gives_the_same_state_effects_and_decisions,
    ),
]
IDS = [f"{story.__name__}-{law.__name__}-{number}" for number, (story, _, law) in enumerate(CASES)]
STORIES = sorted({story for story, _, _ in CASES}, key=lambda story: story.__name__)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_law_holds(story) -> None:
    assert [f"{law.__name__}: {what}" for law in laws.LAWS for what in law(story().story)] == []


@pytest.mark.parametrize(("story", "without", "law"), CASES, ids=IDS)
def test_a_law_notices_what_is_taken_away(story, without, law, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    assert list(law(story().story)) != []


@pytest.mark.parametrize(
    ("story", "module", "name"),
    [(it_ends_while_it_is_silenced, alerts, "_missed"), (its_end_is_told_late, lifecycle, "quiet")],
    ids=["it_ends_while_it_is_silenced", "its_end_is_told_late"],
)
def test_a_resolve_is_not_lost_and_if_it_were_that_would_be_seen(story, module, name, monkeypatch) -> None:
    assert list(unsettled(story())) == []
    monkeypatch.setattr(module, name, lambda *_, **__: None)
    assert list(unsettled(story())) != []


def test_every_law_has_something_that_breaks_it() -> None:
    from executor import test_gates

    broken = {case.law for case in test_gates.CASES} | {law for _, _, law in CASES}
    assert {law.__name__ for law in laws.LAWS} - {law.__name__ for law in broken} == set()


# What the machine is seldom held back by


def refusals(world: World) -> list[str]:
    found = [one for entry in world.entries for one in entry.step.decisions if isinstance(one, said.Refused)]
    assert [f"{law.__name__}: {what}" for law in laws.LAWS for what in law(world.story)] == []
    return [one.reason for one in found]


def test_a_no_is_a_no_and_nothing_runs() -> None:
    world = it_waits_for_approval()
    (incident,) = world.state.incidents.values()
    question = incident.questions[0].id
    world.take(events.Answered(incident=incident.id, question=question, person="ana", yes=False, note="not now"))
    world.proceed()
    assert refusals(world) == ["approval-refused"]
    assert not any(isinstance(effect.body, outside.Act) for effect in world.outbox)


def test_when_nobody_who_may_approve_is_on_call_nothing_runs() -> None:
    world = World()
    world.pass_(-60 * MINUTE)
    incident = world.opened(STUCK_Y)
    act(world, STUCK_Y, outcome="failed")
    world.take(events.RemedyRequested(incident=incident, person="bo", remediation="scale"))
    world.proceed()
    assert refusals(world) == ["nobody-to-ask"]


def test_what_was_not_recorded_before_acting_is_not_taken_back_and_people_hear_so() -> None:
    assert refusals(a_remedy_does_not_help_and_is_taken_back(recorded=None)) == ["undo-impossible"]


def test_a_remedy_whose_label_is_missing_or_that_no_plan_has_is_refused() -> None:
    world = World()
    incident = world.opened(LATE)
    world.proceed()
    for name in ("restart", "unheard-of"):
        world.take(events.RemedyRequested(incident=incident, person="bo", remediation=name))
    for outcome in ("failed", "succeeded"):  # the remedy, and taking it back
        for effect in world.proceed():
            world.run(effect, outcome)
    assert {"input-missing", "not-in-plan"} <= set(refusals(world))


def test_two_who_must_agree_are_two_people_and_not_one_who_asked_for_it() -> None:
    world = World()
    incident = world.opened(BREAK)
    world.proceed(consent=False)
    question = next(one for one in world.state.find(incident).questions if one.item is None)
    world.take(events.Answered(incident=incident, question=question.id, person="ana", yes=True))
    world.take(events.Answered(incident=incident, question=question.id, person="ana", yes=True))
    assert not any(isinstance(effect.body, outside.Act) for effect in world.outbox)


@pytest.mark.parametrize(("else_", "runs_next"), [("skip", True), ("escalate", False)])
def test_when_nobody_approves_the_next_remedy_is_due_or_people_take_over_as_the_policy_says(else_, runs_next) -> None:
    world = plan_with(["scale", "restart"], **{"else": else_})
    world.opened(SLOW_A)
    world.proceed(consent=False)
    world.tick(11)
    acts = [effect.body.remediation for effect in world.outbox if isinstance(effect.body, outside.Act)]
    assert acts == (["restart"] if runs_next else [])
    assert refusals(world) == ["approval-expired"]


def test_a_remedy_after_which_it_came_back_has_not_helped() -> None:
    world = it_was_mended()
    world.over(SLOW_A)
    world.pass_(5 * MINUTE)
    world.opened(SLOW_A)
    assert world.state.ledger.breakers["restart"].failures == 1
    assert refusals(world) == []


def test_when_nothing_was_heard_for_too_long_alertmanager_is_asked_at_once() -> None:
    world = World(limits={"reconcile": "24h"})
    world.opened(SLOW_A)
    world.tick(71)
    asked = [one.body.reason for entry in world.entries for one in entry.effects(outside.Reconcile)]
    assert asked == ["nothing was heard for too long"]


def test_when_the_alert_goes_on_long_after_a_remedy_seemed_to_help_people_are_told_again() -> None:
    world = it_was_mended()
    world.fire(SLOW_A)
    (incident,) = world.state.incidents.values()
    assert (incident.phase, incident.paging) == ("mitigated", False)
    world.tick(31)
    (incident,) = world.state.incidents.values()
    assert (incident.phase, incident.paging) == ("opened", True)


def test_what_a_person_asks_for_is_done_though_the_expression_is_quiet_and_the_machine_alone_would_not() -> None:
    for asked in (True, False):
        world = plan_with([] if asked else ["restart"])
        incident = world.opened(SLOW_A)
        world.clear(SLOW_A)  # Alertmanager has not told of it
        if asked:
            world.take(events.RemedyRequested(incident=incident, person="bo", remediation="restart"))
        assert len(world.proceed()) == asked
        assert refusals(world) == ([] if asked else ["not-firing"])
