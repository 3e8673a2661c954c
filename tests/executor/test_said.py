"""What the verbs that write say to a program: one shape for all of them, of what was done and of what was not."""

import json

import click
import pytest

import watchbill.cli
from executor import test_evidence, test_hands
from executor.small_plan import plan_text
from executor.world import ALERTS, BREAK, SLOW_A, START
from watchbill.executor.drill import Script, rehearse
from watchbill.executor.engine import Engine, Unit
from watchbill.executor.plan import read
from watchbill.executor.store.chain import from_micros

case, server = test_evidence.case, test_evidence.server
lived, file = test_hands.lived, test_hands.file

INCIDENT = "INCIDENT"  # in a table's row: the open one
BUNDLE = "BUNDLE"
VERBS = {  # each with what it is told, what it says of that, and what it is told in vain, with the finding's code
    "ack": (
        [INCIDENT, "--as", "ana"],
        {"decided": "acknowledged", "incident": INCIDENT, "person": "ana"},
        ["ffff", "--as", "ana"],
        "WB807",
    ),
    "approve": (
        [INCIDENT, "--as", "ana", "--no", "--note", "not now"],
        {"decided": "answered", "incident": INCIDENT, "person": "ana", "yes": False, "note": "not now"},
        [INCIDENT, "--as", "mallory"],
        "WB808",
    ),
    "note": (
        [INCIDENT, "at noon", "--as", "bo"],
        {"decided": "noted", "incident": INCIDENT, "person": "bo", "text": "at noon"},
        [INCIDENT, "at noon", "--as", "mallory"],
        "WB808",
    ),
    "handover": (
        [INCIDENT, "--to", "noor", "--as", "ana"],
        {"decided": "handed-over", "incident": INCIDENT, "person": "ana", "to": "noor"},
        [INCIDENT, "--to", "nor", "--as", "ana"],
        "WB808",
    ),
    "remediate": (
        [INCIDENT, "restart", "--as", "bo"],
        {"decided": "remedy-requested", "incident": INCIDENT, "person": "bo", "remediation": "restart"},
        [INCIDENT, "restat", "--as", "bo"],
        "WB811",
    ),
    "resolve": (
        [INCIDENT, "--false-positive", "--as", "ana"],
        {
            "decided": "resolved-by-hand",
            "incident": INCIDENT,
            "person": "ana",
            "false_positive": True,
            "note": "",
        },
        [INCIDENT, "--as", "mallory"],
        "WB808",
    ),
    "killswitch": (
        ["on", "--team", "web", "--reason", "a fire", "--as", "ana"],
        {
            "decided": "switched",
            "incident": None,
            "person": "ana",
            "scope": "team:web",
            "on": True,
            "reason": "a fire",
            "stopped": ["team:web"],
        },
        ["off", "--as", "ana"],
        "WB808",
    ),
    "mode": (
        ["observe", "--as", "ana"],
        {"decided": "mode-set", "incident": None, "person": "ana", "mode": "observe", "plan_mode": "auto"},
        ["observe", "--as", "mallory"],
        "WB808",
    ),
    "breaker close": (
        ["isolate", "--reason", "mended", "--as", "ana"],
        {"decided": "breaker-closed", "incident": None, "person": "ana", "breaker": "isolate", "reason": "mended"},
        ["isolat", "--reason", "mended", "--as", "ana"],
        "WB811",
    ),
    "evidence export": (
        [BUNDLE, "--out", "x.tar", "--reason", "case 17", "--as", "noor"],
        {
            "decided": "evidence-exported",
            "incident": "abc123-1",
            "person": "noor",
            "bundle": BUNDLE,
            "reason": "case 17",
            "file": "x.tar",
            "artifacts": 1,
            "erased": 0,
        },
        ["ffff", "--out", "x.tar", "--reason", "case 17", "--as", "noor"],
        "WB810",
    ),
    "backup": (
        ["kept.db"],
        {"decided": "backed-up", "incident": None, "person": None, "file": "kept.db"},
        ["store.db"],
        "WB803",
    ),
    "restore": (
        ["whole.db", "--database", "new.db"],
        {"decided": "restored", "incident": None, "person": None},
        ["none.db", "--database", "new.db"],
        "WB803",
    ),
    "audit rebuild": (
        [],
        {"decided": "rebuilt", "incident": None, "person": None, "deadlines": 0, "missing": 0, "unwanted": 0},
        ["--database", "none.db"],
        "WB803",
    ),
}
ONLY_READ = {"serve", "incidents", "actions", "audit verify", "audit export", "evidence list", "evidence show"}


def opening(engine):
    return bool(engine.state.incidents)


