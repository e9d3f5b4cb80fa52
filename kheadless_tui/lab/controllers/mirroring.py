"""EndpointSlices for Endpoints that someone wrote by hand (pkg/controller/endpointslicemirroring).

Only for a Service of the same name that has no selector, and only when neither the skip label nor a leader election
annotation is on the Endpoints (endpointslicemirroring_controller.go, shouldMirror).
"""

from __future__ import annotations

import ipaddress

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.endpointslices import MANAGED_BY, SERVICE_NAME
from kheadless_tui.lab.objects.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, key_of

MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
NOT_COPIED = "endpoints.kubernetes.io/managed-by"
_SERVICE_MANAGED = "endpoint-controller"


class MirroringController:
    """Copies Endpoints to slices, one for each family and set of ports."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def keys(self, change: Change) -> set[Key]:
        """A Service or Endpoints of one name, and a mirrored slice that someone changed."""
        if change.resource in (SERVICES, ENDPOINTS):
            return {key_of(change.item)}
        labels = change.item["metadata"].get("labels") or {}
        if change.resource is ENDPOINT_SLICES and labels.get(MANAGED_BY) == MANAGER and change.type == "DELETED":
            return {(change.item["metadata"]["namespace"], labels.get(SERVICE_NAME, ""))}
        return set()

    def reconcile(self, key: Key) -> None:
        """Write or remove the mirrored slices of one name."""
        endpoints, service = self._store.find(ENDPOINTS, *key), self._store.find(SERVICES, *key)
        old = {item["addressType"]: item for item in self._mirrored(key)}
        wanted = _slices_of(endpoints) if endpoints and service and _is_mirrored(endpoints, service) else {}
        for family, (listed, ports) in wanted.items():
            assert endpoints is not None
            self._put(endpoints, family, listed, ports, old.pop(family, None))
        for item in old.values():
            self._store.delete(ENDPOINT_SLICES, *key_of(item))

    def _mirrored(self, key: Key) -> list[Object]:
        return [
            item
            for item in self._store.all(ENDPOINT_SLICES, key[0])
            if (labels := item["metadata"].get("labels") or {}).get(SERVICE_NAME) == key[1]
            and labels.get(MANAGED_BY) == MANAGER
        ]

    def _put(
        self, endpoints: Object, family: str, listed: list[Object], ports: list[Object], old: Object | None
    ) -> None:
        meta = endpoints["metadata"]
        labels = {k: v for k, v in (meta.get("labels") or {}).items() if k != NOT_COPIED}
        labels |= {MANAGED_BY: MANAGER, SERVICE_NAME: meta["name"]}
        if old is not None:
            changed = clone(old)
            changed.update({"endpoints": listed, "ports": ports})
            changed["metadata"]["labels"] = labels
            if changed != old:
                changed["metadata"]["generation"] += 1
            self._store.update(ENDPOINT_SLICES, changed)
            return
        owner = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        item = {
            "metadata": {"generateName": f"{meta['name']}-", "labels": labels, "ownerReferences": [owner]},
            "addressType": family,
            "endpoints": listed,
            "ports": ports,
        }
        self._objects.create(ENDPOINT_SLICES, meta["namespace"], item)


def _is_mirrored(endpoints: Object, service: Object) -> bool:
    meta = endpoints["metadata"]
    labels = meta.get("labels") or {}
    return (
        not service["spec"].get("selector")
        and labels.get(SKIP_MIRROR) != "true"
        and labels.get(NOT_COPIED) != _SERVICE_MANAGED
        and LEADER not in (meta.get("annotations") or {})
    )


def _slices_of(endpoints: Object) -> dict[str, tuple[list[Object], list[Object]]]:
    """By family: the endpoints and the ports of the first subset that has such addresses."""
    found: dict[str, tuple[list[Object], list[Object]]] = {}
    for subset in endpoints.get("subsets") or ():
        ports = [
            {"name": port.get("name", ""), "protocol": port.get("protocol", "TCP"), "port": port["port"]}
            for port in subset.get("ports") or ()
        ]
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(field) or ():
                family = f"IPv{ipaddress.ip_address(address['ip']).version}"
                listed, _ = found.setdefault(family, ([], ports))
                listed.append(_endpoint(address, ready=ready))
    return found


def _endpoint(address: Object, *, ready: bool) -> Object:
    endpoint: Object = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for field in ("hostname", "nodeName", "targetRef"):
        if address.get(field):
            endpoint[field] = address[field]
    return endpoint
