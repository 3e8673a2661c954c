"""Questions about several patterns at once, answered by walking all their automata together. Every answer is exact."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from watchbill.regex.automaton import Automaton, Position, TooLarge, automaton
from watchbill.regex.charset import EVERY, LAST

MOST_POSITIONS = 20_000  # beyond, the question is not decided: TooLarge
_NICE = "x0-aA_./ "  # characters that read well in an example, the best first

K = TypeVar("K")
_Positions = tuple[tuple[int, Position], ...]  # by number of the automaton; one that can match nothing more is left out


def matches(pattern: str, text: str, *, dot_newline: bool = False) -> bool:
    """Whether the whole text matches."""
    return _accepts(automaton(pattern, dot_newline=dot_newline), text)


def witness(inside: Sequence[str], outside: Sequence[str] = (), *, dot_newline: bool = False) -> str | None:
    """A shortest text that every pattern of `inside` matches and none of `outside`; None when there is no such text.

    With one pattern on either side this is inclusion, with several inside it is what they have in common. Raises
    `TooLarge` when it is not decided within the bounds.
    """
    automata = [automaton(pattern, dot_newline=dot_newline) for pattern in (*inside, *outside)]
    needed = frozenset(range(len(inside)))
    for accepted, text in _walk(automata, lambda live: needed <= live):
        if accepted == needed:
            return text
    return None


def contained(pattern: str, others: Sequence[str], *, dot_newline: bool = False) -> bool:
    """Whether every text that matches the pattern matches one of the others as well."""
    return witness((pattern,), others, dot_newline=dot_newline) is None


def overlaps(groups: Mapping[K, Sequence[str]], *, dot_newline: bool = False) -> dict[tuple[K, K], str]:
    """Each two groups of patterns that have a text in common, in the order of the groups, with a shortest such text."""
    keys = list(groups)
    automata, owner = [], []
    for number, key in enumerate(keys):
        for pattern in dict.fromkeys(groups[key]):
            automata.append(automaton(pattern, dot_newline=dot_newline))
            owner.append(number)
    found: dict[tuple[int, int], str] = {}
    for accepted, text in _walk(automata, lambda live: len({owner[number] for number in live}) > 1):
        owners = sorted({owner[number] for number in accepted})
        for place, one in enumerate(owners):
            for other in owners[place + 1 :]:
                found.setdefault((one, other), text)
    return {(keys[one], keys[other]): text for (one, other), text in sorted(found.items())}


def cells(
    patterns: Sequence[str], *, apart: Sequence[str] = (), dot_newline: bool = False
) -> dict[frozenset[int], str]:
    """Every combination of patterns (by number) that some text matches while it matches none of the others, with a
    shortest such text; texts in `apart` are passed over. Raises `TooLarge` when it is not decided within the bounds.
    """
    automata = [automaton(pattern, dot_newline=dot_newline) for pattern in patterns]
    found: dict[frozenset[int], str] = {}
    hidden: dict[frozenset[int], list[str]] = {}
    for accepted, text in _walk(automata, lambda _: True):
        if text in apart:
            hidden.setdefault(accepted, [])
        else:
            found.setdefault(accepted, text)
    for text in apart:
        accepted = frozenset(number for number, one in enumerate(automata) if _accepts(one, text))
        if accepted in hidden:
            hidden[accepted].append(_quoted(text))
    for accepted, texts in hidden.items():
        if accepted not in found:
            inside = [pattern for number, pattern in enumerate(patterns) if number in accepted]
            outside = [pattern for number, pattern in enumerate(patterns) if number not in accepted]
            other = witness(inside, (*outside, *texts), dot_newline=dot_newline)
            if other is not None:
                found[accepted] = other
    return found


def _quoted(text: str) -> str:
    """A pattern that matches this text only."""
    return "".join(f"\\x{{{ord(character):x}}}" for character in text)


def _accepts(one: Automaton, text: str) -> bool:
    position = one.start
    for character in text:
        position = one.step(position, ord(character))
    return one.accepts(position)


def _walk(automata: Sequence[Automaton], worth: "_Worth") -> Iterator[tuple[frozenset[int], str]]:
    """Every reachable combination of positions, shortest text first: which automata accept there, and the text.

    `worth` says whether to go on with those that can still match something.
    """
    start: _Positions = tuple((number, one.start) for number, one in enumerate(automata))
    seen = {start}
    waiting = deque([(start, "")])
    while waiting:
        positions, text = waiting.popleft()
        yield frozenset(number for number, position in positions if automata[number].accepts(position)), text
        edges = {edge for number, position in positions for edge in automata[number].edges(position)}
        for character in _representatives(frozenset(edges)):
            following = []
            for number, position in positions:
                step = automata[number].step(position, character)
                if step[0]:
                    following.append((number, step))
            reached = tuple(following)
            if reached not in seen and worth(frozenset(number for number, _ in reached)):
                if len(seen) >= MOST_POSITIONS:
                    raise TooLarge
                seen.add(reached)
                waiting.append((reached, text + chr(character)))


class _Worth(Protocol):
    def __call__(self, live: frozenset[int]) -> bool: ...


@lru_cache(maxsize=4096)
def _representatives(edges: frozenset[int]) -> tuple[int, ...]:
    """One character of each stretch between two edges, those that read well first."""
    starts = sorted({edge for edge in edges if edge <= LAST} | {low for low, _ in EVERY})
    found = []
    for low, end in zip(starts, [*starts[1:], LAST + 1], strict=True):
        if all(not first <= low <= last for first, last in EVERY):
            continue  # surrogates
        nice = next((ord(character) for character in _NICE if low <= ord(character) < end), None)
        found.append(nice if nice is not None else _printable(low, end))
    return tuple(sorted(found, key=_order))


def _printable(low: int, end: int) -> int:
    return next((point for point in range(low, min(end, low + 256)) if chr(point).isprintable()), low)


def _order(point: int) -> tuple[bool, bool, int, bool, int]:
    """Printable before others, ASCII before others, then by how well it reads; small letters before capitals."""
    character = chr(point)
    place = _NICE.find(character)
    return (
        not character.isprintable(),
        not character.isascii(),
        place if place >= 0 else len(_NICE),
        character.isupper(),
        point,
    )
