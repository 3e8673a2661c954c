"""Every case of every Test, answered: each environment's configuration and the rota are read once for all of them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from watchbill.routing import Config, firing_alerts
from watchbill.routing.building.answer import answer, compiled, receivers
from watchbill.routing.building.asking import Asked, asked
from watchbill.routing.building.receivers import Receiver
from watchbill.source.diagnostic import Diagnostic
from watchbill.spec.model import Workspace
from watchbill.spec.rota import rota
from watchbill.trial.findings import finding
from watchbill.trial.judging import wrong

_ANY = datetime(2026, 1, 5, tzinfo=UTC)  # where a case gives no time, nothing it expects depends on it

Path = tuple[int, ...]


class Trial(msgspec.Struct, frozen=True):
    """A case in one place as it came out: where its routes end, what is to be said when it failed, seconds it took."""

    asked: Asked
    ends: tuple[Path, ...]
    failure: Diagnostic | None
    seconds: float


def trials(workspace: Workspace, wanted: Callable[[Asked], bool] = lambda _: True) -> list[Trial]:
    """Every case that is wanted, in each of its places. What cannot be asked at all is a finding of `check`."""
    people, _ = rota(workspace)
    known: dict[str, tuple[Config, dict[str, Receiver]]] = {}
    found = []
    for one in filter(wanted, asked(workspace)[0]):
        started = time.perf_counter()
        environment = one.meant.place.environment
        if environment not in known:
            config, _ = compiled(workspace, environment)
            if config is None:
                continue  # what is wrong with its base is told by `check`
            known[environment] = (config, receivers(workspace, environment))
        config, by_name = known[environment]
        firing = firing_alerts(config, one.firing) if one.firing else ()
        place, alert, labels = one.meant.place, one.meant.alert, one.meant.labels
        told = answer(workspace, people, config, place, alert, labels, one.at or _ANY, firing, by_name)
        problems = wrong(one, config, told)
        failure = finding(one, config, told, problems) if problems else None
        ends = tuple(arrival.route.path for arrival in told.followed.arrivals)
        found.append(Trial(one, ends, failure, time.perf_counter() - started))
    return found
