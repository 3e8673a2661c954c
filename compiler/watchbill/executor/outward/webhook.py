"""A webhook of anybody's: one JSON document, by POST. Any 2xx is success; 408, 425, 429 and 5xx are tried again.

    {
      "version": 1,
      "key": "3fa9c1d27b40-17/page/4",          the same for every try; also the header Idempotency-Key
      "kind": "page",                           page | note | ask | message
      "topic": "page",                          page | refused | question | note
      "wakes": true,                            somebody is to be woken
      "ends": false,                            the incident is over
      "at": "2026-06-01T08:00:00.000+00:00",
      "workspace": "shop", "environment": "production",
      "incident": "3fa9c1d27b40-17",            absent where it is of none; so are the following where there is nothing
      "severity": "critical", "team": "web", "service": "shop",
      "headline": "critical: web-a is slow",
      "text": "an alert fires (step 1, round 1)",
      "to": [{"name": "ana", "why": "primary of web"}],
      "commands": ["watchbill ack 3fa9c1d27b40-17 --as ana"],
      "minutes_left": 10,
      "audience": "customers",                  for whom it is, where not for those who have the incident
      "runbook": "https://wiki.example/slow",
      "labels": {"alertname": "Slow"}           of the incident's first alert; values are anybody's
    }

Keys may be added in a version. Where the connection names a `secret`, `Watchbill-Signature: t=SECONDS,v1=HEX` holds the
HMAC-SHA256 of `SECONDS.BODY` by it: check it in constant time, and that the seconds are not long ago.

It counts as a channel that wakes. Where nothing wakes behind it, do not give it to a team that is paged.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import msgspec

from watchbill.executor.connections import Webhook, filled
from watchbill.executor.outward.channels import Channel, Outcome, call, judged
from watchbill.executor.outward.content import Content

VERSION = 1


def _send(connection: Webhook, content: Content) -> Outcome:
    body = msgspec.json.encode(document(content))
    headers = filled(connection.headers)
    if connection.secret is not None:
        headers["Watchbill-Signature"] = signature(connection.secret.read(), content.at // 1000, body)
    answer = call(connection.url.read(), body, {**headers, "Idempotency-Key": content.key}, connection.ca)
    return judged(answer, content.at, good=200 <= answer.status < 300)


def signature(secret: str, seconds: int, body: bytes) -> str:
    digest = hmac.new(secret.encode(), b"%d.%b" % (seconds, body), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def document(content: Content) -> dict[str, Any]:
    whole = {
        "version": VERSION,
        "key": content.key,
        "kind": content.kind,
        "topic": content.topic,
        "wakes": content.wakes,
        "ends": content.ends,
        "at": datetime.fromtimestamp(content.at / 1000, UTC).isoformat(timespec="milliseconds"),
        "workspace": content.workspace,
        "environment": content.environment,
        "incident": content.incident,
        "severity": content.severity,
        "team": content.team,
        "service": content.service,
        "headline": content.headline,
        "text": content.text,
        "to": [{"name": one.name, "why": one.why} for one in content.to],
        "commands": content.commands,
        "minutes_left": content.minutes_left,
        "audience": content.audience,
        "runbook": content.runbook,
        "labels": {} if content.bare else content.labels,
    }
    return {name: value for name, value in whole.items() if value is not None and value not in ("", [], (), {})}


CHANNEL = Channel(wakes=True, reads=True, send=_send)
