"""The API server's refusals: a Status object and its HTTP code.

The words are the server's own (k8s.io/apimachinery pkg/api/errors), compared with a Kubernetes 1.34 by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kheadless_tui.lab.objects.resources import Resource


class Cause(NamedTuple):
    """One field that was found wrong."""

    reason: str
    """``FieldValueInvalid``, ``FieldValueRequired``, ``FieldValueForbidden``, ``FieldValueDuplicate`` ..."""
    field: str
    message: str


class ApiFailure(Exception):
    """A request that is refused."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}

    def status(self) -> dict[str, Any]:
        """The Status object."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


class PlainFailure(ApiFailure):
    """A refusal in plain text: by what stands before or behind the API itself."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, "", text)


def _named(name: str, kind: str, group: str) -> dict[str, Any]:
    details = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in details.items() if value}


def bad_request(message: str) -> ApiFailure:
    """400."""
    return ApiFailure(400, "BadRequest", message)


def not_found(resource: Resource, name: str) -> ApiFailure:
    """404 for an object."""
    message = f'{resource.qualified} "{name}" not found'
    return ApiFailure(404, "NotFound", message, details=_named(name, resource.plural, resource.group))


def no_such_resource() -> ApiFailure:
    """404 for a path below a group version that is served."""
    return ApiFailure(404, "NotFound", "the server could not find the requested resource", details={})


def method_not_allowed() -> ApiFailure:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return ApiFailure(405, "MethodNotAllowed", message, details={})


def already_exists(resource: Resource, name: str) -> ApiFailure:
    """409 for a name that is taken."""
    message = f'{resource.qualified} "{name}" already exists'
    return ApiFailure(409, "AlreadyExists", message, details=_named(name, resource.plural, resource.group))


def conflict(resource: Resource, name: str, message: str) -> ApiFailure:
    """409 for a version that is not the newest."""
    text = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {message}'
    return ApiFailure(409, "Conflict", text, details=_named(name, resource.plural, resource.group))


def invalid(resource: Resource, name: str, causes: Sequence[Cause]) -> ApiFailure:
    """422 with the fields that are wrong."""
    errors = [f"{cause.field}: {cause.message}" for cause in causes]
    text = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
    details = _named(name, resource.kind, resource.group)
    details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    return ApiFailure(422, "Invalid", f'{resource.qualified_kind} "{name}" is invalid: {text}', details=details)


def invalid_options(kind: str, field: str, reason: str, message: str) -> ApiFailure:
    """422 for the parameters of a request; without a kind, for what a patch has left."""
    details: dict[str, Any] = {"group": "meta.k8s.io", "kind": kind} if kind else {}
    details["causes"] = [{"reason": reason, "message": message, "field": field}]
    subject = f"{kind}.meta.k8s.io" if kind else ""
    return ApiFailure(422, "Invalid", f'{subject} "" is invalid: {field}: {message}', details=details)


def patch_refused() -> ApiFailure:
    """422 for a JSON patch that does not apply."""
    return ApiFailure(422, "Invalid", "the server rejected our request due to an error in our request", details={})


def not_acceptable() -> ApiFailure:
    """406 for a client that takes nothing that is served."""
    kinds = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    message = f"406: Not Acceptable\n\nAvailable representations: {kinds}"
    return ApiFailure(406, "NotAcceptable", message, details={})


def expired(message: str, *, metadata: dict[str, Any] | None = None) -> ApiFailure:
    """410."""
    return ApiFailure(410, "Expired", message, metadata=metadata)


def too_large_version(asked: int, current: int) -> ApiFailure:
    """504 for a resourceVersion of the future."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return ApiFailure(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details={"causes": [cause], "retryAfterSeconds": 1},
    )


def unauthorized() -> ApiFailure:
    """401."""
    return ApiFailure(401, "Unauthorized", "Unauthorized")


def unsupported_body() -> ApiFailure:
    """415 for the body of a create or update."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    )
    return ApiFailure(415, "UnsupportedMediaType", message)


def unsupported_patch() -> ApiFailure:
    """415 for the body of a patch."""
    return ApiFailure(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def internal_error(message: str) -> ApiFailure:
    """500 as the kubelet's failures reach a client."""
    return ApiFailure(
        500, "InternalError", f"Internal error occurred: {message}", details={"causes": [{"message": message}]}
    )
