"""exec and attach: a program's streams, over WebSocket or over SPDY.

Over WebSocket the first byte of a binary frame is the channel (0 stdin, 1 stdout, 2 stderr, 3 the final status, 4 the
terminal's size), and version 5 has 255 in front to close one; over SPDY each is a stream of its own, named by the
header ``streamtype`` (k8s.io/kubelet pkg/cri/streaming/remotecommand).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from kheadless_tui.lab.api.request.options import is_true
from kheadless_tui.lab.api.streaming.byte_channels import Upgraded
from kheadless_tui.lab.api.streaming.line_discipline import LineDiscipline, to_terminal
from kheadless_tui.lab.api.streaming.spdy_session import SpdySession, Stream
from kheadless_tui.lab.objects.failure import PlainFailure, bad_request
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
_SPDY_VERSIONS = (V4, "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
"""Those of the kubelet; the older ones are told and not spoken here."""
STDIN, STDOUT, STDERR, STATUS = 0, 1, 2, 3
CLOSE = 255
MAX_MESSAGE = 1 << 20
"""Bytes of a message that a client sends."""
STREAM_SECONDS = 30.0
"""For a client over SPDY to open its streams (DefaultStreamCreationTimeout)."""


class Remote(Protocol):
    """The client's side of a program."""

    stdin: Pipe

    async def out(self, data: bytes) -> None:
        """Bytes to its standard output.

        Raises:
            BrokenPipe: it has gone.
        """

    async def err(self, data: bytes) -> None:
        """Bytes to its standard error.

        Raises:
            BrokenPipe: it has gone.
        """

    async def finish(self, status: dict[str, Any]) -> None:
        """Say how it ended, and hang up."""

    async def gone(self) -> None:
        """Wait until the client has hung up."""

    def response(self) -> web.StreamResponse:
        """What the server returns in the end."""


