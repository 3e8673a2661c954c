"""The dangers of inhibition: that a lesser alert silences a worse one, two silence each other, or a place another.

Alertmanager lets a source inhibit though it is itself silenced, muted or inhibited, and takes labels that are missing on
both sides for equal (inhibit.InhibitRule.hasEqual). So a rule is harmless only when every alert that may be its source
outranks every other that it may silence, and is never told more quietly, in any window and at any hour. What strictly
outranks cannot be silenced in turn: with that law there are no circles.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from watchbill.proof.kinds import Kind, kinds
from watchbill.routing import Config, Inhibition, Matcher, distinctions
from watchbill.spec.loudness import harm
from watchbill.spec.model import Workspace

Danger = Literal["lesser", "quieter", "tier", "place", "unknown"]


class Silence(msgspec.Struct, frozen=True, eq=False):
    """A rule that may do harm. Without `source` it is an alert that no policy knows: `unknown`.

    `lesser`: the source does not outrank the target. `quieter`: at some hour, or in a window, it is told more quietly.
    `tier`: it is of a service that matters less. `place`: the two belong to different environments.
    """

    danger: Danger
    rule: Inhibition
    target: Kind
    source: Kind | None = None


def silences(workspace: Workspace, environment: str, config: Config) -> Iterator[Silence]:
    """The first harm that each rule of a configuration may do, by danger."""
    asked = {name for name, _ in distinctions(config).items()}
    alerts = kinds(workspace.places_of(environment), asked)
    tiers = {service.name: service.tier for place in workspace.places.values() for service in place.services}
    for rule in config.inhibitions:
        targets = [one for one in alerts if one.alert.outcome.kind != "drop" and _may(rule.targets, one)]
        if not targets:
            continue
        sources = [one for one in alerts if _may(rule.sources, one)]
        if not sources:
            yield Silence("unknown", rule, targets[0])
        told: set[Danger] = set()
        for source, target in _pairs(rule, sources, targets):
            danger = _danger(workspace, rule, source, target, tiers)
            if danger is not None and danger not in told:
                told.add(danger)
                yield Silence(danger, rule, target, source)


def _danger(
    workspace: Workspace, rule: Inhibition, source: Kind, target: Kind, tiers: Mapping[str, int]
) -> Danger | None:
    if source.place.environment != target.place.environment:
        return "place"
    if workspace.rank(source.alert.severity) >= workspace.rank(target.alert.severity):
        return "lesser"
    if tiers.get(source.alert.service, 0) > tiers.get(target.alert.service, 0):
        return "tier"
    if harm(source.alert, target.alert, source.place, workspace.windows.values(), frozenset(rule.equal)) is not None:
        return "quieter"
    return None


def _may(matchers: Iterable[Matcher], kind: Kind) -> bool:
    """Whether an alert can fulfil all matchers: those on labels of which nothing is known may hold."""
    for one in matchers:
        known = kind.labels.get(one.label)
        if known is not None:
            fulfilled = one.holds(known)
        elif kind.open(one.label):
            fulfilled = one.operator != "=" or one.value != "" or kind.absent(one.label)
        else:
            fulfilled = one.holds("")
        if not fulfilled:
            return False
    return True


def _pairs(rule: Inhibition, sources: list[Kind], targets: list[Kind]) -> Iterator[tuple[Kind, Kind]]:
    """Two different alerts that can agree in all `equal` labels. Those that all of them have for certain are looked up."""
    certain = [label for label in rule.equal if all(label in one.labels for one in (*sources, *targets))]
    others = [label for label in rule.equal if label not in certain]
    by_value: dict[tuple[str, ...], list[Kind]] = {}
    for source in sources:
        by_value.setdefault(tuple(source.labels[label] for label in certain), []).append(source)
    for target in targets:
        for source in by_value.get(tuple(target.labels[label] for label in certain), ()):
            both = _may(rule.sources, target) and _may(rule.targets, source)  # then neither silences the other
            if source is not target and not both and all(_agree(source, target, label) for label in others):
                yield source, target


def _agree(one: Kind, other: Kind, label: str) -> bool:
    """Whether two alerts can have the same value of a label; missing on both sides is the same."""
    known = one.labels.get(label), other.labels.get(label)
    if None not in known:
        return known[0] == known[1]
    if (one.absent(label) or known[0] == "") and (other.absent(label) or known[1] == ""):
        return True
    return all(value is not None or kind.open(label) for value, kind in zip(known, (one, other), strict=True))
