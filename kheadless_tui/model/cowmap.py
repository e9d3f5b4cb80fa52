"""A map that can be frozen at any moment for the price of what changed since it was frozen last.

The store keeps one of these for each index and hands out immutable views several times a second. Copying whole
dictionaries would cost the size of the cluster at every change; here a key lives in one of 1,024 small dictionaries, a
view shares them all, and a later write copies only the one that it touches.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_SHARDS = 1024
"""Number of parts; a write after a freeze copies 1/1,024 of the entries."""


class FrozenMap(Mapping[K, V], Generic[K, V]):
    """An immutable view made by :meth:`CowMap.freeze`."""

    __slots__ = ("_len", "_shards")

    def __init__(self, shards: tuple[dict[K, V] | None, ...] = (None,) * _SHARDS, length: int = 0) -> None:
        self._shards = shards
        self._len = length

    def __getitem__(self, key: K) -> V:
        shard = self._shards[hash(key) % _SHARDS]
        if shard is None:
            raise KeyError(key)
        return shard[key]

    def __iter__(self) -> Iterator[K]:
        for shard in self._shards:
            if shard:
                yield from shard

    def __len__(self) -> int:
        return self._len

    def changed_since(self, before: FrozenMap[K, V]) -> set[K]:
        """The keys whose value here is another object than in an earlier view of the same map, or is gone.

        Parts that the two views share are skipped unread, so that the price is that of what changed.
        """
        found: set[K] = set()
        for new, old in zip(self._shards, before._shards, strict=True):
            if new is old:
                continue
            fresh, stale = new or {}, old or {}
            found.update(key for key, value in fresh.items() if stale.get(key) is not value)
            found.update(key for key in stale if key not in fresh)
        return found


class CowMap(Generic[K, V]):
    """The writable side; it has exactly one owner."""

    __slots__ = ("_len", "_own", "_shards")

    def __init__(self, source: FrozenMap[K, V] | None = None) -> None:
        self._shards: list[dict[K, V] | None] = list(source._shards) if source else [None] * _SHARDS
        self._own: set[int] = set()
        self._len = len(source) if source else 0

    def __len__(self) -> int:
        return self._len

    def get(self, key: K, default: V | None = None) -> V | None:
        """The value of a key, or the default."""
        shard = self._shards[hash(key) % _SHARDS]
        return default if shard is None else shard.get(key, default)

    def set(self, key: K, value: V) -> None:
        """Put a value in place."""
        shard = self._writable(hash(key) % _SHARDS)
        before = len(shard)
        shard[key] = value
        self._len += len(shard) - before

    def pop(self, key: K) -> V | None:
        """Take a key out; ``None`` when it was not there."""
        number = hash(key) % _SHARDS
        current = self._shards[number]
        if current is None or key not in current:
            return None
        self._len -= 1
        return self._writable(number).pop(key)

    def freeze(self) -> FrozenMap[K, V]:
        """An immutable view of now; later writes do not touch it."""
        self._own.clear()
        return FrozenMap(tuple(self._shards), self._len)

    def _writable(self, number: int) -> dict[K, V]:
        shard = self._shards[number]
        if number not in self._own:
            shard = dict(shard) if shard else {}
            self._shards[number] = shard
            self._own.add(number)
        assert shard is not None
        return shard
