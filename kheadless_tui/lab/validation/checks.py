"""Refuses objects: the rules of each kind, and those that all kinds share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kheadless_tui.lab.objects.defaults import Addresses
from kheadless_tui.lab.objects.failure import Cause, invalid
from kheadless_tui.lab.objects.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    NAMESPACES,
    NETWORK_POLICIES,
    PODS,
    REPLICA_SETS,
    ROLE_BINDINGS,
    ROLES,
    SERVICES,
    STATEFUL_SETS,
    VOLUME_CLAIMS,
    Resource,
)
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.validation import endpoints, fields, pods, rbac, services, workloads

_OF_RIGHTS, _BINDINGS = (ROLES, CLUSTER_ROLES), (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS)
_NAMES: dict[Resource, Callable[[str], list[str]]] = {
    SERVICES: fields.label_1035_errors,
    NAMESPACES: fields.label_errors,
    STATEFUL_SETS: fields.label_errors,
    **dict.fromkeys((*_OF_RIGHTS, *_BINDINGS), rbac.path_segment_errors),
}
"""What a name has to be; else a domain name."""


def check_new(resource: Resource, item: Object, addresses: dict[str, Addresses]) -> None:
    """Refuse an object that cannot be created.

    Raises:
        ApiFailure: 422 with all that is wrong.
    """
    name = item["metadata"].get("name") or ""
    causes = [*_metadata(resource, item["metadata"])]
    if resource is SERVICES:
        causes += services.new_service(item["spec"], addresses)
    elif resource is PODS:
        causes += pods.new_pod(item["spec"])
    else:
        causes += _content(resource, item)
    if causes:
        raise invalid(resource, name, causes)


def check_change(resource: Resource, item: Object, before: Object) -> None:
    """Refuse a change of what may not change.

    Raises:
        ApiFailure: 422 with all that is wrong.
    """
    causes = [*_metadata(resource, item["metadata"])]
    spec, old = item.get("spec") or {}, before.get("spec") or {}
    if resource is SERVICES:
        causes += services.changed_service(spec, old)
    elif resource is PODS:
        causes += pods.changed_pod(spec, old)
    elif resource is STATEFUL_SETS:
        causes += workloads.changed_stateful_set(spec, old)
    elif resource is ENDPOINT_SLICES:
        causes += endpoints.changed_slice(item, before)
    else:
        causes += _content(resource, item)
        if resource in (DEPLOYMENTS, REPLICA_SETS):
            causes += workloads.same_selector(spec, old)
        if resource in _BINDINGS and not causes:
            causes += rbac.changed_binding(item, before)
    if causes:
        raise invalid(resource, item["metadata"]["name"], causes)


def check_ephemeral(item: Object, before: Object) -> None:
    """Refuse a change of ephemeral containers that is none but additions.

    Raises:
        ApiFailure: 422.
    """
    causes = [*pods.ephemeral_containers(item["spec"], before["spec"])]
    if causes:
        raise invalid(PODS, item["metadata"]["name"], causes)


_SCALE = Resource("autoscaling", "v1", "scales", "scale", "Scale")


def check_scale(name: str, replicas: int) -> None:
    """Refuse a number of replicas below zero.

    Raises:
        ApiFailure: 422.
    """
    if replicas < 0:
        causes = [fields.invalid("spec.replicas", replicas, "must be greater than or equal to 0")]
        raise invalid(_SCALE, name, causes)


def _metadata(resource: Resource, meta: dict[str, Any]) -> Iterator[Cause]:
    name = meta.get("name") or ""
    if name:
        yield from fields.named("metadata.name", name, _NAMES.get(resource, fields.subdomain_errors)(name))
    else:
        yield fields.required("metadata.name", "name or generateName is required")
    yield from fields.labels("metadata.labels", meta.get("labels"))
    yield from fields.annotation_keys(meta.get("annotations"))


def _content(resource: Resource, item: Object) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    if resource is STATEFUL_SETS:
        yield from workloads.stateful_set(spec)
    elif resource is DEPLOYMENTS:
        yield from workloads.deployment(spec)
    elif resource is REPLICA_SETS:
        yield from workloads.replica_set(spec)
    elif resource is ENDPOINT_SLICES:
        yield from endpoints.endpoint_slice(item)
    elif resource is ENDPOINTS:
        yield from endpoints.endpoints(item)
    elif resource is NETWORK_POLICIES:
        yield from endpoints.network_policy(spec)
    elif resource is VOLUME_CLAIMS:
        yield from workloads.volume_claim(spec)
    elif resource in _OF_RIGHTS:
        yield from rbac.role(resource, item)
    elif resource in _BINDINGS:
        yield from rbac.binding(resource, item)
    elif resource is CONFIG_MAPS:
        yield from fields.config_keys("data", item.get("data"))
        yield from fields.config_size(item)
