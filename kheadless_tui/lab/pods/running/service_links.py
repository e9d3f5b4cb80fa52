"""The variables by which a container knows the Services of its namespace (pkg/kubelet/envvars)."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.network import Network

_API = ("default", "kubernetes")


def variables(network: Network, pod: Object) -> dict[str, str]:
    """Those of the API server, and of every Service with a cluster address unless ``enableServiceLinks`` is off."""
    found = [item for item in network.services(_API[0]) if item["metadata"]["name"] == _API[1]]
    if pod["spec"].get("enableServiceLinks") is not False:
        found += [item for item in network.services(pod["metadata"]["namespace"]) if item not in found]
    return {name: value for service in found for name, value in _of(service)}


def _of(service: Object) -> Iterator[tuple[str, str]]:
    address = service["spec"].get("clusterIP") or ""
    ports = service["spec"].get("ports") or ()
    if address in ("", "None") or not ports:
        return
    name = service["metadata"]["name"].upper().replace("-", "_")
    yield f"{name}_SERVICE_HOST", address
    yield f"{name}_SERVICE_PORT", str(ports[0]["port"])
    for port in ports:
        if port.get("name"):
            yield f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}", str(port["port"])
    host = f"[{address}]" if ":" in address else address
    for number, port in enumerate(ports):
        protocol = port.get("protocol", "TCP")
        url = f"{protocol.lower()}://{host}:{port['port']}"
        if number == 0:
            yield f"{name}_PORT", url
        prefix = f"{name}_PORT_{port['port']}_{protocol}"
        yield prefix, url
        yield f"{prefix}_PROTO", protocol.lower()
        yield f"{prefix}_PORT", str(port["port"])
        yield f"{prefix}_ADDR", address
