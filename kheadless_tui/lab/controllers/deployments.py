"""Deployments: a ReplicaSet for each template, and the way from one to the next (pkg/controller/deployment)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from typing import Any

from kheadless_tui.lab.api.objects import SUFFIX_ALPHABET, Objects
from kheadless_tui.lab.controllers.events import NORMAL, Events
from kheadless_tui.lab.controllers.ownership import Ownership, controller_reference
from kheadless_tui.lab.objects.clock import Clock, parse_rfc3339
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import DEPLOYMENTS, REPLICA_SETS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, key_of

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
"""The numbers that a ReplicaSet had as a revision before."""
_DESIRED, _MAXIMUM = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
_COMPONENT = "deployment-controller"


class DeploymentController:
    """Creates, scales and removes the ReplicaSets of Deployments."""

    def __init__(self, store: Store, objects: Objects, clock: Clock, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._events = events
        self._owned = Ownership(store, objects, DEPLOYMENTS, REPLICA_SETS)

    def keys(self, change: Change) -> set[Key]:
        """A Deployment, or those that a ReplicaSet concerns."""
        return self._owned.keys(change)

    def reconcile(self, key: Key) -> None:
        """One step of the roll-out; the ReplicaSets' status brings the next."""
        found = self._store.find(DEPLOYMENTS, *key)
        if found is None or "deletionTimestamp" in found["metadata"]:
            return
        new = self._new_set(found)
        old = [item for item in self._sets(found) if item["metadata"]["uid"] != new["metadata"]["uid"]]
        if not found["spec"].get("paused"):
            if found["spec"]["strategy"]["type"] == "Recreate":
                self._recreate(found, new, old)
            else:
                self._roll(found, new, old)
        self._clean_up(found, old)
        self._write_status(found, new["metadata"]["uid"])

    def _sets(self, found: Object) -> list[Object]:
        return self._owned.claim(found)

    def _new_set(self, found: Object) -> Object:
        """The ReplicaSet of the template as it is now, made when it is missing."""
        sets = self._sets(found)
        template_hash = hash_of(found["spec"]["template"])
        new = next(
            (item for item in sets if (item["metadata"].get("labels") or {}).get(HASH_LABEL) == template_hash), None
        )
        newest = max((_revision(item) for item in sets), default=0)
        if new is None:
            new = self._create_set(found, template_hash, newest + 1)
        elif _revision(new) < newest:  # rolled back to
            before = [(new["metadata"].get("annotations") or {}).get(_HISTORY), str(_revision(new))]
            history = {_HISTORY: ",".join(filter(None, before))}
            self._annotate(REPLICA_SETS.kind, key_of(new), {REVISION: str(newest + 1), **history})
            new = self._store.get(REPLICA_SETS, *key_of(new))
        self._annotate(DEPLOYMENTS.kind, key_of(found), {REVISION: str(_revision(new))})
        return new

    def _create_set(self, found: Object, template_hash: str, revision: int) -> Object:
        meta, template = found["metadata"], clone(found["spec"]["template"])
        labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: template_hash}
        template["metadata"] = {**(template.get("metadata") or {}), "labels": labels}
        selector = clone(found["spec"]["selector"])
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: template_hash}
        item = {
            "metadata": {
                "name": f"{meta['name']}-{template_hash}",
                "labels": labels,
                "annotations": {**_bounds(found), REVISION: str(revision)},
                "ownerReferences": [controller_reference(found)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }
        return self._objects.create(REPLICA_SETS, meta["namespace"], item)

    def _roll(self, found: Object, new: Object, old: list[Object]) -> None:
        """Scale up as far as the surge allows, and down as far as enough stay available (rolling.go)."""
        wanted = found["spec"]["replicas"]
        surge, unavailable = _limits(found)
        total = sum(item["spec"]["replicas"] for item in (new, *old))
        size = new["spec"]["replicas"]
        if size > wanted:
            self._scale(found, new, wanted)
            return
        room = min(wanted - size, wanted + surge - total)
        if size < wanted and room > 0:
            self._scale(found, new, size + room)
            return
        available = {item["metadata"]["uid"]: item["status"].get("availableReplicas", 0) for item in (new, *old)}
        size = new["spec"]["replicas"]
        missing = size - available[new["metadata"]["uid"]]
        spare = total - (wanted - unavailable) - missing
        for item in sorted(old, key=_revision):
            # first those that are not available: they serve nobody
            replicas = item["spec"]["replicas"]
            idle = min(replicas - available[item["metadata"]["uid"]], spare)
            if idle > 0:
                self._scale(found, item, replicas - idle)
                return
        spare = sum(available.values()) - (wanted - unavailable)
        for item in sorted(old, key=_revision):
            less = min(item["spec"]["replicas"], spare)
            if less > 0:
                self._scale(found, item, item["spec"]["replicas"] - less)
                return

    def _recreate(self, found: Object, new: Object, old: list[Object]) -> None:
        for item in old:
            if item["spec"]["replicas"]:
                self._scale(found, item, 0)
        gone = not any(item["status"].get("replicas") for item in old)
        if gone and new["spec"]["replicas"] != found["spec"]["replicas"]:
            self._scale(found, new, found["spec"]["replicas"])

    def _scale(self, found: Object, item: Object, replicas: int) -> None:
        before = item["spec"]["replicas"]

        def edit(changed: Object) -> None:
            changed["spec"]["replicas"] = replicas
            changed["metadata"]["annotations"] = {**(changed["metadata"].get("annotations") or {}), **_bounds(found)}

        self._objects.change(REPLICA_SETS, *key_of(item), edit)
        direction = "up" if replicas > before else "down"
        message = f"Scaled {direction} replica set {item['metadata']['name']} from {before} to {replicas}"
        self._events.record(found, NORMAL, "ScalingReplicaSet", message, _COMPONENT)

    def _clean_up(self, found: Object, old: list[Object]) -> None:
        """Forget the oldest revisions beyond the limit."""
        idle = [
            item
            for item in sorted(old, key=_revision)
            if not item["spec"]["replicas"] and not item["status"].get("replicas")
        ]
        for item in idle[: max(len(idle) - found["spec"]["revisionHistoryLimit"], 0)]:
            self._objects.delete(REPLICA_SETS, *key_of(item), {})

    def _annotate(self, kind: str, key: Key, annotations: dict[str, str]) -> None:
        def edit(item: Object) -> None:
            item["metadata"]["annotations"] = {**(item["metadata"].get("annotations") or {}), **annotations}

        self._objects.change(REPLICA_SETS if kind == REPLICA_SETS.kind else DEPLOYMENTS, *key, edit)

    # -- status ------------------------------------------------------------------------------------------------

    def _write_status(self, found: Object, new_uid: str) -> None:
        sets = self._sets(found)
        new = next(item for item in sets if item["metadata"]["uid"] == new_uid)
        counts = {
            "replicas": sum(item["status"].get("replicas", 0) for item in sets),
            "updatedReplicas": new["status"].get("replicas", 0),
            "readyReplicas": sum(item["status"].get("readyReplicas", 0) for item in sets),
            "availableReplicas": sum(item["status"].get("availableReplicas", 0) for item in sets),
        }
        counts["unavailableReplicas"] = max(
            max(sum(item["spec"]["replicas"] for item in sets), found["spec"]["replicas"])
            - counts["availableReplicas"],
            0,
        )
        key = key_of(found)
        item = self._store.get(DEPLOYMENTS, *key)
        status: dict[str, Any] = {"observedGeneration": item["metadata"]["generation"]}
        status |= {name: count for name, count in counts.items() if count}
        status["conditions"] = self._conditions(item, new, counts)

        def put(changed: Object) -> None:
            changed["status"] = status

        self._objects.change(DEPLOYMENTS, *key, put)

    def _conditions(self, found: Object, new: Object, counts: dict[str, int]) -> list[Object]:
        wanted, (_, unavailable) = found["spec"]["replicas"], _limits(found)
        old = {item["type"]: item for item in found.get("status", {}).get("conditions") or ()}
        enough = counts["availableReplicas"] >= wanted - unavailable
        available = (
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
            if enough
            else ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        )
        name = new["metadata"]["name"]
        interruption = _interruption(found, old.get("Progressing"))
        if interruption is not None:
            progress = interruption
        elif counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == wanted:
            progress = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
        elif self._too_late(found, old.get("Progressing"), counts):
            progress = ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
        else:
            progress = ("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        moved = any(found.get("status", {}).get(field, 0) != counts[field] for field in counts)
        return [
            self._condition("Available", available, old.get("Available"), renew=False),
            self._condition("Progressing", progress, old.get("Progressing"), renew=moved),
        ]

    def _too_late(self, found: Object, old: Object | None, counts: dict[str, int]) -> bool:
        """Whether nothing has moved for longer than the deadline; looks again when that is over."""
        if old is None or old["reason"] == "NewReplicaSetAvailable":
            return False
        if any(found.get("status", {}).get(field, 0) != counts[field] for field in counts):
            return False
        if old["reason"] == "ProgressDeadlineExceeded":
            return True
        left = parse_rfc3339(old["lastUpdateTime"]) + found["spec"]["progressDeadlineSeconds"] - self._clock.now()
        if left > 0:
            key = key_of(found)
            self._clock.call_later(left + 1.0, lambda: self._look_again(key))
        return bool(left <= 0)

    def _look_again(self, key: Key) -> None:
        with contextlib.suppress(ApiFailure):  # its namespace is going
            self.reconcile(key)

    def _condition(self, kind: str, holds: tuple[str, str, str], old: Object | None, *, renew: bool) -> Object:
        status, reason, message = holds
        now = self._clock.timestamp()
        same = old is not None and old["status"] == status
        equal = old is not None and (old["status"], old["reason"]) == (status, reason)
        return {
            "type": kind,
            "status": status,
            "lastUpdateTime": old["lastUpdateTime"] if equal and old and not renew else now,
            "lastTransitionTime": old["lastTransitionTime"] if same and old else now,
            "reason": reason,
            "message": message,
        }


def _interruption(found: Object, old: Object | None) -> tuple[str, str, str] | None:
    """A Deployment that is held, or is held no more (sync.go, checkPausedConditions)."""
    reason = old["reason"] if old is not None else ""
    if reason == "ProgressDeadlineExceeded":
        return None
    if found["spec"].get("paused"):
        return "Unknown", "DeploymentPaused", "Deployment is paused"
    return ("Unknown", "DeploymentResumed", "Deployment is resumed") if reason == "DeploymentPaused" else None


def hash_of(template: Object) -> str:
    """The pod-template-hash: the same template gives the same one."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in digest[:10])


def _revision(replica_set: Object) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, "0"))


def _limits(found: Object) -> tuple[int, int]:
    """Pods above and below the wanted number (deployment/util, ResolveFenceposts)."""
    wanted = found["spec"]["replicas"]
    if found["spec"]["strategy"]["type"] == "Recreate":
        return 0, 0
    rolling = found["spec"]["strategy"].get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


def _share(value: int | str, of: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * of / 100
    return math.ceil(share) if up else math.floor(share)


def _bounds(found: Object) -> dict[str, str]:
    wanted = found["spec"]["replicas"]
    return {_DESIRED: str(wanted), _MAXIMUM: str(wanted + _limits(found)[0])}
