"""Which objects have an address: asked for seldom, so made when it is asked for the first time.

A big cluster has 100,000 addresses. An index that followed every event would cost as much as taking the event in, and
mostly nobody asks; this one follows the snapshot that is asked, by what differs from the one that was asked before.
"""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.model.cowmap import CowGroups, FrozenMap, move
from kheadless_tui.model.objects import EndpointSlice, KubeObject, ObjectKey, Service
from kheadless_tui.model.workloads import Pod

Objects = FrozenMap[tuple[str, ObjectKey], KubeObject]
"""By kind and key."""


class AddressIndex:
    """The slices, Services and pods at each address."""

    def __init__(self) -> None:
        self._seen: Objects = FrozenMap()
        self._at: dict[str, CowGroups[str, ObjectKey]] = {
            "EndpointSlice": CowGroups(),
            "Service": CowGroups(),
            "Pod": CowGroups(),
        }

    def of(self, objects: Objects, kind: str, address: str) -> tuple[ObjectKey, ...]:
        """The keys of the objects of a kind that have an address, by its exact text, sorted.

        Args:
            objects: All objects, of any snapshot of one builder.
            kind: EndpointSlice, Service or Pod.
            address: As it stands in the objects.
        """
        if objects is not self._seen:
            self._follow(objects)
        return self._at[kind].get(address) or ()

    def _follow(self, objects: Objects) -> None:
        seen, self._seen = self._seen, objects
        for ref in objects.changed_since(seen):
            kind, key = ref
            index = self._at.get(kind)
            if index is not None:
                move(index, key, addresses_of(seen.get(ref)), addresses_of(objects.get(ref)))


def addresses_of(item: KubeObject | None) -> Sequence[str]:
    """The addresses by which an object is found; one may be there twice."""
    if isinstance(item, EndpointSlice):
        return [address for endpoint in item.endpoints or () for address in endpoint.addresses or ()]
    if isinstance(item, Service):
        return [address for address in item.cluster_ips if address and address != "None"]
    return item.addresses if isinstance(item, Pod) else ()
