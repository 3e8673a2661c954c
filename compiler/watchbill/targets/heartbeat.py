"""The heartbeat: an alert that always fires, one for each source, and is sent on for ever.

It is received outside Prometheus and Alertmanager: when any part of the way is broken, what arrives there stops.
"""

from watchbill.routing.building.heartbeat import NAME, PLACE
from watchbill.spec.alerts import ANY
from watchbill.spec.model import Outcome, Place, ResolvedAlert, ResolvedGroup, Workspace
from watchbill.spec.settings import HEARTBEAT_SERVICE

FOLDER = "_watchbill"  # no team's: no policy's name begins so
FILE = "heartbeat"


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
