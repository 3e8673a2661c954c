"""The log as JSON lines: a first line with the version, one for each entry, a last one with the head.

A body is `text` where it is UTF-8, else `base64`; an erased one has `erased` in its place. An export that was cut off
lacks its last line, which `read` tells.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from typing import Any

from watchbill.executor.logs import seen
from watchbill.executor.store.chain import Head, Raw, Received, Unreadable

VERSION = 1


def write(entries: Iterable[Raw]) -> Iterator[str]:
    """Lines without their ends."""
    yield json.dumps({"watchbill_log": VERSION})
    head = Head()
    for raw in entries:
        line = {
            "seq": raw.seq,
            "micros": raw.micros,
            "kind": raw.kind,
            "digest": raw.digest.hex(),
            "prev": raw.prev.hex(),
            "hash": raw.hash.hex(),
            **_told(raw.body, raw.erased),
        }
        if raw.received is not None:
            line["received"] = {"digest": raw.received.digest.hex(), **_told(raw.received.body, raw.received.erased)}
        yield seen(json.dumps(line, ensure_ascii=False))
        head = Head(raw.seq, raw.hash)
    yield json.dumps({"head": str(head)})


def _told(body: bytes | None, erased: int | None) -> dict[str, Any]:
    if body is None:
        return {"erased": erased}
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def read(lines: Iterable[bytes]) -> Iterator[Raw]:
    """Entries of an export, believed in nothing. Raises Unreadable where a line is none, or the last one is missing."""
    ended = False
    number = 0
    last = Head()
    for number, line in enumerate(lines, 1):
        if ended:
            raise Unreadable(f"line {number} stands after the end")
        try:
            document = json.loads(line)
            if number == 1:
                if document != {"watchbill_log": VERSION}:
                    raise Unreadable("the first line is not that of an export of version 1")
                continue
            if "head" in document:
                ended = True
                if document["head"] != str(last):
                    raise Unreadable(f"the last line says {document['head']}, and the entries end at {last}")
                continue
            raw = _raw(document)
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
            raise Unreadable(f"line {number} is not an entry: {type(error).__name__}") from None
        last = Head(raw.seq, raw.hash)
        yield raw
    if not ended:
        raise Unreadable(f"the export is cut off after line {number}")


def _raw(line: dict[str, Any]) -> Raw:
    received = None
    if "received" in line:
        came = line["received"]
        received = Received(bytes.fromhex(came["digest"]), _body(came), came.get("erased"))
    return Raw(
        line["seq"],
        line["micros"],
        line["kind"],
        bytes.fromhex(line["digest"]),
        bytes.fromhex(line["prev"]),
        bytes.fromhex(line["hash"]),
        _body(line),
        line.get("erased"),
        received,
    )


def _body(line: dict[str, Any]) -> bytes | None:
    if "text" in line:
        body: bytes = line["text"].encode()
        return body
    if "base64" in line:
        return base64.b64decode(line["base64"], validate=True)
    return None
