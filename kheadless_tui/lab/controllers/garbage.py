"""Deletes what has lost its owner, and what is to go before it."""

from __future__ import annotations

from kheadless_tui.lab.api.objects import FOREGROUND, Objects
from kheadless_tui.lab.objects.resources import OWNED, OWNERS, Resource
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, owned_by

_KINDS = {resource.kind for resource in OWNERS}


class GarbageCollector:
    """pkg/controller/garbagecollector; its keys are namespace and uid of an owner that is gone or going."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def keys(self, change: Change) -> set[Key]:
        """An owner that went away or waits for what it owns, and the owners of what went away."""
        meta = change.item["metadata"]
        namespace = meta.get("namespace", "")
        if change.type == "DELETED":
            owners = {owner["uid"] for owner in meta.get("ownerReferences") or () if owner["kind"] in _KINDS}
            return {(namespace, uid) for uid in (meta["uid"], *owners)}
        return {(namespace, meta["uid"])} if change.resource in OWNERS and _waits(change.item) else set()

    def reconcile(self, key: Key) -> None:
        """Delete its dependents; an owner that waits for them goes with the last one."""
        namespace, uid = key
        owner = self._find(namespace, uid)
        if owner is not None and not _waits(owner[1]):
            return
        left = False
        for resource in OWNED:
            for item in owned_by(self._store.all(resource, namespace), uid):
                left = True
                if "deletionTimestamp" not in item["metadata"]:
                    # what is owned and owns goes the same way
                    policy = "Foreground" if owner is not None and resource in OWNERS else "Background"
                    self._objects.delete(resource, namespace, item["metadata"]["name"], {"propagationPolicy": policy})
        if owner is not None and not left:
            self._release(*owner)

    def _find(self, namespace: str, uid: str) -> tuple[Resource, Object] | None:
        for resource in OWNERS:
            for item in self._store.all(resource, namespace):
                if item["metadata"]["uid"] == uid:
                    return resource, item
        return None

    def _release(self, resource: Resource, owner: Object) -> None:
        freed = clone(owner)
        freed["metadata"]["finalizers"].remove(FOREGROUND)
        self._objects.update(resource, freed)


def _waits(owner: Object) -> bool:
    meta = owner["metadata"]
    return "deletionTimestamp" in meta and FOREGROUND in (meta.get("finalizers") or ())
