"""One service, or one Foreign, resolved; remembered until something it follows from changes."""

from collections.abc import Callable

import msgspec

from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.expressions import Analysis, learning
from watchbill.spec.memory import Finding, Memory, noted, told
from watchbill.spec.model import ResolvedGroup, ResolvedService
from watchbill.spec.services import Apart, everywhere, in_groups
from watchbill.spec.settings import PlaceSettings

PART = "services"
Analyses = dict[str, Analysis]


class _Slim(msgspec.Struct, frozen=True, array_like=True):
    """A ResolvedService with its rules only once: in their groups."""

    name: str
    team: str
    tier: int
    dashboard_url: str | None
    groups: tuple[ResolvedGroup, ...]
    at: Location
    kind: str

    def whole(self) -> ResolvedService:
        bare = ResolvedService(self.name, self.team, self.tier, self.dashboard_url, (), (), (), self.at, self.kind)
        return in_groups(bare, self.groups)


class _Resolution(msgspec.Struct, frozen=True, array_like=True):
    """`analyses` are those of its expressions: still good when the service itself must be resolved again."""

    apart: dict[str, _Slim | str]
    found: list[Finding]
    analyses: msgspec.Raw


def resolution(
    memory: Memory,
    subject: str,
    seal: bytes,
    places: dict[str, PlaceSettings],
    make: Callable[[], tuple[Apart, list[Diagnostic]]],
) -> tuple[dict[str, ResolvedService], list[Diagnostic]]:
    """The service in every place where it is, by place name; with everything that is wrong with it."""
    known = memory.find(PART, subject, seal, _Resolution)
    if known is not None:
        apart: Apart = {place: one if isinstance(one, str) else one.whole() for place, one in known.apart.items()}
        return everywhere(apart, places), told(known.found)
    before = memory.last(PART, subject, _Resolution)
    with learning(msgspec.msgpack.decode(before.analyses, type=Analyses) if before is not None else {}) as analyses:
        apart, found = make()
    memory.keep(PART, subject, seal, _remembered(apart, found, analyses))
    return everywhere(apart, places), found


def _remembered(apart: Apart, found: list[Diagnostic], analyses: Analyses) -> _Resolution:
    slim = {place: one if isinstance(one, str) else _slim(one) for place, one in apart.items()}
    return _Resolution(slim, noted(found), msgspec.Raw(msgspec.msgpack.encode(analyses)))


def _slim(one: ResolvedService) -> _Slim:
    return _Slim(one.name, one.team, one.tier, one.dashboard_url, one.groups, one.at, one.kind)
