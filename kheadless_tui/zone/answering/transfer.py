"""The zone as a transfer (AXFR) holds it.

Sources: plugin/kubernetes/xfr.go, plugin/transfer/transfer.go. A transfer differs from what queries give: weights are
counted per slice, duplicates stay, the bare name of a headless Service has no SRV, endpoint names of Services with a
cluster address are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service, ServiceImport
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering.apex import name_servers
from kheadless_tui.zone.answering.soa import soa_record
from kheadless_tui.zone.answering.srv import weight_of
from kheadless_tui.zone.answering.ttl import TRANSFERRED_SERVER_TTL
from kheadless_tui.zone.naming.names import absolute, service_name
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import Port, slice_addresses, slice_ports
from kheadless_tui.zone.objects.pairs import ports_of
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Record
from kheadless_tui.zone.serving.config import ZoneConfig

_SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")


def may_transfer(config: ZoneConfig) -> bool:
    """Whether anybody may transfer the zones of this server block."""
    return bool(config.transfer_to)


def transfer(snapshot: Snapshot, zone: str, config: ZoneConfig) -> Iterator[Record]:
    """The records of a transfer, in order, the SOA first and last, duplicates kept.

    Args:
        snapshot: what is known of the cluster.
        zone: absolute; a name below a zone is transferred as if it were the zone, as CoreDNS does.
        config: how the zone is served.
    """
    seen = Watched(snapshot, config)
    soa = soa_record(zone, config)
    yield soa
    servers = name_servers(seen, zone) or []
    for name in dict.fromkeys(item.name for item in servers):
        yield Record(zone, config.ttl, "NS", name)
    for item in servers:
        yield Record(item.name, TRANSFERRED_SERVER_TTL, item.family, item.address)
    if zone_of(zone, config.multicluster):
        yield from _imports(seen, zone)
    else:
        yield from _services(seen, zone)
    yield soa


def _services(seen: Watched, zone: str) -> Iterator[Record]:
    for key in _by_name(seen.snapshot, "Service"):
        service = seen.service(key)
        if service is None or not seen.namespace(key.namespace):
            continue
        if service.type == "ExternalName":
            yield from _alias(service, zone, seen.config.ttl)
        elif service.type in _SERVICE_TYPES:
            if service.cluster_ips and canonical(service.cluster_ips[0]) is not None:
                yield from _cluster_service(key, service.cluster_ips, ports_of(service.ports), zone, seen.config.ttl)
            else:
                yield from _endpoints(key, seen.slices_of(key), zone, seen.config)


def _imports(seen: Watched, zone: str) -> Iterator[Record]:
    for key in _by_name(seen.snapshot, "ServiceImport"):
        found: ServiceImport | None = seen.service_import(key)
        if found is None or not seen.namespace(key.namespace):
            continue
        addresses = tuple(found.spec.ips or ())
        if addresses and canonical(addresses[0]) is not None:
            ports = ports_of(found.spec.ports) if found.spec.ports else ()
            yield from _cluster_service(key, addresses, ports, zone, seen.config.ttl)
        else:
            yield from _endpoints(key, seen.imported_slices_of(key), zone, seen.config)


def _by_name(snapshot: Snapshot, kind: str) -> list[ObjectKey]:
    """All keys of a kind, sorted by name; CoreDNS leaves the order of equal names open."""
    keys = (ObjectKey(space, name) for space in snapshot.namespaces for name in snapshot.names(kind, space))
    return sorted(keys, key=lambda key: (key.name, key.namespace))


def _alias(service: Service, zone: str, ttl: int) -> Iterator[Record]:
    target = service.spec.external_name or ""
    if canonical(target) is None:
        yield Record(service_name(service.key, zone), ttl, "CNAME", absolute(target))


def _cluster_service(
    key: ObjectKey, addresses: Iterable[str], ports: Iterable[Port], zone: str, ttl: int
) -> Iterator[Record]:
    name = service_name(key, zone)
    for address in addresses:
        found = canonical(address)
        if found is not None:
            yield Record(name, ttl, *found)
    for port in ports:
        data = f"0 100 {_wire_number(port)} {name}"
        yield Record(name, ttl, "SRV", data)
        if port.name:
            yield Record(f"_{port.name}._{port.protocol}".lower() + f".{name}", ttl, "SRV", data)


def _endpoints(key: ObjectKey, slices: Iterable[EndpointSlice], zone: str, config: ZoneConfig) -> Iterator[Record]:
    name = service_name(key, zone)
    for item in slices:
        places = list(slice_addresses(item, config))
        weight = weight_of(len(places)) if places else 0
        for place in places:
            found = canonical(place.address)
            target = f"{place.name}.{name}" if found is not None else "."
            if found is not None:
                yield Record(name, config.ttl, *found)
                yield Record(target, config.ttl, *found)
            for port in slice_ports(item):
                if port.name:
                    owner = f"_{port.name}._{port.protocol}".lower() + f".{name}"
                    yield Record(owner, config.ttl, "SRV", f"0 {weight} {_wire_number(port)} {target}")


def _wire_number(port: Port) -> int:
    """A port's number as it is put on the wire: one that is missing, -1, becomes 65535."""
    return port.number & 0xFFFF
