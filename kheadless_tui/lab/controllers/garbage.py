"""Deletes what has lost its owner."""

from __future__ import annotations

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.resources import ENDPOINT_SLICES, ENDPOINTS, PODS, REPLICA_SETS
from kheadless_tui.lab.store import Change, Key, Store, owned_by

OWNED = (REPLICA_SETS, PODS, ENDPOINT_SLICES, ENDPOINTS)
"""Kinds that are made for an owner here."""


class GarbageCollector:
    """pkg/controller/garbagecollector, in the background; its keys are namespace and uid of an owner that is gone."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def keys(self, change: Change) -> set[Key]:
        """An owner that went away."""
        meta = change.item["metadata"]
        return {(meta.get("namespace", ""), meta["uid"])} if change.type == "DELETED" else set()

    def reconcile(self, key: Key) -> None:
        """Delete its dependents."""
        namespace, uid = key
        for resource in OWNED:
            for item in owned_by(self._store.all(resource, namespace), uid):
                self._objects.delete(resource, namespace, item["metadata"]["name"], {})
