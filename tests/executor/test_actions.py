"""The boundary that every action has: the language and the executor agree, and no value of a label is anything but a value."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from executor.bad_server import BadServer
from executor.kubernetes_stand_in import TOKEN, Kubernetes
from executor.small_plan import plan_text
from watchbill.executor import acting, outgoing
from watchbill.executor.action import Action, Unfit
from watchbill.executor.actions import ACTIONS, action
from watchbill.executor.connections import Command, Connections, Reference, Systemd
from watchbill.executor.connections import Kubernetes as Cluster
from watchbill.executor.core import State, reduce
from watchbill.executor.core.effects import Act
from watchbill.executor.core.events import ActionFinished, ActionUnknown, PlanLoaded
from watchbill.executor.core.targets import parameters as with_inputs
from watchbill.executor.handlers import HANDLERS, Again, Outside, Work, handler
from watchbill.executor.plan import read
from watchbill.spec.kinds import actions as language
from watchbill.spec.resolve import read_workspace
from watchbill.targets import executor as target

NAMED = {
    field.encode_name: next(one for one in get_args(get_args(field.type)[0]) if one is not type(None))
    for field in msgspec.structs.fields(language.Action)
    if field.name != "own"
}


# The table


def test_every_action_of_the_language_has_its_line_and_its_file():
    assert set(ACTIONS) == set(NAMED)
    assert len(set(ACTIONS.values())) == len(ACTIONS)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_the_language_and_the_executor_agree_on_what_an_action_takes_and_whether_it_can_be_taken_back(name):
    said, done = NAMED[name], action(name)
    ours = {field.encode_name: field.required for field in msgspec.structs.fields(done.parameters)}
    assert ours == {field.encode_name: field.required for field in msgspec.structs.fields(said)}
    takes_back = getattr(said, "__inverse__", False) or "undo" in ours
    assert (done.record is not None, done.undo is not None) == (takes_back, takes_back)
    assert done.undone
    assert isinstance(done.repeatable, bool)


# A user's own


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package as pip lays it down: a module, and a dist-info that names the entry point."""
    (tmp_path / "acme_drain.py").write_text(
        "import msgspec\n"
        "from watchbill.executor.action import Action, Done\n"
        "class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):\n"
        "    pool: str\n"
        "ACTION = Action(parameters=Parameters, repeatable=True, undone='fill it', touches=lambda it: it.pool,\n"
        "                run=lambda run: Done('succeeded', f'{run.parameters.pool} is drained'))\n"
        "NOT_ONE = 7\n"
    )
    info = tmp_path / "acme_drain-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-drain\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[watchbill.actions]\nacme.drain = acme_drain:ACTION\nacme.gone = acme_gone:ACTION\nacme.odd = acme_drain:NOT_ONE\n"
        "http = acme_drain:ACTION\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("acme_drain", None)
    yield
    sys.modules.pop("acme_drain", None)


def test_a_users_own_action_is_one_file_and_an_entry_point(installed):
    body, outside = effect({"name": "acme.drain", "parameters": {"pool": {"input": "value"}}}, "blue")
    event = acting.handle(work(body), outside)
    assert event == ActionFinished(key="inc-1/act/1.1", outcome="succeeded", detail="blue is drained")


OWN = """\
apiVersion: watchbill/v1
kind: Workspace
name: shop
environments:
  production: {prometheus: {url: http://prom:9090}, executor: {url: http://executor:8080, mode: auto}}
severities: {critical: {page: default}}
catch_all: {team: web, outcome: page}
---
kind: Team
name: web
on_call: {primary: rota}
---
kind: Person
name: ana
email: ana@shop.example
---
kind: Schedule
name: rota
team: web
people: [ana]
---
kind: Escalation
name: default
steps: [{notify: [{on_call: primary}]}]
---
kind: Service
name: front
team: web
alerts:
- {name: Slow, severity: critical, expr: max by (pool) (seconds) > 1, summary: slow, runbook: {url: "https://wiki.example"}, remediate: [drain]}
---
kind: Remediation
name: drain
inputs: {pool: {label: pool, allow: [blue, green]}}
action: {own: {name: acme.drain, parameters: {pool: {input: pool}}}}
guardrails: {cooldown: 15m}
"""


def test_a_policy_names_a_users_own_action_and_a_machine_without_it_compiles_the_same(installed, workspace):
    root = workspace({"policies/watchbill.yaml": OWN})
    model, _, found = read_workspace(root, cache=False)
    assert [one.message for one in found if one.level == "error"] == []
    (artifact,) = target.build(model)
    plan = read(artifact.text.encode())
    assert not hasattr(plan, "message"), plan
    (chosen,) = (one.action for one in plan.document.remediations.values())
    assert (chosen.name, chosen.parameters) == ("acme.drain", {"pool": {"input": "pool"}})
    body, outside = effect({"name": chosen.name, "parameters": {"pool": {"input": "value"}}}, "blue")
    assert acting.handle(work(body), outside).detail == "blue is drained"


