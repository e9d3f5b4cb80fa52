"""The records of a Service in zone order, what is withheld, the whole zone, and its transfer."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.dependence import namespaces_asked
from kheadless_tui.zone.naming.endpoint_names import dashed
from kheadless_tui.zone.naming.names import labels, natural, unescaped, wire_length
from kheadless_tui.zone.naming.reverse_names import address_of_reverse, reverse_name
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.resolve import aliases_asked, resolve
from kheadless_tui.zone.serving.config import CacheBounds, OtherBlock, ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.dns_service import choose_dns_service, dns_service
from kheadless_tui.zone.serving.label_selectors import selects
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.zone_records import (
    all_records,
    apex_records,
    elsewhere_records,
    service_records,
    withheld_records,
)
from tests.unit.zone.cases import cases
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, snapshot_of

CONFIG = ZoneConfig(zones=("cluster.local.", "in-addr.arpa.", "ip6.arpa."), ttl=30)
PORTS = [{"name": "http", "port": 8080, "protocol": "TCP"}]


def service(snapshot: Snapshot, name: str) -> Service:
    found = snapshot.service(ObjectKey("shop", name))
    assert found is not None
    return found


def lines(snapshot: Snapshot, name: str, config: ZoneConfig = CONFIG) -> list[str]:
    zone = f".{name}.shop.svc.cluster.local."
    found = (str(item.record) for item in service_records(snapshot, service(snapshot, name), config))
    return [line.replace(zone, "").replace(zone[1:], "@") for line in found]


def test_zone_order_of_a_headless_service() -> None:
    pods = [endpoint(f"10.0.0.{n}", hostname=f"web-{n}", pod=f"web-{n}") for n in (10, 2)]
    six = endpoint("fd00::2", hostname="web-2", pod="web-2")
    world = snapshot_of(
        headless("web"),
        endpoint_slice("web", *pods, ports=PORTS),
        endpoint_slice("web", six, ports=PORTS, name="web-6"),
    )
    assert lines(world, "web") == [
        "@ 30 IN A 10.0.0.2",
        "@ 30 IN A 10.0.0.10",
        "@ 30 IN AAAA fd00::2",
        "@ 30 IN SRV 0 33 8080 web-2",
        "@ 30 IN SRV 0 33 8080 web-10",
        "_http._tcp 30 IN SRV 0 33 8080 web-2",
        "_http._tcp 30 IN SRV 0 33 8080 web-10",
        "web-2 30 IN A 10.0.0.2",
        "web-2 30 IN AAAA fd00::2",
        "web-2 30 IN SRV 0 50 8080 web-2",
        "web-10 30 IN A 10.0.0.10",
        "web-10 30 IN SRV 0 100 8080 web-10",
        "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. 30 IN PTR web-2",
        "2.0.0.10.in-addr.arpa. 30 IN PTR web-2",
        "10.0.0.10.in-addr.arpa. 30 IN PTR web-10",
    ]
    assert not [line for line in lines(world, "web", ZoneConfig()) if "PTR" in line]


def test_records_know_where_they_come_from() -> None:
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1", pod="web-x"), ports=PORTS))
    for item in service_records(world, service(world, "web"), CONFIG):
        assert item.service == ObjectKey("shop", "web")
        assert item.endpoint is not None
        assert (item.endpoint.pod, item.endpoint.hostname) == ("web-x", "10-0-0-1")
        assert str(item.source) == "EndpointSlice shop/web-x"
        assert item.source.field == "endpoints[0].addresses[0]"


def test_services_with_an_address_and_aliases() -> None:
    vip = obj("Service", "vip", spec={"clusterIPs": ["10.96.0.1", "fd00:96::1"], "ports": [{"name": "x", "port": 80}]})
    alias = obj("Service", "ext", spec={"type": "ExternalName", "externalName": "www.example.net"})
    bare = obj("Service", "ip", spec={"type": "ExternalName", "externalName": "1.2.3.4"})
    world = snapshot_of(vip, alias, bare)
    assert lines(world, "vip")[:4] == [
        "@ 30 IN A 10.96.0.1", "@ 30 IN AAAA fd00:96::1", "@ 30 IN SRV 0 50 80 @", "_x._tcp 30 IN SRV 0 50 80 @",
    ]  # fmt: skip
    assert lines(world, "vip")[4] == "1.0.96.10.in-addr.arpa. 30 IN PTR @"
    assert lines(world, "ext") == ["@ 30 IN CNAME www.example.net."]
    assert lines(world, "ip") == []


def test_hidden_services_have_no_records() -> None:
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    for hiding in (ZoneConfig(namespaces=("other",)), ZoneConfig(labels="a=b"), ZoneConfig(namespace_labels="a")):
        assert service_records(world, service(world, "web"), hiding) == ()


def test_withheld_records_say_why() -> None:
    world = snapshot_of(
        headless("web"),
        endpoint_slice(
            "web",
            endpoint("10.0.0.1", hostname="web-1"),
            endpoint("10.0.0.3", ready=False, hostname="web-3", terminating=True),
            endpoint("10.0.0.2", ready=False, hostname="web-2"),
        ),
        endpoint_slice("web", endpoint("10.0.0.1", ready=False, hostname="web-1"), name="web-old"),
    )
    found = [(str(item.record), item.reason) for item in withheld_records(world, service(world, "web"), CONFIG)]
    assert found == [
        ("web.shop.svc.cluster.local. 30 IN A 10.0.0.2", "not ready"),
        ("web.shop.svc.cluster.local. 30 IN A 10.0.0.3", "terminating"),
        ("web-2.web.shop.svc.cluster.local. 30 IN A 10.0.0.2", "not ready"),
        ("web-3.web.shop.svc.cluster.local. 30 IN A 10.0.0.3", "terminating"),
    ]


@pytest.mark.parametrize("case", [case for case in cases() if "multicluster" not in " ".join(case.options)],
                         ids=lambda case: case.id)  # fmt: skip
def test_every_predicted_record_is_what_its_question_gives(case: object) -> None:
    """Records and answers come from one list: all records of a name and type are exactly its answer."""
    assert isinstance(case, type(cases()[0]))
    snapshot, config = case.snapshot(), case.config()
    records = [item.record for namespace in snapshot.namespaces for service in snapshot.services(namespace)
               for item in service_records(snapshot, service, config)]  # fmt: skip
    for (name, kind), group in itertools.groupby(
        sorted(records, key=lambda r: (r.name, r.type)), lambda r: (r.name, r.type)
    ):
        answer = resolve(snapshot, Question(name, kind), config, explain=False)
        if answer.unsendable or answer.fallthrough:
            continue
        own = {record for record in answer.answer if record.type == kind and record.name == name}
        missing = set(group) - own
        assert not missing
        assert kind == "PTR" or own <= set(records)


def test_the_whole_zone_is_lazy_and_starts_at_the_top() -> None:
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    first = [str(item.record) for item in itertools.islice(all_records(world, CONFIG), 3)]
    assert first == [
        "cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 0 7200 1800 86400 30",
        'dns-version.cluster.local. 28800 IN TXT "1.1.0"',
        "web.shop.svc.cluster.local. 30 IN A 10.0.0.1",
    ]


def test_a_cache_bounds_all_ttls_of_a_reply() -> None:
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    cached = msgspec.structs.replace(CONFIG, ttl=0, cache=CacheBounds(success_max=30, denial_max=20, denial_min=7))
    assert {item.record.ttl for item in service_records(world, service(world, "web"), cached)} == {5}
    hit = resolve(world, Question("web.shop.svc.cluster.local.", "A"), cached)
    assert [record.ttl for record in hit.answer] == [5]
    miss = resolve(world, Question("x.shop.svc.cluster.local.", "A"), cached)
    assert [record.ttl for record in miss.authority] == [7]
    version = resolve(world, Question("dns-version.cluster.local.", "TXT"), cached)
    assert [record.ttl for record in version.answer] == [30]


def test_without_a_transfer_plugin_it_is_refused() -> None:
    answer = resolve(Snapshot(), Question("cluster.local.", "AXFR"), CONFIG)
    assert (answer.rcode, answer.aa, answer.authority) == ("REFUSED", False, ())
    allowed = msgspec.structs.replace(CONFIG, transfer_to=("*",))
    given = resolve(snapshot_of(), Question("cluster.local.", "AXFR"), allowed)
    assert [record.type for record in given.answer] == ["SOA", "SOA"]


def test_eleven_aliases_in_a_row_work_and_twelve_do_not() -> None:
    def chain(length: int) -> Snapshot:
        aliases = [
            obj("Service", f"s{n}", spec={"type": "ExternalName", "externalName": f"s{n + 1}.shop.svc.cluster.local"})
            for n in range(length)
        ]
        return snapshot_of(*aliases, headless(f"s{length}"), endpoint_slice(f"s{length}", endpoint("10.0.0.1")))

    question = Question("s0.shop.svc.cluster.local.", "A")
    assert len(resolve(chain(11), question, CONFIG).answer) == 12
    broken = resolve(chain(12), question, CONFIG)
    assert (broken.rcode, broken.answer, broken.steps[0].rule) == ("NOERROR", (), "alias-too-long")


def test_an_alias_into_another_zone_of_the_server_is_asked_there() -> None:
    config = ZoneConfig(zones=("cluster.local.", "k8s.example.org."))
    alias = obj("Service", "ext", spec={"type": "ExternalName", "externalName": "web.shop.svc.k8s.example.org"})
    world = snapshot_of(alias, headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    answer = resolve(world, Question("ext.shop.svc.cluster.local.", "A"), config)
    assert [str(record) for record in answer.answer] == [
        "ext.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.k8s.example.org.",
        "web.shop.svc.k8s.example.org. 5 IN A 10.0.0.1",
    ]


def test_an_alias_to_the_outside_without_upstream_is_marked() -> None:
    alias = obj("Service", "ext", spec={"type": "ExternalName", "externalName": "www.example.net"})
    answer = resolve(snapshot_of(alias), Question("ext.shop.svc.cluster.local.", "A"), CONFIG)
    assert [record.type for record in answer.answer] == ["CNAME"]
    assert answer.unknown == "what other servers answer for www.example.net. A"
    silent = resolve(snapshot_of(alias), Question("ext.shop.svc.cluster.local.", "A"), CONFIG, upstream=lambda _: None)
    assert (silent.answer, silent.steps[0].rule) == ((), "alias-no-reply")


def test_what_must_be_read_for_a_question() -> None:
    asked = {name: namespaces_asked(Question(name, kind), CONFIG) for name, kind in (
        ("web.shop.svc.cluster.local.", "A"), ("1.0.0.10.in-addr.arpa.", "PTR"), ("cluster.local.", "NS"),
        ("svc.cluster.local.", "A"), ("www.example.net.", "A"), ("10-0-0-1.shop.pod.cluster.local.", "A"),
        ("_http._tcp.web.Shop.svc.cluster.local.", "SRV"),
    )}  # fmt: skip
    assert list(asked.values()) == [
        {"shop"}, None, {"kube-system", "openshift-dns"}, frozenset(), frozenset(), {"shop"}, {"shop"},
    ]  # fmt: skip
    alias = obj("Service", "ext", spec={"type": "ExternalName", "externalName": "web.other.svc.cluster.local"})
    assert aliases_asked(snapshot_of(alias), Question("ext.shop.svc.cluster.local.", "A"), CONFIG) == {"other"}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.1.2.3", "10-1-2-3"), ("fd00:5::50", "fd00-5--50"), ("fd00:5:1:2::", "fd00-5-1-2--0"), ("::1", "--1"),
        ("one.example", "one-example"), ("localhost", ""),
    ],
)  # fmt: skip
def test_dashed_addresses(address: str, name: str) -> None:
    assert dashed(address) == name


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00:5::50", "::1", "2001:db8::"])
def test_reverse_names_and_back(address: str) -> None:
    assert address_of_reverse(reverse_name(address)) == address


@pytest.mark.parametrize(
    "name",
    [
        "10.in-addr.arpa.",
        "01.2.3.4.in-addr.arpa.",
        "5.4.3.2.1.in-addr.arpa.",
        "a.ip6.arpa.",
        "web.shop.",
        "in-addr.arpa.",
    ],
)
def test_names_that_are_no_whole_reverse_names(name: str) -> None:
    assert address_of_reverse(name) == ""


def test_labels_order_and_zones() -> None:
    assert labels(r"a\.b.c.") == [r"a\.b", "c"]
    assert labels(".") == []
    assert sorted(["web-10", "web-9", "web", "a"], key=natural) == ["a", "web", "web-9", "web-10"]
    assert zone_of("a.B.local.", ("local.", "b.local.", "xb.local.")) == "b.local."
    assert zone_of("ab.local.", ("b.local.",)) == ""
    assert zone_of("x.", (".",)) == "."
    assert wire_length("cluster.local.") == 15


@pytest.mark.parametrize(
    ("selector", "labels_of", "chosen"),
    [
        ("a=b", {"a": "b"}, True), ("a==b", {"a": "c"}, False), ("a", {"a": ""}, True), ("!a", {}, True),
        ("a in (x, y),b", {"a": "y", "b": "1"}, True), ("a in (x,y)", {}, False), ("a notin (x)", {}, True),
        ("a notin (x)", {"a": "x"}, False), ("k8s.io/a=", {"k8s.io/a": ""}, True), ("", {}, True),
    ],
)  # fmt: skip
def test_label_selectors(selector: str, labels_of: dict[str, str], chosen: bool) -> None:
    assert selects(selector, labels_of) is chosen


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        (r"\119eb-0.x.", "web-0.x."),
        (r"a\.b.x.", r"a\.b.x."),
        (r"a\046b.x.", r"a\.b.x."),
        (r"\\a\032.", r"\\a\ ."),
        (r"\007\255.", r"\007\255."),
        (r"\w\999.", r"w\999."),
    ],
)
def test_escapes_are_read_as_dig_reads_them(name: str, plain: str) -> None:
    assert unescaped(name) == plain


def test_an_escaped_name_is_the_same_question() -> None:
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1", hostname="web-0")))
    answer = resolve(world, Question(r"\119eb-0.web.shop.svc.cluster.local.", "A"), CONFIG)
    assert [record.name for record in answer.answer] == ["web-0.web.shop.svc.cluster.local."]


def dns_world(namespace: str, name: str, **labels: str) -> Snapshot:
    service = obj("Service", name, namespace, labels=labels, spec={"clusterIP": "10.96.0.10"})
    of = {"kubernetes.io/service-name": name}
    slices = endpoint_slice(name, endpoint("10.0.0.53"), labels=of)
    slices["metadata"]["namespace"] = namespace
    return snapshot_of(obj("Namespace", namespace, None), service, slices)


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("ns.dns.cluster.local.", True),
        ("ns.dns.cluster.local.default.svc.cluster.local.", True),
        ("ns.dns.cluster.local.x.cluster.local.", True),
        ("NS.dns.cluster.local.", True),
        ("ns.dns.Cluster.Local.", False),
        ("a.ns.dns.cluster.local.", False),
        ("ns.dnsx.cluster.local.", False),
    ],
)
def test_every_name_that_begins_like_the_name_servers_holds_their_addresses(name: str, exists: bool) -> None:
    world = dns_world("kube-system", "kube-dns")
    answers = {kind: resolve(world, Question(name, kind), CONFIG) for kind in ("A", "AAAA", "SRV", "HINFO")}
    assert {answer.rcode for answer in answers.values()} == {"NOERROR" if exists else "NXDOMAIN"}
    assert [record.data for record in answers["A"].answer] == (["10.96.0.10"] if exists else [])
    assert not any(answers[kind].answer for kind in ("AAAA", "SRV", "HINFO"))
    assert not exists or answers["AAAA"].steps[0].rule == "name-server-name"


@pytest.mark.parametrize(
    ("namespace", "name", "labels"),
    [
        ("kube-system", "kube-dns", {}),
        ("openshift-dns", "dns-default", {}),
        ("kube-system", "rke2-coredns-rke2-coredns", {"k8s-app": "kube-dns"}),
    ],
)
def test_the_service_in_front_of_dns_by_the_names_of_installers(
    namespace: str, name: str, labels: dict[str, str]
) -> None:
    world = dns_world(namespace, name, **labels)
    answer = resolve(world, Question("cluster.local.", "NS"), CONFIG)
    assert [record.data for record in answer.answer] == [f"{name}.{namespace}.svc.cluster.local."]
    assert not answer.unknown


def test_the_service_that_only_the_nodes_caches_ask_is_not_the_one_in_front_of_dns() -> None:
    label = {"k8s-app": "kube-dns"}
    upstream = obj("Service", "kube-dns-upstream", "kube-system", labels=label, spec={"clusterIP": "10.96.0.77"})
    metrics = obj("Service", "coredns-metrics", "kube-system", labels=label, spec={"clusterIP": "None"})
    front = obj("Service", "rke2-coredns-rke2-coredns", "kube-system", labels=label, spec={"clusterIP": "10.96.0.10"})
    assert dns_service(snapshot_of(upstream, metrics, front)) == ObjectKey("kube-system", "rke2-coredns-rke2-coredns")
    assert dns_service(snapshot_of(upstream, metrics)) == ObjectKey("kube-system", "kube-dns")
    assert choose_dns_service([]) is None


def test_what_several_aliases_leave_open_is_told_of_each() -> None:
    service = headless("ext")
    fqdn = endpoint_slice("ext", endpoint("one.example."), endpoint("two.example."), addressType="FQDN")
    answer = resolve(snapshot_of(service, fqdn), Question("ext.shop.svc.cluster.local.", "A"), CONFIG)
    assert "one.example." in answer.unknown
    assert "two.example." in answer.unknown


def test_a_record_of_several_slices_names_each() -> None:
    """A record stays as long as any of the slices holds its address."""
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "admin", "port": 81, "protocol": "TCP"}]
    world = snapshot_of(
        headless("web"),
        endpoint_slice("web", endpoint("10.0.0.9"), endpoint("10.0.0.1"), ports=ports),
        endpoint_slice("web", endpoint("10.0.0.1"), name="web-y", ports=ports[:1]),
    )
    service = world.service(ObjectKey("shop", "web"))
    assert service is not None
    found = service_records(world, service, CONFIG)
    places = [
        "EndpointSlice shop/web-x endpoints[1].addresses[0]",
        "EndpointSlice shop/web-y endpoints[0].addresses[0]",
    ]
    for item in found:
        held = [f"{source} {source.field}" for source in item.sources]
        if item.record.data.endswith("81 10-0-0-1.web.shop.svc.cluster.local."):
            assert held == places[:1]
        elif "10.0.0.1" in item.record.data or "10-0-0-1" in item.record.data:
            assert held == places
        else:
            assert len(held) == 1
    for kind, name in (("A", "web.shop.svc.cluster.local."), ("PTR", "1.0.0.10.in-addr.arpa.")):
        (step,) = resolve(world, Question(name, kind), CONFIG).steps
        told = [f"{fact.source} {fact.source.field}" for fact in step.facts]
        assert [each for each in told if each in places] == places


OTHER = OtherBlock("example.org.", "Corefile:9")


def test_a_port_whose_label_is_too_long_for_a_message() -> None:
    ports = [*PORTS, {"name": "p" * 63, "port": 81, "protocol": "TCP"}]
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1"), ports=ports))
    own = f"_{'p' * 63}._tcp.web.shop.svc.cluster.local."
    config = msgspec.structs.replace(CONFIG, transfer_to=("*",))
    for each in (config, msgspec.structs.replace(config, server_zones=(".",), other_blocks=(OTHER,))):
        assert own not in {item.record.name for item in service_records(world, service(world, "web"), each)}
        taken = {item.item.record.name: item.reason for item in elsewhere_records(world, service(world, "web"), each)}
        reason = "the name cannot be asked for: it holds a label of 64 octets, where 63 are the most"
        assert taken == {own: reason}
    failed = resolve(world, Question("cluster.local.", "AXFR"), config)
    assert (failed.rcode, failed.answer, failed.steps[0].rule) == ("SERVFAIL", (), "transfer-unsendable")
    assert f"SRV {own} holds a label of 64 octets" in failed.steps[0].why
    short = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1"), ports=PORTS))
    assert resolve(short, Question("cluster.local.", "AXFR"), config).rcode == "NOERROR"


def test_an_alias_that_depends_on_which_slice_comes_first() -> None:
    """Seen: CoreDNS gives now the alias, now nothing, as its index of slices has no order."""
    four = endpoint_slice("web", endpoint("10.0.0.1"), name="web-4", addressType="IPv4")
    name = endpoint_slice("web", endpoint("one.example."), name="web-n", addressType="FQDN")
    mixed = resolve(snapshot_of(headless("web"), four, name), Question("web.shop.svc.cluster.local.", "CNAME"), CONFIG)
    assert mixed.unknown == (
        "which of EndpointSlices web-4 and web-n the server takes first: CNAME one.example. or NODATA"
    )
    alone = resolve(snapshot_of(headless("web"), name), Question("web.shop.svc.cluster.local.", "CNAME"), CONFIG)
    assert (alone.unknown, alone.answer[0].data) == ("", "one.example.")


@pytest.mark.parametrize(("name", "type_"), [("", "NS"), ("ns.dns.", "A"), ("ns.dns.", "AAAA")])
def test_name_servers_of_replicas_that_see_no_endpoint(name: str, type_: str) -> None:
    dns = obj("Service", "kube-dns", "kube-system", spec={"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"]})
    labels = {"kubernetes.io/service-name": "kube-dns"}
    places = [endpoint("10.0.0.2", pod="dns-a"), endpoint("10.0.0.3", pod="dns-b")]
    part = obj("EndpointSlice", "kube-dns-x", "kube-system", labels=labels, endpoints=places)
    world = snapshot_of(dns, part)
    question = Question(f"{name}cluster.local.", type_)
    assert resolve(world, question, CONFIG).unknown == ""
    hidden = resolve(world, question, msgspec.structs.replace(CONFIG, noendpoints=True))
    assert hidden.unknown.startswith("each replica of kube-system/kube-dns answers with all addresses of its own")
    listed = list(apex_records(world, msgspec.structs.replace(CONFIG, noendpoints=True)))
    unknown = {item.record.name: item.unknown for item in listed}
    assert unknown.pop("ns.dns.cluster.local.") == hidden.unknown
    assert set(unknown.values()) == {""}
    assert not any(item.unknown for item in apex_records(world, CONFIG))


def test_a_cache_for_some_zones_leaves_the_ttl_of_all_others() -> None:
    """Source: plugin/cache/handler.go ServeDNS: names of none of its zones pass by."""
    text = ".:53 {\nkubernetes cluster.local in-addr.arpa {\nttl 100\n}\ncache 7 cluster.local\n}\n"
    config = zone_config(parse(text, "C"), "C", strict=True)
    world = snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    for name, kind, ttl in (("web.shop.svc.cluster.local.", "A", 7), ("1.0.0.10.in-addr.arpa.", "PTR", 100)):
        assert [record.ttl for record in resolve(world, Question(name, kind), config).answer] == [ttl]
    (service,) = world.services("shop")
    assert {item.record.type: item.record.ttl for item in service_records(world, service, config)} == {
        "A": 7,
        "PTR": 100,
    }
