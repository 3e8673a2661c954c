"""Keep new pods off a node."""

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.kubernetes import STRATEGIC, Cluster, Connection, Subdomain, at, segments


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cluster: Connection
    node: Subdomain

    @property
    def path(self) -> str:
        return segments("api", "v1", "nodes", self.node)


class _Recorded(msgspec.Struct, frozen=True):
    unschedulable: bool


def _touches(place: Parameters) -> str:
    return f"the node {place.node} of {place.cluster}"


def _record(run: Run) -> str:
    place: Parameters = run.parameters
    node = Cluster(run, place.cluster).need(place.path, _touches(place))
    return msgspec.json.encode(_Recorded(at(node, "spec", "unschedulable") is True)).decode()


def _run(run: Run) -> Done:
    return _set(run, unschedulable=True)


def _undo(run: Run, recorded: str) -> Done:
    try:
        before = msgspec.json.decode(recorded, type=_Recorded).unschedulable
    except msgspec.MsgspecError:
        raise Unfit("what was recorded says nothing of a node") from None
    return _set(run, unschedulable=before)


def _set(run: Run, *, unschedulable: bool) -> Done:
    place: Parameters = run.parameters
    cluster = Cluster(run, place.cluster)
    answer = cluster.change("PATCH", place.path, {"spec": {"unschedulable": unschedulable}}, STRATEGIC, repeat=True)
    if answer.status != 200:
        return Done("failed", cluster.told(answer))
    return Done("succeeded", f"{_touches(place)} takes {'no' if unschedulable else 'new'} pods")


ACTION = Action(
    parameters=Parameters,
    repeatable=True,
    undone="The node takes pods again, if it did before.",
    touches=_touches,
    run=_run,
    record=_record,
    undo=_undo,
)
