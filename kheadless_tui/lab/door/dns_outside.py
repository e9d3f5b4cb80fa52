"""A port on loopback that leads to kube-dns: ``dig @127.0.0.1 -p PORT`` from the user's own shell."""

from __future__ import annotations

import asyncio
from typing import cast

from kheadless_tui.lab.pods.network import DNS_PORT, KUBE_DNS, Network, Silence

MAX_IN_FLIGHT = 200
"""Datagrams that are being answered; more are dropped, as a full socket buffer drops them."""
IDLE_SECONDS = 30.0
"""Real time after which a TCP connection that says nothing is closed."""
_MAX_BIND_TRIES = 20


class OutsideDns:
    """The same port over UDP and TCP."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self, host: str) -> None:
        """Listen on a free port."""
        for _ in range(_MAX_BIND_TRIES):  # a port that is free for TCP may be taken for UDP
            server = await asyncio.start_server(self._connected, host, 0)
            port = server.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(self._network), local_addr=(host, port)
                )
            except OSError:
                server.close()
                await server.wait_closed()
                continue
            self._tcp, self.port = server, port
            return
        raise OSError("no port is free for both UDP and TCP")

    async def close(self) -> None:
        """Listen no more, and end what is open."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            for task in tuple(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._tcp.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def read() -> bytes:
            async with asyncio.timeout(IDLE_SECONDS):
                return await reader.read(65536)

        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            await self._network.connect(KUBE_DNS, DNS_PORT)(read, write)
        except Silence:
            await self._wait_for_the_end(reader)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _wait_for_the_end(self, reader: asyncio.StreamReader) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                while await reader.read(65536):
                    pass
        except (ConnectionError, TimeoutError):
            return


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, network: Network) -> None:
        self._network = network
        self._transport: asyncio.DatagramTransport | None = None
        self._answering: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # as the base class promises

    def connection_lost(self, exc: Exception | None) -> None:
        for task in tuple(self._answering):
            task.cancel()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self._answering) < MAX_IN_FLIGHT:
            task = asyncio.ensure_future(self._answer(data, addr))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            reply = await self._network.ask(KUBE_DNS, DNS_PORT, data)
        except (ConnectionRefusedError, Silence):
            return  # an ICMP error cannot be sent from here: the client waits
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)
