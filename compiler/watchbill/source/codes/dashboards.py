"""62: dashboards."""

from watchbill.source.codes import Code

_GRAFANA = """\
kind: Workspace
name: shop
environments:
  production:
    labels: {env: production}
    prometheus: {url: "http://prometheus:9090"}
    alertmanager: {url: "http://alertmanager:9093"}
    grafana: {url: "http://grafana:3000"}
---
"""
MISSING = Code(
    "WB620",
    "missing-dashboard",
    "note",
    finds="A service with alerts that page, and no dashboard, where some other service of the workspace has one.",
    why="Whoever is woken looks for the graphs by hand.",
    example=_GRAFANA
    + "kind: Service\nname: fraud-detection\ndashboard: {uid: fraud}\n---\nkind: Service\nname: ⟦payment-gateway⟧",
    instead=_GRAFANA
    + "kind: Service\nname: fraud-detection\ndashboard: {uid: fraud}\n---\n"
    + "kind: Service\nname: payment-gateway\ndashboard: {uid: payments}",
    silence="checks: {missing-dashboard: off} in the workspace.",
)
BAD_UID = Code(
    "WB621",
    "dashboard-uid",
    "warning",
    finds="The uid of a dashboard that Grafana cannot have: longer than 40 characters, or with others than letters, digits, `-` and `_`; a link, for example.",
    why="The link in the page leads to an error message.",
    example=_GRAFANA
    + "kind: Service\nname: fraud-detection\ndashboard: {uid: fraud}\n---\n"
    + 'kind: Service\nname: payment-gateway\ndashboard: {uid: ⟦"http://grafana:3000/d/payments/overview?viewPanel=4"⟧}',
    instead=_GRAFANA
    + "kind: Service\nname: fraud-detection\ndashboard: {uid: fraud}\n---\n"
    + "kind: Service\nname: payment-gateway\ndashboard: {uid: payments}",
    silence="checks: {dashboard-uid: off} in the workspace.",
)
NO_GRAFANA = Code(
    "WB622",
    "dashboard-without-grafana",
    "warning",
    finds="A service with a dashboard, in a workspace that names no Grafana in any environment where the service runs.",
    why="The policy reads as if the page had a link to its graphs, and it has none.",
    example="kind: Service\nname: payment-gateway\ndashboard: ⟦{uid: payments}⟧",
    instead=_GRAFANA
    + "kind: Service\nname: fraud-detection\ndashboard: {uid: fraud}\n---\n"
    + "kind: Service\nname: payment-gateway\ndashboard: {uid: payments}",
    silence="checks: {dashboard-without-grafana: off} in the workspace.",
)
ALL = (MISSING, BAD_UID, NO_GRAFANA)
