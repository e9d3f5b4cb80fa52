"""What clients read first: which groups, versions and resources there are, and the version of the server."""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.api.request.paths import GROUP_VERSIONS
from kheadless_tui.lab.objects.resources import RESOURCES, REVIEWS, Resource

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

_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
AGGREGATED = (
    (_DISCOVERY.format("v2"), "apidiscovery.k8s.io/v2"),
    (_DISCOVERY.format("v2beta1"), "apidiscovery.k8s.io/v2beta1"),
)
"""Media types and versions of discovery in one answer; kubectl 1.27 asks for the second, later ones for the first."""


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
    for resource in resources_of(group_name):
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
    for (review_group, plural), kind in REVIEWS.items():
        if review_group == group_name:
            found.append(
                {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
            )
    group_version = f"{group_name}/{version}" if group_name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}


def aggregated(version: str, *, core: bool) -> dict[str, Any]:
    """``/api`` or ``/apis`` with everything below it."""
    items = [_aggregated_group(name) for name in GROUP_VERSIONS if (name == "") is core]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": version, "metadata": {}, "items": items}


def _aggregated_group(name: str) -> dict[str, Any]:
    resources = [_aggregated_resource(resource) for resource in resources_of(name)]
    for (review_group, plural), kind in REVIEWS.items():
        if review_group == name:
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


def resources_of(group_name: str) -> list[Resource]:
    """The resources of a group, in the order of their names."""
    return sorted((item for item in RESOURCES if item.group == group_name), key=lambda item: item.plural)
