"""The chain of the log: pure, with no database behind it, so that a file, an export and a live store are judged alike.

An entry's hash covers its number, its time, its kind, the sha256 of its body and the hash of the entry before it. The
body itself lies outside the chain: it can be erased, and what remains still proves what it was.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

GENESIS = bytes(32)
ERASED = "store.erased"
_KIND = re.compile(r"[a-z][a-z0-9.-]{0,63}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 in UTC: how every instant is stored and hashed."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def digest_of(body: bytes) -> bytes:
    return sha256(body).digest()


def link(seq: int, micros: int, kind: str, digest: bytes, prev: bytes) -> bytes:
    """The hash of an entry. Lines of text, so that anybody can compute it with a shell."""
    text = f"watchbill log 1\n{seq}\n{micros}\n{kind}\n{digest.hex()}\n{prev.hex()}\n"
    return sha256(text.encode()).digest()


def is_kind(kind: str) -> bool:
    return _KIND.fullmatch(kind) is not None


class Head(msgspec.Struct, frozen=True):
    """Where a log ends. Written down elsewhere, it proves that nothing before it was changed or cut off."""

    seq: int = 0
    hash: bytes = GENESIS

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


class Received(msgspec.Struct, frozen=True):
    """The raw body that an entry came from, as it was received."""

    digest: Any
    body: Any
    erased: Any = None


class Raw(msgspec.Struct, frozen=True):
    """An entry as somebody handed it to us: nothing about it is believed, not even its types.

    `body` is None when it is not there; `erased` is then when it was erased, by its own account.
    """

    seq: Any
    micros: Any
    kind: Any
    digest: Any
    prev: Any
    hash: Any
    body: Any
    erased: Any = None
    received: Received | None = None


class Broken(msgspec.Struct, frozen=True):
    """The first entry that is not what the chain says it was."""

    seq: int
    reason: str


class Verdict(msgspec.Struct, frozen=True):
    """How far the chain is whole, how many bodies were erased by retention, and the first broken entry, if any."""

    head: Head
    entries: int
    erased: int
    broken: Broken | None = None


def verify(read: Callable[[], Iterable[Raw]], *, head: Head | None = None) -> Verdict:
    """Judge a whole log. `read` gives its entries from the first on, and is called twice.

    A body may be absent only when a later entry of kind `store.erased`, itself in the chain, names its digest.
    `head` is one that was written down earlier: the log must contain it.
    """
    erasures = _erasures(read())
    at, count, erased = Head(), 0, 0
    try:
        for raw in read():
            reason, gone = _judge(raw, at, erasures)
            if reason is None and head is not None and raw.seq == head.seq and raw.hash != head.hash:
                reason = f"its hash is {raw.hash.hex()}, and {head.hash.hex()} was written down"
            if reason is not None:
                return Verdict(at, count, erased, Broken(at.seq + 1, reason))
            at, count, erased = Head(raw.seq, raw.hash), count + 1, erased + gone
    except Unreadable as error:
        return Verdict(at, count, erased, Broken(at.seq + 1, str(error)))
    if head is not None and at.seq < head.seq:
        return Verdict(
            at, count, erased, Broken(at.seq + 1, f"the log ends here; {head.seq} entries were written down")
        )
    return Verdict(at, count, erased)


def follow(entries: Iterable[Raw], at: Head) -> Verdict:
    """Judge a stretch of a log that begins after `at`. That a body was rightly erased, only the whole log can tell."""
    count = erased = 0
    try:
        for raw in entries:
            reason, gone = _judge(raw, at, None)
            if reason is not None:
                return Verdict(at, count, erased, Broken(at.seq + 1, reason))
            at, count, erased = Head(raw.seq, raw.hash), count + 1, erased + gone
    except Unreadable as error:
        return Verdict(at, count, erased, Broken(at.seq + 1, str(error)))
    return Verdict(at, count, erased)


class Unreadable(Exception):  # noqa: N818  (what it is, not what it does)
    """The file or the database does not even yield the next entry."""


def _judge(raw: Raw, at: Head, erasures: dict[bytes, int] | None) -> tuple[str | None, int]:
    """What is wrong with an entry, and how many of its bodies were erased."""
    typed = (
        (raw.seq, int),
        (raw.micros, int),
        (raw.kind, str),
        (raw.digest, bytes),
        (raw.prev, bytes),
        (raw.hash, bytes),
    )
    if not all(isinstance(value, kind) for value, kind in typed):
        return "it is not an entry: a field has the wrong type", 0
    if raw.seq != at.seq + 1:
        return f"entry {raw.seq} stands where {at.seq + 1} belongs", 0
    if raw.prev != at.hash:
        return "it does not follow from the entry before it", 0
    if not is_kind(raw.kind):
        return "its kind is not one", 0
    if link(raw.seq, raw.micros, raw.kind, raw.digest, raw.prev) != raw.hash:
        return "its hash is not that of its number, time, kind and body's digest", 0
    reason, gone = _body(raw.seq, "body", raw.digest, raw.body, raw.erased, erasures)
    if reason is not None:
        return reason, gone
    received = raw.received
    if isinstance(raw.body, bytes) and _came_from(raw.body) != (None if received is None else received.digest):
        return "the request it came from is not the one that it names", 0
    if received is None:
        return None, gone
    reason, also = _body(raw.seq, "request", received.digest, received.body, received.erased, erasures)
    return reason, gone + also


def _body(
    seq: int, name: str, digest: Any, body: Any, erased: Any, erasures: dict[bytes, int] | None
) -> tuple[str | None, int]:
    if not isinstance(digest, bytes):
        return f"the digest of its {name} has the wrong type", 0
    if body is None:
        if (erased is not None) if erasures is None else erasures.get(digest, 0) > seq:
            return None, 1
        said = "is marked as erased, but no later entry says so" if erased is not None else "is missing"
        return f"its {name} {said}", 0
    if erased is not None:
        return f"its {name} is marked as erased, and is there", 0
    if not isinstance(body, bytes) or digest_of(body) != digest:
        return f"its {name} is not the one that was written: the sha256 differs", 0
    return None, 0


def _erasures(entries: Iterable[Raw]) -> dict[bytes, int]:
    """By digest, the last entry that says it was erased. Entries that are broken say nothing."""
    found: dict[bytes, int] = {}
    try:
        for raw in entries:
            if raw.kind != ERASED or not isinstance(raw.body, bytes) or digest_of(raw.body) != raw.digest:
                continue
            for digest in erased_digests(raw.body):
                found[digest] = raw.seq
    except Unreadable:
        pass  # the second reading ends at the same place, and says so
    return found


def erased_digests(body: bytes) -> Iterator[bytes]:
    """The digests that an entry of kind `store.erased` names."""
    try:
        for text in json.loads(body)["digests"]:
            yield bytes.fromhex(text)
    except (ValueError, KeyError, TypeError):
        return


class _Request(msgspec.Struct):
    sha256: str


class _Body(msgspec.Struct):
    received: _Request | None = None


def _came_from(body: bytes) -> bytes | None:
    """The digest of the request that an entry's body says it came from."""
    try:
        request = msgspec.json.decode(body, type=_Body).received
        return None if request is None else bytes.fromhex(request.sha256)
    except (ValueError, RecursionError):  # not JSON, or JSON of another kind
        return None


# How bodies lie in the store


def packed(body: bytes) -> tuple[str, bytes]:
    """Its form, and the bytes to store: alerts repeat themselves, and a disk is slower than zlib's first level."""
    if len(body) > 512:
        small = zlib.compress(body, 1)
        if len(small) < len(body):
            return "deflate", small
    return "plain", body


def unpacked(form: Any, size: Any, stored: Any) -> bytes | None:
    """What `packed` took; None stays None. Never more than `size` bytes and one, whatever was stored."""
    if stored is None:
        return None
    if not isinstance(stored, bytes):
        return repr(stored).encode()
    if form == "plain":
        return stored
    try:
        return zlib.decompressobj().decompress(stored, int(size) + 1)
    except (zlib.error, ValueError, TypeError):
        return stored
