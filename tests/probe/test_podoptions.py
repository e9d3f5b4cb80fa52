"""What the user may say of a temporary pod, and whose DNS settings it gets."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.cluster.pods.podoptions import PodOptions, Toleration, parse_toleration
from kheadless_tui.cluster.pods.podspec import PodDns, PodOrder
from kheadless_tui.errors import UsageError
from kheadless_tui.probe.choosing.workloads import parse_workload


@pytest.mark.parametrize(
    ("text", "manifest"),
    [
        ("*", {"operator": "Exists"}),
        ("gpu", {"key": "gpu", "operator": "Exists"}),
        ("gpu=", {"key": "gpu", "operator": "Equal", "value": ""}),
        ("example.com/gpu=yes", {"key": "example.com/gpu", "operator": "Equal", "value": "yes"}),
        ("gpu:NoExecute", {"key": "gpu", "operator": "Exists", "effect": "NoExecute"}),
        ("gpu=yes:NoSchedule", {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}),
    ],
)
def test_tolerations_are_written_as_taints_are(text: str, manifest: dict[str, str]) -> None:
    assert parse_toleration(text).manifest() == manifest


@pytest.mark.parametrize("text", ["", "=x", ":NoSchedule", "gpu:Never", "a b", "gpu:", "$(id)", "x" * 80])
def test_what_is_no_toleration(text: str) -> None:
    with pytest.raises(UsageError, match="is not a toleration"):
        parse_toleration(text)


@pytest.mark.parametrize("options", [{"node": "Node 1"}, {"pull_secrets": ("ok", "-x")}, {"node": "a\nb"}])
def test_names_that_no_object_can_have(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        PodOptions(**options)


def test_the_usual_pod_has_none_of_it() -> None:
    spec = PodOrder("shop", "busybox").manifest()["spec"]
    assert isinstance(spec, dict)
    assert not {"affinity", "tolerations", "imagePullSecrets", "dnsPolicy", "dnsConfig", "hostNetwork"} & set(spec)


def test_the_pod_with_all_of_it_is_still_a_restricted_one() -> None:
    options = PodOptions("node-1", (Toleration(),), ("a", "b"))
    dns = PodDns("daemonset/x", "ClusterFirstWithHostNet", {"searches": ["x"]}, True)
    spec: Any = PodOrder("shop", "busybox", options=options, dns=dns).manifest()["spec"]
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms[0]["matchFields"][0]["values"] == ["node-1"]
    assert spec["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]
    assert (spec["dnsPolicy"], spec["hostNetwork"]) == ("ClusterFirstWithHostNet", True)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["activeDeadlineSeconds"] > 0
    assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "on the node's network" in dns.words()


@pytest.mark.parametrize(
    ("text", "workload"),
    [
        ("deploy/web", ("deployment", "web")),
        ("StatefulSets/web", ("statefulset", "web")),
        ("po/web-0", ("pod", "web-0")),
        ("cj/nightly", ("cronjob", "nightly")),
    ],
)
def test_workloads_are_named_as_for_kubectl(text: str, workload: tuple[str, str]) -> None:
    assert parse_workload(text) == workload


@pytest.mark.parametrize("text", ["web", "svc/web", "deploy/", "/web"])
def test_what_is_no_workload(text: str) -> None:
    with pytest.raises(UsageError, match="no workload"):
        parse_workload(text)