def asking(engine):
    return any(one.questions for one in engine.state.incidents.values())


def breaking(engine):
    return any(one.opened_at is not None for one in engine.state.ledger.breakers.values())


@pytest.fixture
def asked(opened, clock, tmp_path):
    """A store whose incident asks something; its id, and the ids of its questions."""

    def live(number=SLOW_A, until=asking, remedy="useless"):
        script = Script(labels=ALERTS[number], annotations={}, at=START, length=7_200_000, remedy=remedy)
        parts, _ = rehearse(read(plan_text().encode()), script)
        engine = Engine(opened(f"sqlite:///{tmp_path / 'store.db'}", clock=clock))
        for part in parts:
            clock.now = from_micros(part.at * 1000)
            engine.take(Unit(part.event))
            if until(engine):
                (one,) = engine.state.incidents.values()
                return one.id, [question.id for question in one.questions]
        raise AssertionError(number)

    return live


@pytest.fixture
def scene(request, asked, tmp_path):
    """A store on which this verb has something to do, in `store.db`, and as it was in `whole.db`; and what its words mean."""

    def made(verb):
        names = {}
        if verb == "evidence export":
            one = request.getfixturevalue("case")({"command": ["sh", "-c", "echo one"]})
            one.collect()
            names[BUNDLE] = one.bundle().name
        elif verb == "breaker close":
            asked(BREAK, breaking, remedy="fails")
        else:
            names[INCIDENT], _ = asked(until=opening if verb == "remediate" else asking)
        return names

    return made


def told(run, folder, verb, arguments):
    named = [] if "--database" in arguments else ["--database", "store.db"]
    ran = run(*verb.split(), *arguments, *named, "--format", "json", cwd=folder)
    return ran.exit, json.loads(ran.out)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_writes_says_what_it_did_and_what_it_did_not_as_one_document(scene, run, tmp_path, verb):
    arguments, said, vain, code = VERBS[verb]
    names = scene(verb)
    if verb == "restore":
        assert run("backup", "whole.db", "--database", "store.db", cwd=tmp_path).exit == 0
    ends, document = told(run, tmp_path, verb, [names.get(word, word) for word in vain])
    assert (ends, document["version"]) == (1, 1)
    assert [(one["code"], one["severity"]) for one in document["diagnostics"]] == [(code, "error")]
    ends, document = told(run, tmp_path, verb, [names.get(word, word) for word in arguments])
    expected = {name: names.get(value, value) if isinstance(value, str) else value for name, value in said.items()}
    assert (ends, document) == (0, {**document, "version": 1, **expected})
    assert list(document)[:4] == ["version", "decided", "incident", "person"]


def test_every_verb_of_the_executor_is_in_the_table_or_only_reads():
    def leaves(name, command):
        if not isinstance(command, click.Group):
            return {name}
        return {leaf for word, one in command.commands.items() for leaf in leaves(f"{name} {word}", one)}

    group = watchbill.cli.watchbill_command
    verbs = [name for section in ("Incidents", "The executor") for name in watchbill.cli.SECTIONS[section]]
    found = {leaf for name in verbs for leaf in leaves(name, group.get_command(click.Context(group), name))}
    assert found == VERBS.keys() | ONLY_READ


def test_a_remediation_that_a_gate_refuses_is_a_finding_with_its_story(lived, run, tmp_path):
    *_, incident = lived(SLOW_A, answers="nothing", prometheus=False)
    told(run, tmp_path, "killswitch", ["on", "--as", "ana"])
    ends, document = told(run, tmp_path, "remediate", [incident, "restart", "--as", "bo"])
    (finding,) = document["diagnostics"]
    assert (ends, finding["code"]) == (1, "WB808")
    assert any("remedy requested: restart (bo)" in note for note in finding["notes"])


def test_an_incident_that_asks_nothing_or_something_else_is_not_answered(asked, run, tmp_path):
    incident, (question,) = asked()
    ends, document = told(run, tmp_path, "approve", [incident, "--as", "ana", "--question", "17"])
    (finding,) = document["diagnostics"]
    assert (ends, finding["name"]) == (1, "no-such-question")
    assert (finding["message"], finding["help"]) == (f"{incident} has no open question `17`", f"open are: {question}")
    assert told(run, tmp_path, "approve", [incident, "--as", "ana", "--no"])[0] == 0
    ends, document = told(run, tmp_path, "approve", [incident, "--as", "ana"])
    (finding,) = document["diagnostics"]
    assert (ends, finding["name"]) == (1, "no-such-question")
    assert finding["message"] == f"{incident} has no open question"