@pytest.mark.parametrize("name", ["kubernetes.isolate", "systemd.stop", "http", "Acme.drain", "acme."])
def test_under_own_nothing_of_ours_goes_past_its_checks(workspace, findings, name):
    found = findings(workspace({"policies/watchbill.yaml": OWN.replace("acme.drain", name)}))
    assert [(one.code, one.level) for one in found if name in one.message] == [("WB103", "error")]


def test_a_users_own_action_that_is_broken_is_refused_and_ours_cannot_be_replaced(installed):
    with pytest.raises(Unfit, match="cannot be loaded: ModuleNotFoundError"):
        action("acme.gone")
    with pytest.raises(Unfit, match="is no action"):
        action("acme.odd")
    with pytest.raises(Unfit, match=r"nothing here does `acme\.unheard-of`"):
        action("acme.unheard-of")
    assert action("http").parameters.__module__ == ACTIONS["http"]


def test_a_mistake_in_an_action_leaves_its_run_unknown_and_says_so(monkeypatch):
    def broken(_: Any) -> Any:
        raise ZeroDivisionError("half way")

    found = action("http")
    monkeypatch.setattr(f"{ACTIONS['http']}.ACTION", msgspec.structs.replace(found, run=broken))
    body, outside = effect({"name": "http", "parameters": {"url": "http://127.0.0.1:1/x"}}, "x")
    event = acting.handle(work(body), outside)
    assert event == ActionUnknown(key="inc-1/act/1.1", detail="ZeroDivisionError: half way")


# Hostile values


def effect(chosen: dict[str, Any], value: str, connections: Connections = Connections()) -> tuple[Act, Outside]:
    """The effect as the core would make it, were every value allowed."""
    remediation = {
        "inputs": {"value": {"label": "value", "allow": [".*"]}},
        "action": chosen,
        "guardrails": {"cooldown": "1m"},
    }
    plan = read(
        json.dumps(
            {**json.loads(plan_text()), "remediations": {"it": remediation}, "procedures": {}, "alerts": {}}
        ).encode()
    )
    assert not hasattr(plan, "message"), plan
    state = reduce(State(), PlanLoaded(text=plan.text.decode()), 0).state
    inputs = {"value": value}
    body = Act(
        incident="inc-1",
        remediation="it",
        action=chosen["name"],
        parameters=with_inputs(plan.document.remediations["it"], inputs),
        inputs=inputs,
        target="t",
        plan=plan.digest,
        place="default",
        not_after=1,
    )
    return body, Outside(lambda: state, lambda: 0, lambda *_: "", lambda *_: None, connections)


def work(body: Act) -> Work:
    return Work("inc-1/act/1.1", body, 1, lambda: True)


HOSTILE = [
    "; rm -rf /",
    "$(reboot)",
    "`reboot`",
    "a && b",
    "{{ 7*7 }}",
    "{% import os %}",
    "http://evil.example/",
    "//evil.example",
    "@evil.example",
    "evil.example:80#",
    "../../../../api/v1/secrets",
    "..",
    ".",
    "%2e%2e%2f",
    "web?fieldManager=x",
    "web/scale",
    "web\n",
    "web\r\nX-Evil: 1",
    "web\x00",
    "\x1b[2J",
    "\ud800",
    "web\u202egpj",
    "-rf",
    "--all",
    "--host=evil",
    "x" * 1_000_000,
    "ｗｅｂ",
    "WEB",
    "",
    " ",
    "*",
    '"}, "x": {"',
]
values = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=20), st.from_regex(r"[a-z0-9./-]{1,12}"))
INPUT, SHOP, MAIN = {"input": "value"}, {"literal": "shop"}, {"literal": "main"}
FED = {  # every parameter of every action that a label may feed
    "kubernetes.rollout_restart": [
        {"cluster": INPUT, "namespace": SHOP, "deployment": SHOP},
        {"cluster": MAIN, "namespace": INPUT, "deployment": SHOP},
        {"cluster": MAIN, "namespace": SHOP, "deployment": INPUT},
    ],
    "kubernetes.scale": [{"cluster": MAIN, "namespace": INPUT, "deployment": INPUT, "by": 1, "at_most": 9}],
    "kubernetes.rollout_undo": [{"cluster": MAIN, "namespace": INPUT, "deployment": INPUT}],
    "kubernetes.cordon": [{"cluster": MAIN, "node": INPUT}],
    "kubernetes.isolate": [
        {"cluster": MAIN, "namespace": SHOP, "app": INPUT},
        {"cluster": MAIN, "namespace": INPUT, "app": SHOP},
    ],
    "http": [{"method": "PUT", "url": "URL", "body": {"name": INPUT}}],
    "command": [{"argv": [{"literal": "say"}, INPUT]}, {"argv": [INPUT, {"literal": "x"}]}],
    "systemd.restart": [
        {"host": {"literal": "here"}, "unit": INPUT},
        {"host": INPUT, "unit": {"literal": "nginx.service"}},
    ],
    "redis.flush": [{"server": INPUT, "pattern": "page:*"}],
}
SAY = '#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done\n'


