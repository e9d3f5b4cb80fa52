"""An authorizer for the fake API server: rules as of RBAC, refusals in the real words, and the reviews of rights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp import web

REVIEWS = ("selfsubjectrulesreviews", "selfsubjectaccessreviews", "selfsubjectreviews")


class Grant(NamedTuple):
    """One rule of a Role (or of a ClusterRole, with no namespace) that is bound to the user."""

    verbs: str
    """Words with spaces in between, as in ``get list``."""
    resources: str
    namespace: str = ""
    names: str = ""
    group: str = "*"

    def covers(self, wanted: Attributes) -> bool:
        return bool(
            {"*", wanted.verb} & set(self.verbs.split())
            and {"*", wanted.resource} & set(self.resources.split())
            and self.namespace in ("", wanted.namespace)
            and (not self.names or wanted.name in self.names.split())
        )

    def rule(self) -> dict[str, Any]:
        rule: dict[str, Any] = {
            "verbs": self.verbs.split(),
            "apiGroups": [self.group],
            "resources": self.resources.split(),
        }
        return {**rule, "resourceNames": self.names.split()} if self.names else rule


class Attributes(NamedTuple):
    verb: str
    group: str
    resource: str
    namespace: str
    name: str


@dataclass
class Authorizer:
    """What the user ``jane`` may do."""

    grants: list[Grant] = field(default_factory=list)
    denied: list[Grant] = field(default_factory=list)
    """What another authorizer refuses, which comes first and lists nothing."""
    incomplete: bool = False
    """The list of rules names none of them, and says that it is not whole: another authorizer decides."""
    reviews: bool = True
    """Whether it may be asked at all."""
    asked: list[str] = field(default_factory=list)
    """The reviews that were asked for."""

    def allows(self, wanted: Attributes) -> bool:
        return any(grant.covers(wanted) for grant in self.grants) and not any(
            grant.covers(wanted) for grant in self.denied
        )

    def grant(self, rules: Sequence[dict[str, Any]], namespace: str) -> None:
        """Add the rules of a Role that an admin has applied."""
        for rule in rules:
            names = " ".join(rule.get("resourceNames", ()))
            self.grants.append(Grant(" ".join(rule["verbs"]), " ".join(rule["resources"]), namespace, names))

    async def answer(self, request: web.BaseRequest) -> web.Response | None:
        """A review's answer, a refusal, or ``None`` for what is allowed."""
        plural = request.path.rpartition("/")[2]
        if plural in REVIEWS:
            self.asked.append(plural)
            if not self.reviews:
                return refusal(Attributes("create", "authorization.k8s.io", plural, "", ""))
            return self._review(plural, json.loads(await request.read()).get("spec") or {})
        wanted = attributes_of(request)
        return None if wanted is None or self.allows(wanted) else refusal(wanted)

    def _review(self, plural: str, spec: dict[str, Any]) -> web.Response:
        status: dict[str, Any]
        if plural == "selfsubjectreviews":
            status = {"userInfo": {"username": "jane", "groups": ["system:authenticated"]}}
        elif plural == "selfsubjectrulesreviews":
            assert spec["namespace"], "an API server answers 400 without"
            here = [grant.rule() for grant in self.grants if grant.namespace in ("", spec["namespace"])]
            status = {"resourceRules": [] if self.incomplete else here, "incomplete": self.incomplete}
        else:
            asked = spec["resourceAttributes"]
            resource = asked["resource"] + (f"/{asked['subresource']}" if asked.get("subresource") else "")
            fields = [asked.get(name, "") for name in ("verb", "group", "namespace", "name")]
            status = {"allowed": self.allows(Attributes(fields[0], fields[1], resource, fields[2], fields[3]))}
        return web.json_response({"kind": "Review", "status": status}, status=201)


def attributes_of(request: web.BaseRequest) -> Attributes | None:
    """What a GET asks for, as the API server's RequestInfo has it; ``None`` for a path that is no resource."""
    parts = request.path.strip("/").split("/")
    if parts[0] == "api":
        group, rest = "", parts[2:]
    elif parts[0] == "apis":
        group, rest = parts[1], parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        rest = rest[2:] if len(rest) > 2 else rest
    name = rest[1] if len(rest) > 1 else ""
    listing = "watch" if request.query.get("watch") == "true" else "list"
    return Attributes("get" if name else listing, group, rest[0], namespace, name)


def refusal(wanted: Attributes) -> web.Response:
    """403 as k8s.io/apiserver words it."""
    subject = f"{wanted.resource}.{wanted.group}" if wanted.group else wanted.resource
    subject += f' "{wanted.name}"' if wanted.name else ""
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "jane" cannot {wanted.verb} resource "{wanted.resource}" '
        f'in API group "{wanted.group}" {where}'
    )
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": "Forbidden", "code": 403}
    return web.json_response(body, status=403)
