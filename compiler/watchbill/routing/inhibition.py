"""Inhibition as Alertmanager 0.33 does it (inhibit.InhibitRule.hasEqual).

A rule remembers one source for each set of `equal` labels, where labels missing on both sides are equal: the one that ends
last, and of those that end together the one that arrived last. An alert that matches both sides of a rule is not inhibited
by another that does; and when the one that is remembered does, Alertmanager looks no further. So it depends on the order
of arrival whether such an alert is inhibited by a third that matches the source side only.
"""

from collections.abc import Iterable

import msgspec

from watchbill.routing.matchers import Labels, all_match
from watchbill.routing.tree import Config, Inhibition

_Equal = tuple[str, ...]


class Inhibited(msgspec.Struct, frozen=True, eq=False):
    """By which rule an alert is inhibited, and the labels of the source. Not `certain`: had it arrived later, it would not."""

    rule: Inhibition
    source: Labels
    certain: bool = True


class _Sources(msgspec.Struct):
    """The sources of one rule with the same equal labels: the last to arrive of all, and of those that are no targets."""

    last: Labels
    last_plain: Labels | None = None
    both: bool = False  # whether the last one matches the target side as well


class Firing(msgspec.Struct, frozen=True, eq=False):
    """Alerts that fire, by the rules whose source side they match. Made by `firing_alerts`."""

    config: Config
    sources: tuple[dict[_Equal, _Sources], ...]

    def inhibiting(self, labels: Labels) -> tuple[tuple[Inhibited, ...], tuple[Inhibited, ...]]:
        """What inhibits an alert, by rule; and what would, had the alerts arrived in another order.

        The alert itself fires as well. Where it is not among those given, it arrived before them.
        """
        by: list[Inhibited] = []
        perhaps: list[Inhibited] = []
        for number in self.config.targets.matching(labels):
            rule = self.config.inhibitions[number]
            found = self.sources[number].get(tuple(labels.get(name, "") for name in rule.equal))
            if found is None:
                continue
            both = all_match(rule.sources, labels)
            if not (both and found.both):
                by.append(Inhibited(rule, found.last, certain=not both))
            elif found.last_plain is not None:
                perhaps.append(Inhibited(rule, found.last_plain, certain=False))
        return tuple(by), tuple(perhaps)


def firing_alerts(config: Config, alerts: Iterable[Labels]) -> Firing:
    """Alerts that fire, in the order of their arrival, made ready for many questions."""
    sources: tuple[dict[_Equal, _Sources], ...] = tuple({} for _ in config.inhibitions)
    for labels in alerts:
        for rule, known in zip(config.inhibitions, sources, strict=True):
            if not all_match(rule.sources, labels):
                continue
            equal = tuple(labels.get(name, "") for name in rule.equal)
            both = all_match(rule.targets, labels)
            held = known.setdefault(equal, _Sources(labels))
            held.last, held.both = labels, both
            held.last_plain = held.last_plain if both else labels
    return Firing(config, sources)
