"""What a name stands for: the list behind every answer, in the plugin's order of decisions.

The list does not depend on the type that is asked for; it decides whether the name exists. Source:
plugin/kubernetes/kubernetes.go Services, Records and findServices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service
from kheadless_tui.zone.naming.name_parsing import POD, Request
from kheadless_tui.zone.naming.names import absolute, service_name
from kheadless_tui.zone.naming.pod_names import pod_listing
from kheadless_tui.zone.naming.reverse_names import is_reverse
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import Port, slice_addresses, slice_ports
from kheadless_tui.zone.objects.multicluster import import_listing
from kheadless_tui.zone.objects.pairs import (
    Listing,
    Pair,
    endpoint_pair,
    has_ready_address,
    port_matches,
    ports_of,
    service_pairs,
)
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.objects.zonal import zonal_pairs
from kheadless_tui.zone.record import Source


def list_pairs(seen: Watched, request: Request, name: str, zone: str, *, multicluster: bool = False) -> Listing:
    """The pairs that a name stands for.

    Args:
        seen: the snapshot as the server sees it.
        request: the name taken apart.
        name: the name in lower case.
        zone: the zone as the question writes it.
        multicluster: whether the zone holds ServiceImports.
    """
    if request.fault:
        return Listing(missing=f"name-{request.fault}")
    if not request.branch:
        return Listing()
    if is_reverse(name):  # no forward names below a reverse zone
        return Listing(missing="reverse-name")
    if not seen.namespace_configured(request.namespace):
        return Listing(missing="namespace-not-exposed")
    if not seen.namespace_watched(request.namespace):
        known = seen.snapshot.namespace_exists(request.namespace)
        return Listing(missing="namespace-not-selected" if known else "namespace-missing")
    if request.branch == POD:
        return pod_listing(seen, request, zone)
    if not request.service:
        return Listing()
    if multicluster:
        return import_listing(seen, request, zone)
    return _service_listing(seen, request, zone)


def _service_listing(seen: Watched, request: Request, zone: str) -> Listing:
    config, key = seen.config, ObjectKey(request.namespace, request.service)
    service = seen.service(key)
    if service is None:
        return Listing(missing="service-missing" if seen.snapshot.service(key) is None else "service-not-selected")
    headless = service.headless
    external = service.type == "ExternalName"
    slices = seen.slices_of(key)
    if config.ignore_empty_service and not external and not headless and not has_ready_address(slices, config):
        return Listing(missing="empty-service-ignored")
    if request.topology_zone and not headless:
        return Listing(missing="zonal-not-headless")
    if external:
        return _external_listing(service, request, zone)
    if request.topology_zone:
        return Listing(tuple(zonal_pairs(key, slices, request, config, zone)))
    if headless or request.endpoint:
        pairs = tuple(_matching_endpoint_pairs(seen, key, slices, request, zone))
        return Listing(pairs, missing="" if pairs else "no-endpoint")
    if not any(port_matches(port, request) for port in ports_of(service.ports)):
        return Listing(missing="port-missing")
    return Listing(tuple(pair for pair in service_pairs(service, zone) if port_matches(pair.port, request)))


def _external_listing(service: Service, request: Request, zone: str) -> Listing:
    if request.endpoint or request.port or request.protocol:
        return Listing(missing="external-name-below")
    target = service.spec.external_name or ""
    if canonical(target) is not None:
        return Listing(missing="external-name-address")
    source = Source("Service", service.key, "spec.externalName")
    name = service_name(service.key, zone)
    return Listing((Pair(absolute(target), Port(0), name, source, service.key),))


def _matching_endpoint_pairs(
    seen: Watched, key: ObjectKey, slices: Iterable[EndpointSlice], request: Request, zone: str
) -> Iterator[Pair]:
    wanted = request.endpoint.lower()
    base = service_name(key, zone)
    for item in slices:
        ports = [port for port in slice_ports(item) if port_matches(port, request)]
        if not ports:
            continue
        places = seen.endpoints_named(item, wanted) if wanted else slice_addresses(item, seen.config)
        for place in places:
            for port in ports:
                yield endpoint_pair(place, port, base, key)
