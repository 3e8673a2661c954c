"""Looking at an alert's own expression: never at the alert's state, which lags behind; and no data is not success."""

from watchbill.executor.core.decisions import Seen
from watchbill.executor.core.effects import Query
from watchbill.executor.core.events import Result, Sample
from watchbill.executor.core.state import Incident
from watchbill.executor.core.turn import Turn
from watchbill.executor.plan import Plan, milliseconds
from watchbill.executor.plan.documents import KeepHealthy

FIRING, ABSENT, FLOOR = "firing", "absent", "floor"


def ask(turn: Turn, incident: Incident, floor: KeepHealthy | None = None) -> str:
    """Ask the incident's place; the effect's key."""
    plan, place = turn.plan_of(incident), incident.place or ""
    alert = plan.alert_in(incident.alert or "", place)
    expressions = {FIRING: alert.expr} if alert is not None else {}
    absent = plan.absent(incident.alert or "", alert, place) if alert is not None else None
    if absent is not None:
        expressions[ABSENT] = absent
    if floor is not None:
        there = floor.by.get(place)
        expressions[FLOOR] = there.expr if there is not None and there.expr is not None else floor.expr
    not_after = turn.now + milliseconds(plan.document.limits.answer)
    return turn.effect(incident, Query(incident=incident.id, place=place, expressions=expressions, not_after=not_after))


def seen(plan: Plan, incident: Incident, results: dict[str, Result]) -> tuple[Seen, str]:
    """What the answer says of the incident, and in words why it says nothing."""
    alert = plan.alert_in(incident.alert or "", incident.place or "")
    firing = results.get(FIRING, Result(error="no answer"))
    if alert is None or firing.error is not None:
        return "error", firing.error or "the plan does not know the alert"
    if any(_same(plan, incident, sample) for sample in firing.samples):
        return "firing", ""
    if plan.absent(incident.alert or "", alert, incident.place or "") is not None:
        absent = results.get(ABSENT, Result(error="no answer"))
        if absent.error is not None:
            return "error", absent.error
        if absent.samples:
            return "no-data", "the series that the alert watches are gone"
    return "quiet", ""


def _same(plan: Plan, incident: Incident, sample: Sample) -> bool:
    """Whether a series of the result is one of the incident's alerts.

    Labels that the rule writes need not stand on the series; a label that is missing there does not tell them apart.
    """
    written = plan.document.places[incident.place or ""].labels
    return all(
        sample.labels.get(name, value) == value
        for name, value in incident.key.items()
        if name not in ("alertname", "service") and name not in written
    )
