"""Who may do what: by the Roles and bindings in the store, less what a lever has taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from kheadless_tui.lab.objects.roles import ADMIN, AUTHENTICATED, MASTERS, UNAUTHENTICATED
from kheadless_tui.lab.objects.store import Object, Store

Rule = dict[str, Any]
"""Of a role, as the API has it."""


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
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...]


ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))
"""Who asks without a token."""
_SERVICE_ACCOUNT = "system:serviceaccount:"


def of_token(name: str) -> User:
    """A user of the lab."""
    return User(name, (*((MASTERS,) if name == ADMIN else ()), AUTHENTICATED))


def impersonated(name: str, groups: tuple[str, ...]) -> User:
    """Who somebody acts as (k8s.io/apiserver pkg/endpoints/filters/impersonation.go).

    Args:
        name: As asked for.
        groups: As asked for; a ServiceAccount without any gets its own.
    """
    if name == ANONYMOUS.name:
        return User(name, groups or ANONYMOUS.groups)
    account = service_account(name)
    if account and not groups:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    return User(name, groups if AUTHENTICATED in groups else (*groups, AUTHENTICATED))


def service_account(user: str) -> tuple[str, str] | None:
    """Namespace and name, of a user that is a ServiceAccount."""
    namespace, _, name = user.removeprefix(_SERVICE_ACCOUNT).partition(":")
    return (namespace, name) if user.startswith(_SERVICE_ACCOUNT) and namespace and name else None


class Rights:
    """Rights of every user now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken: list[tuple[Rule, str]] = []

    def forbid(self, verb: str, resource: str, namespace: str = "", group: str = "*") -> None:
        """Take a right away from everyone; ``*`` stands for any verb or resource, no namespace for everywhere."""
        self._taken.append(({"verbs": [verb], "apiGroups": [group], "resources": [resource]}, namespace))

    def allow_again(self) -> None:
        """Give back all that was taken."""
        self._taken.clear()

    def allows(self, user: User, wanted: Attributes) -> bool:
        """Whether this user may do that now."""
        if any(_covers(rule, wanted) for rule, where in self._taken if where in ("", wanted.namespace)):
            return False
        return any(_covers(rule, wanted) for rule in self._rules(user, wanted.namespace))

    def allows_path(self, user: User, verb: str, path: str) -> bool:
        """Whether this user may ask for a path that is no resource."""
        return any(
            _in(verb, rule["verbs"])
            and any(
                path == item or (item.endswith("*") and path.startswith(item[:-1]))
                for item in rule.get("nonResourceURLs") or ()
            )
            for rule in self._rules(user, "")
        )

    def check_path(self, user: User, verb: str, path: str) -> None:
        """Refuse a path that is no resource to those who may not ask for it.

        Raises:
            ApiFailure: 403 in the words of the real server.
        """
        if not self.allows_path(user, verb, path):
            message = f'forbidden: User "{user.name}" cannot {verb} path "{path}"'
            raise ApiFailure(403, "Forbidden", message, details={})

    def check(self, user: User, wanted: Attributes) -> None:
        """Refuse what this user may not do.

        Raises:
            ApiFailure: 403 in the words of the real server.
        """
        if not self.allows(user, wanted):
            raise _forbidden(user.name, wanted)

    def rules_of(self, user: User, namespace: str) -> list[Rule]:
        """For a SelfSubjectRulesReview: rules about resources."""
        fields = ("verbs", "apiGroups", "resources", "resourceNames")
        return [
            {field: rule[field] for field in fields if rule.get(field)}
            for rule in self._rules(user, namespace)
            if rule.get("resources")
        ]

    def path_rules_of(self, user: User) -> list[Rule]:
        """For a SelfSubjectRulesReview: rules about paths that are no resources."""
        return [
            {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
            for rule in self._rules(user, "")
            if rule.get("nonResourceURLs")
        ]

    def _rules(self, user: User, namespace: str) -> Iterator[Rule]:
        """The rules that hold for a user in a namespace; without one, those of the whole cluster."""
        for binding in self._store.all(CLUSTER_ROLE_BINDINGS):
            if _is_about(binding, user):
                yield from self._rules_of_role(binding, "")
        for binding in self._store.all(ROLE_BINDINGS, namespace) if namespace else ():
            if _is_about(binding, user):
                yield from self._rules_of_role(binding, namespace)

    def _rules_of_role(self, binding: Object, namespace: str) -> list[Rule]:
        """None of a role that is not there."""
        reference = binding["roleRef"]
        where = (CLUSTER_ROLES, "") if reference["kind"] == "ClusterRole" else (ROLES, namespace)
        role = self._store.find(*where, reference["name"])
        rules: list[Rule] = (role or {}).get("rules") or []
        return rules


def _is_about(binding: Object, user: User) -> bool:
    """Whether a binding has this user among its subjects (plugin/pkg/auth/authorizer/rbac, appliesToUser)."""
    account = service_account(user.name)
    for subject in binding.get("subjects") or ():
        kind, name = subject["kind"], subject["name"]
        if kind == "User" and name == user.name:
            return True
        if kind == "Group" and name in user.groups:
            return True
        if kind == "ServiceAccount" and account == (subject.get("namespace"), name):
            return True
    return False


def _covers(rule: Rule, wanted: Attributes) -> bool:
    """Whether a rule is about this request."""
    names = rule.get("resourceNames")
    return (
        _in(wanted.verb, rule["verbs"])
        and _in(wanted.group, rule.get("apiGroups") or ())
        and _is_resource(wanted.resource, rule.get("resources") or ())
        and (not names or wanted.name in names)
    )


def _is_resource(wanted: str, resources: Sequence[str]) -> bool:
    """``*/exec`` is that subresource of every resource."""
    _, slash, subresource = wanted.partition("/")
    return _in(wanted, resources) or bool(slash and f"*/{subresource}" in resources)


def _in(value: str, allowed: Sequence[str]) -> bool:
    return value in allowed or "*" in allowed


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
