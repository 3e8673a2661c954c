"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2/overview/.

It has no action for a note. An event is a trigger, and a trigger with the `dedup_key` of an alert that is open is added to
that alert's log, and tells nobody anew. So what has to be noticed has a key of its own:

- a page: `watchbill/<environment>/<incident>`, severity `critical`. Stable: it depends on no route, as Alertmanager's own
  key does (a hash of the route), so a second page of the incident adds to the first and wakes nobody twice.
- a question: `…/<incident>/<question>`, severity `warning`.
- a refusal, or the end of what the machine can do: `…/<incident>/<reason>`, severity `warning`.
- other notes and messages: likewise, severity `info`, and only where the team has no other channel.

In a service whose urgency follows severity, which is what the compiler writes, `warning` and `info` are of low urgency and
wake nobody. Whatever was triggered is resolved when the incident is over; what is of no incident, a person resolves.
Who acknowledges in PagerDuty is not known here: escalation stops by `watchbill ack`, which every page names.

Bounds (the same page): summary 1,024 characters, an event 512 KB. 202 is success; 429 and 5xx are tried again; all else is
final. An event may come twice: its key makes one of them.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from watchbill.executor.connections import PagerDuty
from watchbill.executor.core.events import Instant
from watchbill.executor.outward.channels import Channel, Outcome, Took, call, judged
from watchbill.executor.outward.content import Content

_SUMMARY, _KEY = 1024, 255
_SEVERITIES = {"page": "critical", "question": "warning", "refused": "warning", "note": "info"}


def _send(connection: PagerDuty, content: Content) -> Outcome:
    key = dedup_key(content)
    event: dict[str, Any] = {
        "routing_key": connection.routing_key.read(),
        "event_action": "trigger",
        "dedup_key": key,
        "client": "Watchbill",
        "payload": _payload(content),
    }
    if content.runbook is not None:
        event["links"] = [{"href": content.runbook, "text": "Runbook"}]
    outcome = _post(connection, event, content.at)
    return Took(opened=key) if isinstance(outcome, Took) and content.incident is not None else outcome


def _close(connection: PagerDuty, opened: str, now: Instant) -> Outcome:
    event = {"routing_key": connection.routing_key.read(), "event_action": "resolve", "dedup_key": opened}
    return _post(connection, event, now)


def dedup_key(content: Content) -> str:
    base = f"watchbill/{content.environment}"
    if content.incident is None:
        return f"{base}/{content.key}"[:_KEY]
    if content.wakes:
        return f"{base}/{content.incident}"[:_KEY]
    about = content.about.removeprefix(f"{content.incident}/")
    return f"{base}/{content.incident}/{about}"[:_KEY]


def _payload(content: Content) -> dict[str, Any]:
    topic = "note" if content.topic == "page" and not content.wakes else content.topic
    details = {
        "incident": content.incident,
        "environment": content.environment,
        "severity": content.severity,
        "text": content.text,
        "for": ", ".join(f"{one.name} ({one.why})" for one in content.to),
        "answer with": " | ".join(content.commands),
        "minutes left": content.minutes_left,
        "labels": content.labels,
    }
    payload = {
        "summary": content.headline[:_SUMMARY],
        "source": content.service or f"{content.workspace}/{content.environment}",
        "severity": _SEVERITIES[topic],
        "timestamp": datetime.fromtimestamp(content.at / 1000, UTC).isoformat(timespec="milliseconds"),
        "component": content.service,
        "group": content.team,
        "class": content.topic,
        "custom_details": {name: value for name, value in details.items() if value not in (None, "", {})},
    }
    return {name: value for name, value in payload.items() if value is not None}


def _post(connection: PagerDuty, event: dict[str, Any], now: Instant) -> Outcome:
    answer = call(connection.url, msgspec.json.encode(event), {})
    return judged(answer, now, good=answer.status == 202)


CHANNEL = Channel(wakes=True, reads=False, send=_send, close=_close)
