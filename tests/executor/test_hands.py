"""What people do from the command line: switches, breakers, notes, requests; and what they read back from the log."""

import json
import time
from datetime import timedelta

import pytest

from executor import test_serve
from executor.small_plan import plan_text
from executor.test_intake import alert, webhook
from executor.world import ALERTS, BREAK, SLOW_A, START
from watchbill.executor.core import events
from watchbill.executor.drill import Script, rehearse
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.plan import read
from watchbill.executor.store import outbox, retention
from watchbill.executor.store.chain import from_micros
from watchbill.executor.words import lines

serve, file, filled = test_serve.serve, test_serve.file, test_serve.filled


@pytest.fixture
def verb(run, tmp_path):
    """A verb on a database: what it printed, after it ended as it should."""

    def ran(database, *arguments, ends=0):
        done = run(*arguments, "--database", database, cwd=tmp_path)
        assert done.exit == ends, done.out + done.err
        return done.out + done.err

    return ran


@pytest.fixture
def lived(opened, clock, file):
    """A store in which the whole of a drill has really happened; and the drill's own story."""

    def live(number, plan=None, **script):
        plan = read((plan or plan_text()).encode())
        annotations = {"summary": "it is slow"}
        made = Script(labels=ALERTS[number], annotations=annotations, at=START, length=7_200_000, **script)
        parts, state = rehearse(plan, made)
        engine = Engine(opened(file, clock=clock))
        for part in parts:
            clock.now = from_micros(part.at * 1000)
            engine.take(Unit(part.event))
        return file, engine, parts, next(one.id for one in state.incidents.values())

    return live


def document(text):
    return json.loads(text)


def the_incident(verb, database):
    return document(verb(database, "incidents", "--format", "json"))["incidents"][0]["id"]


# In a running executor


def refused(served, deployment):
    """Why nothing was done about an alert, once the machine has come to its end."""
    labels = {"alertname": "Full", "severity": "warning", "deployment": deployment}

    def count(message, what):
        return [line for line in served.told(message) if what(line["decision"])]

    before = len(served.told("refused")), len(count("told", lambda one: one["what"] == "exhausted"))
    served.post(webhook(alert(labels=labels, fingerprint=deployment)))
    for _ in range(400):
        if len(count("told", lambda one: one["what"] == "exhausted")) > before[1]:
            return {line["decision"]["reason"] for line in served.told("refused")[before[0] :]}
        time.sleep(0.05)
    raise AssertionError(served.lines)


def test_a_switch_and_a_mode_hold_in_a_running_executor_from_that_moment_on(database, serve, verb, opened):
    Engine(opened(database)).take(Unit(events.PlanLoaded(text=test_serve.PLAN)))
    assert "The mode is observe: ana says observe" in verb(database, "mode", "observe", "--as", "ana")
    served = serve(database)  # what a person has set outlives a start
    assert refused(served, "web-a") == {"observe"}
    assert "The mode is auto: the plan says auto" in verb(database, "mode", "plan", "--as", "ana")
    assert "Everything is stopped, says ana." in verb(database, "killswitch", "on", "--as", "ana", "--reason", "a fire")
    assert refused(served, "web-b") == {"kill-switch"}
    assert "stopped: all" in verb(database, "incidents")
    verb(database, "killswitch", "on", "--team", "web", "--as", "bo")
    assert "Still stopped: team:web." in verb(database, "killswitch", "off", "--as", "ana")
    assert refused(served, "web-c") == {"kill-switch"}
    verb(database, "killswitch", "off", "--team", "web", "--as", "ana")
    assert refused(served, "web-d") == {"no-answer"}  # it goes on, until there is no Prometheus to be asked
    assert served.stop() == 0


