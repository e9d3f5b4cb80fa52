"""Running one program in a container: the asyncio driver of :mod:`kheadless_tui.cluster.pods.exec_protocol`.

Everything is bounded: the time, and the bytes taken from the container. Programs are given as argument lists and
reach the container as they are; no shell is between, so that no name can mean anything to one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp

from kheadless_tui.cluster.pods.exec_protocol import PROTOCOLS, Event, ExecProtocol, Finished, Output
from kheadless_tui.errors import NotFound, Unreachable, UsageError

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

MAX_BYTES = 4 * 1024 * 1024
"""Bytes taken from one exec unless the caller says otherwise: thousands of DNS answers, and no pod's endless output."""


@dataclass(frozen=True, slots=True)
class ExecTarget:
    """The container that a program runs in."""

    namespace: str
    pod: str
    container: str | None = None
    """``None``: the API server's default container."""

    def __str__(self) -> str:
        return f"pod/{self.pod}:{self.container}" if self.container else f"pod/{self.pod}"


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a program that ran to its end (or was given up) has said."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    """``None`` when it never ran, was given up, or the connection broke."""
    reason: str = ""
    """As :class:`Finished`, or ``Timeout``, ``ConnectionLost``, ``OutputLimit``."""
    message: str = ""
    truncated: bool = False
    """More came than was asked for; the rest was not read."""

    @property
    def finished(self) -> Finished:
        """The end as the channel protocol tells it."""
        return Finished(self.exit_code, self.reason, self.message)


class ExecSession:
    """An open exec: bytes to stdin, events back. Use :func:`open_exec`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, max_bytes: int) -> None:
        self._socket = socket
        self._protocol = ExecProtocol(socket.protocol or "")
        self._left = max_bytes
        self.truncated = False
        """True once more than the limit has come; then nothing more is received."""

    @property
    def finished(self) -> Finished | None:
        """How the program ended, once that is known."""
        return self._protocol.finished

    async def send(self, data: bytes) -> None:
        """Give bytes to the program.

        Raises:
            Unreachable: the connection is gone.
        """
        await self._write(self._protocol.stdin(data))

    async def close_stdin(self) -> None:
        """Tell the program that no more comes; does nothing where the protocol (version 4) cannot."""
        frame = self._protocol.close_stdin()
        if frame is not None:
            await self._write(frame)

    async def receive(self) -> Event | None:
        """The next thing heard; ``None`` when the connection has ended or the limit of bytes is reached."""
        while not self.truncated:
            try:
                message = await self._socket.receive()
            except (aiohttp.ClientError, OSError):
                return None
            if message.type not in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
                return None
            data = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
            event = self._protocol.receive(data)
            if event is not None:
                return self._bounded(event)
        return None

    def _bounded(self, event: Event) -> Event:
        if isinstance(event, Output):
            if len(event.data) > self._left:
                self.truncated = True
                event = Output(event.stderr, event.data[: self._left])
            self._left -= len(event.data)
        return event

    async def _write(self, frame: bytes) -> None:
        try:
            await self._socket.send_bytes(frame)
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"The connection to the program in the pod broke: {error}.") from error


@asynccontextmanager
async def open_exec(
    transport: Transport,
    permit: Permit,
    target: ExecTarget,
    argv: Sequence[str],
    *,
    stdin: bool = False,
    max_bytes: int = MAX_BYTES,
) -> AsyncIterator[ExecSession]:
    """Start a program in a container and hold the session open.

    Args:
        transport: The connection to the API server.
        permit: From the gate; an exec runs something in the cluster, so read-only mode refuses it.
        target: Where.
        argv: The program and its arguments, each as it is.
        stdin: Whether bytes will be sent.
        max_bytes: Of stdout and stderr together.

    Raises:
        UsageError: an argument cannot be passed to a program (a NUL byte).
        NotFound, Refused, Unreachable, ClusterError: the API server's answer to the request.
    """
    del permit  # having one is the check
    params = exec_params(target, argv, stdin=stdin)
    path = f"/api/v1/namespaces/{quote(target.namespace, safe='')}/pods/{quote(target.pod, safe='')}/exec"
    async with contextlib.AsyncExitStack() as stack:
        try:
            socket = await stack.enter_async_context(transport.websocket(path, params, PROTOCOLS))
        except NotFound as error:
            raise NotFound(f"Pod {target.namespace}/{target.pod} is gone.") from error
        yield ExecSession(socket, max_bytes)


