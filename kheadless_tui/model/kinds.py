"""Every kind that we read: how it is addressed in the API, and what its objects are decoded into."""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.model.objects import (
    ConfigMap,
    Endpoints,
    EndpointSlice,
    KubeObject,
    Namespace,
    Service,
    ServiceImport,
)
from kheadless_tui.model.workloads import Pod, StatefulSet


class Kind(NamedTuple):
    """How a kind is addressed in the API and decoded."""

    name: str
    """The kind, as in manifests: ``EndpointSlice``."""
    api_version: str
    """``v1`` or ``group/version``."""
    plural: str
    """The resource in URLs and RBAC rules: ``endpointslices``."""
    struct: type[KubeObject]
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]


NAMESPACE = Kind("Namespace", "v1", "namespaces", Namespace, namespaced=False)
SERVICE = Kind("Service", "v1", "services", Service)
ENDPOINT_SLICE = Kind("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", EndpointSlice)
POD = Kind("Pod", "v1", "pods", Pod)
STATEFUL_SET = Kind("StatefulSet", "apps/v1", "statefulsets", StatefulSet)
ENDPOINTS = Kind("Endpoints", "v1", "endpoints", Endpoints)
CONFIG_MAP = Kind("ConfigMap", "v1", "configmaps", ConfigMap)
SERVICE_IMPORT = Kind("ServiceImport", "multicluster.x-k8s.io/v1alpha1", "serviceimports", ServiceImport)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (NAMESPACE, SERVICE, ENDPOINT_SLICE, POD, STATEFUL_SET, ENDPOINTS, CONFIG_MAP, SERVICE_IMPORT)
}
"""Every kind that we read, by its name in manifests."""
