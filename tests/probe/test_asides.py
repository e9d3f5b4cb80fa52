"""Asking past what caches keep for clients: which programs can, and how it is put."""

from __future__ import annotations

import dns.flags
import dns.message

from kheadless_tui.probe.carriers.dig import dig_argv, kdig_argv
from kheadless_tui.probe.carriers.drill import drill_argv
from kheadless_tui.probe.inquiring.dnsmessage import Conversation
from kheadless_tui.probe.server import Manner, Server
from kheadless_tui.zone.record import Question

SERVER = Server("10.96.0.10")
WEB = Question("web.shop.svc.cluster.local.", "A")
ASIDE = Manner(aside=1)


def test_a_message_carries_the_cd_bit_and_is_the_same_in_all_else() -> None:
    talk = Conversation()
    plain, aside = (dns.message.from_wire(talk.message(WEB, aside=aside)) for aside in (0, 1))
    assert aside.flags == plain.flags | dns.flags.CD
    assert (aside.question, aside.payload) == (plain.question, plain.payload)
    odd = Question("a\\.b.shop.svc.cluster.local.", "A")
    assert dns.message.from_wire(talk.message(odd, aside=1)).flags & dns.flags.CD, "a name that needs dnspython too"


def test_another_way_past_the_cache_is_the_do_bit_of_edns() -> None:
    for talk, do in ((Conversation(), dns.flags.DO), (Conversation(edns=0), 0)):
        plain, aside = (dns.message.from_wire(talk.message(WEB, aside=aside)) for aside in (0, 2))
        assert aside.flags == plain.flags | dns.flags.CD
        assert aside.ednsflags == plain.ednsflags | do
        assert (aside.question, aside.payload) == (plain.question, plain.payload)
    for build in (dig_argv, kdig_argv):
        words = build(SERVER, [WEB], transport="udp", timeout=3, manner=Manner(aside=2))
        assert {"+cdflag", "+dnssec"} <= set(words)
    assert "-D" in drill_argv(SERVER, WEB, transport="udp", timeout=3, manner=Manner(aside=2))


def test_programs_that_have_a_word_for_it() -> None:
    for build in (dig_argv, kdig_argv):
        assert "+cdflag" in build(SERVER, [WEB], transport="udp", timeout=3, manner=ASIDE)
        assert "+cdflag" not in build(SERVER, [WEB], transport="udp", timeout=3, manner=Manner())
    words = drill_argv(SERVER, WEB, transport="udp", timeout=3, manner=ASIDE)
    assert words[words.index("-o") + 1] == "CD"
