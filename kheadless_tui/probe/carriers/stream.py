"""Whole DNS messages over a byte stream, each with its length in front: by ``nc`` and its like, by port-forward."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from kheadless_tui.cluster.pods.exec import ExecSession, ExecTarget, open_exec
from kheadless_tui.cluster.pods.exec_protocol import Output
from kheadless_tui.errors import ClusterError, Unreachable
from kheadless_tui.probe.carriers.commands import stream_argv
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.probe.inquiring.dnsmessage import EDNS_PAYLOAD, Conversation, Reply, Unaskable
from kheadless_tui.probe.inquiring.pace import Pace
from kheadless_tui.probe.server import Protocol, Server
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

WARM_UP = 1.0
"""Seconds for which the first reply is waited for before the questions go out whose times are kept."""
WINDOW = 16
"""Questions that wait for a reply at one time: few, so that a reply's time is little more than the server's own, and
enough for hundreds in a few round trips."""


REFILL = WINDOW // 2
"""Waiting questions at which the window is filled again: each filling is a frame and a system call at every program on
the way, and the server has as many left to answer meanwhile."""


class ByteStream(Interface):
    """Something that carries bytes to a server and back."""

    async def send(self, data: bytes) -> None:
        """Give bytes; raises Unreachable when the stream is gone."""

    async def receive(self) -> bytes | None:
        """The next bytes; ``None`` at the end."""

    def ending(self) -> str:
        """Why the stream ended, in a few words; empty when nothing was said."""


STDERR_KEPT = 2000
"""Bytes of what a program says on stderr that are kept."""
MAX_BYTES = 16 * 1024 * 1024
"""Bytes taken from one stream: far more than any zone's answers to one probe, and an end for a pod that never stops."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    question: Question
    reply: Reply | None = None
    ms: float | None = None
    """Milliseconds from writing the question to the whole reply."""
    error: str = ""
    """Why there is no reply."""
    started: float = 0.0
    """Unix time at which it was written; 0 where it was not."""
    unasked: bool = False
    """It cannot be written as a DNS message, so that nothing was sent."""


def _silent(_: Outcome) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Way:
    """How the questions of one asking are put."""

    timeout: float = 3.0
    """Seconds without any reply after which a stream is given up."""
    edns: int = EDNS_PAYLOAD
    """Octets offered by EDNS; 0 without it."""
    pace: Pace = field(default_factory=Pace)
    """Holds questions back that would come too fast."""
    lossy: bool = False
    """Single messages may be lost (UDP), so that a wait in vain does not end a stream on which others were answered."""
    aside: int = 0
    """As of :attr:`kheadless_tui.probe.server.Manner.aside`."""


OpenStream = Callable[[], AbstractAsyncContextManager[ByteStream]]


class ExecStream:
    """The stdin and stdout of a program in a pod; what it says on stderr is kept for :meth:`ending`."""

    def __init__(self, session: ExecSession) -> None:
        self._session = session
        self._said = bytearray()

    async def send(self, data: bytes) -> None:
        await self._session.send(data)

    async def receive(self) -> bytes | None:
        while isinstance(event := await self._session.receive(), Output):
            if not event.stderr:
                return event.data
            self._said += event.data[: STDERR_KEPT - len(self._said)]
        return None

    def ending(self) -> str:
        said = printable(bytes(self._said))
        if said:
            return said
        if self._session.truncated:
            return "the program wrote more than a probe takes"
        finished = self._session.finished
        if finished is None:
            return "the connection to the program in the pod was lost"
        return printable(finished.cause) if finished.exit_code is None else ""


