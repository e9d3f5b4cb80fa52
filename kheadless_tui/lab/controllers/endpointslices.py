"""EndpointSlices of Services with a selector, and the Endpoints object beside them.

pkg/controller/endpointslice and staging/src/k8s.io/endpointslice (reconciler.go, utils.go podToEndpoint); up to
:data:`MAX_ENDPOINTS` endpoints to a slice. Pods that name different numbers for one port name are in different slices.
"""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, clone, key_of

MAX_ENDPOINTS = 100
"""Endpoints in one slice (kube-controller-manager --max-endpoints-per-slice)."""
MAX_ADDRESSES = 1000
"""Addresses in an Endpoints object (endpoints controller, maxCapacity)."""
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS = "service.kubernetes.io/headless"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"

Ports = tuple[tuple[str, str, int], ...]
"""Name, protocol and number of each; sorted as in the Service."""


class EndpointSliceController:
    """Keeps the slices of each Service with a selector."""

    def __init__(self, store: Store, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock

    def keys(self, change: Change) -> set[Key]:
        """A Service, or those that select a pod as it is or was."""
        if change.resource is SERVICES:
            return set() if change.type == "DELETED" else {key_of(change.item)}
        if change.resource is ENDPOINT_SLICES and change.item["metadata"].get("labels", {}).get(MANAGED_BY) == MANAGER:
            meta = change.item["metadata"]  # a slice that someone deletes comes back
            return {(meta["namespace"], meta["labels"].get(SERVICE_NAME, ""))} if change.type == "DELETED" else set()
        if change.resource is not PODS:
            return set()
        namespace = change.item["metadata"]["namespace"]
        versions = [item for item in (change.item, change.before) if item is not None]
        return {
            key_of(service)
            for service in self._store.all(SERVICES, namespace)
            if any(_selects(service, pod) for pod in versions)
        }

    def reconcile(self, key: Key) -> None:
        """Write the slices and the Endpoints of one Service."""
        service = self._store.find(SERVICES, *key)
        if service is None or not service["spec"].get("selector") or service["spec"]["type"] == "ExternalName":
            return
        pods = [pod for pod in self._store.all(PODS, key[0]) if _selects(service, pod) and _counts(pod)]
        for family in service["spec"].get("ipFamilies") or ("IPv4",):
            self._write_family(service, pods, family)
        self._write_endpoints(service, pods)

    def _write_family(self, service: Object, pods: list[Object], family: str) -> None:
        by_ports: dict[Ports, list[Object]] = {}
        for pod in pods:
            address = _address(pod, family)
            if address:
                by_ports.setdefault(_ports(service, pod), []).append(_endpoint(service, pod, address))
        wanted: list[tuple[list[Object] | None, list[Object] | None]] = []
        for ports, endpoints in by_ports.items():
            listed: list[Object] = [{"name": n, "protocol": p, "port": number} for n, p, number in ports]
            wanted += [(endpoints[i : i + MAX_ENDPOINTS], listed) for i in range(0, len(endpoints), MAX_ENDPOINTS)]
        wanted = wanted or [(None, None)]  # nothing selected: one empty placeholder
        old = [item for item in self._slices(service) if item["addressType"] == family]
        for number, (endpoints_or_none, ports_or_none) in enumerate(wanted):
            self._put(service, family, endpoints_or_none, ports_or_none, old[number] if number < len(old) else None)
        for item in old[len(wanted) :]:
            self._store.delete(ENDPOINT_SLICES, *key_of(item))

    def _slices(self, service: Object) -> list[Object]:
        namespace, name = key_of(service)
        return [
            item
            for item in self._store.all(ENDPOINT_SLICES, namespace)
            if (labels := item["metadata"].get("labels") or {}).get(SERVICE_NAME) == name
            and labels.get(MANAGED_BY) == MANAGER
        ]

    def _put(
        self,
        service: Object,
        family: str,
        endpoints: list[Object] | None,
        ports: list[Object] | None,
        old: Object | None,
    ) -> None:
        namespace, name = key_of(service)
        labels = {**(service["metadata"].get("labels") or {}), MANAGED_BY: MANAGER, SERVICE_NAME: name}
        if service["spec"].get("clusterIP") == "None":
            labels[HEADLESS] = ""
        if old is None:
            meta = {
                "generateName": f"{name}-",
                "labels": labels,
                "annotations": {TRIGGER_TIME: self._clock.timestamp()},
                "ownerReferences": [_owned_by(service)],
            }
            item = {"metadata": meta, "addressType": family, "endpoints": endpoints, "ports": ports}
            self._objects.create(ENDPOINT_SLICES, namespace, item)
            return
        endpoints = _in_old_order(old.get("endpoints") or [], endpoints)
        if (old.get("endpoints"), old.get("ports"), old["metadata"]["labels"]) == (endpoints, ports, labels):
            return
        changed = clone(old)
        changed.update({"endpoints": endpoints, "ports": ports})
        changed["metadata"]["labels"] = labels
        changed["metadata"]["generation"] += 1
        changed["metadata"]["annotations"] = {TRIGGER_TIME: self._clock.timestamp()}
        self._store.update(ENDPOINT_SLICES, changed)

    def _write_endpoints(self, service: Object, pods: list[Object]) -> None:
        """The Endpoints object, which nothing here reads but people do (pkg/controller/endpoint)."""
        namespace, name = key_of(service)
        family = (service["spec"].get("ipFamilies") or ["IPv4"])[0]
        subsets: dict[Ports, dict[str, Any]] = {}
        for pod in pods[:MAX_ADDRESSES]:
            address = _address(pod, family)
            endpoint = _endpoint(service, pod, address) if address else None
            if endpoint is None or endpoint["conditions"]["terminating"]:
                continue
            ports = _ports(service, pod)
            subset = subsets.setdefault(ports, {})
            entry = {"ip": address, "nodeName": endpoint["nodeName"], "targetRef": endpoint["targetRef"]}
            if "hostname" in endpoint:
                entry["hostname"] = endpoint["hostname"]
            subset.setdefault("addresses" if endpoint["conditions"]["ready"] else "notReadyAddresses", []).append(entry)
        for ports, subset in subsets.items():
            subset["ports"] = [{"name": n, "port": number, "protocol": p} for n, p, number in ports]
            for port in subset["ports"]:
                if not port["name"]:
                    del port["name"]
        labels = {
            **(service["metadata"].get("labels") or {}),
            "endpoints.kubernetes.io/managed-by": "endpoint-controller",
        }
        if service["spec"].get("clusterIP") == "None":
            labels[HEADLESS] = ""
        old = self._store.find(ENDPOINTS, namespace, name)
        item: Object = {"metadata": {"name": name, "namespace": namespace, "labels": labels}}
        if subsets:
            item["subsets"] = list(subsets.values())
        if old is None:
            self._objects.create(ENDPOINTS, namespace, item)
        elif (old.get("subsets"), old["metadata"].get("labels")) != (item.get("subsets"), labels):
            changed = {**clone(old), "subsets": item.get("subsets", [])}
            changed["metadata"]["labels"] = labels
            self._store.update(ENDPOINTS, changed)


def _in_old_order(old: list[Object], new: list[Object] | None) -> list[Object] | None:
    """Endpoints keep their places in a slice; new ones come behind them."""
    if new is None:
        return None
    places = {endpoint["targetRef"]["uid"]: number for number, endpoint in enumerate(old) if "targetRef" in endpoint}
    return sorted(new, key=lambda endpoint: places.get(endpoint["targetRef"]["uid"], len(places)))


def _owned_by(service: Object) -> Object:
    meta = service["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    labels = pod["metadata"].get("labels") or {}
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _counts(pod: Object) -> bool:
    """Whether a pod is an endpoint at all: it has an address and has not ended (podutil, ShouldPodBeInEndpoints)."""
    return bool(pod["status"].get("podIPs")) and pod["status"].get("phase") not in ("Failed", "Succeeded")


def _address(pod: Object, family: str) -> str:
    wanted_colon = family == "IPv6"
    return next((ip["ip"] for ip in pod["status"].get("podIPs") or () if (":" in ip["ip"]) is wanted_colon), "")


def _endpoint(service: Object, pod: Object, address: str) -> Object:
    meta, spec = pod["metadata"], pod["spec"]
    serving = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())
    terminating = "deletionTimestamp" in meta
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    endpoint: Object = {
        "addresses": [address],
        "conditions": {
            "ready": publish or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
        "nodeName": spec.get("nodeName"),
    }
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        endpoint["hostname"] = spec["hostname"]
    return endpoint


def _ports(service: Object, pod: Object) -> Ports:
    """A Service's ports as this pod has them; a name that the pod does not know is left out (getEndpointPorts)."""
    found = []
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port["port"])
        if isinstance(target, str):
            number = _named_port(pod, target, port["protocol"])
            if number is None:
                continue
        else:
            number = target or port["port"]
        found.append((port.get("name", ""), port["protocol"], number))
    return tuple(found)


def _named_port(pod: Object, name: str, protocol: str) -> int | None:
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None
