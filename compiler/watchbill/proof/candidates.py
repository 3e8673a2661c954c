"""The routes that an alert may take, as far as the labels say that it has for certain; and on which others that depends."""

from collections.abc import Iterator

from watchbill.proof.kinds import Kind
from watchbill.routing import Config, Route

_CERTAIN = ("team", "severity")  # what every rule of ours carries
_Index = dict[tuple[str | None, ...], list[Route]]


class Candidates:
    """An index over one tree, by the values that its routes want of the labels that every alert has."""

    def __init__(self, config: Config) -> None:
        self._root = config.root
        self._below: dict[tuple[int, ...], _Index] = {}

    def matter(self, kind: Kind) -> frozenset[str]:
        """The open labels that decide which route an alert takes: no route that it could take asks for another."""
        return frozenset(self._matter(self._root, kind))

    def _matter(self, route: Route, kind: Kind) -> Iterator[str]:
        below = self._index(route)
        team, severity = (kind.labels.get(label, "") for label in _CERTAIN)
        for key in ((team, severity), (team, None), (None, severity), (None, None)):
            for child in below.get(key, ()):
                open_ = [one.label for one in child.matchers if kind.open(one.label)]
                if all(one.label in open_ or one.matches(kind.labels) for one in child.matchers):
                    yield from open_
                    yield from self._matter(child, kind)

    def _index(self, route: Route) -> _Index:
        if route.path not in self._below:
            found: _Index = {}
            for child in route.routes:
                wanted = {one.label: one.value for one in child.matchers if one.operator == "="}
                found.setdefault(tuple(wanted.get(label) for label in _CERTAIN), []).append(child)
            self._below[route.path] = found
        return self._below[route.path]
