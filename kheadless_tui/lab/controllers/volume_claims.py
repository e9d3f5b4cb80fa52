"""Volume claims: those that a StatefulSet's pods get, and how each finds its volume.

The volumes themselves are no objects here: a provisioner has one for every claim.
"""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.events import NORMAL, Events
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.defaults import CLAIM_IN_USE
from kheadless_tui.lab.objects.resources import PODS, VOLUME_CLAIMS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, key_of

PROVISION_SECONDS = 0.2
"""From a claim to its volume."""
_COMPONENT = "lab-provisioner"


class VolumeClaims:
    """Binds claims, and lets those go that were deleted once no pod uses them (pkg/controller/volume/pvcprotection)."""

    def __init__(self, store: Store, objects: Objects, clock: Clock, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._events = events

    def keys(self, change: Change) -> set[Key]:
        """A claim, and those of a pod that has gone."""
        if change.resource is VOLUME_CLAIMS and change.type != "DELETED":
            return {key_of(change.item)}
        if change.resource is PODS and change.type == "DELETED":
            namespace = change.item["metadata"]["namespace"]
            return {(namespace, name) for name in _claims_in(change.item)}
        return set()

    def reconcile(self, key: Key) -> None:
        """Bind it a moment later, or let it go."""
        claim = self._store.find(VOLUME_CLAIMS, *key)
        if claim is None:
            return
        if "deletionTimestamp" in claim["metadata"]:
            if not any(key[1] in _claims_in(pod) for pod in self._store.all(PODS, key[0])):
                self._objects.update(VOLUME_CLAIMS, _released(claim))
        elif claim["status"]["phase"] == "Pending":
            self._clock.call_later(PROVISION_SECONDS, lambda: self._bind(key, claim["metadata"]["uid"]))

    def _bind(self, key: Key, uid: str) -> None:
        claim = self._store.find(VOLUME_CLAIMS, *key)
        if claim is None or claim["metadata"]["uid"] != uid or claim["status"]["phase"] != "Pending":
            return
        volume = f"pvc-{uid}"

        def edit(item: Object) -> None:
            spec = item["spec"]
            item["metadata"].setdefault("annotations", {})["pv.kubernetes.io/bind-completed"] = "yes"
            spec["volumeName"] = volume
            wanted = (spec.get("resources") or {}).get("requests") or {}
            item["status"] = {"phase": "Bound", "accessModes": spec.get("accessModes") or [], "capacity": wanted}

        self._objects.change(VOLUME_CLAIMS, *key, edit)
        self._events.record(
            claim, NORMAL, "ProvisioningSucceeded", f"Successfully provisioned volume {volume}", _COMPONENT
        )


def claims_of(stateful_set: Object, pod: str) -> Iterator[Object]:
    """The claims of one pod of a set (stateful_set_utils.go getPersistentVolumeClaims)."""
    labels = (stateful_set["spec"].get("selector") or {}).get("matchLabels") or {}
    for template in stateful_set["spec"].get("volumeClaimTemplates") or ():
        meta = clone(template.get("metadata") or {})
        meta |= {"name": f"{meta.get('name', '')}-{pod}", "labels": {**(meta.get("labels") or {}), **labels}}
        yield {"metadata": meta, "spec": clone(template.get("spec") or {})}


def with_claims(stateful_set: Object, pod: str, spec: Object) -> Object:
    """A pod's spec with the volumes of its claims; one of the template that has the name of a claim gives way."""
    templates = stateful_set["spec"].get("volumeClaimTemplates") or ()
    names = [(template.get("metadata") or {}).get("name", "") for template in templates]
    if not names:
        return spec
    own = [{"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{pod}"}} for name in names]
    return {**spec, "volumes": own + [one for one in spec.get("volumes") or () if one["name"] not in names]}


def _claims_in(pod: Object) -> list[str]:
    volumes = pod["spec"].get("volumes") or ()
    return [one["persistentVolumeClaim"]["claimName"] for one in volumes if one.get("persistentVolumeClaim")]


def _released(claim: Object) -> Object:
    item: Object = clone(claim)
    item["metadata"]["finalizers"] = [one for one in item["metadata"]["finalizers"] if one != CLAIM_IN_USE]
    return item
