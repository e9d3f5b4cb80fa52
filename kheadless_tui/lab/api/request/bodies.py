"""Bodies of requests, and answers in the real server's form."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import yaml
from aiohttp import HttpVersion11, web

from kheadless_tui.lab.api.request import protobuf
from kheadless_tui.lab.api.request.decoding import json_error, json_type, load_json, shown
from kheadless_tui.lab.objects.failure import ApiFailure, bad_request, not_acceptable, unsupported_body
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.yaml_text import ExcessError, load_yaml

MAX_BODY = 3 * 1024 * 1024
"""Bytes of a request's body (k8s.io/apiserver, MaxRequestBodyBytes)."""

COMPRESS_FROM = 128 * 1024
"""Answers of at least so many bytes are sent compressed to those who take it (defaultGzipThresholdBytes)."""


async def read_body(request: web.BaseRequest) -> bytes:
    """The body, bounded.

    Raises:
        ApiFailure: 413.
    """
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # of the answer, nothing has been sent
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > MAX_BODY:
            message = f"Request entity too large: limit is {MAX_BODY}"
            raise ApiFailure(413, "RequestEntityTooLarge", message)
    return bytes(body)


async def read_object(request: web.BaseRequest, resource: Resource | None = None) -> dict[str, Any]:
    """The object in the body of a create, an update or a review.

    Raises:
        ApiFailure: 400, 413 or 415.
    """
    if request.content_type == protobuf.MEDIA_TYPE:
        body = await read_body(request)
        if not body:
            raise bad_request(f"{_unrecognized(resource)} empty data ({shown(body)})")
        if not body.startswith(protobuf.MAGIC):
            why = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
            raise bad_request(f"{_unrecognized(resource)} {why} ({shown(body)})")
        return from_protobuf(body, resource)
    if request.content_type not in ("application/json", "application/yaml", "application/octet-stream"):
        raise unsupported_body()
    body = await read_body(request)
    decoded = decode(body, resource, is_yaml=request.content_type == "application/yaml")
    if decoded is None:
        return {}  # in Go, null leaves an object as it was: empty
    if not isinstance(decoded, dict):
        kind = {list: "array", str: "string", bool: "bool"}.get(type(decoded), "number")
        struct = (
            'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
        )
        why = f"json: cannot unmarshal {kind} into Go value of type {struct}"
        raise bad_request(
            f"{_unrecognized(resource)} couldn't get version/kind; json parse error: {why} ({shown(body)})"
        )
    return decoded


def from_protobuf(body: bytes, resource: Resource | None = None) -> dict[str, Any]:
    """An object in protobuf.

    Raises:
        ApiFailure: 400, or 415 for what is not read here.
    """
    try:
        return protobuf.decode(body)
    except protobuf.BrokenObjectError as error:
        raise bad_request(str(error)) from error
    except protobuf.BrokenError as error:
        raise bad_request(f"{_unrecognized(resource)} {error} ({shown(body)})") from error
    except protobuf.NotUnderstoodError as error:
        raise unsupported_body() from error


def decode(body: bytes, resource: Resource | None, *, is_yaml: bool = False) -> Any:
    """JSON or YAML.

    Args:
        body: As it came.
        resource: What it should be, for the message.
        is_yaml: Whether it says that it is YAML, which all JSON is.

    Raises:
        ApiFailure: 400.
    """
    if is_yaml:
        try:
            return next(load_yaml(body), None)
        except (yaml.YAMLError, RecursionError) as error:
            raise bad_request(f"{_unrecognized(resource)} yaml: {_yaml_error(error)} ({shown(body)})") from error
    try:
        return load_json(body)
    except (ValueError, RecursionError) as error:
        why = json_error(body, error)
        text = f"{_unrecognized(resource)} couldn't get version/kind; json parse error: {why} ({shown(body)})"
        raise bad_request(text) from error