class Surroundings(msgspec.Struct):
    kubernetes: Kubernetes
    http: BadServer
    connections: Connections


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    say = tmp_path_factory.mktemp("say") / "say"
    say.write_text(SAY)
    say.chmod(0o755)
    kubernetes, http = Kubernetes(), BadServer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN_OF_MAIN", TOKEN)
        patch.setattr(outgoing, "_wait", lambda _: 0.01)
        connections = Connections(
            kubernetes={"main": Cluster(url=kubernetes.url, token=Reference(env="TOKEN_OF_MAIN"))},
            command={"say": Command(path=str(say), memory_mib=256)},
            systemd={"here": Systemd(systemctl=str(say))},
        )
        yield Surroundings(kubernetes, http, connections)
    kubernetes.close()
    http.close()


def test_every_action_is_fed_with_hostile_values():
    assert set(FED) == set(ACTIONS)
    assert "act" in HANDLERS
    assert handler("act") is acting


@pytest.mark.parametrize(("name", "number"), [(name, number) for name in FED for number in range(len(FED[name]))])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example("web")
@example("x" * 1_000_000)
@example("\ud800")
@given(values)
def test_a_value_of_a_label_is_never_anything_but_a_value(around: Surroundings, name: str, number: int, value: str):
    parameters = json.loads(json.dumps(FED[name][number]).replace("URL", f"{around.http.url}/fine"))
    body, outside = effect({"name": name, "parameters": parameters}, value, around.connections)
    around.kubernetes.refused.clear()
    around.kubernetes.asked.clear()
    around.http.asked.clear()
    recorder = action(name).record
    if recorder is not None:
        assert isinstance(acting.record(work(body), outside), str | Again)
    event = acting.handle(work(body), outside)
    assert isinstance(event, ActionFinished)  # told, never raised
    json.dumps(event.detail).encode()
    assert len(event.detail) <= 500
    assert "strict" not in str(around.kubernetes.refused)
    for _, path, sent in around.kubernetes.asked:  # what came there is one segment, or one value of the body
        assert value in path.split("/") or value == "main" or value in json.dumps(sent) or name.endswith("isolate")
        assert path.count("/") <= 9
    for line, _, sent in around.http.asked:
        assert line == "PUT /fine HTTP/1.1"
        assert json.loads(sent) == {"name": value}
    if event.outcome == "succeeded" and name == "command":
        assert event.detail == f"it said: <{' '.join(value.split())}>" or value == "say"
    if event.outcome == "succeeded" and name == "systemd.restart":
        assert event.detail in (
            f"it said: <--no-ask-password><restart><--><{value}>",
            "it said: <--no-ask-password><restart><--><nginx.service>",
        )


@pytest.mark.parametrize("value", [one for one in HOSTILE if one != "*"])
@pytest.mark.parametrize("name", [name for name in FED if name.startswith(("kubernetes", "systemd", "redis"))])
def test_no_hostile_value_is_a_name(around: Surroundings, name: str, value: str):
    for parameters in FED[name]:
        body, outside = effect({"name": name, "parameters": parameters}, value, around.connections)
        around.kubernetes.asked.clear()
        event = acting.handle(work(body), outside)
        assert isinstance(event, ActionFinished)
        if not (name == "kubernetes.isolate" and value == "WEB"):  # a label may be written in capitals
            assert event.outcome == "not-started"
            assert around.kubernetes.asked == []


def test_what_is_not_what_the_plan_says_is_not_done(around):
    chosen = {"name": "command", "parameters": {"argv": [{"literal": "say"}, INPUT]}}
    body, outside = effect(chosen, "web", around.connections)
    for changed in (
        msgspec.structs.replace(body, parameters={"argv": ["say", "other"]}),
        msgspec.structs.replace(body, action="http"),
        msgspec.structs.replace(body, remediation="unheard-of"),
        msgspec.structs.replace(body, plan="0" * 64),
    ):
        event = acting.handle(work(changed), outside)
        assert isinstance(event, ActionFinished)
        assert event.outcome == "not-started"
    assert isinstance(action("command"), Action)
