"""A 403 in our words: what is missing, where, and how to ask for it."""

from __future__ import annotations

import json

import pytest

from kheadless_tui.cluster.wire.answers import MAX_QUOTED, Response, error_of
from kheadless_tui.errors import ClusterError, Refused


def refusal(message: str, attempted: str = "") -> ClusterError:
    body = json.dumps({"kind": "Status", "code": 403, "reason": "Forbidden", "message": message}).encode()
    return error_of(Response(403, {}, body), "https://api:6443", "me", attempted)


def no_right(verb: str, resource: str, group: str, where: str, user: str = "nobody") -> str:
    plural = resource.partition("/")[0]
    return f'{plural} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {where}'


IN_SHOP = 'in the namespace "shop"'


@pytest.mark.parametrize(
    ("message", "attempted", "sentence", "asks", "check"),
    [
        (
            no_right("list", "services", "", IN_SHOP),
            "list services in namespace shop",
            "user me may not list services in namespace shop (403)",
            "list and watch on services in namespace shop",
            "kubectl auth can-i list services -n shop",
        ),
        (
            no_right("list", "endpointslices", "discovery.k8s.io", "at the cluster scope"),
            "",
            "user nobody may not list endpointslices in all namespaces (403)",
            "list and watch on endpointslices in all namespaces",
            "kubectl auth can-i list endpointslices.discovery.k8s.io -A",
        ),
        (
            no_right("get", "pods/exec", "", IN_SHOP),
            "",
            "user nobody may not get pods/exec in namespace shop (403)",
            "get on pods/exec in namespace shop",
            "kubectl auth can-i get pods/exec -n shop",
        ),
    ],
)
def test_a_missing_right_says_what_to_ask_for(
    message: str, attempted: str, sentence: str, asks: str, check: str
) -> None:
    error = refusal(message, attempted)
    assert isinstance(error, Refused)
    assert error.message == sentence
    assert error.hint.startswith(f"ask an admin for {asks}; to check: {check}. ")
    assert error.hint.endswith(f"The API server says: {message}")


def test_a_long_message_is_shortened_behind_the_advice() -> None:
    error = refusal(no_right("list", "services", "", IN_SHOP, "u" * 300), "list services in namespace shop")
    assert len(error.hint.partition("says: ")[2]) == MAX_QUOTED


def test_a_policys_words_are_the_sentence() -> None:
    words = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'
    assert refusal(words).message == words


def test_who_may_not_impersonate_is_the_one_who_asks() -> None:
    words = no_right("impersonate", "users", "", "at the cluster scope", user="oncall")
    error = refusal(words, "list services in all namespaces")
    assert str(error) == "user oncall may not impersonate users, as --as or the kubeconfig asks for (403)"
