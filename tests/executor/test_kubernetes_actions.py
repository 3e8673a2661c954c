"""Kubernetes actions against a stand-in that refuses what the real API server refuses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from executor.kubernetes_stand_in import REVISION, TOKEN, Kubernetes
from watchbill.executor import outgoing
from watchbill.executor.action import Done, Run, Unfit, checked
from watchbill.executor.actions import action
from watchbill.executor.connections import Connections, Reference
from watchbill.executor.connections import Kubernetes as Connection
from watchbill.executor.outgoing import NoAnswer

WEB = {"cluster": "main", "namespace": "shop", "deployment": "web"}


@pytest.fixture
def kubernetes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubernetes]:
    monkeypatch.setenv("TOKEN_OF_MAIN", TOKEN)
    monkeypatch.setattr(outgoing, "_wait", lambda _: 0.01)
    server = Kubernetes()
    yield server
    server.close()


def prepared(server: Kubernetes, name: str, parameters: dict[str, Any], recorded: str | None = None) -> Run:
    connection = Connection(url=server.url, token=Reference(env="TOKEN_OF_MAIN"))
    fit = checked(action(name), parameters, {})
    return Run(parameters=fit, connections=Connections(kubernetes={"main": connection}), key="k", recorded=recorded)


def act(server: Kubernetes, name: str, parameters: dict[str, Any], recorded: str | None = None) -> Done:
    done = action(name).run(prepared(server, name, parameters, recorded))
    assert not [said for said in server.refused if "strict" in said or "no " in said], server.refused
    return done


def record(server: Kubernetes, name: str, parameters: dict[str, Any]) -> str:
    recorder = action(name).record
    assert recorder is not None
    return recorder(prepared(server, name, parameters))


def undo(server: Kubernetes, name: str, parameters: dict[str, Any], recorded: str) -> Done:
    undoing = action(name).undo
    assert undoing is not None
    return undoing(prepared(server, name, parameters), recorded)


def changes(server: Kubernetes) -> list[tuple[str, str, Any]]:
    return [one for one in server.asked if one[0] != "GET"]


# Restart


def test_a_restart_is_one_annotation_of_the_template(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:1", 3)
    assert act(kubernetes, "kubernetes.rollout_restart", WEB).outcome == "succeeded"
    ((method, where, body),) = changes(kubernetes)
    assert (method, where) == ("PATCH", path)
    annotations = body["spec"]["template"]["metadata"]["annotations"]
    assert list(annotations) == ["kubectl.kubernetes.io/restartedAt"]
    assert kubernetes.objects[path]["spec"]["template"]["spec"]["containers"] == [{"name": "main", "image": "web:1"}]


def test_a_restart_whose_answer_is_lost_is_sent_again_and_restarts_once(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:1", 3)
    lost = iter(["after"])
    kubernetes.spoil = lambda method, _: next(lost, None) if method == "PATCH" else None
    assert act(kubernetes, "kubernetes.rollout_restart", WEB).outcome == "succeeded"
    first, second = changes(kubernetes)
    assert first == second
    assert kubernetes.objects[path]["metadata"]["annotations"][REVISION] == "2"  # one roll-out, not two


def test_a_server_that_never_answers_a_change_leaves_it_unknown(kubernetes):
    kubernetes.deployment("shop", "web", "web:1", 3)
    kubernetes.spoil = lambda method, _: "before" if method == "PATCH" else None
    with pytest.raises(NoAnswer) as told:
        act(kubernetes, "kubernetes.rollout_restart", WEB)
    assert told.value.sent


def test_a_server_that_never_answers_a_question_means_that_nothing_was_touched(kubernetes):
    kubernetes.deployment("shop", "web", "web:1", 3)
    kubernetes.spoil = lambda *_: "before"
    with pytest.raises(Unfit, match="gave no answer"):
        act(kubernetes, "kubernetes.rollout_restart", WEB)


def test_what_is_not_there_or_paused_is_not_restarted(kubernetes):
    with pytest.raises(Unfit, match="the Deployment shop/web of main is not there"):
        act(kubernetes, "kubernetes.rollout_restart", WEB)
    path = kubernetes.deployment("shop", "web", "web:1", 3)
    kubernetes.objects[path]["spec"]["paused"] = True
    with pytest.raises(Unfit, match="is paused"):
        act(kubernetes, "kubernetes.rollout_restart", WEB)
    assert changes(kubernetes) == []


def test_a_token_that_the_server_does_not_know_touches_nothing_and_is_told(kubernetes, monkeypatch):
    kubernetes.deployment("shop", "web", "web:1", 3)
    monkeypatch.setenv("TOKEN_OF_MAIN", "yesterdays")
    with pytest.raises(Unfit, match="answers 401: Unauthorized"):
        act(kubernetes, "kubernetes.rollout_restart", WEB)


def test_a_cluster_without_a_connection_is_refused(kubernetes):
    run = prepared(kubernetes, "kubernetes.rollout_restart", {**WEB, "cluster": "other"})
    with pytest.raises(Unfit, match=r"no connection kubernetes\.other"):
        action("kubernetes.rollout_restart").run(run)


# Scale


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"by": 2}, 3, 5),
        ({"by": 9}, 3, 8),
        ({"to": 6}, 3, 6),
        ({"to": 20}, 3, 8),
        ({"by": -2}, 3, 1),
        ({"to": 0}, 1, 0),
    ],
)
def test_replicas_change_within_their_bound(kubernetes, change, before, after):
    path = kubernetes.deployment("shop", "web", "web:1", before)
    assert act(kubernetes, "kubernetes.scale", {**WEB, **change, "at_most": 8}).outcome == "succeeded"
    assert kubernetes.objects[path]["spec"]["replicas"] == after


def test_nothing_is_scaled_that_is_at_its_bound_already(kubernetes):
    kubernetes.deployment("shop", "web", "web:1", 8)
    with pytest.raises(Unfit, match="8 is the most"):
        act(kubernetes, "kubernetes.scale", {**WEB, "by": 1, "at_most": 8})
    assert changes(kubernetes) == []


def test_a_scale_whose_answer_is_lost_is_not_done_twice(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:1", 3)
    lost = iter(["after"])
    kubernetes.spoil = lambda method, _: next(lost, None) if method == "PUT" else None
    assert act(kubernetes, "kubernetes.scale", {**WEB, "by": 2, "at_most": 9}).outcome == "succeeded"
    assert kubernetes.objects[path]["spec"]["replicas"] == 5


def test_a_status_that_moves_meanwhile_does_not_keep_it_from_scaling(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:1", 3)
    moves = iter([1, 2])

    def move(method: str, _: str) -> None:
        if method == "PUT" and next(moves, None):
            kubernetes.touch(path)

    kubernetes.spoil = move
    assert act(kubernetes, "kubernetes.scale", {**WEB, "by": 1, "at_most": 9}).outcome == "succeeded"
    assert kubernetes.objects[path]["spec"]["replicas"] == 4
    assert len(changes(kubernetes)) == 3


def test_somebody_elses_number_is_left_alone(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:1", 7)
    done = act(kubernetes, "kubernetes.scale", {**WEB, "by": 1, "at_most": 9}, recorded='{"replicas":3}')
    assert done.outcome == "failed"
    assert "somebody else" in done.detail
    assert kubernetes.objects[path]["spec"]["replicas"] == 7


def test_a_scale_is_taken_back_to_what_was_recorded_unless_somebody_changed_it(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:1", 3)
    parameters = {**WEB, "by": 2, "at_most": 9}
    recorded = record(kubernetes, "kubernetes.scale", parameters)
    act(kubernetes, "kubernetes.scale", parameters, recorded)
    assert undo(kubernetes, "kubernetes.scale", parameters, recorded).outcome == "succeeded"
    assert kubernetes.objects[path]["spec"]["replicas"] == 3

    act(kubernetes, "kubernetes.scale", parameters, recorded)
    kubernetes.objects[path]["spec"]["replicas"] = 12
    assert undo(kubernetes, "kubernetes.scale", parameters, recorded).outcome == "failed"
    assert kubernetes.objects[path]["spec"]["replicas"] == 12


# Cordon


def test_a_node_is_cordoned_and_uncordoned(kubernetes):
    path, node = kubernetes.node("node-1.example"), {"cluster": "main", "node": "node-1.example"}
    recorded = record(kubernetes, "kubernetes.cordon", node)
    assert act(kubernetes, "kubernetes.cordon", node, recorded).outcome == "succeeded"
    assert kubernetes.objects[path]["spec"]["unschedulable"] is True
    assert undo(kubernetes, "kubernetes.cordon", node, recorded).outcome == "succeeded"
    assert not kubernetes.objects[path]["spec"]["unschedulable"]


def test_a_node_that_somebody_cordoned_before_stays_cordoned(kubernetes):
    path, node = kubernetes.node("node-1", unschedulable=True), {"cluster": "main", "node": "node-1"}
    recorded = record(kubernetes, "kubernetes.cordon", node)
    act(kubernetes, "kubernetes.cordon", node, recorded)
    undo(kubernetes, "kubernetes.cordon", node, recorded)
    assert kubernetes.objects[path]["spec"]["unschedulable"] is True


# Isolate

CART = {"cluster": "main", "namespace": "shop", "app": "Cart_v2"}


def test_isolation_is_a_policy_that_allows_nothing_and_is_deleted_again(kubernetes):
    recorded = record(kubernetes, "kubernetes.isolate", CART)
    assert act(kubernetes, "kubernetes.isolate", CART, recorded).outcome == "succeeded"
    ((path, policy),) = kubernetes.objects.items()
    spec = policy["spec"]
    assert spec == {"podSelector": {"matchLabels": {"app": "Cart_v2"}}, "policyTypes": ["Ingress", "Egress"]}
    assert act(kubernetes, "kubernetes.isolate", CART, recorded).outcome == "succeeded"  # it is there already
    assert undo(kubernetes, "kubernetes.isolate", CART, recorded).outcome == "succeeded"
    assert kubernetes.objects == {}
    assert undo(kubernetes, "kubernetes.isolate", CART, recorded).outcome == "succeeded"  # it is gone already


def test_what_was_isolated_before_stays_so(kubernetes):
    act(kubernetes, "kubernetes.isolate", CART)
    recorded = record(kubernetes, "kubernetes.isolate", CART)
    undo(kubernetes, "kubernetes.isolate", CART, recorded)
    assert len(kubernetes.objects) == 1


def test_somebody_elses_policy_of_that_name_is_not_touched(kubernetes):
    act(kubernetes, "kubernetes.isolate", CART)
    (policy,) = kubernetes.objects.values()
    policy["metadata"]["labels"] = {}
    with pytest.raises(Unfit, match="somebody else's"):
        undo(kubernetes, "kubernetes.isolate", CART, '{"isolated":false}')
    assert len(kubernetes.objects) == 1


def test_a_policy_whose_answer_is_lost_is_made_once(kubernetes):
    lost = iter(["after"])
    kubernetes.spoil = lambda method, _: next(lost, None) if method == "POST" else None
    assert act(kubernetes, "kubernetes.isolate", CART).outcome == "succeeded"
    assert len(kubernetes.objects) == 1


# Roll back


def image(kubernetes, path):
    return kubernetes.objects[path]["spec"]["template"]["spec"]["containers"][0]["image"]


def test_a_roll_back_takes_the_revision_before_and_rolls_forward_again(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:3", 2, "web:1", "web:2")
    kubernetes.deployment("shop", "other", "other:2", 2, "other:1")
    recorded = record(kubernetes, "kubernetes.rollout_undo", WEB)
    assert json.loads(recorded) == {"revision": 3}
    assert act(kubernetes, "kubernetes.rollout_undo", WEB, recorded).outcome == "succeeded"
    assert image(kubernetes, path) == "web:2"
    assert kubernetes.objects[path]["metadata"]["annotations"][REVISION] == "4"
    assert "pod-template-hash" not in kubernetes.objects[path]["spec"]["template"]["metadata"]["labels"]
    assert undo(kubernetes, "kubernetes.rollout_undo", WEB, recorded).outcome == "succeeded"
    assert image(kubernetes, path) == "web:3"


def test_a_roll_back_whose_answer_is_lost_rolls_back_one_revision_not_two(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:3", 2, "web:1", "web:2")
    lost = iter(["after"])
    kubernetes.spoil = lambda method, _: next(lost, None) if method == "PATCH" else None
    assert act(kubernetes, "kubernetes.rollout_undo", WEB).outcome == "succeeded"
    assert image(kubernetes, path) == "web:2"


def test_without_a_revision_before_there_is_nothing_to_roll_back_to(kubernetes):
    kubernetes.deployment("shop", "web", "web:1", 2)
    with pytest.raises(Unfit, match="no revision before 1"):
        act(kubernetes, "kubernetes.rollout_undo", WEB)


def test_a_new_release_of_somebody_elses_is_not_rolled_over(kubernetes):
    path = kubernetes.deployment("shop", "web", "web:3", 2, "web:1", "web:2")
    with pytest.raises(Unfit, match="has moved on to revision 3"):
        act(kubernetes, "kubernetes.rollout_undo", WEB, recorded='{"revision":2}')
    assert image(kubernetes, path) == "web:3"
