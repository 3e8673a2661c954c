"""What of an alertmanager.yml decides where an alert goes, as frozen records: every route with all that it inherits."""

from collections.abc import Iterator

import msgspec

from watchbill.routing.lookup import Lookup, lookup
from watchbill.routing.matchers import Matcher, written
from watchbill.routing.times import TimeInterval
from watchbill.source.diagnostic import Where


class Timing(msgspec.Struct, frozen=True):
    """In milliseconds: before the first message of a group, before the next of a changed one, before the same again.

    The defaults are Alertmanager's (dispatch.DefaultRouteOpts).
    """

    group_wait: int = 30_000
    group_interval: int = 300_000
    repeat_interval: int = 14_400_000


class Route(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A route, with what it inherits already in it. Matchers, `continue` and time intervals are never inherited.

    `path` are the positions from the root, which is `()`. `group_by` None is every label (`...`). `written` are the keys
    that stand on the route itself. `at` is its place in the file, None when it was read from a value.
    """

    path: tuple[int, ...]
    receiver: str
    group_by: tuple[str, ...] | None
    timing: Timing
    matchers: tuple[Matcher, ...]
    goes_on: bool
    active: tuple[str, ...]
    muted: tuple[str, ...]
    routes: tuple["Route", ...]
    key: str
    written: frozenset[str]
    lookup: Lookup
    at: Where | None = None

    def __str__(self) -> str:
        return written(self.matchers) if self.path else "the root"

    def walk(self) -> Iterator["Route"]:
        """Itself and all below it, depth first."""
        yield self
        for one in self.routes:
            yield from one.walk()


class Inhibition(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """An inhibit rule: what fires and matches `sources` mutes what matches `targets`, when `equal` labels are equal."""

    number: int
    name: str
    sources: tuple[Matcher, ...]
    targets: tuple[Matcher, ...]
    equal: tuple[str, ...]
    at: Where | None = None


class Receiver(msgspec.Struct, frozen=True):
    """A receiver, and the integrations it has, such as `slack` or `pagerduty`: as often as it has them."""

    name: str
    integrations: tuple[str, ...]
    at: Where | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All that decides where an alert goes. `intervals` are those of both lists, the older one first."""

    root: Route
    receivers: dict[str, Receiver]
    inhibitions: tuple[Inhibition, ...]
    intervals: dict[str, TimeInterval]
    targets: Lookup

    def routes(self) -> Iterator[Route]:
        """Every route, depth first from the root."""
        return self.root.walk()

    def route(self, path: tuple[int, ...]) -> Route:
        """The route at a path. Raises IndexError when there is none."""
        found = self.root
        for position in path:
            found = found.routes[position]
        return found


def below(routes: tuple[Route, ...]) -> Lookup:
    return lookup([one.matchers for one in routes])
