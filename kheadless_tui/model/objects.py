"""The Kubernetes objects that we read, in the shape of the API but with the few fields that are used.

msgspec decodes them straight from the bytes of a response. Every list, map and object may be ``null`` on the wire
(an API server does send ``endpoints: null``), so every such field is optional here.
A field of a wrong type raises ``msgspec.ValidationError``; who decodes a list falls back to one item at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class ObjectKey(NamedTuple):
    """Namespace and name of an object; the namespace is empty for cluster-wide kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


new_key = tuple.__new__
"""Makes an ObjectKey of the class and a pair: half the price of calling the class, paid for each object of a big
cluster."""


class Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """Base of everything decoded from the API: frozen, camelCase on the wire.

    What is decoded holds no cycles, so the garbage collector is spared the walk through a big cluster (``gc=False``).
    """


class OwnerReference(Wire, frozen=True, rename="camel"):
    """metadata.ownerReferences[]."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Meta(Wire, frozen=True, rename="camel"):
    """metadata; times are RFC 3339 text as sent."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class KubeObject(Wire, frozen=True, rename="camel"):
    """What all kinds share."""

    metadata: Meta = Meta()

    @property
    def key(self) -> ObjectKey:
        """Namespace and name."""
        meta = self.metadata
        return new_key(ObjectKey, (meta.namespace or "", meta.name))

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """metadata.namespace, empty for cluster-wide kinds."""
        return self.metadata.namespace or ""

    @property
    def labels(self) -> dict[str, str]:
        """metadata.labels, never ``None``."""
        return self.metadata.labels or {}


class ServicePort(Wire, frozen=True, rename="camel"):
    """spec.ports[] of a Service; ``protocol`` defaults to TCP as the API server's defaulting does."""

    port: int = 0
    name: str | None = None
    protocol: str | None = None
    target_port: int | str | None = None


class ServiceSpec(Wire, frozen=True, rename="camel"):
    """spec of a Service."""

    type: str | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: list[str] | None = msgspec.field(default=None, name="clusterIPs")
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    publish_not_ready_addresses: bool | None = None
    ip_families: list[str] | None = None
    ip_family_policy: str | None = None
    external_name: str | None = None


class Service(KubeObject, frozen=True, rename="camel"):
    """v1 Service."""

    spec: ServiceSpec = ServiceSpec()

    @property
    def type(self) -> str:
        """spec.type; ClusterIP when it is not set, as the API server's defaulting does."""
        return self.spec.type or "ClusterIP"

    @property
    def cluster_ips(self) -> tuple[str, ...]:
        """spec.clusterIPs, or spec.clusterIP alone (CoreDNS plugin/kubernetes/object/service.go ToService)."""
        if self.spec.cluster_ips:
            return tuple(self.spec.cluster_ips)
        return (self.spec.cluster_ip,) if self.spec.cluster_ip else ()

    @property
    def headless(self) -> bool:
        """True when the first cluster address is the word None (object/service.go Headless).

        The type plays no part: the API server takes no cluster address of an ExternalName Service.
        """
        return self.cluster_ips[:1] == ("None",)

    @property
    def selector(self) -> dict[str, str]:
        """spec.selector, never ``None``; an empty one selects nothing."""
        return self.spec.selector or {}

    @property
    def ports(self) -> tuple[ServicePort, ...]:
        """spec.ports, never ``None``."""
        return tuple(self.spec.ports or ())

    @property
    def publishes_not_ready(self) -> bool:
        """spec.publishNotReadyAddresses, false when absent."""
        return bool(self.spec.publish_not_ready_addresses)


class Conditions(Wire, frozen=True, rename="camel"):
    """conditions of an endpoint; ``ready`` absent means ready (CoreDNS object/endpoint.go endpointsliceReady)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(Wire, frozen=True, rename="camel"):
    """targetRef of an endpoint: usually the pod."""

    kind: str = ""
    name: str = ""
    namespace: str | None = None
    uid: str = ""


class Endpoint(Wire, frozen=True, rename="camel"):
    """endpoints[] of an EndpointSlice."""

    addresses: list[str] | None = None
    conditions: Conditions | None = None
    hostname: str | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: TargetRef | None = None

    @property
    def ready(self) -> bool:
        """True when conditions.ready is true or absent: then CoreDNS serves it."""
        return self.conditions is None or self.conditions.ready is not False

    @property
    def serving(self) -> bool:
        """conditions.serving; when absent it equals ready (API field documentation)."""
        if self.conditions is None or self.conditions.serving is None:
            return self.ready
        return self.conditions.serving

    @property
    def terminating(self) -> bool:
        """conditions.terminating, false when absent."""
        return self.conditions is not None and bool(self.conditions.terminating)

    @property
    def pod_name(self) -> str | None:
        """Name of the pod behind the endpoint, if targetRef names one."""
        return self.target_ref.name if self.target_ref and self.target_ref.kind == "Pod" else None


class EndpointPort(Wire, frozen=True, rename="camel"):
    """ports[] of an EndpointSlice; a port without number keeps ``None``."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = None


