"""A map that can be frozen at any moment for the price of what changed since it was frozen last.

The store keeps one of these for each index and hands out immutable views several times a second. Copying whole
dictionaries would cost the size of the cluster at every change; here a key lives in one of 4,096 small dictionaries, a
view shares them all, and a later write copies only the one that it touches.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
E = TypeVar("E")

_SHARDS = 4096
"""Number of parts; a write after a freeze copies 1/4,096 of the entries."""

_EMPTY: dict[Any, Any] = {}
"""Stands for every part that nothing was ever put in; never written to."""


class FrozenMap(Mapping[K, V], Generic[K, V]):
    """An immutable view made by :meth:`CowMap.freeze`."""

    __slots__ = ("_compared", "_shards")

    def __init__(self, shards: tuple[dict[K, V], ...] = (_EMPTY,) * _SHARDS) -> None:
        self._shards = shards
        self._compared: tuple[tuple[dict[K, V], ...], frozenset[K]] = (shards, frozenset())
        """The last answer of :meth:`changed_since`: each view is compared with the one before it by several."""

    def __getitem__(self, key: K) -> V:
        return self._shards[hash(key) % _SHARDS][key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | E) -> V | E: ...
    def get(self, key: K, /, default: object = None) -> object:
        """The value of a key, or the default; without the exception that Mapping's own pays for a miss."""
        return self._shards[hash(key) % _SHARDS].get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._shards[hash(key) % _SHARDS]

    def __iter__(self) -> Iterator[K]:
        for shard in self._shards:
            yield from shard

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    def changed_since(self, before: FrozenMap[K, V]) -> frozenset[K]:
        """The keys whose value here is another object than in an earlier view of the same map, or is gone.

        Parts that the two views share are skipped unread, so that the price is that of what changed.
        """
        if self._compared[0] is before._shards:
            return self._compared[1]
        found: set[K] = set()
        for fresh, stale in zip(self._shards, before._shards, strict=True):
            if fresh is stale:
                continue
            was = stale.get
            found.update([key for key, value in fresh.items() if was(key) is not value])
            found.update(stale.keys() - fresh.keys())
        self._compared = (before._shards, frozenset(found))
        return self._compared[1]


class CowMap(Generic[K, V]):
    """The writable side; it has exactly one owner."""

    __slots__ = ("_own", "_shards")

    def __init__(self) -> None:
        self._shards: list[dict[K, V]] = [_EMPTY] * _SHARDS
        self._own = bytearray(_SHARDS)
        """By part, whether it was made since the last freeze, so that no view shares it."""

    def __iter__(self) -> Iterator[K]:
        for shard in self._shards:
            yield from shard

    def get(self, key: K) -> V | None:
        """The value of a key; ``None`` when it is not there."""
        return self._shards[hash(key) % _SHARDS].get(key)

    def set(self, key: K, value: V) -> None:
        """Put a value in place."""
        number = hash(key) % _SHARDS
        shard = self._shards[number] if self._own[number] else self._claim(number)
        shard[key] = value

    def pop(self, key: K) -> V | None:
        """Take a key out; ``None`` when it was not there."""
        number = hash(key) % _SHARDS
        if key not in self._shards[number]:
            return None
        return (self._shards[number] if self._own[number] else self._claim(number)).pop(key)

    def freeze(self) -> FrozenMap[K, V]:
        """An immutable view of now; later writes do not touch it."""
        self._own = bytearray(_SHARDS)
        return FrozenMap(tuple(self._shards))

    def _claim(self, number: int) -> dict[K, V]:
        """A part of which no view knows, in place of one that views may share."""
        shard = self._shards[number] = dict(self._shards[number])
        self._own[number] = 1
        return shard


class CowGroups(CowMap[K, tuple[V, ...]]):
    """Sorted groups of values, by key; a value stands under any number of keys. An index."""

    __slots__ = ()

    def add(self, keys: Iterable[K], value: V) -> None:
        """Put a value into the groups of these keys."""
        # A big cluster has 100,000 addresses, nearly all of them in a group of their own: these share one tuple.
        alone = (value,)
        shards, own = self._shards, self._own
        for key in keys:
            number = hash(key) % _SHARDS
            shard = shards[number] if own[number] else self._claim(number)
            held = shard.setdefault(key, alone)
            if held is not alone and value not in held:
                shard[key] = tuple(sorted((*held, value)))  # type: ignore[type-var]

    def drop(self, keys: Iterable[K], value: V) -> None:
        """Take a value out of the groups of these keys."""
        for key in keys:
            left = tuple(other for other in self.get(key) or () if other != value)
            if left:
                self.set(key, left)
            else:
                self.pop(key)


def move(index: CowGroups[K, V], value: V, old: Sequence[K], new: Sequence[K]) -> None:
    """Let a value stand under other keys of an index than before."""
    if old != new:
        if old:
            index.drop(set(old).difference(new), value)
        index.add(set(new).difference(old) if old else new, value)
