"""The answer to a `reconcile` effect: every alert that Alertmanager holds, by its API v2, from every peer.

An alert that any peer holds counts; nothing is concluded from absence unless every peer answered.
"""

import logging
from datetime import datetime
from typing import Literal

import httpx
import msgspec

from watchbill.executor.core.events import Events, Reconciled, Reported
from watchbill.executor.handlers import Again, Outside, Work
from watchbill.executor.store.chain import to_micros

_LOG = logging.getLogger("watchbill.reconcile")
_TIMEOUT = 10.0  # seconds for each peer
_BOUND = 64 * 1024 * 1024  # bytes of one answer


class _Status(msgspec.Struct, frozen=True):
    state: Literal["active", "suppressed", "unprocessed"] = "active"


class _Alert(msgspec.Struct, rename="camel"):
    """https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, gettableAlert."""

    labels: dict[str, str]
    starts_at: datetime
    fingerprint: str
    annotations: dict[str, str] = {}
    status: _Status = _Status()


_DECODER = msgspec.json.Decoder(list[_Alert])


def handle(work: Work, outside: Outside) -> Events | Again:
    plan = outside.plan()
    peers = plan.document.alertmanagers if plan is not None else ()
    asked_at, held, complete = outside.now(), dict[str, Reported](), bool(peers)
    for peer in peers:
        try:
            for alert in ask(peer):
                known = held.get(alert.fingerprint)
                if known is None or known.suppressed:
                    held[alert.fingerprint] = alert
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, ValueError, RecursionError) as error:
            complete = False
            _LOG.warning("an Alertmanager could not be asked: %s", type(error).__name__, extra={"peer": peer})
    if not held and not complete:
        return Again("no Alertmanager could be asked")
    return Reconciled(key=work.key, asked_at=asked_at, alerts=tuple(held.values()), complete=complete)


def ask(url: str) -> list[Reported]:
    """What one Alertmanager holds. Raises httpx's and msgspec's errors, and ValueError for an answer without end."""
    with httpx.stream("GET", f"{url.rstrip('/')}/api/v2/alerts", timeout=_TIMEOUT) as response:
        response.raise_for_status()
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > _BOUND:
                raise ValueError("the answer has no end")
    return [
        Reported(
            fingerprint=alert.fingerprint,
            status="firing",
            labels=alert.labels,
            starts_at=to_micros(alert.starts_at) // 1000,
            annotations=alert.annotations,
            suppressed=alert.status.state == "suppressed",
        )
        for alert in _DECODER.decode(bytes(body))
    ]
