"""The immutable, indexed picture of what is known of a cluster at one generation.

A :class:`Snapshot` is what prediction, comparison, rules and screens are functions of; it comes from the live store,
from files or from a test in the same way: a :class:`SnapshotBuilder` takes objects one at a time and freezes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from kheadless_tui.model.cowmap import CowMap, FrozenMap
from kheadless_tui.model.kinds import KINDS
from kheadless_tui.model.objects import (
    Endpoints,
    EndpointSlice,
    KubeObject,
    Namespace,
    ObjectKey,
    Service,
    ServiceImport,
)
from kheadless_tui.model.workloads import Pod, StatefulSet

K = TypeVar("K", bound=Hashable)

Ref = tuple[str, ObjectKey]
"""Kind name and key: what an index points at."""
_Bucket = tuple[ObjectKey, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at one generation. All lookups are index hits; none depends on the size of the cluster."""

    generation: int = 0
    """Grows by at least one with every change that was taken in."""
    objects: FrozenMap[Ref, KubeObject] = field(default_factory=FrozenMap)
    namespaces_known: bool = False
    """True when the list of Namespaces was read: then a name that is not there does not exist."""
    _by_namespace: FrozenMap[tuple[str, str], frozenset[str]] = field(default_factory=FrozenMap)
    _slices_of: FrozenMap[ObjectKey, _Bucket] = field(default_factory=FrozenMap)
    _slices_at: FrozenMap[str, _Bucket] = field(default_factory=FrozenMap)
    _services_at: FrozenMap[str, _Bucket] = field(default_factory=FrozenMap)
    _pods_at: FrozenMap[str, _Bucket] = field(default_factory=FrozenMap)
    _namespaces: FrozenMap[str, int] = field(default_factory=FrozenMap)
    _imported_slices_of: FrozenMap[ObjectKey, _Bucket] = field(default_factory=FrozenMap)

    @classmethod
    def of(cls, objects: Iterable[KubeObject], *, namespaces_known: bool = False) -> Snapshot:
        """A snapshot of exactly these objects (later ones replace earlier ones of the same key)."""
        builder = SnapshotBuilder()
        builder.namespaces_known = namespaces_known
        for item in objects:
            builder.put(item)
        return builder.freeze()

    # -- by key ------------------------------------------------------------------------------------------------

    def service(self, key: ObjectKey) -> Service | None:
        """The Service of that key."""
        found = self.objects.get(("Service", key))
        return found if isinstance(found, Service) else None

    def pod(self, key: ObjectKey) -> Pod | None:
        """The Pod of that key."""
        found = self.objects.get(("Pod", key))
        return found if isinstance(found, Pod) else None

    def stateful_set(self, key: ObjectKey) -> StatefulSet | None:
        """The StatefulSet of that key."""
        found = self.objects.get(("StatefulSet", key))
        return found if isinstance(found, StatefulSet) else None

    def service_import(self, key: ObjectKey) -> ServiceImport | None:
        """The ServiceImport of that key."""
        found = self.objects.get(("ServiceImport", key))
        return found if isinstance(found, ServiceImport) else None

    def endpoints(self, key: ObjectKey) -> Endpoints | None:
        """The Endpoints object of that key; it explains, it never makes a record."""
        found = self.objects.get(("Endpoints", key))
        return found if isinstance(found, Endpoints) else None

    def namespace(self, name: str) -> Namespace | None:
        """The Namespace object, if Namespaces were read and it exists."""
        found = self.objects.get(("Namespace", ObjectKey("", name)))
        return found if isinstance(found, Namespace) else None

    def namespace_exists(self, name: str) -> bool:
        """Whether a namespace exists as far as we know.

        Without the right to list Namespaces, every namespace that holds an object that we know exists.
        """
        return self.namespace(name) is not None or (not self.namespaces_known and name in self._namespaces)

    # -- many --------------------------------------------------------------------------------------------------

    @property
    def namespaces(self) -> list[str]:
        """Names of all namespaces that exist or hold an object, sorted."""
        return sorted(self._namespaces)

    def names(self, kind: str, namespace: str) -> frozenset[str]:
        """Names of the objects of a kind in a namespace, unsorted."""
        return self._by_namespace.get((kind, namespace), frozenset())

    def services(self, namespace: str) -> list[Service]:
        """The Services of a namespace, sorted by name."""
        found = (self.service(ObjectKey(namespace, name)) for name in sorted(self.names("Service", namespace)))
        return [item for item in found if item is not None]

    def headless_services(self, namespace: str | None = None) -> list[Service]:
        """The headless Services of a namespace, or of all, sorted by namespace and name."""
        scope = self.namespaces if namespace is None else [namespace]
        return [service for name in scope for service in self.services(name) if service.headless]

    def pods(self, namespace: str) -> list[Pod]:
        """The pods of a namespace that are known, sorted by name."""
        found = (self.pod(ObjectKey(namespace, name)) for name in sorted(self.names("Pod", namespace)))
        return [item for item in found if item is not None]

    def stateful_sets(self, namespace: str) -> list[StatefulSet]:
        """The StatefulSets of a namespace that are known, sorted by name."""
        names = sorted(self.names("StatefulSet", namespace))
        found = (self.stateful_set(ObjectKey(namespace, name)) for name in names)
        return [item for item in found if item is not None]

    # -- by relation -------------------------------------------------------------------------------------------

    def slices_of(self, service: ObjectKey) -> list[EndpointSlice]:
        """The EndpointSlices that carry the label of this Service, sorted by name; the Service need not exist."""
        return self._slices(self._slices_of.get(service, ()))

    def imported_slices_of(self, service_import: ObjectKey) -> list[EndpointSlice]:
        """The EndpointSlices that carry the label of this ServiceImport, sorted by name."""
        return self._slices(self._imported_slices_of.get(service_import, ()))

    def slices_at(self, address: str) -> list[EndpointSlice]:
        """The EndpointSlices that list this address, ready or not, by its exact text."""
        return self._slices(self._slices_at.get(address, ()))

    def services_at(self, address: str) -> list[Service]:
        """The Services one of whose cluster addresses is this one, by its exact text."""
        found = (self.service(key) for key in self._services_at.get(address, ()))
        return [item for item in found if item is not None]

    def pods_at(self, address: str) -> list[Pod]:
        """The known pods that have this address; several, where pods share the network of their node."""
        found = (self.pod(key) for key in self._pods_at.get(address, ()))
        return [item for item in found if item is not None]

    def _slices(self, keys: Iterable[ObjectKey]) -> list[EndpointSlice]:
        found = (self.objects.get(("EndpointSlice", key)) for key in keys)
        return [item for item in found if isinstance(item, EndpointSlice)]


