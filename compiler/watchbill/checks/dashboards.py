"""Dashboards: services that page have one, Grafana can have it, and there is a Grafana to open it in."""

import re
from collections.abc import Iterator

from watchbill.source.codes import dashboards as codes
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.kinds.service import Service
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace

_UID = re.compile("[A-Za-z0-9_-]{1,40}")  # util.IsValidShortUID and MaxUIDLength of Grafana
_IN_A_LINK = re.compile("/d(?:-solo)?/([A-Za-z0-9_-]{1,40})(?:[/?#]|$)")


def check(workspace: Workspace) -> Iterator[Diagnostic]:
    pages: dict[str, set[str]] = {}  # by service, the environments where it pages somebody
    runs: dict[str, set[str]] = {}
    for place in workspace.places.values():
        for service in place.services:
            runs.setdefault(service.name, set()).add(place.environment)
            if any(outcome.kind == "page" for alert in service.alerts for _, outcome in alert.takers):
                pages.setdefault(service.name, set()).add(place.environment)
    grafana = {name for name, environment in workspace.environments.items() if environment.grafana is not None}
    services = {
        name: policy for name, policy in workspace.documents.get("Service", {}).items() if policy.body is not None
    }
    habit = any(policy.body.dashboard is not None for policy in services.values())
    for name, policy in services.items():
        body: Service = policy.body
        if body.dashboard is not None:
            yield from _one(policy, body.dashboard.uid, seen=bool(grafana & runs.get(name, grafana)))
        elif habit and grafana & pages.get(name, set()):
            message = f"`{name}` pages, and has no dashboard"
            advice = "add `dashboard: {uid: …}`"
            yield Diagnostic(codes.MISSING, message, policy.at.at("name"), "no `dashboard:`", advice)


def _one(policy: Policy, uid: str, *, seen: bool) -> Iterator[Diagnostic]:
    where = policy.at.at("dashboard", "uid")
    if not _UID.fullmatch(uid):
        inside = _IN_A_LINK.search(uid)
        advice = f"write `uid: {inside[1]}`" if inside else "it stands in the dashboard's address, after /d/"
        yield Diagnostic(codes.BAD_UID, "Grafana has no dashboard with such a uid", where, "not a uid", advice)
    elif not seen:
        message = f"`{policy.name}` has a dashboard, and nothing says where Grafana is"
        advice = "add `grafana: {url: …}` to the environment"
        yield Diagnostic(codes.NO_GRAFANA, message, policy.at.at("dashboard"), "no link", advice)
