"""The revisions of a StatefulSet's template: what ``kubectl rollout history`` shows and ``rollout undo`` goes back to.

The rules of pkg/controller/history and of getStatefulSetRevisions and truncateHistory in pkg/controller/statefulset.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from kheadless_tui.lab.api.objects import SUFFIX_ALPHABET, Objects
from kheadless_tui.lab.controllers.ownership import Ownership, controller_reference
from kheadless_tui.lab.objects.resources import CONTROLLER_REVISIONS, STATEFUL_SETS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, key_of

HASH_LABEL = "controller.kubernetes.io/hash"
LABEL = "controller-revision-hash"
"""Of a pod: the revision that it was made from."""


class Revisions(NamedTuple):
    """What the pods of a StatefulSet are, and what they are to become."""

    current: Object
    update: Object


class RevisionHistory:
    """Keeps the ControllerRevisions of StatefulSets."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._objects = objects
        self._owned = Ownership(store, objects, STATEFUL_SETS, CONTROLLER_REVISIONS)

    def keys(self, change: Change) -> set[Key]:
        """The StatefulSets that a revision concerns."""
        return self._owned.keys(change) if change.resource is CONTROLLER_REVISIONS else set()

    def of(self, found: Object) -> Revisions:
        """The current revision and that of the template as it is now, which is made when it is missing."""
        known = self._known(found)
        name = revision_of(found)
        update = next((item for item in known if item["metadata"]["name"] == name), None)
        newest = known[-1]["revision"] if known else 0
        if update is None:
            update = self._create(found, name, newest + 1)
        elif update["revision"] < newest:  # rolled back to
            update = self._renumber(update, newest + 1)
        wanted = (found.get("status") or {}).get("currentRevision")
        return Revisions(next((item for item in known if item["metadata"]["name"] == wanted), update), update)

    def forget_old(self, found: Object, pods: list[Object]) -> None:
        """Delete the oldest revisions beyond the limit that nothing is made from."""
        status = found.get("status") or {}
        used = {status.get("currentRevision"), status.get("updateRevision"), *(label_of(pod) for pod in pods)}
        idle = [item for item in self._known(found) if item["metadata"]["name"] not in used]
        for item in idle[: max(len(idle) - found["spec"]["revisionHistoryLimit"], 0)]:
            self._objects.delete(CONTROLLER_REVISIONS, *key_of(item), {})

    def _known(self, found: Object) -> list[Object]:
        """Those of a StatefulSet, the oldest first."""
        return sorted(self._owned.claim(found), key=lambda item: item["revision"])

    def _create(self, found: Object, name: str, revision: int) -> Object:
        meta = {
            "name": name,
            "labels": {
                **((found["spec"]["template"].get("metadata") or {}).get("labels") or {}),
                HASH_LABEL: name.rpartition("-")[2],
            },
            "ownerReferences": [controller_reference(found)],
        }
        if found["metadata"].get("annotations"):
            meta["annotations"] = clone(found["metadata"]["annotations"])
        data = {"spec": {"template": {**clone(found["spec"]["template"]), "$patch": "replace"}}}
        item = {"metadata": meta, "data": data, "revision": revision}
        return self._objects.create(CONTROLLER_REVISIONS, found["metadata"]["namespace"], item)

    def _renumber(self, item: Object, revision: int) -> Object:
        def edit(changed: Object) -> None:
            changed["revision"] = revision

        return self._objects.change(CONTROLLER_REVISIONS, *key_of(item), edit)


def revision_of(found: Object) -> str:
    """The name of the revision of a template: the same template gives the same name."""
    digest = hashlib.sha256(json.dumps(found["spec"]["template"], sort_keys=True).encode()).digest()
    suffix = "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in digest[:10])
    return f"{found['metadata']['name']}-{suffix}"


def template_of(revision: Object) -> Object:
    """The template that a revision keeps."""
    template: Object = clone(revision["data"]["spec"]["template"])
    del template["$patch"]
    return template


def label_of(pod: Object) -> str:
    """The name of the revision that a pod was made from."""
    return str((pod["metadata"].get("labels") or {}).get(LABEL, ""))
