"""Roll a Deployment back to its previous revision, as `kubectl rollout undo` does: the template of the ReplicaSet before.

The inverse rolls forward to the revision that was recorded: a ReplicaSet that is not in use keeps its number.
"""

from typing import Any

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.kubernetes import JSON_PATCH, Cluster, Deployment, at, segments, touched

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
_ROUNDS = 5


class Parameters(Deployment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Recorded(msgspec.Struct, frozen=True):
    revision: int


def _record(run: Run) -> str:
    place: Parameters = run.parameters
    found = Cluster(run, place.cluster).need(place.path, touched(place))
    return msgspec.json.encode(_Recorded(_revision(found))).decode()


def _run(run: Run) -> Done:
    place: Parameters = run.parameters
    cluster = Cluster(run, place.cluster)
    deployment = _unpaused(cluster, place)
    present = _revision(deployment)
    if run.recorded is not None and _recorded(run.recorded) != present:
        raise Unfit(f"{touched(place)} has moved on to revision {present}")
    earlier = {number: one for number, one in _revisions(cluster, place, deployment).items() if number < present}
    if not earlier:
        raise Unfit(f"{touched(place)} has no revision before {present}")
    return _roll(cluster, place, max(earlier), earlier[max(earlier)], present)


def _undo(run: Run, recorded: str) -> Done:
    place: Parameters = run.parameters
    cluster = Cluster(run, place.cluster)
    deployment = _unpaused(cluster, place)
    wanted = _recorded(recorded)
    template = _revisions(cluster, place, deployment).get(wanted)
    if template is None:
        raise Unfit(f"{touched(place)} has no revision {wanted} any more")
    return _roll(cluster, place, wanted, template, _revision(deployment))


def _recorded(text: str) -> int:
    try:
        return msgspec.json.decode(text, type=_Recorded).revision
    except msgspec.MsgspecError:
        raise Unfit("what was recorded is no revision") from None


def _unpaused(cluster: Cluster, place: Parameters) -> dict[str, Any]:
    deployment = cluster.need(place.path, touched(place))
    if at(deployment, "spec", "paused"):
        raise Unfit(f"{touched(place)} is paused: it would roll nothing out")
    return deployment


def _revision(found: object) -> int:
    text = at(found, "metadata", "annotations", REVISION)
    if not isinstance(text, str) or not text.isdecimal():
        raise Unfit("it has no revision yet")
    return int(text)


def _revisions(cluster: Cluster, place: Parameters, deployment: dict[str, Any]) -> dict[int, Any]:
    """Templates by revision, of the ReplicaSets that the Deployment owns."""
    labels = at(deployment, "spec", "selector", "matchLabels") or {}
    path = segments("apis", "apps", "v1", "namespaces", place.namespace, "replicasets")
    selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    listed = cluster.read(path, **({"labelSelector": selector} if selector else {})) or {}
    uid, found = at(deployment, "metadata", "uid"), {}
    for one in listed.get("items") or ():
        owners = at(one, "metadata", "ownerReferences") or ()
        number = at(one, "metadata", "annotations", REVISION)
        if isinstance(number, str) and number.isdecimal() and any(at(owner, "uid") == uid for owner in owners):
            found[int(number)] = _template(at(one, "spec", "template"))
    return found


def _template(template: Any) -> Any:
    """Without the label that the controller adds to each ReplicaSet's own."""
    metadata = at(template, "metadata") or {}
    labels = {name: value for name, value in (at(metadata, "labels") or {}).items() if name != HASH}
    return {**(template or {}), "metadata": {**metadata, "labels": labels}}


def _roll(cluster: Cluster, place: Parameters, number: int, template: Any, present: int) -> Done:
    """Only from the revision that was seen: a change of somebody else's is not rolled over, and nothing is done twice."""
    done = Done("succeeded", f"{touched(place)} goes from revision {present} to {number}")
    said = ""
    for _ in range(_ROUNDS):
        deployment = cluster.need(place.path, touched(place))
        if at(deployment, "spec", "template") == template:
            return done
        if _revision(deployment) != present:
            return Done("failed", f"{touched(place)} has moved on to revision {_revision(deployment)}")
        patch = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": at(deployment, "metadata", "resourceVersion")},
            {"op": "replace", "path": "/spec/template", "value": template},
        ]
        answer = cluster.change("PATCH", place.path, patch, JSON_PATCH, repeat=True)
        if answer.status == 200:
            return done
        said = cluster.told(answer)
        if answer.status not in (409, 422):  # 422: the version has moved, as it does with the status
            break
    return Done("failed", said)


ACTION = Action(
    parameters=Parameters,
    repeatable=False,
    undone="It rolls forward again to the revision that was recorded.",
    touches=touched,
    run=_run,
    record=_record,
    undo=_undo,
)
