"""OpenAPI, as far as kubectl asks for it.

Version 3 has the schemas of the kinds that are served, for ``kubectl explain``, and says that PATCH takes
``fieldValidation``, so that validation is left to the server (kubectl pkg/validation, QueryParamVerifier). Version 2
says the same and has no schemas: kubectl then merges by the types that it was built with.
"""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.api.discovery import VERSION, resources_of
from kheadless_tui.lab.api.request.paths import GROUP_VERSIONS
from kheadless_tui.lab.api.request.schemas import all_schemas, name_of_kind, reference
from kheadless_tui.lab.objects.resources import Resource

V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")


def index() -> dict[str, Any]:
    """``/openapi/v3``: where the document of each group version is."""
    paths = {prefix(name).lstrip("/"): {"serverRelativeURL": f"/openapi/v3{prefix(name)}"} for name in GROUP_VERSIONS}
    return {"paths": paths}


def v3(group: str) -> dict[str, Any]:
    """``/openapi/v3/...`` of a group version."""
    roots = [name for resource in resources_of(group) if (name := _name(resource))]
    schemas = {name: all_schemas()[name] for name in sorted(_closure(roots))}
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    found = {path: {"get": get, "patch": patch} for path, get, patch in _paths(group)}
    return {"openapi": "3.0.0", "info": info, "paths": found, "components": {"schemas": schemas}}


def v2() -> dict[str, Any]:
    """``/openapi/v2`` as JSON."""
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"swagger": "2.0", "info": info, "paths": {}, "definitions": {}}


def v2_protobuf() -> bytes:
    """``/openapi/v2`` in protobuf: the version, the title and nothing else (gnostic openapiv2, Document)."""
    version, title = VERSION["gitVersion"].encode(), b"Kubernetes"
    info = _text(1, title) + _text(2, version)
    return _text(1, b"2.0") + _text(2, info)


def _text(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def _name(resource: Resource) -> str | None:
    return name_of_kind(resource.group, resource.version, resource.kind)


def _paths(group: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    found = []
    version = GROUP_VERSIONS[group]
    for resource in resources_of(group):
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        kind = {"group": group, "version": version, "kind": resource.kind}
        schema = {"$ref": f"#/components/schemas/{_name(resource)}"}
        body = {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}
        parameters = [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in _PARAMETERS
        ]
        get = {"x-kubernetes-action": "get", "x-kubernetes-group-version-kind": kind, "responses": body}
        patch = {**get, "x-kubernetes-action": "patch", "parameters": parameters}
        found.append((f"{prefix(group)}{scope}/{resource.plural}/{{name}}", get, patch))
    return found


def _closure(roots: list[str]) -> set[str]:
    """These schemas and all that they refer to."""
    found: set[str] = set()
    while roots:
        name = roots.pop()
        if name not in found:
            found.add(name)
            roots += _references(all_schemas()[name])
    return found


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = reference(schema)
        return ([own] if own else []) + [name for value in schema.values() for name in _references(value)]
    if isinstance(schema, list):
        return [name for value in schema for name in _references(value)]
    return []


def prefix(group: str) -> str:
    """Where a group version is served."""
    return f"/apis/{group}/{GROUP_VERSIONS[group]}" if group else "/api/v1"
