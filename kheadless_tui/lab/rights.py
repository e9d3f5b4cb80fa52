"""Who may do what: the lab's users, with the rights of the built-in roles, and what a lever has taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kheadless_tui.lab.failure import ApiFailure

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_ANY = ("*",)
_WORKLOADS = ("deployments", "replicasets", "statefulsets")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a request wants, as authorization sees it."""

    verb: str
    group: str
    resource: str
    """With the subresource: ``pods/exec``."""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role, with where it holds."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    namespace: str = ""
    """Only there; empty for the whole cluster."""

    def covers(self, wanted: Attributes) -> bool:
        """Whether it is about this request."""
        return (
            _in(wanted.verb, self.verbs)
            and _in(wanted.group, self.groups)
            and _in(wanted.resource, self.resources)
            and self.namespace in ("", wanted.namespace)
        )


def _in(value: str, allowed: tuple[str, ...]) -> bool:
    return value in allowed or "*" in allowed


_BASIC = (
    Rule(("create",), ("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews")),
    Rule(("create",), ("authentication.k8s.io",), ("selfsubjectreviews",)),
)
"""system:basic-user: everyone with a token may ask who they are and what they may do."""

ANONYMOUS = "system:anonymous"
"""Who asks without a token."""

_PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version", "/version/")
"""system:public-info-viewer: everybody may read these."""

DISCOVERY_PATHS = ("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
                   "/version", "/version/")  # fmt: skip
"""system:discovery: what everyone with a token may read."""


def _view(namespace: str = "") -> tuple[Rule, ...]:
    """The part of the role ``view`` that is about resources served here."""
    core = ("configmaps", "endpoints", "pods", "pods/log", "pods/status", "services", "services/status", "events",
            "namespaces", "namespaces/status")  # fmt: skip
    return (
        Rule(_READ, ("",), core, namespace),
        Rule(
            _READ,
            ("apps",),
            tuple(f"{kind}{sub}" for kind in _WORKLOADS for sub in ("", "/scale", "/status")),
            namespace,
        ),
        Rule(_READ, ("apps",), ("controllerrevisions",), namespace),
        Rule(_READ, ("discovery.k8s.io",), ("endpointslices",), namespace),
        Rule(_READ, ("networking.k8s.io",), ("networkpolicies",), namespace),
    )


def _edit(namespace: str) -> tuple[Rule, ...]:
    """The part of the role ``edit``: not endpoints or slices, and not pods/ephemeralcontainers."""
    pods = ("pods/attach", "pods/exec", "pods/portforward")
    return (
        *_view(namespace),
        Rule(_READ, ("",), pods, namespace),
        Rule(_WRITE, ("",), ("pods", *pods, "configmaps", "events", "services"), namespace),
        Rule(_WRITE, ("apps",), tuple(f"{kind}{sub}" for kind in _WORKLOADS for sub in ("", "/scale")), namespace),
        Rule(_WRITE, ("networking.k8s.io",), ("networkpolicies",), namespace),
    )


EDITED_NAMESPACE = "team-a"
"""Where the user ``namespaced`` may do things."""

ADMIN = "admin"

ROLES: dict[str, tuple[Rule, ...]] = {
    ADMIN: (Rule(_ANY, _ANY, _ANY),),
    "viewer": _view(),
    "namespaced": _edit(EDITED_NAMESPACE),
    "nobody": (),
}
"""The lab's users: an administrator, one who reads, one who has a single namespace, one who has nothing."""


def groups_of(user: str) -> list[str]:
    """The groups that authentication puts a user in."""
    if user == ANONYMOUS:
        return ["system:unauthenticated"]
    return [*(["system:masters"] if user == ADMIN else []), "system:authenticated"]


class Rights:
    """Rights of every user now."""

    def __init__(self) -> None:
        self._taken: list[Rule] = []

    def forbid(self, verb: str, resource: str, namespace: str = "", group: str = "*") -> None:
        """Take a right away from everyone; ``*`` stands for any verb or resource, no namespace for everywhere."""
        self._taken.append(Rule((verb,), (group,), (resource,), namespace))

    def allow_again(self) -> None:
        """Give back all that was taken."""
        self._taken.clear()

    def allows(self, user: str, wanted: Attributes) -> bool:
        """Whether this user may do that now."""
        if any(rule.covers(wanted) for rule in self._taken):
            return False
        return any(rule.covers(wanted) for rule in self._rules(user))

    def _rules(self, user: str) -> tuple[Rule, ...]:
        return () if user == ANONYMOUS else (*_BASIC, *ROLES.get(user, ()))

    def allows_path(self, user: str, verb: str, path: str) -> bool:
        """Whether this user may ask for a path that is no resource."""
        if user == ADMIN:
            return True
        allowed = _PUBLIC_PATHS if user == ANONYMOUS else DISCOVERY_PATHS
        return verb == "get" and any(
            path == item or (item.endswith("*") and path.startswith(item[:-1])) for item in allowed
        )

    def path_rules_of(self, user: str) -> list[dict[str, Any]]:
        """The paths that are no resources, for a SelfSubjectRulesReview."""
        if user == ANONYMOUS:
            return [{"verbs": ["get"], "nonResourceURLs": [*_PUBLIC_PATHS]}]
        every = [{"verbs": ["*"], "nonResourceURLs": ["*"]}] if user == ADMIN else []
        return [
            *every,
            {"verbs": ["get"], "nonResourceURLs": [*DISCOVERY_PATHS]},
            {"verbs": ["get"], "nonResourceURLs": [*_PUBLIC_PATHS]},
        ]

    def check_path(self, user: str, verb: str, path: str) -> None:
        """Refuse a path that is no resource to those who may not ask for it.

        Raises:
            ApiFailure: 403 in the words of the real server.
        """
        if not self.allows_path(user, verb, path):
            message = f'forbidden: User "{user}" cannot {verb} path "{path}"'
            raise ApiFailure(403, "Forbidden", message, details={})

    def check(self, user: str, wanted: Attributes) -> None:
        """Refuse what this user may not do.

        Raises:
            ApiFailure: 403 in the words of the real server.
        """
        if not self.allows(user, wanted):
            raise _forbidden(user, wanted)

    def rules_of(self, user: str, namespace: str) -> list[dict[str, Any]]:
        """For a SelfSubjectRulesReview."""
        rules = [rule for rule in self._rules(user) if rule.namespace in ("", namespace)]
        return [
            {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
            for rule in rules
        ]


def _forbidden(user: str, wanted: Attributes) -> ApiFailure:
    plural = wanted.resource.partition("/")[0]
    subject = f"{plural}.{wanted.group}" if wanted.group else plural
    if wanted.name:
        subject += f' "{wanted.name}"'
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user}" cannot {wanted.verb} resource "{wanted.resource}" '
        f'in API group "{wanted.group}" {where}'
    )
    details = {"name": wanted.name, "group": wanted.group, "kind": plural}
    return ApiFailure(403, "Forbidden", message, details={key: value for key, value in details.items() if value})
