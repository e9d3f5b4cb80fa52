"""The roles and bindings of every cluster, as far as they are about what is served here, and the lab's users.

plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go; ``view`` and ``edit`` without resources that the lab lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.objects.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, RBAC, Resource
from kheadless_tui.lab.objects.store import Object, Store

ADMIN, VIEWER, NAMESPACED, NOBODY = USERS = ("admin", "viewer", "namespaced", "nobody")
"""The lab's users: an administrator, one who reads, one who has a single namespace, one who has nothing."""

NAMESPACE_OF = {NAMESPACED: "team-a"}
"""The namespace of a user's context; else ``default``. What the user may do there says a RoleBinding."""

MASTERS, AUTHENTICATED, UNAUTHENTICATED = "system:masters", "system:authenticated", "system:unauthenticated"
"""Groups that authentication puts users in."""

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_WORKLOADS = ("deployments", "replicasets", "statefulsets")
_PODS = ("pods/attach", "pods/exec", "pods/portforward")
_PUBLIC = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
              "/version", "/version/")  # fmt: skip

Rule = dict[str, Any]


def _rule(verbs: tuple[str, ...], group: str, *resources: str) -> Rule:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _paths(verb: str, *paths: str) -> Rule:
    return {"nonResourceURLs": list(paths), "verbs": [verb]}


_VIEW = (
    _rule(_READ, "", "configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods",
          "serviceaccounts", "services", "services/status", "events", "namespaces/status", "pods/log", "pods/status",
          "namespaces"),
    _rule(_READ, "discovery.k8s.io", "endpointslices"),
    _rule(_READ, "apps", "controllerrevisions",
          *(kind + sub for kind in _WORKLOADS for sub in ("", "/scale", "/status"))),
    _rule(_READ, "networking.k8s.io", "networkpolicies"),
)  # fmt: skip
_EDIT = (
    _rule(_READ, "", *_PODS),
    _rule(("impersonate",), "", "serviceaccounts"),
    _rule(_WRITE, "", "pods", *_PODS),
    _rule(_WRITE, "", "configmaps", "events", "persistentvolumeclaims", "serviceaccounts", "services"),
    _rule(_WRITE, "apps", *(kind + sub for kind in _WORKLOADS for sub in ("", "/scale"))),
    _rule(_WRITE, "networking.k8s.io", "networkpolicies"),
)
"""Not endpoints or slices, and not pods/ephemeralcontainers."""
_ROLES: dict[str, tuple[Rule, ...]] = {
    "cluster-admin": (_rule(("*",), "*", "*"), _paths("*", "*")),
    "edit": (*_EDIT, *_VIEW),
    "view": _VIEW,
    "system:basic-user": (
        _rule(("create",), "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
        _rule(("create",), "authentication.k8s.io", "selfsubjectreviews"),
    ),
    "system:discovery": (_paths("get", *_DISCOVERY),),
    "system:public-info-viewer": (_paths("get", *_PUBLIC),),
}
_BINDINGS = (
    ("cluster-admin", "cluster-admin", "Group", (MASTERS,)),
    ("system:basic-user", "system:basic-user", "Group", (AUTHENTICATED,)),
    ("system:discovery", "system:discovery", "Group", (AUTHENTICATED,)),
    ("system:public-info-viewer", "system:public-info-viewer", "Group", (AUTHENTICATED, UNAUTHENTICATED)),
    (VIEWER, "view", "User", (VIEWER,)),
)


def put_into(store: Store) -> None:
    """Make them: the API server does so when it starts."""
    for resource, item in _made():
        head = {"kind": resource.kind, "apiVersion": resource.api_version}
        store.create(resource, {**head, **item})


def _made() -> Iterator[tuple[Resource, Object]]:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    for name, rules in _ROLES.items():
        yield CLUSTER_ROLES, {"metadata": {"name": name, "labels": labels}, "rules": list(rules)}
    for name, role, kind, subjects in _BINDINGS:
        meta: Object = {"name": name, **({} if name == VIEWER else {"labels": labels})}
        yield (
            CLUSTER_ROLE_BINDINGS,
            {
                "metadata": meta,
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": RBAC, "kind": kind, "name": subject} for subject in subjects],
            },
        )
