"""Small worlds for the tests of the zone."""

from __future__ import annotations

from typing import Any

from kheadless_tui.model.manifests import objects_from
from kheadless_tui.model.snapshot import Snapshot


def obj(kind: str, name: str, namespace: str | None = "shop", **fields: Any) -> dict[str, Any]:
    """An object as a document."""
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "labels": fields.pop("labels", {})}
    return {"kind": kind, "metadata": meta, **fields}


def headless(name: str, selector: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A headless Service."""
    return obj("Service", name, spec={"clusterIP": "None", "selector": selector, **spec})


def endpoint_slice(service: str, *endpoints: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A slice of a Service."""
    labels = fields.pop("labels", {"kubernetes.io/service-name": service})
    name = fields.pop("name", f"{service}-x")
    return obj("EndpointSlice", name, labels=labels, endpoints=list(endpoints), **fields)


def endpoint(address: str, *, ready: bool = True, pod: str = "", **fields: Any) -> dict[str, Any]:
    """An endpoint with one address."""
    conditions = {"ready": ready, "serving": ready, "terminating": fields.pop("terminating", False)}
    target = {"targetRef": {"kind": "Pod", "name": pod}} if pod else {}
    return {"addresses": [address], "conditions": conditions, **target, **fields}


def pod(name: str, address: str, *, labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A running pod."""
    return obj("Pod", name, labels=labels or {}, spec=spec, status={"podIP": address, "phase": "Running"})


def snapshot_of(*documents: dict[str, Any]) -> Snapshot:
    """A snapshot of the documents and of namespace shop."""
    found = [item for document in (obj("Namespace", "shop", None), *documents) for item in objects_from(document, "")]
    return Snapshot.of(found, namespaces_known=True)
