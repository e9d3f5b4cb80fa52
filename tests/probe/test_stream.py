"""Questions over a stream: the server at the other end is the only fake, and it speaks in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.message
import dns.rrset
import pytest

from kheadless_tui.errors import NotFound
from kheadless_tui.probe.carriers.commands import IDLE, stream_argv
from kheadless_tui.probe.carriers.stream import REFILL, WINDOW, ByteStream, OpenStream, Outcome, Way, ask_stream
from kheadless_tui.probe.inquiring.dnsmessage import Framer, framed
from kheadless_tui.probe.server import Protocol, Server
from kheadless_tui.zone.record import Question

QUESTIONS = [Question(f"web-{number}.web.shop.svc.cluster.local.", "A") for number in range(150)]

Behaviour = Callable[[int, int, bytes], "list[bytes] | None"]
"""Number of the stream, number of the message in it, the query: what is sent back; ``None`` closes the stream."""


def answer(wire: bytes) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(wire))
    message.answer.append(dns.rrset.from_text(message.question[0].name, 30, "IN", "A", "10.0.0.1"))
    return message.to_wire()


class FakeServer:
    """Opens streams to a server that behaves as told."""

    def __init__(self, behaviour: Behaviour, ending: str = "") -> None:
        self.behaviour = behaviour
        self.words = ending
        self.opened = 0
        self.asked: list[str] = []
        self.writes = 0

    @property
    def open(self) -> OpenStream:
        @asynccontextmanager
        async def opened() -> AsyncIterator[ByteStream]:
            self.opened += 1
            yield FakeStream(self, self.opened)

        return opened


class FakeStream:
    def __init__(self, server: FakeServer, number: int) -> None:
        self._server, self._number = server, number
        self._framer = Framer()
        self._count = 0
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closed = False

    async def send(self, data: bytes) -> None:
        self._server.writes += 1
        for wire in self._framer.feed(data):
            if self._closed:
                return
            self._server.asked.append(dns.message.from_wire(wire).question[0].name.to_text())
            sent = self._server.behaviour(self._number, self._count, wire)
            self._count += 1
            if sent is None:
                self._closed = True
                self._out.put_nowait(None)
            else:
                for message in sent:
                    self._out.put_nowait(message)

    async def receive(self) -> bytes | None:
        return await self._out.get()

    def ending(self) -> str:
        return self._server.words


def honest(_: int, __: int, wire: bytes) -> list[bytes]:
    return [framed(answer(wire))]


async def test_many_questions_go_over_one_stream() -> None:
    server = FakeServer(honest)
    heard: list[Outcome] = []
    outcomes = await ask_stream(server.open, QUESTIONS, Way(1), heard.append)
    assert [outcome.question for outcome in outcomes] == QUESTIONS
    assert all(outcome.reply and outcome.ms is not None and not outcome.error for outcome in outcomes)
    assert server.opened == 1
    assert len(heard) == len(QUESTIONS)
    assert len(server.asked) == len(QUESTIONS) + 1, "one question in advance to warm up"


async def test_bytes_may_come_one_by_one() -> None:
    server = FakeServer(lambda _, __, wire: [bytes([byte]) for byte in framed(answer(wire))])
    outcomes = await ask_stream(server.open, QUESTIONS[:3], Way(1))
    assert all(outcome.reply for outcome in outcomes)


async def test_a_server_that_drops_one_question_is_asked_for_it_once_more() -> None:
    dropped = b"web-3" + b"\x03web"

    def behaviour(_: int, __: int, wire: bytes) -> list[bytes]:
        return [] if dropped in wire else honest(_, __, wire)

    server = FakeServer(behaviour)
    outcomes = await ask_stream(server.open, QUESTIONS[:6], Way(0.05))
    assert [bool(outcome.reply) for outcome in outcomes] == [True, True, True, False, True, True]
    assert "asked twice" in outcomes[3].error
    assert server.opened <= 3


async def test_what_was_lost_the_first_time_is_answered_the_second_time() -> None:
    server = FakeServer(lambda stream, _, wire: [] if stream == 1 else [framed(answer(wire))])
    outcomes = await ask_stream(server.open, QUESTIONS[:5], Way(0.05))
    assert all(outcome.reply for outcome in outcomes)
    assert server.opened == 2


async def test_a_server_that_closes_after_some_questions_is_asked_on() -> None:
    server = FakeServer(lambda _, number, wire: [framed(answer(wire))] if number < 20 else None)
    outcomes = await ask_stream(server.open, QUESTIONS, Way(1))
    assert all(outcome.reply for outcome in outcomes)
    assert server.opened == 8, "19 replies a stream, the twentieth was to warm up"


async def test_a_server_that_never_answers_costs_two_waits_and_says_so() -> None:
    server = FakeServer(lambda *_: [])
    outcomes = await ask_stream(server.open, QUESTIONS[:2], Way(0.05))
    assert {outcome.error for outcome in outcomes} == {"no reply within 0.05 s (asked twice)"}
    assert server.opened == 2


async def test_the_carrier_says_why_the_stream_ended() -> None:
    server = FakeServer(lambda *_: None, "nc: can't connect to remote host (10.244.0.8): Connection refused")
    outcomes = await ask_stream(server.open, QUESTIONS[:2], Way(1))
    assert {outcome.error for outcome in outcomes} == {
        "nc: can't connect to remote host (10.244.0.8): Connection refused (asked twice)"
    }


async def test_a_name_that_cannot_be_sent_does_not_stop_the_others() -> None:
    bad = Question("x" * 70 + ".", "A")
    outcomes = await ask_stream(FakeServer(honest).open, [bad, *QUESTIONS[:2]], Way(1))
    assert "cannot be asked" in outcomes[0].error
    assert all(outcome.reply for outcome in outcomes[1:])


async def test_questions_are_written_several_at_a_time_however_singly_the_replies_come() -> None:
    server = FakeServer(honest)
    outcomes = await ask_stream(server.open, QUESTIONS, Way(1))
    assert all(outcome.reply for outcome in outcomes)
    assert server.writes <= 2 + len(QUESTIONS) / (WINDOW - REFILL)


async def test_only_names_that_cannot_be_sent() -> None:
    outcomes = await ask_stream(FakeServer(honest).open, [Question("a..b", "A")], Way(1))
    assert "cannot be asked" in outcomes[0].error


async def test_junk_from_the_pod_is_survived() -> None:
    server = FakeServer(lambda *_: [b"\x00\x05hello" * 3, b"\xff" * 500])
    outcomes = await ask_stream(server.open, QUESTIONS[:1], Way(0.05))
    assert outcomes[0].error


async def test_a_stream_that_cannot_be_opened_at_all_is_an_error() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[ByteStream]:
        raise NotFound("Pod shop/web-0 is gone.")
        yield  # the shape of a context manager

    with pytest.raises(NotFound):
        await ask_stream(broken, QUESTIONS[:1], Way(1))


async def test_cancelling_ends_the_asking() -> None:
    task = asyncio.ensure_future(ask_stream(FakeServer(lambda *_: []).open, QUESTIONS[:1], Way(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("tool", "server", "argv"),
    [
        ("nc", Server("10.96.0.10"), ("nc", "10.96.0.10", "53")),
        ("ncat", Server("10.96.0.10", 1053), ("ncat", "10.96.0.10", "1053")),
        ("socat", Server("10.96.0.10"), ("socat", "-T", str(IDLE), "-", "TCP:10.96.0.10:53")),
        ("socat", Server("fd00::a"), ("socat", "-T", str(IDLE), "-", "TCP:[fd00::a]:53")),
    ],
)
def test_the_command_of_each_carrier(tool: str, server: Server, argv: tuple[str, ...]) -> None:
    assert stream_argv(tool, server) == argv


@pytest.mark.parametrize("tool", ["bash", "perl", "python3"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_addresses_are_arguments_of_a_script_and_never_part_of_it(tool: str, protocol: Protocol) -> None:
    argv = stream_argv(tool, Server("10.96.0.10", 1053), protocol)
    assert "10.96.0.10" in argv
    assert "1053" in argv
    assert not any("10.96" in word for word in argv if word != "10.96.0.10")
