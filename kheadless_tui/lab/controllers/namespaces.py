"""Deletes what is in a Namespace that is being deleted, then the Namespace."""

from __future__ import annotations

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.objects.resources import NAMESPACES, RESOURCES
from kheadless_tui.lab.objects.store import Change, Key, Store


class NamespaceController:
    """pkg/controller/namespace."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def keys(self, change: Change) -> set[Key]:
        """A Namespace, and what goes away in one."""
        meta = change.item["metadata"]
        if change.resource is NAMESPACES and change.type != "DELETED":
            return {("", meta["name"])}
        if change.type == "DELETED" and meta.get("namespace"):
            return {("", meta["namespace"])}
        return set()

    def reconcile(self, key: Key) -> None:
        """Delete, and delete again until nothing is left."""
        found = self._store.find(NAMESPACES, *key)
        if found is None or "deletionTimestamp" not in found["metadata"]:
            return
        left = False
        for resource in RESOURCES:
            for item in self._store.all(resource, key[1]) if resource.namespaced else ():
                meta = item["metadata"]
                if "deletionTimestamp" not in meta:
                    _, gone = self._objects.delete(resource, key[1], meta["name"], {})
                    left = left or not gone
                else:
                    left = True
        if not left:
            self._store.delete(NAMESPACES, *key)
