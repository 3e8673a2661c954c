"""Evidence: what was collected, sealed in bundles, and who has had it in hand.

A bundle is a manifest: JSON that names each artifact with its sha256, collector, source and time. The sha256 of the
manifest is the bundle's name, and stands in the chained log (`evidence.sealed`): neither an artifact nor the list of them
can be changed afterwards without that being seen. Whoever reads or exports one is written down first (`evidence.read`,
`evidence.exported`), and these entries are its chain of custody.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from watchbill.executor.core.events import Instant
from watchbill.executor.store import log
from watchbill.executor.store.connect import Transaction

VERSION = 1
SEALED, READ, EXPORTED = "evidence.sealed", "evidence.read", "evidence.exported"
PREFIX = "evidence."
SUMS, MANIFEST = "SHA256SUMS", "manifest.json"


class Artifact(msgspec.Struct, frozen=True):
    """`name` is its file in the bundle; `collected_at` is when it was asked for; `complete` is False when it was cut or failed."""

    name: str
    sha256: str
    size: int
    diagnostic: str
    collector: Literal["promql", "http", "command"]
    source: str
    collected_at: str
    complete: bool
    detail: str = ""


class Bundle(msgspec.Struct, frozen=True):
    """The manifest. `plan` is the digest of the plan by which it was collected."""

    incident: str
    plan: str
    sealed_at: str
    preserved: bool
    custody: bool
    artifacts: tuple[Artifact, ...]
    version: int = VERSION


class Held(msgspec.Struct, frozen=True):
    """One entry of a chain of custody; `seq` is its number in the log."""

    seq: int
    at: str
    what: str
    person: str
    reason: str


class Kept(msgspec.Struct, frozen=True):
    """A bundle as the store has it. `bundle` is None when retention has erased the manifest; `text` are its bytes."""

    name: str
    incident: str
    text: bytes | None
    bundle: Bundle | None
    custody: tuple[Held, ...] = ()


class _Noted(msgspec.Struct, frozen=True):
    note: dict[str, str]


def instant(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def manifest(bundle: Bundle) -> bytes:
    return msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n"


def kept(tx: Transaction, incident: str = "") -> list[Kept]:
    """Every bundle, oldest first; or those of incidents whose id begins so."""
    sealed: dict[str, Kept] = {}
    held: dict[str, list[Held]] = {}
    for entry in log.entries(tx, prefix=PREFIX):
        if entry.body is None:
            continue
        note = msgspec.json.decode(entry.body, type=_Noted).note
        name = note.get("bundle", "")
        at = entry.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        what = entry.kind.removeprefix(PREFIX)
        held.setdefault(name, []).append(
            Held(entry.seq, at, what, note.get("person", "executor"), note.get("reason", ""))
        )
        if entry.kind == SEALED and note["incident"].startswith(incident):
            text = log.get(tx, bytes.fromhex(name))
            bundle = msgspec.json.decode(text, type=Bundle) if text is not None else None
            sealed[name] = Kept(name, note["incident"], text, bundle)
    return [msgspec.structs.replace(one, custody=tuple(held[name])) for name, one in sealed.items()]


def bodies(tx: Transaction, bundle: Bundle) -> dict[str, bytes | None]:
    """Artifacts by their file's name; None for one that retention has erased."""
    return {one.name: log.get(tx, bytes.fromhex(one.sha256)) for one in bundle.artifacts}


def broken(one: Kept, found: Mapping[str, bytes | None]) -> Iterator[str]:
    """What is not what was sealed."""
    if one.text is not None and hashlib.sha256(one.text).hexdigest() != one.name:
        yield f"{MANIFEST} is not the one that was sealed"
    for artifact in one.bundle.artifacts if one.bundle is not None else ():
        body = found.get(artifact.name)
        if body is not None and hashlib.sha256(body).hexdigest() != artifact.sha256:
            yield f"{artifact.name} is not what was collected"


def tar(one: Kept, found: Mapping[str, bytes | None]) -> bytes:
    """A tar, the same bytes each time: the manifest, the artifacts that are still there, and `SHA256SUMS` for `sha256sum -c`.

    Everything lies in one folder, named for the bundle.
    """
    assert one.bundle is not None  # noqa: S101  (one whose manifest is gone is not exported)
    assert one.text is not None  # noqa: S101  (see above)
    files = {MANIFEST: one.text, **{name: body for name, body in found.items() if body is not None}}
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items()))
    files[SUMS] = sums.encode()
    sealed = datetime.fromisoformat(one.bundle.sealed_at)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as written:
        for name, body in sorted(files.items()):
            member = tarfile.TarInfo(f"evidence-{one.name[:16]}/{name}")
            member.size, member.mode, member.mtime = len(body), 0o444, int(sealed.timestamp())
            written.addfile(member, io.BytesIO(body))
    return out.getvalue()
