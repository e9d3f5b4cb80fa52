"""Slices that share what they have in common: among each other, and with what was held before of the same slice.

The objects of this program never change, so it cannot be told whether two of them consist of the same parts. A big
cluster repeats its words by the ten thousand, and most changes concern one endpoint of many.
"""

from __future__ import annotations

from itertools import compress, count
from operator import is_not
from typing import Any

from msgspec.structs import force_setattr as put

from kheadless_tui.model.objects import Endpoint, EndpointSlice


def share_words(endpoint: Endpoint, words: dict[Any, Any]) -> None:
    """Let an endpoint consist of what other endpoints consist of already, as far as that is the same.

    Args:
        endpoint: Changed in place; it still equals what it was.
        words: What has been seen, each under itself.
    """
    node, zone, conditions, target = endpoint.node_name, endpoint.zone, endpoint.conditions, endpoint.target_ref
    if node:
        put(endpoint, "node_name", words.setdefault(node, node))
    if zone:
        put(endpoint, "zone", words.setdefault(zone, zone))
    if conditions is not None:
        put(endpoint, "conditions", words.setdefault(conditions, conditions))
    if target is not None:
        put(target, "kind", words.setdefault(target.kind, target.kind))
        put(target, "namespace", words.setdefault(target.namespace, target.namespace))
        if endpoint.hostname == target.name:
            put(endpoint, "hostname", target.name)


def keep_what_is_same(held: EndpointSlice, fresh: EndpointSlice) -> bool:
    """Let a slice that comes in consist of what is held already, as far as that is the same.

    Most changes concern one endpoint of many. What is not kept is freed while it is still at hand, which doubles the
    events that can be taken in, and memory stays as compact as the first reading left it.

    Returns:
        Whether all of it is the same.
    """
    same = held.address_type == fresh.address_type
    if held.metadata is not fresh.metadata:
        if held.metadata == fresh.metadata:
            put(fresh, "metadata", held.metadata)
        else:
            same = False
    if held.ports is not fresh.ports:
        if held.ports == fresh.ports:
            put(fresh, "ports", held.ports)
        else:
            same = False
    before, after = held.endpoints, fresh.endpoints
    if not before or not after:
        return same and before == after
    for place in compress(count(), map(is_not, before, after)):
        if before[place] == after[place]:
            after[place] = before[place]
        else:
            same = False
    return same and len(before) == len(after)
