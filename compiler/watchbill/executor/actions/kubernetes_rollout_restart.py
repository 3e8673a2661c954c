"""Restart a Deployment's pods, a few at a time, as `kubectl rollout restart` does: by an annotation of its template."""

from datetime import UTC, datetime

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.kubernetes import STRATEGIC, Cluster, Deployment, at, touched

ANNOTATION = "kubectl.kubernetes.io/restartedAt"


class Parameters(Deployment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


def _run(run: Run) -> Done:
    place: Parameters = run.parameters
    cluster = Cluster(run, place.cluster)
    if at(cluster.need(place.path, touched(place)), "spec", "paused"):
        raise Unfit(f"{touched(place)} is paused: it would restart nothing")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = {"spec": {"template": {"metadata": {"annotations": {ANNOTATION: now}}}}}
    answer = cluster.change("PATCH", place.path, patch, STRATEGIC, repeat=True)  # the same annotation is no new restart
    if answer.status != 200:
        return Done("failed", cluster.told(answer))
    return Done("succeeded", f"{touched(place)} restarts")


ACTION = Action(
    parameters=Parameters,
    repeatable=True,
    undone="A restart cannot be taken back.",
    touches=touched,
    run=_run,
)
