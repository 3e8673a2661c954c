"""What becomes of one alert, asked of the compiled configuration: receivers, outcome, people, remedies."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from watchbill.routing import Arrival, Config, Followed, Labels, follow, read
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
    the escalations it pages by while nothing inhibits it.
    """

    followed: Followed
    receivers: tuple[Receiver | None, ...]
    outcome: OutcomeKind | None
    chains: tuple[Chain, ...]
    remedies: tuple[Remedy, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is paged, step by step, each once."""
        found = () if self.followed.inhibited_by else self.chains
        return tuple(dict.fromkeys(name for one in found for name in people(one)))


def compiled(workspace: Workspace, environment: str) -> tuple[Config | None, list[Diagnostic]]:
    """The environment's configuration as Alertmanager reads it. Findings are those about a base."""
    value = configuration(workspace, environment)
    return read(value) if value is not None else (None, [])


def answer(
    workspace: Workspace,
    rota: Rota,
    config: Config,
    place: Place,
    alert: ResolvedAlert | None,
    labels: Labels,
    at: datetime,
    firing: Iterable[Labels] = (),
) -> Answer:
    """What becomes of an alert at an instant, while others fire. Without its rule nothing is known of remedies."""
    followed = follow(config, labels, at, firing)
    known = {
        one.name: one for tree in trees(workspace) if tree.environment == place.environment for one in tree.receivers()
    }
    receivers = tuple(known.get(arrival.route.receiver) for arrival in followed.arrivals)
    active = [
        one for arrival, one in zip(followed.arrivals, receivers, strict=True) if one is not None and arrival.active
    ]
    outcome = None if followed.inhibited_by else min((one.kind for one in active), key=OUTCOMES.index, default=None)
    chains = (
        chain(workspace, rota, one.team, one.escalation, at)
        for one in active
        if one.kind == "page" and one.escalation is not None
    )
    tried = remedies(workspace, place, alert, labels, at) if alert is not None else []
    return Answer(followed, receivers, outcome, tuple(one for one in chains if one is not None), tuple(tried))


def first_message(arrival: Arrival) -> float:
    """Seconds from the alert to the first message of its group."""
    return arrival.route.timing.group_wait / 1000
