"""Alertmanager's webhook, version 4, read strictly and bounded, into the event that the core takes.

Fields that newer or older servers add or leave out are tolerated; what is needed is checked. Instants are rounded down to
milliseconds. The zero time, year 1, is Alertmanager's "not yet".
"""

import re
from datetime import UTC, datetime
from typing import Literal

import msgspec

from watchbill.executor.core.events import Delivered, Reported
from watchbill.executor.store.chain import digest_of, to_micros

BODY = 1024 * 1024  # bytes
NAME = 1024  # characters of a label's or an annotation's name
LABEL = 8 * 1024  # characters of a label's value
ANNOTATION = 64 * 1024  # characters of an annotation's
MANY = 128  # labels of an alert, and annotations


class _Alert(msgspec.Struct, rename="camel"):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    annotations: dict[str, str] = {}
    fingerprint: str = ""


class _Webhook(msgspec.Struct, rename="camel"):
    version: Literal["4"]
    alerts: list[_Alert]
    receiver: str = ""
    truncated_alerts: int = 0


_VALUE = re.compile(r"value '.*'", re.DOTALL)
_DECODER = msgspec.json.Decoder(_Webhook)


class NotAWebhook(Exception):  # noqa: N818
    """Why a body is not one. The text names no value of it."""


def read(body: bytes, environment: str, served: str, source: str | None) -> Delivered:
    """The webhook of a body that came for an environment. Raises NotAWebhook, also when another is served here."""
    if environment != served:
        raise NotAWebhook(f"this executor serves {served}")
    try:
        webhook = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError, ValueError) as error:
        raise NotAWebhook(f"it is not a webhook of version 4: {_said(error)}") from None
    return Delivered(
        delivery=digest_of(body).hex(),
        environment=environment,
        alerts=tuple(_reported(alert) for alert in webhook.alerts),
        truncated=max(0, min(webhook.truncated_alerts, 2**31)),
        source=source,
        receiver=webhook.receiver[:NAME],
    )


def _reported(alert: _Alert) -> Reported:
    for name, pairs, longest in (("label", alert.labels, LABEL), ("annotation", alert.annotations, ANNOTATION)):
        if len(pairs) > MANY:
            raise NotAWebhook(f"an alert has more than {MANY} {name}s")
        for key, value in pairs.items():
            if len(key) > NAME or len(value) > longest:
                raise NotAWebhook(f"a {name} is longer than {longest:,} characters")
    fingerprint = (
        alert.fingerprint or digest_of(repr(sorted(alert.labels.items())).encode("utf-8", "replace")).hex()[:16]
    )
    ended = alert.status == "resolved" and alert.ends_at is not None and alert.ends_at.year > 1
    return Reported(
        fingerprint=fingerprint[:NAME],
        status=alert.status,
        labels=alert.labels,
        starts_at=_millis(alert.starts_at),
        ends_at=_millis(alert.ends_at) if ended and alert.ends_at is not None else None,
        annotations=alert.annotations,
    )


def _millis(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise NotAWebhook("an instant has no offset")
    try:
        return to_micros(instant.astimezone(UTC)) // 1000
    except OverflowError:
        raise NotAWebhook("an instant lies outside of the calendar") from None


def _said(error: Exception) -> str:
    """What msgspec says names types and places, and a value only where it is none of an enumeration: that is left out."""
    return _VALUE.sub("value", f"{error}")[:200] if isinstance(error, msgspec.MsgspecError) else type(error).__name__
