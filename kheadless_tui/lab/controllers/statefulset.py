"""StatefulSets: pods by ordinal, one after the other or all at once (pkg/controller/statefulset)."""

from __future__ import annotations

import hashlib
import json

from kheadless_tui.lab.api.objects import SUFFIX_ALPHABET, Objects
from kheadless_tui.lab.controllers.events import NORMAL, Events
from kheadless_tui.lab.controllers.ownership import Ownership, controller_reference
from kheadless_tui.lab.failure import ApiFailure
from kheadless_tui.lab.resources import PODS, STATEFUL_SETS
from kheadless_tui.lab.store import Change, Key, Object, Store, clone, key_of


class StatefulSetController:
    """Creates, deletes and replaces the pods of StatefulSets."""

    def __init__(self, store: Store, objects: Objects, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._events = events
        self._pods = Ownership(store, objects, STATEFUL_SETS, PODS, _is_member)

    def keys(self, change: Change) -> set[Key]:
        """A StatefulSet, or those that a pod concerns: also by its name, which is free when the pod is gone."""
        keys = self._pods.keys(change)
        if change.resource is PODS and change.type == "DELETED":
            namespace, name = key_of(change.item)
            keys.add((namespace, name.rpartition("-")[0]))
        return keys

    def reconcile(self, key: Key) -> None:
        """One step towards the wanted number; what is done makes it dirty again."""
        found = self._store.find(STATEFUL_SETS, *key)
        if found is None:
            return
        self._step(found, {_ordinal(pod): pod for pod in self._pods.claim(found)})
        self._write_status(found, self._pods.claim(found))

    def _step(self, found: Object, pods: dict[int, Object]) -> None:
        spec = found["spec"]
        start = (spec.get("ordinals") or {}).get("start", 0)
        wanted = range(start, start + spec["replicas"])
        parallel = spec["podManagementPolicy"] == "Parallel"
        if self._fill(found, pods, wanted, parallel) and self._shrink(found, pods, wanted, parallel):
            self._roll(found, pods, wanted)

    def _fill(self, found: Object, pods: dict[int, Object], wanted: range, parallel: bool) -> bool:
        """Make the pods that are missing; whether all that are wanted are there, and ready where that counts."""
        complete = True
        for ordinal in wanted:
            pod = pods.get(ordinal)
            if pod is None:
                self._create(found, ordinal)
            elif pod["status"]["phase"] in ("Failed", "Succeeded"):
                self._delete(found, pod)
            elif parallel or _ready(pod):
                continue
            complete = False
            if not parallel:
                return False
        return complete

    def _shrink(self, found: Object, pods: dict[int, Object], wanted: range, parallel: bool) -> bool:
        """Delete the pods that are too many, the last first; whether there were none."""
        condemned = sorted(set(pods) - set(wanted), reverse=True)
        for ordinal in condemned if parallel else condemned[:1]:
            if not _leaving(pods[ordinal]):
                self._delete(found, pods[ordinal])
        return not condemned

    def _roll(self, found: Object, pods: dict[int, Object], wanted: range) -> None:
        """Delete the last pod of an older revision; it comes back as the new one."""
        strategy = found["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        revision, partition = revision_of(found), (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for ordinal in sorted(wanted, reverse=True):
            pod = pods[ordinal]
            if ordinal >= partition and _revision_label(pod) != revision:
                if not _leaving(pod):
                    self._delete(found, pod)
                return
            if not _ready(pod):
                return

    def _create(self, found: Object, ordinal: int) -> None:
        pod = _new_pod(found, ordinal, revision_of(found))
        try:
            self._objects.create(PODS, found["metadata"]["namespace"], pod)
        except ApiFailure as failure:
            if failure.code == 409:  # the name is taken by a pod of nobody's: nothing is said, it is tried again later
                return
            raise
        self._say(found, "create", pod)

    def _delete(self, found: Object, pod: Object) -> None:
        self._objects.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], {})
        self._say(found, "delete", pod)

    def _say(self, found: Object, verb: str, pod: Object) -> None:
        message = f"{verb} Pod {pod['metadata']['name']} in StatefulSet {found['metadata']['name']} successful"
        self._events.record(found, NORMAL, f"Successful{verb.capitalize()}", message, "statefulset-controller")

    def _write_status(self, found: Object, pods: list[Object]) -> None:
        revision = revision_of(found)
        ready = sum(_ready(pod) for pod in pods)
        updated = sum(_revision_label(pod) == revision for pod in pods)
        current = (found.get("status") or {}).get("currentRevision", revision)
        if updated == len(pods) == found["spec"]["replicas"]:
            current = revision
        status = {
            "observedGeneration": found["metadata"]["generation"],
            "replicas": len(pods),
            "readyReplicas": ready,
            "currentReplicas": sum(_revision_label(pod) == current for pod in pods),
            "updatedReplicas": updated,
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": ready,
        }

        def put(item: Object) -> None:
            item["status"] = {key: value for key, value in status.items() if value or key not in _LEFT_OUT_AT_ZERO}

        self._objects.change(STATEFUL_SETS, found["metadata"]["namespace"], found["metadata"]["name"], put)


_LEFT_OUT_AT_ZERO = ("readyReplicas", "currentReplicas", "updatedReplicas")


def revision_of(found: Object) -> str:
    """The name of the revision of a template: the same template gives the same name."""
    digest = hashlib.sha256(json.dumps(found["spec"]["template"], sort_keys=True).encode()).digest()
    suffix = "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in digest[:10])
    return f"{found['metadata']['name']}-{suffix}"


def _new_pod(found: Object, ordinal: int, revision: str) -> Object:
    meta, template = found["metadata"], clone(found["spec"]["template"])
    name = f"{meta['name']}-{ordinal}"
    own = {
        "apps.kubernetes.io/pod-index": str(ordinal),
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": name,
    }
    template_meta = template.get("metadata") or {}
    pod_meta = {
        "name": name,
        "generateName": f"{meta['name']}-",
        "labels": {**(template_meta.get("labels") or {}), **own},
        "ownerReferences": [controller_reference(found)],
    }
    if template_meta.get("annotations"):
        pod_meta["annotations"] = template_meta["annotations"]
    spec = {**template["spec"], "hostname": name}
    if found["spec"].get("serviceName"):
        spec["subdomain"] = found["spec"]["serviceName"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": pod_meta, "spec": spec}


def _is_member(found: Object, pod: Object) -> bool:
    """Whether a pod has a name that this StatefulSet gives (stateful_set_utils.go isMemberOf)."""
    parent, _, ordinal = pod["metadata"]["name"].rpartition("-")
    return bool(parent == found["metadata"]["name"] and ordinal.isascii() and ordinal.isdecimal())


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _revision_label(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get("controller-revision-hash", ""))


def _leaving(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return not _leaving(pod) and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
