"""The kinds of label sets that a configuration can tell apart: of an alert, all that it may ever carry."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from watchbill.routing import Distinction
from watchbill.spec.model import Place, ResolvedAlert

T = TypeVar("T")


class Undecided(Exception):  # noqa: N818
    """A label was asked for of which the alert says only that it may be there."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


class Kind(msgspec.Struct, frozen=True, eq=False):
    """An alert of a place, with what its labels are for certain. `alike` alerts of the place are told apart by no matcher."""

    place: Place
    alert: ResolvedAlert
    labels: dict[str, str]
    alike: int = 1

    def open(self, label: str) -> bool:
        """Whether a label may be there, with a value that nobody knows."""
        return label not in self.labels and self.alert.yields.may_have(label)

    def absent(self, label: str) -> bool:
        """Whether a label can be missing."""
        return label not in self.labels and label not in self.alert.yields.must


class Asking(dict[str, str]):
    """Labels that complain when one is asked for that may be there and is not known. A label of no matter is absent."""

    def __init__(self, known: Mapping[str, str], kind: Kind, matter: Collection[str]) -> None:
        super().__init__(known)
        self._kind = kind
        self._matter = matter

    def get(self, label: str, default: str = "") -> str:  # type: ignore[override]
        if label in self:
            return self[label]
        if label in self._matter and self._kind.open(label):
            raise Undecided(label)
        return default


def kinds(places: Iterable[Place], asked: Iterable[str]) -> list[Kind]:
    """Every alert of some places, those that agree in all that is asked taken together."""
    labels = sorted(set(asked))
    first: dict[tuple[object, ...], Kind] = {}
    number: dict[tuple[object, ...], int] = {}
    for place in places:
        for identity in place.identities:
            for alert in place.alerts:
                known = {**identity, **alert.labels, "alertname": alert.name}
                said = tuple(known.get(label) for label in labels)
                key = (place.name, said, alert.yields, alert.outcome, id(alert.owners), alert.team)
                if key in first:
                    number[key] += 1
                else:
                    first[key], number[key] = Kind(place, alert, known), 1
    return [msgspec.structs.replace(kind, alike=number[key]) for key, kind in first.items()]


def each(
    kind: Kind,
    distinctions: Mapping[str, Distinction],
    matter: Collection[str],
    answer: Callable[[Asking], T],
) -> Iterator[tuple[dict[str, str], T]]:
    """An answer for every label set of a kind that can make a difference to it, with the labels that decided it.

    Of the labels that `matter` one is only given values when the answer asks for it: each that some matcher lists, one
    for each combination of patterns, one that no matcher knows, and none at all. Raises `regex.TooLarge` when patterns
    cannot be compared.
    """
    waiting = [dict(kind.labels)]
    while waiting:
        known = waiting.pop()
        try:
            found = answer(Asking(known, kind, matter))
        except Undecided as asked:
            one = distinctions.get(asked.label) or Distinction(asked.label, (), ())
            values = (value for value in one.representatives() if value or kind.absent(asked.label))
            waiting.extend({**known, asked.label: value} for value in reversed(list(values)))
        else:
            yield known, found
