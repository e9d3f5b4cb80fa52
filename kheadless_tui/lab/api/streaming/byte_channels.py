"""A connection as plain bytes: one that was upgraded to SPDY, or a WebSocket that carries it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiohttp import WSMsgType, web

MAX_UNREAD = 256 * 1024
"""Bytes from a client that wait to be read; beyond that it has to wait."""


class ByteChannel(Protocol):
    """Bytes to and from a client."""

    async def read(self) -> bytes:
        """The next ones; empty when it has gone."""

    async def write(self, data: bytes) -> None:
        """Send.

        Raises:
            ConnectionError: it has gone.
        """

    async def close(self) -> None:
        """End it."""


class Upgraded(asyncio.Protocol):
    """A connection that aiohttp has accepted and gives up to another protocol.

    Its own protocol stays told of the end, so that the server's account of connections is right.
    """

    def __init__(self, before: asyncio.BaseProtocol, transport: asyncio.Transport) -> None:
        self._before = before
        self._transport = transport
        self._unread = bytearray()
        self._gone = False
        self._wake = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()

    @classmethod
    def take_over(cls, request: web.BaseRequest, protocol: str, headers: dict[str, str]) -> Upgraded:
        """Answer an upgrade, and keep the connection.

        Raises:
            ConnectionError: the client has gone.
        """
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        channel = cls(transport.get_protocol(), transport)
        transport.set_protocol(channel)
        lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", f"Upgrade: {protocol}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        transport.write("\r\n".join([*lines, "", ""]).encode())
        return channel

    def data_received(self, data: bytes) -> None:
        """From the transport."""
        self._unread += data
        if len(self._unread) > MAX_UNREAD:
            self._transport.pause_reading()
        self._wake.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """From the transport."""
        self._gone = True
        self._wake.set()
        self._may_write.set()
        self._before.connection_lost(exc)

    def pause_writing(self) -> None:
        """From the transport: the client does not read."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """From the transport."""
        self._may_write.set()

    async def read(self) -> bytes:
        """The next bytes; empty when the client has gone."""
        while not self._unread and not self._gone:
            self._wake.clear()
            await self._wake.wait()
        data = bytes(self._unread)
        self._unread.clear()
        if not self._gone:
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send, when the client takes it.

        Raises:
            ConnectionError: it has gone.
        """
        await self._may_write.wait()
        if self._gone:
            raise ConnectionResetError("the client has gone")
        self._transport.write(data)

    async def close(self) -> None:
        """Send what is left, and hang up."""
        self._transport.close()


class InWebSocket:
    """The binary messages of a WebSocket, one after the other."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        """The next bytes; empty when the client has gone."""
        while True:
            message = await self._socket.receive()
            if message.type is not WSMsgType.BINARY:
                return b""
            if message.data:  # kubectl also sends empty ones
                return bytes(message.data)

    async def write(self, data: bytes) -> None:
        """Send.

        Raises:
            ConnectionError: the client has gone.
        """
        try:
            await self._socket.send_bytes(data)
        except RuntimeError as error:
            raise ConnectionResetError("the client has gone") from error

    async def close(self) -> None:
        """Hang up."""
        await self._socket.close()
