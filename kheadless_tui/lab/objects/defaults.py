"""What the API server fills in: fields that a client leaves out (pkg/apis/*/v1/defaults.go, the Service strategy)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from kheadless_tui.lab.objects.resources import RBAC
from kheadless_tui.lab.objects.store import Object

SERVICE_RANGE = ipaddress.ip_network("10.96.0.0/16")
SERVICE_RANGE_6 = ipaddress.ip_network("fd00:96::/112")
"""Where cluster addresses come from; the same as kubeadm's default, and a ULA."""

CLAIM_IN_USE = "kubernetes.io/pvc-protection"
"""The finalizer of a volume claim (pkg/volume/util PVCProtectionFinalizer): it stays while a pod uses it."""
STORAGE_CLASS = "standard"
"""The default StorageClass: where volumes come from."""

MAX_GRACE_SECONDS = 30
"""terminationGracePeriodSeconds of a pod that says none."""


class Addresses:
    """Hands out addresses of a range, upwards and never twice, and keeps those free that someone asked for by name."""

    def __init__(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network, first: int) -> None:
        self.network = network
        self._next = first
        self._taken: set[str] = set()

    def allocate(self) -> str:
        """The next free one."""
        for address in self._free():
            self._taken.add(address)
            return address
        raise RuntimeError(f"no address is left in {self.network}")

    def claim(self, address: str) -> None:
        """Take one that was asked for."""
        self._taken.add(address)

    def taken(self, address: str) -> bool:
        """Whether it is in use."""
        return address in self._taken

    def release(self, address: str) -> None:
        """Give one back; it is not handed out again before the range has been used up."""
        self._taken.discard(address)

    def _free(self) -> Iterator[str]:
        while self._next < self.network.num_addresses - 1:
            address = str(self.network[self._next])
            self._next += 1
            if address not in self._taken:
                yield address


def service(item: Object, addresses: dict[str, Addresses]) -> None:
    """A Service: ports, type, families, and its cluster addresses.

    Args:
        item: The Service; it is changed.
        addresses: For ``IPv4`` and ``IPv6``, where its addresses come from.
    """
    spec = item.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    item.setdefault("status", {"loadBalancer": {}})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if spec["type"] != "ExternalName":
            port.setdefault("targetPort", port.get("port"))
    if spec["type"] == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec.get("clusterIPs") and not spec.get("clusterIP"):
        spec["clusterIP"] = spec["clusterIPs"][0]
    _families(spec)
    if spec.get("clusterIP") == "None":
        spec["clusterIPs"] = ["None"]
        return
    if not spec.get("clusterIPs"):
        given = [spec["clusterIP"]] if spec.get("clusterIP") else []
        spec["clusterIPs"] = given + [addresses[family].allocate() for family in spec["ipFamilies"][len(given) :]]
    for family, address in zip(spec["ipFamilies"], spec["clusterIPs"], strict=False):
        addresses[family].claim(address)
    spec["clusterIP"] = spec["clusterIPs"][0]


def _families(spec: dict[str, Any]) -> None:
    """IpFamilies and ipFamilyPolicy (pkg/registry/core/service/storage/alloc.go, initIPFamilyFields)."""
    families = list(spec.get("ipFamilies") or ())
    addresses = [
        address for address in spec.get("clusterIPs") or [spec.get("clusterIP")] if address and address != "None"
    ]
    if not families:
        families = [f"IPv{ipaddress.ip_address(address).version}" for address in addresses] or ["IPv4"]
    headless_without_selector = spec.get("clusterIP") == "None" and not spec.get("selector")
    policy = spec.get("ipFamilyPolicy")
    if policy is None:
        policy = "RequireDualStack" if len(families) == 2 or headless_without_selector else "SingleStack"
    if policy != "SingleStack" and len(families) == 1:
        families.append("IPv6" if families == ["IPv4"] else "IPv4")
    spec["ipFamilies"], spec["ipFamilyPolicy"] = families, policy


def _container(container: dict[str, Any]) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", "Always" if tag in ("", "latest") else "IfNotPresent")
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
        if container.get(kind):
            _probe(container[kind])