def decode_options(body: bytes) -> dict[str, Any]:
    """The DeleteOptions of a request, if it has any.

    Raises:
        ApiFailure: 500; the real server has no words of its own here.
    """
    if body.startswith(protobuf.MAGIC):
        return from_protobuf(body)
    if not body.strip():
        return {}
    try:
        options = load_json(body)
    except (ValueError, RecursionError) as error:
        why = f"couldn't get version/kind; json parse error: {json_error(body, error)}"
        raise ApiFailure(500, "", why) from error
    if not isinstance(options, dict):
        raise bad_request("DeleteOptions were expected")
    kind, version = options.get("kind") or "DeleteOptions", options.get("apiVersion") or "v1"
    if kind != "DeleteOptions":
        why = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:110"'
        raise ApiFailure(500, "", why)
    grace = options.get("gracePeriodSeconds", 0)
    if grace is not None and (isinstance(grace, bool) or not isinstance(grace, int)):
        field = f"Go struct field {kind}.gracePeriodSeconds of type int64"
        raise ApiFailure(500, "", f"json: cannot unmarshal {json_type(grace)} into {field}")
    return options


def decode_apply(body: bytes) -> dict[str, Any]:
    """The configuration of a server-side apply: YAML, or JSON read as YAML.

    Raises:
        ApiFailure: 400.
    """
    try:
        found = next(load_yaml(body), None)
    except (yaml.YAMLError, RecursionError) as error:
        message = f"error decoding YAML: error converting YAML to JSON: yaml: {_yaml_error(error)}"
        raise bad_request(message) from error
    if found is not None and not isinstance(found, dict):
        why = f"json: cannot unmarshal {json_type(found)} into Go value of type map[string]interface {{}}"
        raise bad_request(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}")
    return found or {}


def _yaml_error(error: Exception) -> str:
    if isinstance(error, ExcessError):
        return str(error)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "cannot be read"
    # the parser behind Go's counts from the last line that it has read
    return f"line {max(error.problem_mark.line, 1)}: {error.problem}"


def _unrecognized(resource: Resource | None) -> str:
    return f"the object provided is unrecognized (must be of type {resource.kind if resource else 'object'}):"


def headers() -> dict[str, str]:
    """What every answer has."""
    return {"Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}


def json_reply(
    request: web.BaseRequest, document: Any, *, status: int = 200, warnings: Sequence[str] = ()
) -> web.Response:
    """A document as JSON."""
    if _wants_yaml(request.headers.get("Accept", "")):
        body, kind = yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode(), "application/yaml"
    else:
        body, kind = msgspec.json.encode(document), "application/json"
        body = (msgspec.json.format(body, indent=2) if _is_read_by_people(request) else body) + b"\n"
    response = reply(request, body, status=status, content_type=kind)
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def _wants_yaml(accept: str) -> bool:
    kinds = [item.partition(";")[0].strip() for item in accept.split(",")]
    return "application/yaml" in kinds and "application/json" not in kinds


def _is_read_by_people(request: web.BaseRequest) -> bool:
    """Whether JSON is indented (k8s.io/apiserver endpoints/handlers/negotiation, isPrettyPrint)."""
    asked = request.query.get("pretty")
    if asked is not None:
        return asked.lower() in ("1", "t", "true")
    return request.headers.get("User-Agent", "").startswith(("curl", "Wget", "Mozilla/5.0"))


def check_accept(request: web.BaseRequest) -> None:
    """Refuse a client that takes neither JSON nor YAML.

    Raises:
        ApiFailure: 406.
    """
    accept = request.headers.get("Accept", "")
    kinds = {item.partition(";")[0].strip() for item in accept.split(",") if item.strip()}
    if kinds and not kinds & {"application/json", "application/yaml", "application/*", "*/*"}:
        raise not_acceptable()


def reply(request: web.BaseRequest, body: bytes, *, status: int = 200, content_type: str) -> web.Response:
    """Bytes of some type, compressed when there are many and the client takes that."""
    response = web.Response(body=body, status=status, headers={**headers(), "Content-Type": content_type})
    if len(body) >= COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
