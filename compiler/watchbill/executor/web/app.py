"""The HTTP side: Starlette's routes, and what each answers.

A webhook is answered 200 only when it is committed. 503 is the one answer that Alertmanager retries at once, so that is what
it gets whenever it should; never 429.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchbill.executor.engine import Unit
from watchbill.executor.entries import MALFORMED, noted
from watchbill.executor.store.connect import Unavailable
from watchbill.executor.store.log import Arrival
from watchbill.executor.traces import Traces
from watchbill.executor.web import openapi, webhook
from watchbill.executor.web.access import Credential, Proxy, caller
from watchbill.executor.web.metrics import Metrics
from watchbill.executor.writer import Overloaded, Writer

_LOG = logging.getLogger("watchbill.intake")
_ARRIVES = 10.0  # seconds for the whole of a body


class Intake(msgspec.Struct, frozen=True):
    """What the routes need. `ready` gives the reason why not, or None; `credentials` those that hold now."""

    writer: Writer
    environment: str
    credentials: Callable[[], tuple[Credential, ...]]
    proxy: Proxy
    metrics: Metrics
    traces: Traces
    ready: Callable[[], str | None]
    version: str


def app(intake: Intake) -> Starlette:
    async def deliver(request: Request) -> Response:
        started = time.perf_counter()
        with intake.traces.span("delivery", request.headers, path=request.url.path):
            response = await _deliver(intake, request)
        intake.metrics.deliveries.labels(str(response.status_code)).inc()
        intake.metrics.delivery.observe(time.perf_counter() - started)
        return response

    async def healthz(_: Request) -> Response:
        return _said(200, "ok")

    async def readyz(_: Request) -> Response:
        reason = intake.ready()
        return _said(200, "ok") if reason is None else _said(503, reason)

    async def metrics(_: Request) -> Response:
        text = await asyncio.to_thread(intake.metrics.text)
        return Response(text, media_type="text/plain; version=0.0.4")

    async def api(_: Request) -> Response:
        return JSONResponse(openapi.document(intake.version, intake.environment))

    return Starlette(
        routes=[
            Route("/v1/alertmanager/{environment}", deliver, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/openapi.json", api),
        ]
    )


async def _deliver(intake: Intake, request: Request) -> Response:
    environment = request.path_params["environment"]
    peer = request.client.host if request.client is not None else None
    known = caller(intake.credentials(), environment, request.headers.items(), peer, intake.proxy)
    if known is None:
        return _said(401, "no token, or one that is not good here", {"WWW-Authenticate": "Bearer"})
    try:
        async with asyncio.timeout(_ARRIVES):
            body = await _bounded(request)
    except TimeoutError:
        return _said(503, f"the body did not arrive within {_ARRIVES:g} seconds", {"Connection": "close"})
    except ClientDisconnect:
        return _said(503, "the body did not arrive")
    if body is None:
        return _said(413, f"more than {webhook.BODY} bytes", {"Connection": "close"})
    unit, malformed = _unit(intake, environment, known.source, body)
    try:
        taken = await asyncio.wrap_future(intake.writer.submit(unit))
    except Overloaded as error:
        return _said(503, str(error))
    except Unavailable:
        return _said(503, "the database took nothing")
    except Exception:  # noqa: BLE001  (the log has it)
        return _said(503, "nothing could be made of it")
    if taken.failed is not None:
        _LOG.error("nothing could be made of a delivery: %s", taken.failed)
        return _said(503, "nothing could be made of it")
    if malformed is not None:
        return _said(400, malformed)
    return _said(200, "committed")


def _unit(intake: Intake, environment: str, source: str | None, body: bytes) -> tuple[Unit, str | None]:
    """What is to be committed, and why it is no webhook for this executor, if so."""
    arrival = Arrival(datetime.now(UTC), intake.environment, source or "", body, "event")
    try:
        return Unit(webhook.read(body, environment, intake.environment, source), arrival), None
    except webhook.NotAWebhook as error:
        arrival = msgspec.structs.replace(arrival, verdict="malformed")
        _LOG.warning("not a webhook, and stored: %s", error)
        return Unit(note=(MALFORMED, noted({"reason": str(error)}, arrival)), arrival=arrival), str(error)


async def _bounded(request: Request) -> bytes | None:
    """The body, or None as soon as it is known to be too long."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > webhook.BODY:
        return None
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > webhook.BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _said(code: int, status: str, headers: dict[str, str] | None = None) -> Response:
    body: Any = msgspec.json.encode({"status": status})
    return Response(body, code, headers, media_type="application/json")
