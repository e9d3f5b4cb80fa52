"""Who owns what: controllers adopt what their selectors match and release what they do not.

The rules of pkg/controller/controller_ref_manager.go: what another object controls is left alone, what is being deleted
is not adopted, and an owner that is being deleted neither adopts nor releases.
"""

from __future__ import annotations

from collections.abc import Callable

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, disowned, key_of
from kheadless_tui.lab.validation.selectors import matches, of_workload


class Ownership:
    """Owners of one kind and what they own.

    Args:
        store: Where both are.
        objects: Writes owner references.
        owners: The kind of the owners.
        owned: The kind of what they own.
        fits: What else must hold, beside the selector, for an owner to take an object.
    """

    def __init__(
        self,
        store: Store,
        objects: Objects,
        owners: Resource,
        owned: Resource,
        fits: Callable[[Object, Object], bool] = lambda owner, item: True,
    ) -> None:
        self._store = store
        self._objects = objects
        self._owners = owners
        self._owned = owned
        self._fits = fits

    def keys(self, change: Change) -> set[Key]:
        """The owners that a change concerns: itself, those that own or owned the object, those that may take it."""
        if change.resource is self._owners:
            return set() if change.type == "DELETED" else {key_of(change.item)}
        if change.resource is not self._owned:
            return set()
        versions = [item for item in (change.item, change.before) if item is not None]
        namespace = change.item["metadata"]["namespace"]
        found = {
            (namespace, reference["name"])
            for item in versions
            for reference in item["metadata"].get("ownerReferences") or ()
            if reference["kind"] == self._owners.kind
        }
        if controller_of(change.item) is None:
            owners = self._store.all(self._owners, namespace)
            found |= {key_of(owner) for owner in owners if any(self._takes(owner, item) for item in versions)}
        return found

    def claim(self, owner: Object) -> list[Object]:
        """What belongs to an owner, after it has taken what is free and left what it does not select any more."""
        uid, leaving = owner["metadata"]["uid"], "deletionTimestamp" in owner["metadata"]
        claimed = []
        for item in self._store.all(self._owned, owner["metadata"]["namespace"]):
            controller = controller_of(item)
            if controller == uid and (leaving or self._takes(owner, item)):
                claimed.append(item)
            elif controller == uid:
                self._objects.change(self._owned, *key_of(item), lambda changed: disowned(changed, uid))
            elif controller is None and not leaving and self._may_adopt(owner, item):
                claimed.append(self._adopt(owner, item))
        return claimed

    def _takes(self, owner: Object, item: Object) -> bool:
        selector = of_workload(owner["spec"].get("selector"))
        return bool(selector) and matches(selector, item["metadata"].get("labels")) and self._fits(owner, item)

    def _may_adopt(self, owner: Object, item: Object) -> bool:
        return "deletionTimestamp" not in item["metadata"] and self._takes(owner, item)

    def _adopt(self, owner: Object, item: Object) -> Object:
        def edit(changed: Object) -> None:
            references = changed["metadata"].get("ownerReferences") or []
            changed["metadata"]["ownerReferences"] = [*references, controller_reference(owner)]

        return self._objects.change(self._owned, *key_of(item), edit)


def controller_of(item: Object) -> str | None:
    """The uid of the object that controls this one."""
    references = item["metadata"].get("ownerReferences") or ()
    return next((reference["uid"] for reference in references if reference.get("controller")), None)


def controller_reference(owner: Object) -> Object:
    """The ownerReference of one that this object controls."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
