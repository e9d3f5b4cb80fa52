"""Order and duplicates: which records of an answer count as the same one and are given once, where they first occur.

Source: plugin/backend_lookup.go (the maps called dup, and isDuplicate). The order is that of endpoints, addresses and
ports within a slice; that of slices changes from question to question in CoreDNS, here it is that of their names. The
plugin loadbalance shuffles addresses, so that sections are to be compared as sets.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from kheadless_tui.zone.objects.pairs import Pair

Item = TypeVar("Item")


def once(items: Iterable[Item], key: Callable[[Item], Hashable]) -> list[Item]:
    """The first of all items that have the same key, in their order."""
    found: dict[Hashable, Item] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


def alike(items: Iterable[Item], key: Callable[[Item], Hashable]) -> list[list[Item]]:
    """All items by their key, those of one key together, in the order of the first ones."""
    found: dict[Hashable, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return list(found.values())


def address_key(pair: Pair) -> Hashable:
    """Addresses are the same when their text is: two spellings of one address give two records alike."""
    return pair.host


def srv_key(pair: Pair) -> Hashable:
    """SRV records are the same by target and number; the protocol plays no part."""
    return pair.target, pair.port.number


def target_address_key(pair: Pair) -> Hashable:
    """Addresses of the additional section are the same by target and text."""
    return pair.target, pair.host
