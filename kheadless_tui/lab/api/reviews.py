"""Answers to "what may I do?"."""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.failure import Cause, bad_request, invalid
from kheadless_tui.lab.resources import Resource
from kheadless_tui.lab.rights import Attributes, Rights
from kheadless_tui.lab.store import Object

_ACCESS = Resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "selfsubjectaccessreview",
    "SelfSubjectAccessReview",
    False,
)
_NON_RESOURCE_URLS = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
                      "/version", "/version/"]  # fmt: skip


def answer(plural: str, user: str, rights: Rights, review: Object) -> Object:
    """The review with its status.

    Raises:
        ApiFailure: 400 or 422; the review is none.
    """
    kind = review.get("kind")
    spec = review.get("spec") or {}
    status: dict[str, Any]
    if plural == "selfsubjectaccessreviews" and kind == "SelfSubjectAccessReview":
        status = _access(user, rights, spec)
    elif plural == "selfsubjectrulesreviews" and kind == "SelfSubjectRulesReview":
        if not spec.get("namespace"):
            raise bad_request("no namespace on request")
        status = {
            "resourceRules": rights.rules_of(user, spec["namespace"]),
            "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": _NON_RESOURCE_URLS}],
            "incomplete": False,
        }
    else:
        raise bad_request(f"{kind} cannot be handled as one of {plural}")
    meta = {key: value for key, value in (review.get("metadata") or {}).items() if key != "managedFields"}
    return {"kind": kind, "apiVersion": "authorization.k8s.io/v1", "metadata": meta, "spec": spec, "status": status}


def _access(user: str, rights: Rights, spec: dict[str, Any]) -> dict[str, Any]:
    wanted = spec.get("resourceAttributes")
    if wanted is None:
        if spec.get("nonResourceAttributes") is None:
            message = (
                "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
            )
            raise invalid(_ACCESS, "", [Cause("FieldValueInvalid", "spec.resourceAttributes", message)])
        return {"allowed": spec["nonResourceAttributes"].get("path") in _NON_RESOURCE_URLS}
    resource = wanted.get("resource", "")
    if wanted.get("subresource"):
        resource += f"/{wanted['subresource']}"
    attributes = Attributes(
        wanted.get("verb", ""), wanted.get("group", ""), resource, wanted.get("namespace", ""), wanted.get("name", "")
    )
    return {"allowed": rights.allows(user, attributes)}
