"""What an Alertmanager holds, by its API v2: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from watchbill.executor.connections import Connections, Http, NoSecret, filled
from watchbill.executor.core.events import Reported
from watchbill.executor.outgoing import Call, NoAnswer, send
from watchbill.executor.store.chain import to_micros

_SECONDS = 10.0  # for each peer
_BOUND = 64 * 1024 * 1024  # bytes of one answer


class _Status(msgspec.Struct, frozen=True):
    state: Literal["active", "suppressed", "unprocessed"] = "active"


class _Alert(msgspec.Struct, rename="camel"):
    """`gettableAlert` there."""

    labels: dict[str, str]
    starts_at: Annotated[datetime, msgspec.Meta(tz=True)]
    fingerprint: str
    annotations: dict[str, str] = {}
    status: _Status = _Status()


_DECODER = msgspec.json.Decoder(list[_Alert])


def alerts(connections: Connections, url: str, labels: Mapping[str, str] | None = None) -> list[Reported]:
    """All alerts, silenced and inhibited ones too, or those that have certain labels. Raises NoAnswer."""
    known = connections.alertmanager.get(urlsplit(url).netloc, Http())
    filters = [("filter", f'{name}="{value}"') for name, value in (labels or {}).items()]
    try:
        credentials = filled(known.headers)
    except NoSecret as error:
        raise NoAnswer(str(error), sent=False) from None
    answer = send(
        Call(
            method="GET",
            url=f"{url.rstrip('/')}/api/v2/alerts{'?' if filters else ''}{urlencode(filters)}",
            headers=credentials,
            ca=known.ca,
            seconds=_SECONDS,
            bound=_BOUND,
        )
    )
    if answer.status != 200:
        raise NoAnswer(f"HTTP {answer.status}", sent=True)
    if not answer.whole:
        raise NoAnswer("its answer has no end", sent=True)
    try:
        return [_reported(one) for one in _DECODER.decode(answer.body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, OverflowError, RecursionError):
        raise NoAnswer("its answer cannot be read", sent=True) from None


def _reported(alert: _Alert) -> Reported:
    return Reported(
        fingerprint=alert.fingerprint,
        status="firing",
        labels=alert.labels,
        starts_at=to_micros(alert.starts_at) // 1000,
        annotations=alert.annotations,
        suppressed=alert.status.state == "suppressed",
    )
