"""Names of topology zones: ``T.pin._zone.SERVICE...`` and ``T.prefer._zone.SERVICE...``; reference section 11.

Source: plugin/kubernetes/kubernetes.go findServices (addForZone), parse.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.model.objects import EndpointSlice, ObjectKey
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.endpoint_slices import slice_addresses, slice_ports
from kheadless_tui.zone.name_parsing import Request
from kheadless_tui.zone.names import service_name
from kheadless_tui.zone.pairs import Pair, endpoint_pair


def zonal_pairs(
    key: ObjectKey, slices: list[EndpointSlice], request: Request, config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    """The endpoints of one topology zone; under ``prefer`` all of them when it has none."""
    base = service_name(key, zone)
    places = [(place, slice_ports(item)) for item in slices for place in slice_addresses(item, config)]
    near = [(place, ports) for place, ports in places if place.topology_zone == request.topology_zone]
    for place, ports in near or (places if request.prefer else []):
        for port in ports:
            yield endpoint_pair(place, port, base, key)
