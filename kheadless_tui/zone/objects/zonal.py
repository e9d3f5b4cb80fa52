"""Names of topology zones: ``T.pin._zone.SERVICE...`` and ``T.prefer._zone.SERVICE...``.

Source: plugin/kubernetes/kubernetes.go findServices (addForZone), parse.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.model.objects import EndpointSlice, ObjectKey
from kheadless_tui.zone.naming.name_parsing import Request
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.objects.endpoint_slices import Port, SliceAddress, slice_addresses, slice_ports
from kheadless_tui.zone.objects.pairs import Pair, endpoint_pair
from kheadless_tui.zone.serving.config import ZoneConfig


def zonal_pairs(
    key: ObjectKey, slices: list[EndpointSlice], request: Request, config: ZoneConfig, zone: str
) -> Iterator[Pair]:
    """The endpoints of one topology zone; under ``prefer`` all of them when it has none.

    An address has one zone a slice: where several endpoints hold it, the last that names a zone decides
    (object/endpoint.go endpointSliceToEndpoints).
    """
    base = service_name(key, zone)
    places: list[tuple[SliceAddress, tuple[Port, ...], str]] = []
    for item in slices:
        found = list(slice_addresses(item, config))
        zones = {place.address: place.topology_zone for place in found if place.topology_zone is not None}
        places += [(place, slice_ports(item), zones.get(place.address, "")) for place in found]
    near = [each for each in places if each[2] == request.topology_zone]
    for place, ports, _ in near or (places if request.prefer else []):
        for port in ports:
            yield endpoint_pair(place, port, base, key)
