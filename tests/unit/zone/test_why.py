"""Why an answer is negative: the rule, the fields and one sentence, on worlds that people meet."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.record import Question, Step
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.plugin_chain import zone_config
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, pod, snapshot_of

ZONES = ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
SERVED = ZoneConfig(zones=ZONES, ttl=30, pods="insecure", source="ConfigMap kube-system/coredns")


def why(name: str, *objects: dict[str, Any], kind: str = "A", config: ZoneConfig = SERVED) -> Step:
    snapshot = snapshot_of(*objects)
    if not name.endswith("."):
        name += ".shop.svc.cluster.local."
    (step,) = resolve(snapshot, Question(name, kind), config).steps
    return step


def facts(step: Step) -> list[str]:
    return [str(fact) for fact in step.facts]


def test_no_endpoint_is_ready() -> None:
    waiting = [endpoint(f"10.0.0.{n}", ready=False, pod=f"web-{n}") for n in range(3)]
    step = why("web", headless("web", {"app": "web"}), endpoint_slice("web", *waiting))
    assert step.rule == "no-ready-endpoint"
    assert step.rcode == "NXDOMAIN"
    assert step.why == "Service shop/web selects app=web and no endpoint is ready: 3 not ready: web-0, web-1, web-2"
    assert facts(step)[0] == "EndpointSlice shop/web-x endpoints[0].conditions.ready: false"


def test_terminating_and_not_ready_are_told_apart_and_long_lists_are_cut() -> None:
    waiting = [endpoint(f"10.0.0.{n}", ready=False, pod=f"web-{n}") for n in range(12)]
    leaving = endpoint("10.0.1.1", ready=False, pod="web-12", terminating=True)
    step = why("web", headless("web", {"app": "web"}), endpoint_slice("web", *waiting, leaving))
    assert "12 not ready: web-0, web-1, web-2, web-3, web-4 and 7 more; 1 terminating: web-12" in step.why


def test_dual_stack_pods_are_counted_once() -> None:
    both = [endpoint(address, ready=False, pod="web-0") for address in ("10.0.0.1", "fd00::1")]
    assert why("web", headless("web", {"a": "b"}), endpoint_slice("web", *both)).why.endswith("1 not ready: web-0")


def test_the_misnamed_endpoints() -> None:
    stray = obj("Endpoints", "mysql-ep", subsets=[{"addresses": [{"ip": "114.32.146.154"}]}])
    step = why("mysql-svc", headless("mysql-svc"), stray)
    assert step.rule == "endpoints-misnamed"
    assert "Endpoints mysql-ep has no effect on it; only an Endpoints object called mysql-svc would be" in step.why
    assert why("mysql-ep", headless("mysql-svc"), stray).rule == "service-missing"
    assert "no effect without the Service" in why("mysql-ep", stray).why


@pytest.mark.parametrize(
    ("endpoints", "rule", "words"),
    [
        (obj("Endpoints", "ext", labels={"endpointslice.kubernetes.io/skip-mirror": "true"}),
         "endpoints-not-mirrored", "skip-mirror=true, so it is not mirrored"),
        (obj("Endpoints", "ext", subsets=[]), "endpoints-empty", "Endpoints ext holds no address"),
        (obj("Endpoints", "ext", subsets=[{"addresses": [{"ip": "1.2.3.4"}]}]),
         "endpoints-not-mirrored", "no EndpointSlice was made of it"),
    ],
)  # fmt: skip
def test_endpoints_of_the_right_name_that_are_not_mirrored(endpoints: dict[str, Any], rule: str, words: str) -> None:
    step = why("ext", headless("ext"), endpoints)
    assert step.rule == rule
    assert words in step.why


def test_a_selector_that_no_pod_carries() -> None:
    pods = [pod(f"app-{n}", f"10.0.0.{n}", labels={"app": "web-stateful"}) for n in range(3)]
    step = why("headless-svc", headless("headless-svc", {"app": "web"}), *pods)
    assert step.rule == "selects-nothing"
    assert step.why == (
        "Service shop/headless-svc selects app=web, and none of the 3 pods of shop carries that;"
        " app-0 has app=web-stateful"
    )
    assert "Pod shop/app-0 metadata.labels[app]: web-stateful" in facts(step)


def test_without_pods_nothing_is_claimed_of_them() -> None:
    step = why("web", headless("web", {"app": "web"}))
    assert step.why == "Service shop/web selects app=web and has no endpoint: no EndpointSlice of it is known"
    step = why("web", headless("web", {"app": "web"}), endpoint_slice("web"))
    assert step.why == "Service shop/web selects app=web and has no endpoint"


def test_pods_that_match_and_cannot_be_endpoints() -> None:
    done = obj("Pod", "import-1", labels={"app": "web"}, status={"phase": "Succeeded", "podIP": "10.0.0.1"})
    waiting = obj("Pod", "import-2", labels={"app": "web"}, status={"phase": "Pending"})
    step = why("web", headless("web", {"app": "web"}), done, waiting)
    assert step.rule == "no-endpoint-yet"
    assert "import-1 (phase Succeeded), import-2 (no address yet)" in step.why


def test_a_slice_without_the_label() -> None:
    step = why("ext", headless("ext"), endpoint_slice("ext", endpoint("1.2.3.4"), labels={"app": "x"}))
    assert step.rule == "slice-unlabelled"
    assert "EndpointSlice ext-x does not carry the label kubernetes.io/service-name=ext" in step.why
    assert facts(step) == ["EndpointSlice shop/ext-x metadata.labels[kubernetes.io/service-name]: missing"]


def test_a_hostname_hides_the_dashed_name() -> None:
    world = headless("db"), endpoint_slice("db", endpoint("10.0.0.1", hostname="db-0", pod="db-0"))
    step = why("10-0-0-1.db", *world)
    assert step.rule == "hostname-set"
    assert "it is called db-0.db.shop.svc.cluster.local. and has no dashed name" in step.why
    assert facts(step) == ["EndpointSlice shop/db-x endpoints[0].hostname: db-0"]


def test_the_pod_of_another_services_subdomain() -> None:
    bare = endpoint("10.244.0.9", pod="nginx-0")
    named = endpoint("10.244.0.9", pod="nginx-0", hostname="nginx-0")
    world = [
        headless("nginx-headless", {"app": "nginx"}), endpoint_slice("nginx-headless", bare),
        headless("nginx", {"app": "nginx"}), endpoint_slice("nginx", named),
    ]  # fmt: skip
    step = why("nginx-0.nginx-headless", *world)
    assert step.rule == "hostname-missing"
    assert step.why == (
        "endpoint 10.244.0.9 (pod nginx-0) is called 10-244-0-9 below Service shop/nginx-headless;"
        " nginx-0.nginx.shop.svc.cluster.local. exists"
    )
    step = why("nginx-0.nginx-headless", *world, pod("nginx-0", "10.244.0.9", hostname="nginx-0", subdomain="nginx"))
    assert ": its pod's subdomain is nginx, not nginx-headless; nginx-0.nginx.shop" in step.why
    assert "Pod shop/nginx-0 spec.subdomain: nginx" in facts(step)


def test_a_pod_of_a_deployment_has_no_hostname() -> None:
    world = headless("web"), endpoint_slice("web", endpoint("10.0.0.1", pod="web-5c4-x")), pod("web-5c4-x", "10.0.0.1")
    assert "its pod has no hostname (spec.hostname)" in why("web-5c4-x.web", *world).why


def test_endpoints_that_are_not_there() -> None:
    world = headless("web", {"app": "web"}), endpoint_slice("web", endpoint("10.0.0.1", hostname="web-0", pod="web-0"))
    assert why("web-9.web", *world).why == "no endpoint of Service shop/web is called web-9: there is web-0"
    sets = obj("StatefulSet", "web", spec={"serviceName": "web", "replicas": 2})
    assert "StatefulSet web has 2 replicas, web-0 to web-1" in why("web-9.web", *world, sets).why
    other = obj("StatefulSet", "web", spec={"serviceName": "other", "replicas": 2})
    assert "spec.serviceName of StatefulSet web is other, not web" in why("web-1.web", *world, other).why
    outside = pod("web-1", "10.0.0.2", labels={"app": "wep"})
    step = why("web-1.web", *world, outside)
    assert step.rule == "pod-not-selected"
    assert "pod web-1 lacks app=web of its selector" in step.why
    waiting = endpoint_slice("web", endpoint("10.0.0.3", ready=False, hostname="web-3", pod="web-3"))
    step = why("web-3.web", headless("web"), waiting)
    assert step.rule == "endpoint-not-ready"
    assert step.why == "endpoint web-3 of Service shop/web is not ready (10.0.0.3), so its name does not exist"


def test_ports_that_are_not_there() -> None:
    ports = [{"name": "mysql", "port": 3306, "protocol": "TCP"}]
    world = (
        headless("db", ports=[{"name": "default-ep", "port": 3306}]),
        endpoint_slice("db", endpoint("10.0.0.1"), ports=ports),
    )
    step = why("_default-ep._tcp.db", *world, kind="SRV")
    assert step.rule == "port-not-in-slice"
    assert "the EndpointSlices count, and they have mysql/TCP 3306" in step.why
    assert why("_mysql._udp.db", *world, kind="SRV").rule == "port-protocol"
    assert why("_pg._tcp.db", *world, kind="SRV").rule == "port-missing"
    unnamed = headless("db"), endpoint_slice("db", endpoint("10.0.0.1"), ports=[{"port": 8080, "protocol": "TCP"}])
    assert why("_http._tcp.db", *unnamed, kind="SRV").rule == "port-unnamed"
    assert why("_tcp.db", *unnamed, kind="SRV").rule == "protocol-alone"
    none = headless("db"), endpoint_slice("db", endpoint("10.0.0.1"))
    assert why("_http._tcp.db", *none, kind="SRV").rule == "no-ports"
    assert "read as port and protocol" in why("db-0.east.db", *world).why
    over = why("_._udp.db", *world, kind="SRV")
    assert (over.rule, over.why) == (
        "port-protocol",
        "Service shop/db has no port any/UDP: none is over UDP, the ports of the slices are mysql/TCP 3306",
    )
    assert why("_._udp.db", *unnamed).rule == "port-protocol"
    other = headless("db", ports=[{"name": "pg", "port": 1, "protocol": "UDP"}]), world[1]
    assert why("_pg._tcp.db", *other).rule == "port-missing"


def test_a_port_without_number_is_told_by_its_name() -> None:
    ports = [{"name": "pg", "protocol": "TCP"}, {"name": "http", "port": 80, "protocol": "TCP"}]
    world = headless("db"), endpoint_slice("db", endpoint("10.0.0.1"), ports=ports)
    step = why("_pg._tcp.db", *world, kind="SRV")
    assert (step.rcode, step.why) == ("NOERROR", "port pg of Service shop/db has no number, so no SRV record")


def test_name_servers_asked_for_in_capitals() -> None:
    """Source: k/handler.go ServeDNS compares the zone in lower case with the one that was asked for."""
    (step,) = resolve(snapshot_of(), Question("Cluster.Local.", "NS"), ZoneConfig()).steps
    assert step.why == "the name servers of cluster.local. are told only to who asks in lower case"


def test_services_that_are_not_there() -> None:
    there = obj("Service", "redis", "cache", spec={"clusterIP": "None"})
    step = why("redis", there, obj("Namespace", "cache", None))
    assert step.why == "there is no Service redis in namespace shop; a Service redis is in namespace cache"
    governed = obj("StatefulSet", "web", spec={"serviceName": "nginx"})
    assert "StatefulSet web names it in spec.serviceName" in why("nginx", governed).why
    lonely = pod("web-0", "10.0.0.1", hostname="web-0", subdomain="web")
    assert "web-0 is a pod, whose name is web-0.web.shop" in why("web-0", lonely).why
    assert "(the name asks for its endpoint web-0)" in why("web-0.nginx").why


def test_namespaces_that_are_not_there() -> None:
    step = why("web.sopp.svc.cluster.local.")
    assert (step.rule, step.why) == ("namespace-missing", "there is no namespace sopp")
    swapped = why("shop.web.svc.cluster.local.", headless("web"))
    assert "a Service web is in namespace shop: the Service's name comes first" in swapped.why
    unread = resolve(Snapshot(), Question("web.shop.svc.cluster.local.", "A"), SERVED)
    assert unread.rcode == "NXDOMAIN"
    assert unread.unknown == "whether namespace shop exists: no object given is in it"
    partly = resolve(Snapshot(whole=frozenset()), Question("web.shop.svc.cluster.local.", "A"), SERVED)
    assert partly.unknown == "whether namespace shop exists: the list of Namespaces was not read"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("9.0.0.10.in-addr.arpa.", "address-unknown"),
        ("2.0.0.10.in-addr.arpa.", "address-not-ready"),
        ("3.0.0.10.in-addr.arpa.", "address-of-pod"),
        ("0.10.in-addr.arpa.", "reverse-incomplete"),
    ],
)
def test_addresses_without_a_name(name: str, rule: str) -> None:
    world = (
        headless("web"),
        endpoint_slice("web", endpoint("10.0.0.2", ready=False, pod="web-0")),
        pod("lonely", "10.0.0.3"),
    )
    assert why(name, *world, kind="PTR").rule == rule


def test_what_falls_through_names_who_answers() -> None:
    config = ZoneConfig(zones=ZONES, fallthrough=("in-addr.arpa.",), next_plugins=("forward . 10.0.0.2",))
    step = why("9.0.0.10.in-addr.arpa.", kind="PTR", config=config)
    assert step.why.endswith("fallthrough hands the question on: forward . 10.0.0.2 answers")


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("x.a.test.", "secondary a.test and forward . 10.0.0.2 answers"),
        ("x.b.test.", "forward . 10.0.0.2 answers"),
        ("x.c.test.", "forward c.test 10.0.0.3 answers"),
        ("x.d.test.", "no plugin is left to answer it, which is SERVFAIL"),
    ],
)
def test_of_the_plugins_behind_only_those_that_hold_the_name_are_named(name: str, who: str) -> None:
    text = (
        ".:53 {\n kubernetes cluster.local\n forward . 10.0.0.2 {\n except c.test d.test\n }\n"
        " forward c.test 10.0.0.3\n secondary a.test {\n transfer from 10.0.0.4\n }\n file db.e e.test\n}\n"
    )
    assert why(name, config=zone_config(parse(text, "C"), "C")).why.endswith(who)


def test_a_family_that_is_missing() -> None:
    world = headless("web", ipFamilies=["IPv4"]), endpoint_slice("web", endpoint("10.0.0.1"))
    step = why("web", *world, kind="AAAA")
    assert (step.rcode, step.rule) == ("NOERROR", "family-missing")
    assert step.why == (
        "Service shop/web has IPv4 addresses only (10.0.0.1), so no AAAA record; spec.ipFamilies is IPv4"
    )


def test_a_service_that_waits_for_its_address() -> None:
    step = why("web", obj("Service", "web", spec={"ports": [{"port": 80}]}))
    assert (step.rcode, step.rule) == ("NOERROR", "no-cluster-address")


def test_names_that_cannot_be_sent() -> None:
    answer = resolve(Snapshot(), Question(f"{'a' * 64}.shop.svc.cluster.local.", "A"), SERVED)
    assert answer.unsendable
    assert "a label of 64 octets, where 63 are the most" in answer.steps[0].why
    long = resolve(Snapshot(), Question("a." * 127 + "cluster.local.", "A"), SERVED)
    assert long.unsendable
    empty = resolve(Snapshot(), Question("web..shop.svc.cluster.local.", "A"), SERVED)
    assert empty.unsendable


def test_what_noendpoints_and_labels_hide_is_not_said_to_be_missing() -> None:
    labels = {"kubernetes.io/service-name": "api"}
    api = obj("Service", "api", labels={"a": "b"}, spec={"clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"]})
    world = snapshot_of(api, endpoint_slice("api", endpoint("10.0.0.1", hostname="api-0"), labels=labels))
    none = ZoneConfig(zones=("cluster.local.", "in-addr.arpa."), noendpoints=True, source="C")
    empty = ZoneConfig(noendpoints=True, ignore_empty_service=True, source="C")
    marked = ZoneConfig(labels="a=b", ignore_empty_service=True, source="C")
    told = [
        resolve(world, Question(name, kind), config).steps[0].why
        for name, kind, config in (
            ("api-0.api.shop.svc.cluster.local.", "A", none),
            ("1.0.0.10.in-addr.arpa.", "PTR", none),
            ("api.shop.svc.cluster.local.", "A", empty),
            ("api.shop.svc.cluster.local.", "A", marked),
        )
    ]
    assert told == [
        "C says noendpoints: headless Services have no addresses, and no endpoint has a name",
        "10.0.0.1 is of an endpoint, and C says noendpoints",
        "C says noendpoints and ignore empty_service: every Service counts as one without endpoint",
        "Service shop/api has no ready endpoint that carries the labels asked for, and C says ignore empty_service",
    ]
