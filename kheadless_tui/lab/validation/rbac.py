"""Roles and their bindings (pkg/apis/rbac/validation/validation.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.objects.failure import Cause
from kheadless_tui.lab.objects.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, RBAC, Resource
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.validation import fields

_GROUP_OF = {"ServiceAccount": "", "User": RBAC, "Group": RBAC}
"""The API group of each kind of subject."""


def path_segment_errors(value: str) -> list[str]:
    """Why this is no part of a path, which is all that the name of a role or binding has to be."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{sign}'" for sign in "/%" if sign in value]


def role(resource: Resource, item: Object) -> Iterator[Cause]:
    """What is wrong with the rules of a Role or ClusterRole."""
    for number, rule in enumerate(item.get("rules") or ()):
        at = f"rules[{number}]"
        if not rule.get("verbs"):
            yield fields.required(f"{at}.verbs", "verbs must contain at least one value")
        paths = rule.get("nonResourceURLs")
        if not paths:
            if not rule.get("apiGroups"):
                yield fields.required(f"{at}.apiGroups", "resource rules must supply at least one api group")
            if not rule.get("resources"):
                yield fields.required(f"{at}.resources", "resource rules must supply at least one resource")
        elif resource is not CLUSTER_ROLES:
            why = "namespaced rules cannot apply to non-resource URLs"
            yield fields.invalid(f"{at}.nonResourceURLs", paths, why)
        elif any(rule.get(field) for field in ("apiGroups", "resources", "resourceNames")):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            yield fields.invalid(f"{at}.nonResourceURLs", paths, why)


def binding(resource: Resource, item: Object) -> Iterator[Cause]:
    """What is wrong with a RoleBinding or ClusterRoleBinding."""
    reference, everywhere = item.get("roleRef") or {}, resource is CLUSTER_ROLE_BINDINGS
    yield from fields.one_of("roleRef.apiGroup", reference.get("apiGroup", ""), (RBAC,))
    kinds = ("ClusterRole",) if everywhere else ("Role", "ClusterRole")
    yield from fields.one_of("roleRef.kind", reference.get("kind", ""), kinds)
    name = reference.get("name")
    yield from fields.named("roleRef.name", name, path_segment_errors(name)) if name else _missing("roleRef.name")
    for number, subject in enumerate(item.get("subjects") or ()):
        yield from _subject(f"subjects[{number}]", subject, everywhere=everywhere)


def changed_binding(item: Object, before: Object) -> Iterator[Cause]:
    """A change of the role that is bound."""
    wanted = item.get("roleRef") or {}
    if wanted != before["roleRef"]:
        shown = {"APIGroup": wanted.get("apiGroup", ""), "Kind": wanted.get("kind", ""), "Name": wanted.get("name", "")}
        yield fields.invalid("roleRef", shown, "cannot change roleRef")


def _subject(at: str, subject: dict[str, Any], *, everywhere: bool) -> Iterator[Cause]:
    kind, name = subject.get("kind", ""), subject.get("name", "")
    if not name:
        yield from _missing(f"{at}.name")
    if kind not in _GROUP_OF:
        yield from fields.one_of(f"{at}.kind", kind, tuple(_GROUP_OF))
        return
    if kind == "ServiceAccount":
        if name:
            yield from fields.named(f"{at}.name", name, fields.subdomain_errors(name))
        if everywhere and not subject.get("namespace"):
            yield from _missing(f"{at}.namespace")
    yield from fields.one_of(f"{at}.apiGroup", subject.get("apiGroup", ""), (_GROUP_OF[kind],))


def _missing(field: str) -> Iterator[Cause]:
    yield fields.required(field)
