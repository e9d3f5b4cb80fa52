"""What DNS takes of an EndpointSlice: its addresses that are ready, each to be paired with each of its ports.

Source: plugin/kubernetes/object/endpoint.go endpointSliceToEndpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kheadless_tui.model.objects import Endpoint, EndpointSlice
from kheadless_tui.zone.naming.endpoint_names import endpoint_hostname
from kheadless_tui.zone.record import EndpointRef, Source
from kheadless_tui.zone.serving.config import ZoneConfig

NO_PORT = -1
"""Number of a port without number, and of the stand-in port of a Service or slice without ports."""


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
    topology_zone: str | None
    """The endpoint's zone in lower case, as the option ``zonal`` compares it; ``None`` when it names none."""


def slice_ports(item: EndpointSlice) -> tuple[Port, ...]:
    """The ports of a slice; the API server's default protocol is TCP."""
    if not item.ports:
        return STAND_IN
    return tuple(
        Port(NO_PORT if port.port is None else port.port, port.name or "", port.protocol or "TCP")
        for port in item.ports
    )


def slice_addresses(item: EndpointSlice, config: ZoneConfig, *, ready: bool = True) -> Iterator[SliceAddress]:
    """The addresses of a slice whose endpoints are ready (or are not), in the slice's order.

    Args:
        item: the slice.
        config: how the zone is served; it decides the endpoints' names.
        ready: which endpoints.
    """
    key = item.key
    for number, endpoint in enumerate(item.endpoints or ()):
        if endpoint.ready is not ready:
            continue
        for place, address in enumerate(endpoint.addresses or ()):
            name = endpoint_hostname(endpoint, address, config)
            yield SliceAddress(
                address,
                name,
                _reference(endpoint, address, name),
                Source("EndpointSlice", key, f"endpoints[{number}].addresses[{place}]"),
                None if endpoint.zone is None else endpoint.zone.lower(),
            )


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
