from __future__ import annotations

import contextlib
import random

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.probe.inquiring.dnsmessage import (
    Conversation,
    Framer,
    Reply,
    Unaskable,
    framed,
    may_be_cut,
    presentation_name,
    query,
    read_reply,
    wire_name,
)
from kheadless_tui.zone.record import Question, Record

WEB = Question("web.shop.svc.cluster.local.", "A")
SRV = Question("web.shop.svc.cluster.local.", "SRV")


def reply_to(wire: bytes, *records: str, rcode: int = 0) -> bytes:
    """What a server answers to a query."""
    message = dns.message.make_response(dns.message.from_wire(wire))
    message.set_rcode(rcode)  # type: ignore[arg-type]
    for record in records:
        name, ttl, _, rdtype, data = record.split(None, 4)
        message.answer.append(dns.rrset.from_text(name, int(ttl), "IN", rdtype, data))
    return message.to_wire()


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 50))
def test_messages_come_out_whole_however_the_stream_is_cut(messages: list[bytes], step: int) -> None:
    stream = b"".join(framed(message) for message in messages)
    framer = Framer()
    out = [whole for at in range(0, len(stream), step) for whole in framer.feed(stream[at : at + step])]
    assert out == messages
    assert framer.pending == 0


@given(st.binary(max_size=400))
def test_any_bytes_from_a_pod_are_survived(junk: bytes) -> None:
    talk = Conversation(rng=random.Random(1))
    talk.ask(WEB)
    assert talk.feed(junk) == [] or talk.waiting == ()


@given(st.binary(min_size=12, max_size=80))
def test_a_reply_of_our_id_with_junk_in_it_is_survived(junk: bytes) -> None:
    talk = Conversation(rng=random.Random(1))
    message_id = talk.ask(WEB)[2:4]
    for reply in talk.feed(framed(message_id + junk)):
        assert isinstance(reply, Reply)


def test_replies_are_matched_by_id_and_not_by_order() -> None:
    talk = Conversation()
    first, second = talk.ask(WEB), talk.ask(SRV)
    replies = talk.feed(
        framed(reply_to(second[2:], "web.shop.svc.cluster.local. 30 IN SRV 0 50 80 web-0.web.shop.svc.cluster.local."))
        + framed(reply_to(first[2:], "web.shop.svc.cluster.local. 30 IN A 10.0.0.1"))
    )
    assert [reply.question for reply in replies] == [SRV, WEB]
    assert replies[1].answer == (Record("web.shop.svc.cluster.local.", 30, "A", "10.0.0.1"),)
    assert talk.waiting == ()


def test_a_reply_to_another_question_under_our_id_is_stray() -> None:
    talk = Conversation()
    asked = talk.ask(WEB)
    other = query(Question("evil.example.", "A"), int.from_bytes(asked[2:4], "big"))
    assert talk.feed(framed(reply_to(other, "evil.example. 30 IN A 6.6.6.6"))) == []
    assert talk.waiting == (WEB,)
    assert talk.stray == 1


def test_a_query_sent_back_is_no_reply() -> None:
    talk = Conversation()
    assert talk.feed(talk.ask(WEB)) == []
    assert talk.waiting == (WEB,)


def test_a_second_reply_to_one_question_is_stray() -> None:
    talk = Conversation()
    answer = framed(reply_to(talk.ask(WEB)[2:], "web.shop.svc.cluster.local. 30 IN A 10.0.0.1"))
    assert len(talk.feed(answer + answer)) == 1
    assert talk.stray == 1


def test_a_cut_message_says_so_and_waits_on() -> None:
    talk = Conversation()
    answer = reply_to(talk.ask(WEB)[2:], "web.shop.svc.cluster.local. 30 IN A 10.0.0.1")
    assert talk.feed(framed(answer[:-3])) == []
    assert "cannot be read" in talk.unreadable or "not a DNS message" in talk.unreadable
    assert talk.waiting == (WEB,)


def test_ids_are_not_used_twice_at_a_time() -> None:
    talk = Conversation(rng=random.Random(7))
    ids = {talk.ask(Question(f"n{number}.", "A"))[2:4] for number in range(3000)}
    assert len(ids) == 3000


def test_every_record_keeps_its_own_ttl_and_place() -> None:
    wire = reply_to(
        query(WEB, 1), "b.example. 7 IN A 10.0.0.2", "a.example. 9 IN A 10.0.0.1", "b.example. 5 IN A 10.0.0.3"
    )
    reply = read_reply(wire, WEB)
    assert [(record.data, record.ttl) for record in reply.answer] == [("10.0.0.2", 7), ("10.0.0.1", 9), ("10.0.0.3", 5)]
    assert reply.flags == ("qr", "rd")
    assert reply.rcode == "NOERROR"


@pytest.mark.parametrize(
    "name",
    [
        "web.shop.svc.cluster.local.",
        "Web.Shop",
        'a"b.$(id).example.',
        "new\nline.example.",
        "esc\x1b[31m.example.",
        "nul\0.example.",
        r"a\.b.example.",
        r"\000\255.example.",
        "ü.example.",
        "-x.example.",
        "@.example.",
        "*.example.",
        " .example.",
        "\udcff.example.",
        ".",
    ],
)
def test_odd_names_can_be_asked_and_are_printable(name: str) -> None:
    printed = presentation_name(name)
    assert printed.isascii()
    assert printed.isprintable()
    assert wire_name(printed) == wire_name(name)
    assert dns.message.from_wire(query(Question(name, "A"), 5)).question[0].name == wire_name(name)


@pytest.mark.parametrize("name", ["x" * 64 + ".example.", ".".join(["x" * 60] * 5), "a..b.", "a" * 300, "\\", "\\25"])
def test_names_that_no_message_can_hold(name: str) -> None:
    with pytest.raises(Unaskable, match="cannot be asked for"):
        query(Question(name, "A"), 1)


@given(st.text(max_size=300))
def test_no_name_crashes(name: str) -> None:
    with contextlib.suppress(Unaskable):
        assert dns.message.from_wire(query(Question(name, "A"), 1)).question[0].name == wire_name(name)


def test_an_unknown_type_cannot_be_asked() -> None:
    with pytest.raises(Unaskable, match="record type"):
        query(Question("a.", "NOPE"), 1)


@pytest.mark.parametrize(("number", "cut"), [(1, False), (28, False), (29, True), (40, True)])
def test_a_full_reply_without_edns_may_have_been_cut(number: int, cut: bool) -> None:
    # 29 A records of this name fill 512 octets: floor((512 - 12 - (28 + 4)) / 16)
    name = "abcdefghijk.shop.svc.cluster.local."[8:]
    assert len(wire_name(name).to_wire() or b"") == 28
    records = tuple(Record(name, 30, "A", f"10.0.0.{last}") for last in range(number))
    assert may_be_cut(Reply(Question(name, "A"), "NOERROR", (), records, (), ())) is cut
