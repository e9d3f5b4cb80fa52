"""The addresses, names and ports of an EndpointSlice as DNS takes them; reference sections 1.2 and 4.

Sources: plugin/kubernetes/object/endpoint.go endpointSliceToEndpoints, kubernetes.go endpointHostname. Each ready
address is paired with each port.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kheadless_tui.model.objects import Endpoint, EndpointSlice
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.names import dashed
from kheadless_tui.zone.record import EndpointRef, Source

NO_PORT = -1
"""Number of a port without number, and of the stand-in port of a Service or slice without ports."""
MAX_TARGET_NAME = 63
"""Characters of the longest targetRef.name that may name an endpoint (object/endpoint.go: shorter than 64)."""


class Port(NamedTuple):
    """A port as DNS matches it."""

    number: int
    name: str = ""
    protocol: str = ""


STAND_IN = (Port(NO_PORT),)
"""What a Service or slice without ports has instead: it matches only when no port is asked for."""


class SliceAddress(NamedTuple):
    """One address of one endpoint of one slice."""

    address: str
    name: str
    """The endpoint's name in DNS, one label or, for a pod's name with dots, several."""
    ref: EndpointRef
    source: Source
    topology_zone: str
    """The endpoint's zone in lower case, as the option ``zonal`` compares it."""


def slice_ports(item: EndpointSlice) -> tuple[Port, ...]:
    """The ports of a slice; the API server's default protocol is TCP."""
    if not item.ports:
        return STAND_IN
    return tuple(
        Port(NO_PORT if port.port is None else port.port, port.name or "", port.protocol or "TCP")
        for port in item.ports
    )


def slice_addresses(
    item: EndpointSlice, config: ZoneConfig, *, ready: bool = True, only: str = ""
) -> Iterator[SliceAddress]:
    """The addresses of a slice whose endpoints are ready (or are not), in the slice's order.

    Args:
        item: the slice.
        config: how the zone is served; it decides the endpoints' names.
        ready: which endpoints.
        only: this address alone, empty for all.
    """
    key = item.key
    for number, endpoint in enumerate(item.endpoints or ()):
        if endpoint.ready is not ready or (only and only not in (endpoint.addresses or ())):
            continue
        for place, address in enumerate(endpoint.addresses or ()):
            if only and address != only:
                continue
            name = endpoint_hostname(endpoint, address, config)
            yield SliceAddress(
                address,
                name,
                _reference(endpoint, address, name),
                Source("EndpointSlice", key, f"endpoints[{number}].addresses[{place}]"),
                (endpoint.zone or "").lower(),
            )


def endpoint_hostname(endpoint: Endpoint, address: str, config: ZoneConfig) -> str:
    """The one name that an address of an endpoint has below its Service.

    Its hostname; under ``endpoint_pod_names`` the name of its target, whatever the kind; else the address as the slice
    writes it, dashes in place of dots or colons, and a final dash followed by a 0.

    Returns:
        The name, empty for a text that is neither (kubernetes.go endpointHostname).
    """
    if endpoint.hostname:
        return endpoint.hostname
    target = endpoint.target_ref
    if config.endpoint_pod_names and target is not None and target.name and len(target.name) <= MAX_TARGET_NAME:
        return target.name
    return dashed(address)


def _reference(endpoint: Endpoint, address: str, name: str) -> EndpointRef:
    return EndpointRef(
        pod=endpoint.pod_name,
        address=address,
        ready=endpoint.ready,
        serving=endpoint.serving,
        terminating=endpoint.terminating,
        node=endpoint.node_name,
        hostname=name,
    )
