"""Sets of characters as sorted, disjoint ranges of code points."""

from collections.abc import Iterable
from functools import lru_cache

import re2

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)  # no text holds one
EVERY: Ranges = ((0, _SURROGATES[0] - 1), (_SURROGATES[1] + 1, LAST))
NEWLINE = 10


def one(character: str) -> Ranges:
    return ((ord(character), ord(character)),)


def union(parts: Iterable[Ranges]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(span for part in parts for span in part):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Every character that is not in the set."""
    found = []
    start = 0
    for low, high in union((ranges, (_SURROGATES,))):
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


def contains(ranges: Ranges, point: int) -> bool:
    return any(low <= point <= high for low, high in ranges)


@lru_cache(maxsize=512)
def matched_by(atom: str) -> Ranges:
    """The characters that one atom of a pattern matches, as RE2 itself has it: classes of Unicode, and letters under `i`."""
    options = re2.Options()
    options.log_errors = False
    return tuple((ord(run[0]), ord(run[-1])) for run in _runs(atom, options))


def _runs(atom: str, options: "re2.Options") -> Iterable[str]:
    """Stretches of neighbours: the two halves of Unicode are read apart, for the surrogates lie between them."""
    found = re2.compile(f"(?:{atom})+", options)
    for low, high in EVERY:
        yield from (match.group() for match in found.finditer(_all(low, high)))


@lru_cache(maxsize=2)
def _all(low: int, high: int) -> str:
    return "".join(map(chr, range(low, high + 1)))
