"""PTR: what an address is called.

Source: plugin/kubernetes/reverse.go. A Service that has the address as a cluster address hides all endpoints; else
every slice that holds it as ready gives one name, whether or not its Service exists.
"""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.answering.duplicates import alike
from kheadless_tui.zone.answering.ttl import client_ttl
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.naming.reverse_names import reverse_name
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import EndpointRef, Record, Source


class Pointer(NamedTuple):
    """One name of an address."""

    target: str
    source: Source
    service: ObjectKey | None
    """``None`` for a slice without the service-name label."""
    endpoint: EndpointRef | None = None
    also_from: tuple[Source, ...] = ()
    """Further fields that give the same name."""


def pointers(seen: Watched, address: str) -> list[Pointer]:
    """The names of an address, each once.

    Args:
        seen: the snapshot as the server sees it.
        address: canonical text; an address that an object writes in another way is not found.
    """
    zone = seen.config.ptr_zone
    for service in seen.services_at(address):
        if seen.namespace_for_ptr(service.namespace):
            source = Source("Service", service.key, f"spec.clusterIPs[{service.cluster_ips.index(address)}]")
            return [Pointer(service_name(service.key, zone), source, service.key)]
    found: list[Pointer] = []
    for item in seen.slices_at(address):
        if not seen.namespace_for_ptr(item.namespace):
            continue
        base = service_name(item.service_key or ObjectKey(item.namespace, ""), zone)
        for place in seen.endpoints_at(item, address):
            target = f"{place.name}.{base}"
            found.append(Pointer(target, place.source, item.service_key, place.ref))
    return [
        same[0]._replace(also_from=tuple(pointer.source for pointer in same[1:]))
        for same in alike(found, lambda pointer: pointer.target)
    ]


def pointer_records(seen: Watched, address: str) -> list[tuple[Record, Pointer]]:
    """The PTR records of an address as clients get them; none when no reverse zone that is served covers it."""
    owner = reverse_name(address)
    if not zone_of(owner, seen.config.zones):
        return []
    ttl = client_ttl(seen.config, name=owner)
    return [(Record(owner, ttl, "PTR", item.target), item) for item in pointers(seen, address)]
