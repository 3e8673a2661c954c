"""Messages of the plan: Jinja, sandboxed and strict. The source is the plan's, which was reviewed; all else is a value.

What a template may name is what `watchbill check` lets it name: `incident` with its `impact`, and `now`. Instants are
written `2026-06-01 08:00 UTC`; what is not known says so.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from watchbill.executor.core.events import Instant
from watchbill.executor.core.state import Incident
from watchbill.executor.plan import Plan
from watchbill.executor.plan.documents import Message

_BOUND = 20_000  # characters
_VALUE = 300


def rendered(
    plan: Plan, incident: Incident | None, message: Message | None, clean: Callable[[str, int], str], now: Instant
) -> tuple[str, str | None]:
    """The text, or what is wrong with it."""
    import jinja2  # noqa: PLC0415  (40 ms, and only messages need it)
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    if message is None:
        return "", "the plan has no such message"
    if incident is None:
        return "", "nothing is known of its incident any more"
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, finalize=_known, autoescape=False)
    given = {"incident": _cleaned(values(plan, incident), clean), "now": _instant(now)}
    text = ""
    try:
        for part in environment.from_string(message.body).generate(given):
            text += part
            if len(text) > _BOUND:
                break
    except Exception as error:  # noqa: BLE001  (a template may do anything)
        return "", f"{type(error).__name__}: {error}"
    return text[:_BOUND], None


def values(plan: Plan, incident: Incident) -> dict[str, Any]:
    """What `incident` is to a template."""
    facts = incident.facts
    alert = plan.alert_in(incident.alert, incident.place) if incident.alert and incident.place else None
    names = sorted({one.labels.get("alertname", "an alert") for one in incident.alerts.values() if one.ends_at is None})
    firing = f"{', '.join(names)} fires" if names else "no alert fires any more"
    return {
        "id": incident.id,
        "title": incident.title,
        "summary": f"{firing}; class {facts.class_ or 'none'}, tier {facts.tier}, risk {facts.risk}",
        "severity": facts.severity,
        "state": incident.phase,
        "service": incident.key.get("service"),
        "team": facts.team,
        "environment": plan.document.environment,
        "opened_at": _instant(incident.opened_at),
        "acknowledged_at": _instant(incident.acknowledged_at),
        "resolved_at": _instant(incident.resolved_at),
        "impact": {"revenue": facts.revenue, "customers": facts.customers},
        "runbook_url": alert.runbook_url if alert is not None else None,
    }


def _cleaned(value: Any, clean: Callable[[str, int], str]) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(one, clean) for name, one in value.items()}
    return clean(value, _VALUE) if isinstance(value, str) else value


def _known(value: Any) -> Any:
    return "not known" if value is None else value


def _instant(at: Instant | None) -> str | None:
    return None if at is None else f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%d %H:%M} UTC"
