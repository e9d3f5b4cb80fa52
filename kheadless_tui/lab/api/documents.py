"""What is served beside resources: discovery, OpenAPI, version and health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from kheadless_tui.lab.api import discovery, openapi
from kheadless_tui.lab.api.request import paths
from kheadless_tui.lab.api.request.bodies import json_reply, reply
from kheadless_tui.lab.objects.failure import method_not_allowed

_HEALTH = ("/healthz", "/livez", "/readyz")
_TEXT = "text/plain; charset=utf-8"


def document_for(request: web.BaseRequest) -> web.Response | None:
    """The answer to a path that is no resource; ``None`` when it may be one.

    Raises:
        ApiFailure: 405.
    """
    path = request.path.rstrip("/")
    if path in _HEALTH:
        return reply(request, b"ok", content_type=_TEXT)
    if request.method != "GET":
        if is_document(path):
            raise method_not_allowed()
        return None
    accept = request.headers.get("Accept", "")
    if path in ("/api", "/apis"):
        for media_type, version in discovery.AGGREGATED:
            if media_type in accept:
                document = discovery.aggregated(version, core=path == "/api")
                return reply(request, msgspec.json.encode(document), content_type=media_type)
    if path == "/openapi/v2":
        if "protobuf" in accept:
            return reply(request, openapi.v2_protobuf(), content_type=openapi.V2_PROTOBUF)
        return json_reply(request, openapi.v2())
    found = _document(path, request.host)
    return None if found is None else json_reply(request, found)


def is_document(path: str) -> bool:
    """Whether a path leads to one of these."""
    return path.rstrip("/") in _HEALTH or path == "/openapi/v2" or _document(path.rstrip("/"), "") is not None


def _document(path: str, host: str) -> dict[str, Any] | None:
    fixed: dict[str, Callable[[], dict[str, Any]]] = {
        "": lambda: {"paths": _paths()},
        "/version": lambda: discovery.VERSION,
        "/api": lambda: discovery.api_versions(host),
        "/apis": discovery.group_list,
        "/openapi/v3": openapi.index,
    }
    if path in fixed:
        return fixed[path]()
    for group, version in paths.GROUP_VERSIONS.items():
        prefix = f"/apis/{group}/{version}" if group else "/api/v1"
        if path == prefix:
            return discovery.resource_list(group)
        if path == f"/openapi/v3{prefix}":
            return openapi.v3(group)
        if group and path == f"/apis/{group}":
            return discovery.group(group)
    return None


def _paths() -> list[str]:
    groups = [f"/apis/{group}" for group in paths.GROUP_VERSIONS if group]
    versions = [f"/apis/{group}/{version}" for group, version in paths.GROUP_VERSIONS.items() if group]
    return sorted(["/api", "/api/v1", "/apis", *groups, *versions, *_HEALTH, "/openapi/v2", "/openapi/v3", "/version"])
