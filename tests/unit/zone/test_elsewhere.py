"""What else in a Corefile may answer: which questions it makes uncertain, and which are not ours at all."""

from __future__ import annotations

import pytest

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.stub.resolv_conf import ResolvConf
from kheadless_tui.zone.stub.search_list import resolve_by_search
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, snapshot_of

WEB = "web.shop.svc.cluster.local."
NONE = "none.shop.svc.cluster.local."


def world() -> Snapshot:
    return snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1", hostname="web-0")))


def config(*lines: str, after: str = "") -> ZoneConfig:
    around = "\n".join(lines)
    text = f".:53 {{\nkubernetes cluster.local in-addr.arpa\n{around}\n}}\n{after}"
    return zone_config(parse(text, "C"), "C", strict=True)


def ask(name: str, kind: str, served: ZoneConfig) -> Answer:
    return resolve(world(), Question(name, kind), served)


@pytest.mark.parametrize(
    ("lines", "uncertain", "certain"),
    [
        (
            ("hosts {", "10.9.9.9 web.shop.svc.cluster.local other.example", "fallthrough", "}"),
            [(WEB, "A"), (WEB.upper(), "AAAA"), ("9.9.9.10.in-addr.arpa.", "PTR"), ("localhost.", "A")],
            [(NONE, "A"), (f"web-0.{WEB}", "A")],
        ),
        (("hosts /x {", "10.9.9.9 other.example", "}"), [(WEB, "A"), (NONE, "A")], []),
        (("hosts /x example.org {", "10.9.9.9 a.example.org", "}"), [], [(WEB, "A")]),
        (
            ("template IN A cluster.local {", "match ^no", "answer x", "fallthrough", "}"),
            [(NONE, "A")],
            [(WEB, "A"), (NONE, "AAAA")],
        ),
        (("template IN AAAA {", "match ^x", "}"), [(WEB, "AAAA")], [(WEB, "A")]),
        (("rewrite rcode regex ^web.*\\z NOERROR NXDOMAIN",), [(WEB, "A")], []),
        (("rewrite stop ttl suffix {$SUFFIX} 7",), [(WEB, "A"), (NONE, "A")], []),
        (("rewrite name exact {$FROM} x.y",), [(WEB, "A")], []),
        (("rewrite stop {", "name regex ^no.*\\z x.y", "answer auto", "}"), [(NONE, "A"), (WEB, "A")], []),
        (("rewrite ttl suffix . 7",), [], [(WEB, "A"), (NONE, "A")]),
        (("rewrite edns0 local set 0xffee abcd",), [], [(WEB, "A")]),
        (
            ("hosts {", "10.9.9.9 *.Web.shop.svc.cluster.local", "fallthrough", "}"),
            [(f"web-0.{WEB}", "A"), (f"x.{WEB}", "A")],
            [(WEB, "A"), (NONE, "A"), (f"a.b.{WEB}", "A")],
        ),
        (
            (
                "hosts /x in-addr.arpa cluster.local {",
                "10.9.9.9 *.web.shop.svc.cluster.local",
                "fallthrough cluster.local",
                "}",
            ),
            [(f"x.{WEB}", "A"), ("1.0.0.10.in-addr.arpa.", "A")],
            [(WEB, "A")],
        ),
        (("template CH TXT cluster.local {", "match .*", "answer x", "}"), [], [(WEB, "TXT")]),
        (("autopath cluster.local /etc/resolv.conf",), [(NONE, "A"), (WEB, "A")], [("1.0.0.10.in-addr.arpa.", "PTR")]),
        (("autopath @kubernetes",), [], [(NONE, "A"), (WEB, "A")]),  # pods are not verified
        (("dns64",), [(WEB, "AAAA")], [(WEB, "A"), (NONE, "AAAA")]),
        (("dns64 {", "translate_all", "}"), [(WEB, "AAAA")], [(NONE, "AAAA")]),
        (("k8s_external",), [(WEB, "A"), (NONE, "A")], []),
        (("k8s_external example.org",), [], [(WEB, "A")]),
        (("cache {", "serve_stale", "}"), [(WEB, "A"), (NONE, "A")], []),
        (("cache {", "serve_stale", "disable success", "}"), [(NONE, "A")], [(WEB, "A")]),
        (("cache {", "serve_stale", "disable success", "disable denial", "}"), [], [(WEB, "A"), (NONE, "A")]),
        (("acl {", "block type AAAA net 10.0.0.0/8", "allow", "block", "}"), [(WEB, "AAAA")], [(WEB, "A")]),
        (("acl cluster.local {", "drop", "}"), [(WEB, "A"), (NONE, "SRV")], [("1.0.0.10.in-addr.arpa.", "PTR")]),
        (("acl {", "allow", "filter", "}"), [], [(WEB, "A")]),
        (("dnssec cluster.local {", "key file K", "}"), [("cluster.local.", "DNSKEY")], []),
        (("tsig {", "require AXFR TXT", "}"), [(WEB, "TXT")], [(WEB, "A")]),
        (("tsig {", "require all", "}"), [(WEB, "TXT"), (WEB, "A")], []),
        (("view v {", "expr true", "}"), [(WEB, "A")], []),
        (("import more/*.override",), [(WEB, "A"), (NONE, "A")], []),
        (("log {$CLASS}", "forward . {$UP}"), [], [(WEB, "A")]),
        (("cache {$TTL}",), [(WEB, "A")], []),
        (("local",), [("localhost.shop.svc.cluster.local.", "A")], [(WEB, "A")]),
        (("minimal", "log"), [], [(WEB, "A"), (NONE, "A")]),
    ],
)
def test_which_answers_a_plugin_makes_uncertain(
    lines: tuple[str, ...], uncertain: list[tuple[str, str]], certain: list[tuple[str, str]]
) -> None:
    served = config(*lines)
    for name, kind in uncertain:
        answer = ask(name, kind, served)
        assert "(C:3)" in answer.unknown or "(C:4)" in answer.unknown, (name, kind, answer)
        assert answer.notes == tuple(str(note) for note in served.notes)
        assert answer.rcode
    for name, kind in certain:
        assert (ask(name, kind, served).unknown, ask(name, kind, served).notes) == ("", ())


