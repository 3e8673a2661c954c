"""What a part of the compiler is shown whose answer is remembered, and the seal of that: one place for both.

A part cannot depend on what it is not shown. There are two such views:

- `on_call`: people, their schedules and calendars. No service, no rule.
- a service alone: its own rules in every place and its own document; the documents that every service is resolved from;
  of all other documents only that they are there: kind, name, team, and where they stand, but no body.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

import msgspec

from watchbill.spec.load import Policies, Policy
from watchbill.spec.model import ResolvedService, Seals, Workspace

Documents = dict[str, dict[str, Policy]]

ON_CALL = ("Workspace", "Team", "Person", "Schedule", "Calendar", "Escalation")
BEHIND_SERVICES = ("Workspace", "Team", "AlertSet", "Ownership")
"""The kinds that are read while a service is resolved. A change of one of them is a change of every service."""


def seals(policies: Policies, documents: Documents, testers: dict[tuple[str, str], str], lock: bytes) -> Seals:
    """All seals. `testers` are the services for which the tests of a set's alerts run: the set alone does not say which."""
    behind = _digest(*_digests(documents, lambda kind: kind in BEHIND_SERVICES))
    tests: dict[str, list[tuple[str, str]]] = {}
    for alert, tester in testers.items():
        tests.setdefault(tester, []).append(alert)
    services = {
        f"Service/{one.name}": _digest(behind, one.digest, msgspec.msgpack.encode(tests.get(one.name)))
        for one in documents.get("Service", {}).values()
    }
    for foreign in documents.get("Foreign", {}).values():
        files = policies.rules_of(foreign) if foreign.body is not None else []
        services[f"Foreign/{foreign.name}"] = _digest(behind, foreign.digest, *(file.digest for file in files))
    people = [policy.digest for kind in ON_CALL for policy in documents.get(kind, {}).values()]
    around = _digest(lock, *_digests(documents, lambda kind: kind not in ("Service", "Foreign", "Runbook")))
    read = msgspec.msgpack.encode((sorted(policies.bases.items()), policies.unread))
    rules = (policy.digest for policy in policies.rules.values())
    everything = _digest(lock, read, *rules, *_digests(documents, lambda _: True))
    return Seals(services, _digest(lock, *people), around, everything)


def on_call(workspace: Workspace) -> Workspace:
    """The workspace without anything but people and when they are on call."""
    places = {name: msgspec.structs.replace(place, services=()) for name, place in workspace.places.items()}
    documents = {kind: workspace.documents.get(kind, {}) for kind in ON_CALL}
    return msgspec.structs.replace(workspace, places=places, documents=documents, windows={}, bases={}, seals=Seals())


class Alone:
    """Makes views of one workspace in which a service is alone."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = msgspec.structs.replace(workspace, windows={}, bases={}, seals=Seals())
        self._documents = {
            kind: same if kind in BEHIND_SERVICES else {name: _bodiless(policy) for name, policy in same.items()}
            for kind, same in workspace.documents.items()
        }
        self._places: dict[str, dict[str, ResolvedService]] = {}
        for place in workspace.places.values():
            for service in place.services:
                self._places.setdefault(f"{service.kind}/{service.name}", {})[place.name] = service

    @property
    def services(self) -> Iterable[str]:
        """`Service/name` and `Foreign/name`, those of the first place first."""
        return self._places

    def view(self, service: str) -> Workspace:
        """The workspace with this service only."""
        kind, name = service.split("/", 1)
        own = self._places[service]
        places = {
            place.name: msgspec.structs.replace(place, services=(own[place.name],) if place.name in own else ())
            for place in self._workspace.places.values()
        }
        known = {**self._documents[kind], name: self._workspace.documents[kind][name]}
        return msgspec.structs.replace(self._workspace, places=places, documents={**self._documents, kind: known})


def _digests(documents: Documents, shown: Callable[[str], bool]) -> Iterator[bytes]:
    """Those of all documents, the ones that are not of a kind to be shown without their bodies."""
    for kind, same in documents.items():
        whole = shown(kind)
        for policy in same.values():
            yield policy.digest if whole else msgspec.msgpack.encode(_header(policy))


def _header(policy: Policy) -> tuple[object, ...]:
    at = policy.at
    return policy.kind, policy.name, policy.team, at.file, at.document, at.path, policy.body is None


def _bodiless(policy: Policy) -> Policy:
    return msgspec.structs.replace(policy, body=None)


def _digest(*parts: bytes) -> bytes:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()
