"""The plugin rewrite: which name is looked up, and what of the reply is changed back (plugin/rewrite)."""

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
from kheadless_tui.zone.zone_records import elsewhere_records, service_records, withheld_records
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, snapshot_of

WEB = "web.shop.svc.cluster.local."
RX = r"name regex (.*)\.rx\.test {1}.shop.svc.cluster.local"


def world() -> Snapshot:
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    return snapshot_of(headless("web"), endpoint_slice("web", endpoint("10.0.0.1", hostname="web-0"), ports=ports))


def config(*rules: str) -> ZoneConfig:
    text = ".:53 {\nkubernetes cluster.local in-addr.arpa\n" + "\n".join(f"rewrite {rule}" for rule in rules) + "\n}\n"
    return zone_config(parse(text, "C"), "C", strict=True)


def ask(name: str, kind: str, *rules: str) -> Answer:
    answer = resolve(world(), Question(name, kind), config(*rules))
    assert answer.question == Question(name, kind)
    return answer


def names(answer: Answer) -> list[str]:
    return [record.name for record in (*answer.answer, *answer.authority, *answer.additional)]


@pytest.mark.parametrize(
    ("name", "rules", "owners"),
    [
        ("foo.test.", (f"name exact foo.test {WEB}",), ["foo.test."]),
        ("Foo.Test.", (f"name foo.test {WEB}",), ["foo.test."]),
        ("web.test.", ("name suffix .test .shop.svc.cluster.local",), [WEB]),
        ("web.test.", ("name suffix .test .shop.svc.cluster.local answer auto",), ["web.test."]),
        ("old.shop.svc.cluster.local.", ("name prefix old web",), [WEB]),
        ("old.shop.svc.cluster.local.", ("name prefix old web answer auto",), ["old.shop.svc.cluster.local."]),
        ("web.any.svc.cluster.local.", ("name substring any shop answer auto",), ["web.any.svc.cluster.local."]),
        ("a.test.", ("continue name a.test b.test", f"name b.test {WEB}"), ["a.test."]),
        (WEB, ("name b.test c.test",), [WEB]),
    ],
)
def test_a_name_is_looked_up_as_another(name: str, rules: tuple[str, ...], owners: list[str]) -> None:
    answer = ask(name, "A", *rules)
    assert (answer.rcode, answer.unknown, names(answer)) == ("NOERROR", "", owners)
    assert answer.answer[0].data == "10.0.0.1"


def test_names_in_the_data_and_in_the_soa_are_changed_back() -> None:
    """Source: reverter.go getRecordValueForRewrite: of a SOA the name server."""
    rule = "name suffix .example.test .svc.cluster.local answer auto"
    answer = ask("_http._tcp.web.shop.example.test.", "SRV", rule)
    assert [record.data for record in answer.answer] == ["0 100 80 web-0.web.shop.example.test."]
    assert names(answer) == ["_http._tcp.web.shop.example.test.", "web-0.web.shop.example.test."]
    below = ask("no.example.test.", "A", "name suffix example.test cluster.local answer auto")
    assert (below.rcode, names(below)) == ("NXDOMAIN", ["example.test."])
    assert below.authority[0].data.startswith("ns.dns.example.test. hostmaster.cluster.local. ")


def test_a_rule_that_stops_ends_the_rules_and_one_that_does_not_apply_does_not() -> None:
    stop, go_on = "stop name a.test none.test", "continue name a.test none.test"
    second = f"name none.test {WEB}"
    assert ask("a.test.", "A", stop, second).rcode == "SERVFAIL"
    assert ask("a.test.", "A", go_on, second).answer
    assert ask("none.test.", "A", stop, second).answer


def test_why_tells_the_rule() -> None:
    step = ask("foo.test.", "A", f"name foo.test {WEB}").steps[0]
    assert step.name == "foo.test."
    assert step.why.startswith(f"rewrite name foo.test {WEB} (C:3) makes it {WEB}: ")
    assert (str(step.facts[0].source), step.facts[0].source.field) == ("Corefile C", "rewrite")
    assert step.rule == "endpoints"


