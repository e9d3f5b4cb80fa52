"""Reading a name below the zone: which label is the namespace, the Service, the endpoint, the port.

Source: plugin/kubernetes/parse.go parseRequest.
"""

from __future__ import annotations

from dataclasses import dataclass

from kheadless_tui.zone.naming.names import labels

SVC = "svc"
POD = "pod"
ZONE_LABEL = "_zone"
"""The label that announces a topology zone under the option ``zonal``."""


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a name; empty where the name does not have them."""

    branch: str = ""
    """``svc``, ``pod``, or empty for the zone, ``svc.ZONE`` and ``pod.ZONE`` themselves."""
    namespace: str = ""
    service: str = ""
    """Name of the Service, or of the pod below ``pod``."""
    endpoint: str = ""
    cluster: str = ""
    port: str = ""
    protocol: str = ""
    topology_zone: str = ""
    prefer: bool = False
    """``prefer``: all endpoints when the topology zone has none."""
    fault: str = ""
    """Why the name is invalid: ``branch`` (neither svc nor pod) or ``depth`` (too many labels); empty when valid."""


def read_request(name: str, zone: str, *, multicluster: bool = False, zonal: bool = False) -> Request:
    """Take a name apart, from the right.

    Args:
        name: absolute, in lower case, at or below the zone.
        zone: absolute.
        multicluster: whether the zone holds ServiceImports.
        zonal: whether the option ``zonal`` is set.
    """
    parts = labels(name)
    parts = parts[: len(parts) - len(labels(zone))]
    if not parts or parts in ([SVC], [POD]):
        return Request()
    *parts, branch = parts
    if branch not in (SVC, POD):
        return Request(fault="branch")
    *parts, namespace = parts
    if not parts:
        return Request(branch, namespace)
    *parts, service = parts
    match parts:
        case []:
            return Request(branch, namespace, service)
        case [endpoint]:
            return Request(branch, namespace, service, endpoint=endpoint)
        case [first, second] if multicluster and not first.startswith("_") and not second.startswith("_"):
            return Request(branch, namespace, service, endpoint=first, cluster=second)
        case [port, protocol]:
            return Request(branch, namespace, service, port=port.removeprefix("_"), protocol=protocol.removeprefix("_"))
        case [*topology, "pin" | "prefer" as directive, last] if (
            topology and last == ZONE_LABEL and zonal and not multicluster and branch == SVC
        ):
            return Request(branch, namespace, service, topology_zone=".".join(topology), prefer=directive == "prefer")
    return Request(branch, namespace, service, fault="depth")
