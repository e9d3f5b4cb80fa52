"""Asking from the user's own machine, where it can reach a server: sockets in place of a program in a pod."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from kheadless_tui.errors import Unreachable
from kheadless_tui.probe.carriers.stream import ByteStream, OpenStream
from kheadless_tui.probe.inquiring.dnsmessage import Framer, framed
from kheadless_tui.probe.server import UDP, Protocol, Server

CONNECT_TIMEOUT = 5.0
"""Seconds to connect over TCP."""
CHUNK = 65_536
MAX_WAITING = 1024
"""Datagrams that are kept until they are read; more at one time are dropped, as the kernel does."""


def local_stream(server: Server, protocol: Protocol) -> OpenStream:
    """Streams to a server from here, in which each message has its length in front, over UDP too."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ByteStream]:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                stream: _Tcp | _Udp = await (_Udp.to(server) if protocol == UDP else _Tcp.to(server))
        except TimeoutError:
            yield _Closed(f"no connection to {server} within {CONNECT_TIMEOUT:g} s")
            return
        except OSError as error:
            yield _Closed(_words(error))
            return
        try:
            yield stream
        finally:
            await stream.close()

    return opened


class _Closed:
    """What there is instead of a connection that could not be made."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def send(self, data: bytes) -> None:
        raise Unreachable(self._why)

    async def receive(self) -> bytes | None:
        return None

    def ending(self) -> str:
        return self._why


class _Tcp:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._error = ""

    @classmethod
    async def to(cls, server: Server) -> _Tcp:
        return cls(*await asyncio.open_connection(server.address, server.port))

    async def send(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            self._error = _words(error)
            raise Unreachable(self._error) from error

    async def receive(self) -> bytes | None:
        try:
            return await self._reader.read(CHUNK) or None
        except OSError as error:
            self._error = _words(error)
            return None

    def ending(self) -> str:
        return self._error

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class _Udp(asyncio.DatagramProtocol):
    """A socket connected to the server, so that only its datagrams come, and its refusals too."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._heard: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING)
        self._transport: asyncio.DatagramTransport | None = None
        self._error = ""

    @classmethod
    async def to(cls, server: Server) -> _Udp:
        address = (server.address, server.port)
        _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(cls, remote_addr=address)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._heard.put_nowait(framed(data))

    def error_received(self, exc: Exception) -> None:
        self._error = _words(exc)
        with contextlib.suppress(asyncio.QueueFull):
            self._heard.put_nowait(None)

    async def send(self, data: bytes) -> None:
        assert self._transport is not None
        for message in self._framer.feed(data):
            self._transport.sendto(message)

    async def receive(self) -> bytes | None:
        return await self._heard.get()

    def ending(self) -> str:
        return self._error

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _words(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error) or type(error).__name__
