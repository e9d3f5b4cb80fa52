"""What the DNS server sees of a snapshot under the options that hide things.

These are ``namespaces``, ``namespace_labels``, ``labels`` and ``noendpoints``.
Sources: plugin/kubernetes/namespace.go, controller.go (newdnsController).
"""

from __future__ import annotations

from kheadless_tui.model.objects import EndpointSlice, KubeObject, ObjectKey, Service, ServiceImport
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.objects.endpoint_slices import SliceAddress, slice_addresses
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.label_selectors import selects

_UNWATCHED_PHASES = ("Succeeded", "Failed", "Unknown")
"""Phases that the watch on pods leaves out (controller.go podListFunc)."""


class Watched:
    """A snapshot through the eyes of the DNS server. Every question to it is an index hit."""

    __slots__ = ("_at", "_named", "config", "snapshot")

    def __init__(self, snapshot: Snapshot, config: ZoneConfig) -> None:
        self.snapshot = snapshot
        self.config = config
        self._named: dict[ObjectKey, dict[str, list[SliceAddress]]] = {}
        self._at: dict[ObjectKey, dict[str, list[SliceAddress]]] = {}

    def namespace(self, name: str) -> bool:
        """Whether a namespace exists for forward names (namespaceExposed)."""
        return self.namespace_configured(name) and self.namespace_watched(name)

    def namespace_configured(self, name: str) -> bool:
        """Whether the option ``namespaces`` lets it through."""
        return not self.config.namespaces or name in self.config.namespaces

    def namespace_watched(self, name: str) -> bool:
        """Whether its object exists and matches ``namespace_labels``."""
        if not self.snapshot.namespace_exists(name):
            return False
        if not self.config.namespace_labels:
            return True
        item = self.snapshot.namespace(name)
        return item is not None and selects(self.config.namespace_labels, item.labels)

    def namespace_for_ptr(self, name: str) -> bool:
        """Whether PTR records may name it: only the option ``namespaces`` counts (reverse.go serviceRecordForIP)."""
        return not self.config.namespaces or self.namespace(name)

    def service(self, key: ObjectKey) -> Service | None:
        """The Service, if it is watched."""
        found = self.snapshot.service(key)
        return found if found is not None and self._watched(found) else None

    def service_import(self, key: ObjectKey) -> ServiceImport | None:
        """The ServiceImport, if it is watched: ``namespace_labels`` is held against its own labels."""
        found = self.snapshot.service_import(key)
        if found is None or not selects(self.config.namespace_labels, found.labels):
            return None
        return found

    def slices_of(self, key: ObjectKey) -> list[EndpointSlice]:
        """The watched slices that carry the label of a Service, sorted by name."""
        if self.config.noendpoints:
            return []
        return [item for item in self.snapshot.slices_of(key) if self._watched(item)]

    def endpoints_named(self, item: EndpointSlice, name: str) -> list[SliceAddress]:
        """The ready addresses of one of the snapshot's slices whose name in DNS, in lower case, is this one.

        The names of a slice are made once, so that asking for each of its endpoints costs no more than all of them.
        """
        named = self._named.get(item.key)
        if named is None:
            named = self._named[item.key] = {}
            for place in slice_addresses(item, self.config):
                named.setdefault(place.name.lower(), []).append(place)
        return named.get(name, [])

    def endpoints_at(self, item: EndpointSlice, address: str) -> list[SliceAddress]:
        """The places of one of the snapshot's slices where this address is ready; they are made once, too."""
        places = self._at.get(item.key)
        if places is None:
            places = self._at[item.key] = {}
            for place in slice_addresses(item, self.config):
                places.setdefault(place.address, []).append(place)
        return places.get(address, [])

    def imported_slices_of(self, key: ObjectKey) -> list[EndpointSlice]:
        """The watched slices that carry the label of a ServiceImport, sorted by name."""
        return [item for item in self.snapshot.imported_slices_of(key) if self._watched(item)]

    def slices_at(self, address: str) -> list[EndpointSlice]:
        """The watched slices that hold an address as ready, sorted by name (controller.go EpIndexReverse)."""
        if self.config.noendpoints:
            return []
        return [
            item
            for item in self.snapshot.slices_at(address)
            if self._watched(item) and self.endpoints_at(item, address)
        ]

    def services_at(self, address: str) -> list[Service]:
        """The watched Services one of whose cluster addresses is this one."""
        return [item for item in self.snapshot.services_at(address) if self._watched(item)]

    def pods_at(self, address: str) -> list[Pod]:
        """The pods whose first address is this one, as ``pods verified`` knows them (object/pod.go ToPod)."""
        return [
            item
            for item in self.snapshot.pods_at(address)
            if item.status.pod_ip == address
            and not item.terminating
            and item.status.phase not in _UNWATCHED_PHASES
            and self._watched(item)
        ]

    def _watched(self, item: KubeObject) -> bool:
        return not self.config.labels or selects(self.config.labels, item.labels)