class WebSocketRemote:
    """Over WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self.stdin = Pipe()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                data = message.data if message.type is WSMsgType.BINARY else b""
                if data[:1] == bytes([STDIN]):
                    await self.stdin.write(data[1:])
                elif data[:2] == bytes([CLOSE, STDIN]):
                    self.stdin.end()
        except BrokenPipe:
            pass
        self.stdin.end()

    async def _send(self, channel: int, data: bytes) -> None:
        if data and not self._socket.closed:
            try:
                await self._socket.send_bytes(bytes([channel]) + data)
            except (ConnectionError, RuntimeError) as error:
                raise BrokenPipe from error

    async def out(self, data: bytes) -> None:
        """Bytes to its standard output."""
        await self._send(STDOUT, data)

    async def err(self, data: bytes) -> None:
        """Bytes to its standard error."""
        await self._send(STDERR, data)

    async def finish(self, status: dict[str, Any]) -> None:
        """Say how it ended, and hang up."""
        with contextlib.suppress(BrokenPipe):
            if status:
                await self._send(STATUS, self._written(status))
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    def _written(self, status: dict[str, Any]) -> bytes:
        """The final status; before there were versions it was the text of a failure, and nothing else."""
        return json.dumps(status).encode() if self._socket.ws_protocol else status.get("message", "").encode()

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        await asyncio.wait((self._reading,))

    def response(self) -> web.StreamResponse:
        """The WebSocket."""
        return self._socket


class SpdyRemote:
    """Over SPDY."""

    def __init__(self, channel: Upgraded) -> None:
        self._channel = channel
        self._session = SpdySession(channel)
        self._reading = asyncio.create_task(self._session.run())
        self._streams: dict[str, Stream] = {}
        self.stdin = Pipe()

    async def open(self, wanted: set[str]) -> None:
        """Wait for the streams that the client has to open.

        Raises:
            BrokenPipe: it has not.
        """
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                while not wanted <= set(self._streams):
                    stream = await self._session.opened.get()
                    if stream is None:
                        raise BrokenPipe
                    self._streams[stream.headers.get("streamtype", "")] = stream
        except TimeoutError as error:
            raise BrokenPipe from error
        if "stdin" in self._streams:
            self.stdin = self._streams["stdin"].incoming

    async def _send(self, name: str, data: bytes) -> None:
        stream = self._streams.get(name)
        if stream is not None:
            try:
                await stream.send(data)
            except ConnectionError as error:
                raise BrokenPipe from error

    async def out(self, data: bytes) -> None:
        """Bytes to its standard output."""
        await self._send("stdout", data)

    async def err(self, data: bytes) -> None:
        """Bytes to its standard error."""
        await self._send("stderr", data)

    async def finish(self, status: dict[str, Any]) -> None:
        """Say how it ended, and hang up."""
        with contextlib.suppress(BrokenPipe, ConnectionError):
            if status:
                await self._send("error", json.dumps(status).encode())
            for stream in self._streams.values():
                await stream.end()
        await self._channel.close()
        await asyncio.wait((self._reading,), timeout=1.0)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        await asyncio.wait((self._reading,))

    def response(self) -> web.StreamResponse:
        """Nothing more: the connection is not HTTP any more."""
        return web.Response()


async def accept(request: web.BaseRequest) -> Remote:
    """Take a client's upgrade, over WebSocket or SPDY.

    Raises:
        ApiFailure: 400 or 403; it wants none that is served.
        BrokenPipe: it has gone, or does not open its streams.
    """
    wanted = request.headers.get("Upgrade", "").lower()
    if wanted == "websocket":
        offered = offered_protocols(request)
        if offered and not {V5, V4} & set(offered):
            raise PlainFailure(403, "")
        chosen = next((item for item in (V5, V4) if item in offered), None)
        return WebSocketRemote(await accept_socket(request, chosen))
    if wanted != "spdy/3.1":
        raise bad_request("Upgrade request required")
    check_spdy(request, V4, _SPDY_VERSIONS)
    channel = Upgraded.take_over(request, "SPDY/3.1", {"X-Stream-Protocol-Version": V4})
    remote = SpdyRemote(channel)
    streams = {name for name in ("stdin", "stdout", "stderr") if is_true(request.query, name)}
    if is_true(request.query, "tty"):
        streams -= {"stderr"}
    try:
        await remote.open({"error", *streams})
    except BrokenPipe:
        await remote.finish({})
        raise
    return remote


async def accept_socket(request: web.BaseRequest, protocol: str | None) -> web.WebSocketResponse:
    """Take a client's upgrade to a WebSocket, with this sub-protocol.

    Raises:
        BrokenPipe: it has gone meanwhile.
    """
    socket = web.WebSocketResponse(protocols=(protocol,) if protocol else (), autoping=True, max_msg_size=MAX_MESSAGE)
    try:
        await socket.prepare(request)
    except ConnectionError as error:
        raise BrokenPipe from error
    return socket


def offered_protocols(request: web.BaseRequest) -> list[str]:
    """The sub-protocols of a WebSocket that a client offers."""
    return [item.strip() for item in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if item.strip()]


def check_spdy(request: web.BaseRequest, wanted: str, served: Sequence[str]) -> None:
    """Refuse a client that does not offer the protocol over SPDY that is wanted.

    Raises:
        PlainFailure: 400 or 403, in the words of k8s.io/apimachinery pkg/util/httpstream, Handshake.
    """
    found = request.headers.getall("X-Stream-Protocol-Version", [])
    offered = [item.strip() for line in found for item in line.split(",")]
    if not offered:
        raise PlainFailure(400, "unable to upgrade: X-Stream-Protocol-Version is required\n")
    if wanted not in offered:
        supports = f"client supports [{' '.join(offered)}], server accepts [{' '.join(served)}]"
        raise PlainFailure(403, f"unable to upgrade: unable to negotiate protocol: {supports}\n")


class Terminal:
    """Between a client and a program that has a terminal.

    Args:
        remote: The client.
        program: Standard input of the program.
        interrupt: What an interrupt does.
    """

    def __init__(self, remote: Remote, program: Pipe, interrupt: Callable[[], Awaitable[None]]) -> None:
        self._remote = remote
        self._program = program
        self._interrupt = interrupt
        self._discipline = LineDiscipline()

    async def run(self) -> None:
        """Pass keys on until the client sends no more."""
        with contextlib.suppress(BrokenPipe):
            while keys := await self._remote.stdin.read():
                typed = self._discipline.type(keys)
                await self._remote.out(typed.echo)
                await self._program.write(typed.program)
                if typed.interrupted:
                    await self._interrupt()
                if typed.ended:
                    self._program.end()
        self._program.end()

    async def out(self, data: bytes) -> None:
        """What the program writes."""
        await self._remote.out(to_terminal(data))


def exit_status(code: int) -> dict[str, Any]:
    """How a program ended, as the last message tells it."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def wants(query: Mapping[str, str], name: str) -> bool:
    """Whether a stream or a terminal is asked for."""
    return is_true(query, name)
