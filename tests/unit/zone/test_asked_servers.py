"""Which server a pod asks, and what follows when it is not the cluster's DNS."""

from __future__ import annotations

import pytest

from kheadless_tui.model.objects import Meta
from kheadless_tui.model.workloads import DNSConfig, DNSConfigOption, Pod, PodSpec
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.asked_servers import other_server
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, resolv_conf_of
from kheadless_tui.zone.stub.search_list import resolve_by_search
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, snapshot_of

DNS_PODS = endpoint_slice("kube-dns", endpoint("10.244.0.2"))
DNS_PODS["metadata"]["namespace"] = "kube-system"
SELECTOR = {"k8s-app": "kube-dns"}
WORLD = snapshot_of(
    headless("db"), endpoint_slice("db", endpoint("10.0.0.1")), DNS_PODS,
    obj("Service", "kube-dns", "kube-system", spec={"clusterIP": "10.96.0.10", "selector": SELECTOR}),
    obj("Service", "dns-too", "kube-system", spec={"clusterIP": "10.96.0.53", "selector": SELECTOR}),
)  # fmt: skip
FOREIGN = "this pod does not ask the cluster's DNS but 1.1.1.1"


@pytest.mark.parametrize(
    ("servers", "libc", "rotate", "said"),
    [
        (("10.96.0.10",), "glibc", False, ""),
        (("10.96.0.53",), "glibc", False, ""),
        (("10.244.0.2",), "glibc", False, ""),
        (("169.254.20.10",), "glibc", False, ""),
        ((), "glibc", False, ""),
        (("1.1.1.1",), "glibc", False, FOREIGN),
        (("1.1.1.1",), "musl", False, FOREIGN),
        (("10.96.0.10", "1.1.1.1"), "glibc", False, ""),
        (("10.96.0.10", "1.1.1.1"), "go", False, ""),
        (("10.96.0.10", "1.1.1.1"), "musl", False, "musl asks all servers at once, and 1.1.1.1"),
        (("10.96.0.10", "1.1.1.1"), "glibc", True, "by options rotate 1.1.1.1"),
        (("1.1.1.1", "10.96.0.10"), "glibc", False, "this pod asks 1.1.1.1 first"),
        (("10.96.0.10", "10.96.0.53", "10.244.0.2", "1.1.1.1"), "musl", False, ""),
    ],
)
def test_whose_servers_are_asked(servers: tuple[str, ...], libc: str, rotate: bool, said: str) -> None:
    found = other_server(ResolvConf(servers, rotate=rotate), WORLD, libc)
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_a_server_that_cannot_be_judged_is_not_taken_for_the_clusters() -> None:
    found = other_server(ResolvConf(("10.96.0.10",)), snapshot_of(), "glibc")
    assert found == "whether 10.96.0.10 is the cluster's DNS: Service kube-system/kube-dns was not read"


@pytest.mark.parametrize(
    ("policy", "host", "config", "said"),
    [
        ("ClusterFirst", False, None, ""),
        ("ClusterFirst", False, DNSConfig(["1.1.1.1"], None, None), ""),
        ("ClusterFirst", False, DNSConfig(["1.1.1.1"], None, [DNSConfigOption("rotate", None)]), "by options rotate"),
        ("ClusterFirstWithHostNet", True, None, ""),
        ("ClusterFirst", True, None, "this pod does not ask the cluster's DNS but the servers of its node"),
        ("Default", False, None, "this pod does not ask the cluster's DNS but the servers of its node"),
        ("Default", False, DNSConfig(["10.96.0.10"], None, None), "this pod does not ask the cluster's DNS but the"),
        ("None", False, DNSConfig(["1.1.1.1"], ["shop.svc.cluster.local"], None), FOREIGN),
        ("None", False, DNSConfig(["10.96.0.10"], ["shop.svc.cluster.local"], None), ""),
    ],
)
@pytest.mark.parametrize("address", ["10.96.0.10", ""])
def test_what_a_pod_gets_is_certain_only_from_the_clusters_dns(
    policy: str, host: bool, config: DNSConfig | None, said: str, address: str
) -> None:
    pod = Pod(Meta("p", "shop"), PodSpec(dns_policy=policy, host_network=host, dns_config=config))
    resolv = resolv_conf_of(pod, ZoneConfig(), address)
    answer = resolve_by_search(WORLD, "db.shop.svc.cluster.local.", "A", resolv, ZoneConfig())
    assert [record.data for record in answer.answer] == ["10.0.0.1"]
    assert answer.unknown.startswith(said)
    assert bool(answer.unknown) == bool(said)
