"""What a URL means: k8s.io/apiserver pkg/endpoints/request, RequestInfo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kheadless_tui.lab.objects.failure import ApiFailure, PlainFailure, method_not_allowed, no_such_resource
from kheadless_tui.lab.objects.resources import BY_PATH, REVIEWS, Resource
from kheadless_tui.lab.objects.rights import Attributes

GROUP_VERSIONS = {
    "": "v1",
    "apps": "v1",
    "authentication.k8s.io": "v1",
    "authorization.k8s.io": "v1",
    "discovery.k8s.io": "v1",
    "networking.k8s.io": "v1",
    "rbac.authorization.k8s.io": "v1",
}
"""Every API group that is served, with its one version."""

ENDPOINTS_WARNING = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"

_OF_MANY = ("list", "watch", "deletecollection")
_BY_NAME = re.compile(r"metadata\.name==?([^,=!]+)")


@dataclass(frozen=True, slots=True)
class Target:
    """The resource, collection or object that a URL names."""

    group: str
    plural: str
    resource: Resource | None
    """``None`` for a review, which is never kept."""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    watched: bool = False
    """The path begins with ``watch``, the old way to say so."""

    def attributes(self, verb: str, query: Mapping[str, str]) -> Attributes:
        """For authorization; whoever lists or watches by a field selector of one name asks for that name."""
        resource = f"{self.plural}/{self.subresource}" if self.subresource else self.plural
        by_name = _BY_NAME.fullmatch(query.get("fieldSelector", "")) if verb in _OF_MANY else None
        return Attributes(verb, self.group, resource, self.namespace, by_name[1] if by_name else self.name)


def not_served() -> ApiFailure:
    """A path that no group version serves: the real server answers with plain text."""
    return PlainFailure(404, "404 page not found\n")


def is_resource(path: str) -> bool:
    """Whether authorization sees a resource in a path, be it served or not."""
    parts = [part for part in path.split("/") if part]
    return len(parts) > 2 and "//" not in path and (parts[0] == "api" or (parts[0] == "apis" and len(parts) > 3))


def parse(path: str) -> Target:
    """The target of a path below ``/api/v1`` or ``/apis/GROUP/VERSION``.

    Raises:
        ApiFailure: 404.
    """
    if "//" in path:
        raise no_such_resource() if path.startswith("/api/") else not_served()
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise not_served()
    if GROUP_VERSIONS.get(group) != version:
        raise no_such_resource() if parts[0] == "api" else not_served()
    watched = rest[0] == "watch"
    rest = _below_watch(path, rest[1:]) if watched else rest
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (len(rest) == 3 and rest[2] in ("status", "finalize")):
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        raise no_such_resource()
    plural, name, subresource = (*rest, "", "", "")[:3]
    if (group, plural) in REVIEWS and not namespace and not name:
        return Target(group, plural, None)
    resource = BY_PATH.get((group, version, plural))
    if resource is None or (name and resource.namespaced and not namespace):
        raise no_such_resource()
    if plural == "namespaces" and not namespace:
        namespace = name  # authorization sees a Namespace as being inside itself
    served = [] if watched else [item.name for item in resource.subresources]
    if (watched and "watch" not in resource.verbs) or (subresource and subresource not in served):
        raise no_such_resource()
    return Target(group, plural, resource, namespace, name, subresource, watched)


def _below_watch(path: str, rest: list[str]) -> list[str]:
    if not rest:
        why = f"failed to create RequestInfo: unable to determine kind and namespace from url, {path}"
        raise PlainFailure(500, f'Internal Server Error: "{path}": {why}\n')
    return rest


def warnings_of(path: str) -> list[str]:
    """What the API server warns of whoever uses this path."""
    return [ENDPOINTS_WARNING] if re.match(r"/api/v1/(namespaces/[^/]+/)?endpoints(/|$)", path) else []


def verb_of(method: str, target: Target, *, watch: bool) -> str:
    """The verb of a request, as authorization and discovery name it.

    Raises:
        ApiFailure: 405.
    """
    if target.resource is None:
        if method != "POST":
            raise method_not_allowed()
        return "create"
    if target.watched:
        if method != "GET":
            raise method_not_allowed()
        return "watch"
    named = bool(target.name)
    verb = {
        ("GET", True): "get",
        ("GET", False): "watch" if watch else "list",
        ("POST", False): "create",
        ("PUT", True): "update",
        ("PATCH", True): "patch",
        ("DELETE", True): "delete",
        ("DELETE", False): "deletecollection",
    }.get((method, named))
    if target.subresource:
        offered = next(item.verbs for item in target.resource.subresources if item.name == target.subresource)
        verb = "create" if method == "POST" else verb
        if verb is None or verb not in offered:
            raise method_not_allowed()
        return verb
    creates_everywhere = verb == "create" and target.resource.namespaced and not target.namespace
    if verb is None or verb not in target.resource.verbs or creates_everywhere:
        raise method_not_allowed()
    return verb
