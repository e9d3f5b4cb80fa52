"""Objects as the Table that ``kubectl get`` asks for (pkg/printers/internalversion/printers.go)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from kheadless_tui.lab.api.pod_columns import human_duration, pod_ready, pod_restarts, pod_status
from kheadless_tui.lab.objects.clock import parse_rfc3339
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Object

NONE = "<none>"
UNKNOWN = "<unknown>"
MEDIA_TYPE = "as=Table"


class Column(NamedTuple):
    """One column."""

    name: str
    cell: Callable[[Object, float], Any]
    wide: bool = False
    type: str = "string"


def table(
    resource: Resource, items: list[Object], metadata: dict[str, Any], now: float, *, include: str = ""
) -> dict[str, Any]:
    """A Table of these objects.

    Args:
        resource: What they are.
        items: The objects.
        metadata: Of the list.
        now: For their ages.
        include: What of an object its row carries: ``Metadata``, which is the default, ``Object`` or ``None``.
    """
    columns = COLUMNS.get(resource.kind, _DEFAULT)
    definitions = [
        {
            "name": column.name,
            "type": column.type,
            "format": "name" if column.name == "Name" else "",
            "description": "",
            "priority": 1 if column.wide else 0,
        }
        for column in columns
    ]
    rows = [
        {
            "cells": [column.cell(item, now) for column in columns],
            **_carried(item, include),
        }
        for item in items
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    }


def _carried(item: Object, include: str) -> dict[str, Any]:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": item}
    return {"object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}}


def _name(item: Object, now: float) -> str:
    return str(item["metadata"]["name"])


def _age(item: Object, now: float) -> str:
    created = item["metadata"].get("creationTimestamp")
    return human_duration(now - parse_rfc3339(created)) if created else UNKNOWN


def _pairs(pairs: dict[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((pairs or {}).items())) or NONE


def _external_ip(service: Object, now: float) -> str:
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", NONE))
    return "<pending>" if spec.get("type") == "LoadBalancer" else ",".join(spec.get("externalIPs") or ()) or NONE


def _service_ports(service: Object, now: float) -> str:
    ports = []
    for port in service["spec"].get("ports") or ():
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        ports.append(f"{port['port']}{node_port}/{port['protocol']}")
    return ",".join(ports) or NONE


def _more(values: list[str], shown: int = 3) -> str:
    if not values:
        return ""
    text = ",".join(values[:shown])
    return f"{text} + {len(values) - shown} more..." if len(values) > shown else text


def _slice_ports(item: Object, now: float) -> str:
    return _more([str(port.get("port") or "*") for port in item.get("ports") or ()]) or "<unset>"


def _slice_addresses(item: Object, now: float) -> str:
    return _more([address for e in item.get("endpoints") or () for address in e.get("addresses") or ()]) or "<unset>"


def _endpoints(item: Object, now: float) -> str:
    found = []
    for subset in item.get("subsets") or ():
        ports = subset.get("ports") or [{}]
        found += [
            f"{address['ip']}:{port['port']}" if "port" in port else address["ip"]
            for port in ports
            for address in subset.get("addresses") or ()
        ]
    return _more(found) or NONE


def _replicas(item: Object, now: float) -> str:
    return f"{item.get('status', {}).get('readyReplicas', 0)}/{item['spec'].get('replicas', 0)}"


def _template_containers(item: Object) -> list[dict[str, Any]]:
    return item["spec"].get("template", {}).get("spec", {}).get("containers") or []


def _node_address(item: Object, now: float) -> str:
    addresses = item.get("status", {}).get("addresses") or ()
    return next((address["address"] for address in addresses if address["type"] == "InternalIP"), NONE)


def _node_status(item: Object, now: float) -> str:
    found = next((c["status"] for c in item.get("status", {}).get("conditions") or () if c["type"] == "Ready"), "")
    status = {"True": "Ready", "": UNKNOWN}.get(found, "NotReady")
    return f"{status},SchedulingDisabled" if item.get("spec", {}).get("unschedulable") else status


def _node_roles(item: Object, now: float) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = item["metadata"].get("labels") or {}
    return ",".join(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))) or NONE


def _node_info(field: str) -> Callable[[Object, float], str]:
    return lambda item, now: str((item.get("status", {}).get("nodeInfo") or {}).get(field) or UNKNOWN)


def _containers(field: str) -> Callable[[Object, float], str]:
    return lambda item, now: ",".join(container[field] for container in _template_containers(item))


def _count(field: str, part: str = "status") -> Callable[[Object, float], int]:
    return lambda item, now: int(item.get(part, {}).get(field, 0))


def _workload_selector(item: Object, now: float) -> str:
    return selector_text(item["spec"].get("selector"))


def selector_text(selector: dict[str, Any] | None) -> str:
    """A workload's selector in one line (metav1.FormatLabelSelector)."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    signs = {"In": "{} in ({})", "NotIn": "{} notin ({})", "Exists": "{}", "DoesNotExist": "!{}"}
    for wanted in selector.get("matchExpressions") or ():
        parts.append(signs[wanted["operator"]].format(wanted["key"], ",".join(sorted(wanted.get("values") or ()))))
    return ",".join(sorted(parts)) or NONE


