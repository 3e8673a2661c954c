"""Which of many sets of matchers a label set fulfils, found by the values of labels instead of one after the other."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from watchbill.routing import patterns
from watchbill.routing.matchers import Labels, Matcher, all_match

_FEW = 4  # sets of matchers that are sooner tried than looked up


class Lookup(msgspec.Struct, frozen=True):
    """For each label that is compared with listed values, the numbers of the sets that want a value; and the others.

    Each number stands in one place only, under all its values there. `rest` is, with each set, what is still to be asked.
    """

    by_value: tuple[tuple[str, dict[str, tuple[int, ...]]], ...]
    always: tuple[int, ...]
    rest: tuple[tuple[Matcher, ...], ...]

    def matching(self, labels: Labels) -> Iterator[int]:
        """The numbers of the sets that match, ascending."""
        found = self.always
        for label, numbers in self.by_value:
            more = numbers.get(labels.get(label, ""))
            if more:
                found = tuple(sorted((*found, *more))) if found else more
        for number in found:
            if all_match(self.rest[number], labels):
                yield number


def lookup(sets: Sequence[Sequence[Matcher]]) -> Lookup:
    """A lookup over sets of matchers, numbered from 0. Of several listed labels the one that tells most apart is used."""
    if len(sets) <= _FEW:
        return Lookup((), tuple(range(len(sets))), tuple(tuple(one) for one in sets))
    listed = [{matcher: values for matcher in one if (values := _values(matcher)) is not None} for one in sets]
    spread: dict[str, Counter[str]] = {}
    for known in listed:
        for matcher, values in known.items():
            spread.setdefault(matcher.label, Counter()).update(set(values))
    by_value: dict[str, dict[str, list[int]]] = {}
    always, rest = [], []
    for number, (one, known) in enumerate(zip(sets, listed, strict=True)):
        if not known:
            always.append(number)
            rest.append(tuple(one))
            continue
        used = min(known, key=lambda matcher: max(spread[matcher.label][value] for value in known[matcher]))
        for value in dict.fromkeys(known[used]):
            by_value.setdefault(used.label, {}).setdefault(value, []).append(number)
        rest.append(tuple(matcher for matcher in one if matcher is not used))
    indexed = tuple(
        (label, {value: tuple(found) for value, found in values.items()}) for label, values in by_value.items()
    )
    return Lookup(indexed, tuple(always), tuple(rest))


def _values(matcher: Matcher) -> tuple[str, ...] | None:
    """The values that fulfil a matcher, where they can be listed."""
    if matcher.operator == "=":
        return (matcher.value,)
    return patterns.listed(matcher.value) if matcher.operator == "=~" else None
