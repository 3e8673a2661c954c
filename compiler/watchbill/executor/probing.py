"""Whether what the executor is told by can be believed: every Prometheus answers, an Alertmanager does, and heartbeats arrive.

A heartbeat is an alert that always fires. One that Alertmanager does not hold says that no alert of its place arrives.
"""

from watchbill.executor.alertmanager import alerts
from watchbill.executor.asking import ask
from watchbill.executor.connections import Connections
from watchbill.executor.core.events import Instant
from watchbill.executor.outgoing import NoAnswer
from watchbill.executor.plan.documents import Document

_SECONDS = 5.0


def probe(plan: Document, connections: Connections, now: Instant) -> dict[str, str | None]:
    """What is wrong by its part, None where nothing is. What cannot be asked says nothing of what it would have told."""
    found: dict[str, str | None] = {}
    for name, place in plan.places.items():
        if place.prometheus is not None:
            found[f"prometheus:{name}"] = ask(connections, place, "vector(1)", now, _SECONDS).error
    if not plan.alertmanagers:
        return found
    beating, found["alertmanager"] = _heard(plan, connections)
    for name, place in plan.places.items():
        if place.heartbeat and found["alertmanager"] is None and found.get(f"prometheus:{name}") is None:
            arrives = any(place.heartbeat.items() <= labels.items() for labels in beating)
            found[f"prometheus:{name}"] = None if arrives else "Alertmanager does not hold its heartbeat"
    return found


def _heard(plan: Document, connections: Connections) -> tuple[list[dict[str, str]], str | None]:
    """The labels of every heartbeat that any peer holds; and what is wrong when none of them answers."""
    name = next((place.heartbeat["alertname"] for place in plan.places.values() if place.heartbeat), None)
    held: list[dict[str, str]] = []
    trouble: str | None = None
    answered = False
    for peer in plan.alertmanagers:
        try:
            held += [alert.labels for alert in alerts(connections, peer, {"alertname": name or "Heartbeat"})]
            answered = True
        except NoAnswer as error:
            trouble = trouble or str(error)
    return held, None if answered else trouble
