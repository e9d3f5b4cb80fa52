"""Create, update, patch and delete of one object: admission, defaults, validation, storage.

Levers and controllers use the same functions as HTTP clients, so that nothing gets into the store that a real server
would not have let in.
"""

from __future__ import annotations

import copy
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kheadless_tui.lab.api.before_after import carry_over, check_preconditions, cluster_addresses, slice_differs
from kheadless_tui.lab.api.request import managed_fields
from kheadless_tui.lab.api.request.decoding import without_empty
from kheadless_tui.lab.api.request.managed_fields import APPLY, Manager
from kheadless_tui.lab.objects import defaults
from kheadless_tui.lab.objects.clock import Clock, rfc3339
from kheadless_tui.lab.objects.defaults import SERVICE_RANGE, SERVICE_RANGE_6, Addresses
from kheadless_tui.lab.objects.failure import ApiFailure, already_exists, bad_request, conflict, not_found
from kheadless_tui.lab.objects.resources import (
    BY_KIND,
    ENDPOINT_SLICES,
    ENDPOINTS,
    NAMESPACES,
    OWNED,
    OWNERS,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Resource,
)
from kheadless_tui.lab.objects.store import MODIFIED_MESSAGE, Object, Store, clone, disowned, owned_by
from kheadless_tui.lab.validation import checks, pod_security

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Of generated names: no vowels and no look-alikes (k8s.io/apimachinery pkg/util/rand)."""

FIRST_SERVICE_ADDRESS = 16
"""Allocated addresses start behind those that are given by hand (``.1`` the API server, ``.10`` DNS)."""


FOREGROUND = "foregroundDeletion"
"""The finalizer of what goes after all that it owns (apimachinery, FinalizerDeleteDependents)."""


def generated_name(prefix: str) -> str:
    """A name with the random suffix that the API server gives to ``generateName``."""
    return prefix + "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(5))


class Objects:
    """The API server's storage side."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._addresses = {
            "IPv4": Addresses(SERVICE_RANGE, FIRST_SERVICE_ADDRESS),
            "IPv6": Addresses(SERVICE_RANGE_6, FIRST_SERVICE_ADDRESS),
        }

    def create(
        self,
        resource: Resource,
        namespace: str,
        item: Object,
        *,
        dry_run: bool = False,
        manager: Manager | None = None,
    ) -> Object:
        """A new object.

        Args:
            resource: What it is.
            namespace: From the URL; the object may repeat it.
            item: As the client sent it.
            dry_run: Everything but the storing.
            manager: Who will own its fields; nobody is written down without one.

        Raises:
            ApiFailure: with the real server's reasons.
        """
        item = self._identified(resource, namespace, item)
        meta = item["metadata"]
        if meta.get("resourceVersion"):
            raise ApiFailure(500, "", "resourceVersion should not be set on objects to be created")
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = generated_name(meta["generateName"])
        applied = manager is not None and manager.operation == APPLY
        for field in ("uid", "resourceVersion", "deletionTimestamp", "selfLink"):
            meta.pop(field, None)
        if not applied:
            meta.pop("managedFields", None)
        self._admit(resource, namespace, item)
        given = set(item.get("spec") or ())
        if resource.kind != "Event":
            item.pop("status", None)
        if resource is SERVICES:
            item.setdefault("spec", {})
            checks.check_new(resource, item, self._addresses)
            if self._store.find(resource, namespace, meta["name"]) is None:
                defaults.service(item, copy.deepcopy(self._addresses) if dry_run else self._addresses)
        else:
            defaults.PLAIN.get(resource.kind, _nothing)(item)
            checks.check_new(resource, item, self._addresses)
        if manager is not None:
            item = without_empty(item, resource)
            if not applied:
                managed_fields.after_update(resource, None, item, manager, self._clock.timestamp(), given)
        if not dry_run:
            return self._store.create(resource, item)
        if self._store.find(resource, namespace, meta["name"]) is not None:
            raise already_exists(resource, meta["name"])
        item["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": self._clock.timestamp()}
        return item

    def apply(
        self,
        resource: Resource,
        item: Object,
        manager: Manager,
        *,
        force: bool,
        dry_run: bool = False,
        subresource: str = "",
    ) -> tuple[Object, bool]:
        """Server-side apply; the result, and whether it is new.

        Raises:
            ApiFailure: 409 for a conflict, and all that an update or create is refused for.
        """
        namespace, name = item["metadata"].get("namespace", ""), item["metadata"]["name"]
        live = self._store.find(resource, namespace, name)
        now = self._clock.timestamp()
        if live is None and subresource:
            raise not_found(resource, name)
        merged = managed_fields.apply(resource, live, item, manager, now, force=force)
        if live is None:
            return self.create(resource, namespace, merged, dry_run=dry_run, manager=manager), True
        version = item["metadata"].get("resourceVersion")
        if version and version != live["metadata"]["resourceVersion"]:
            raise self.modified(resource, name)
        merged = {"kind": resource.kind, "apiVersion": resource.api_version, **merged}
        return self.update(resource, merged, subresource=subresource, dry_run=dry_run, manager=manager), False

    def modified(self, resource: Resource, name: str) -> ApiFailure:
        """409 for a version that is not the newest."""
        return conflict(resource, name, MODIFIED_MESSAGE)

    def update(
        self,
        resource: Resource,
        item: Object,
        *,
        subresource: str = "",
        dry_run: bool = False,
        manager: Manager | None = None,
    ) -> Object:
        """An object in place of the stored one of the same name.

        Args:
            resource: What it is.
            item: As it shall be.
            subresource: The part of it that is written.
            dry_run: Everything but the storing.
            manager: Who will own what becomes different.

        Raises:
            ApiFailure: with the real server's reasons.
        """
        namespace, name = item["metadata"].get("namespace", ""), item["metadata"]["name"]
        before = self._store.get(resource, namespace, name)
        item = clone(item)
        kept = before["metadata"]
        for field in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
            item["metadata"].pop(field, None)
            if field in kept:
                item["metadata"][field] = kept[field]
        if not item["metadata"].get("managedFields") and "managedFields" in kept:
            item["metadata"]["managedFields"] = kept["managedFields"]
        version = item["metadata"].get("resourceVersion")
        if version and version != kept["resourceVersion"]:
            raise self.modified(resource, name)
        item = self._checked(resource, item, before, subresource)
        if resource is ENDPOINT_SLICES and slice_differs(item, before):
            item["metadata"]["generation"] = before["metadata"]["generation"] + 1
        if manager is not None:
            item = without_empty(item, resource)
            if manager.operation != APPLY:
                managed_fields.after_update(resource, before, item, manager, self._clock.timestamp())
        if dry_run:
            return item
        stored = self._store.update(resource, item)
        meta = stored["metadata"]
        if "deletionTimestamp" in meta and not meta.get("finalizers") and resource not in (PODS, NAMESPACES):
            return self._remove(resource, namespace, name)
        return stored

    def _checked(self, resource: Resource, item: Object, before: Object, subresource: str) -> Object:
        """An object that is to take the place of another: what may not change is kept, what is wrong is refused."""
        if subresource == "status":
            return {
                **clone(before),
                "status": item.get("status"),
                "metadata": {**clone(before["metadata"]), **_version(item)},
            }
        if "status" in before:
            item["status"] = clone(before["status"])
        if resource is SERVICES:
            carry_over(item, before)
            checks.check_change(resource, item, before)
            defaults.service(item, self._addresses)
            return item
        defaults.PLAIN.get(resource.kind, _nothing)(item)
        if subresource == "ephemeralcontainers":
            added = item["spec"].get("ephemeralContainers") or []
            item["spec"] = {**clone(before["spec"]), "ephemeralContainers": added}
            checks.check_ephemeral(item, before)
            pod_security.check(self._store.find(NAMESPACES, "", item["metadata"]["namespace"]), item)
        else:
            checks.check_change(resource, item, before)
        return item

    def change(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        edit: Callable[[Object], None],
        *,
        manager: Manager | None = None,
    ) -> Object:
        """Read, change and put back, status and all; for controllers and levers."""
        before = self._store.get(resource, namespace, name)
        item = clone(before)
        edit(item)
        if manager is not None:
            managed_fields.after_update(resource, before, item, manager, self._clock.timestamp())
        return self._store.update(resource, item)

    def delete(self, resource: Resource, namespace: str, name: str, options: Mapping[str, Any]) -> tuple[Object, bool]:
        """Delete, with grace where the kind has it.

        Args:
            resource: What it is.
            namespace: Where.
            name: Which.
            options: A DeleteOptions object.

        Returns:
            The object as it was or is now, and whether it is gone.

        Raises:
            ApiFailure: 404, or 409 when a precondition does not hold.
        """
        before = self._store.get(resource, namespace, name)
        check_preconditions(resource, before, options.get("preconditions") or {})
        policy = options.get("propagationPolicy")
        foreground = policy == "Foreground" and resource in OWNERS
        if policy == "Orphan":
            self._orphan(before)
        if resource is PODS:
            return self._delete_pod(before, options.get("gracePeriodSeconds"))
        if resource is NAMESPACES:
            if "deletionTimestamp" not in before["metadata"]:
                before = self.change(resource, "", name, self._terminate_namespace)
            return before, False
        if foreground or before["metadata"].get("finalizers"):
            finalizers = [FOREGROUND] if foreground else []
            return self.change(resource, namespace, name, self._mark_deleted(finalizers)), False
        return self._remove(resource, namespace, name), True

    def _mark_deleted(self, more: Sequence[str]) -> Callable[[Object], None]:
        """It goes when its last finalizer has been taken away."""

        def edit(item: Object) -> None:
            meta = item["metadata"]
            meta.setdefault("deletionTimestamp", self._clock.timestamp())
            meta["deletionGracePeriodSeconds"] = 0
            kept = meta.get("finalizers") or []
            meta["finalizers"] = [*kept, *(name for name in more if name not in kept)]

        return edit

    def _remove(self, resource: Resource, namespace: str, name: str) -> Object:
        gone = self._store.delete(resource, namespace, name)
        if resource is SERVICES:
            for family, address in cluster_addresses(gone):
                self._addresses[family].release(address)
            if self._store.find(ENDPOINTS, namespace, name):  # pkg/registry/core/service/storage, afterDelete
                self._store.delete(ENDPOINTS, namespace, name)
        return gone

    def _identified(self, resource: Resource, namespace: str, item: Object) -> Object:
        item = clone(item)
        self.check_kind(resource, item)
        meta = item.setdefault("metadata", {})
        if not isinstance(meta, dict):
            raise bad_request(
                f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: json: cannot '
                f"unmarshal {type(meta).__name__} into Go struct field {resource.kind}.metadata of type v1.ObjectMeta"
            )
        if resource.namespaced:
            if meta.get("namespace", namespace) != namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
            meta["namespace"] = namespace
        else:
            meta.pop("namespace", None)
        return {"kind": resource.kind, "apiVersion": resource.api_version, **item}

    def check_kind(self, resource: Resource, item: Object) -> None:
        """Refuse an object that is of another kind than the URL.

        Raises:
            ApiFailure: 400.
        """
        version, kind = item.get("apiVersion") or resource.api_version, item.get("kind") or resource.kind
        if (version, kind) == (resource.api_version, resource.kind):
            return
        given = str(version).rpartition("/")[2]
        head = f'{kind} in version "{given}" cannot be handled as a {resource.kind}:'
        if (version, kind) in BY_KIND:
            group = resource.group.partition(".")[0] or "core"
            raise bad_request(f"{head} converting ({given}.{kind}) to ({group}.{resource.kind}): unknown conversion")
        raise bad_request(
            f'{head} no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:110"'
        )

    def _admit(self, resource: Resource, namespace: str, item: Object) -> None:
        if resource.namespaced:
            self._check_namespace(resource, namespace, item["metadata"].get("name", ""))
        if resource is PODS:
            self._check_account(namespace, item)
            pod_security.check(self._store.find(NAMESPACES, "", namespace), item)

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        found = self._store.find(NAMESPACES, "", namespace)
        if found is None:
            raise not_found(NAMESPACES, namespace)
        if "deletionTimestamp" in found["metadata"]:
            message = (
                f'{resource.qualified} "{name}" is forbidden: unable to create new content in namespace {namespace} '
                "because it is being terminated"
            )
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            details = {"name": name, "kind": resource.plural, "causes": [cause]}
            raise ApiFailure(403, "Forbidden", message, details=details)

    def _check_account(self, namespace: str, pod: Object) -> None:
        """Refuse a pod whose ServiceAccount is not there (plugin/pkg/admission/serviceaccount); ``default`` comes."""
        account = (pod.get("spec") or {}).get("serviceAccountName") or "default"
        if account != "default" and self._store.find(SERVICE_ACCOUNTS, namespace, account) is None:
            name = pod["metadata"].get("name", "")
            why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
            message = f'pods "{name}" is forbidden: {why}'
            raise ApiFailure(403, "Forbidden", message, details={"name": name, "kind": "pods"})

    def _delete_pod(self, pod: Object, grace: Any) -> tuple[Object, bool]:
        meta = pod["metadata"]
        if not isinstance(grace, int):
            grace = pod["spec"].get("terminationGracePeriodSeconds", defaults.MAX_GRACE_SECONDS)
        running = pod["spec"].get("nodeName") and pod["status"].get("phase") not in ("Succeeded", "Failed")
        if grace <= 0 or not running:
            return self._store.delete(PODS, meta["namespace"], meta["name"]), True
        if meta.get("deletionGracePeriodSeconds", grace + 1) <= grace:
            return pod, False

        def terminate(item: Object) -> None:
            item["metadata"]["deletionTimestamp"] = rfc3339(self._clock.now() + grace)
            item["metadata"]["deletionGracePeriodSeconds"] = grace

        return self.change(PODS, meta["namespace"], meta["name"], terminate), False

    def _terminate_namespace(self, item: Object) -> None:
        item["metadata"]["deletionTimestamp"] = self._clock.timestamp()
        item["status"] = {"phase": "Terminating"}

    def _orphan(self, owner: Object) -> None:
        uid, namespace = owner["metadata"]["uid"], owner["metadata"].get("namespace", "")
        for resource in OWNED:
            for item in owned_by(self._store.all(resource, namespace), uid):
                self.change(resource, namespace, item["metadata"]["name"], lambda changed: disowned(changed, uid))


def _nothing(item: Object) -> None:
    """A kind that has no defaults."""


def _version(item: Object) -> dict[str, str]:
    version = item["metadata"].get("resourceVersion")
    return {"resourceVersion": version} if version else {}
