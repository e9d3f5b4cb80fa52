"""Whole DNS messages over UDP by programs that know no borders between them: ``socat``, ``nc -u``, bash.

What such a program reads from stdin at one time becomes a datagram, and what it receives is written to stdout without
saying where a message ends. So one question is under way at a time: then what goes in is one message, and what comes
out is the reply to it, whole as soon as it can be read.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

from kheadless_tui.errors import ClusterError, Unreachable
from kheadless_tui.probe.carriers.stream import WARM_UP, ByteStream, OpenStream, Outcome, Way
from kheadless_tui.probe.inquiring.dnsmessage import Conversation, Reply, Unaskable, read_reply
from kheadless_tui.zone.record import Question

SILENCES = 2
"""Questions in a row without any reply after which a server that has not said a word is asked no more."""
GONE_SILENT = 5
"""The same of a server that has spoken: single datagrams are lost, but not so many in a row, and each costs a wait."""
MAX_DATAGRAM = 65_535
"""Octets of a message; what is longer is none."""


async def ask_datagrams(
    open_stream: OpenStream,
    questions: Sequence[Question],
    way: Way,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Ask all questions, one after the other, and once more those that were left without a reply.

    Args:
        open_stream: Opens a stream whose bytes become datagrams to the server.
        questions: Each at most once.
        way: How they are put; its time is waited for each reply.
        on_outcome: Called at once with each reply, and at the end with what failed.

    Returns:
        One outcome per question, in the order of the questions.

    Raises:
        ClusterError: the first stream could not be opened.
    """
    asker = _Asker(way, on_outcome)
    left = list(questions)
    for attempt in range(2):
        try:
            async with open_stream() as stream:
                await asker.round(stream, left)
        except ClusterError as failure:
            if attempt == 0:
                raise
            asker.error = failure.message
        left = [question for question in left if question not in asker.outcomes]
        if not left:
            break
    for question in left:
        asker.settle(Outcome(question, error=f"{asker.error or 'no reply'} (asked twice)"))
    return [asker.outcomes[question] for question in questions]


class _Asker:
    """What is kept over the streams of one asking."""

    def __init__(self, way: Way, on_outcome: Callable[[Outcome], None]) -> None:
        self.outcomes: dict[Question, Outcome] = {}
        self.error = ""
        """Why the last question that got no reply got none."""
        self._way = way
        self._on_outcome = on_outcome

    def settle(self, outcome: Outcome) -> None:
        self.outcomes[outcome.question] = outcome
        self._on_outcome(outcome)

    async def round(self, stream: ByteStream, questions: Sequence[Question]) -> None:
        """Ask over one stream until all were asked, it ends, or the server is taken for silent."""
        talk = Conversation(edns=self._way.edns)
        silences, spoke = 0, False
        await self._warm_up(stream, talk, questions)
        for question in questions:
            try:
                message = talk.message(question, aside=self._way.aside)
            except Unaskable as error:
                self.settle(Outcome(question, error=str(error), unasked=True))
                continue
            await self._way.pace.turns(1)
            clock, unix = time.monotonic(), time.time()
            try:
                await stream.send(message)
                async with asyncio.timeout(self._way.timeout):
                    reply = await _reply(stream, talk, message)
            except TimeoutError:
                self.error = talk.unreadable or f"no reply within {self._way.timeout:g} s"
                talk.abandon()
                silences += 1
                if silences >= (GONE_SILENT if spoke else SILENCES):
                    return
                continue
            except Unreachable as error:
                self.error = stream.ending() or error.message
                return
            if reply is None:
                self.error = stream.ending() or "the program in the pod ended without a reply"
                return
            silences, spoke = 0, True
            self.settle(Outcome(question, reply, (time.monotonic() - clock) * 1000, started=unix))

    async def _warm_up(self, stream: ByteStream, talk: Conversation, questions: Sequence[Question]) -> None:
        """One question in advance, so that starting the program does not count as the server's time."""
        for question in questions:
            try:
                message = talk.message(question, aside=self._way.aside)
            except Unaskable:
                continue
            await self._way.pace.turns(1)
            with contextlib.suppress(TimeoutError, Unreachable):
                await stream.send(message)
                async with asyncio.timeout(min(WARM_UP, self._way.timeout / 3)):
                    await _reply(stream, talk, message)
            talk.abandon()
            return


async def _reply(stream: ByteStream, talk: Conversation, asked: bytes) -> Reply | None:
    """The reply to the one question that waits, which was ``asked``; ``None`` when the stream has ended."""
    held, message_id = bytearray(), asked[:2]
    while True:
        data = await stream.receive()
        if data is None:
            return None
        held += data
        if len(held) > MAX_DATAGRAM:
            held.clear()
        begin = held.find(message_id)
        while begin >= 0:  # before it may stand a late reply to an earlier question, in one piece with ours
            wire = bytes(held[begin:])
            if _readable(wire, talk) and (reply := talk.match(wire)) is not None:
                return reply
            begin = held.find(message_id, begin + 1)


def _readable(wire: bytes, talk: Conversation) -> bool:
    """It is a whole message, as far as one can know without its length."""
    try:
        read_reply(wire, talk.waiting[0])
    except Unaskable:
        return False
    return True
