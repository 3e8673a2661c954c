"""One HTTP call to somebody else: bounded in time and size whatever the other side does, and never led elsewhere.

Redirects are answers like any other. Proxies, netrc and cookies of the machine are not used: a call goes where it says.
"""

import asyncio
import functools
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
import msgspec

_CONNECT = 5.0  # seconds
_BUSY = frozenset({429, 500, 502, 503, 504})


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`seconds` bound all of it, tries and waits too. `repeat`: doing it twice does no harm, so it is tried again when
    an answer is lost or says that the other side is busy; else only as long as nothing was sent; `tries` times in all.
    `bound` in bytes.
    """

    method: str
    url: str
    headers: dict[str, str] = {}
    content: bytes | None = None
    ca: str | None = None
    repeat: bool = False
    seconds: float = 30.0
    bound: int = 256 * 1024
    tries: int = 4


class Answer(msgspec.Struct, frozen=True):
    """`whole` is False when the body went on beyond the bound. `headers` by lower-case name."""

    status: int
    body: bytes
    headers: dict[str, str]
    whole: bool = True


class NoAnswer(Exception):  # noqa: N818
    """There is no answer. `sent`: the other side may have got the request all the same."""

    def __init__(self, detail: str, *, sent: bool) -> None:
        super().__init__(detail)
        self.sent = sent


def send(call: Call) -> Answer:
    """Raises NoAnswer."""
    end = time.monotonic() + call.seconds
    for number in range(call.tries):
        left = end - time.monotonic()
        last = number == call.tries - 1
        try:
            answer = _now(_bounded(call, left))
        except NoAnswer as error:
            wait = _wait(number)
            if last or (error.sent and not call.repeat) or end - time.monotonic() <= wait:
                raise
        else:
            wait = _wait(number)
            if last or not call.repeat or answer.status not in _BUSY or end - time.monotonic() <= wait:
                return answer
        time.sleep(wait)
    raise AssertionError  # the last try returns or raises


def _wait(number: int) -> float:
    return 0.2 * 3.0**number * random.uniform(0.7, 1.3)  # noqa: S311  (so that many do not come back at once)


def _now(answering: Coroutine[Any, Any, Answer]) -> Answer:
    """As `asyncio.run`, which would wait for a name that is still looked up, however long that takes."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(answering)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _bounded(call: Call, seconds: float) -> Answer:
    sent = False

    async def trace(event: str, _: object) -> None:
        nonlocal sent
        sent |= event == "http11.send_request_headers.started"  # before that it only connects

    try:
        async with asyncio.timeout(seconds):
            return await _once(call, seconds, trace)
    except TimeoutError:
        raise NoAnswer(f"no whole answer within {seconds:.0f} s", sent=sent) from None
    except httpx.LocalProtocolError as error:  # a header that is none: it does not leave here
        raise NoAnswer(_told(error), sent=False) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise NoAnswer(_told(error), sent=sent) from None


async def _once(call: Call, seconds: float, trace: Callable[[str, object], Awaitable[None]]) -> Answer:
    timeout = httpx.Timeout(seconds, connect=min(_CONNECT, seconds))
    async with (
        httpx.AsyncClient(trust_env=False, verify=_trusted(call.ca), timeout=timeout, follow_redirects=False) as client,
        client.stream(
            call.method,
            call.url,
            headers={"Accept-Encoding": "identity", "User-Agent": "watchbill", **call.headers},
            content=call.content,
            extensions={"trace": trace},
        ) as response,
    ):
        body, whole = bytearray(), True
        async for part in response.aiter_raw():
            body += part
            if len(body) > call.bound:
                whole = False
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, bytes(body[: call.bound]), headers, whole)


@functools.lru_cache(maxsize=64)
def _trusted(ca: str | None) -> ssl.SSLContext:
    """Whom to trust; a file of authorities is read once."""
    return ssl.create_default_context(cafile=ca)


def _told(error: Exception) -> str:
    """Without the URL, which may be a secret."""
    name = type(error).__name__
    reason = getattr(error, "strerror", None) or (str(error) if isinstance(error, httpx.ConnectError) else "")
    return f"{name}: {reason}" if reason else name
