"""The pairs of address and port that names stand for, and what of them a Service and its slices give.

Every answer is made of such pairs (msg.Service in plugin/etcd/msg/service.go); decision_order.py lists those of a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kheadless_tui.model.objects import (
    EndpointSlice,
    ObjectKey,
    Service,
    ServicePort,
)
from kheadless_tui.zone.naming.name_parsing import Request
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import STAND_IN, Port, SliceAddress, slice_addresses, slice_ports
from kheadless_tui.zone.record import EndpointRef, Source
from kheadless_tui.zone.serving.config import ZoneConfig


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


def service_pairs(service: Service, zone: str) -> Iterator[Pair]:
    """Each port of a Service with each of its cluster addresses."""
    target = service_name(service.key, zone)
    for port in ports_of(service.ports):
        for place, address in enumerate(service.cluster_ips):
            source = Source("Service", service.key, f"spec.clusterIPs[{place}]")
            yield Pair(address, port, target, source, service.key)


def endpoint_pairs(
    service: ObjectKey, slices: Iterable[EndpointSlice], config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    """Each ready address with each port of its slice."""
    base = service_name(service, zone)
    for item in slices:
        ports = slice_ports(item)
        for place in slice_addresses(item, config):
            for port in ports:
                yield endpoint_pair(place, port, base, service)


def ports_of(ports: Iterable[ServicePort]) -> tuple[Port, ...]:
    """The ports of a Service; the API server's default protocol is TCP."""
    return tuple(Port(port.port, port.name or "", port.protocol or "TCP") for port in ports) or STAND_IN


def endpoint_pair(place: SliceAddress, port: Port, base: str, service: ObjectKey) -> Pair:
    """A ready address with a port of its slice; its name is in front of ``base``."""
    target = f"{place.name}.{base}" if place.name else base
    return Pair(place.address, port, target, place.source, service, place.ref)


def port_matches(port: Port, request: Request) -> bool:
    """matchPortAndProtocol: an empty wish matches anything, case does not count."""
    return (not request.port or request.port.lower() == port.name.lower()) and (
        not request.protocol or request.protocol.lower() == port.protocol.lower()
    )


def has_ready_address(slices: Iterable[EndpointSlice], config: ZoneConfig) -> bool:
    """Whether any slice holds a ready address."""
    return any(True for item in slices for _ in slice_addresses(item, config))
