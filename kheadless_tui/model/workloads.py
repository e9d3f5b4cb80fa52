"""Pods and StatefulSets: what a reader of DNS needs of them, in the shape of the API."""

from __future__ import annotations

import msgspec

from kheadless_tui.model.objects import KubeObject, Meta, Wire


class PodIP(Wire, frozen=True, rename="camel"):
    """status.podIPs[]."""

    ip: str = ""


class PodCondition(Wire, frozen=True, rename="camel"):
    """status.conditions[] of a pod."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class ContainerPort(Wire, frozen=True, rename="camel"):
    """spec.containers[].ports[]."""

    container_port: int = 0
    name: str | None = None
    protocol: str | None = None


class Container(Wire, frozen=True, rename="camel"):
    """spec.containers[] and spec.ephemeralContainers[]; ``target_container_name`` only in the latter."""

    name: str = ""
    image: str | None = None
    ports: list[ContainerPort] | None = None
    restart_policy: str | None = None
    target_container_name: str | None = None


class StateDetail(Wire, frozen=True, rename="camel"):
    """One of waiting, running, terminated of a container's state."""

    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    started_at: str | None = None


class ContainerState(Wire, frozen=True, rename="camel"):
    """status.containerStatuses[].state."""

    waiting: StateDetail | None = None
    running: StateDetail | None = None
    terminated: StateDetail | None = None


class ContainerStatus(Wire, frozen=True, rename="camel"):
    """status.containerStatuses[]."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState | None = None


class DNSConfigOption(Wire, frozen=True, rename="camel"):
    """spec.dnsConfig.options[]."""

    name: str = ""
    value: str | None = None


class DNSConfig(Wire, frozen=True, rename="camel"):
    """spec.dnsConfig."""

    nameservers: list[str] | None = None
    searches: list[str] | None = None
    options: list[DNSConfigOption] | None = None


class PodSpec(Wire, frozen=True, rename="camel"):
    """spec of a pod."""

    node_name: str | None = None
    hostname: str | None = None
    subdomain: str | None = None
    host_network: bool | None = None
    dns_policy: str | None = None
    dns_config: DNSConfig | None = None
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None


class PodStatus(Wire, frozen=True, rename="camel"):
    """status of a pod."""

    phase: str | None = None
    reason: str | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    pod_ips: list[PodIP] | None = msgspec.field(default=None, name="podIPs")
    conditions: list[PodCondition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(KubeObject, frozen=True, rename="camel"):
    """v1 Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def addresses(self) -> tuple[str, ...]:
        """status.podIPs, or status.podIP alone."""
        if self.status.pod_ips:
            return tuple(ip.ip for ip in self.status.pod_ips if ip.ip)
        return (self.status.pod_ip,) if self.status.pod_ip else ()

    @property
    def ready(self) -> bool:
        """The Ready condition is True."""
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions or ())

    @property
    def terminating(self) -> bool:
        """metadata.deletionTimestamp is set."""
        return self.metadata.deletion_timestamp is not None

    @property
    def container_statuses(self) -> tuple[ContainerStatus, ...]:
        """status.containerStatuses, never ``None``."""
        return tuple(self.status.container_statuses or ())


class LabelSelector(Wire, frozen=True, rename="camel"):
    """spec.selector of a workload; only matchLabels is read."""

    match_labels: dict[str, str] | None = None


class PodTemplate(Wire, frozen=True, rename="camel"):
    """spec.template of a workload."""

    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()


class StatefulSetSpec(Wire, frozen=True, rename="camel"):
    """spec of a StatefulSet."""

    service_name: str | None = None
    replicas: int | None = None
    selector: LabelSelector | None = None
    pod_management_policy: str | None = None
    template: PodTemplate | None = None


class StatefulSetStatus(Wire, frozen=True, rename="camel"):
    """status of a StatefulSet."""

    replicas: int | None = None
    ready_replicas: int | None = None


class StatefulSet(KubeObject, frozen=True, rename="camel"):
    """apps/v1 StatefulSet; spec.serviceName names its governing Service."""

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()