# Switches, modes and breakers


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("killswitch", "on", "--team", "wbe", "--as", "ana"), "WB811", "did you mean web?"),
        (("killswitch", "on", "--remediation", "restrat", "--as", "ana"), "WB811", "did you mean restart?"),
        (("killswitch", "on", "--team", "zzz", "--as", "ana"), "WB811", "there are: data, web"),
        (("killswitch", "on", "--as", "anna"), "WB808", "did you mean ana?"),
        (("killswitch", "off", "--as", "ana"), "WB808", "no switch is on"),
        (("mode", "auto", "--as", "mallory"), "WB808", "nobody whom the plan knows"),
        (("breaker", "close", "restart", "--as", "ana", "--reason", "x"), "WB811", "there are: none"),
    ],
)
def test_what_is_named_wrongly_is_a_finding_with_the_nearest_name(file, opened, verb, arguments, code, told):
    engine = Engine(opened(file))
    engine.take(Unit(events.PlanLoaded(text=plan_text())))
    before = engine.head.seq
    text = verb(file, *arguments, ends=1)
    assert code in text
    assert told in text
    engine.recover()
    assert engine.head.seq == before


def test_on_a_store_that_no_executor_has_ever_used_nobody_is_known(file, verb, opened):
    opened(file)
    assert "no executor has ever run" in verb(file, "killswitch", "on", "--as", "ana", ends=1)


def test_an_old_switch_can_be_turned_off_though_its_team_is_gone(file, opened, verb):
    engine = Engine(opened(file))
    engine.take(Unit(events.PlanLoaded(text=plan_text())))
    engine.take(Unit(events.Switched(on=True, person="ana", scope="team:gone")))
    assert "team gone may be done again" in verb(file, "killswitch", "off", "--team", "gone", "--as", "ana")


def test_an_open_breaker_is_shown_and_a_person_closes_it(lived, verb):
    file, engine, _, _ = lived(BREAK, remedy="fails", answers="yes")
    assert "breakers open: isolate" in verb(file, "incidents", "--all")
    held = document(verb(file, "incidents", "--format", "json"))
    assert (held["breakers"].keys(), held["stopped"], held["mode"]) == ({"isolate"}, {}, None)
    assert "did you mean isolate?" in verb(file, "breaker", "close", "isolat", "--as", "ana", "--reason", "x", ends=1)
    verb(file, "breaker", "close", "isolate", "--as", "ana", "--reason", "the policy was wrong")
    assert "breakers" not in verb(file, "incidents", "--all")
    engine.recover()
    assert engine.state.ledger.breakers == {}


# One incident


def test_notes_a_handover_and_a_resolution_stand_in_the_story_of_the_incident(filled, verb):
    incident = the_incident(verb, filled)
    verb(filled, "note", incident[:9], "the deploy at noon", "--as", "bo")
    assert (
        verb(filled, "handover", incident, "--to", "noor", "--as", "ana") == f"noor has {incident} now, and is told.\n"
    )
    said = verb(filled, "resolve", incident, "--false-positive", "--note", "a test", "--as", "noor")
    assert said == f"{incident} is over, says noor: a false positive.\n"
    verb(filled, "note", incident, "after the fact", "--as", "bo")
    assert "WB807" in verb(filled, "resolve", incident, "--as", "noor", ends=1)
    told = verb(filled, "incidents", incident)
    for words in (
        "opened      incident",
        "note: the deploy at noon (bo)",
        "page        noor is paged as ana hands it over",
        "handed over: noor (ana)",
        "false positive: a test (noor)",
        "→ resolved: noor says so",
        "note: after the fact (bo)",
    ):
        assert words in told
    assert told.index("the deploy") < told.index("handed over") < told.index("false positive") < told.index("after")


def test_a_name_that_nobody_has_is_refused_and_stands_in_the_story(filled, verb):
    incident = the_incident(verb, filled)
    text = verb(filled, "handover", incident, "--to", "nor", "--as", "ana", ends=1)
    assert "no such person `nor`" in text
    assert "did you mean noor?" in text
    assert "ignored     ana: no such person" in verb(filled, "incidents", incident)


