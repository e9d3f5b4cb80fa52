"""StatefulSets: pods by ordinal, one after the other or all at once (pkg/controller/statefulset)."""

from __future__ import annotations

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.events import NORMAL, Events
from kheadless_tui.lab.controllers.ownership import Ownership, controller_reference
from kheadless_tui.lab.controllers.revisions import LABEL, RevisionHistory, Revisions, label_of, template_of
from kheadless_tui.lab.controllers.volume_claims import claims_of, with_claims
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import PODS, STATEFUL_SETS, VOLUME_CLAIMS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, key_of


class StatefulSetController:
    """Creates, deletes and replaces the pods of StatefulSets."""

    def __init__(self, store: Store, objects: Objects, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._events = events
        self._pods = Ownership(store, objects, STATEFUL_SETS, PODS, _is_member)
        self._history = RevisionHistory(store, objects)

    def keys(self, change: Change) -> set[Key]:
        """A StatefulSet, or those that a pod concerns: also by its name, which is free when the pod is gone."""
        keys = self._pods.keys(change) | self._history.keys(change)
        if change.resource is PODS and change.type == "DELETED":
            namespace, name = key_of(change.item)
            keys.add((namespace, name.rpartition("-")[0]))
        return keys

    def reconcile(self, key: Key) -> None:
        """One step towards the wanted number; what is done makes it dirty again."""
        found = self._store.find(STATEFUL_SETS, *key)
        if found is None:
            return
        revisions = self._history.of(found)
        if "deletionTimestamp" not in found["metadata"]:
            self._step(found, {_ordinal(pod): pod for pod in self._pods.claim(found)}, revisions)
        pods = self._pods.claim(found)
        self._write_status(found, pods, revisions)
        self._history.forget_old(self._store.get(STATEFUL_SETS, *key), pods)

    def _step(self, found: Object, pods: dict[int, Object], revisions: Revisions) -> None:
        spec = found["spec"]
        start = _first_ordinal(found)
        wanted = range(start, start + spec["replicas"])
        parallel = spec["podManagementPolicy"] == "Parallel"
        if self._fill(found, pods, wanted, revisions) and self._shrink(found, pods, wanted, parallel):
            self._roll(found, pods, wanted, revisions)

    def _fill(self, found: Object, pods: dict[int, Object], wanted: range, revisions: Revisions) -> bool:
        """Make the pods that are missing; whether all that are wanted are there, and ready where that counts."""
        complete, parallel = True, found["spec"]["podManagementPolicy"] == "Parallel"
        for ordinal in wanted:
            pod = pods.get(ordinal)
            if pod is None:
                self._create(found, ordinal, revisions)
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

    def _roll(self, found: Object, pods: dict[int, Object], wanted: range, revisions: Revisions) -> None:
        """Delete the last pod of an older revision; it comes back as the new one."""
        strategy = found["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        revision, partition = revisions.update["metadata"]["name"], _partition(found) or 0
        for ordinal in sorted(wanted, reverse=True):
            pod = pods[ordinal]
            if ordinal >= partition and label_of(pod) != revision:
                if not _leaving(pod):
                    self._delete(found, pod)
                return
            if not _ready(pod):
                return

    def _create(self, found: Object, ordinal: int, revisions: Revisions) -> None:
        revision = revisions.current if _keeps_revision(found, ordinal) else revisions.update
        pod = _new_pod(found, ordinal, revision)
        self._claim(found, pod)
        try:
            self._objects.create(PODS, found["metadata"]["namespace"], pod)
        except ApiFailure as failure:
            if failure.code == 409:  # the name is taken by a pod of nobody's: nothing is said, it is tried again later
                return
            raise
        self._say(found, "create", pod)

    def _claim(self, found: Object, pod: Object) -> None:
        """Make the volume claims of a pod that are not there: of one that comes back they are."""
        namespace, name = found["metadata"]["namespace"], pod["metadata"]["name"]
        for claim in claims_of(found, name):
            made = claim["metadata"]["name"]
            if self._store.find(VOLUME_CLAIMS, namespace, made) is None:
                self._objects.create(VOLUME_CLAIMS, namespace, claim)
                message = f"create Claim {made} Pod {name} in StatefulSet {found['metadata']['name']} success"
                self._events.record(found, NORMAL, "SuccessfulCreate", message, "statefulset-controller")

    def _delete(self, found: Object, pod: Object) -> None:
        self._objects.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], {})
        self._say(found, "delete", pod)

    def _say(self, found: Object, verb: str, pod: Object) -> None:
        message = f"{verb} Pod {pod['metadata']['name']} in StatefulSet {found['metadata']['name']} successful"
        self._events.record(found, NORMAL, f"Successful{verb.capitalize()}", message, "statefulset-controller")

    def _write_status(self, found: Object, pods: list[Object], revisions: Revisions) -> None:
        revision, current = revisions.update["metadata"]["name"], revisions.current["metadata"]["name"]
        ready = sum(_ready(pod) for pod in pods)
        staying = [label_of(pod) for pod in pods if not _leaving(pod)]
        if staying.count(revision) == len(pods) == ready and not _on_delete(found):
            current = revision
        status = {
            "observedGeneration": found["metadata"]["generation"],
            "replicas": len(pods),
            "readyReplicas": ready,
            "currentReplicas": staying.count(current),
            "updatedReplicas": staying.count(revision),
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": ready,
        }

        def put(item: Object) -> None:
            item["status"] = {key: value for key, value in status.items() if value or key not in _LEFT_OUT_AT_ZERO}

        self._objects.change(STATEFUL_SETS, found["metadata"]["namespace"], found["metadata"]["name"], put)


_LEFT_OUT_AT_ZERO = ("readyReplicas", "currentReplicas", "updatedReplicas")


def _first_ordinal(found: Object) -> int:
    return int((found["spec"].get("ordinals") or {}).get("start", 0))


def _on_delete(found: Object) -> bool:
    return (found["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"


def _partition(found: Object) -> int | None:
    """From which ordinal on pods are updated; ``None`` where nothing is said."""
    rolling = (found["spec"].get("updateStrategy") or {}).get("rollingUpdate")
    return None if rolling is None else int(rolling.get("partition") or 0)


def _keeps_revision(found: Object, ordinal: int) -> bool:
    """Whether a pod that is made again is made as it was (stateful_set_utils.go newVersionedStatefulSetPod)."""
    if _on_delete(found):
        return False
    partition = _partition(found)
    if partition is None:
        return ordinal < _first_ordinal(found) + int((found.get("status") or {}).get("currentReplicas", 0))
    return ordinal < _first_ordinal(found) + partition


def _new_pod(found: Object, ordinal: int, revision: Object) -> Object:
    meta, template = found["metadata"], template_of(revision)
    name = f"{meta['name']}-{ordinal}"
    own = {
        "apps.kubernetes.io/pod-index": str(ordinal),
        LABEL: revision["metadata"]["name"],
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
    spec = with_claims(found, name, {**template["spec"], "hostname": name})
    if found["spec"].get("serviceName"):
        spec["subdomain"] = found["spec"]["serviceName"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": pod_meta, "spec": spec}


def _is_member(found: Object, pod: Object) -> bool:
    """Whether a pod has a name that this StatefulSet gives (stateful_set_utils.go isMemberOf)."""
    parent, _, ordinal = pod["metadata"]["name"].rpartition("-")
    return bool(parent == found["metadata"]["name"] and ordinal.isascii() and ordinal.isdecimal())


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _leaving(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return not _leaving(pod) and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
