"""Several server blocks with the kubernetes plugin: each name from its own (core/dnsserver/server.go ServeDNS)."""

from __future__ import annotations

import pytest

from kheadless_tui.errors import InputError
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.dependence import namespaces_asked
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.zone_records import all_records, elsewhere_records, service_records, withheld_records
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, snapshot_of

REVERSE = "in-addr.arpa:53 {\nkubernetes cluster.local in-addr.arpa {\nttl 77\n}\n}\n"
FORWARD = "cluster.local:53 {\nkubernetes cluster.local {\nttl 11\nfallthrough\n}\n}\n"
ONE = "shop.svc.cluster.local:53 {\nkubernetes cluster.local {\nttl 22\nendpoint_pod_names\n}\ncache 9\n}\n"
OTHER = "db.shop.svc.cluster.local:53 {\ntemplate IN A .\n}\n"
BLOCKS = (REVERSE, FORWARD, ONE, OTHER)


def world() -> Snapshot:
    ports = [{"port": 80, "protocol": "TCP"}]
    return snapshot_of(
        headless("web"), endpoint_slice("web", endpoint("10.0.0.1", pod="web-7"), ports=ports),
        headless("db"), endpoint_slice("db", endpoint("10.0.0.2", hostname="db-0"), ports=ports),
    )  # fmt: skip


def served(*blocks: str) -> ZoneConfig:
    return zone_config(parse("".join(blocks), "C"), "C", strict=True)


def ask(name: str, kind: str, config: ZoneConfig) -> Answer:
    return resolve(world(), Question(name, kind), config)


@pytest.mark.parametrize("blocks", [BLOCKS, BLOCKS[::-1]])
def test_each_question_comes_to_the_block_with_the_longest_zone(blocks: tuple[str, ...]) -> None:
    config = served(*blocks)
    assert (config.zone, config.ttl, len(config.others)) == ("cluster.local.", 11, 2)
    (pointer,) = ask("1.0.0.10.in-addr.arpa.", "PTR", config).answer
    assert (pointer.ttl, pointer.data) == (77, "10-0-0-1.web.shop.svc.cluster.local.")
    (address,) = ask("web-7.web.shop.svc.cluster.local.", "A", config).answer
    assert address.ttl == 9
    assert ask("10-0-0-1.web.shop.svc.cluster.local.", "A", config).rcode == "NXDOMAIN"
    assert ask("cluster.local.", "SOA", config).answer[0].ttl == 11
    assert ask("no.other.svc.cluster.local.", "A", config).rcode == "SERVFAIL"  # falls through, and nobody is left
    assert ask("db.shop.svc.cluster.local.", "A", config).elsewhere
    assert ask("example.org.", "A", config).rcode == "REFUSED"
    assert ask("shop.svc.cluster.local.", "DS", config).steps[0].rcode == "NOERROR"


def test_records_are_those_of_the_block_of_each_name() -> None:
    config = served(*BLOCKS)
    by_name = {service.key.name: service for service in world().services("shop")}
    found = [item.record for item in service_records(world(), by_name["web"], config)]
    assert [(record.name, record.ttl, record.type) for record in found] == [
        ("web.shop.svc.cluster.local.", 9, "A"),
        ("web.shop.svc.cluster.local.", 9, "SRV"),
        ("web-7.web.shop.svc.cluster.local.", 9, "A"),
        ("web-7.web.shop.svc.cluster.local.", 9, "SRV"),
        ("1.0.0.10.in-addr.arpa.", 77, "PTR"),
    ]
    assert [item.record.type for item in service_records(world(), by_name["db"], config)] == ["PTR"]
    hidden = withheld_records(world(), by_name["db"], config)
    assert {item.reason for item in hidden} == {"answered by the server block at C:19"}
    assert {item.record.name.partition(".")[0] for item in hidden} == {"db", "db-0"}
    for item in all_records(world(), config):
        answer = ask(item.record.name, item.record.type, config)
        assert item.record in answer.answer, item


def test_an_alias_is_followed_through_the_block_of_its_target() -> None:
    assert namespaces_asked(Question("web.shop.svc.cluster.local.", "A"), served(REVERSE, FORWARD)) == frozenset(
        {"shop"}
    )
    assert namespaces_asked(Question("1.0.0.10.in-addr.arpa.", "PTR"), served(REVERSE, FORWARD)) is None
    assert namespaces_asked(Question("db.shop.svc.cluster.local.", "A"), served(*BLOCKS)) == frozenset()


