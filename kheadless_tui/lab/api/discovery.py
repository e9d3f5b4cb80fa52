"""What clients read first: which groups, versions and resources there are, and the version of the server."""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.api.paths import GROUP_VERSIONS, REVIEW_GROUP
from kheadless_tui.lab.resources import RESOURCES, REVIEWS, Resource

VERSION = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.4",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.24",
    "compiler": "gc",
    "platform": "linux/amd64",
}
"""The API that the lab speaks; not a program of that version."""

AGGREGATED = ("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
"""The media type and the version of discovery in one answer, which kubectl asks for since 1.27."""


def api_versions(address: str) -> dict[str, Any]:
    """``/api``."""
    server = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [server]}


def group_list() -> dict[str, Any]:
    """``/apis``."""
    groups = [_group(group) for group in GROUP_VERSIONS if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(name: str) -> dict[str, Any]:
    """``/apis/GROUP``."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/{GROUP_VERSIONS[name]}", "version": GROUP_VERSIONS[name]}
    return {"name": name, "versions": [version], "preferredVersion": version}


def resource_list(group_name: str) -> dict[str, Any]:
    """``/api/v1`` and ``/apis/GROUP/VERSION``."""
    version = GROUP_VERSIONS[group_name]
    found: list[dict[str, Any]] = []
    for resource in _resources(group_name):
        entry: dict[str, Any] = {
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(resource.verbs),
        }
        if resource.short_names:
            entry["shortNames"] = list(resource.short_names)
        if resource.categories:
            entry["categories"] = list(resource.categories)
        found.append(entry)
        for sub in resource.subresources:
            below: dict[str, Any] = {
                "name": f"{resource.plural}/{sub.name}",
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": sub.kind,
                "verbs": list(sub.verbs),
            }
            if sub.group:
                below |= {"group": sub.group, "version": sub.version}
            found.append(below)
    if group_name == REVIEW_GROUP:
        for plural, kind in REVIEWS.items():
            found.append(
                {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
            )
    group_version = f"{group_name}/{version}" if group_name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}


def aggregated(*, core: bool) -> dict[str, Any]:
    """``/api`` or ``/apis`` with everything below it."""
    items = [_aggregated_group(name) for name in GROUP_VERSIONS if (name == "") is core]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": AGGREGATED[1], "metadata": {}, "items": items}


def _aggregated_group(name: str) -> dict[str, Any]:
    resources = [_aggregated_resource(resource) for resource in _resources(name)]
    if name == REVIEW_GROUP:
        for plural, kind in REVIEWS.items():
            resources.append(
                {
                    "resource": plural,
                    "responseKind": {"group": "", "version": "", "kind": kind},
                    "scope": "Cluster",
                    "singularResource": kind.lower(),
                    "verbs": ["create"],
                }
            )
    version = {"version": GROUP_VERSIONS[name], "resources": resources, "freshness": "Current"}
    return {"metadata": {"name": name} if name else {}, "versions": [version]}


def _aggregated_resource(resource: Resource) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {"group": sub.group, "version": sub.version, "kind": sub.kind},
                "verbs": list(sub.verbs),
            }
            for sub in resource.subresources
        ]
    return entry


def _resources(group_name: str) -> list[Resource]:
    return sorted((item for item in RESOURCES if item.group == group_name), key=lambda item: item.plural)


def openapi_index() -> dict[str, Any]:
    """``/openapi/v3``: where the document of each group version is."""
    paths = {_prefix(name).lstrip("/"): {"serverRelativeURL": f"/openapi/v3{_prefix(name)}"} for name in GROUP_VERSIONS}
    return {"paths": paths}


def openapi(group_name: str) -> dict[str, Any]:
    """``/openapi/v3/...``: only what kubectl looks for before it writes.

    It asks whether PATCH of a kind takes the parameter ``fieldValidation``; if so, it leaves validation to the server
    (kubectl pkg/validation, QueryParamVerifier). Schemas are not told.
    """
    version = GROUP_VERSIONS[group_name]
    validation = {"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    dry_run = {"name": "dryRun", "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    paths = {}
    for resource in _resources(group_name):
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        kind = {"group": group_name, "version": version, "kind": resource.kind}
        paths[f"{_prefix(group_name)}{scope}/{resource.plural}/{{name}}"] = {
            "patch": {"parameters": [dry_run, validation], "x-kubernetes-group-version-kind": kind, "responses": {}}
        }
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}


def _prefix(group_name: str) -> str:
    return f"/apis/{group_name}/{GROUP_VERSIONS[group_name]}" if group_name else "/api/v1"