def exec_stream(
    transport: Transport,
    permit: Permit,
    target: ExecTarget,
    tool: str,
    server: Server,
    protocol: Protocol = "tcp",
    *,
    quits: bool = False,
) -> OpenStream:
    """Streams made by running ``tool`` in a container; ``quits`` as of :func:`stream_argv`."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ByteStream]:
        argv = stream_argv(tool, server, protocol, quits=quits)
        async with open_exec(transport, permit, target, argv, stdin=True, max_bytes=MAX_BYTES) as session:
            try:
                yield ExecStream(session)
            finally:
                with contextlib.suppress(ClusterError):
                    await session.close_stdin()  # the program ends by it; else it would wait until it is idle too long

    return opened


async def ask_stream(
    open_stream: OpenStream,
    questions: Sequence[Question],
    way: Way,
    on_outcome: Callable[[Outcome], None] = _silent,
) -> list[Outcome]:
    """Ask all questions over one stream, and over further ones what was left without a reply.

    A question without a reply is asked again once. A server that closes after so many questions is asked on as long
    as each new stream brings at least one reply.

    Args:
        open_stream: Opens a new stream to the server.
        questions: Each at most once.
        way: How they are put.
        on_outcome: Called at once with each reply, and at the end with what failed.

    Returns:
        One outcome per question, in the order of the questions.

    Raises:
        ClusterError: the first stream could not be opened.
    """
    outcomes: dict[Question, Outcome] = {}

    def settle(outcome: Outcome) -> None:
        outcomes[outcome.question] = outcome
        on_outcome(outcome)

    left, repeats, error = list(questions), 1, ""
    while left:
        before = len(outcomes)
        try:
            async with open_stream() as stream:
                error = await _Round(stream, way, settle)(left)
        except ClusterError as failure:
            if before == 0 and repeats == 1:
                raise
            error = failure.message
        left = [question for question in left if question not in outcomes]
        if len(outcomes) == before:
            if not repeats:
                break
            repeats -= 1
    for question in left:
        settle(Outcome(question, error=f"{error} (asked twice)" if error else "no reply (asked twice)"))
    return [outcomes[question] for question in questions]


class _Round:
    """Questions over one stream: until all is answered, nothing comes any more, or it ends."""

    def __init__(self, stream: ByteStream, way: Way, settle: Callable[[Outcome], None]) -> None:
        self._stream = stream
        self._way = way
        self._settle = settle
        self._talk = Conversation(edns=way.edns)
        self._sent: dict[Question, tuple[float, float]] = {}
        self._queue: deque[Question] = deque()
        self._spoke = False

    async def __call__(self, questions: Sequence[Question]) -> str:
        """Ask; why some were left without a reply, if so."""
        self._queue.extend(questions)
        try:
            if not await self._warm_up(questions, min(WARM_UP, self._way.timeout / 3)):
                return self._ending()
            while True:
                await self._fill()
                if not self._talk.count:
                    return ""
                try:
                    async with asyncio.timeout(self._way.timeout):
                        replies = await self._replies()
                except TimeoutError:
                    if self._way.lossy and self._queue and self._spoke:
                        self._talk.abandon()  # these were lost, others were answered: go on with the rest
                        continue
                    return self._talk.unreadable or f"no reply within {self._way.timeout:g} s"
                if replies is None:
                    return self._ending()
                now, self._spoke = time.monotonic(), True
                for reply in replies:
                    clock, unix = self._sent[reply.question]
                    self._settle(Outcome(reply.question, reply, (now - clock) * 1000, started=unix))
        except Unreachable as error:
            return self._stream.ending() or error.message

    async def _replies(self) -> list[Reply] | None:
        """The next replies, at least one; ``None`` when the stream has ended."""
        while True:
            data = await self._stream.receive()
            if data is None:
                return None
            if replies := self._talk.feed(data):
                return replies

    async def _warm_up(self, questions: Sequence[Question], patience: float) -> bool:
        """Ask one question in advance, so that starting the program and connecting do not count as the server's time.

        Its reply, or none in time, decides nothing: every question is asked afterwards. False when the stream has
        ended.
        """
        for question in questions:
            try:
                first = self._talk.ask(question, aside=self._way.aside)
            except Unaskable:
                continue
            await self._way.pace.turns(1)
            await self._stream.send(first)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    while self._talk.count:
                        data = await self._stream.receive()
                        if data is None:
                            return False
                        self._talk.feed(data)
            self._talk.abandon()
            break
        return True

    async def _fill(self) -> None:
        """Send questions until the window is full, all of them in one write; not for every single place in it."""
        if self._talk.count > REFILL and not self._way.lossy:
            return
        batch = bytearray()
        asked: list[Question] = []
        while self._queue and self._talk.count < WINDOW:
            question = self._queue.popleft()
            try:
                batch += self._talk.ask(question, aside=self._way.aside)
            except Unaskable as error:
                self._settle(Outcome(question, error=str(error), unasked=True))
            else:
                asked.append(question)
        if not batch:
            return
        await self._way.pace.turns(len(asked))
        moment = (time.monotonic(), time.time())
        self._sent.update(dict.fromkeys(asked, moment))
        await self._stream.send(bytes(batch))

    def _ending(self) -> str:
        return self._talk.unreadable or self._stream.ending() or "the server closed the connection without a reply"
