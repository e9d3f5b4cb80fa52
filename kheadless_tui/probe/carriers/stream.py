"""Whole DNS messages over a byte stream: an exec of ``nc`` and its like, or a port-forward."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kheadless_tui.cluster.exec import ExecSession, ExecTarget, open_exec
from kheadless_tui.cluster.exec_protocol import Output
from kheadless_tui.errors import ClusterError, Unreachable
from kheadless_tui.probe.dnsmessage import Conversation, Reply, Unaskable
from kheadless_tui.probe.server import Server
from kheadless_tui.probe.tools import printable
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.transport import Transport

WARM_UP = 1.0
"""Seconds for which the first reply is waited for before the questions go out whose times are kept."""
WINDOW = 16
"""Questions that wait for a reply at one time: few, so that a reply's time is little more than the server's own, and
enough for hundreds in a few round trips."""

_BASH = """\
exec 3<>"/dev/tcp/$1/$2" || exit 1
cat <&3 & reader=$!
cat >&3
kill "$reader" 2>/dev/null
"""
_PYTHON = """\
import os, socket, sys, threading
link = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
link.settimeout(None)
def up():
    while data := os.read(0, 65536):
        link.sendall(data)
    link.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := link.recv(65536):
    while data:
        data = data[os.write(1, data):]
"""


def stream_argv(tool: str, server: Server) -> tuple[str, ...]:
    """The command that joins its stdin and stdout to a server; the address is data to it, never part of a script."""
    address, port = server.address, str(server.port)
    if tool == "socat":
        host = f"[{address}]" if ":" in address else address
        return ("socat", "-", f"TCP:{host}:{port}")
    if tool == "bash":
        return ("bash", "-c", _BASH, "bash", address, port)
    if tool == "python3":
        return ("python3", "-c", _PYTHON, address, port)
    return (tool, address, port)


class ByteStream(Protocol):
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


def exec_stream(transport: Transport, permit: Permit, target: ExecTarget, tool: str, server: Server) -> OpenStream:
    """Streams made by running ``tool`` in a container."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ByteStream]:
        argv = stream_argv(tool, server)
        async with open_exec(transport, permit, target, argv, stdin=True, max_bytes=MAX_BYTES) as session:
            yield ExecStream(session)

    return opened


async def ask_stream(
    open_stream: OpenStream,
    questions: Sequence[Question],
    *,
    timeout: float,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Ask all questions over one stream, and over further ones what was left without a reply.

    A question without a reply is asked again once. A server that closes after so many questions is asked on as long
    as each new stream brings at least one reply.

    Args:
        open_stream: Opens a new stream to the server.
        questions: Each at most once.
        timeout: Seconds without any reply after which a stream is given up.
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
                error = await _round(stream, left, timeout, settle)
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


async def _round(
    stream: ByteStream, questions: Sequence[Question], timeout: float, settle: Callable[[Outcome], None]
) -> str:
    """Ask over one stream until all is answered, nothing comes any more, or it ends; why some were left, if so."""
    talk = Conversation()
    sent: dict[Question, float] = {}
    queue = deque(questions)
    try:
        if not await _warm_up(stream, talk, questions, min(WARM_UP, timeout / 3)):
            return _ending(stream, talk)
        while True:
            await _fill(stream, talk, queue, sent, settle)
            if not talk.waiting:
                return ""
            async with asyncio.timeout(timeout):
                replies: list[Reply] = []
                while not replies:
                    data = await stream.receive()
                    if data is None:
                        return _ending(stream, talk)
                    replies = talk.feed(data)
            now = time.monotonic()
            for reply in replies:
                settle(Outcome(reply.question, reply, (now - sent[reply.question]) * 1000))
    except TimeoutError:
        return talk.unreadable or f"no reply within {timeout:g} s"
    except Unreachable as error:
        return stream.ending() or error.message


async def _warm_up(stream: ByteStream, talk: Conversation, questions: Sequence[Question], patience: float) -> bool:
    """Ask one question in advance, so that starting the program and connecting do not count as the server's time.

    Its reply, or none in time, decides nothing: every question is asked afterwards. False when the stream has ended.
    """
    for question in questions:
        try:
            first = talk.ask(question)
        except Unaskable:
            continue
        await stream.send(first)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while talk.waiting:
                    data = await stream.receive()
                    if data is None:
                        return False
                    talk.feed(data)
        talk.abandon()
        break
    return True


async def _fill(
    stream: ByteStream,
    talk: Conversation,
    queue: deque[Question],
    sent: dict[Question, float],
    settle: Callable[[Outcome], None],
) -> None:
    """Send questions until the window is full, all of them in one write."""
    batch = bytearray()
    while queue and len(talk.waiting) < WINDOW:
        question = queue.popleft()
        try:
            batch += talk.ask(question)
        except Unaskable as error:
            settle(Outcome(question, error=str(error)))
        sent[question] = time.monotonic()
    if batch:
        await stream.send(bytes(batch))


def _ending(stream: ByteStream, talk: Conversation) -> str:
    return talk.unreadable or stream.ending() or "the server closed the connection without a reply"
