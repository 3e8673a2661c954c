"""Entries of the log, as the engine writes and reads them: an event, the decisions made of it, and where it came from."""

import msgspec

from watchbill.executor.core.decisions import Decision, Decisions
from watchbill.executor.core.events import Events
from watchbill.executor.core.events import encode as encode_event
from watchbill.executor.store.chain import digest_of
from watchbill.executor.store.log import Arrival

EVENT = "event."  # kinds that the state is folded from; `event.delivered` and so on
MALFORMED = "intake.malformed"
FAULT = "engine.fault"
BEGUN = "effect.begun"


class _Request(msgspec.Struct, frozen=True):
    sha256: str


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    event: msgspec.Raw
    decisions: tuple[Decision, ...] = ()
    received: _Request | None = None
    error: str | None = None


class _Noted(msgspec.Struct, frozen=True, omit_defaults=True):
    note: dict[str, str]
    received: _Request | None = None


class _Folded(msgspec.Struct, frozen=True):
    event: Events


class Recorded(msgspec.Struct, frozen=True):
    """What an event's entry says: the event, and what was decided."""

    event: Events
    decisions: tuple[Decisions, ...] = ()


_ENCODER = msgspec.json.Encoder(order="deterministic")
_FOLDED = msgspec.json.Decoder(_Folded)
_RECORDED = msgspec.json.Decoder(Recorded)


def kind_of(event: Events) -> str:
    return f"{EVENT}{type(event).__struct_config__.tag}"


def written(
    event: Events, decisions: tuple[Decision, ...] = (), arrival: Arrival | None = None, error: str | None = None
) -> bytes:
    """The body of an event's entry. `error` makes it one that is not folded: the event that nothing could be made of."""
    return _ENCODER.encode(_Written(msgspec.Raw(encode_event(event)), decisions, _request(arrival), error))


def noted(note: dict[str, str], arrival: Arrival | None = None) -> bytes:
    """The body of an entry that changes no state: for the audit only."""
    return _ENCODER.encode(_Noted(note, _request(arrival)))


def event_of(body: bytes) -> Events:
    """The event of an entry. Raises msgspec.DecodeError for a damaged one."""
    return _FOLDED.decode(body).event


def recorded(body: bytes) -> Recorded:
    """The same with its decisions. Raises msgspec.DecodeError for a damaged one."""
    return _RECORDED.decode(body)


def note_of(body: bytes) -> dict[str, str]:
    """What an entry that changes no state notes."""
    return msgspec.json.decode(body, type=_Noted).note


def _request(arrival: Arrival | None) -> _Request | None:
    return None if arrival is None else _Request(digest_of(arrival.body).hex())
