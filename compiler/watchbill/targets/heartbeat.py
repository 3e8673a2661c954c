"""The heartbeat: an alert that always fires, one for each source, and the route that sends it on for ever.

It is received outside Prometheus and Alertmanager: when any part of the way is broken, what arrives there stops.
"""

from typing import Any

from watchbill.promql import format_duration
from watchbill.spec.alerts import ANY
from watchbill.spec.kinds.workspace import Heartbeat
from watchbill.spec.model import Outcome, Place, ResolvedAlert, ResolvedGroup, Workspace
from watchbill.spec.scalars import seconds
from watchbill.spec.settings import HEARTBEAT_SERVICE

NAME = "Heartbeat"
FOLDER = "_watchbill"  # no team's: no policy's name begins so
FILE = "heartbeat"
RECEIVER = "heartbeat"  # every receiver of a team has a `-` in its name
PLACE = "place"


def group(workspace: Workspace, place: Place) -> ResolvedGroup | None:
    """The heartbeat of a source; None where no Alertmanager could send it on."""
    heartbeat = workspace.settings.heartbeat
    if heartbeat is None or workspace.environments[place.environment].alertmanager is None:
        return None
    at = next(iter(workspace.documents["Workspace"].values())).at.at("heartbeat")
    labels = {"severity": "none", "team": workspace.catch_all.team, "service": HEARTBEAT_SERVICE, **place.labels}
    beat = ResolvedAlert(
        name=NAME,
        service=HEARTBEAT_SERVICE,
        team=workspace.catch_all.team,
        severity="none",
        outcome=Outcome("drop"),
        expr="vector(1)",
        for_=None,
        keep_firing_for=None,
        labels={**labels, PLACE: place.name},
        annotations={
            "summary": f"Alerts of {place.name} arrive",
            "description": f"This always fires. Who receives it misses it after {heartbeat.missing_after}.",
        },
        page_per=(),
        incident_key=("alertname", PLACE),
        runbook=None,
        runbook_url=None,
        diagnose=(),
        remediate=(),
        class_=None,
        revenue=None,
        customers=None,
        tests=(),
        no_data_of=None,
        yields=ANY,
        at=at,
    )
    return ResolvedGroup(FILE, (beat,))


def matchers() -> list[tuple[str, str, str]]:
    return [("alertname", "=", NAME), ("service", "=", HEARTBEAT_SERVICE)]


def times(heartbeat: Heartbeat) -> dict[str, Any]:
    """Sent at every flush of the group, each `every`.

    A repeat_interval of the same length would let every second flush pass: at the flush not quite so much time has gone
    since the last message left (notify.DedupStage.needsUpdate).
    """
    half = format_duration(max(1, round(seconds(heartbeat.every) * 1000) // 2))
    return {"group_wait": "0s", "group_interval": heartbeat.every, "repeat_interval": half}


def receiver(heartbeat: Heartbeat) -> dict[str, Any]:
    """Nothing is sent when it stops: a message that it stopped would be one more beat."""
    hook = {"url_file": heartbeat.to.url.file or "", "send_resolved": False, "max_alerts": 0}
    return {"name": RECEIVER, "webhook_configs": [hook]}
