"""What no test is about: alerts without one, and routes where no tested alert ends."""

from collections.abc import Iterable
from math import floor

import msgspec

from watchbill.routing import Config
from watchbill.routing.building.answer import compiled
from watchbill.spec.model import Workspace
from watchbill.trial.running import Path, Trial


class Coverage(msgspec.Struct, frozen=True):
    """Alerts are `service/name`, counted once however many levels and places they have; `untested` are those without a test.

    Left out are alerts that lead to nothing everywhere, such as a watchdog, and those that watch over another one's data,
    which the compiler writes. `routes` are counted in every environment; `unreached` are `environment: matchers`.
    """

    alerts: int
    untested: tuple[str, ...]
    routes: int
    unreached: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Of the alerts, how many in a hundred have a rule test, or a case of a Test."""
        return 100 * (self.alerts - len(self.untested)) / self.alerts if self.alerts else 100.0

    @property
    def share(self) -> str:
        """The percentage for people, cut to a tenth: what is not all is never shown as 100%."""
        return f"{floor(self.percent * 10) / 10:g}%"


def coverage(workspace: Workspace, ran: Iterable[Trial]) -> Coverage:
    tested: dict[str, bool] = {}
    ended: dict[str, set[Path]] = {}
    about = set()
    for one in ran:
        meant = one.asked.meant
        ended.setdefault(meant.place.environment, set()).update(one.ends)
        if meant.alert is not None:
            about.add((meant.alert.service, meant.alert.name))
    for place in workspace.places.values():
        for alert in place.alerts:
            if alert.no_data_of is None and any(outcome.kind != "drop" for _, outcome in alert.takers):
                name = f"{alert.service}/{alert.name}"
                has = bool(alert.tests) or (alert.service, alert.name) in about
                tested[name] = tested.get(name, False) or has
    routes, unreached = 0, []
    for environment in workspace.environments:
        config, _ = compiled(workspace, environment)
        if config is not None:
            number, some = _routes(config, environment, ended.get(environment, set()))
            routes += number
            unreached += some
    return Coverage(
        len(tested), tuple(sorted(name for name, has in tested.items() if not has)), routes, tuple(unreached)
    )


def _routes(config: Config, environment: str, ended: set[Path]) -> tuple[int, list[str]]:
    """A route is reached when a tested alert ends there or below; the root only when one ends there."""
    reached = {path[:depth] for path in ended for depth in range(1, len(path) + 1)} | (ended & {()})
    routes = list(config.routes())
    some = [f"{environment}: {one} → {one.receiver}" for one in routes if one.path not in reached]
    return len(routes), some
