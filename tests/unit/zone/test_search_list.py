"""Search lists: glibc resolv/res_query.c, musl lookup_name.c, Go dnsclient_unix.go; the kubelet's dns/dns.go."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from kheadless_tui.model.objects import Meta
from kheadless_tui.model.workloads import DNSConfig, DNSConfigOption, Pod, PodSpec
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, cluster_first, parse_resolv_conf, resolv_conf_of
from kheadless_tui.zone.stub.search_list import Libc, resolve_by_search, search_names
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, snapshot_of

CONFIG = ZoneConfig(ttl=30)
SHOP = cluster_first("shop", CONFIG)
PORTS = [{"name": "pg", "port": 5432, "protocol": "TCP"}]
WORLD = snapshot_of(
    headless("db"), endpoint_slice("db", endpoint("10.0.0.1", hostname="db-0"), ports=PORTS),
    obj("Namespace", "monitoring", None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tries"),
    [
        ("db-0.db", 1),
        ("db", 1),
        ("db.shop", 2),
        ("db-0.db.shop", 2),
        ("db.shop.svc.cluster.local", 4),
        ("db-0.db.shop.svc.cluster.local", 1),
        ("db.shop.svc.cluster.local.", 1),
        ("_pg._tcp.db.shop.svc.cluster.local", 1),
    ],
)
def test_tries_until_found(name: str, tries: int) -> None:
    answer = resolve_by_search(WORLD, name, "SRV" if name.startswith("_") else "A", SHOP, CONFIG)
    assert answer.answer
    assert answer.question.name == answer.steps[-1].name
    assert len(answer.steps) == tries
    assert all(step.rcode == "NXDOMAIN" for step in answer.steps[:-1])


@pytest.mark.parametrize(
    ("libc", "names"),
    [
        ("glibc", ["db.prod.", "db.prod.a.test.", "db.prod.b.test."]),
        ("go", ["db.prod.", "db.prod.a.test.", "db.prod.b.test."]),
        ("musl", ["db.prod."]),
    ],
)
def test_enough_dots(libc: Libc, names: list[str]) -> None:
    assert search_names("db.prod", ResolvConf((), ("a.test", "b.test."), 1), libc) == names


@pytest.mark.parametrize("libc", ["glibc", "go", "musl"])
def test_too_few_dots_and_final_dots(libc: Libc) -> None:
    resolv = ResolvConf((), ("a.test",), 5)
    assert search_names("db", resolv, libc) == ["db.a.test.", "db."]
    assert search_names("db.", resolv, libc) == ["db."]


def test_musl_ignores_a_long_line_and_all_leave_out_names_that_are_too_long() -> None:
    long = ResolvConf((), tuple(f"{'x' * 60}{n}.test" for n in range(4)), 5)
    assert search_names("db", long, "musl") == ["db."]
    assert len(search_names("db", long, "glibc")) == 5
    deep = ResolvConf((), (".".join(["y" * 60] * 4),), 5)
    assert search_names("a" * 20, deep, "glibc") == ["a" * 20 + "."]


@pytest.mark.parametrize(
    ("text", "servers", "search", "ndots"),
    [
        (" search a.test\n  nameserver 10.0.0.1\n\toptions ndots:3\n", (), (), 1),
        ("search\ta.test\tb.test\nnameserver\t10.0.0.1 # one\n", ("10.0.0.1",), ("a.test", "b.test"), 1),
        ("search a.test # b.test\n;search c.test\n", (), ("a.test", "#", "b.test"), 1),
        ("search a.test b.test\ndomain c.test d.test\n", (), ("c.test",), 1),
        ("nameserver foo\nnameserver fe80::1%eth0\nnameserver 10.0.0.300\n", ("fe80::1%eth0",), (), 1),
        ("options ndots:3\noptions ndots:x\n", (), (), 0),
        ("options ndots:\n", (), (), 0),
        ("options ndots:3 ndots:1\noptions ndots:2x\nSEARCH a.test\n", (), (), 2),
    ],
)
def test_odd_lines_of_a_resolv_conf(text: str, servers: tuple[str, ...], search: tuple[str, ...], ndots: int) -> None:
    """Seen: names that glibc 2.36 asked for by each of these."""
    found = parse_resolv_conf(text)
    assert (found.nameservers, found.search, found.ndots) == (servers, search, ndots)


def test_an_empty_domain_and_repeated_names() -> None:
    assert search_names("db", ResolvConf((), (".", "a.test"), 5)) == ["db.", "db.a.test."]


def test_nodata_stops_musl_alone() -> None:
    """A relative name equal to a namespace meets NODATA below svc.ZONE."""

    def outside(question: Question) -> Answer | None:
        if question.name != "monitoring.":
            return None
        return Answer(question, "NOERROR", answer=(Record("monitoring.", 60, "A", "192.0.2.1"),))

    musl = resolve_by_search(WORLD, "monitoring", "A", SHOP, CONFIG, libc="musl", upstream=outside)
    assert [step.rcode for step in musl.steps] == ["NXDOMAIN", "NOERROR"]
    assert not musl.answer
    glibc = resolve_by_search(WORLD, "monitoring", "A", SHOP, CONFIG, upstream=outside)
    assert len(glibc.steps) == 4
    assert [record.data for record in glibc.answer] == ["192.0.2.1"]


def test_a_failed_search_gives_nodata_before_nxdomain() -> None:
    def nobody(question: Question) -> Answer | None:
        return Answer(question, "NXDOMAIN")

    answer = resolve_by_search(WORLD, "monitoring", "A", SHOP, CONFIG, upstream=nobody)
    assert (answer.rcode, answer.question.name) == ("NOERROR", "monitoring.svc.cluster.local.")


def test_what_is_not_known_is_said() -> None:
    answer = resolve_by_search(WORLD, "www.example.net", "A", SHOP, CONFIG)
    assert len(answer.steps) == 4
    assert answer.rcode == "NXDOMAIN"
    assert answer.steps[-1].rcode == ""
    assert "what other servers answer for www.example.net." in answer.unknown
    assert "the search domains of the node" in answer.unknown


def make_pod(policy: str | None, *, host: bool = False, config: DNSConfig | None = None) -> Pod:
    return Pod(Meta("p", "shop"), PodSpec(dns_policy=policy, host_network=host, dns_config=config))


def test_the_kubelets_resolv_conf() -> None:
    plain = resolv_conf_of(make_pod(None), CONFIG, "10.96.0.10")
    assert plain.nameservers == ("10.96.0.10",)
    assert plain.search == ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
    assert plain.ndots == 5
    assert plain == msgspec.structs.replace(cluster_first("shop", CONFIG, "10.96.0.10"), source=plain.source)
    default = resolv_conf_of(make_pod("Default"), CONFIG, "10.96.0.10")
    assert (default.search, default.nameservers) == ((), ())
    assert "of the node" in default.unknown
    host = resolv_conf_of(make_pod("ClusterFirst", host=True), CONFIG, "10.96.0.10")
    assert host.search == ()
    assert "hostNetwork" in host.source
    assert resolv_conf_of(make_pod("ClusterFirstWithHostNet", host=True), CONFIG).search == plain.search


def test_dns_config_is_merged() -> None:
    own = DNSConfig(["1.1.1.1", "2.2.2.2", "3.3.3.3"], ["a.test", "svc.cluster.local"], [DNSConfigOption("ndots", "2")])
    merged = resolv_conf_of(make_pod("ClusterFirst", config=own), CONFIG, "10.96.0.10")
    assert merged.nameservers == ("10.96.0.10", "1.1.1.1", "2.2.2.2")
    assert merged.search[-2:] == ("cluster.local", "a.test")
    assert merged.ndots == 2
    alone = resolv_conf_of(make_pod("None", config=own), CONFIG, "10.96.0.10")
    assert (alone.nameservers[0], alone.search, alone.unknown) == ("1.1.1.1", ("a.test", "svc.cluster.local"), "")
    many = DNSConfig(None, [f"d{n}.test" for n in range(40)], None)
    assert len(resolv_conf_of(make_pod("ClusterFirst", config=many), CONFIG).search) == 32
    wide = DNSConfig(None, [f"{'w' * 190}{n}.test" for n in range(20)], None)
    assert len(" ".join(resolv_conf_of(make_pod("ClusterFirst", config=wide), CONFIG).search)) <= 2048


@pytest.mark.parametrize(
    ("libc", "tried"),
    [
        ("glibc", ["web.a.test.", "web.", "web.b.test.", "web.a.test."]),
        ("musl", ["web.a.test.", "web.b.test.", "web.a.test.", "web."]),
        ("go", ["web.a.test.", "web.b.test.", "web.a.test.", "web."]),
    ],
)
def test_the_root_in_a_search_list_and_a_domain_that_stands_twice(libc: Libc, tried: list[str]) -> None:
    """Seen on the wire of each resolver; of musl without the root."""
    assert search_names("web", ResolvConf(search=("a.test", ".", "b.test.", "a.test"), ndots=2), libc) == tried


def test_names_that_no_resolver_can_send_are_not_tried() -> None:
    resolv = ResolvConf(search=("a.test", f"{'b' * 64}.test", "c.test"), ndots=2)
    assert search_names("web", resolv) == ["web.a.test.", "web.c.test.", "web."]
    assert search_names("x" * 64, resolv) == [f"{'x' * 64}."]
    assert search_names("a..b", resolv) == ["a..b."]


def test_an_option_without_value_takes_the_clusters_ndots_away() -> None:
    """The kubelet writes ``options ndots``, which no resolver reads (seen in a pod)."""
    own = DNSConfig(None, None, [DNSConfigOption("timeout", "1"), DNSConfigOption("ndots", None)])
    assert resolv_conf_of(make_pod("ClusterFirst", config=own), CONFIG).ndots == 1
    twice = DNSConfig(None, None, [DNSConfigOption("ndots", "1"), DNSConfigOption("ndots", "7")])
    assert resolv_conf_of(make_pod("ClusterFirst", config=twice), CONFIG).ndots == 7
    empty = DNSConfig(None, None, [DNSConfigOption("ndots", "")])
    assert resolv_conf_of(make_pod("ClusterFirst", config=empty), CONFIG).ndots == 0
    other = DNSConfig(None, None, [DNSConfigOption("timeout", "1")])
    assert resolv_conf_of(make_pod("ClusterFirst", config=other), CONFIG).ndots == 5


def test_reading_resolv_conf() -> None:
    text = (
        "# made by the kubelet\nsearch old.test\nnameserver 10.96.0.10\nnameserver fd00::a\n; other\n"
        "search shop.svc.cluster.local svc.cluster.local\noptions timeout:1 ndots:5 ndots\n"
    )
    found = parse_resolv_conf(text)
    assert found.nameservers == ("10.96.0.10", "fd00::a")
    assert found.search == ("shop.svc.cluster.local", "svc.cluster.local")
    assert found.ndots == 5
    assert parse_resolv_conf("domain a.test\noptions ndots:99").ndots == 15
    assert parse_resolv_conf("options ndots:3x").ndots == 3
    assert parse_resolv_conf("") == ResolvConf(source="/etc/resolv.conf")


ONE_FAMILY = snapshot_of(
    headless("v4"), endpoint_slice("v4", endpoint("10.0.0.1")),
    headless("v6"), endpoint_slice("v6", endpoint("fd00::1")),
    obj("Namespace", "v6", None),
)  # fmt: skip


@pytest.mark.parametrize("libc", ["glibc", "go", "musl"])
@pytest.mark.parametrize(("name", "kind", "other"), [("v4", "AAAA", "10.0.0.1"), ("v6", "A", "fd00::1")])
def test_the_search_for_addresses_ends_where_either_family_answers(
    libc: Libc, name: str, kind: str, other: str
) -> None:
    """Seen: getent ahosts of glibc 2.36 asks A and AAAA of v6.NS.svc.ZONE for an IPv6-only Service, and no more."""
    answer = resolve_by_search(ONE_FAMILY, name, kind, SHOP, CONFIG, libc=libc)
    assert [step.name for step in answer.steps] == [f"{name}.shop.svc.cluster.local."]
    assert (answer.rcode, answer.answer, answer.unknown, answer.steps_missing) == ("NOERROR", (), "", False)
    assert [record.data for record in answer.other_family] == [other]
    assert answer.steps[0].rule == "family-missing"
    assert "which ends the search" in answer.steps[0].why


def test_other_types_are_searched_by_themselves_and_by_musl_not_at_all() -> None:
    """res_search of musl is another name of res_query: programs that ask SRV there get no search list."""
    srv = resolve_by_search(ONE_FAMILY, "v6", "TYPE33", SHOP, CONFIG)
    assert len(srv.steps) == 4
    musl = resolve_by_search(ONE_FAMILY, "v6", "SRV", SHOP, CONFIG, libc="musl")
    assert [step.name for step in musl.steps] == ["v6."]
    assert "search domains of the node" not in musl.unknown


def both(a: tuple[str, list[str]], aaaa: tuple[str, list[str]]) -> Callable[[Question], Answer]:
    """A server outside that answers every name in one way."""

    def answer(question: Question) -> Answer:
        rcode, found = a if question.type == "A" else aaaa
        kinds = ("CNAME" if item.endswith(".") else question.type for item in found)
        records = tuple(Record(question.name, 60, kind, item) for kind, item in zip(kinds, found, strict=True))
        return Answer(question, rcode, answer=records)

    return answer


@pytest.mark.parametrize(
    ("libc", "a", "aaaa", "tried", "found"),
    [
        ("glibc", ("NOERROR", ["192.0.2.1"]), ("NXDOMAIN", []), 1, ["192.0.2.1"]),
        ("go", ("NOERROR", ["192.0.2.1"]), ("NXDOMAIN", []), 1, ["192.0.2.1"]),
        ("musl", ("NOERROR", ["192.0.2.1"]), ("NXDOMAIN", []), 2, []),
        ("musl", ("SERVFAIL", []), ("NXDOMAIN", []), 1, []),
        ("musl", ("NXDOMAIN", []), ("SERVFAIL", []), 2, []),
        ("glibc", ("SERVFAIL", []), ("SERVFAIL", []), 2, []),
        ("glibc", ("NOERROR", ["gone.test."]), ("NOERROR", []), 1, ["gone.test."]),
        ("go", ("NOERROR", ["gone.test."]), ("NOERROR", []), 2, []),
    ],
)
def test_replies_that_disagree(
    libc: Libc, a: tuple[str, list[str]], aaaa: tuple[str, list[str]], tried: int, found: list[str]
) -> None:
    resolv = ResolvConf(search=("corp.test",), ndots=5)
    answer = resolve_by_search(WORLD, "web", "A", resolv, CONFIG, libc=libc, upstream=both(a, aaaa))
    assert len(answer.steps) == tried
    assert [record.data for record in answer.answer] == found


def test_the_domains_of_the_node_stand_in_front_of_those_of_dns_config() -> None:
    """Seen in a pod: search NS.svc.ZONE svc.ZONE ZONE, the node's corp.example.com, then dnsConfig's domains."""
    own = DNSConfig(None, ["db.shop.svc.cluster.local"], None)
    resolv = resolv_conf_of(make_pod("ClusterFirst", config=own), CONFIG, "10.96.0.10")
    world = msgspec.structs.replace(resolv, nameservers=())
    last = resolve_by_search(WORLD, "db-0", "A", world, CONFIG)
    assert [record.data for record in last.answer] == ["10.0.0.1"]
    assert last.unknown == "the search domains of the node, which come behind the cluster's"
    assert last.steps_missing
    first = resolve_by_search(WORLD, "db", "A", world, CONFIG)
    assert (len(first.steps), first.unknown, first.steps_missing) == (1, "", False)
    node = resolv_conf_of(make_pod("Default", config=own), CONFIG)
    assert (node.domains_before_unknown(), node.servers_before) == (0, "node")
    assert resolve_by_search(WORLD, "db-0", "A", node, CONFIG).steps_missing
    pinned = resolve_by_search(WORLD, "db-0.", "A", resolv, CONFIG)
    assert not pinned.steps_missing


def test_enough_dots_and_no_answer_leave_the_domains_of_the_node_open() -> None:
    resolv = msgspec.structs.replace(SHOP, ndots=1)
    assert resolve_by_search(WORLD, "no.such", "A", resolv, CONFIG).steps_missing
    assert not resolve_by_search(WORLD, "no.such", "A", resolv, CONFIG, libc="musl").steps_missing
