"""What becomes of one alert, asked of the compiled configuration: receivers, outcome, people, remedies."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from watchbill.routing import Arrival, Config, Firing, Followed, Labels, follow, read
from watchbill.routing.building.configuration import configuration
from watchbill.routing.building.gates import Remedy, remedies
from watchbill.routing.building.paged import Chain, chain, people
from watchbill.routing.building.receivers import Receiver
from watchbill.routing.building.routetree import trees
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import OUTCOMES, OutcomeKind, Place, ResolvedAlert, Workspace
from watchbill.spec.rota import Rota


class Answer(msgspec.Struct, frozen=True):
    """`receivers` are those of the arrivals, in their order; None for one that a hand-written base names.

    `outcome` is the strongest of what the alert leads to now; None when nobody is told, or only a base knows. `chains` are
    the escalations it pages by while nothing inhibits it, and `first` the seconds to the first message of each.
    """

    followed: Followed
    receivers: tuple[Receiver | None, ...]
    outcome: OutcomeKind | None
    chains: tuple[Chain, ...]
    remedies: tuple[Remedy, ...]
    first: tuple[float, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is paged, step by step, each once."""
        found = () if self.followed.inhibited_by else self.chains
        return tuple(dict.fromkeys(name for one in found for name in people(one)))


def compiled(workspace: Workspace, environment: str) -> tuple[Config | None, list[Diagnostic]]:
    """The environment's configuration as Alertmanager reads it. Findings are those about a base."""
    value = configuration(workspace, environment)
    return read(value) if value is not None else (None, [])


def receivers(workspace: Workspace, environment: str) -> dict[str, Receiver]:
    """The receivers of an environment that policies make, by name."""
    return {one.name: one for tree in trees(workspace) if tree.environment == environment for one in tree.receivers()}


def answer(
    workspace: Workspace,
    rota: Rota,
    config: Config,
    place: Place,
    alert: ResolvedAlert | None,
    labels: Labels,
    at: datetime,
    firing: Firing | Iterable[Labels] = (),
    known: Mapping[str, Receiver] | None = None,
) -> Answer:
    """What becomes of an alert at an instant, while others fire. Without its rule nothing is known of remedies.

    For many questions the environment's receivers are given once, as `receivers` finds them.
    """
    followed = follow(config, labels, at, firing)
    by_name = known if known is not None else receivers(workspace, place.environment)
    told = tuple(by_name.get(arrival.route.receiver) for arrival in followed.arrivals)
    active = [
        (arrival, one)
        for arrival, one in zip(followed.arrivals, told, strict=True)
        if one is not None and arrival.active
    ]
    kinds = (one.kind for _, one in active)
    outcome = None if followed.inhibited_by else min(kinds, key=OUTCOMES.index, default=None)
    paging = [
        (found, first_message(arrival))
        for arrival, one in active
        if one.kind == "page"
        and one.escalation is not None
        and (found := chain(workspace, rota, one.team, one.escalation, at)) is not None
    ]
    tried = remedies(workspace, place, alert, labels, at) if alert is not None else []
    chains, first = tuple(found for found, _ in paging), tuple(seconds for _, seconds in paging)
    return Answer(followed, told, outcome, chains, tuple(tried), first)


def first_message(arrival: Arrival) -> float:
    """Seconds from the alert to the first message of its group."""
    return arrival.route.timing.group_wait / 1000