@pytest.mark.parametrize("pattern", [r"\pL+x", "[[:alpha:]]+x", "a(?i)x"])
def test_a_pattern_that_only_go_reads_rules_nothing_out(pattern: str) -> None:
    assert ask(WEB, "A", config(f"rewrite name regex {pattern} y")).unknown


def test_a_closer_server_block_owns_its_names() -> None:
    served = config(after="shop.svc.cluster.local:53 {\nforward . 10.0.0.9\n}\n")
    for name in (WEB, "shop.svc.cluster.local.", NONE.upper()):
        answer = ask(name, "A", served)
        assert (answer.rcode, answer.aa, answer.answer, answer.fallthrough) == ("", False, (), True)
        assert answer.steps[0].rule == "other-server-block"
        assert "shop.svc.cluster.local. at C:5 (forward . 10.0.0.9)" in answer.steps[0].why
    assert ask("a.other.svc.cluster.local.", "A", served).rcode == "NXDOMAIN"
    below = "cluster.local:53 {\nkubernetes\n}\nshop.svc.cluster.local:53 {\nforward . 10.0.0.9\n}\n"
    parents = zone_config(parse(f"{below}.:53 {{\nforward . 1.1.1.1\n}}\n", "C"), "C")
    assert ask("shop.svc.cluster.local.", "A", parents).fallthrough
    assert ask("shop.svc.cluster.local.", "DS", parents).rcode == "NOERROR"
    elsewhere = config(after="shop.svc.cluster.local:5353 {\nforward . 10.0.0.9\n}\n")
    assert ask(WEB, "A", elsewhere).answer


