"""Asking from this machine: a DNS server on the loopback is the only fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rrset
import pytest

from kheadless_tui.probe.inquiring.asking import ask_by_stream
from kheadless_tui.probe.inquiring.dnsmessage import Framer, framed
from kheadless_tui.probe.inquiring.inquiry import Asking
from kheadless_tui.probe.inquiring.lines import local_vantage
from kheadless_tui.probe.inquiring.local import local_stream
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import AS_USUAL, TCP, UDP, Manner, Protocol, Server
from kheadless_tui.zone.record import Question

QUESTIONS = [Question(f"web-{number}.web.shop.svc.cluster.local.", "A") for number in range(30)]


def answer(wire: bytes, *, over_udp: bool) -> bytes | None:
    message = dns.message.make_response(dns.message.from_wire(wire))
    name = message.question[0].name
    if name.to_text().lower().startswith("lost"):
        return None
    addresses = [f"10.0.0.{number}" for number in range(5)]
    if over_udp and name.to_text().lower().startswith("big"):
        message.flags |= dns.flags.TC
        addresses = addresses[:2]
    message.answer.append(dns.rrset.from_text(name, 30, "IN", "A", *addresses))
    return message.to_wire()


@dataclass
class Loopback:
    server: Server
    heard: list[tuple[Protocol, dns.message.Message]] = field(default_factory=list)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes], bytes | None]) -> None:
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        if (reply := self._heard(data)) is not None:
            self._transport.sendto(reply, addr)  # type: ignore[attr-defined]


@asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[Loopback]:
    here = Loopback(Server(host))

    def hear(wire: bytes, over: Protocol) -> bytes | None:
        here.heard.append((over, dns.message.from_wire(wire)))
        return answer(wire, over_udp=over == UDP)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(4096):
            for wire in framer.feed(data):
                if (reply := hear(wire, TCP)) is not None:
                    writer.write(framed(reply))
        writer.close()

    listener = await asyncio.start_server(converse, host, 0)
    port = listener.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    udp, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(lambda wire: hear(wire, UDP)), local_addr=(host, port)
    )
    here.server = Server(host, port)
    try:
        yield here
    finally:
        udp.close()
        listener.close()
        await listener.wait_closed()


async def ask(
    server: Server, over: Protocol, questions: list[Question], manner: Manner = AS_USUAL
) -> list[Observation]:
    asking = Asking(None, None, None, local_vantage(()), server, over, 0.2, manner=manner)  # type: ignore[arg-type]
    again = local_stream(server, TCP) if over == UDP else None
    heard: list[Observation] = []
    asked = await ask_by_stream(local_stream(server, over), again, asking, questions, heard.append)
    assert sorted(heard, key=lambda seen: seen.question) == sorted(asked.observations, key=lambda seen: seen.question)
    return asked.observations


@pytest.mark.parametrize("over", [TCP, UDP])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_over_both_transports_and_families(over: Protocol, host: str) -> None:
    async with listening(host) as here:
        seen = await ask(here.server, over, QUESTIONS)
    assert [each.question for each in seen] == QUESTIONS
    assert all(each.rcode == "NOERROR" and len(each.answer) == 5 and each.transport == over for each in seen)
    assert all(each.wire and "ANSWER" in each.raw for each in seen)
    assert {heard for heard, _ in here.heard} == {over}


async def test_what_is_truncated_over_udp_is_asked_again_over_tcp() -> None:
    async with listening() as here:
        big, small = await ask(here.server, UDP, [Question("big.x.", "A"), Question("small.x.", "A")])
    assert (big.transport, len(big.answer), big.cut) == (UDP, 5, 2)
    assert "tc" not in big.flags
    assert (len(small.answer), small.cut) == (5, None)


async def test_a_question_without_a_reply_does_not_cost_the_others() -> None:
    async with listening() as here:
        seen = await ask(here.server, UDP, [QUESTIONS[0], Question("lost.x.", "A"), *QUESTIONS[1:]])
    assert "no reply within" in seen[1].error
    assert all(not each.error for each in (seen[0], *seen[2:]))


@pytest.mark.parametrize("over", [TCP, UDP])
async def test_the_case_of_letters_is_mixed_and_the_reply_must_keep_it(over: Protocol) -> None:
    async with listening() as here:
        seen = await ask(here.server, over, QUESTIONS, Manner(mixed_case=True))
    assert {each.case_kept for each in seen} == {True}
    assert [each.question for each in seen] == QUESTIONS, "observations are of the questions that were meant"
    sent = {message.question[0].name.to_text() for _, message in here.heard}
    assert any(name != name.lower() for name in sent)


@pytest.mark.parametrize(("edns", "version"), [(1232, 0), (0, -1)])
async def test_with_and_without_edns(edns: int, version: int) -> None:
    async with listening() as here:
        seen = await ask(here.server, UDP, QUESTIONS[:2], Manner(edns=edns))
    assert {message.edns for _, message in here.heard} == {version}
    assert {each.edns for each in seen} == {edns}


@pytest.mark.parametrize("over", [TCP, UDP])
async def test_where_nothing_listens_the_reason_is_told(over: Protocol) -> None:
    async with listening() as here:
        gone = here.server
    seen = await ask(gone, over, QUESTIONS[:3])
    assert {each.error for each in seen} == {"Connection refused (asked twice)"}


@pytest.mark.parametrize("name", ["$(id).x.", "a\nb.x.", "nul\0.x.", "\x1b[2J.x.", '"quoted".x.'])
async def test_odd_names_are_bytes_of_a_message(name: str) -> None:
    async with listening() as here:
        seen = (await ask(here.server, UDP, [Question(name, "A")]))[0]
    assert seen.rcode == "NOERROR"
    assert name.removesuffix(".x.").encode() in {message.question[0].name.labels[0] for _, message in here.heard}
