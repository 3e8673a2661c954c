"""Every channel by the name that it has in `[outward.…]`: one file and one line each."""

import importlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from watchbill.executor.connections import NoSecret
from watchbill.executor.core.events import Instant
from watchbill.executor.outgoing import Answer, Call, NoAnswer, send
from watchbill.executor.outward.content import Content

CHANNELS = {
    "pagerduty": "watchbill.executor.outward.pagerduty",
    "webhook": "watchbill.executor.outward.webhook",
    "slack": "watchbill.executor.outward.slack",
}
SECONDS = 10.0  # for one call
_MOST = 7 * 86_400.0
_BUSY = frozenset({408, 425, 429})


class Took(msgspec.Struct, frozen=True):
    """The other side has it. `opened` names what stays open there until `close` is called with it."""

    opened: str | None = None


class Busy(msgspec.Struct, frozen=True):
    """Not now; `after` seconds, where the other side says so."""

    detail: str
    after: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """Neither now nor later."""

    detail: str


Outcome = Took | Busy | Refused


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """`wakes`: somebody can be woken by it. `reads`: it is a place to read, where a note does not disturb.

    Each is given its connection; neither raises but NoSecret and NoAnswer.
    """

    wakes: bool
    reads: bool
    send: Callable[[Any, Content], Outcome]
    close: Callable[[Any, str, Instant], Outcome] | None = None


def channel(name: str) -> Channel:
    found: Channel = importlib.import_module(CHANNELS[name]).CHANNEL
    return found


def tried(attempt: Callable[[], Outcome]) -> Outcome:
    """The outcome, whatever happens. No text holds a URL or a value of a secret."""
    try:
        return attempt()
    except NoSecret as error:
        return Refused(str(error))
    except NoAnswer as error:
        return Busy(str(error))


def call(url: str, content: bytes, headers: dict[str, str], ca: str | None = None) -> Answer:
    """One POST of JSON, once: the outbox tries again, and waits as long as it is told to. Raises NoAnswer."""
    try:
        url.encode("ascii")
        values = {name: value.encode("ascii").decode() for name, value in headers.items()}
    except UnicodeError:
        raise NoAnswer("its URL or a header is not ASCII", sent=False) from None
    return send(
        Call(
            method="POST",
            url=url,
            headers={"Content-Type": "application/json", **values},
            content=content,
            ca=ca,
            seconds=SECONDS,
            bound=16 * 1024,
            tries=1,
        )
    )


def judged(answer: Answer, now: Instant, *, good: bool) -> Outcome:
    """What an answer means where the channel knows only whether it is the good one."""
    if good:
        return Took()
    told = f"it answers {answer.status}"
    if answer.status in _BUSY or answer.status >= 500:
        return Busy(told, _retry_after(answer.headers.get("retry-after", ""), now))
    return Refused(told)


def _retry_after(value: str, now: Instant) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date."""
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), _MOST)
    try:
        return min(max(0.0, parsedate_to_datetime(value).timestamp() - now / 1000), _MOST)
    except (ValueError, OverflowError):
        return None
