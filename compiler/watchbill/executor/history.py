"""What the log tells: one incident from its first alert to its end, and everything that was ever decided.

Events and decisions are the log's; what was to be done outside stands in the outbox, as long as retention leaves it there.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from watchbill.executor.core import decisions as said
from watchbill.executor.core.effects import decode_body
from watchbill.executor.core.events import Events
from watchbill.executor.entries import EVENT, recorded
from watchbill.executor.store import log, outbox
from watchbill.executor.store.chain import to_micros
from watchbill.executor.store.connect import Transaction
from watchbill.executor.words import Part

D = TypeVar("D", bound=said.Decision)


class Story(msgspec.Struct, frozen=True):
    """One incident as the log has it. `erased` counts entries of any incident whose bodies retention has taken."""

    incident: str
    parts: tuple[Part, ...]
    erased: int = 0

    def last(self, kind: type[D]) -> D | None:
        """The last decision of a kind."""
        return next((one for part in reversed(self.parts) for one in part.decisions if isinstance(one, kind)), None)


def stories(tx: Transaction, name: str) -> list[Story]:
    """Of every incident whose id begins so; also of those that the state has forgotten."""
    found: dict[str, dict[int, Part]] = {}
    erased = 0
    word = name.encode()
    for entry in log.entries(tx, prefix=EVENT):
        if entry.body is None:
            erased += 1
            continue
        if word not in entry.body:
            continue
        known = recorded(entry.body)
        concerned = {one.incident for one in known.decisions if one.incident is not None}
        concerned.add(_incident_of(known.event))
        for identity in concerned:
            if identity.startswith(name) and (identity in found or _opens(known.decisions, identity) or erased):
                decided = tuple(one for one in known.decisions if one.incident in (None, identity))
                at = to_micros(entry.time) // 1000
                found.setdefault(identity, {})[entry.seq] = Part(at, known.event, decided, {})
    chosen = {name: found[name]} if name in found else found
    for identity, mine in chosen.items():
        for seq, key, body in outbox.wanted(tx, f"{identity}/"):
            if seq in mine:
                effects = {**mine[seq].effects, key: decode_body(body)}
                mine[seq] = msgspec.structs.replace(mine[seq], effects=effects)
    return [Story(identity, tuple(mine.values()), erased) for identity, mine in chosen.items()]


def parts(tx: Transaction) -> Iterator[Part]:
    """Every event of which anything was decided, of all incidents, without what was to be done outside."""
    for entry in log.entries(tx, prefix=EVENT):
        if entry.body is not None:
            known = recorded(entry.body)
            if known.decisions:
                yield Part(to_micros(entry.time) // 1000, known.event, known.decisions, {})


def _opens(decisions: tuple[said.Decisions, ...], identity: str) -> bool:
    return any(isinstance(one, said.Opened) and one.incident == identity for one in decisions)


def _incident_of(event: Events) -> str:
    """Whose an event is: by its own word, or by the key of what it answers."""
    named = getattr(event, "incident", None) or getattr(event, "key", "")
    return str(named).partition("/")[0]
