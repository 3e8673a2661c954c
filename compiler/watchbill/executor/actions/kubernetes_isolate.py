"""Cut a workload off: a NetworkPolicy that selects its pods and allows nothing in and nothing out.

It works only where the cluster's network enforces NetworkPolicies, and beside others that allow something those still do.
"""

import hashlib
from typing import Any

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.kubernetes import MANAGER, Cluster, Connection, Label, LabelValue, at, segments

_MANAGED_BY = "app.kubernetes.io/managed-by"


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cluster: Connection
    namespace: Label
    app: LabelValue

    @property
    def policy(self) -> str:
        """The same for the same app; a value of a label need not be a name."""
        return f"watchbill-isolate-{hashlib.sha256(self.app.encode()).hexdigest()[:16]}"

    @property
    def path(self) -> str:
        return segments("apis", "networking.k8s.io", "v1", "namespaces", self.namespace, "networkpolicies")


class _Recorded(msgspec.Struct, frozen=True):
    isolated: bool


def _touches(place: Parameters) -> str:
    return f"pods with app={place.app} in {place.namespace} of {place.cluster}"


def _record(run: Run) -> str:
    return msgspec.json.encode(
        _Recorded(_ours(Cluster(run, run.parameters.cluster), run.parameters) is not None)
    ).decode()


def _ours(cluster: Cluster, place: Parameters) -> dict[str, Any] | None:
    """Our policy as it lies there. Raises Unfit when somebody else's has its name."""
    found = cluster.read(f"{place.path}{segments(place.policy)}")
    if found is not None and at(found, "metadata", "labels", _MANAGED_BY) != MANAGER:
        raise Unfit(f"the NetworkPolicy {place.namespace}/{place.policy} is somebody else's")
    return found


def _run(run: Run) -> Done:
    place: Parameters = run.parameters
    cluster = Cluster(run, place.cluster)
    if _ours(cluster, place) is not None:
        return Done("succeeded", f"{_touches(place)} are cut off already")
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": place.policy, "namespace": place.namespace, "labels": {_MANAGED_BY: MANAGER}},
        "spec": {"podSelector": {"matchLabels": {"app": place.app}}, "policyTypes": ["Ingress", "Egress"]},
    }
    answer = cluster.change("POST", place.path, body, repeat=True)  # a second one is told that it is there
    if answer.status not in (201, 409):
        return Done("failed", cluster.told(answer))
    return Done("succeeded", f"{_touches(place)} are cut off")


def _undo(run: Run, recorded: str) -> Done:
    place: Parameters = run.parameters
    try:
        before = msgspec.json.decode(recorded, type=_Recorded).isolated
    except msgspec.MsgspecError:
        raise Unfit("what was recorded says nothing of a policy") from None
    if before:
        return Done("succeeded", f"{_touches(place)} were cut off before, and stay so")
    cluster = Cluster(run, place.cluster)
    found = _ours(cluster, place)
    if found is None:
        return Done("succeeded", f"{_touches(place)} are not cut off")
    only = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": at(found, "metadata", "uid")},
    }
    answer = cluster.change("DELETE", f"{place.path}{segments(place.policy)}", only, repeat=True, manager=False)
    if answer.status not in (200, 202, 404):
        return Done("failed", cluster.told(answer))
    return Done("succeeded", f"{_touches(place)} are reachable again")


ACTION = Action(
    parameters=Parameters,
    repeatable=True,
    undone="The policy is deleted, if it was not there before.",
    touches=_touches,
    run=_run,
    record=_record,
    undo=_undo,
)
