"""Change a Deployment's replicas, never beyond a bound, and only if nobody else changes them at the same time."""

from typing import Annotated

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.kubernetes import Cluster, Deployment, at, touched

_ROUNDS = 5  # a Deployment's version moves with its status: so often the change is tried on a newer one
Replicas = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Parameters(Deployment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of `by`, which may be negative, and `to`."""

    by: int | None = None
    to: Replicas | None = None
    at_most: Replicas

    def __post_init__(self) -> None:
        if (self.by is None) == (self.to is None):
            raise ValueError("exactly one of `by` and `to`")


class _Recorded(msgspec.Struct, frozen=True):
    replicas: Replicas


def _wanted(place: Parameters, before: int) -> int:
    wanted = place.to if place.to is not None else before + (place.by or 0)
    wanted = max(0, min(wanted, place.at_most))
    if place.by is not None and place.by > 0 and wanted <= before:
        raise Unfit(f"{touched(place)} has {before} replicas already, and {place.at_most} is the most")
    return wanted


def _record(run: Run) -> str:
    return msgspec.json.encode(_Recorded(_replicas(Cluster(run, run.parameters.cluster), run.parameters))).decode()


def _run(run: Run) -> Done:
    place: Parameters = run.parameters
    cluster = Cluster(run, place.cluster)
    before = _recorded(run.recorded) if run.recorded is not None else _replicas(cluster, place)
    return _move(cluster, place, before, _wanted(place, before))


def _undo(run: Run, recorded: str) -> Done:
    """Back to the number that was, unless somebody has changed it since."""
    before = _recorded(recorded)
    return _move(Cluster(run, run.parameters.cluster), run.parameters, _wanted(run.parameters, before), before)


def _recorded(text: str) -> int:
    try:
        return msgspec.json.decode(text, type=_Recorded).replicas
    except msgspec.MsgspecError:
        raise Unfit("what was recorded is no number of replicas") from None


def _replicas(cluster: Cluster, place: Parameters) -> int:
    return _number(cluster.need(f"{place.path}/scale", touched(place)))


def _number(scale: object) -> int:
    found = at(scale, "spec", "replicas")
    return found if isinstance(found, int) else 0  # left out where it is 0


def _move(cluster: Cluster, place: Parameters, before: int, after: int) -> Done:
    """From one number to another. A lost answer does no harm: the version that was changed is there only once."""
    if before == after:
        return Done("succeeded", f"{touched(place)} has {after} replicas already")
    said = ""
    for _ in range(_ROUNDS):
        scale = cluster.need(f"{place.path}/scale", touched(place))
        now = _number(scale)
        if now == after:
            return Done("succeeded", f"{touched(place)}: {before} → {after} replicas")
        if now != before:
            return Done("failed", f"somebody else has set {touched(place)} to {now} replicas: left alone")
        metadata = {
            "name": place.deployment,
            "namespace": place.namespace,
            "resourceVersion": at(scale, "metadata", "resourceVersion"),
        }
        body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": after}}
        answer = cluster.change("PUT", f"{place.path}/scale", body, repeat=True)
        if answer.status in (200, 201):
            return Done("succeeded", f"{touched(place)}: {before} → {after} replicas")
        said = cluster.told(answer)
        if answer.status != 409:
            break
    return Done("failed", said)


ACTION = Action(
    parameters=Parameters,
    repeatable=False,
    undone="The number of replicas that was there before is set again, unless somebody has changed it since.",
    touches=touched,
    run=_run,
    record=_record,
    undo=_undo,
)
