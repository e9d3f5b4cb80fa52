"""The immutable, indexed picture of what is known of a cluster at one generation.

A :class:`Snapshot` is what prediction, comparison, rules and screens are functions of; it comes from the live store,
from files or from a test in the same way: a :class:`SnapshotBuilder` takes objects one at a time and freezes.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from kheadless_tui.model.addresses import AddressIndex
from kheadless_tui.model.cowmap import CowGroups, CowMap, FrozenMap, move
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
from kheadless_tui.model.sharing import keep_what_is_same
from kheadless_tui.model.workloads import Pod, StatefulSet

Ref = tuple[str, ObjectKey]
"""Kind name and key: what an index points at."""
_Bucket = tuple[ObjectKey, ...]
_NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at one generation. All lookups are index hits; none depends on the size of the cluster."""

    generation: int = 0
    """Grows by at least one with every change that was taken in."""
    objects: FrozenMap[Ref, KubeObject] = field(default_factory=FrozenMap)
    namespaces_known: bool = False
    """True when the list of Namespaces was read: then a name that is not there does not exist."""
    whole: frozenset[tuple[str, str]] | None = None
    """Kind and namespace (empty: all) of what was read whole; ``None`` where these objects are all that there are."""
    _names: FrozenMap[tuple[str, str], set[str]] = field(default_factory=FrozenMap)
    _slices_of: FrozenMap[ObjectKey, _Bucket] = field(default_factory=FrozenMap)
    _imported_slices_of: FrozenMap[ObjectKey, _Bucket] = field(default_factory=FrozenMap)
    _namespaces: FrozenMap[str, int] = field(default_factory=FrozenMap)
    _addresses: AddressIndex = field(default_factory=AddressIndex, compare=False)
    """Shared by all snapshots of one builder; it follows whichever of them is asked."""

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

    def knows_all(self, kind: str, namespace: str = "") -> bool:
        """Whether all Services, EndpointSlices or Pods of a namespace are here, or of all: others do not exist."""
        return self.whole is None or not self.whole.isdisjoint({(kind, namespace), (kind, "")})

    # -- many --------------------------------------------------------------------------------------------------

    @property
    def namespaces(self) -> list[str]:
        """Names of all namespaces that exist or hold an object, sorted."""
        return sorted(self._namespaces)

    def names(self, kind: str, namespace: str) -> Set[str]:
        """Names of the objects of a kind in a namespace, unsorted."""
        return self._names.get((kind, namespace), _NO_NAMES)

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
        return self._slices(self._addresses.of(self.objects, "EndpointSlice", address))

    def services_at(self, address: str) -> list[Service]:
        """The Services one of whose cluster addresses is this one, by its exact text."""
        found = (self.service(key) for key in self._addresses.of(self.objects, "Service", address))
        return [item for item in found if item is not None]

    def pods_at(self, address: str) -> list[Pod]:
        """The known pods that have this address; several, where pods share the network of their node."""
        found = (self.pod(key) for key in self._addresses.of(self.objects, "Pod", address))
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
        self.whole: frozenset[tuple[str, str]] | None = None
        self._objects: CowMap[Ref, KubeObject] = CowMap()
        self._names: CowMap[tuple[str, str], set[str]] = CowMap()
        self._fresh_names: set[tuple[str, str]] = set()
        """Those of the sets of names that were made since the last freeze, so that no snapshot shares them."""
        self._slices_of: CowGroups[ObjectKey, ObjectKey] = CowGroups()
        self._imported_slices_of: CowGroups[ObjectKey, ObjectKey] = CowGroups()
        self._addresses = AddressIndex()
        self._namespaces: CowMap[str, int] = CowMap()
        """By name, how many kinds have an object in it, its Namespace among them."""

    def put(self, item: KubeObject) -> KubeObject | None:
        """Take an object in, in place of one of the same kind and key, which is returned.

        One that equals what is held changes nothing: it makes no new generation.
        """
        kind, key = type(item).__name__, item.key
        ref = (kind, key)
        before = self._objects.get(ref)
        if isinstance(before, EndpointSlice) and isinstance(item, EndpointSlice):
            if keep_what_is_same(before, item):
                return before
        elif before == item:
            return before
        if before is None:
            self._add_name(kind, key)
        self._objects.set(ref, item)
        if kind == "EndpointSlice":
            self._join(key, before, item)
        self.generation += 1
        return before

    def remove(self, kind: str, key: ObjectKey) -> KubeObject | None:
        """Take an object out; ``None`` when it was not there."""
        before = self._objects.pop((kind, key))
        if before is not None:
            if kind == "EndpointSlice":
                self._join(key, before, None)
            self._drop_name(kind, key)
            self.generation += 1
        return before

    def names(self, kind: str, namespace: str) -> Set[str]:
        """Names of the objects of a kind in a namespace; not to be held across a change."""
        return self._names.get((kind, namespace)) or _NO_NAMES

    def namespaces_of(self, kind: str) -> list[str]:
        """The namespaces in which there is, or was, an object of a kind; the empty one for cluster-wide kinds."""
        return [namespace for name, namespace in self._names if name == kind]

    def freeze(self) -> Snapshot:
        """The snapshot of now."""
        self._fresh_names.clear()
        return Snapshot(
            self.generation,
            self._objects.freeze(),
            self.namespaces_known,
            self.whole,
            self._names.freeze(),
            self._slices_of.freeze(),
            self._imported_slices_of.freeze(),
            self._namespaces.freeze(),
            self._addresses,
        )

    # -- names -------------------------------------------------------------------------------------------------

    def _add_name(self, kind: str, key: ObjectKey) -> None:
        names = self._own_names(kind, key.namespace)
        if kind == "Namespace":
            self._count(key.name, +1)
        elif not names and key.namespace:
            self._count(key.namespace, +1)
        names.add(key.name)

    def _drop_name(self, kind: str, key: ObjectKey) -> None:
        names = self._own_names(kind, key.namespace)
        names.discard(key.name)
        if kind == "Namespace":
            self._count(key.name, -1)
        elif not names and key.namespace:
            self._count(key.namespace, -1)

    def _own_names(self, kind: str, namespace: str) -> set[str]:
        bucket = (kind, namespace)
        held = self._names.get(bucket)
        if held is None or bucket not in self._fresh_names:
            held = set(held or ())
            self._names.set(bucket, held)
            self._fresh_names.add(bucket)
        return held

    def _count(self, namespace: str, step: int) -> None:
        left = (self._namespaces.get(namespace) or 0) + step
        if left:
            self._namespaces.set(namespace, left)
        else:
            self._namespaces.pop(namespace)

    # -- indexes -----------------------------------------------------------------------------------------------

    def _join(self, key: ObjectKey, before: KubeObject | None, after: KubeObject | None) -> None:
        """Move a slice to the Services and imports that its labels name now."""
        old = before if isinstance(before, EndpointSlice) else None
        new = after if isinstance(after, EndpointSlice) else None
        if old is None or new is None or (old.metadata is not new.metadata and old.labels != new.labels):
            (was_of, was_imported), (is_of, is_imported) = _joins(old), _joins(new)
            move(self._slices_of, key, was_of, is_of)
            move(self._imported_slices_of, key, was_imported, is_imported)


def _joins(item: EndpointSlice | None) -> tuple[_Bucket, _Bucket]:
    """The Services and the ServiceImports that a slice belongs to: one or none of each."""
    if item is None:
        return (), ()
    service, imported = item.service_key, item.import_key
    return (service,) if service else (), (imported,) if imported else ()


assert all(name == kind.struct.__name__ for name, kind in KINDS.items())
