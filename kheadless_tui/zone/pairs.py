"""The list behind every answer: the pairs of address and port that a name stands for.

The list does not depend on the type that is asked for; it decides whether the name exists. Sources:
plugin/kubernetes/kubernetes.go Records, findServices, findMultiClusterServices; reference section 2.3, whose rows are
named in the comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kheadless_tui.model.objects import (
    SOURCE_CLUSTER_LABEL,
    EndpointSlice,
    ObjectKey,
    Service,
    ServiceImport,
    ServicePort,
)
from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.endpoints import STAND_IN, Port, SliceAddress, slice_addresses, slice_ports
from kheadless_tui.zone.exposure import Exposure
from kheadless_tui.zone.names import absolute, is_reverse, service_name
from kheadless_tui.zone.pod_names import pod_pairs
from kheadless_tui.zone.record import EndpointRef, Source
from kheadless_tui.zone.request import POD, Request


class Pair(NamedTuple):
    """One address, or alias target, with one port (msg.Service)."""

    host: str
    """Text of the address as the object has it, or the target of an alias."""
    port: Port
    target: str
    """What an SRV record of this pair points to: the name of the Service, of the endpoint or of the pod."""
    source: Source
    service: ObjectKey | None
    endpoint: EndpointRef | None = None

    @property
    def is_alias(self) -> bool:
        """Whether the host is a name and not an address."""
        return canonical(self.host) is None


class Listing(NamedTuple):
    """What a name stands for."""

    pairs: tuple[Pair, ...] = ()
    missing: str = ""
    """The rule by which the name does not exist, empty when it does; then without pairs it exists and is empty."""


def is_headless(service: Service) -> bool:
    """Whether the first cluster address is the word None; the type plays no part (object/service.go Headless)."""
    return service.cluster_ips[:1] == ("None",)


def list_pairs(seen: Exposure, request: Request, name: str, zone: str, *, multicluster: bool = False) -> Listing:
    """The pairs that a name stands for.

    Args:
        seen: the snapshot as the server sees it.
        request: the name taken apart.
        name: the name in lower case.
        zone: the zone as the question writes it.
        multicluster: whether the zone holds ServiceImports.
    """
    if request.fault:  # row 1
        return Listing(missing=f"name-{request.fault}")
    if not request.branch:  # row 2
        return Listing()
    if is_reverse(name):  # no forward names below a reverse zone
        return Listing(missing="reverse-name")
    if not seen.namespace_configured(request.namespace):  # row 3
        return Listing(missing="namespace-not-exposed")
    if not seen.namespace_watched(request.namespace):
        known = seen.snapshot.namespace_exists(request.namespace)
        return Listing(missing="namespace-not-selected" if known else "namespace-missing")
    if request.branch == POD:
        pairs, missing = pod_pairs(seen, request, zone)
        return Listing(tuple(Pair(host, Port(0), target, source, None) for host, target, source in pairs), missing)
    if not request.service:  # row 4
        return Listing()
    if multicluster:
        return _import_listing(seen, request, zone)
    return _service_listing(seen, request, zone)


def service_pairs(service: Service, zone: str) -> Iterator[Pair]:
    """Row 12: each port of a Service with each of its cluster addresses."""
    target = service_name(service.key, zone)
    for port in ports_of(service.ports):
        for place, address in enumerate(service.cluster_ips):
            source = Source("Service", service.key, f"spec.clusterIPs[{place}]")
            yield Pair(address, port, target, source, service.key)


def endpoint_pairs(
    service: ObjectKey, slices: Iterable[EndpointSlice], config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    """Row 11: each ready address with each port of its slice."""
    base = service_name(service, zone)
    for item in slices:
        ports = slice_ports(item)
        for place in slice_addresses(item, config):
            for port in ports:
                yield _endpoint_pair(place, port, base, service)


def ports_of(ports: Iterable[ServicePort]) -> tuple[Port, ...]:
    """The ports of a Service; the API server's default protocol is TCP."""
    return tuple(Port(port.port, port.name or "", port.protocol or "TCP") for port in ports) or STAND_IN


def _service_listing(seen: Exposure, request: Request, zone: str) -> Listing:
    config, key = seen.config, ObjectKey(request.namespace, request.service)
    service = seen.service(key)
    if service is None:  # row 5
        return Listing(missing="service-missing" if seen.snapshot.service(key) is None else "service-not-selected")
    headless = is_headless(service)
    external = service.type == "ExternalName"
    slices = seen.slices_of(key)
    if config.ignore_empty_service and not external and not headless and not _has_ready_address(slices, config):
        return Listing(missing="empty-service-ignored")  # row 6
    if request.topology_zone and not headless:  # row 7
        return Listing(missing="zonal-not-headless")
    if external:
        return _external_listing(service, request, zone)
    if request.topology_zone:
        return Listing(tuple(_zonal_pairs(key, slices, request, config, zone)))
    if headless or request.endpoint:  # row 11
        pairs = tuple(_matching_endpoint_pairs(key, slices, request, config, zone))
        return Listing(pairs, missing="" if pairs else "no-endpoint")
    if not any(_port_matches(port, request) for port in ports_of(service.ports)):  # row 12
        return Listing(missing="port-missing")
    return Listing(tuple(pair for pair in service_pairs(service, zone) if _port_matches(pair.port, request)))


