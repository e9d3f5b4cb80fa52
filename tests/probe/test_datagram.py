"""Questions over a stream that becomes datagrams and knows no borders: the server at the other end is the only fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.message
import dns.rrset

from kheadless_tui.probe.carriers.datagram import GONE_SILENT, ask_datagrams
from kheadless_tui.probe.carriers.stream import ByteStream, OpenStream, Outcome, Way
from kheadless_tui.zone.record import Question

QUESTIONS = [Question(f"web-{number}.web.shop.svc.cluster.local.", "A") for number in range(20)]

Behaviour = Callable[[int, int, bytes], "list[bytes] | None"]
"""Number of the stream, number of the datagram in it, the query: what comes back; ``None`` ends the program."""


def answer(wire: bytes) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(wire))
    message.answer.append(dns.rrset.from_text(message.question[0].name, 30, "IN", "A", "10.0.0.1"))
    return message.to_wire()


class Socat:
    """Each write is one datagram; what comes back comes as bytes."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.opened = 0
        self.asked: list[str] = []

    @property
    def open(self) -> OpenStream:
        @asynccontextmanager
        async def opened() -> AsyncIterator[ByteStream]:
            self.opened += 1
            yield _Stream(self, self.opened)

        return opened


class _Stream:
    def __init__(self, program: Socat, number: int) -> None:
        self._program, self._number, self._count = program, number, 0
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def send(self, data: bytes) -> None:
        message = dns.message.from_wire(data)  # exactly one message, or this fails
        self._program.asked.append(message.question[0].name.to_text())
        back = self._program.behaviour(self._number, self._count, data)
        self._count += 1
        for chunk in [None] if back is None else back:
            self._out.put_nowait(chunk)

    async def receive(self) -> bytes | None:
        return await self._out.get()

    def ending(self) -> str:
        return "socat: read: Connection refused"


def honest(_: int, __: int, wire: bytes) -> list[bytes]:
    return [answer(wire)]


async def test_one_question_at_a_time() -> None:
    program = Socat(honest)
    heard: list[Outcome] = []
    outcomes = await ask_datagrams(program.open, QUESTIONS, Way(1), heard.append)
    assert [outcome.question for outcome in outcomes] == QUESTIONS
    assert all(outcome.reply and outcome.ms is not None and outcome.started > 0 for outcome in outcomes)
    assert heard == outcomes
    assert program.opened == 1
    assert len(program.asked) == len(QUESTIONS) + 1, "one in advance to warm up"


async def test_a_reply_may_come_in_pieces() -> None:
    def pieces(_: int, __: int, wire: bytes) -> list[bytes]:
        whole = answer(wire)
        return [whole[:10], whole[10:40], whole[40:]]

    outcomes = await ask_datagrams(Socat(pieces).open, QUESTIONS[:3], Way(1))
    assert all(outcome.reply for outcome in outcomes)


async def test_a_late_reply_is_not_taken_for_the_next_one() -> None:
    held: list[bytes] = []

    def late(_: int, __: int, wire: bytes) -> list[bytes]:
        before = list(held)
        held[:] = [answer(wire)]
        return [*before, answer(wire)] if before else [answer(wire)]

    outcomes = await ask_datagrams(Socat(late).open, QUESTIONS[:6], Way(1))
    assert all(outcome.reply and outcome.reply.question == outcome.question for outcome in outcomes)


async def test_a_late_reply_in_one_piece_with_the_next_does_not_hide_it() -> None:
    held: list[bytes] = []

    def merged(_: int, __: int, wire: bytes) -> list[bytes]:
        before = b"".join(held)
        held[:] = [answer(wire)]
        return [before + answer(wire)]

    program = Socat(merged)
    outcomes = await ask_datagrams(program.open, QUESTIONS[:6], Way(1))
    assert all(outcome.reply and outcome.reply.question == outcome.question for outcome in outcomes)
    assert program.opened == 1


async def test_a_lost_datagram_is_asked_again_and_the_others_are_not_kept_waiting() -> None:
    lost = b"\x05web-3"
    program = Socat(lambda stream, _, wire: [] if stream == 1 and lost in wire else [answer(wire)])
    outcomes = await ask_datagrams(program.open, QUESTIONS[:6], Way(0.05))
    assert all(outcome.reply for outcome in outcomes)
    assert program.opened == 2
    assert program.asked.count(QUESTIONS[3].name) == 3, "lost, to warm up, again"


async def test_a_silent_server_costs_a_few_waits_however_many_questions_there_are() -> None:
    program = Socat(lambda *_: [])
    outcomes = await ask_datagrams(program.open, QUESTIONS, Way(0.02))
    assert {outcome.error for outcome in outcomes} == {"no reply within 0.02 s (asked twice)"}
    assert len(program.asked) == 6, "each stream: one to warm up and two that wait in vain"


async def test_a_server_that_falls_silent_costs_a_few_waits_however_many_questions_are_left() -> None:
    program = Socat(lambda stream, number, wire: [answer(wire)] if stream == 1 and number < 4 else [])
    outcomes = await ask_datagrams(program.open, QUESTIONS, Way(0.02))
    assert [bool(outcome.reply) for outcome in outcomes] == [True] * 3 + [False] * 17
    assert len(program.asked) == 4 + GONE_SILENT + 3, "what was answered, in vain, and once more on another stream"


async def test_why_the_program_ended_is_told() -> None:
    outcomes = await ask_datagrams(Socat(lambda *_: None).open, QUESTIONS[:2], Way(1))
    assert {outcome.error for outcome in outcomes} == {"socat: read: Connection refused (asked twice)"}


async def test_names_that_cannot_be_sent_and_junk() -> None:
    bad = Question("x" * 300, "A")
    outcomes = await ask_datagrams(Socat(honest).open, [bad, *QUESTIONS[:2]], Way(1))
    assert "cannot be asked" in outcomes[0].error
    assert outcomes[1].reply
    junk = await ask_datagrams(Socat(lambda *_: [b"\xff" * 70_000, b"junk"]).open, QUESTIONS[:1], Way(0.05))
    assert junk[0].error
