"""Bodies of requests, and answers in the real server's form."""

from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
import yaml
from aiohttp import web

from kheadless_tui.lab.api import protobuf
from kheadless_tui.lab.failure import ApiFailure, bad_request, unsupported_body
from kheadless_tui.lab.resources import Resource
from kheadless_tui.lab.yaml_text import load_yaml

MAX_BODY = 3 * 1024 * 1024
"""Bytes of a request's body (k8s.io/apiserver, MaxRequestBodyBytes)."""

COMPRESS_FROM = 128 * 1024
"""Answers of at least so many bytes are sent compressed to those who take it (defaultGzipThresholdBytes)."""


async def read_body(request: web.BaseRequest) -> bytes:
    """The body, bounded.

    Raises:
        ApiFailure: 413.
    """
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > MAX_BODY:
            message = f"Request entity too large: limit is {MAX_BODY}"
            raise ApiFailure(413, "RequestEntityTooLarge", message, details={})
    return bytes(body)


async def read_object(request: web.BaseRequest, resource: Resource | None = None) -> dict[str, Any]:
    """The object in the body of a create, an update or a review.

    Raises:
        ApiFailure: 400, 413 or 415.
    """
    if request.content_type == protobuf.MEDIA_TYPE:
        return from_protobuf(await read_body(request))
    if request.content_type not in ("application/json", "application/yaml", "application/octet-stream"):
        raise unsupported_body()
    decoded = decode(await read_body(request), resource)
    if not isinstance(decoded, dict):
        raise bad_request(_unrecognized(resource, "json: cannot unmarshal array into Go value of type struct"))
    return decoded


def from_protobuf(body: bytes) -> dict[str, Any]:
    """An object in protobuf.

    Raises:
        ApiFailure: 415.
    """
    try:
        return protobuf.decode(body)
    except protobuf.NotUnderstoodError as error:
        raise unsupported_body() from error


def decode(body: bytes, resource: Resource | None) -> Any:
    """JSON or YAML.

    Args:
        body: As it came.
        resource: What it should be, for the message.

    Raises:
        ApiFailure: 400.
    """
    try:
        if body.lstrip()[:1] in (b"{", b"["):
            return json.loads(body)
        return next(load_yaml(body), None)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise bad_request(_unrecognized(resource, f"json parse error: {error}")) from error


def _unrecognized(resource: Resource | None, why: str) -> str:
    kind = resource.kind if resource else "object"
    return f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; {why}"


def headers() -> dict[str, str]:
    """What every answer has."""
    return {"Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}


def json_reply(request: web.BaseRequest, document: Any, *, status: int = 200, warning: str = "") -> web.Response:
    """A document as JSON."""
    response = reply(request, msgspec.json.encode(document), status=status, content_type="application/json")
    if warning:
        response.headers["Warning"] = warning
    return response


def reply(request: web.BaseRequest, body: bytes, *, status: int = 200, content_type: str) -> web.Response:
    """Bytes of some type, compressed when there are many and the client takes that."""
    response = web.Response(body=body, status=status, headers={**headers(), "Content-Type": content_type})
    if len(body) >= COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
