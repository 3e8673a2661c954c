"""Call an API: a circuit breaker, a feature flag, traffic redirection, a cache. The URL is the plan's to the letter.

Only the body takes inputs. Redirects are failures. PUT and DELETE may be repeated by their meaning (RFC 9110, 9.2.2);
POST and PATCH are tried again only while nothing was sent. Each call carries the run's key as `Idempotency-Key`.
"""

from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.connections import NoSecret, filled
from watchbill.executor.outgoing import Call, send

_SECONDS = 30.0
_BOUND = 64 * 1024


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str
    body: dict[str, str] = {}
    undo: dict[str, str] | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            raise ValueError("the url is none") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise ValueError("the url is no http URL with a host")
        if parts.username is not None or parts.password is not None or not self.url.isprintable() or " " in self.url:
            raise ValueError("the url holds a credential, or what is no part of one")


def _touches(parameters: Parameters) -> str:
    return parameters.url


def _record(run: Run) -> str:
    """What takes it back is in the plan: that there is something, is what must be known before."""
    if run.parameters.undo is None:
        raise Unfit("the plan has no call that takes it back")
    return "{}"


def _run(run: Run) -> Done:
    return _call(run, run.parameters.body)


def _undo(run: Run, _recorded: str) -> Done:
    if run.parameters.undo is None:
        raise Unfit("the plan has no call that takes it back")
    return _call(run, run.parameters.undo)


def _call(run: Run, body: dict[str, str]) -> Done:
    parameters: Parameters = run.parameters
    host = urlsplit(parameters.url).netloc
    headers, ca = {"Content-Type": "application/json", "Idempotency-Key": run.key}, None
    connection = run.connections.http.get(host)
    if connection is not None:
        ca = connection.ca
        try:
            headers.update(filled(connection.headers))
        except NoSecret as error:
            raise Unfit(f"http.{host}: {error}") from None
    safe = parameters.method in ("PUT", "DELETE")
    answer = send(
        Call(
            method=parameters.method,
            url=parameters.url,
            headers=headers,
            content=_encoded(body),
            ca=ca,
            repeat=safe,
            seconds=_SECONDS,
            bound=_BOUND,
        )
    )
    said = f"{parameters.method} {parameters.url} answers {answer.status}"
    if 200 <= answer.status < 300:
        return Done("succeeded", said)
    if answer.status >= 500 and not safe:  # it may have been done, by one behind the one that answers
        return Done("unknown", said)
    return Done("failed", f"{said}, and a redirect is not followed" if 300 <= answer.status < 400 else said)


def _encoded(body: Any) -> bytes:
    return msgspec.json.encode(body)


ACTION = Action(
    parameters=Parameters,
    repeatable=False,
    undone="The same call with the body that the plan has under `undo`.",
    touches=_touches,
    run=_run,
    record=_record,
    undo=_undo,
)