def _probe(probe: dict[str, Any]) -> None:
    for field, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        probe.setdefault(field, value)
    if probe.get("httpGet"):
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")


def pod_spec(spec: dict[str, Any]) -> None:
    """The part of a pod that a workload's template has too."""
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        _container(container)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", MAX_GRACE_SECONDS)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")


def pod(item: Object) -> None:
    """A Pod."""
    spec = item.setdefault("spec", {})
    pod_spec(spec)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec.setdefault("priority", 0)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    _tolerations(spec)
    item["metadata"].setdefault("generation", 1)
    for container in spec.get("ephemeralContainers") or ():
        _container(container)
    limited = any((container.get("resources") or {}).get("limits") for container in spec.get("containers") or ())
    item.setdefault("status", {"phase": "Pending", "qosClass": "Burstable" if limited else "BestEffort"})


def _tolerations(spec: dict[str, Any]) -> None:
    """Five minutes on a Node that is away (admission plugin DefaultTolerationSeconds)."""
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(
            item.get("key", key) == key and item.get("effect", "NoExecute") == "NoExecute" for item in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def deployment(item: Object) -> None:
    """A Deployment."""
    spec = item.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    item["metadata"].setdefault("generation", 1)
    item.setdefault("status", {})


def replica_set(item: Object) -> None:
    """A ReplicaSet."""
    spec = item.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    item["metadata"].setdefault("generation", 1)
    item.setdefault("status", {"replicas": 0})


def node(item: Object) -> None:
    """A Node."""
    item.setdefault("spec", {})
    item.setdefault("status", {})


def network_policy(item: Object) -> None:
    """A NetworkPolicy."""
    spec = item.setdefault("spec", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")
    item["metadata"].setdefault("generation", 1)


def stateful_set(item: Object) -> None:
    """A StatefulSet."""
    spec = item.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        strategy["rollingUpdate"].setdefault("partition", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    for claim in spec.get("volumeClaimTemplates") or ():
        claim |= {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    item["metadata"].setdefault("generation", 1)
    item.setdefault("status", {"replicas": 0, "availableReplicas": 0})


def namespace(item: Object) -> None:
    """A Namespace."""
    item["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = item["metadata"]["name"]
    item.setdefault("spec", {"finalizers": ["kubernetes"]})
    item.setdefault("status", {"phase": "Active"})


def endpoints(item: Object) -> None:
    """An Endpoints object."""
    for subset in item.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def endpoint_slice(item: Object) -> None:
    """An EndpointSlice."""
    item["metadata"].setdefault("generation", 1)
    item.setdefault("endpoints", None)
    item.setdefault("ports", None)
    for endpoint in item["endpoints"] or ():
        endpoint.setdefault("conditions", {})
    for port in item["ports"] or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def volume_claim(item: Object) -> None:
    """A PersistentVolumeClaim; who gets it, gets the class that is the default here."""
    item["metadata"].setdefault("finalizers", [CLAIM_IN_USE])
    spec = item.setdefault("spec", {})
    spec.setdefault("volumeMode", "Filesystem")
    spec.setdefault("storageClassName", STORAGE_CLASS)
    item.setdefault("status", {"phase": "Pending"})


def role(item: Object) -> None:
    """A Role or ClusterRole."""
    item.setdefault("rules", None)


def binding(item: Object) -> None:
    """A RoleBinding or ClusterRoleBinding."""
    item.setdefault("roleRef", {}).setdefault("apiGroup", RBAC)
    for subject in item.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", RBAC)


PLAIN: dict[str, Callable[[Object], None]] = {
    "Pod": pod,
    "Deployment": deployment,
    "ReplicaSet": replica_set,
    "StatefulSet": stateful_set,
    "Node": node,
    "NetworkPolicy": network_policy,
    "Namespace": namespace,
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "PersistentVolumeClaim": volume_claim,
    "Role": role,
    "ClusterRole": role,
    "RoleBinding": binding,
    "ClusterRoleBinding": binding,
}
"""By kind; a Service needs addresses besides."""
