"""Servers by records: how lines that differ alike are grouped and named, and what the layers say together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import msgspec

from kheadless_tui.probe.comparison.compare import Comparison, compare
from kheadless_tui.probe.comparison.diagnosis import diagnose
from kheadless_tui.probe.comparison.past import Moment, Past
from kheadless_tui.probe.matrix.layer_findings import Freshness, read
from kheadless_tui.probe.matrix.layer_servers import Servers
from kheadless_tui.probe.matrix.layers import (
    KUBE_DNS,
    NODE_LOCAL,
    REPLICA,
    RESOLV_CONF,
    Layer,
    LayerFinding,
    Matrix,
    build,
)
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Record
from tests.probe.dns_texts import START, observed, predicted, record, soa

VIP = Layer("10.96.0.10", KUBE_DNS, "kube-dns")
ONE = Layer("10.244.1.3", REPLICA, "coredns-h4n5w", "node-a")
TWO = Layer("10.244.2.5", REPLICA, "coredns-q8zrt", "node-b")
CACHE = Layer("169.254.20.10", NODE_LOCAL, "node-local cache")
LAYERS = (VIP, ONE, TWO, CACHE)
PODS = {"10.0.0.1": "web-0", "10.0.0.2": "web-1", "10.0.0.3": "web-2"}
FRESH = Freshness(30, 30)
SOONER, LATER = 1_799_999_800, 1_799_999_900
"""Serials: Unix times of two changes before the probe."""

ANSWERS = {
    answer.question: answer
    for answer in (
        predicted("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2"),
        predicted("web-0.web A", "web-0.web 30 IN A 10.0.0.1"),
        predicted("web-1.web A", "web-1.web 30 IN A 10.0.0.2"),
        predicted("web SRV", f"web 30 IN SRV 0 50 80 web-0.web.{'shop.svc.cluster.local.'}"),
        predicted("none.web A", rcode="NXDOMAIN"),
    )
}
WITHOUT_WEB_1 = {
    "web A": ("web 30 IN A 10.0.0.1",),
    "web-0.web A": ("web-0.web 30 IN A 10.0.0.1",),
    "web-1.web A": (),
    "web SRV": ("web 30 IN SRV 0 100 80 web-0.web.shop.svc.cluster.local.",),
    "none.web A": (),
}
"""What a server says that has not heard of web-1 yet."""

Edit = Callable[[Observation], Observation]


def right(server: Layer, transport: str, *, ttl: int | None = None) -> list[Observation]:
    """Every question answered as predicted; with ``ttl`` from a cache."""
    found = []
    for asked, answer in ANSWERS.items():
        records = [str(each if ttl is None else Record(each.name, ttl, each.type, each.data)) for each in answer.answer]
        text = f"{asked.name} {asked.type}"
        rcode = answer.rcode
        found.append(
            observed(
                text, *records, server=server.address, transport=transport, rcode=rcode, denial=soa(ttl or 30, LATER)
            )
        )
    return found


def lagging(server: Layer, transport: str, *, left: int = 30, serial: int = SOONER) -> list[Observation]:
    """As before web-1 was there."""
    return [
        observed(
            text,
            *records,
            server=server.address,
            transport=transport,
            rcode="NOERROR" if records else "NXDOMAIN",
            denial=soa(left, serial),
        )
        for text, records in WITHOUT_WEB_1.items()
    ]


def silent(server: Layer, transport: str, error: str = "no reply within 3 s (asked twice)") -> list[Observation]:
    return [
        observed(f"{asked.name} {asked.type}", server=server.address, transport=transport, error=error)
        for asked in ANSWERS
    ]


def failing(server: Layer, transport: str, rcode: str) -> list[Observation]:
    return [
        observed(f"{asked.name} {asked.type}", server=server.address, transport=transport, rcode=rcode)
        for asked in ANSWERS
    ]


def both(make: Callable[..., list[Observation]], server: Layer, **options: object) -> list[Observation]:
    return [*make(server, "udp", **options), *make(server, "tcp", **options)]


def judged(observations: Iterable[Observation]) -> Comparison:
    return compare((), ANSWERS, list(observations), ttl=30, ttl_known=True, pod_of=PODS.get)


def seen(*parts: Sequence[Observation], layers: Sequence[Layer] = LAYERS) -> tuple[Matrix, list[Observation]]:
    observations = [item for part in parts for item in part]
    return build(layers, judged(observations), observations), observations


def findings(*parts: Sequence[Observation], nameservers: Sequence[str] = ()) -> list[LayerFinding]:
    matrix, observations = seen(*parts)
    return list(read(matrix, observations, FRESH, nameservers=nameservers))


def kinds(*parts: Sequence[Observation], nameservers: Sequence[str] = ()) -> list[tuple[str, list[str]]]:
    return [(f.kind, [layer.title for layer in f.layers]) for f in findings(*parts, nameservers=nameservers)]


# -- the matrix ------------------------------------------------------------------------------------------------


def test_columns_are_servers_in_their_order_with_udp_before_tcp_and_count_what_is_as_predicted() -> None:
    matrix, _ = seen(both(right, VIP), right(ONE, "tcp"), silent(TWO, "udp"))
    assert [(c.layer.title, c.transport, c.matched, c.total, c.verdict, c.answered) for c in matrix.columns] == [
        ("kube-dns", "udp", 6, 6, "match", 5),
        ("kube-dns", "tcp", 6, 6, "match", 5),
        ("coredns-h4n5w", "tcp", 6, 6, "match", 5),
        ("coredns-q8zrt", "udp", 0, 6, "unanswered", 0),
    ]
    assert matrix.columns[0].ms == 1.5
    assert matrix.columns[3].ms is None
    assert [line.record.data for line in matrix.lines] == [
        "10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "0 50 80 web-0.web.shop.svc.cluster.local.", "NXDOMAIN",
    ]  # fmt: skip


def test_a_server_that_nobody_named_is_a_column_of_its_own() -> None:
    matrix, _ = seen(right(Layer("10.9.9.9"), "tcp"), layers=())
    assert matrix.columns[0].layer.title == "10.9.9.9"


def test_all_right_is_one_group() -> None:
    matrix, _ = seen(both(right, VIP), both(right, ONE))
    assert [group.title for group in matrix.groups] == ["6 as predicted everywhere"]


def test_lines_are_grouped_by_where_they_differ_worst_first_and_each_group_is_named() -> None:
    matrix, _ = seen(silent(VIP, "udp"), right(VIP, "tcp"), both(right, ONE), both(lagging, TWO), both(right, CACHE))
    assert [(group.title, group.verdict) for group in matrix.groups] == [
        ("2 missing at coredns-q8zrt: all of web-1", "missing"),
        ("1 wrong at coredns-q8zrt: weight 100, not 50", "wrong"),
        ("3 unanswered at kube-dns over UDP, else as predicted", "unanswered"),
    ]
    assert matrix.groups[0].columns == (0, 4, 5)


def test_a_group_may_differ_in_two_ways() -> None:
    matrix, _ = seen(both(right, VIP), both(lagging, ONE), failing(TWO, "tcp", "SERVFAIL"))
    assert matrix.groups[0].title == "2 missing at coredns-h4n5w, wrong at coredns-q8zrt: all of web-1"


def test_what_only_one_server_answers_is_extra_there_and_nothing_elsewhere() -> None:
    extra = observed("web-0.web A", "web-0.web 30 IN A 10.0.0.1", "web-0.web 30 IN A 10.0.0.9", server=TWO.address)
    matrix, _ = seen(right(ONE, "tcp"), [*right(TWO, "tcp")[:1], extra, *right(TWO, "tcp")[2:]])
    line = next(line for line in matrix.lines if line.record.data == "10.0.0.9")
    assert [cell and cell.verdict for cell in line.cells] == [None, "extra"]
    assert matrix.columns[1].total == 6
    assert matrix.groups[0].title == "1 extra at coredns-q8zrt: not predicted"


# -- what the layers say together ------------------------------------------------------------------------------


def test_nothing_is_said_where_all_is_right() -> None:
    assert kinds(*(both(right, layer) for layer in LAYERS), nameservers=["10.96.0.10"]) == []


def test_udp_to_the_service_address_alone_is_lost() -> None:
    found = findings(silent(VIP, "udp"), right(VIP, "tcp"), both(right, ONE), both(right, TWO))
    assert [(f.kind, f.title) for f in found] == [("udp-lost", "UDP to kube-dns (10.96.0.10) is lost")]
    assert "0 of 5 answered over UDP, 5 of 5 answered over TCP" in found[0].evidence
    assert "2 replicas do over UDP by address" in found[0].evidence


def test_udp_is_lost_whatever_the_server() -> None:
    parts = [part for layer in LAYERS for part in (silent(layer, "udp"), right(layer, "tcp"))]
    found = findings(*parts)
    assert [(f.kind, f.title) for f in found] == [("udp-lost", "UDP port 53 is lost, whatever the server")]


def test_tcp_to_one_server_is_lost() -> None:
    assert kinds(both(right, VIP), right(ONE, "udp"), silent(ONE, "tcp")) == [("tcp-lost", ["coredns-h4n5w"])]


def test_the_service_address_does_not_answer_although_a_replica_does() -> None:
    found = findings(both(silent, VIP), both(right, ONE), both(silent, TWO))
    assert [(f.kind, f.title) for f in found] == [
        ("vip-silent", "kube-dns (10.96.0.10) does not answer although replica coredns-h4n5w does"),
        ("server-silent", "replica coredns-q8zrt (10.244.2.5) does not answer"),
    ]


def test_nothing_answers_is_said_once() -> None:
    found = findings(*(both(silent, layer) for layer in LAYERS))
    assert [(f.kind, f.title) for f in found] == [("nothing-answers", "no DNS server answers")]
    assert "no reply within 3 s" in found[0].evidence


def test_each_transport_is_quoted_with_its_own_cause() -> None:
    timed, refused = "connection timed out; no servers could be reached", "nc: (10.244.2.5): Connection refused"
    parts = [*silent(TWO, "udp", timed), *silent(TWO, "tcp", refused), *silent(VIP, "udp", timed)]
    found = {f.layers[0]: f for f in findings(both(right, ONE), parts, silent(VIP, "tcp", timed))}
    assert f"(over UDP: {timed}; over TCP: {refused}); it is refused and not lost" in found[TWO].evidence
    alike = findings(*(silent(TWO, way, timed) for way in ("udp", "tcp")))
    assert f"({timed});" in alike[0].evidence
    assert "refused" not in alike[0].evidence


def test_a_cache_that_gets_no_reply_itself_is_not_cut_off_from_the_api() -> None:
    found = findings(both(silent, VIP), both(silent, ONE), *(failing(CACHE, way, "SERVFAIL") for way in ("udp", "tcp")))
    assert "kube-dns, which it asks, gives it no reply" in next(f.evidence for f in found if f.kind == "not-serving")


def test_a_silent_replica_is_worse_when_it_is_ready() -> None:
    gone = Layer("10.244.2.5", REPLICA, "coredns-q8zrt", ready=False)
    observations = [*both(right, VIP), *both(right, ONE), *both(silent, TWO)]
    severities = []
    for layer in (TWO, gone):
        matrix = build((VIP, ONE, layer), judged(observations), observations)
        severities.append([(f.kind, f.severity) for f in read(matrix, observations, FRESH)])
    assert severities == [[("server-silent", "error")], [("server-silent", "warning")]]


def test_kube_dns_loses_the_share_of_a_silent_replica() -> None:
    half = [*silent(VIP, "udp")[:2], *right(VIP, "udp")[2:]]
    found = findings(half, right(VIP, "tcp"), both(right, ONE), both(silent, TWO))
    assert [(f.kind, f.layers[0].title) for f in found] == [
        ("server-silent", "coredns-q8zrt"),
        ("replies-lost", "kube-dns"),
    ]
    assert "2 of 5 questions over UDP" in found[1].evidence
    assert "coredns-q8zrt behind it is silent" in found[1].evidence


def test_what_is_lost_at_a_silent_replica_is_no_fault_of_what_stands_before_it() -> None:
    behind = [both(right, ONE), both(silent, TWO)]
    for lost in ("udp", "tcp"):  # by chance all of one transport went to the silent one
        kept = "tcp" if lost == "udp" else "udp"
        found = findings(silent(VIP, lost), right(VIP, kept), *behind, both(silent, CACHE))
        assert [(f.kind, f.layers[0].title, f.severity) for f in found] == [
            ("server-silent", "coredns-q8zrt", "error"),
            ("replies-lost", "kube-dns", "info"),
            ("replies-lost", "node-local cache", "info"),
        ]
        assert found[1].title == "kube-dns (10.96.0.10) loses what it hands to coredns-q8zrt"
        assert found[1].evidence.startswith(f"5 of 5 questions over {lost.upper()} got no reply")
    nothing = findings(both(silent, VIP), *behind)
    assert "handed to coredns-q8zrt, which is silent, by chance: ask again" in nothing[0].evidence


def test_one_transport_of_one_replica_is_lost_and_its_share_at_kube_dns() -> None:
    half = [*silent(VIP, "udp")[:3], *right(VIP, "udp")[3:]]
    found = findings(half, right(VIP, "tcp"), both(right, ONE), silent(TWO, "udp"), right(TWO, "tcp"))
    assert [(f.kind, f.layers[0].title, f.severity) for f in found] == [
        ("udp-lost", "coredns-q8zrt", "error"),
        ("replies-lost", "kube-dns", "info"),
    ]


def test_a_replica_that_is_not_ready_gets_no_share() -> None:
    gone = Layer.of(Server("10.244.2.5", role="replica", pod="coredns-q8zrt", ready=False))
    layers = (VIP, ONE, gone)
    matrix, observations = seen(
        silent(VIP, "udp"), right(VIP, "tcp"), both(right, ONE), both(silent, TWO), layers=layers
    )
    found = read(matrix, observations, FRESH)
    assert [(f.kind, f.layers[0].title) for f in found] == [
        ("udp-lost", "kube-dns"),
        ("server-silent", "coredns-q8zrt"),
    ]


def test_a_cache_tells_of_a_silent_replica_by_servfail() -> None:
    failed = [*failing(CACHE, "udp", "SERVFAIL")[:2], *right(CACHE, "udp")[2:]]
    found = findings(both(right, VIP), both(right, ONE), both(silent, TWO), failed)
    assert [(f.kind, f.layers[0].title) for f in found] == [
        ("server-silent", "coredns-q8zrt"),
        ("replies-lost", "node-local cache"),
    ]
    assert "2 of 5 questions were answered SERVFAIL" in found[1].evidence


def test_a_question_that_no_server_answers_is_no_loss_of_any() -> None:
    def but_one(layer: Layer) -> list[Observation]:
        return [*silent(layer, "tcp", "the name is too long")[:1], *right(layer, "tcp")[1:]]

    assert kinds(but_one(VIP), but_one(ONE)) == []


def test_a_replica_lags_and_kube_dns_is_not_blamed_for_it() -> None:
    mixed = [*lagging(VIP, "udp")[:1], *right(VIP, "udp")[1:]]
    found = findings(mixed, right(VIP, "tcp"), both(right, ONE), both(lagging, TWO), both(right, CACHE))
    assert [(f.kind, f.title) for f in found] == [
        ("replica-lags", "replica coredns-q8zrt (10.244.2.5) lags behind the API")
    ]
    assert found[0].evidence.startswith("2 missing, 1 wrong; coredns-h4n5w as predicted; the last change")
    assert "07:56:40 UTC, coredns-h4n5w knows one of 07:58:20 UTC" in found[0].evidence


def test_the_node_cache_still_holds_an_old_denial() -> None:
    denial = observed("web-1.web A", server=CACHE.address, rcode="NXDOMAIN", denial=soa(3))
    cached = [denial if item.question == denial.question else item for item in right(CACHE, "tcp", ttl=21)]
    found = findings(both(right, VIP), both(right, ONE), cached)
    assert [(f.kind, f.title, f.severity) for f in found] == [
        ("old-denial", "the node-local cache (169.254.20.10) still holds an old denial, for 3 s more", "warning")
    ]
    assert "3 s are left" in found[0].evidence


def test_a_cache_is_not_blamed_for_what_a_replica_behind_it_says() -> None:
    later = [*lagging(CACHE, "tcp", left=5)]
    assert kinds(right(ONE, "tcp"), lagging(TWO, "tcp"), right(VIP, "tcp"), later) == [
        ("replica-lags", ["coredns-q8zrt"])
    ]


def test_the_node_cache_is_named_beside_the_replica_that_holds_the_same_old_denial() -> None:
    found = findings(right(VIP, "tcp"), right(ONE, "tcp"), denying(TWO, 22), denying(CACHE, 4))
    assert sorted((f.kind, f.title) for f in found) == [
        ("old-denial", "the cache of replica coredns-q8zrt (10.244.2.5) still holds an old denial, for 22 s more"),
        ("old-denial", "the node-local cache (169.254.20.10) still holds an old denial, for 4 s more"),
    ]
    of_cache = next(f for f in found if f.layers == (CACHE,))
    assert "may fetch it once more" in of_cache.evidence


def test_an_old_denial_beside_an_old_answer_is_told_by_itself() -> None:
    denial = observed("web-1.web A", server=TWO.address, rcode="NXDOMAIN", denial=soa(9))
    answer = observed("web A", "web 12 IN A 10.0.0.1", server=TWO.address)
    old = {item.question: item for item in (denial, answer)}
    cached = [old.get(item.question, item) for item in right(TWO, "tcp")]
    assert kinds(right(VIP, "tcp"), right(ONE, "tcp"), cached) == [
        ("old-denial", ["coredns-q8zrt"]),
        ("old-answer", ["coredns-q8zrt"]),
    ]


def test_a_denial_that_every_cache_keeps_is_stale_at_each_of_them() -> None:
    parts = [
        observed("web-1.web A", server=layer.address, rcode="NXDOMAIN", denial=soa(left))
        for layer, left in ((ONE, 20), (TWO, 22), (CACHE, 4))
    ]
    servers = [Server(ONE.address, role="replica"), Server(TWO.address, role="replica")]
    servers.append(Server(CACHE.address, role="node-local"))
    found = diagnose(judged(parts), parts, servers, FRESH)
    assert [row.detail for row in found.comparison.rows] == [
        f"an old denial from a cache, {left} s of its TTL left" for left in (20, 22, 4)
    ]
    assert {finding.kind for finding in found.findings} == {"old-denial"}
    assert CACHE.address in {layer.address for finding in found.findings for layer in finding.layers}
    fresh = [observed("web-1.web A", server=ONE.address, rcode="NXDOMAIN", denial=soa(30)), *parts[1:]]
    behind = diagnose(judged(fresh), fresh, servers, FRESH)
    assert [row.verdict for row in behind.comparison.rows] == ["missing", "stale", "missing"], "that replica lags"


def untold(replies: Iterable[Observation]) -> list[Observation]:
    """The same by a program that shows neither TTLs nor the SOA of a denial, over UDP."""
    return [
        msgspec.structs.replace(
            reply,
            transport="udp",
            answer=tuple(msgspec.structs.replace(each, ttl=0) for each in reply.answer),
            authority=(),
            ttl_known=False,
            unknown=("ttl", "authority"),
        )
        for reply in replies
    ]


OF_LAYERS = tuple(Server(layer.address, role=layer.kind, pod=layer.name) for layer in LAYERS)  # type: ignore[arg-type]


def denying(server: Layer, left: int) -> list[Observation]:
    """Right over TCP, but for an old denial of web-1."""
    denial = observed("web-1.web A", server=server.address, rcode="NXDOMAIN", denial=soa(left))
    return [denial if item.question == denial.question else item for item in right(server, "tcp")]


def test_a_denial_whose_ttl_is_told_over_one_transport_alone_is_one_thing_over_both() -> None:
    old = denying(TWO, 22)
    parts = [*right(ONE, "tcp"), *untold(right(ONE, "tcp")), *old, *untold(old), *right(VIP, "tcp")]
    parts += [msgspec.structs.replace(seen, server=VIP.address) for seen in untold(old)]
    found = diagnose(judged(parts), parts, OF_LAYERS, FRESH)
    odd = [(row.server, row.transport, row.verdict) for row in found.comparison.rows if row.verdict != "match"]
    assert odd == [(TWO.address, "tcp", "stale"), (TWO.address, "udp", "stale"), (VIP.address, "udp", "stale")]
    assert [f.title for f in found.findings] == [
        "the cache of replica coredns-q8zrt (10.244.2.5) still holds an old denial, for 22 s more"
    ]
    assert found.findings[0].evidence.endswith("; passed on by kube-dns (1 stale)")
    shown = [seen for seen in found.observations if seen.server == TWO.address and seen.transport == "udp"]
    assert not any(seen.authority for seen in shown), "what the carrier told is shown as it was"


def test_of_a_denial_without_any_ttl_it_is_said_that_it_may_be_of_a_cache() -> None:
    parts = [*right(ONE, "tcp"), *untold(denying(TWO, 22))]
    found = diagnose(judged(parts), parts, OF_LAYERS, FRESH)
    assert [f.kind for f in found.findings] == ["replica-lags"]
    assert "or its cache holds what was true before" in found.findings[0].evidence


def test_a_serial_counts_only_where_it_is_the_time_of_a_change_in_the_zone() -> None:
    def told(freshness: Freshness, serial: int) -> str:
        matrix, observations = seen(both(right, ONE), both(lagging, TWO, serial=serial))
        return next(f.evidence for f in read(matrix, observations, freshness) if f.kind == "replica-lags")

    zone = Freshness(30, 30, zones=("cluster.local.",))
    assert "last change that it knows is of 07:56:40 UTC" in told(zone, SOONER)
    for serial in (1, 2_026_010_101):
        assert "serial" not in told(zone, serial)
    servers = Servers(*seen(both(lagging, TWO)))
    assert servers.all[0].serial(("corp.local.",), START) == 0, "the serial of another zone"


def test_a_denial_by_the_word_of_another_zone_is_no_old_one() -> None:
    other = record(". 4 IN SOA ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30")
    denial = observed("web-1.web A", server=CACHE.address, rcode="NXDOMAIN", denial=other)
    cached = [denial if item.question == denial.question else item for item in right(CACHE, "tcp", ttl=21)]
    matrix, observations = seen(both(right, VIP), cached)
    (finding,) = read(matrix, observations, Freshness(30, 30, zones=("cluster.local.",)))
    assert finding.kind == "asks-elsewhere"
    assert "does not ask the cluster's DNS for web-1.web.shop.svc.cluster.local." in finding.title
    assert "comes from zone ., and not from cluster.local." in finding.evidence


REVERSE = predicted("1.0.0.10.in-addr.arpa. PTR", "1.0.0.10.in-addr.arpa. 30 IN PTR web-0.web.shop.svc.cluster.local.")
"""The name of the address of web-0."""


def test_reverse_names_that_a_cache_is_set_up_to_ask_elsewhere_are_no_difference() -> None:
    upstream = record(". 30 IN SOA ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30")
    over_tcp = observed("1.0.0.10.in-addr.arpa. PTR", server=CACHE.address, rcode="NXDOMAIN", denial=upstream)
    over_udp = msgspec.structs.replace(over_tcp, transport="udp", authority=(), unknown=("ttl", "authority"))
    answered = [
        observed("1.0.0.10.in-addr.arpa. PTR", *map(str, REVERSE.answer), server=VIP.address, transport=way)
        for way in ("udp", "tcp")
    ]
    observations = [*both(right, VIP), *answered, *both(right, CACHE, ttl=21), over_udp, over_tcp]
    answers = {**ANSWERS, REVERSE.question: REVERSE}
    comparison = compare((), answers, observations, ttl=30, ttl_known=True)
    assert comparison.verdict == "differs"
    servers = [Server(VIP.address, role="kube-dns"), Server(CACHE.address, role="node-local")]
    freshness = Freshness(30, 30, zones=("cluster.local.", "in-addr.arpa."))
    found = diagnose(comparison, observations, servers, freshness)
    assert found.comparison.verdict == "match"
    assert [(f.kind, f.severity) for f in found.findings] == [("asks-elsewhere", "info")]
    assert "denied by zone .:" in found.findings[0].evidence
    assert [(c.layer.kind, c.transport, c.matched, c.total, c.unjudged) for c in found.matrix.columns] == [
        ("kube-dns", "udp", 7, 7, 0),
        ("kube-dns", "tcp", 7, 7, 0),
        ("node-local", "udp", 6, 6, 1),
        ("node-local", "tcp", 6, 6, 1),
    ]
    own = observed("1.0.0.10.in-addr.arpa. PTR", server=CACHE.address, rcode="NXDOMAIN", denial=soa(30))
    behind = [*observations[:-2], own]
    judged_again = compare((), answers, behind, ttl=30, ttl_known=True)
    assert diagnose(judged_again, behind, servers, freshness).comparison.verdict == "differs", "by the cluster's word"


def test_who_is_right_over_tcp_does_not_lag_over_udp() -> None:
    def empty(layer: Layer) -> list[Observation]:
        """As a program sees truncated replies that does not look for the mark."""
        return [msgspec.structs.replace(seen, answer=(), authority=()) for seen in right(layer, "udp")]

    found = findings(*(part for layer in LAYERS for part in (empty(layer), right(layer, "tcp"))))
    assert [(f.kind, len(f.layers), f.title) for f in found] == [
        ("one-way-differs", 4, "replies over UDP come without records that are right over TCP")
    ]
    assert "16 replies, of kube-dns, coredns-h4n5w, coredns-q8zrt and more: truncated" in found[0].evidence
    other = observed("web-0.web A", "web-0.web 30 IN A 10.9.9.9", server=ONE.address, transport="tcp")
    forged = [other if seen.question == other.question else seen for seen in right(ONE, "tcp")]
    (finding,) = findings(right(ONE, "udp"), forged)
    assert "something on the way of TCP answers or changes replies" in finding.evidence


def test_all_replicas_lag_each_in_its_own_way() -> None:
    one = [*lagging(ONE, "tcp", serial=300)[:2], *right(ONE, "tcp")[2:]]
    found = findings(lagging(VIP, "tcp"), one, lagging(TWO, "tcp"))
    assert [(f.kind, f.title) for f in found] == [("all-behind", "all 2 replicas lag behind the API")]
    assert "coredns-h4n5w: 1 missing; coredns-q8zrt: 2 missing, 1 wrong" in found[0].evidence


def test_the_node_cache_still_gives_an_old_answer() -> None:
    old = observed("web A", "web 12 IN A 10.0.0.1", server=CACHE.address)
    cached = [old if item.question == old.question else item for item in right(CACHE, "tcp", ttl=21)]
    assert kinds(both(right, VIP), cached) == [("old-answer", ["node-local cache"])]


def test_a_reply_that_our_own_question_put_into_a_cache_is_not_old() -> None:
    later = [
        observed(
            text, *[each.replace(" 30 IN", " 24 IN") for each in records], server=TWO.address, after=6.0,
            rcode="NOERROR" if records else "NXDOMAIN", denial=soa(24, SOONER),
        )
        for text, records in WITHOUT_WEB_1.items()
    ]  # fmt: skip
    assert kinds(right(ONE, "tcp"), lagging(TWO, "udp"), later) == [("replica-lags", ["coredns-q8zrt"])]


def test_a_denial_in_the_cache_of_a_replica_is_told_from_a_lag() -> None:
    denial = observed("web-1.web A", server=TWO.address, rcode="NXDOMAIN", denial=soa(9))
    cached = [denial if item.question == denial.question else item for item in right(TWO, "tcp")]
    found = findings(right(VIP, "tcp"), right(ONE, "tcp"), cached)
    assert [f.title for f in found] == [
        "the cache of replica coredns-q8zrt (10.244.2.5) still holds an old denial, for 9 s more"
    ]


def test_with_guessed_ttls_nothing_is_said_of_caches() -> None:
    denial = observed("web-1.web A", server=TWO.address, rcode="NXDOMAIN", denial=soa(9))
    matrix, observations = seen(right(VIP, "tcp"), [denial])
    found = read(matrix, observations, Freshness(30, 30, known=False))
    assert [f.kind for f in found] == ["replica-lags"]


def test_what_changed_while_it_was_asked_for_is_no_fault_of_all_servers() -> None:
    before = predicted("web-1.web A", rcode="NXDOMAIN")
    parts = [
        observed("web-1.web A", server=each.address, rcode="NXDOMAIN", denial=soa(29), after=0.5) for each in (ONE, TWO)
    ]
    past = Past([Moment(START - 1, {before.question: before}), Moment(START + 0.2, ANSWERS)])
    servers = [Server(each.address, role="replica", pod=each.name) for each in (ONE, TWO)]
    found = diagnose(judged(parts), parts, servers, FRESH, past=past).findings
    assert [(f.kind, f.severity, f.layers) for f in found] == [
        ("old-denial", "warning", (Layer.of(servers[0]),)),
        ("old-denial", "warning", (Layer.of(servers[1]),)),
    ]


def test_all_servers_agree_with_each_other_and_not_with_the_api() -> None:
    found = findings(*(both(lagging, layer, serial=SOONER) for layer in (VIP, ONE, TWO)))
    assert [f.kind for f in found] == ["all-behind"]
    assert "07:56:40 UTC" in found[0].evidence


def test_a_replica_that_fails_everything_is_not_called_late() -> None:
    found = findings(right(ONE, "tcp"), failing(TWO, "tcp", "SERVFAIL"))
    assert [(f.kind, f.title) for f in found] == [
        ("not-serving", "replica coredns-q8zrt (10.244.2.5) answers SERVFAIL to everything")
    ]


def test_something_else_stands_on_the_address_of_kube_dns() -> None:
    found = findings(both(lagging, VIP), both(right, ONE), both(right, TWO))
    assert [f.kind for f in found] == ["server-differs"]
    assert "something else answers on this address" in found[0].evidence


def test_the_resolv_conf_of_the_pod_points_elsewhere() -> None:
    other = Layer("10.200.0.2", RESOLV_CONF)
    found = findings(both(right, VIP), both(failing, other, rcode="REFUSED"), nameservers=["10.200.0.2"])
    assert ("resolver-elsewhere", "the pod's resolv.conf points elsewhere") in [(f.kind, f.title) for f in found]
    assert kinds(both(right, VIP), nameservers=["10.96.0.10"]) == []
    assert kinds(both(right, VIP), both(right, CACHE), nameservers=["169.254.20.10"]) == []


def test_a_truncated_reply_is_worth_knowing_and_no_fault() -> None:
    cut = observed("web A", "web 30 IN A 10.0.0.1", transport="udp", flags=("qr", "aa", "tc"))
    found = findings([cut, *right(VIP, "udp")[1:]], right(VIP, "tcp"))
    assert [(f.kind, f.severity) for f in found] == [("cut-short", "info")]


def test_a_denial_of_another_zone_is_blamed_once_where_a_carrier_tells_no_soa() -> None:
    other = record(". 4 IN SOA ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30")
    over_tcp = observed("web-1.web A", server=CACHE.address, rcode="NXDOMAIN", denial=other)
    over_udp = msgspec.structs.replace(over_tcp, transport="udp", authority=(), unknown=("ttl", "authority"))
    cached = [
        *(over_udp if item.question == over_udp.question else item for item in right(CACHE, "udp", ttl=21)),
        *(over_tcp if item.question == over_tcp.question else item for item in right(CACHE, "tcp", ttl=21)),
    ]
    matrix, observations = seen(both(right, VIP), cached)
    found = read(matrix, observations, Freshness(30, 30, zones=("cluster.local.",)))
    assert [finding.kind for finding in found] == ["asks-elsewhere"]


def test_what_cannot_be_asked_is_no_silence() -> None:
    def unaskable(layer: Layer) -> list[Observation]:
        first, *rest = right(layer, "udp")
        return [msgspec.structs.replace(first, rcode="", answer=(), error="cannot be asked", unasked=True), *rest]

    assert kinds(unaskable(VIP), unaskable(ONE)) == []
    only = unaskable(VIP)[:1]
    comparison = judged(only)
    matrix = build([VIP], comparison, only)
    assert (comparison.verdict, matrix.columns[0].verdict) == ("not asked", "not asked")
    assert (matrix.columns[0].asked, matrix.columns[0].silent) == (0, False)
    assert read(matrix, only, FRESH) == ()


def test_a_reply_that_is_truncated_over_tcp_is_no_matter_of_udp() -> None:
    over_tcp = observed("web A", "web 30 IN A 10.0.0.1", flags=("qr", "aa", "tc"))
    over_udp = msgspec.structs.replace(over_tcp, transport="udp", cut=1)
    found = findings([over_udp, *right(VIP, "udp")[1:]], [over_tcp, *right(VIP, "tcp")[1:]])
    assert [(f.kind, f.title, f.severity) for f in found] == [("cut-short", "1 answer is too big for DNS", "warning")]
    details = {row.detail for row in judged([over_udp, over_tcp]).rows if row.verdict == "unanswered"}
    assert details == {"the reply was cut short (TC) over TCP too: it does not fit into a message of DNS (64 KiB)"}


def test_a_replica_that_does_not_know_an_address_hands_it_on_and_lags() -> None:
    upstream = record(". 30 IN SOA ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30")
    answers = {**ANSWERS, REVERSE.question: REVERSE}
    name = "1.0.0.10.in-addr.arpa. PTR"
    told = observed(name, *map(str, REVERSE.answer), server=ONE.address)
    denied = observed(name, server=TWO.address, rcode="NXDOMAIN", denial=upstream)
    observations = [*right(ONE, "tcp"), told, *right(TWO, "tcp"), denied]
    comparison = compare((), answers, observations, ttl=30, ttl_known=True)
    matrix = build([ONE, TWO], comparison, observations)
    found = read(matrix, observations, Freshness(30, 30, zones=("cluster.local.", "in-addr.arpa.")))
    assert [(f.kind, f.layers) for f in found] == [("replica-lags", (TWO,))]


def test_a_corefile_of_another_zone_is_told_of_the_replicas_and_not_of_what_stands_before_them() -> None:
    other = record(". 4 IN SOA ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30")

    def denying(layer: Layer) -> list[Observation]:
        denial = observed("web-1.web A", server=layer.address, rcode="NXDOMAIN", denial=other)
        return [denial if item.question == denial.question else item for item in right(layer, "tcp")]

    matrix, observations = seen(denying(VIP), denying(ONE), denying(CACHE), right(TWO, "tcp"))
    (finding,) = read(matrix, observations, Freshness(30, 30, zones=("cluster.local.",)))
    assert (finding.kind, [layer.address for layer in finding.layers]) == ("asks-elsewhere", [ONE.address])
    assert "does not serve web-1.web.shop.svc.cluster.local., and asks others" in finding.title
    assert "passed on by" in finding.evidence


# -- the Corefile ----------------------------------------------------------------------------------------------


def told(freshness: Freshness, *parts: Sequence[Observation]) -> list[LayerFinding]:
    matrix, observations = seen(*parts)
    return list(read(matrix, observations, freshness, began=START))


def test_replicas_that_have_not_reloaded_a_changed_corefile_yet_do_not_lag() -> None:
    changed = Freshness(30, 30, changed=START - 12, reload=45)
    replies = [reply for layer in (VIP, ONE, TWO) for reply in both(lagging, layer)]
    (found,) = told(changed, replies)
    assert (found.kind, found.severity) == ("corefile-changed", "warning")
    assert found.title == "the Corefile changed 12 s ago; servers reload within 45 s"
    assert "2 missing, 1 wrong" in found.evidence
    long_ago = dataclasses.replace(changed, changed=START - 600)
    assert [each.kind for each in told(long_ago, replies)] == ["all-behind"]
    (never,) = told(dataclasses.replace(long_ago, reload=None), replies)
    assert never.kind == "all-behind"
    assert "without the plugin reload it is read at the start of a server alone" in never.evidence


def test_a_ttl_above_the_predicted_one_is_no_fault_of_a_transport_and_in_no_cache_by_mistake() -> None:
    untold_ttl = [msgspec.structs.replace(seen, ttl_known=False) for seen in right(ONE, "udp")]
    (found,) = findings(both(right, TWO), untold_ttl, right(ONE, "tcp", ttl=3597), right(VIP, "tcp", ttl=3590))
    assert (found.kind, found.title) == ("ttl-above", "5 records have a TTL that the zone does not give")
    assert [layer.title for layer in found.layers] == ["kube-dns", "coredns-h4n5w"]
    assert "3597 s at the most, and nothing else differs" in found.evidence


def test_a_cache_on_the_node_serves_the_cluster_whether_it_was_asked_or_not() -> None:
    """NodeLocal DNSCache: kubelets name 169.254.20.10 alone, and the plain probe asks kube-dns alone."""
    assert kinds(both(right, VIP), nameservers=["169.254.20.10"]) == []
    assert kinds(both(right, VIP), nameservers=["1.1.1.1"]) == [("resolver-elsewhere", [])]


def overtaken(comparison: Comparison) -> Comparison:
    """The same where all that is missing was right before a change."""
    rows = (replace(row, verdict="stale") if row.verdict == "missing" else row for row in comparison.rows)
    return replace(comparison, rows=tuple(rows))


def test_how_long_a_cache_keeps_what_no_ttl_is_told_of_is_the_most_that_it_can_be() -> None:
    parts = [*right(ONE, "tcp"), *untold(denying(TWO, 22))]
    comparison = judged(parts)
    old = overtaken(comparison)
    (finding,) = read(build(LAYERS, old, parts), parts, FRESH)
    assert finding.title.endswith("coredns-q8zrt (10.244.2.5) still holds an old denial, for at most 30 s more")
    assert "left of its TTL" not in finding.evidence
    assert "no TTL is told" in finding.evidence


def test_an_answer_that_is_whole_but_for_its_additional_section_is_a_note() -> None:
    marked = [msgspec.structs.replace(seen, flags=("qr", "aa", "tc")) for seen in right(VIP, "tcp")[:1]]
    (finding,) = findings([*marked, *right(VIP, "tcp")[1:]])
    assert (finding.kind, finding.severity) == ("cut-short", "info")
    assert finding.title == "1 answer fills a message of DNS"
    assert "whole in its ANSWER section" in finding.evidence


def test_a_cache_that_turns_between_udp_and_tcp_is_no_fault_of_udp() -> None:
    udp = [msgspec.structs.replace(seen, transport="udp") for seen in denying(TWO, 30)]
    parts = [*both(right, VIP), *both(right, ONE), *udp, *right(TWO, "tcp")]
    comparison = judged(parts)
    assert [f.kind for f in read(build(LAYERS, comparison, parts), parts, FRESH)] == ["one-way-differs"]
    old = overtaken(comparison)
    assert [f.kind for f in read(build(LAYERS, old, parts), parts, FRESH)] == ["old-denial"]