def test_what_no_plugin_is_left_to_answer_fails() -> None:
    """Source: plugin/plugin.go NextOrFailure. Seen: SERVFAIL without a SOA, without aa."""
    served = config()
    lone = zone_config(parse(".:53 {\nkubernetes cluster.local {\nfallthrough\n}\nloop\n}\n", "C"), "C")
    for answer in (ask("a.b.c.", "A", served), ask(NONE, "A", lone)):
        assert (answer.rcode, answer.aa, answer.authority, answer.unknown) == ("SERVFAIL", False, (), "")
        assert answer.fallthrough
        assert not answer.elsewhere
        assert answer.steps[0].rcode == "SERVFAIL"
        assert answer.steps[0].why.endswith("no plugin is left to answer it, which is SERVFAIL")
    some = config("forward example.org 10.0.0.2")
    assert ask("a.b.c.", "A", some).rcode == "SERVFAIL"
    assert ask("www.example.org.", "A", some).elsewhere
    for more in ("whoami", "fancy", "import more/*", "file db.example a.example b.c"):
        served = zone_config(parse(f".:53 {{\nkubernetes cluster.local\n{more}\n}}\n", "C"), "C")
        assert ask("a.b.c.", "A", served).elsewhere, more
    assert ask("a.b.c.", "A", ZoneConfig()).elsewhere


def test_what_forward_excepts_is_answered_by_nobody() -> None:
    """Source: plugin/forward/forward.go isAllowedDomain: the zone's own name is forwarded all the same."""
    served = config(
        "forward example.org 10.0.0.2 {", "except corp.example.org Example.ORG", "}", "forward test 10.0.0.3"
    )
    for name in ("a.corp.example.org.", "corp.example.org.", "www.example.org.", "example.com."):
        assert ask(name, "A", served).rcode == "SERVFAIL", name
    assert ask("Example.org.", "A", served).elsewhere
    assert ask("a.test.", "A", served).elsewhere
    beside = config("forward . 10.0.0.2 {", "except corp.test {$MORE}", "}")
    assert ask("a.corp.test.", "A", beside).elsewhere


def test_a_question_that_another_plugin_may_answer_first_is_not_certain_to_be_handed_on() -> None:
    answer = ask("foo.test.", "A", config("rewrite stop name regex (.*)\\.test\\z {1}.shop.svc.cluster.local"))
    assert answer.unknown.endswith("is not followed, as \\z is not the same in Python (C:3)")
    assert answer.unknown in answer.steps[0].why
    assert answer.notes


def test_names_of_no_server_block_are_refused() -> None:
    text = "cluster.local:53 {\nkubernetes cluster.local in-addr.arpa\n}\n"
    alone = zone_config(parse(text, "C"), "C")
    answer = ask("1.0.0.10.in-addr.arpa.", "PTR", alone)
    assert (answer.rcode, answer.aa, answer.steps[0].rule) == ("REFUSED", False, "no-server-block")
    beside = zone_config(parse(f"{text}.:53 {{\nforward . 1.1.1.1\n}}\n", "C"), "C")
    assert ask("1.0.0.10.in-addr.arpa.", "PTR", beside).fallthrough
    assert ask("cluster.local.", "SOA", beside).rcode == "NOERROR"


def test_a_search_keeps_what_is_uncertain_on_its_way() -> None:
    served = config("rewrite continue rcode regex ^web.none\\z NXDOMAIN NOERROR", "rewrite ttl regex ^web.shop\\z 7")
    resolv = ResolvConf(search=("none.svc.cluster.local", "shop.svc.cluster.local"), ndots=5)
    answer = resolve_by_search(world(), "web", "A", resolv, served)
    assert answer.answer
    assert answer.notes == tuple(str(note) for note in served.notes)
    assert "C:3" in answer.unknown
    assert "C:4" in answer.unknown


def test_another_zone_is_served_by_the_same_block() -> None:
    served = zone_config(parse("cluster.local:53 {\nkubernetes\n}\n", "C"), "C").renamed("k8s.test")
    assert ask("web.shop.svc.k8s.test.", "A", served).answer


def test_a_note_that_leaves_the_records_certain_is_told_with_the_answer() -> None:
    served = config("dnssec {", "key file K", "}", "header {", "response clear aa", "}")
    answer = ask(WEB, "A", served)
    assert not answer.unknown
    assert not ask(WEB, "DNSKEY", served).unknown
    assert [note.partition(": ")[2].split()[0] for note in answer.notes] == ["dnssec", "header"]
    assert not ask(WEB, "A", config("header {", "response set ra", "query clear rd", "}")).notes


