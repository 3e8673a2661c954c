"""An incident's life: what Alertmanager tells in every order, who hears of it, and what is done, told as short stories."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor import laws
from executor.world import (
    ALERTS,
    BREAK,
    FULL_A,
    LATE,
    LIAR,
    MINUTE,
    SLOW_A,
    SLOW_B,
    START,
    STUCK,
    STUCK_Y,
    UNHEARD,
    WATCHDOG,
    World,
)
from watchbill.executor.core import alerts as alerts_
from watchbill.executor.core import decisions as said
from watchbill.executor.core import effects as outside
from watchbill.executor.core import encode, events, reduce
from watchbill.executor.core.events import Events


@pytest.fixture
def world():
    made = World()
    yield made
    assert [f"{law.__name__}: {what}" for law in laws.LAWS for what in law(made.story)] == []


def incident_of(world, identity):
    return world.state.find(identity)


def pages(world):
    return [e.body.to.person for one in world.entries for e in one.step.effects if isinstance(e.body, outside.Page)]


def bodies(world, kind):
    return [e.body for one in world.entries for e in one.step.effects if isinstance(e.body, kind)]


def decided(world, kind):
    return [one for entry in world.entries for one in entry.step.decisions if isinstance(one, kind)]


# What Alertmanager tells


def test_alerts_are_one_incident_by_the_policys_own_key(world):
    assert world.opened(SLOW_A) != world.opened(SLOW_B)
    assert world.opened(STUCK) == world.opened(STUCK_Y)


def test_a_delivery_that_comes_again_changes_nothing(world):
    world.fire(SLOW_A)
    world.tell([SLOW_A])
    world.arrive(0, again=True)
    before = world.state.open
    step = world.take(world.flying[0])
    assert (step.state.open, step.effects) == (before, ())


def test_two_replicas_that_tell_of_different_beginnings_are_one_incident(world):
    first = world.opened(SLOW_A)
    world.tell([SLOW_A], shift=-7 * MINUTE)
    world.arrive(0)
    world.tell([SLOW_A], shift=5_000)
    world.arrive(0)
    assert [one.id for one in world.state.incidents.values()] == [first]


def test_a_firing_alert_that_comes_after_its_end_does_not_open_it_again_and_alertmanager_is_asked(world):
    identity = world.opened(SLOW_A)
    world.tell([SLOW_A])
    world.pass_(MINUTE)
    world.over(SLOW_A)
    assert incident_of(world, identity).phase == "resolved"
    step = world.take(world.flying[0])
    assert incident_of(world, identity).phase == "resolved"
    assert [effect.kind for effect in step.effects] == ["reconcile"]


def test_the_end_of_an_earlier_episode_does_not_end_this_one(world):
    identity = world.opened(SLOW_A)
    world.pass_(MINUTE)
    world.clear(SLOW_A)
    world.tell([SLOW_A])
    world.fire(SLOW_A)
    world.pass_(MINUTE)
    world.truth[SLOW_A].starts_at = world.now
    world.tell([SLOW_A])
    world.arrive(1)
    world.arrive(0)
    assert incident_of(world, identity).open


def test_an_incident_ends_with_its_last_alert(world):
    identity = world.opened(STUCK, STUCK_Y)
    world.over(STUCK)
    assert incident_of(world, identity).open
    world.over(STUCK_Y)
    assert incident_of(world, identity).phase == "resolved"


def test_one_that_comes_back_soon_is_reopened_and_later_it_is_a_new_one(world):
    first = world.opened(SLOW_A)
    world.over(SLOW_A)
    world.pass_(5 * MINUTE)
    assert world.opened(SLOW_A) == first
    assert incident_of(world, first).returns != ()
    world.over(SLOW_A)
    world.pass_(20 * MINUTE)
    second = world.opened(SLOW_A)
    assert second != first
    assert second.split("-")[0] == first.split("-")[0]


def test_one_that_flaps_is_over_only_after_a_quiet_time(world):
    identity = world.opened(SLOW_A)
    for _ in range(3):
        world.over(SLOW_A)
        world.pass_(MINUTE)
        world.opened(SLOW_A)
    woken = len(pages(world))
    for _ in range(3):
        world.over(SLOW_A)
        world.pass_(MINUTE)
        world.opened(SLOW_A)
    assert incident_of(world, identity).open
    assert len(pages(world)) == woken  # nobody is woken each time
    world.over(SLOW_A)
    assert incident_of(world, identity).open
    world.tick(16)
    assert incident_of(world, identity).phase == "resolved"


def test_an_alert_that_ends_while_it_is_silenced_is_over_when_alertmanager_has_not_known_it_twice(world):
    identity = world.opened(SLOW_A)
    world.truth[SLOW_A].silenced = True
    world.pass_(2 * MINUTE)
    world.clear(SLOW_A)
    world.tell([SLOW_A])
    assert world.flying == []  # Alertmanager says nothing
    ask = outside.Effect("executor/reconcile/1", outside.Reconcile(reason=""))
    world.take(world.reconcile(ask))
    assert incident_of(world, identity).open
    world.pass_(5 * MINUTE)
    world.take(world.reconcile(ask))
    assert incident_of(world, identity).phase == "resolved"


def test_where_a_plan_asks_more_often_than_once_a_minute_it_takes_no_minutes():
    world = World(limits={"reconcile": "4s"})
    world.opened(SLOW_A)
    world.truth[SLOW_A].silenced = True
    world.clear(SLOW_A)
    began = world.now
    world.settle()
    ends = [
        entry.now - began for entry in world.entries for one in entry.decided(said.Moved) if one.after == "resolved"
    ]
    assert ends == [8_000]  # two answers that do not know it


def test_an_answer_that_is_not_complete_ends_nothing(world):
    identity = world.opened(SLOW_A)
    world.pass_(2 * MINUTE)
    for _ in range(5):
        world.pass_(5 * MINUTE)
        world.take(events.Reconciled(key="k", asked_at=world.now, alerts=(), complete=False))
    assert incident_of(world, identity).open


def test_what_was_heard_after_the_question_was_asked_is_not_ended_by_its_answer(world):
    asked_at = world.now
    identity = world.opened(SLOW_A)
    for _ in range(3):
        world.pass_(MINUTE)
        world.take(events.Reconciled(key="k", asked_at=asked_at, alerts=()))
    assert incident_of(world, identity).open


def test_an_alert_whose_delivery_was_lost_opens_an_incident_when_alertmanager_is_asked(world):
    world.opened(SLOW_A)
    world.fire(FULL_A)
    world.take(world.reconcile(outside.Effect("executor/reconcile/1", outside.Reconcile(reason=""))))
    assert world.state.open == 2


def test_a_silenced_alert_keeps_its_incident_open_and_opens_none(world):
    identity = world.opened(SLOW_A)
    world.fire(FULL_A)
    world.truth[SLOW_A].silenced = world.truth[FULL_A].silenced = True
    for _ in range(3):
        world.pass_(5 * MINUTE)
        world.take(world.reconcile(outside.Effect("executor/reconcile/1", outside.Reconcile(reason=""))))
    assert (world.state.open, incident_of(world, identity).open) == (1, True)


def test_a_delivery_that_was_cut_short_makes_it_ask(world):
    world.fire(SLOW_A)
    world.tell([SLOW_A], truncated=3)
    world.arrive(0)
    assert len(bodies(world, outside.Reconcile)) == 1


def test_silence_for_too_long_makes_it_stale_tells_a_person_and_asks(world):
    identity = world.opened(SLOW_A)
    world.take(events.Acknowledged(incident=identity, person="ana"))
    world.tick(71)
    assert incident_of(world, identity).phase == "stale"
    assert any(body.reason == "stale" for body in bodies(world, outside.Note))
    world.tell([SLOW_A])
    world.arrive(0)
    assert incident_of(world, identity).phase == "acknowledged"


def test_a_watchdog_opens_nothing(world):
    world.fire(WATCHDOG)
    world.tell([WATCHDOG])
    world.arrive(0)
    assert world.state.open == 0


@pytest.mark.parametrize("number", [UNHEARD, LIAR])
def test_what_no_policy_claims_or_whose_labels_lie_goes_to_the_catch_all_and_nothing_is_done(world, number):
    identity = world.opened(number)
    assert world.proceed() == []
    assert incident_of(world, identity).facts.team == "web"
    assert pages(world) == ["ana"]


def test_a_token_of_another_source_cannot_end_an_incident_here(world):
    identity = world.opened(SLOW_A)
    world.clear(SLOW_A)
    world.tell([SLOW_A], source="elsewhere")
    world.arrive(0)
    assert incident_of(world, identity).open


def test_a_graver_alert_makes_the_incident_graver_and_wakes_people(world):
    told = {}
    for severity in ("warning", "critical", "warning"):
        labels = {"alertname": "Errors", "service": "shop", "severity": severity, "env": "production"}
        alert = events.Reported(f"f-{severity}", "firing", labels, world.now)
        world.take(events.Delivered(delivery="", environment="production", alerts=(alert,)))
        told[severity] = pages(world)
    assert world.state.open == 1
    (incident,) = world.state.incidents.values()
    assert (incident.facts.severity, incident.alert) == ("critical", "shop/Errors/critical")
    assert told == {"critical": ["ana"], "warning": ["ana"]}


def test_a_label_of_a_megabyte_is_kept_short_matches_nothing_and_is_still_told_apart(world):
    for end in ("x", "y"):
        labels = {**ALERTS[SLOW_A], "deployment": "web-" + "a" * 1_000_000 + end}
        alert = events.Reported(f"f-{end}", "firing", labels, world.now)
        world.take(events.Delivered(delivery="", environment="production", alerts=(alert,)))
    world.proceed()
    assert world.state.open == 2
    assert len(encode(world.state)) < 20_000
    assert {one.reason for one in decided(world, said.Refused)} == {"input-not-allowed"}


def test_what_an_alert_is_stands_in_the_log_with_the_reason_for_each_figure(world):
    world.pass_(13 * 60 * MINUTE)  # nobody is at work any more
    world.opened(BREAK)
    (facts,) = decided(world, said.Classified)
    found = (facts.severity, facts.class_, facts.tier, facts.environment, facts.team, facts.risk, facts.procedure)
    assert found == ("critical", "security", 1, "production", "web", 65, "breach")
    assert facts.reasons == (
        "severity critical: as the rule says",
        "team web: whose alert it is",
        "tier 1: its service's",
        "class security: as the policy says",
        "procedure breach: class security, severity critical",
        "risk +30: severity critical",
        "risk +15: tier 1",
        "risk +10: class security",
        "risk +10: outside working hours",
    )


# Who hears of it


def test_the_steps_are_taken_until_somebody_acknowledges(world):
    identity = world.opened(SLOW_A)
    world.tick(16)
    assert pages(world)[:3] == ["ana", "bo", "ana"]
    world.take(events.Acknowledged(incident=identity, person="bo"))
    told = len(pages(world))
    world.tick(60)
    assert len(pages(world)) == told
    assert incident_of(world, identity).owner == "bo"


def test_at_last_the_last_resort_is_told_again_and_again(world):
    world.opened(SLOW_A)
    world.tick(120)
    last = [one for one in decided(world, said.Escalated) if one.last_resort]
    assert len(last) >= 2
    assert {person for one in last for person in one.reached} == {"ana"}


def test_a_step_that_means_nobody_is_passed_in_the_same_breath(world):
    world.pass_(-60 * MINUTE)  # 07:00: by the schedule nobody is on call for the data team
    world.opened(STUCK)
    taken = decided(world, said.Escalated)
    assert [one.reached for one in taken] == [(), ("#web",), ("ana",)]
    assert taken[-1].last_resort
    assert pages(world) == ["ana"]


def test_outside_the_hours_nobody_is_woken_and_when_they_begin_somebody_is(world):
    world.pass_(-2 * 60 * MINUTE)
    world.opened(LATE)
    assert pages(world) == []
    world.tick(121)
    assert pages(world) == ["ana"]


def test_pages_that_cannot_be_delivered_let_the_next_step_begin_at_once(world):
    world.opened(SLOW_A)
    page = next(effect for effect in world.outbox if effect.kind == "page")
    world.take(events.MessageSettled(key=page.key, arrived=False, detail="no such number"))
    assert pages(world) == ["ana", "bo"]


def test_when_nothing_can_be_delivered_the_last_resort_is_tried_and_the_next_round_waits_for_its_time(world):
    """What carries the messages may be back by then; rounds that ran out at once would leave nobody to be told."""
    world.opened(SLOW_A)
    lost = set()
    while left := [one for one in world.outbox if one.kind == "page" and one.key not in lost]:
        lost.add(left[0].key)
        world.take(events.MessageSettled(key=left[0].key, arrived=False, detail="no line"))
    assert pages(world) == ["ana", "bo", "ana"]
    world.tick(10)
    assert pages(world) == ["ana", "bo", "ana", "ana"]
    assert [(one.step, one.round) for one in decided(world, said.Escalated)] == [(1, 1), (2, 1), (1, 2)]


def test_a_note_that_cannot_be_delivered_wakes_the_last_resort(world):
    identity = world.opened(UNHEARD)
    note = next(effect for effect in world.outbox if effect.kind == "note")
    before = len(pages(world))
    world.take(events.MessageSettled(key=note.key, arrived=False))
    assert pages(world)[before:] == ["ana"]
    assert incident_of(world, identity).open


def test_who_takes_over_is_woken_and_has_it(world):
    identity = world.opened(SLOW_A)
    world.take(events.HandedOver(incident=identity, person="ana", to="noor"))
    assert incident_of(world, identity).owner == "noor"
    assert pages(world)[-1] == "noor"


def test_only_people_whom_the_plan_knows_can_do_anything(world):
    identity = world.opened(SLOW_A)
    world.take(events.Acknowledged(incident=identity, person="mallory"))
    assert incident_of(world, identity).acknowledged_at is None


def test_what_a_person_calls_over_stays_so_until_alertmanager_repeats_itself(world):
    identity = world.opened(SLOW_A)
    world.take(events.ResolvedByHand(incident=identity, person="ana", false_positive=True))
    world.pass_(40 * MINUTE)
    world.tell([SLOW_A])
    world.arrive(0)
    assert incident_of(world, identity).phase == "resolved"
    world.pass_(30 * MINUTE)
    world.tell([SLOW_A])
    world.arrive(0)
    assert incident_of(world, identity).open


# What is done


def test_diagnostics_come_before_anything_is_changed(world):
    world.opened(SLOW_A)
    world.proceed()
    kinds = [effect.kind for entry in world.entries for effect in entry.step.effects]
    assert kinds.index("collect") < kinds.index("query") < kinds.index("act")


def test_a_remedy_that_helps_ends_the_machines_work_and_nobody_else_is_woken(world):
    identity = world.opened(SLOW_A)
    (effect,) = world.proceed()
    world.helps(effect.body)
    assert world.run(effect)
    told = len(pages(world))
    world.tick(4)
    assert incident_of(world, identity).phase == "mitigated"
    world.tick(20)
    assert len(pages(world)) == told


def test_a_remedy_that_does_not_help_is_followed_by_the_next_and_that_is_taken_back(world):
    identity = world.opened(SLOW_A)
    (effect,) = world.proceed()
    world.run(effect)
    world.tick(5.5)
    assert incident_of(world, identity).phase == "awaiting-approval"
    question = incident_of(world, identity).questions[0].id
    world.take(events.Answered(incident=identity, question=question, person="ana", yes=True))
    (effect,) = world.proceed()
    world.run(effect, recorded="3 replicas")
    world.tick(5.5)
    (undo,) = world.outbox
    assert (undo.body.undo, undo.body.recorded, undo.once) == (effect.key, "3 replicas", True)
    world.run(undo)
    assert incident_of(world, identity).attempt is None
    assert incident_of(world, identity).tried == ("restart", "scale")


def test_what_recovered_while_people_were_asked_is_not_touched(world):
    world.opened(SLOW_B)
    world.proceed()
    identity = world.opened(STUCK, STUCK_Y)
    queries = [effect for effect in world.outbox if isinstance(effect.body, outside.Query)]
    world.over(STUCK)
    for query in queries:
        world.take(world.answer(query.key, query.body))
    acts = [body for body in bodies(world, outside.Act) if body.incident == identity]
    assert all(body.inputs == {"deployment": "web-y"} for body in acts)


def test_two_must_approve_and_the_one_who_asked_for_it_is_not_both(world):
    identity = world.opened(BREAK)
    world.proceed(consent=False)
    question = next(one for one in incident_of(world, identity).questions if one.item is None)
    for _ in range(2):
        world.take(events.Answered(incident=identity, question=question.id, person="ana", yes=True))
    assert world.proceed(consent=False) == []
    world.take(events.Answered(incident=identity, question=question.id, person="noor", yes=True))
    assert len(world.proceed(consent=False)) == 1


def test_an_approval_lapses_with_its_incident(world):
    identity = world.opened(BREAK)
    world.proceed(consent=False)
    question = next(one for one in incident_of(world, identity).questions if one.item is None)
    world.over(BREAK)
    for person in ("ana", "noor"):
        world.take(events.Answered(incident=identity, question=question.id, person=person, yes=True))
    assert "approval-lapsed" in {one.reason for one in decided(world, said.Refused)}
    assert bodies(world, outside.Act) == []


def test_a_procedure_keeps_evidence_first_and_tells_its_people_without_waiting_for_the_remedy(world):
    world.opened(BREAK)
    world.proceed(consent=False)
    (evidence,) = bodies(world, outside.Collect)
    assert (evidence.preserve, evidence.custody) == (True, True)
    assert "noor" in pages(world)
    assert bodies(world, outside.Act) == []


def test_only_who_is_asked_answers_a_question_of_a_procedure(world):
    identity = world.opened(BREAK)
    world.proceed()
    question = next(one for one in incident_of(world, identity).questions if one.item is not None)
    world.take(events.Answered(incident=identity, question=question.id, person="cy", yes=True))
    assert question in incident_of(world, identity).questions
    assert [(one.reason, one.what) for one in decided(world, said.Ignored)][-1] == ("not-an-approver", "cy")


def test_a_part_of_monitoring_that_cannot_be_believed_wakes_a_person_once_an_hour_at_most(world):
    for minutes in (0, 1, 58, 2):
        world.pass_(minutes * MINUTE)
        world.take(events.MonitoringReported(part="alertmanager", healthy=False, detail="no answer"))
        world.take(events.MonitoringReported(part="alertmanager", healthy=False, detail="no answer"))
        world.take(events.MonitoringReported(part="alertmanager", healthy=True))
    woken = bodies(world, outside.Page)
    assert [one.to.person for one in woken] == ["ana", "ana"]
    assert {one.reason for one in woken} == {"alertmanager cannot be believed: no answer"}


def test_what_a_newer_plan_does_not_watch_any_more_is_not_broken_for_ever():
    world = World(alertmanagers=["http://am:9093"])
    for part in ("alertmanager", "prometheus:default", "prometheus:gone", "executor:log"):
        world.take(events.MonitoringReported(part=part, healthy=False))
    world.take(events.PlanLoaded(text=json.dumps({**json.loads(world.text), "alertmanagers": []})))
    assert set(world.state.broken) == {"prometheus:default", "executor:log"}


def test_whoever_came_with_a_newer_plan_takes_an_older_incident_on_and_whoever_left_decides_nothing(world):
    identity = world.opened(BREAK)
    world.proceed(consent=False)
    newer = json.loads(world.text)
    newer["people"]["zoe"] = newer["people"].pop("noor")
    newer["roles"] = json.loads(json.dumps(newer["roles"]).replace("noor", "zoe"))
    world.take(events.PlanLoaded(text=json.dumps(newer)))
    question = next(one for one in incident_of(world, identity).questions if one.item is None)
    world.take(events.Answered(incident=identity, question=question.id, person="noor", yes=True))
    assert [(one.reason, one.what) for one in decided(world, said.Ignored)][-1] == ("no-such-person", "noor")
    world.take(events.Acknowledged(incident=identity, person="zoe"))
    assert incident_of(world, identity).owner == "zoe"


def test_names_that_anybody_makes_up_page_for_so_many_incidents_and_then_for_one_and_end_with_their_alerts(world):
    def tell(status):
        alerts = tuple(
            events.Reported(
                fingerprint=f"u{number}",
                status=status,
                labels={"alertname": "Junk", "service": f"made-up-{number}", "env": "production"},
                starts_at=world.now - 1,
                ends_at=world.now if status == "resolved" else None,
            )
            for number in range(200)
        )
        world.take(events.Delivered(delivery="", environment="production", alerts=alerts))

    for _ in range(2):  # the repeat changes nothing
        tell("firing")
        assert world.state.opened == alerts_.CROWD + 1
    crowd = next(one for one in world.state.incidents.values() if one.key == {"unclaimed": "many"})
    assert (crowd.title, len(crowd.alerts)) == ("many alerts that no policy claims", 200 - alerts_.CROWD)
    assert len(bodies(world, outside.Page)) == alerts_.CROWD + 1
    world.opened(SLOW_A)
    world.pass_(MINUTE)
    tell("resolved")
    assert world.state.open == 1


def test_services_that_anybody_made_up_are_no_cascade(world):
    for number in range(4):
        labels = {"alertname": "Unheard", "service": f"made-up-{number}", "env": "production"}
        alert = events.Reported(fingerprint=f"u{number}", status="firing", labels=labels, starts_at=world.now)
        world.take(events.Delivered(delivery="", environment="production", alerts=(alert,)))
    assert incident_of(world, world.opened(SLOW_A)).facts.procedure is None


def test_alerts_that_have_ended_do_not_heap_up_in_an_incident_that_stays_open(world):
    """As where a label changes with each deployment: the last of them are kept, and the one that says what it is."""
    identity = world.opened(SLOW_A)
    for number in range(700):
        labels = {**ALERTS[SLOW_A], "pod": f"web-a-{number}"}
        end = number * 1000 if number else None
        for at in (None, end):
            alert = events.Reported(
                fingerprint=f"p{number}",
                status="firing" if at is None else "resolved",
                labels=labels,
                starts_at=0,
                ends_at=at,
            )
            world.take(events.Delivered(delivery="", environment="production", alerts=(alert,)))
        if number == 0:
            world.clear(SLOW_A)
            world.tell([SLOW_A])
            world.arrive(0)
    incident = incident_of(world, identity)
    assert incident.open
    assert len(incident.alerts) <= 2 * alerts_.ENDED + 2
    assert "p699" in incident.alerts
    assert f"f{SLOW_A}" in incident.alerts


def test_a_yes_to_a_question_is_followed_by_its_steps(world):
    identity = world.opened(BREAK)
    world.proceed()
    question = next(one for one in incident_of(world, identity).questions if one.item is not None)
    before = len(pages(world))
    world.take(events.Answered(incident=identity, question=question.id, person="noor", yes=True))
    assert pages(world)[before:] == ["bo"]
    assert any(body.reason == "do" for body in bodies(world, outside.Note))


def test_three_incidents_of_three_services_at_once_are_a_cascade_and_one_of_them_follows_its_procedure(world):
    world.opened(FULL_A)
    world.opened(STUCK)
    assert not any(one.procedure == "cascade" for one in decided(world, said.Classified))
    world.opened(BREAK)  # of the third service; a security incident has its own procedure
    world.opened(SLOW_B)
    world.opened(SLOW_A)
    assert [one.procedure for one in decided(world, said.Classified)].count("cascade") == 1


def test_when_it_is_risky_a_person_is_asked_though_no_policy_says_so(world):
    world.pass_(13 * 60 * MINUTE)  # nobody is at work any more
    act = world.opened(LATE)
    (effect,) = world.proceed()
    assert bodies(world, outside.Ask) == []
    world.run(effect, "failed")
    for undo in world.proceed():
        world.run(undo)
    world.over(LATE)
    world.pass_(70 * MINUTE)
    assert world.opened(LATE) != act
    world.proceed(consent=False)
    (ask,) = bodies(world, outside.Ask)
    assert "risk 75: risk +30: medium risk" in ask.text
    assert "1 runs in a row without success" in ask.text


def test_a_storm_puts_it_off_and_when_it_is_over_it_goes_on():
    world = World(limits={"storm": {"incidents": 3, "within": "5m", "hold": "10m"}})
    world.opened(SLOW_A, LATE, FULL_A)
    assert world.proceed() == []
    assert any(one.reason == "storm" for one in decided(world, said.Held))
    world.tick(11)
    assert bodies(world, outside.Act) != []


def test_too_many_runs_overall_open_a_breaker_that_a_person_closes():
    world = World(limits={"overall": 1})
    for number in (FULL_A, STUCK):
        world.opened(number)
        for effect in world.proceed():
            world.run(effect)
    assert "overall" in world.state.ledger.breakers
    world.pass_(70 * MINUTE)
    world.opened(LATE)
    assert world.proceed() == []
    world.take(events.BreakerClosed(breaker="overall", person="ana"))
    world.pass_(60 * MINUTE)
    world.opened(SLOW_B)
    assert len(world.proceed()) == 1


def test_an_open_incident_keeps_the_plan_it_began_with(world):
    identity = world.opened(SLOW_A)
    first = world.state.plan
    newer = json.loads(world.text)
    newer["alerts"]["shop/Slow/critical"]["remediate"] = []
    world.take(events.PlanLoaded(text=json.dumps(newer)))
    assert world.state.plan != first
    assert incident_of(world, identity).plan == first
    assert len(world.proceed()) == 1
    other = world.opened(SLOW_B)
    assert incident_of(world, other).agenda == ()
    assert set(world.state.library) == {first, world.state.plan}


def test_each_step_wakes_whoever_is_on_call_by_the_plan_in_force(world):
    identity = world.opened(SLOW_A)
    world.adopt(changed=True)
    world.tick(16)
    assert pages(world) == ["ana", "ana", "dee"]  # primary; secondary, who is another now; and primary again
    assert len({one.plan for one in decided(world, said.Opened)} | {incident_of(world, identity).plan}) == 1
    world.adopt(changed=False)
    world.tick(5)
    assert pages(world)[3:] == ["bo"]


def test_only_whoever_holds_an_office_by_the_plan_in_force_approves(world):
    identity = world.opened(BREAK)
    world.proceed(consent=False)
    world.adopt(changed=True)
    question = next(one for one in incident_of(world, identity).questions if one.item is None)
    for person in ("noor", "bo"):  # the office, and the second on call, until now
        world.take(events.Answered(incident=identity, question=question.id, person=person, yes=True))
    assert [one.reason for one in decided(world, said.Ignored)][-2:] == ["not-an-approver"] * 2
    for person in ("dee", "ana"):
        world.take(events.Answered(incident=identity, question=question.id, person=person, yes=True))
    assert len(world.proceed(consent=False)) == 1


def test_a_team_that_has_another_name_by_now_still_reaches_whoever_is_on_call_for_it(world):
    world.pass_(61 * MINUTE)
    identity = world.opened(STUCK)
    world.take(events.PlanLoaded(text=world.text.replace('"data"', '"flows"')))
    before = len(pages(world))
    world.tick(4)
    assert pages(world)[before:] == ["cy"]
    assert incident_of(world, identity).facts.team == "data"


def test_nothing_is_handed_over_to_somebody_who_has_left(world):
    identity = world.opened(SLOW_A)
    world.adopt(changed=True)
    world.take(events.HandedOver(incident=identity, person="ana", to="cy"))
    assert [(one.reason, one.what) for one in decided(world, said.Ignored)] == [("no-such-person", "cy")]
    world.take(events.HandedOver(incident=identity, person="ana", to="dee"))
    assert pages(world) == ["ana", "dee"]
    assert incident_of(world, identity).owner == "dee"


def test_whoever_has_left_is_neither_woken_nor_told_though_the_incident_was_theirs(world):
    world.pass_(61 * MINUTE)
    identity = world.opened(STUCK)
    world.take(events.Acknowledged(incident=identity, person="cy"))
    world.adopt(changed=True)
    world.prometheus = "down"
    world.proceed()
    (note,) = [one for one in bodies(world, outside.Note) if one.reason == "refused:no-answer"]
    assert [one.person for one in note.to] == ["bo"]


def test_when_people_are_at_work_is_asked_of_the_plan_in_force(world):
    """A day off that came while it is open: it is not a time to page."""
    world.pass_(12 * 60 * MINUTE)
    identity = world.opened(LATE)
    assert pages(world) == []
    newer = json.loads(world.text)
    newer["calendars"]["hours"]["closed"] = ["2026-06-02"]
    world.take(events.PlanLoaded(text=json.dumps(newer)))
    world.tick(13 * 60)
    assert pages(world) == []
    world.tick(24 * 60)
    assert pages(world)[:1] == ["ana"]
    assert incident_of(world, identity).paging


@pytest.mark.parametrize("change", ["another key", "no such alert"])
def test_what_a_newer_plan_calls_otherwise_opens_no_second_incident_and_its_end_is_not_lost(world, change):
    identity = world.opened(SLOW_A)
    newer = json.loads(world.text)
    if change == "another key":
        newer["alerts"]["shop/Slow/critical"]["incident_key"] = ["alertname", "service"]
    else:
        del newer["alerts"]["shop/Slow/critical"]
    world.take(events.PlanLoaded(text=json.dumps(newer)))
    world.tell([SLOW_A])
    world.arrive(0)
    assert [one.id for one in world.state.incidents.values()] == [identity]
    world.over(SLOW_A)
    assert not incident_of(world, identity).open


def test_a_plan_that_nothing_holds_on_to_is_let_go(world):
    identity = world.opened(SLOW_A)
    first = world.state.plan
    world.take(events.PlanLoaded(text=world.text + " "))
    world.take(events.ResolvedByHand(incident=identity, person="ana"))
    world.tick(24 * 60 + 1)
    assert set(world.state.library) == {world.state.plan}
    assert first not in world.state.plans


def test_what_a_newer_plan_forbids_is_forbidden_for_incidents_of_an_older_one_too(world):
    world.opened(SLOW_A)
    newer = json.loads(world.text)
    newer["mode"] = "observe"
    world.take(events.PlanLoaded(text=json.dumps(newer)))
    assert world.proceed() == []
    assert {one.reason for one in decided(world, said.Refused)} == {"observe"}


def test_a_plan_that_is_none_changes_nothing(world):
    before = world.state.plan
    world.take(events.PlanLoaded(text="{"))
    assert world.state.plan == before


# Total


KEYS = st.sampled_from(
    ["", "/", "x", "executor/reconcile", "executor/", "{0}", "{0}/", "{0}/act/1.1", "{0}/note/1", "{0}/x/y"]
)
WORDS = st.one_of(st.sampled_from(["ana", "restart", "{0}", ""]), st.text(max_size=5))
LABELS = st.dictionaries(st.sampled_from(["alertname", "service", "env", "severity", "\x00"]), WORDS, max_size=4)
REPORTED = st.builds(
    events.Reported,
    fingerprint=WORDS,
    status=st.sampled_from(["firing", "resolved"]),
    labels=LABELS,
    starts_at=st.integers(),
    ends_at=st.none() | st.integers(),
    annotations=LABELS,
)
st.register_type_strategy(events.Reported, REPORTED)
st.register_type_strategy(events.Result, st.builds(events.Result, error=st.none() | WORDS))
ANY_EVENT = st.one_of(
    *(
        st.builds(
            kind,
            **{
                field.name: KEYS
                if field.name in ("key", "incident", "question")
                else WORDS
                if field.type is str
                else st.from_type(field.type)
                for field in msgspec.structs.fields(kind)
                if field.required or field.name in ("key", "incident")
            },
        )
        for kind in Events.__args__
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_EVENT, max_size=6), st.sampled_from(range(len(ALERTS))), st.integers(-40, 40))
def test_any_event_in_any_state_leads_to_a_step_and_never_to_an_exception(moves, number, days):
    world = World()
    world.fire(number)
    world.tell([number])
    world.arrive(0)
    world.proceed()
    identity = next((one.id for one in world.state.incidents.values()), "none")
    state = world.state
    for move in moves:
        names = {
            field: value.replace("{0}", identity)
            for field in move.__struct_fields__
            if isinstance(value := getattr(move, field), str)
        }
        state = reduce(state, msgspec.structs.replace(move, **names), START + days * 24 * 60 * MINUTE).state
