"""The quick reading and writing of plain messages, held against dnspython's."""

from __future__ import annotations

import random

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.probe.inquiring.dnsmessage import Conversation, framed, read_reply
from kheadless_tui.probe.inquiring.plainwire import RCODES, TYPES, plain_query, read_plain
from kheadless_tui.zone.record import Question, Record

labels = st.text("abcXYZ019-_", min_size=1, max_size=20)
plain_names = st.lists(labels, min_size=1, max_size=6).map(lambda parts: ".".join(parts) + ".")
any_label = st.binary(min_size=1, max_size=12)
any_names = st.lists(any_label, min_size=1, max_size=4).map(lambda parts: dns.name.Name([*parts, b""]).to_text())
names = st.one_of(plain_names, any_names)
numbers = st.integers(0, 65535)
big = st.integers(0, 2**32 - 1)

DATA = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "SRV": st.builds("{} {} {} {}".format, numbers, numbers, numbers, names),
    "PTR": names,
    "CNAME": names,
    "NS": names,
    "SOA": st.builds("{} {} {} {} {} {} {}".format, names, names, big, big, big, big, big),
    "TXT": st.lists(st.text('ab 1!~"\\', max_size=9), min_size=1, max_size=3).map(
        lambda texts: " ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    ),
    "MX": st.builds("{} {}".format, numbers, names),
}
records = st.sampled_from(sorted(DATA)).flatmap(
    lambda rdtype: st.tuples(names, st.integers(0, 2**31 - 1), st.just(rdtype), DATA[rdtype])
)


@given(names, st.sampled_from(sorted(DATA)), st.integers(0, 65535), st.sampled_from([0, 512, 1232, 4096]))
def test_a_query_is_the_same_octets(name: str, rdtype: str, message_id: int, edns: int) -> None:
    ours = plain_query(name, rdtype, message_id, edns)
    options: dict[str, int | bool] = {"use_edns": 0, "payload": edns} if edns else {"use_edns": False}
    theirs = dns.message.make_query(name, rdtype, id=message_id, **options).to_wire()  # type: ignore[arg-type]
    assert ours is None or ours == theirs


@given(names, st.lists(records, max_size=5), st.sampled_from(range(len(RCODES))), st.integers(0, 127), st.booleans())
def test_a_reply_is_the_same_records(
    name: str, found: list[tuple[str, int, str, str]], rcode: int, bits: int, edns: bool
) -> None:
    message = dns.message.make_response(dns.message.make_query(name, "A", use_edns=0 if edns else False))
    message.set_rcode(dns.rcode.Rcode(rcode))
    for number, bit in enumerate((0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010)):
        if bits >> number & 1:
            message.flags |= bit
    for number, (owner, ttl, rdtype, data) in enumerate(found):
        message.sections[1 + number % 3].append(dns.rrset.from_text(owner, ttl, "IN", rdtype, data))
    wire = message.to_wire(max_size=65535)
    plain = read_plain(wire)
    theirs = dns.message.from_wire(wire, one_rr_per_rrset=True)
    if plain is None:
        return
    assert plain.rcode == dns.rcode.to_text(theirs.rcode())
    assert list(plain.flags) == dns.flags.to_text(theirs.flags).lower().split()
    assert plain.name == theirs.question[0].name.to_text()
    for ours, section in ((plain.answer, theirs.answer), (plain.authority, theirs.authority)):
        assert list(ours) == [
            Record(rrset.name.to_text(), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), rrset[0].to_text())
            for rrset in section
        ]
    assert len(plain.additional) == len(theirs.additional)


def test_what_coredns_says_is_plain() -> None:
    message = dns.message.make_response(dns.message.make_query("_http._tcp.web.shop.svc.cluster.local.", "SRV"))
    for rdtype, data in (
        ("SRV", "0 50 80 web-0.web.shop.svc.cluster.local."),
        ("A", "10.0.0.1"),
        ("AAAA", "fd00::1"),
        ("SOA", "ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30"),
        ("PTR", "web-0.web.shop.svc.cluster.local."),
        ("TXT", '"1.1.0"'),
    ):
        message.answer.append(dns.rrset.from_text("web.shop.svc.cluster.local.", 5, "IN", rdtype, data))
    plain = read_plain(message.to_wire())
    assert plain is not None
    assert [record.type for record in plain.answer] == ["SRV", "A", "AAAA", "SOA", "PTR", "TXT"]
    assert set(TYPES.values()) >= {record.type for record in plain.answer}


@given(st.binary(max_size=200))
def test_junk_is_not_plain_or_is_read_alike(wire: bytes) -> None:
    plain = read_plain(wire)
    if plain is not None:
        theirs = dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True)
        assert len(plain.answer) == len(theirs.answer)


@given(st.integers(0, 2**16), st.integers(1, 8))
def test_a_reply_with_octets_changed_is_never_read_otherwise_than_dnspython_reads_it(seed: int, changes: int) -> None:
    rng = random.Random(seed)
    message = dns.message.make_response(dns.message.make_query("web.shop.svc.cluster.local.", "A"))
    message.answer.append(dns.rrset.from_text("web.shop.svc.cluster.local.", 5, "IN", "A", "10.0.0.1", "10.0.0.2"))
    message.authority.append(dns.rrset.from_text("cluster.local.", 5, "IN", "NS", "ns.dns.cluster.local."))
    wire = bytearray(message.to_wire())
    for _ in range(changes):
        wire[rng.randrange(len(wire))] = rng.randrange(256)
    plain = read_plain(bytes(wire))
    if plain is None:
        return
    theirs = dns.message.from_wire(bytes(wire), one_rr_per_rrset=True, ignore_trailing=True)
    assert [record.data for record in plain.answer] == [rrset[0].to_text() for rrset in theirs.answer]


@pytest.mark.parametrize(
    "name",
    [
        b"\xc0\x0c",
        b"\xc0\xff",
        b"\xff\xff",
        b"\1a\xc0\x0c",  # back to its own first label: round and round
        b"\1a" * 20_000 + b"\0",
    ],
)
def test_a_name_without_end_ends(name: bytes) -> None:
    assert read_plain(b"\0\1\x80\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1") is None


def test_a_reply_in_other_letters_is_ours_and_its_letters_are_kept() -> None:
    talk = Conversation()
    asked = Question("wEb.Shop.svc.cluster.local.", "A")
    message = dns.message.make_response(dns.message.from_wire(talk.message(asked)))
    lowered = message.to_wire().lower()
    assert lowered[:2] == message.to_wire()[:2] or message.id
    reply = talk.feed(framed(message.to_wire()[:12] + lowered[12:]))
    assert [each.echo for each in reply] == ["web.shop.svc.cluster.local."]
    assert read_reply(message.to_wire(), asked).echo == asked.name
