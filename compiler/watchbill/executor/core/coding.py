"""A state as bytes and back: the same state, the same bytes. For snapshots, and to compare."""

from collections.abc import Callable
from typing import Literal

import msgspec

from watchbill.executor.core.events import Instant
from watchbill.executor.core.shards import Shards
from watchbill.executor.core.state import Incident, Ledger, Opening, State, Switch
from watchbill.executor.plan import Plan

VERSION = 1


class _Snapshot(msgspec.Struct, omit_defaults=True):
    version: int
    plan: str | None
    plans: dict[str, int]
    mode: Literal["observe", "approve", "auto"] | None
    switches: dict[str, Switch]
    broken: dict[str, Instant]
    blind: dict[str, int]
    ledger: Ledger
    recent: tuple[Opening, ...]
    opened: int
    open: int
    effects: int
    asked_at: Instant
    deadlines: dict[str, Instant]
    incidents: list[Incident]
    told: dict[str, Instant] = {}


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER: msgspec.json.Decoder[_Snapshot] = msgspec.json.Decoder(_Snapshot)
_SAME = tuple(name for name in _Snapshot.__struct_fields__ if name not in ("version", "incidents"))


def encode(state: State) -> bytes:
    """Canonical: incidents by key, members of mappings by name."""
    incidents = [state.incidents[key] for key in sorted(state.incidents)]
    return _ENCODER.encode(
        _Snapshot(version=VERSION, incidents=incidents, **{name: getattr(state, name) for name in _SAME})
    )


def decode(data: bytes, plan_of: Callable[[str], Plan]) -> State:
    """The state; `plan_of` gives the plan of a digest. One of another version is a ValueError: fold the log instead."""
    head = msgspec.json.decode(data, type=_Head)
    if head.version != VERSION:
        raise ValueError(f"a snapshot of version {head.version}, and this executor reads version {VERSION}")
    snapshot = _DECODER.decode(data)
    library = {digest: plan_of(digest) for digest in sorted(snapshot.plans)}
    incidents = Shards((incident.slot, incident) for incident in snapshot.incidents)
    same = {name: getattr(snapshot, name) for name in _SAME}
    return State(**same, incidents=incidents, library=library)


class _Head(msgspec.Struct):
    version: int
