"""The kinds that the lab serves, and how each is addressed."""

from __future__ import annotations

from dataclasses import dataclass

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
"""What the API server offers for an ordinary resource, in the order of its discovery."""


@dataclass(frozen=True, slots=True)
class Subresource:
    """One below a resource, as discovery tells it."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one API group version."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    fields: tuple[str, ...] = ()
    """Fields that a fieldSelector may name beside metadata.name and metadata.namespace."""
    subresources: tuple[Subresource, ...] = ()

    @property
    def api_version(self) -> str:
        """``v1`` or ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As errors name it: ``pods``, ``endpointslices.discovery.k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """As errors about its content name it: ``Pod``, ``StatefulSet.apps``."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


_STATUS_VERBS = ("get", "patch", "update")


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, _STATUS_VERBS)


_SCALE = Subresource("scale", "Scale", _STATUS_VERBS, "autoscaling", "v1")

NAMESPACES = Resource(
    "", "v1", "namespaces", "namespace", "Namespace", False, ("ns",),
    verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
    fields=("status.phase",),
    subresources=(_status("Namespace"),),
)  # fmt: skip
NODES = Resource(
    "", "v1", "nodes", "node", "Node", False, ("no",),
    fields=("spec.unschedulable",),
    subresources=(_status("Node"),),
)  # fmt: skip
PODS = Resource(
    "", "v1", "pods", "pod", "Pod", True, ("po",), ("all",),
    fields=("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
            "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"),
    subresources=(
        Subresource("attach", "PodAttachOptions", ("create", "get")),
        Subresource("ephemeralcontainers", "Pod", _STATUS_VERBS),
        Subresource("exec", "PodExecOptions", ("create", "get")),
        Subresource("log", "Pod", ("get",)),
        Subresource("portforward", "PodPortForwardOptions", ("create", "get")),
        _status("Pod"),
    ),
)  # fmt: skip
SERVICES = Resource(
    "", "v1", "services", "service", "Service", True, ("svc",), ("all",),
    fields=("spec.clusterIP", "spec.type"),
    subresources=(_status("Service"),),
)  # fmt: skip
ENDPOINTS = Resource("", "v1", "endpoints", "endpoints", "Endpoints", True, ("ep",))
CONFIG_MAPS = Resource("", "v1", "configmaps", "configmap", "ConfigMap", True, ("cm",))
EVENTS = Resource(
    "", "v1", "events", "event", "Event", True, ("ev",),
    fields=("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.fieldPath", "reason", "type", "source"),
)  # fmt: skip
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", True, ("sa",))
VOLUME_CLAIMS = Resource(
    "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", True, ("pvc",),
    subresources=(_status("PersistentVolumeClaim"),),
)  # fmt: skip
CONTROLLER_REVISIONS = Resource("apps", "v1", "controllerrevisions", "controllerrevision", "ControllerRevision")
DEPLOYMENTS = Resource(
    "apps", "v1", "deployments", "deployment", "Deployment", True, ("deploy",), ("all",),
    subresources=(_SCALE, _status("Deployment")),
)  # fmt: skip
REPLICA_SETS = Resource(
    "apps", "v1", "replicasets", "replicaset", "ReplicaSet", True, ("rs",), ("all",),
    fields=("status.replicas",),
    subresources=(_SCALE, _status("ReplicaSet")),
)  # fmt: skip
STATEFUL_SETS = Resource(
    "apps", "v1", "statefulsets", "statefulset", "StatefulSet", True, ("sts",), ("all",),
    subresources=(_SCALE, _status("StatefulSet")),
)  # fmt: skip
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice")
NETWORK_POLICIES = Resource(
    "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy", True, ("netpol",)
)
RBAC = "rbac.authorization.k8s.io"
ROLES = Resource(RBAC, "v1", "roles", "role", "Role")
ROLE_BINDINGS = Resource(RBAC, "v1", "rolebindings", "rolebinding", "RoleBinding")
CLUSTER_ROLES = Resource(RBAC, "v1", "clusterroles", "clusterrole", "ClusterRole", False)
CLUSTER_ROLE_BINDINGS = Resource(RBAC, "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", False)

RESOURCES = (
    CONFIG_MAPS, ENDPOINTS, EVENTS, NAMESPACES, NODES, VOLUME_CLAIMS, PODS, SERVICE_ACCOUNTS, SERVICES,
    CONTROLLER_REVISIONS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, ENDPOINT_SLICES, NETWORK_POLICIES,
    CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES,
)  # fmt: skip
"""Everything that is kept in the store."""

OWNED = (REPLICA_SETS, PODS, ENDPOINT_SLICES, ENDPOINTS, CONTROLLER_REVISIONS)
"""Kinds that controllers make for an owner."""

OWNERS = (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, SERVICES)
"""Kinds that controllers make something for."""

REVIEWS = {
    ("authentication.k8s.io", "selfsubjectreviews"): "SelfSubjectReview",
    ("authorization.k8s.io", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("authorization.k8s.io", "selfsubjectrulesreviews"): "SelfSubjectRulesReview",
}
"""By group and plural: created, answered, never kept."""

BY_PATH = {(resource.group, resource.version, resource.plural): resource for resource in RESOURCES}
BY_KIND = {(resource.api_version, resource.kind): resource for resource in RESOURCES}