def test_a_remediation_that_a_person_asks_for_goes_through_every_gate(lived, verb):
    file, _, _, incident = lived(SLOW_A, answers="nothing", prometheus=False)
    verb(file, "killswitch", "on", "--remediation", "restart", "--as", "ana", "--reason", "no more")
    text = verb(file, "remediate", incident, "restart", "--as", "bo", ends=1)
    assert "remedy requested: restart (bo)" in text
    assert "restart (kill-switch): remediation:restart, by ana no more" in text
    assert "did you mean restart?" in verb(file, "remediate", incident, "restat", "--as", "bo", ends=1)
    verb(file, "killswitch", "off", "--remediation", "restart", "--as", "ana")
    verb(file, "remediate", incident, "restart", "--as", "bo")
    row = document(verb(file, "actions", "--format", "json"))["actions"][-1]
    assert (row["remediation"], row["outcome"], row["requested_by"]) == ("restart", "refused", "bo")


def test_the_story_in_the_log_is_the_story_of_the_drill_and_outlives_the_incident(lived, clock, verb):
    file, engine, parts, incident = lived(SLOW_A)
    plan = engine.state.library[engine.state.plan]
    rehearsed = [(one.kind, one.text.replace("would", "is to")) for one in lines(plan, parts, rehearsed=True)]
    told = document(verb(file, "incidents", incident, "--format", "json"))
    assert sorted((one["kind"], one["text"]) for one in told["story"]) == sorted(rehearsed)
    assert {"act", "began", "ran", "verified", "weighed", "page"} <= {kind for kind, _ in rehearsed}
    assert told["incident"]["state"] == "resolved"
    assert any(reason.startswith("risk +30: severity critical") for reason in told["incident"]["reasons"])
    for key, due in sorted(engine.state.find(incident).deadlines.items(), key=lambda item: item[1]):
        clock.now = from_micros(due * 1000)
        engine.take(Unit(events.DeadlineReached(key=f"{incident}/{key}", due=due)))
    assert engine.state.find(incident) is None
    assert document(verb(file, "incidents", incident[:7], "--format", "json"))["story"] == told["story"]
    assert "WB807" in verb(file, "incidents", "ffff", ends=1)


def test_actions_tell_what_was_done_at_what_risk_who_let_it_and_whether_it_helped(lived, verb):
    file, _, _, incident = lived(SLOW_A, remedy="useless")
    rows = document(verb(file, "actions", "--format", "json"))["actions"]
    told = [(one["remediation"], one["outcome"], one.get("helped"), one.get("undo")) for one in rows]
    assert told == [
        ("restart", "succeeded", False, None),
        ("scale", "succeeded", False, None),
        ("scale", "succeeded", None, True),
    ]
    assert rows[1]["approved_by"] == ["ana"]
    assert [one["risk"] for one in rows] == [40, 60, 60]
    assert all(one["incident"] == incident and one["targets"] for one in rows)
    text = verb(file, "actions")
    assert "succeeded, did not help  scale" in text
    assert "risk 60; approved by ana; took 20 s" in text
    assert verb(file, "actions", "--since", "1d") == "Nothing was done, and nothing was held back.\n"  # it was in June
    assert "write 7d or 12h" in verb(file, "actions", "--since", "soon", ends=64)


def test_what_is_not_begun_and_what_nobody_knows_is_in_the_history_too(lived, verb):
    file, *_ = lived(SLOW_A, remedy="dies")
    (row,) = document(verb(file, "actions", "--format", "json"))["actions"]
    assert row["outcome"] == "unknown"
    assert row["detail"] == "its process died between intent and result"


def test_what_retention_has_erased_is_said_and_the_rest_is_told(lived, opened, clock, verb):
    file, engine, _, incident = lived(SLOW_A)
    clock.pass_(days=400)
    engine.take(Unit(write=engine.snapshot()))
    with engine.store.write() as tx:
        head, number = retention.erase(tx, engine.head, "incidents", timedelta(days=365))
        for row in outbox.wanted(tx, incident):
            assert row
    assert number > 0
    assert "WB807" in verb(file, "incidents", incident, ends=1)
    assert verb(file, "actions") == "Nothing was done, and nothing was held back.\n"