SERVICE_NAME_LABEL = "kubernetes.io/service-name"
"""Label that ties an EndpointSlice to its Service (discovery.k8s.io/v1 LabelServiceName)."""


class EndpointSlice(KubeObject, frozen=True, rename="camel"):
    """discovery.k8s.io/v1 EndpointSlice."""

    address_type: str = ""
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None

    @property
    def service_key(self) -> ObjectKey | None:
        """The Service it belongs to, by label alone; ``None`` when the label is missing or empty."""
        name = self.labels.get(SERVICE_NAME_LABEL)
        return ObjectKey(self.namespace, name) if name else None

    @property
    def import_key(self) -> ObjectKey | None:
        """The ServiceImport it belongs to, by label alone; ``None`` when the label is missing or empty."""
        name = self.labels.get(IMPORT_NAME_LABEL)
        return ObjectKey(self.namespace, name) if name else None


IMPORT_NAME_LABEL = "multicluster.kubernetes.io/service-name"
"""Label that ties an EndpointSlice to a ServiceImport (sigs.k8s.io/mcs-api LabelServiceName)."""

SOURCE_CLUSTER_LABEL = "multicluster.kubernetes.io/source-cluster"
"""Label that names the cluster that an imported slice comes from (sigs.k8s.io/mcs-api LabelSourceCluster)."""


class ServiceImportSpec(Wire, frozen=True, rename="camel"):
    """spec of a ServiceImport."""

    type: str | None = None
    ips: list[str] | None = None
    ports: list[ServicePort] | None = None


class ServiceImport(KubeObject, frozen=True, rename="camel"):
    """multicluster.x-k8s.io/v1alpha1 ServiceImport: a Service of several clusters, in a multicluster zone."""

    spec: ServiceImportSpec = ServiceImportSpec()

    @property
    def headless(self) -> bool:
        """spec.type is Headless (CoreDNS object/serviceimport.go Headless)."""
        return self.spec.type == "Headless"


class NamespaceStatus(Wire, frozen=True, rename="camel"):
    """status of a Namespace."""

    phase: str | None = None


class Namespace(KubeObject, frozen=True, rename="camel"):
    """v1 Namespace; it counts as existing while the object exists, also while it is being deleted."""

    status: NamespaceStatus = NamespaceStatus()


class EndpointsAddress(Wire, frozen=True, rename="camel"):
    """subsets[].addresses[] of an Endpoints object."""

    ip: str = ""
    hostname: str | None = None


class EndpointsSubset(Wire, frozen=True, rename="camel"):
    """subsets[] of an Endpoints object."""

    addresses: list[EndpointsAddress] | None = None
    not_ready_addresses: list[EndpointsAddress] | None = None
    ports: list[EndpointPort] | None = None


class Endpoints(KubeObject, frozen=True, rename="camel"):
    """v1 Endpoints: never a source of records, only of explanations (misnamed, not mirrored)."""

    subsets: list[EndpointsSubset] | None = None


class ManagedFields(Wire, frozen=True, rename="camel"):
    """metadata.managedFields[]: who wrote which fields last, and when."""

    time: str | None = None
    fields_v1: dict[str, Any] | None = None


class ConfigMapMeta(Meta, frozen=True, rename="camel"):
    """metadata with the times of writes, which only this kind is read with."""

    managed_fields: list[ManagedFields] | None = None


class ConfigMap(KubeObject, frozen=True, rename="camel"):
    """v1 ConfigMap; we read only kube-system/coredns."""

    metadata: ConfigMapMeta = ConfigMapMeta()
    data: dict[str, str] | None = None

    def written(self, name: str) -> str:
        """When one entry of ``data`` was written last, as sent; empty when not known or not since it was made."""
        times = [
            entry.time
            for entry in self.metadata.managed_fields or ()
            if entry.time and f"f:{name}" in ((entry.fields_v1 or {}).get("f:data") or {})
        ]
        last = max(times, default="")
        return last if last != self.metadata.creation_timestamp else ""