def _since(*fields: str) -> Callable[[Object, float], str]:
    def cell(item: Object, now: float) -> str:
        found = next((item[field] for field in fields if item.get(field)), None)
        if not found:
            return UNKNOWN
        return human_duration(now - parse_rfc3339(found.partition(".")[0].rstrip("Z") + "Z"))  # microseconds cut off

    return cell


def _controller(item: Object, now: float) -> str:
    """``statefulset.apps/web`` (printers.go, formatResourceName)."""
    owner = next((one for one in item["metadata"].get("ownerReferences") or () if one.get("controller")), None)
    if owner is None:
        return NONE
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}{'.' if group else ''}{group}/{owner['name']}"


def _event_object(item: Object, now: float) -> str:
    about = item.get("involvedObject") or {}
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


def _event_source(item: Object, now: float) -> str:
    source = item.get("source") or {}
    return ", ".join(filter(None, (source.get("component"), source.get("host")))) or item.get("reportingComponent", "")


def _role_bound(item: Object, now: float) -> str:
    return f"{item['roleRef']['kind']}/{item['roleRef']['name']}"


def _subjects(kind: str) -> Callable[[Object, float], str]:
    """The subjects of one kind; an account with its namespace."""

    def cell(item: Object, now: float) -> str:
        found = [one for one in item.get("subjects") or () if one["kind"] == kind]
        accounts = kind == "ServiceAccount"
        return ", ".join(f"{one.get('namespace', '')}/{one['name']}" if accounts else one["name"] for one in found)

    return cell


_SHORT_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _claimed(*fields: str) -> Callable[[Object, float], str]:
    """A field of a claim that it has once it is bound."""

    def cell(item: Object, now: float) -> str:
        value: Any = item
        for field in fields if item["spec"].get("volumeName") else ():
            value = value.get(field) or {}
        return str(value) if isinstance(value, str) else ""

    return cell


def _claim_status(item: Object, now: float) -> str:
    return "Terminating" if "deletionTimestamp" in item["metadata"] else str(item["status"]["phase"])


def _access_modes(item: Object, now: float) -> str:
    modes = item["status"].get("accessModes") or ()
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in modes)


