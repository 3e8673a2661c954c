"""What becomes of an alert, asked of the compiled configuration: for every alert of the example, at many instants."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchbill.oncall import on_call
from watchbill.routing import ends
from watchbill.routing.building.answer import answer, compiled
from watchbill.routing.building.gates import holds
from watchbill.spec.model import OUTCOMES
from watchbill.spec.resolve import read_workspace
from watchbill.spec.rota import rota

TOP = Path(__file__).parents[2]
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def example():
    workspace, _, _ = read_workspace(TOP, cache=False)
    return workspace, rota(workspace)[0]


def every_alert(workspace):
    for place in workspace.places.values():
        config, told = compiled(workspace, place.environment)
        assert told == []
        for alert in place.alerts:
            yield place, config, alert, {"alertname": alert.name, **place.labels, **alert.labels}


def test_every_alert_of_the_example_leads_at_every_hour_to_what_its_policy_says(example):
    workspace, people = example
    seen = set()
    for number, (place, config, alert, labels) in enumerate(every_alert(workspace)):
        at = START + timedelta(hours=7 * number)
        told = answer(workspace, people, config, place, alert, labels, at)
        strongest = OUTCOMES.index(alert.outcome.kind)
        assert told.outcome is not None
        assert OUTCOMES.index(told.outcome) >= strongest, (alert.name, at)
        if alert.outcome.hours is None and not alert.owners:
            assert told.outcome == alert.outcome.kind or any(holds(one, at) for one in workspace.windows.values())
        assert bool(told.people) == (told.outcome == "page")
        assert sum(one.active for one in told.followed.arrivals) == 1
        seen.add(told.outcome)
    assert seen == set(OUTCOMES)


def test_whoever_a_step_pages_is_on_call_at_the_moment_of_that_step(example):
    workspace, people = example
    steps = 0
    for number, (place, config, alert, labels) in enumerate(every_alert(workspace)):
        at = START + timedelta(hours=5 * number, minutes=53)
        for chain in answer(workspace, people, config, place, alert, labels, at).chains:
            for step in chain.steps:
                for one in step.told:
                    if one.schedule is not None:
                        duty = on_call(people.schedules[one.schedule], at + timedelta(seconds=step.after))
                        assert one.person == duty.person
                        steps += 1
            assert [one.after for one in chain.steps] == sorted(one.after for one in chain.steps)
    assert steps > 100


def test_an_alert_that_is_inhibited_pages_nobody_and_leads_nowhere(example):
    workspace, people = example
    inhibited = 0
    for place, config, alert, labels in every_alert(workspace):
        worse = [
            {"alertname": one.name, **place.labels, **one.labels}
            for one in place.alerts
            if one.name == alert.name and workspace.rank(one.severity) < workspace.rank(alert.severity)
        ]
        told = answer(workspace, people, config, place, alert, labels, START, worse)
        assert told.followed.receivers == tuple(route.receiver for route in ends(config, labels))
        if told.followed.inhibited_by:
            assert (told.outcome, told.people, told.followed.told) == (None, (), ())
            inhibited += 1
    assert inhibited > 5


def test_a_remedy_waits_while_a_window_forbids_it_and_for_what_the_alert_does_not_say(example):
    workspace, people = example
    place = workspace.places["production/eu"]
    config, _ = compiled(workspace, "production")
    alert = next(one for one in place.alerts if one.name == "PaymentFailureRateHigh")
    labels = {"alertname": alert.name, **place.labels, **alert.labels}

    def shut(at, **more):
        (remedy,) = answer(workspace, people, config, place, alert, labels | more, at).remedies
        return remedy.shut

    june, christmas = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 12, 25, tzinfo=UTC)
    assert shut(june, provider="acquirer-a") == ()
    assert shut(june) == ("the alert has no label `provider`",)
    assert shut(june, provider="acquirer-aa") == ("`provider` is `acquirer-aa`, and may be acquirer-a or acquirer-b",)
    assert shut(christmas, provider="acquirer-a") == ("`change-freeze` holds: change freeze over the holidays",)