def test_blocks_of_another_server_are_left_out() -> None:
    """Source: register.go groupConfigsByListenAddr: by transport, address and port."""
    assert not served(FORWARD, REVERSE.replace(":53", ":5353")).others
    assert not served(FORWARD, f"tls://{REVERSE}").others
    assert not served(FORWARD, REVERSE.replace("{\nk", "{\nbind 10.9.9.9\nk", 1)).others
    only = served(REVERSE.replace(":53", ":5353"), FORWARD)
    assert (only.ttl, only.others) == (11, ())


def test_another_zone_is_renamed_in_every_block() -> None:
    config = served(*BLOCKS[:3]).renamed("k8s.test")
    assert ask("web.shop.svc.k8s.test.", "A", config).answer[0].ttl == 9
    assert ask("k8s.test.", "SOA", config).answer[0].ttl == 11
    (pointer,) = ask("2.0.0.10.in-addr.arpa.", "PTR", config).answer
    assert pointer.data == "db-0.db.shop.svc.k8s.test."


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("10.77.0.0/16:5399 {\nkubernetes\n}\n", "C:8: expected a zone that is not a reverse zone, found 77.10.in"),
        ("a.test:99 {\nkubernetes {\nttl 9999\n}\n}\n", "C:9: expected a ttl of 0 to 3600 seconds"),
        ("a.test cluster.local. {\nwhoami\n}\n", "C:7: cannot serve dns://cluster.local.:53 - it is already defined"),
        ("a.test {\ncache\ncache\n}\n", "C:9: cache stands twice in one server block"),
        ("a.test {\nkubernetes\nrewrite name a\n}\n", "C:9: rewrite name needs two names"),
    ],
)
def test_every_block_is_read(block: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        served(FORWARD, block)
    assert str(caught.value).startswith(message)


def test_what_is_noted_on_another_block_concerns_its_answers_alone() -> None:
    config = served(FORWARD, REVERSE.replace("\n}\n}", "\n}\nhosts {\n10.9.9.9 x.y\n}\n}"))
    assert [note.plugin for note in config.notes] == ["hosts"]
    assert "hosts" in ask("9.9.9.10.in-addr.arpa.", "PTR", config).unknown
    assert not ask("web.shop.svc.cluster.local.", "A", config).unknown


def test_a_block_for_some_clients_makes_its_names_uncertain() -> None:
    view = FORWARD.replace("{\nk", "{\nview v {\nexpr true\n}\nk", 1).replace("ttl 11", "ttl 99")
    config = served(view, FORWARD)
    assert config.ttl == 11
    assert "view answers some clients" in ask("web.shop.svc.cluster.local.", "A", config).unknown


def test_the_same_zone_at_another_address_is_not_certain() -> None:
    """Seen: a CoreDNS with both answers by the one whose address is asked."""
    bound = FORWARD.replace("{\nk", "{\nbind 10.0.0.1\nk", 1)
    other = FORWARD.replace("{\nk", "{\nbind 10.0.0.2\nk", 1).replace("ttl 11", "ttl 99")
    config = served(bound, other)
    unknown = ask("web.shop.svc.cluster.local.", "A", config).unknown
    assert unknown == (
        "cluster.local. is answered by another server block at 10.0.0.2 (bind): the address asked decides (C:8)"
    )
    assert not ask("1.0.0.10.in-addr.arpa.", "PTR", served(REVERSE, FORWARD)).unknown
    for blocks in ((bound, FORWARD), (FORWARD, bound)):
        with pytest.raises(InputError, match="zone overlap listener capacity with another server block"):
            served(*blocks)
    elsewhere = other.replace("cluster.local:53", "cluster.local:54")
    assert not ask("web.shop.svc.cluster.local.", "A", served(bound, elsewhere)).unknown


def test_names_of_no_block_are_told_all_zones_that_are_served() -> None:
    step = ask("example.org.", "A", served(*BLOCKS)).steps[0]
    for zone in ("cluster.local.", "in-addr.arpa.", "shop.svc.cluster.local.", "db.shop.svc.cluster.local."):
        assert zone in step.why
        assert zone in step.facts[0].value


def test_names_that_no_server_block_is_for_have_no_records() -> None:
    """Seen: a CoreDNS with this block alone refuses all other names of its plugin's zone."""
    config = served("web.shop.svc.cluster.local:53 {\nkubernetes cluster.local in-addr.arpa\n}\n")
    for service in world().services("shop"):
        names = {item.record.name for item in service_records(world(), service, config)}
        assert all(name.endswith("web.shop.svc.cluster.local.") for name in names)
        gone = {(each.item.record.name, each.reason) for each in elsewhere_records(world(), service, config)}
        assert ("1.0.0.10.in-addr.arpa." in dict(gone)) == (service.name == "web")
        assert set(dict(gone).values()) == {"no server block is for the name"}
