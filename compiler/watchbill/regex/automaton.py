"""Patterns to automata that are run on sets of states, with everything RE2 can say about the place between two characters."""

from functools import lru_cache
from typing import Literal

from watchbill.regex.charset import NEWLINE, Ranges, contains
from watchbill.regex.parse import Assertion, Characters, Check, Choice, Repeat, Sequence, TooDeep, Tree, parse

MOST_STATES = 10_000

Side = Literal["edge", "newline", "word", "other"]  # what stands on one side of a place; `edge` is the end of the text
Kernel = frozenset[int]
Position = tuple[Kernel, Side]


class TooLarge(Exception):  # noqa: N818  (an answer: this question is not decided)
    """A pattern, or a comparison of patterns, takes more states than are tried."""


class Automaton:
    """A nondeterministic automaton. State 0 is the start. A position is a set of states and what stands before it."""

    def __init__(self, pattern: str, *, dot_newline: bool = False) -> None:
        self.moves: list[list[tuple[Ranges, int]]] = [[]]
        self.jumps: list[list[tuple[Assertion | None, int]]] = [[]]
        self.looks = False  # whether anything depends on the characters around a place
        try:
            self.final = self._add(parse(pattern, dot_newline=dot_newline), 0)
        except TooDeep as error:
            raise TooLarge from error
        self.start: Position = (frozenset((0,)), "edge" if self.looks else "other")
        self._closures: dict[tuple[Kernel, Side, Side], Kernel] = {}
        self._edges: dict[Kernel, frozenset[int]] = {}

    def _state(self) -> int:
        if len(self.moves) >= MOST_STATES:
            raise TooLarge
        self.moves.append([])
        self.jumps.append([])
        return len(self.moves) - 1

    def _add(self, tree: Tree, start: int) -> int:
        """Write a tree behind a state; the state in which it ends."""
        if isinstance(tree, Characters):
            end = self._state()
            self.moves[start].append((tree.ranges, end))
            return end
        if isinstance(tree, Check):
            self.looks = True
            end = self._state()
            self.jumps[start].append((tree.of, end))
            return end
        if isinstance(tree, Sequence):
            for part in tree.parts:
                start = self._add(part, start)
            return start
        if isinstance(tree, Choice):
            ends = [self._add(part, self._after(start)) for part in tree.parts]
            end = self._state()
            for one in ends:
                self.jumps[one].append((None, end))
            return end
        return self._repeat(tree, start)

    def _repeat(self, tree: Repeat, start: int) -> int:
        for _ in range(tree.least):
            start = self._add(tree.part, start)
        if tree.most is None:
            loop = self._after(start)
            self.jumps[self._add(tree.part, loop)].append((None, loop))
            return self._after(loop)
        end = self._state()
        for _ in range(tree.most - tree.least):
            self.jumps[start].append((None, end))
            start = self._add(tree.part, self._after(start))
        self.jumps[start].append((None, end))
        return end

    def _after(self, start: int) -> int:
        """A state of its own that is reached for nothing."""
        state = self._state()
        self.jumps[start].append((None, state))
        return state

    def step(self, position: Position, character: int) -> Position:
        kernel, before = position
        after = self._side(character)
        closed = self._closure(kernel, before, after)
        targets = frozenset(
            target for state in closed for ranges, target in self.moves[state] if contains(ranges, character)
        )
        return targets, after

    def accepts(self, position: Position) -> bool:
        kernel, before = position
        return self.final in self._closure(kernel, before, "edge")

    def edges(self, position: Position) -> frozenset[int]:
        """The code points from which on a next character may lead elsewhere than its neighbour before."""
        kernel = position[0]
        if kernel not in self._edges:
            found = set(_SIDES) if self.looks else set()
            for state in self._closure(kernel, None, None):
                for ranges, _ in self.moves[state]:
                    for low, high in ranges:
                        found.update((low, high + 1))
            self._edges[kernel] = frozenset(found)
        return self._edges[kernel]

    def _side(self, character: int) -> Side:
        if not self.looks:
            return "other"
        if character == NEWLINE:
            return "newline"
        return "word" if contains(_WORD, character) else "other"

    def _closure(self, kernel: Kernel, before: Side | None, after: Side | None) -> Kernel:
        """All states that are reached for nothing. Without sides: as if every assertion held."""
        key = (kernel, before or "edge", after or "edge")
        if before is not None and key in self._closures:
            return self._closures[key]
        seen = set(kernel)
        waiting = list(kernel)
        while waiting:
            for check, target in self.jumps[waiting.pop()]:
                if target not in seen and (before is None or after is None or holds(check, before, after)):
                    seen.add(target)
                    waiting.append(target)
        closed = frozenset(seen)
        if before is not None:
            self._closures[key] = closed
        return closed


_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SIDES = (NEWLINE, NEWLINE + 1, *(edge for low, high in _WORD for edge in (low, high + 1)))


def holds(check: Assertion | None, before: Side, after: Side) -> bool:
    """Whether an assertion holds between two sides."""
    if check is None:
        return True
    if check == "text-start":
        return before == "edge"
    if check == "text-end":
        return after == "edge"
    if check == "line-start":
        return before in ("edge", "newline")
    if check == "line-end":
        return after in ("edge", "newline")
    return ((before == "word") != (after == "word")) == (check == "word")


@lru_cache(maxsize=1024)
def automaton(pattern: str, *, dot_newline: bool = False) -> Automaton:
    return Automaton(pattern, dot_newline=dot_newline)
