"""The stand-in of the Kubernetes actions refuses what Kubernetes' published API has not: else it would prove nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from executor import published_kubernetes as published
from executor.kubernetes_stand_in import TOKEN, Kubernetes, RefusalError

DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
NODE = "/api/v1/nodes/node-1"
SCALE = {
    "apiVersion": "autoscaling/v1",
    "kind": "Scale",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 4},
}
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "none", "namespace": "shop"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}
STRATEGIC, JSON_PATCH, JSON = published.STRATEGIC, published.JSON_PATCH, published.JSON


@pytest.fixture(scope="module")
def kubernetes() -> Iterator[Kubernetes]:
    server = Kubernetes()
    server.deployment("shop", "web", "web:2", 3, "web:1")
    server.node("node-1")
    yield server
    server.close()


def said(server: Kubernetes, method: str, target: str, sent: Any, content_type: str, token: str = TOKEN) -> int:
    body = b"" if sent is None else json.dumps(sent).encode()
    try:
        return server.answer(method, target, {"Authorization": f"Bearer {token}", "Content-Type": content_type}, body)[
            0
        ]
    except RefusalError as refusal:
        published.check(refusal.status, {"$ref": published._STATUS}, "Status", patch=False)
        return int(refusal.status["code"])


def replaced(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


@pytest.mark.parametrize(
    ("code", "method", "target", "sent", "content_type"),
    [
        (404, "GET", "/apis/apps/v1beta1/namespaces/shop/deployments/web", None, ""),
        (404, "GET", "/api/v1/namespaces/shop/nodes/node-1", None, ""),
        (404, "GET", DEPLOYMENT + "-2", None, ""),
        (400, "GET", f"{NODE}?labelSelector=a", None, ""),  # of lists alone
        (400, "GET", "/apis/apps/v1/namespaces/shop/replicasets?limit=many", None, ""),
        (405, "DELETE", NODE, None, JSON),
        (405, "PUT", POLICIES, POLICY, JSON),
        # Patches
        (415, "PATCH", NODE, {"spec": {"unschedulable": True}}, JSON),
        (415, "PATCH", NODE, {"spec": {"unschedulable": True}}, ""),
        (400, "PATCH", NODE, None, STRATEGIC),
        (400, "PATCH", NODE, [], STRATEGIC),
        (400, "PATCH", NODE, {"spec": {"unschedulabel": True}}, STRATEGIC),
        (400, "PATCH", NODE, {"spec": {"unschedulable": "true"}}, STRATEGIC),
        (400, "PATCH", NODE, {"spec": {"unschedulable": 1}}, STRATEGIC),
        (400, "PATCH", f"{NODE}?fieldmanager=x", {"spec": {"unschedulable": True}}, STRATEGIC),
        (400, "PATCH", f"{NODE}?dryRun=All", {"spec": {"unschedulable": True}}, STRATEGIC),
        (400, "PATCH", DEPLOYMENT, {"spec": {"replicas": "3"}}, STRATEGIC),
        (400, "PATCH", DEPLOYMENT, {"spec": {"replicas": 3.0}}, STRATEGIC),
        (400, "PATCH", DEPLOYMENT, {"spec": {"replicas": 2**31}}, STRATEGIC),
        (400, "PATCH", DEPLOYMENT, {"spec": {"template": {"metadata": {"annotations": {"a": 1}}}}}, STRATEGIC),
        (400, "PATCH", DEPLOYMENT, {"spec": {"template": {"annotations": {"a": "b"}}}}, STRATEGIC),
        (400, "PATCH", DEPLOYMENT, {"spec": {"selector": None}}, STRATEGIC),  # it is required of what results
        (400, "PATCH", DEPLOYMENT, replaced("/spec/replicas", 1)[0], JSON_PATCH),
        (400, "PATCH", DEPLOYMENT, [{"op": "set", "path": "/spec/replicas", "value": 1}], JSON_PATCH),
        (400, "PATCH", DEPLOYMENT, [{"op": "replace", "path": "spec", "value": 1}], JSON_PATCH),
        (400, "PATCH", DEPLOYMENT, replaced("/spec/replicas", "1"), JSON_PATCH),
        (400, "PATCH", DEPLOYMENT, replaced("/spec/template", {"spec": {}}), JSON_PATCH),
        (422, "PATCH", DEPLOYMENT, replaced("/spec/minReadySeconds", 1), JSON_PATCH),
        (422, "PATCH", DEPLOYMENT, [{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}], JSON_PATCH),
        (409, "PATCH", NODE, {"metadata": {"resourceVersion": "1"}, "spec": {"unschedulable": True}}, STRATEGIC),
        (422, "PATCH", NODE, {"metadata": {"name": "node-2"}}, STRATEGIC),
        (422, "PATCH", DEPLOYMENT, {"spec": {"selector": {"matchLabels": {"app": "api"}}}}, STRATEGIC),
        (422, "PATCH", DEPLOYMENT, {"spec": {"template": {"metadata": {"labels": {"app": None}}}}}, STRATEGIC),
        # Scale
        (415, "PUT", f"{DEPLOYMENT}/scale", SCALE, STRATEGIC),
        (400, "PUT", f"{DEPLOYMENT}/scale", None, JSON),
        (400, "PUT", f"{DEPLOYMENT}/scale", {**SCALE, "replicas": 4}, JSON),
        (400, "PUT", f"{DEPLOYMENT}/scale", {**SCALE, "kind": "Deployment"}, JSON),
        (400, "PUT", f"{DEPLOYMENT}/scale", {**SCALE, "metadata": {"name": "api", "namespace": "shop"}}, JSON),
        (422, "PUT", f"{DEPLOYMENT}/scale", {**SCALE, "spec": {"replicas": -1}}, JSON),
        (409, "PUT", f"{DEPLOYMENT}/scale", {**SCALE, "metadata": {**SCALE["metadata"], "resourceVersion": "1"}}, JSON),
        # Policies
        (400, "POST", POLICIES, {**POLICY, "spec": {**POLICY["spec"], "policyTypes": "Ingress"}}, JSON),
        (400, "POST", POLICIES, {**POLICY, "spec": {**POLICY["spec"], "ingress": [{"form": []}]}}, JSON),
        (422, "POST", POLICIES, {**POLICY, "spec": {**POLICY["spec"], "policyTypes": ["ingress"]}}, JSON),
        (422, "POST", POLICIES, {**POLICY, "metadata": {"name": "None", "namespace": "shop"}}, JSON),
        (404, "DELETE", f"{POLICIES}/none", None, JSON),
        (400, "DELETE", f"{POLICIES}/none?fieldManager=x", None, JSON),
        (400, "DELETE", f"{POLICIES}/none", {"preconditions": {"uuid": "x"}}, JSON),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_and_changes_nothing(
    kubernetes, code, method, target, sent, content_type
):
    before = json.dumps(kubernetes.objects, sort_keys=True)
    assert said(kubernetes, method, target, sent, content_type) == code
    assert json.dumps(kubernetes.objects, sort_keys=True) == before


def test_what_kubernetes_would_take_is_taken(kubernetes):
    assert said(kubernetes, "GET", DEPLOYMENT, None, "", "another") == 401
    assert said(kubernetes, "PATCH", NODE, {"spec": {"unschedulable": None}}, STRATEGIC) == 200
    assert (
        said(kubernetes, "PATCH", f"{NODE}?fieldValidation=Strict", {"spec": {"podCIDR": "10.0.0.0/24"}}, STRATEGIC)
        == 200
    )
    assert said(kubernetes, "PATCH", DEPLOYMENT, replaced("/spec/replicas", 2), JSON_PATCH) == 200
    assert said(kubernetes, "PUT", f"{DEPLOYMENT}/scale?fieldManager=x", SCALE, JSON) == 200
    assert said(kubernetes, "POST", POLICIES, POLICY, JSON) == 201
    assert said(kubernetes, "POST", POLICIES, POLICY, JSON) == 409
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "another"}}
    assert said(kubernetes, "DELETE", f"{POLICIES}/none", options, JSON) == 409
    assert said(kubernetes, "DELETE", f"{POLICIES}/none", None, JSON) == 200


def test_the_published_document_has_what_the_actions_use():
    document = published.published()
    assert document["paths"].keys() == published.USED.keys()
    for path, verbs in published.USED.items():
        assert tuple(document["paths"][path]) == verbs
    assert "https://github.com/kubernetes/kubernetes" in document["source"]
