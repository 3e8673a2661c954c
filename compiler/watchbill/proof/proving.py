"""One proof of a whole workspace."""

from collections.abc import Callable
from typing import Any

import msgspec

from watchbill.checks.covered import coverage_of
from watchbill.oncall.calendar import Stretch
from watchbill.proof.people import Audience, Page, audience, time_of
from watchbill.proof.reach import Break, Reach, World, pages, reach
from watchbill.proof.silence import Silence, silences
from watchbill.regex import TooLarge
from watchbill.routing import Config, ends, read
from watchbill.routing.building.configuration import configuration
from watchbill.routing.building.routetree import trees
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.memory import Memory
from watchbill.spec.model import Workspace
from watchbill.spec.rota import rota

Configurations = Callable[[Workspace, str], dict[str, Any] | None]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, in which time (seconds since 1970), and all that does not hold.

    `refused` are environments whose configuration Alertmanager would not read, `unclaimed` those in which an alert that
    no policy knows ends at a receiver without channels, `undecided` those with patterns that cannot be compared.
    """

    time: Stretch
    reached: dict[str, Reach] = {}
    silences: dict[str, tuple[Silence, ...]] = {}
    audiences: dict[Page, Audience] = {}
    inhibitions: int = 0
    refused: dict[str, tuple[Diagnostic, ...]] = {}
    unclaimed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def breaks(self) -> tuple[tuple[str, Break], ...]:
        return tuple((name, one) for name, found in self.reached.items() for one in found.breaks)

    @property
    def holds(self) -> bool:
        harm = any(self.silences.values())
        return not (self.breaks or harm or self.refused or self.unclaimed or self.undecided)


class _Audiences(msgspec.Struct, frozen=True):
    time: Stretch
    found: tuple[tuple[Page, Audience], ...]


def prove(workspace: Workspace, memory: Memory | None = None, configurations: Configurations = configuration) -> Proof:
    """Walk every alert of every environment that has an Alertmanager.

    `configurations` gives what an environment's Alertmanager reads: what is written, unless somebody asks about another.
    """
    made, _ = rota(workspace)
    asked = tuple(sorted(pages(workspace)))
    on_call = (memory or Memory()).recall(
        "proof people", repr(asked), workspace.seals.on_call, _Audiences, lambda: _audiences(workspace, asked)
    )
    world = World(workspace, made, on_call.time, dict(on_call.found))
    reached: dict[str, Reach] = {}
    harm: dict[str, tuple[Silence, ...]] = {}
    refused: dict[str, tuple[Diagnostic, ...]] = {}
    unclaimed, undecided = [], []
    inhibitions = 0
    for tree in trees(workspace):
        environment = tree.environment
        config, problems = read(configurations(workspace, environment) or {})
        if config is None:
            refused[environment] = tuple(problems)
            continue
        try:
            reached[environment] = reach(world, environment, config, {one.name: one for one in tree.receivers()})
        except TooLarge:
            undecided.append(environment)
        harm[environment] = tuple(silences(workspace, environment, config))
        inhibitions += len(config.inhibitions)
        if environment not in workspace.bases and not _claimed(config):  # a base's root is its own affair
            unclaimed.append(environment)
    return Proof(
        time=world.time,
        reached=reached,
        silences=harm,
        audiences=dict(on_call.found),
        inhibitions=inhibitions,
        refused=refused,
        unclaimed=tuple(unclaimed),
        undecided=tuple(undecided),
    )


def _audiences(workspace: Workspace, asked: tuple[Page, ...]) -> _Audiences:
    made, _ = rota(workspace)
    time = time_of(coverage_of(workspace, schedule) for schedule in made.schedules.values())
    known: dict[str, list[tuple[int, int, str]]] = {}
    return _Audiences(time, tuple((page, audience(workspace, made, time, page, known)) for page in asked))


def _claimed(config: Config) -> bool:
    """Whether an alert that carries nothing but a name nobody knows is told to anybody."""
    return all(config.receivers[route.receiver].integrations for route in ends(config, {"alertname": "\x00"}))