class SnapshotBuilder:
    """Takes objects in and out and keeps the indexes; one owner, never shared.

    Each call costs what the one object holds, whatever the size of the cluster.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.namespaces_known = False
        self._objects: CowMap[Ref, KubeObject] = CowMap()
        self._by_namespace: CowMap[tuple[str, str], frozenset[str]] = CowMap()
        self._slices_of: CowMap[ObjectKey, _Bucket] = CowMap()
        self._slices_at: CowMap[str, _Bucket] = CowMap()
        self._services_at: CowMap[str, _Bucket] = CowMap()
        self._pods_at: CowMap[str, _Bucket] = CowMap()
        self._namespaces: CowMap[str, int] = CowMap()
        self._imported_slices_of: CowMap[ObjectKey, _Bucket] = CowMap()

    def get(self, kind: str, key: ObjectKey) -> KubeObject | None:
        """The object now held under a kind and key."""
        return self._objects.get((kind, key))

    def put(self, item: KubeObject) -> KubeObject | None:
        """Take an object in, in place of one of the same kind and key, which is returned."""
        kind = _kind_of(item)
        ref = (kind, item.key)
        before = self._objects.get(ref)
        if before is None:
            self._count(kind, item.key, +1)
        self._objects.set(ref, item)
        self._reindex(item.key, before, item)
        self.generation += 1
        return before

    def remove(self, kind: str, key: ObjectKey) -> KubeObject | None:
        """Take an object out; ``None`` when it was not there."""
        before = self._objects.pop((kind, key))
        if before is not None:
            self._reindex(key, before, None)
            self._count(kind, key, -1)
            self.generation += 1
        return before

    def freeze(self) -> Snapshot:
        """The snapshot of now."""
        return Snapshot(
            self.generation,
            self._objects.freeze(),
            self.namespaces_known,
            self._by_namespace.freeze(),
            self._slices_of.freeze(),
            self._slices_at.freeze(),
            self._services_at.freeze(),
            self._pods_at.freeze(),
            self._namespaces.freeze(),
            self._imported_slices_of.freeze(),
        )

    def _count(self, kind: str, key: ObjectKey, step: int) -> None:
        bucket = (kind, key.namespace)
        names = self._by_namespace.get(bucket) or frozenset()
        self._by_namespace.set(bucket, names | {key.name} if step > 0 else names - {key.name})
        namespace = key.name if kind == "Namespace" else key.namespace
        if namespace:
            left = (self._namespaces.get(namespace) or 0) + step
            if left:
                self._namespaces.set(namespace, left)
            else:
                self._namespaces.pop(namespace)

    def _reindex(self, key: ObjectKey, before: KubeObject | None, after: KubeObject | None) -> None:
        """Move an object in the indexes; what a change leaves alone, such as addresses, costs nothing."""
        old, new = _joins(before), _joins(after)
        for entry in old[0] - new[0]:
            _drop(self._slices_of, entry, key)
        for entry in new[0] - old[0]:
            _add(self._slices_of, entry, key)
        for entry in old[1] - new[1]:
            _drop(self._imported_slices_of, entry, key)
        for entry in new[1] - old[1]:
            _add(self._imported_slices_of, entry, key)
        index = self._by_address(before if after is None else after)
        if index is not None:
            held, holds = _addresses(before), _addresses(after)
            for address in held - holds:
                _drop(index, address, key)
            for address in holds - held:
                _add(index, address, key)

    def _by_address(self, item: KubeObject | None) -> CowMap[str, _Bucket] | None:
        if isinstance(item, EndpointSlice):
            return self._slices_at
        if isinstance(item, Service):
            return self._services_at
        return self._pods_at if isinstance(item, Pod) else None


def _joins(item: KubeObject | None) -> tuple[set[ObjectKey], set[ObjectKey]]:
    """The Services and the ServiceImports that a slice belongs to: one or none of each."""
    if not isinstance(item, EndpointSlice):
        return set(), set()
    return _some(item.service_key), _some(item.import_key)


def _some(key: ObjectKey | None) -> set[ObjectKey]:
    return set() if key is None else {key}


def _addresses(item: KubeObject | None) -> set[str]:
    """The addresses by which an object is found."""
    if isinstance(item, EndpointSlice):
        return {address for endpoint in item.endpoints or () for address in endpoint.addresses or ()}
    if isinstance(item, Service):
        return {address for address in item.cluster_ips if address and address != "None"}
    return set(item.addresses) if isinstance(item, Pod) else set()


def _add(index: CowMap[K, _Bucket], entry: K, key: ObjectKey) -> None:
    bucket = index.get(entry) or ()
    if key not in bucket:
        index.set(entry, tuple(sorted((*bucket, key))))


def _drop(index: CowMap[K, _Bucket], entry: K, key: ObjectKey) -> None:
    left = tuple(other for other in index.get(entry) or () if other != key)
    if left:
        index.set(entry, left)
    else:
        index.pop(entry)


def _kind_of(item: KubeObject) -> str:
    return type(item).__name__


assert all(name == kind.struct.__name__ for name, kind in KINDS.items())
