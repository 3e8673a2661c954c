"""Services and Foreigns, each resolved by itself; remembered until something it follows from changes."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from watchbill.source.diagnostic import Diagnostic, Location
from watchbill.spec.beside import in_two
from watchbill.spec.expressions import Analysis, learning, learnt
from watchbill.spec.memory import Finding, Memory, noted, told
from watchbill.spec.model import ResolvedGroup, ResolvedService
from watchbill.spec.services import Apart, everywhere, in_groups
from watchbill.spec.settings import PlaceSettings

PART = "services"
Analyses = dict[str, Analysis]
Resolve = Callable[[], tuple[Apart, list[Diagnostic]]]
Resolved = tuple[dict[str, ResolvedService], list[Diagnostic]]


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


def resolutions(
    memory: Memory, seals: Mapping[str, bytes], places: dict[str, PlaceSettings], make: Mapping[str, Resolve]
) -> list[Resolved]:
    """Each service in every place where it is, by place name; with everything that is wrong with it."""
    jobs = [partial(_resolution, memory, subject, seals[subject], places, one) for subject, one in make.items()]
    return in_two(memory, jobs, memory.lacking(PART, {subject: seals[subject] for subject in make}))


def _resolution(memory: Memory, subject: str, seal: bytes, places: dict[str, PlaceSettings], make: Resolve) -> Resolved:
    known = memory.find(PART, subject, seal, _Resolution)
    if known is not None:
        learnt(known.analyses)
        apart: Apart = {place: one if isinstance(one, str) else one.whole() for place, one in known.apart.items()}
        return everywhere(apart, places), told(known.found)
    before = memory.last(PART, subject, _Resolution)
    if before is not None:
        learnt(before.analyses)
    with learning() as analyses:
        apart, found = make()
    memory.keep(PART, subject, seal, _remembered(apart, found, analyses))
    return everywhere(apart, places), found


def _remembered(apart: Apart, found: list[Diagnostic], analyses: Analyses) -> _Resolution:
    slim = {place: one if isinstance(one, str) else _slim(one) for place, one in apart.items()}
    return _Resolution(slim, noted(found), msgspec.Raw(msgspec.msgpack.encode(analyses)))


def _slim(one: ResolvedService) -> _Slim:
    return _Slim(one.name, one.team, one.tier, one.dashboard_url, one.groups, one.at, one.kind)
