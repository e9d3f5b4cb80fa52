"""Answers to "what may I do?"."""

from __future__ import annotations

import json
from typing import Any

from kheadless_tui.lab.api.request.decoding import IGNORE, read_as
from kheadless_tui.lab.objects.failure import Cause, bad_request, invalid
from kheadless_tui.lab.objects.resources import REVIEWS, Resource
from kheadless_tui.lab.objects.rights import Attributes, Rights, User
from kheadless_tui.lab.objects.store import Object

_ACCESS = Resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "selfsubjectaccessreview",
    "",
    False,
)
"""What a refusal is about: the server leaves the kind out (pkg/registry/authorization, ``Kind("")``)."""


def answer(group: str, plural: str, user: User, rights: Rights, review: Object, now: str) -> Object:
    """The review with its status.

    Raises:
        ApiFailure: 400 or 422; the review is none.
    """
    wanted = REVIEWS[group, plural]
    if (review.get("kind") or wanted) != wanted:
        raise bad_request(f"{review.get('kind')} cannot be handled as one of {plural}")
    head = {"kind": wanted, "apiVersion": f"{group}/v1"}
    review, _ = read_as(review, Resource(group, "v1", plural, wanted.lower(), wanted, False), IGNORE)
    if wanted == "SelfSubjectReview":
        about = {"username": user.name, "groups": list(user.groups)}
        return {**head, "metadata": {"creationTimestamp": now}, "status": {"userInfo": about}}
    spec = review.get("spec") or {}
    status: dict[str, Any]
    if wanted == "SelfSubjectAccessReview":
        status = _access(user, rights, review)
    else:
        if not spec.get("namespace"):
            raise bad_request("no namespace on request")
        status = {
            "resourceRules": rights.rules_of(user, spec["namespace"]),
            "nonResourceRules": rights.path_rules_of(user),
            "incomplete": False,
        }
    meta = {key: value for key, value in (review.get("metadata") or {}).items() if key != "managedFields"}
    return {**head, "metadata": meta, "spec": spec, "status": status}


def _access(user: User, rights: Rights, review: Object) -> dict[str, Any]:
    spec = review.get("spec") or {}
    wanted = spec.get("resourceAttributes")
    if wanted is None:
        if spec.get("nonResourceAttributes") is None:
            message = (
                "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
            )
            raise invalid(_ACCESS, "", [Cause("FieldValueInvalid", "spec.resourceAttributes", message)])
        asked = spec["nonResourceAttributes"]
        return {"allowed": rights.allows_path(user, asked.get("verb", ""), asked.get("path", ""))}
    if (other := spec.get("nonResourceAttributes")) is not None:
        given = json.dumps({"Path": other.get("path", ""), "Verb": other.get("verb", "")}, separators=(",", ":"))
        message = f"Invalid value: {given}: cannot be specified in combination with resourceAttributes"
        raise invalid(_ACCESS, "", [Cause("FieldValueInvalid", "spec.nonResourceAttributes", message)])
    resource = wanted.get("resource", "")
    if wanted.get("subresource"):
        resource += f"/{wanted['subresource']}"
    attributes = Attributes(
        wanted.get("verb", ""), wanted.get("group", ""), resource, wanted.get("namespace", ""), wanted.get("name", "")
    )
    return {"allowed": rights.allows(user, attributes)}
