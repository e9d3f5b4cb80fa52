"""Roles and bindings in the lab: refused in the real server's words, and in force at once."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.lab.lab import Lab
from tests.lab.conftest import Client

RBAC = "/apis/rbac.authorization.k8s.io/v1"
OF_TUTORIAL_1 = f"{RBAC}/namespaces/tutorial-1"
PODS = "/api/v1/namespaces/tutorial-1/pods"
GROUP = "rbac.authorization.k8s.io"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def role(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name}, "rules": list(rules)}


def binding(role: str, *subjects: dict[str, Any], kind: str = "Role") -> dict[str, Any]:
    return {"metadata": {"name": "b"}, "roleRef": {"kind": kind, "name": role}, "subjects": list(subjects)}


async def test_a_role_that_is_bound_is_in_force_at_once(client: Client) -> None:
    nobody = client.acting_as("nobody")
    assert (await nobody.call("GET", PODS)).status == 403
    rules = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web-0"]}
    assert (await client.call("POST", f"{OF_TUTORIAL_1}/roles", role("few", rules))).status == 201
    user = {"kind": "User", "name": "nobody"}
    made = await client.call("POST", f"{OF_TUTORIAL_1}/rolebindings", binding("few", user))
    assert made.json["subjects"] == [{**user, "apiGroup": GROUP}]
    assert (await nobody.call("GET", f"{PODS}/web-0")).status == 200
    assert (await nobody.call("GET", f"{PODS}/web-1")).status == 403
    everywhere = binding("view", {"kind": "Group", "name": "system:authenticated"}, kind="ClusterRole")
    await client.call("POST", f"{RBAC}/clusterrolebindings", everywhere)
    assert (await nobody.call("GET", "/api/v1/pods")).status == 200
    await client.call("DELETE", f"{RBAC}/clusterrolebindings/b")
    assert (await nobody.call("GET", "/api/v1/pods")).status == 403


async def test_a_list_of_one_name_is_asked_for_by_that_name(client: Client) -> None:
    rules = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web-0"]}
    await client.call("POST", f"{OF_TUTORIAL_1}/roles", role("few", rules))
    await client.call("POST", f"{OF_TUTORIAL_1}/rolebindings", binding("few", {"kind": "User", "name": "nobody"}))
    nobody = client.acting_as("nobody")
    one = await nobody.call("GET", PODS, fieldSelector="metadata.name=web-0")
    assert (one.status, len(one.json["items"])) == (200, 1)
    assert (await nobody.call("GET", PODS)).status == 403


async def test_who_acts_as_another_has_the_others_rights(lab: Lab, client: Client) -> None:
    async def called(user: str, *, by: str = "admin", **headers: str) -> tuple[int, str]:
        sent = {**client.acting_as(by).headers, "Impersonate-User": user, **headers}
        async with client.http.get(f"{lab.server}{PODS}", headers=sent) as got:
            return got.status, (await got.json()).get("message", "")

    account = {"kind": "ServiceAccount", "name": "few", "namespace": "tutorial-1"}
    await client.call("POST", f"{OF_TUTORIAL_1}/rolebindings", binding("view", account, kind="ClusterRole"))
    assert (await called("system:serviceaccount:tutorial-1:few"))[0] == 200
    assert (await called("system:serviceaccount:tutorial-3:few"))[0] == 403
    assert (await called("bob", **{"Impersonate-Group": "system:masters"}))[0] == 200
    assert (await called("admin"))[0] == 403, "a name alone brings none of its groups"
    assert (await called("system:serviceaccount:x:y", by="viewer"))[1] == (
        'serviceaccounts "y" is forbidden: User "viewer" cannot impersonate resource "serviceaccounts" in API group "" '
        'in the namespace "x"'
    )
    assert (await called("bob", by="viewer"))[1] == (
        'users "bob" is forbidden: User "viewer" cannot impersonate resource "users" in API group "" at the cluster '
        "scope"
    )


@pytest.mark.parametrize(
    ("path", "item", "told"),
    [
        (
            f"{OF_TUTORIAL_1}/roles",
            role("d", {"verbs": ["get"]}, {"apiGroups": [""], "resources": ["pods"], "verbs": []}),
            'Role.rbac.authorization.k8s.io "d" is invalid: [rules[0].apiGroups: Required value: resource rules must '
            "supply at least one api group, rules[0].resources: Required value: resource rules must supply at least "
            "one resource, rules[1].verbs: Required value: verbs must contain at least one value]",
        ),
        (
            f"{OF_TUTORIAL_1}/roles",
            role("d", {"verbs": ["get"], "nonResourceURLs": ["/x"]}),
            'Role.rbac.authorization.k8s.io "d" is invalid: rules[0].nonResourceURLs: Invalid value: ["/x"]: '
            "namespaced rules cannot apply to non-resource URLs",
        ),
        (
            f"{RBAC}/clusterroles",
            role("a%b", {"verbs": ["get"], "nonResourceURLs": ["/x"], "resources": ["x"]}),
            'ClusterRole.rbac.authorization.k8s.io "a%b" is invalid: [metadata.name: Invalid value: "a%b": may not '
            "contain '%', rules[0].nonResourceURLs: Invalid value: [\"/x\"]: rules cannot apply to both regular "
            "resources and non-resource URLs]",
        ),
        (
            f"{RBAC}/clusterrolebindings",
            binding("other", {"kind": "ServiceAccount", "name": "FEW"}, {"kind": "Thing", "name": "g"}),
            'ClusterRoleBinding.rbac.authorization.k8s.io "b" is invalid: [roleRef.kind: Unsupported value: "Role": '
            f'supported values: "ClusterRole", subjects[0].name: Invalid value: "FEW": {SUBDOMAIN}, '
            "subjects[0].namespace: Required value, "
            'subjects[1].kind: Unsupported value: "Thing": supported values: "ServiceAccount", "User", "Group"]',
        ),
    ],
)
async def test_what_is_no_role_or_binding_is_refused(client: Client, path: str, item: Any, told: str) -> None:
    refused = await client.call("POST", path, item)
    assert (refused.status, refused.json["message"]) == (422, told)


async def test_the_role_of_a_binding_does_not_change(client: Client) -> None:
    await client.call("POST", f"{OF_TUTORIAL_1}/rolebindings", binding("one"))
    refused = await client.call("PUT", f"{OF_TUTORIAL_1}/rolebindings/b", binding("other"))
    assert (refused.status, refused.json["message"]) == (
        422,
        'RoleBinding.rbac.authorization.k8s.io "b" is invalid: roleRef: Invalid value: '
        '{"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"other"}: cannot change roleRef',
    )