def exec_params(target: ExecTarget, argv: Sequence[str], *, stdin: bool) -> list[tuple[str, str]]:
    """The query of the exec request (core/v1 PodExecOptions).

    Raises:
        UsageError: no program, or an argument with a NUL byte, which no program can be given.
    """
    if not argv:
        raise UsageError("There is no program to run.")
    if any("\0" in word for word in argv):
        raise UsageError("A NUL byte cannot be passed to a program.")
    params = [("command", word) for word in argv]
    if target.container:
        params.append(("container", target.container))
    if stdin:
        params.append(("stdin", "true"))
    return [*params, ("stdout", "true"), ("stderr", "true")]


async def exec_in(
    transport: Transport,
    permit: Permit,
    namespace: str,
    pod: str,
    container: str | None,
    argv: Sequence[str],
    *,
    stdin: bytes | AsyncIterator[bytes] | None = None,
    timeout: float = 10.0,
    max_bytes: int = MAX_BYTES,
) -> ExecResult:
    """Run a program in a container to its end, and give what it said.

    A program that never ran, failed, or had to be given up is a result too; see ``exit_code`` and ``reason``.

    Args:
        transport: The connection to the API server.
        permit: From the gate.
        namespace: Of the pod.
        pod: Its name.
        container: ``None`` for the default one.
        argv: The program and its arguments.
        stdin: What it is given; stdin is closed afterwards where the protocol can.
        timeout: Seconds for all of it, opening included.
        max_bytes: Of stdout and stderr together.

    Raises:
        UsageError, NotFound, Refused, Unreachable, ClusterError: the exec could not be opened.
    """
    outputs: tuple[list[bytes], list[bytes]] = ([], [])
    session: ExecSession | None = None
    target = ExecTarget(namespace, pod, container)
    try:
        async with (
            asyncio.timeout(timeout),
            open_exec(transport, permit, target, argv, stdin=stdin is not None, max_bytes=max_bytes) as session,
        ):
            if stdin is not None:
                feeding = asyncio.create_task(_feed(session, stdin))
                try:
                    await _collect(session, outputs)
                finally:
                    feeding.cancel()
                    await asyncio.gather(feeding, return_exceptions=True)
            else:
                await _collect(session, outputs)
    except TimeoutError:
        message = f"{argv[0]} in {target} did not end within {timeout:g} s"
        return _result(outputs, Finished(None, "Timeout", message), session)
    ended = session.finished
    if ended is None:
        ended = (
            Finished(None, "OutputLimit", f"{argv[0]} in {target} wrote more than {max_bytes} bytes")
            if session.truncated
            else Finished(None, "ConnectionLost", f"the connection to {argv[0]} in {target} was closed before its end")
        )
    return _result(outputs, ended, session)


async def _feed(session: ExecSession, stdin: bytes | AsyncIterator[bytes]) -> None:
    if isinstance(stdin, bytes):
        await session.send(stdin)
    else:
        async for chunk in stdin:
            await session.send(chunk)
    await session.close_stdin()


async def _collect(session: ExecSession, outputs: tuple[list[bytes], list[bytes]]) -> None:
    while True:
        event = await session.receive()
        if not isinstance(event, Output):
            return
        outputs[event.stderr].append(event.data)


def _result(outputs: tuple[list[bytes], list[bytes]], ended: Finished, session: ExecSession | None) -> ExecResult:
    truncated = session is not None and session.truncated
    return ExecResult(
        b"".join(outputs[0]), b"".join(outputs[1]), ended.exit_code, ended.reason, ended.message, truncated
    )