def test_what_is_taken_from_the_environment_is_left_out_and_all_answers_told_uncertain() -> None:
    text = "{$ZONE}:53 {\nkubernetes {$ZONE} in-addr.arpa {\nttl {$TTL}\npods insecure\n}\nbufsize {$SIZE}\n}\n"
    served = zone_config(parse(text, "C"), "C", strict=True)
    assert served.zones == ("cluster.local.", "in-addr.arpa.")
    assert (served.ttl, served.pods) == (5, "insecure")
    answer = ask(WEB, "A", served)
    assert answer.answer
    assert "{$TTL} is taken from the environment of CoreDNS, which is not seen here (C:3)" in answer.unknown


def test_what_is_imported_into_a_plugin_counts_where_the_plugin_decides_answers() -> None:
    assert "import names" in ask(WEB, "A", config("hosts {", "import names", "fallthrough", "}")).unknown
    assert not ask(WEB, "A", config("log {", "import names", "}")).unknown


def test_a_server_block_that_may_be_imported_makes_all_answers_uncertain() -> None:
    assert "import other/*.server" in ask(WEB, "A", config(after="import other/*.server\n")).unknown
    other = "other.example:53 {\nimport names\n}\n"
    assert not ask(WEB, "A", config(after=other)).unknown


def test_minimal_leaves_out_what_comes_with_an_answer() -> None:
    for kind, name in (("SRV", f"web-0.{WEB}"), ("A", NONE)):
        plain, least = ask(name, kind, config()), ask(name, kind, config("minimal"))
        assert (least.answer, least.authority) == (plain.answer, plain.authority)
        assert not least.additional
        assert not least.unknown


def test_autopath_tries_other_names_for_those_of_a_namespace_that_fail() -> None:
    """Source: autopath.go ServeDNS: whatever the type; what no plugin answers is tried again as NXDOMAIN is.

    Seen: the namespace's own name is SERVFAIL to pods of it, names come back with its part in lower case, and an alias
    gets another in front.
    """
    alias = obj("Service", "alias", spec={"type": "ExternalName", "externalName": "web.shop.svc.cluster.local"})
    known = snapshot_of(alias, headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    for more in ("", "fallthrough\n"):
        text = f".:53 {{\nautopath @kubernetes\nkubernetes cluster.local {{\npods verified\n{more}}}\n}}\n"
        served = zone_config(parse(text, "C"), "C", strict=True)
        led = resolve(known, Question("alias.shop.svc.cluster.local.", "A"), served)
        assert "autopath @kubernetes" in led.unknown
        for kind in ("A", "SRV", "TXT"):
            assert "autopath @kubernetes" in ask(NONE, kind, served).unknown, kind
            assert "autopath @kubernetes" in ask("shop.svc.cluster.local.", kind, served).unknown, kind
            assert "autopath @kubernetes" in ask("Web.shop.svc.cluster.local.", kind, served).unknown, kind
            assert not ask(WEB, kind, served).unknown
            assert not ask("x.cluster.local.", kind, served).unknown


def test_hosts_that_hands_nothing_on_answers_servfail_for_what_it_does_not_have() -> None:
    closed = config("hosts {\n10.0.0.9 b.a.svc.cluster.local\n}")
    found = ask("none.a.svc.cluster.local.", "A", closed)
    assert (found.rcode, found.aa, found.unknown, found.steps[0].rule) == ("SERVFAIL", False, "", "hosts-closed")
    assert "hosts" in ask("b.a.svc.cluster.local.", "A", closed).unknown
    (note,) = closed.notes
    assert note.text == "hosts may answer in place of the cluster's records for the names that it has"
    assert ask("none.a.svc.cluster.local.", "A", config("hosts {\nfallthrough\n}")).rcode == "NXDOMAIN"
    partly = config("hosts {\nfallthrough a.svc.cluster.local\n}")
    assert ask("none.a.svc.cluster.local.", "A", partly).rcode == "NXDOMAIN"
    assert ask("none.b.svc.cluster.local.", "A", partly).rcode == "SERVFAIL"
    in_file = ask("none.a.svc.cluster.local.", "A", config("hosts /etc/names"))
    assert "SERVFAIL for all other names of its zones, as it has no fallthrough" in in_file.unknown
