"""ReplicaSets: as many pods as asked for (pkg/controller/replicaset)."""

from __future__ import annotations

from kheadless_tui.lab.api.objects import Objects, generated_name
from kheadless_tui.lab.controllers.events import NORMAL, Events
from kheadless_tui.lab.controllers.ownership import Ownership, controller_reference
from kheadless_tui.lab.objects.clock import parse_rfc3339
from kheadless_tui.lab.objects.resources import PODS, REPLICA_SETS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, key_of

_COMPONENT = "replicaset-controller"


class ReplicaSetController:
    """Creates and deletes the pods of ReplicaSets."""

    def __init__(self, store: Store, objects: Objects, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._events = events
        self._pods = Ownership(store, objects, REPLICA_SETS, PODS)

    def keys(self, change: Change) -> set[Key]:
        """A ReplicaSet, or those that a pod concerns."""
        return self._pods.keys(change)

    def reconcile(self, key: Key) -> None:
        """Make the number right, then report it."""
        found = self._store.find(REPLICA_SETS, *key)
        if found is None:
            return
        pods = active(self._pods.claim(found))
        if "deletionTimestamp" not in found["metadata"]:
            missing = found["spec"]["replicas"] - len(pods)
            for _ in range(missing):
                self._create_pod(found)
            for pod in sorted(pods, key=_last_to_keep)[: max(-missing, 0)]:
                self._delete_pod(found, pod)
        pods = active(self._pods.claim(found))
        self._write_status(found, pods)

    def _create_pod(self, found: Object) -> None:
        meta, template = found["metadata"], clone(found["spec"]["template"])
        pod_meta = {
            "name": generated_name(f"{meta['name']}-"),
            "generateName": f"{meta['name']}-",
            "labels": (template.get("metadata") or {}).get("labels") or {},
            "ownerReferences": [controller_reference(found)],
        }
        if (template.get("metadata") or {}).get("annotations"):
            pod_meta["annotations"] = template["metadata"]["annotations"]
        pod = self._objects.create(PODS, meta["namespace"], {"metadata": pod_meta, "spec": template["spec"]})
        message = f"Created pod: {pod['metadata']['name']}"
        self._events.record(found, NORMAL, "SuccessfulCreate", message, _COMPONENT)

    def _delete_pod(self, found: Object, pod: Object) -> None:
        namespace, name = key_of(pod)
        self._objects.delete(PODS, namespace, name, {})
        self._events.record(found, NORMAL, "SuccessfulDelete", f"Deleted pod: {name}", _COMPONENT)

    def _write_status(self, found: Object, pods: list[Object]) -> None:
        ready = sum(is_ready(pod) for pod in pods)
        status = {"replicas": len(pods), "observedGeneration": found["metadata"]["generation"]}
        if pods:
            status["fullyLabeledReplicas"] = len(pods)
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}

        def put(item: Object) -> None:
            item["status"] = status

        self._objects.change(REPLICA_SETS, *key_of(found), put)


def active(pods: list[Object]) -> list[Object]:
    """Those that count: not ended and not being deleted (controller_utils.go, IsPodActive)."""
    return [
        pod
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") not in ("Succeeded", "Failed")
    ]


def is_ready(pod: Object) -> bool:
    """Whether the Ready condition holds."""
    conditions = pod["status"].get("conditions") or ()
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _last_to_keep(pod: Object) -> tuple[bool, bool, float]:
    """Which to delete first: without a node, not ready, youngest (controller_utils.go, ActivePods)."""
    created = parse_rfc3339(pod["metadata"]["creationTimestamp"])
    return bool(pod["spec"].get("nodeName")), is_ready(pod), -created
