"""ServiceImports in multicluster zones: names carry the cluster of an endpoint.

Source: plugin/kubernetes/kubernetes.go findMultiClusterServices, object/serviceimport.go, multicluster_endpoint.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kheadless_tui.model.objects import SOURCE_CLUSTER_LABEL, EndpointSlice, ObjectKey, ServiceImport
from kheadless_tui.zone.naming.name_parsing import Request
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.objects.endpoint_slices import Port, slice_addresses, slice_ports
from kheadless_tui.zone.objects.pairs import Listing, Pair, endpoint_pair, has_ready_address, port_matches, ports_of
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Source
from kheadless_tui.zone.serving.config import ZoneConfig


def import_listing(seen: Watched, request: Request, zone: str) -> Listing:
    """What a name of a multicluster zone stands for."""
    config, key = seen.config, ObjectKey(request.namespace, request.service)
    found = seen.service_import(key)
    if found is None:
        return Listing(missing="import-missing")
    slices = seen.imported_slices_of(key)
    if config.ignore_empty_service and not found.headless and not has_ready_address(slices, config):
        return Listing(missing="empty-service-ignored")
    if found.headless or request.endpoint:
        pairs = tuple(_imported_endpoint_pairs(key, slices, request, config, zone))
        return Listing(pairs, missing="" if pairs else "no-endpoint")
    if not any(port_matches(port, request) for port in _import_ports(found)):
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
                if port_matches(port, request):
                    yield endpoint_pair(place, port, f"{cluster}.{base}", key)


def _import_pairs(found: ServiceImport, request: Request, zone: str) -> Iterator[Pair]:
    target = service_name(found.key, zone)
    for port in _import_ports(found):
        if port_matches(port, request):
            for place, address in enumerate(found.spec.ips or ()):
                source = Source("ServiceImport", found.key, f"spec.ips[{place}]")
                yield Pair(address, port, target, source, found.key)


def _import_ports(found: ServiceImport) -> tuple[Port, ...]:
    """The ports of a ServiceImport; unlike a Service it gets no stand-in port (object/serviceimport.go)."""
    return ports_of(found.spec.ports) if found.spec.ports else ()