def _external_listing(service: Service, request: Request, zone: str) -> Listing:
    if request.endpoint or request.port or request.protocol:  # row 8
        return Listing(missing="external-name-below")
    target = service.spec.external_name or ""
    if canonical(target) is not None:  # row 9
        return Listing(missing="external-name-address")
    source = Source("Service", service.key, "spec.externalName")
    name = service_name(service.key, zone)
    return Listing((Pair(absolute(target), Port(0), name, source, service.key),))  # row 10


def _matching_endpoint_pairs(
    key: ObjectKey, slices: Iterable[EndpointSlice], request: Request, config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    wanted = request.endpoint.lower()
    base = service_name(key, zone)
    for item in slices:
        ports = [port for port in slice_ports(item) if _port_matches(port, request)]
        if not ports:
            continue
        for place in slice_addresses(item, config):
            if wanted and place.name.lower() != wanted:
                continue
            for port in ports:
                yield _endpoint_pair(place, port, base, key)


def _zonal_pairs(
    key: ObjectKey, slices: list[EndpointSlice], request: Request, config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    """The endpoints of one topology zone; under ``prefer`` all of them when it has none (zonal.go)."""
    base = service_name(key, zone)
    places = [(place, slice_ports(item)) for item in slices for place in slice_addresses(item, config)]
    near = [(place, ports) for place, ports in places if place.topology_zone == request.topology_zone]
    for place, ports in near or (places if request.prefer else []):
        for port in ports:
            yield _endpoint_pair(place, port, base, key)


def _import_listing(seen: Exposure, request: Request, zone: str) -> Listing:
    config, key = seen.config, ObjectKey(request.namespace, request.service)
    found = seen.service_import(key)
    if found is None:
        return Listing(missing="import-missing")
    slices = seen.imported_slices_of(key)
    if config.ignore_empty_service and not found.headless and not _has_ready_address(slices, config):
        return Listing(missing="empty-service-ignored")
    if found.headless or request.endpoint:
        pairs = tuple(_imported_endpoint_pairs(key, slices, request, config, zone))
        return Listing(pairs, missing="" if pairs else "no-endpoint")
    if not any(_port_matches(port, request) for port in _import_ports(found)):
        return Listing(missing="port-missing")
    return Listing(tuple(_import_pairs(found, request, zone)))


def _imported_endpoint_pairs(
    key: ObjectKey, slices: Iterable[EndpointSlice], request: Request, config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    base = service_name(key, zone)
    for item in slices:
        cluster = item.labels.get(SOURCE_CLUSTER_LABEL, "")
        if request.endpoint and cluster.lower() != request.cluster.lower():
            continue
        for place in slice_addresses(item, config):
            if request.endpoint and place.name.lower() != request.endpoint.lower():
                continue
            for port in slice_ports(item):
                if _port_matches(port, request):
                    yield _endpoint_pair(place, port, f"{cluster}.{base}", key)


def _import_pairs(found: ServiceImport, request: Request, zone: str) -> Iterator[Pair]:
    target = service_name(found.key, zone)
    for port in _import_ports(found):
        if _port_matches(port, request):
            for place, address in enumerate(found.spec.ips or ()):
                source = Source("ServiceImport", found.key, f"spec.ips[{place}]")
                yield Pair(address, port, target, source, found.key)


def _import_ports(found: ServiceImport) -> tuple[Port, ...]:
    """The ports of a ServiceImport; unlike a Service it gets no stand-in port (object/serviceimport.go)."""
    return ports_of(found.spec.ports) if found.spec.ports else ()


def _endpoint_pair(place: SliceAddress, port: Port, base: str, service: ObjectKey) -> Pair:
    target = f"{place.name}.{base}" if place.name else base
    return Pair(place.address, port, target, place.source, service, place.ref)


def _port_matches(port: Port, request: Request) -> bool:
    """matchPortAndProtocol: an empty wish matches anything, case does not count."""
    return (not request.port or request.port.lower() == port.name.lower()) and (
        not request.protocol or request.protocol.lower() == port.protocol.lower()
    )


def _has_ready_address(slices: Iterable[EndpointSlice], config: ZoneConfig) -> bool:
    return any(True for item in slices for _ in slice_addresses(item, config))
