"""Which label sets a configuration can tell apart: for each label the values it lists, and the patterns it asks."""

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from watchbill.promql.regex import problem
from watchbill.regex import TooLarge, cells
from watchbill.routing import patterns
from watchbill.routing.matchers import Matcher
from watchbill.routing.tree import Config


class Distinction(msgspec.Struct, frozen=True):
    """What is asked about one label. `values` are those named by some matcher, the empty one left out; `patterns` are all
    others that are asked, as they are written. `equal`: some inhibit rule compares it between two alerts.
    """

    label: str
    values: tuple[str, ...]
    patterns: tuple[str, ...]
    equal: bool = False

    def representatives(self) -> tuple[str, ...]:
        """One value of each kind that the matchers can tell apart: the empty one (absent) first, then each listed one,
        then for each combination of patterns that some other value fulfils a shortest such value; among them one that
        fulfils none, where there is any. Two values of one kind take the same routes.

        Raises `regex.TooLarge` when the patterns cannot be compared within bounds.
        """
        if any(problem(one) is not None for one in self.patterns):  # whole only between Alertmanager's own parentheses
            raise TooLarge
        others = cells(self.patterns, apart=(*self.values, ""))
        return ("", *self.values, *others.values())


def distinctions(config: Config, *, inhibition: bool = True) -> dict[str, Distinction]:
    """Every label that some matcher of a route (and of an inhibit rule) asks about, by name."""
    values: dict[str, dict[str, None]] = {}
    asked: dict[str, dict[str, None]] = {}
    equal = {name for rule in config.inhibitions for name in rule.equal} if inhibition else set()
    for matcher in chain(_of_routes(config), _of_rules(config) if inhibition else ()):
        listed = patterns.listed(matcher.value) if "~" in matcher.operator else (matcher.value,)
        if listed is None:
            asked.setdefault(matcher.label, {})[matcher.value] = None
        else:
            values.setdefault(matcher.label, {}).update(dict.fromkeys(one for one in listed if one))
    names = sorted({*values, *asked, *equal})
    return {
        name: Distinction(name, tuple(sorted(values.get(name, ()))), tuple(asked.get(name, ())), name in equal)
        for name in names
    }


def _of_routes(config: Config) -> Iterator[Matcher]:
    for route in config.routes():
        yield from route.matchers


def _of_rules(config: Config) -> Iterable[Matcher]:
    for rule in config.inhibitions:
        yield from rule.sources
        yield from rule.targets