def test_a_reply_to_another_question_is_not_certain() -> None:
    """Source: rewrite.go ServeDNS: without a rule for the reply, and none that stops, nothing restores the question."""
    answer = ask("web.test.", "A", "continue name suffix .test .shop.svc.cluster.local")
    assert "repeats the question for web.shop.svc.cluster.local." in answer.unknown


def test_a_rule_that_is_not_followed_may_have_ended_the_rules_before() -> None:
    answer = ask("foo.test.", "A", "edns0 local set 0xffee abcd", f"name foo.test {WEB}")
    assert "rewrite edns0 local set 0xffee abcd" in answer.unknown
    assert not ask(WEB, "A", "edns0 local set 0xffee abcd", f"name foo.test {WEB}").unknown


def test_a_name_that_cannot_be_looked_up_fails() -> None:
    answer = ask(f"{'a' * 60}.web.test.", "A", f"name suffix test {'.'.join(['b' * 60] * 4)}")
    assert (answer.rcode, answer.aa, answer.steps[0].rule) == ("SERVFAIL", False, "rewritten-unsendable")


def test_what_is_read_and_what_is_listed_follow_the_rules() -> None:
    served = config(f"name foo.test {WEB}", "name web-0.web.shop.svc.cluster.local x.test")
    assert namespaces_asked(Question("foo.test.", "A"), served) == frozenset({"shop"})
    (service,) = world().services("shop")
    owners = {item.record.name for item in service_records(world(), service, served)}
    assert WEB in owners
    assert f"web-0.{WEB}" not in owners


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("name a", "rewrite name needs two names, found 1"),
        ("name wild a b", "expected rewrite name with exact, prefix, suffix, substring, regex, found wild"),
        ("name exact a b auto", "expected answer behind the names of rewrite, found auto"),
        ("colour a b", "expected rewrite with one of name, class, type, edns0, ttl, cname, rcode, found colour"),
        ("name regex a(b c", "invalid regular expression a(b of rewrite: a parenthesis is not closed"),
        ("name regex a(?=b) c", "invalid regular expression a(?=b) of rewrite: Go knows no assertions"),
        ("name regex (a)b {1}.{2}", "{1}.{2} of rewrite uses 2 groups, (a)b has 1"),
        ("name exact a b answer", "expected answer of rewrite with auto, name or value, found nothing"),
        ("name exact a b answer name x", "answer name of rewrite needs two arguments, found 1"),
        (
            "name suffix a b answer auto answer name c d",
            "answer auto of rewrite cannot stand together with answer name",
        ),
        ("ttl a", "rewrite ttl takes 2 to 3 arguments, found 1"),
        ("ttl a soon", "invalid TTL 'soon' for a ttl rule"),
        ("ttl exact a 60-30", "invalid TTL '60-30' for a ttl rule"),
        ("ttl exact a -", "invalid TTL '-' for a ttl rule"),
        ("ttl some a 30", "expected rewrite ttl with exact, prefix, suffix, substring, regex, found some"),
        ("ttl exact a 30 b", "rewrite ttl takes 2 to 3 arguments, found 4"),
        ("rcode a NXDOMAIN", "rewrite rcode takes 3 to 4 arguments, found 2"),
        ("type A AAAA SRV", "rewrite type takes 2 arguments, found 3"),
        ("type TYPE28 A", "rewrite type has no type TYPE28"),
        ("class IN XX", "rewrite class has no class XX"),
        ("cname a b c d", "rewrite cname takes 2 to 3 arguments, found 4"),
        ("rcode a 24 NOERROR", "invalid RCODE '24' for an rcode rule"),
        ("rcode a BADVERS NXDOMAIN", "invalid RCODE 'BADVERS' for an rcode rule"),
        ("name exact a.b c(d", "invalid regular expression c(d. of rewrite"),
        ("name exact a{1} c.d", "a{1}. of rewrite uses 1 groups, c.d. has 0"),
        ("edns0 nsid", "expected rewrite edns0 with local, nsid, subnet, an action and its values, found nsid"),
        ("edns0 foo set", "expected rewrite edns0 with local, nsid, subnet, an action and its values, found foo set"),
        ("rcode a NXDOMAIN NOPE", "invalid RCODE 'NOPE' for an rcode rule"),
        ("ttl regex a(b 5", "invalid regular expression a(b of rewrite"),
    ],
)
def test_what_coredns_refuses(rule: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        config(rule)
    assert str(caught.value).startswith(f"C:3: {message}")


@pytest.mark.parametrize(
    ("name", "rule", "owners", "target"),
    [
        ("web.rx.test.", RX, [WEB, f"web-0.{WEB}"], f"web-0.{WEB}"),
        ("web.rx.test.", f"{RX} answer auto", ["web.rx.test.", "web-0.web.rx.test."], "web-0.web.rx.test."),
        ("web.rx.test.", rf"{RX} answer name (.*)\.shop\.svc.* {{1}}.rx.test",
         ["web.rx.test.", "web-0.web.rx.test."], f"web-0.{WEB}"),
        ("web.rx.test.", r"name suffix rx.test shop.svc.cluster.local answer value web-(\d).* w{1}.test",
         [WEB, f"web-0.{WEB}"], "w0.test."),
        ("web.x.", rf"name exact web.x {WEB} answer name .* all.test", ["all.test.", "all.test."], "web-0.web.x."),
    ],
)  # fmt: skip
def test_expressions_for_names_and_for_replies(name: str, rule: str, owners: list[str], target: str) -> None:
    """Source: name.go rewriteString: the text takes the place of the whole name; reverter.go: the last rule first."""
    answer = ask(name, "SRV", rule)
    assert (answer.rcode, answer.unknown) == ("NOERROR", "")
    assert names(answer) == owners
    assert answer.answer[0].data == f"0 100 80 {target}"


def test_what_a_rule_that_is_not_followed_does_is_said() -> None:
    rules = ("ttl suffix . 5", "edns0 nsid set", "cname a.b c.d", "ttl regex a\\z 5")
    told = [note.text.partition(" ")[2] for note in config(*rules).notes]
    assert told == [
        "edns0 nsid set changes options of EDNS0",
        "cname a.b c.d may lead aliases elsewhere",
        "ttl regex a\\z 5 changes the TTL of records: its expression is not followed, as \\z is not the same in Python",
    ]


@pytest.mark.parametrize(
    ("text", "ttls"),
    [("7", {7}), ("30-60", {30}), ("-3", {3}), ("3-", {5}), ("0", {0}), ("4294967295", {4294967295})],
)
def test_ttls_are_bounded_in_all_sections(text: str, ttls: set[int]) -> None:
    """Source: ttl.go RewriteResponse, reverter.go WriteMsg; the kubernetes plugin's own TTL is 5."""
    rule = f"ttl suffix svc.cluster.local {text}"
    for kind, name in (("SRV", WEB), ("A", f"none.{WEB}")):
        answer = ask(name, kind, rule)
        assert {record.ttl for record in (*answer.answer, *answer.authority, *answer.additional)} == ttls
        assert answer.unknown == ""
    assert ask("cluster.local.", "SOA", rule).answer[0].ttl == 5
    (service,) = world().services("shop")
    listed = [item.record for item in service_records(world(), service, config(rule))]
    assert {record.ttl for record in listed if record.type != "PTR"} == ttls
    assert {record.ttl for record in listed if record.type == "PTR"} == {5}
    assert elsewhere_records(world(), service, config(rule)) == ()


def test_why_tells_of_ttls_and_rcodes_that_were_changed() -> None:
    steps = ask(WEB, "A", f"ttl {WEB} 7").steps
    assert steps[0].why.startswith(f"rewrite ttl {WEB} 7 (C:3) makes the TTL 7 s: ")
    assert not ask(WEB, "A", f"ttl {WEB} 5").steps[0].why.startswith("rewrite")
    (step,) = ask(f"none.{WEB}", "A", f"rcode none.{WEB} NXDOMAIN NOERROR").steps
    assert (step.rcode, step.rule) == ("NOERROR", "endpoint-unknown")
    assert step.why.startswith(f"rewrite rcode none.{WEB} NXDOMAIN NOERROR (C:3) makes NOERROR of NXDOMAIN: ")


@pytest.mark.parametrize(
    ("name", "kind", "rules", "rcode"),
    [
        (WEB, "A", (f"rcode {WEB} NOERROR REFUSED",), "REFUSED"),
        (WEB, "A", (f"rcode {WEB} NXDOMAIN REFUSED",), "NOERROR"),
        (WEB, "A", ("rcode prefix web 0 3",), "NXDOMAIN"),
        ("a.test.", "A", ("rcode a.test SERVFAIL NOERROR",), "NOERROR"),  # what no plugin is left to answer
        ("a.test.", "A", (f"continue name a.test {WEB}", "rcode regex ^web NOERROR nxrrset"), "NXRRSET"),
        ("a.test.", "A", (f"continue name a.test {WEB}", "rcode a.test NOERROR NXRRSET"), "NOERROR"),
        # Each record is gone through, the last rule first: two rules may so undo each other.
        (WEB, "SOA", (f"continue rcode {WEB} NOERROR NXDOMAIN", f"rcode {WEB} NXDOMAIN NOERROR"), "NXDOMAIN"),
        (WEB, "SRV", (f"continue rcode {WEB} NXDOMAIN NOERROR", f"rcode {WEB} NOERROR NXDOMAIN"), "NOERROR"),
        (WEB, "SRV", (f"continue rcode {WEB} 0 3", f"continue rcode {WEB} 4 0", f"rcode {WEB} 3 4"), "NXDOMAIN"),
    ],
)
def test_rcodes_are_changed(name: str, kind: str, rules: tuple[str, ...], rcode: str) -> None:
    answer = ask(name, kind, *rules)
    assert (answer.rcode, answer.steps[0].rcode, answer.unknown) == (rcode, rcode, "")


def test_an_rcode_that_only_edns_has_room_for_is_told() -> None:
    answer = ask(WEB, "A", f"rcode {WEB} NOERROR BADSIG")
    assert answer.rcode == "BADVERS"
    assert "who asks without EDNS gets no reply" in answer.unknown


def test_records_that_come_with_another_rcode_are_not_served() -> None:
    rule = f"rcode exact {WEB} NOERROR NXDOMAIN"
    assert ask(WEB, "A", rule).answer
    assert WEB not in records(rule)
    assert gone(rule) == {WEB: "rewritten at C:3"}


def test_another_type_is_asked_for() -> None:
    """Source: type.go: the reply holds records of another type than its question, which the client has as it asked."""
    answer = ask(WEB, "AAAA", "type AAAA A")
    assert [record.type for record in answer.answer] == ["A"]
    assert answer.steps[0].why.startswith(f"rewrite type AAAA A (C:3) makes it {WEB} A: ")
    assert answer.unknown == ""
    assert ask(WEB, "SRV", "type AAAA A").answer[0].type == "SRV"
    assert (
        "repeats the question for web.shop.svc.cluster.local. A, " in ask(WEB, "AAAA", "continue type AAAA A").unknown
    )
    chain = ("continue type TXT AAAA", "type AAAA SRV")
    assert [record.type for record in ask(WEB, "TXT", *chain).answer] == ["SRV"]
    assert [kind for kind, _ in records("type A TXT")[WEB]] == ["SRV"]
    assert gone("type A TXT") == {WEB: "rewritten at C:3", f"web-0.{WEB}": "rewritten at C:3"}
    assert namespaces_asked(Question("1.0.0.10.in-addr.arpa.", "A"), config("type A PTR")) is None


def test_a_class_changes_no_answer_but_ends_the_rules() -> None:
    """Source: class.go; the kubernetes plugin does not look at the class."""
    name = f"name a.test {WEB}"
    assert ask("a.test.", "A", "class IN CH", name).rcode == "SERVFAIL"
    assert ask("a.test.", "A", "class CH IN", name).answer
    assert "in class CH" in ask(WEB, "A", "continue class IN CH").unknown


def test_an_alias_that_is_led_elsewhere_is_not_certain() -> None:
    """Source: cname_target.go: the rule is for every question, so that none is tried behind it."""
    assert ask("a.test.", "A", "cname x.y z.y", f"name a.test {WEB}").rcode == "SERVFAIL"
    alias = obj("Service", "alias", spec={"type": "ExternalName", "externalName": "web.shop.svc.cluster.local"})
    known = snapshot_of(alias, headless("web"), endpoint_slice("web", endpoint("10.0.0.1")))
    question = Question("alias.shop.svc.cluster.local.", "A")
    assert "may lead aliases elsewhere" in resolve(known, question, config(f"cname {WEB} z.y")).unknown
    for rule in ("cname x.y z.y", "cname prefix x. z.", "cname suffix svc.cluster.local z."):
        assert resolve(known, question, config(rule)).unknown == ""


def test_a_name_that_cannot_be_looked_up_fails_before_another_rule_mends_it() -> None:
    answer = ask("a.test.", "A", "continue name a.test b..c", f"name regex .* {WEB}")
    assert (answer.rcode, answer.steps[0].rule) == ("SERVFAIL", "rewritten-unsendable")


def records(rule: str) -> dict[str, list[tuple[str, str]]]:
    (service,) = world().services("shop")
    found: dict[str, list[tuple[str, str]]] = {}
    for item in service_records(world(), service, config(rule)):
        found.setdefault(item.record.name, []).append((item.record.type, item.record.data))
    return found


def gone(rule: str) -> dict[str, str]:
    (service,) = world().services("shop")
    return {each.item.record.name: each.reason for each in elsewhere_records(world(), service, config(rule))}


def test_records_are_what_the_question_gets_behind_the_rewriting() -> None:
    """The Service's name leads to its endpoint: the addresses stay, as the SRV record does but for its own owner."""
    rule = f"name exact {WEB} web-0.{WEB}"
    assert records(rule)[WEB] == [("A", "10.0.0.1"), ("SRV", f"0 100 80 {WEB}")]
    assert gone(rule) == {WEB: "rewritten at C:3"}  # its SRV record led to web-0
    back = "name suffix .svc.cluster.local .svc.cluster.local answer auto"
    assert (records(back), gone(back)) == (records("name a b"), {})


def test_names_that_a_rewriting_takes_away_are_told() -> None:
    rule = f"name exact web-0.{WEB} x.test"
    assert f"web-0.{WEB}" not in records(rule)
    assert gone(rule) == {f"web-0.{WEB}": "rewritten at C:3"}
    other_owner = "name suffix .shop.svc.cluster.local .shop.svc.cluster.local answer name .* other.test"
    assert list(records(other_owner)) == ["1.0.0.10.in-addr.arpa."]
    (service,) = world().services("shop")
    hidden = withheld_records(world(), service, config(rule))
    assert [(each.record.name, each.reason) for each in hidden] == [(f"web-0.{WEB}", "rewritten at C:3")]


@pytest.mark.parametrize(
    ("kind", "rule", "flaw"),
    [
        (
            "A",
            f"name exact foo.test {WEB} answer name web(.*) w{{1}}",
            "A w.shop.svc.cluster.local.. holds an empty label",
        ),
        (
            "SRV",
            f"name exact foo.test {WEB} answer value web-0(.*) {{1}}",
            "SRV .web.shop.svc.cluster.local.. holds an",
        ),
        ("MX", f"name exact foo.test {WEB} answer name .* {'x' * 64}", f"SOA {'x' * 64}. holds a label of 64 octets"),
    ],
)
def test_a_reply_with_a_name_that_cannot_be_sent_is_none(kind: str, rule: str, flaw: str) -> None:
    """Seen: CoreDNS sends nothing then, over TCP and over UDP."""
    answer = ask("foo.test.", kind, rule)
    assert (answer.unsendable, answer.rcode, answer.answer) == (True, "", ())
    assert flaw in answer.steps[0].why
