"""A mapping that never changes: what it was before an update stays as it was, and an update costs one shard."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

V = TypeVar("V")
_COUNT = 512


class Shards(Mapping[str, V], Generic[V]):
    """Keys are hexadecimal digests, so that their first characters spread them evenly: over 512 dicts of which each is
    copied when anything in it changes. With 10,000 entries a change copies some 20, and 512 pointers.
    """

    __slots__ = ("_size", "_table")

    def __init__(self, entries: Iterable[tuple[str, V]] = ()) -> None:
        table: list[dict[str, V]] = [{} for _ in range(_COUNT)]
        for key, value in entries:
            table[_shard(key)][key] = value
        self._table = tuple(table)
        self._size = sum(map(len, table))

    def __getitem__(self, key: str) -> V:
        return self._table[_shard(key)][key]

    def get(self, key: str, default: V | None = None) -> V | None:  # type: ignore[override]
        return self._table[_shard(key)].get(key, default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._table[_shard(key)]

    def __iter__(self) -> Iterator[str]:
        for shard in self._table:
            yield from shard

    def __len__(self) -> int:
        return self._size

    def changed(self, changes: Mapping[str, V | None]) -> "Shards[V]":
        """The same with other values for some keys; None takes a key away."""
        if not changes:
            return self
        table = list(self._table)
        copied: set[int] = set()
        size = self._size
        for key, value in changes.items():
            number = _shard(key)
            if number not in copied:
                table[number] = dict(table[number])
                copied.add(number)
            shard = table[number]
            size -= key in shard
            if value is None:
                shard.pop(key, None)
            else:
                shard[key] = value
                size += 1
        made: Shards[V] = Shards.__new__(Shards)
        made._table = tuple(table)
        made._size = size
        return made


def _shard(key: str) -> int:
    try:
        return int(key[:3], 16) % _COUNT
    except ValueError:
        return 0
