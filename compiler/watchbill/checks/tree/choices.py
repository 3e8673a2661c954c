"""Which label sets fulfil some matchers and escape others: an exact answer, with one such label set.

Every label has as many kinds of values as the configuration can tell apart; a set of kinds is a number, a bit for each.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from watchbill.regex import TooLarge
from watchbill.routing import Config, Matcher, distinctions

STEPS = 5_000  # choices that are tried before the question is given up
V = TypeVar("V", bound=Hashable)
Clause = list[tuple[V, int]]  # at least one of these variables is of one of these kinds


class Kinds:
    """The kinds of values of each label, and which of them each matcher takes."""

    def __init__(self, config: Config) -> None:
        self._values: dict[str, tuple[str, ...]] = {}
        self._masks: dict[Matcher, int] = {}
        for name, one in distinctions(config).items():
            try:
                self._values[name] = one.representatives()
            except TooLarge:
                continue  # of this label nothing is said

    def known(self, label: str) -> bool:
        return label in self._values

    def all(self, label: str) -> int:
        return (1 << len(self._values[label])) - 1

    def mask(self, matcher: Matcher) -> int:
        """The kinds that a matcher takes."""
        found = self._masks.get(matcher)
        if found is None:
            values = self._values[matcher.label]
            found = sum(1 << number for number, value in enumerate(values) if matcher.holds(value))
            self._masks[matcher] = found
        return found

    def value(self, label: str, kinds: int) -> str:
        """A value of the first of these kinds: the empty one, where it is among them."""
        return self._values[label][(kinds & -kinds).bit_length() - 1]

    def taken(self, matchers: Iterable[Matcher]) -> dict[str, int]:
        """For each label the kinds that all these matchers take; labels of which nothing is known are left out."""
        found: dict[str, int] = {}
        for matcher in matchers:
            if self.known(matcher.label):
                found[matcher.label] = found.get(matcher.label, self.all(matcher.label)) & self.mask(matcher)
        return found

    def escaped(self, matchers: Iterable[Matcher]) -> Clause[str] | None:
        """How an alert escapes these matchers; None where that cannot be said."""
        clause: Clause[str] = []
        for matcher in matchers:
            if not self.known(matcher.label):
                return None
            clause.append((matcher.label, self.all(matcher.label) & ~self.mask(matcher)))
        return clause

    def written(self, kinds: Mapping[str, int]) -> dict[str, str]:
        """A label set of these kinds; absent labels are left out."""
        values = {label: self.value(label, mask) for label, mask in sorted(kinds.items())}
        return {label: value for label, value in values.items() if value}


def solve(domains: Mapping[V, int], clauses: Iterable[Clause[V]]) -> dict[V, int] | None:
    """Kinds for each variable such that every clause holds; None when there are none. All variables have a domain.

    Raises `regex.TooLarge` when that takes too many steps to find out.
    """
    if not all(domains.values()):
        return None
    return _Search().go(dict(domains), list(clauses))


class _Search:
    def __init__(self) -> None:
        self._steps = 0

    def go(self, domains: dict[V, int], clauses: list[Clause[V]]) -> dict[V, int] | None:
        left = _narrowed(domains, clauses)
        if not left:
            return None if left is None else domains
        self._steps += 1
        if self._steps > STEPS:
            raise TooLarge
        for variable, mask in min(left, key=len):
            found = self.go({**domains, variable: domains[variable] & mask}, left)
            if found is not None:
                return found
            domains[variable] &= ~mask
            if not domains[variable]:
                return None
        return None


def _narrowed(domains: dict[V, int], clauses: list[Clause[V]]) -> list[Clause[V]] | None:
    """The clauses that are still open, after all that has only one way; None when one of them has none. Narrows the domains."""
    changed = True
    while changed:
        changed = False
        rest: list[Clause[V]] = []
        for clause in clauses:
            ways: Clause[V] = []
            for variable, mask in clause:
                both = domains[variable] & mask
                if both == domains[variable]:
                    break
                if both:
                    ways.append((variable, both))
            else:
                if not ways:
                    return None
                if len(ways) > 1:
                    rest.append(ways)
                else:
                    domains[ways[0][0]] = ways[0][1]
                    changed = True
        clauses = rest
    return clauses