_NAME, _AGE = Column("Name", _name), Column("Age", _age)
_DEFAULT = (_NAME, _AGE)
_IMAGES = (
    Column("Containers", _containers("name"), wide=True),
    Column("Images", _containers("image"), wide=True),
)
_SELECTOR = Column("Selector", _workload_selector, wide=True)
_ROLE = (_NAME, Column("Created At", lambda item, now: item["metadata"]["creationTimestamp"]))
_BINDING = (
    _NAME,
    Column("Role", _role_bound),
    _AGE,
    Column("Users", _subjects("User"), wide=True),
    Column("Groups", _subjects("Group"), wide=True),
    Column("ServiceAccounts", _subjects("ServiceAccount"), wide=True),
)
COLUMNS: dict[str, tuple[Column, ...]] = {
    "Pod": (
        _NAME,
        Column("Ready", pod_ready),
        Column("Status", pod_status),
        Column("Restarts", pod_restarts),
        _AGE,
        Column("IP", lambda pod, now: pod["status"].get("podIP") or NONE, wide=True),
        Column("Node", lambda pod, now: pod["spec"].get("nodeName") or NONE, wide=True),
        Column("Nominated Node", lambda pod, now: NONE, wide=True),
        Column("Readiness Gates", lambda pod, now: NONE, wide=True),
    ),
    "Service": (
        _NAME,
        Column("Type", lambda item, now: item["spec"]["type"]),
        Column("Cluster-IP", lambda item, now: item["spec"].get("clusterIP") or NONE),
        Column("External-IP", _external_ip),
        Column("Port(s)", _service_ports),
        _AGE,
        Column("Selector", lambda item, now: _pairs(item["spec"].get("selector")), wide=True),
    ),
    "EndpointSlice": (
        _NAME,
        Column("AddressType", lambda item, now: item.get("addressType", "")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_addresses),
        _AGE,
    ),
    "Endpoints": (_NAME, Column("Endpoints", _endpoints), _AGE),
    "Namespace": (_NAME, Column("Status", lambda item, now: item["status"]["phase"]), _AGE),
    "ConfigMap": (_NAME, Column("Data", lambda item, now: len(item.get("data") or ())), _AGE),
    "ServiceAccount": (_NAME, Column("Secrets", lambda item, now: len(item.get("secrets") or ())), _AGE),
    "Role": _ROLE,
    "ClusterRole": _ROLE,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "PersistentVolumeClaim": (
        _NAME,
        Column("Status", _claim_status),
        Column("Volume", lambda item, now: item["spec"].get("volumeName") or ""),
        Column("Capacity", _claimed("status", "capacity", "storage")),
        Column("Access Modes", _access_modes),
        Column("StorageClass", lambda item, now: item["spec"].get("storageClassName") or ""),
        Column("VolumeAttributesClass", lambda item, now: item["spec"].get("volumeAttributesClassName") or "<unset>"),
        _AGE,
        Column("VolumeMode", lambda item, now: item["spec"].get("volumeMode") or "<unset>", wide=True),
    ),
    "Event": (
        Column("Last Seen", _since("lastTimestamp", "eventTime", "firstTimestamp")),
        Column("Type", lambda item, now: item.get("type", "")),
        Column("Reason", lambda item, now: item.get("reason", "")),
        Column("Object", _event_object),
        Column("Subobject", lambda item, now: (item.get("involvedObject") or {}).get("fieldPath", ""), wide=True),
        Column("Source", _event_source, wide=True),
        Column("Message", lambda item, now: item.get("message", "").strip()),
        Column("First Seen", _since("firstTimestamp", "eventTime"), wide=True),
        Column("Count", lambda item, now: item.get("count", 1), wide=True),
        _NAME._replace(wide=True),
    ),
    "Deployment": (
        _NAME,
        Column("Ready", _replicas),
        Column("Up-to-date", _count("updatedReplicas")),
        Column("Available", _count("availableReplicas")),
        _AGE,
        *_IMAGES,
        _SELECTOR,
    ),
    "ReplicaSet": (
        _NAME,
        Column("Desired", _count("replicas", "spec"), type="integer"),
        Column("Current", _count("replicas"), type="integer"),
        Column("Ready", _count("readyReplicas"), type="integer"),
        _AGE,
        *_IMAGES,
        _SELECTOR,
    ),
    "StatefulSet": (_NAME, Column("Ready", _replicas), _AGE, *_IMAGES),
    "ControllerRevision": (
        _NAME,
        Column("Controller", _controller),
        Column("Revision", lambda item, now: str(item.get("revision", 0))),
        _AGE,
    ),
    "NetworkPolicy": (
        _NAME,
        Column("Pod-Selector", lambda item, now: selector_text(item["spec"].get("podSelector"))),
        _AGE,
    ),
    "Node": (
        _NAME,
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        _AGE,
        Column("Version", _node_info("kubeletVersion")),
        Column("Internal-IP", _node_address, wide=True),
        Column("External-IP", lambda item, now: NONE, wide=True),
        Column("OS-Image", _node_info("osImage"), wide=True),
        Column("Kernel-Version", _node_info("kernelVersion"), wide=True),
        Column("Container-Runtime", _node_info("containerRuntimeVersion"), wide=True),
    ),
}
"""By kind; a kind that is not here has name and age."""
