"""pods/portforward: TCP connections into a pod, over WebSocket or over SPDY.

Our own program speaks ``v4.channel.k8s.io`` (two channels to a port, one for bytes and one for errors, each beginning
with the port's number); kubectl speaks SPDY, inside a WebSocket from 1.31 on (``SPDY/3.1+portforward.k8s.io``).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

from aiohttp import WSMsgType, web

from kheadless_tui.lab.api.streaming.byte_channels import ByteChannel, InWebSocket, Upgraded
from kheadless_tui.lab.api.streaming.remote_command import V4, accept_socket, check_spdy, offered_protocols
from kheadless_tui.lab.api.streaming.spdy_session import SpdySession, Stream
from kheadless_tui.lab.objects.failure import PlainFailure, bad_request, internal_error
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.network import Network, Silence
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe

PROTOCOL = "portforward.k8s.io"
TUNNELED = f"SPDY/3.1+{PROTOCOL}"


class PortForward:
    """Serves port-forward.

    Args:
        network: Where the connections lead.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    async def serve(self, request: web.BaseRequest, pod: Object) -> web.StreamResponse:
        """One request.

        Raises:
            ApiFailure: before anything is streamed.
            BrokenPipe: the client has gone before that.
        """
        wanted = request.headers.get("Upgrade", "").lower()
        if wanted not in ("websocket", "spdy/3.1"):
            raise bad_request("Upgrade request required")
        if pod["status"].get("phase") != "Running":
            raise internal_error(f"pod not running. Current status={pod['status'].get('phase')}")
        if wanted == "spdy/3.1":
            check_spdy(request, PROTOCOL, (PROTOCOL,))
            channel = Upgraded.take_over(request, "SPDY/3.1", {"X-Stream-Protocol-Version": PROTOCOL})
            await self._serve_spdy(channel, pod)
            return web.Response()
        offered = offered_protocols(request)
        if TUNNELED in offered:
            socket = await accept_socket(request, TUNNELED)
            await self._serve_spdy(InWebSocket(socket), pod)
            return socket
        return await self._serve_channels(request, pod, offered)

    # -- SPDY --------------------------------------------------------------------------------------------------

    async def _serve_spdy(self, channel: ByteChannel, pod: Object) -> None:
        session = SpdySession(channel)
        reading = asyncio.create_task(session.run())
        tasks: set[asyncio.Task[None]] = set()
        waiting: dict[str, dict[str, Stream]] = {}
        try:
            while (stream := await session.opened.get()) is not None:
                pair = waiting.setdefault(stream.headers.get("requestid", ""), {})
                pair[stream.headers.get("streamtype", "")] = stream
                if {"data", "error"} <= set(pair):
                    del waiting[stream.headers.get("requestid", "")]
                    task = asyncio.create_task(self._connect(session, pod, pair["data"], pair["error"]))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        finally:
            for task in (reading, *tasks):
                task.cancel()
            await asyncio.gather(reading, *tasks, return_exceptions=True)
            await channel.close()

    async def _connect(self, session: SpdySession, pod: Object, data: Stream, error: Stream) -> None:
        text = data.headers.get("port", "")
        try:
            if not text.isdigit() or not 0 < int(text) < 65536:
                await error.send(f'"{text}" is not a valid port'.encode())
            else:
                await self._join(pod, int(text), data, error)
            await data.end()
            await error.end()
        except (ConnectionError, BrokenPipe):
            pass  # the client has gone
        finally:
            data.incoming.break_off()
            session.forget(data)
            session.forget(error)

    async def _join(self, pod: Object, port: int, data: Stream, error: Stream) -> None:
        try:
            await self._network.forward(pod, port)(data.incoming.read, data.send)
        except (ConnectionRefusedError, Silence):
            await error.send(_refused(pod, port))

    # -- channels ----------------------------------------------------------------------------------------------

    async def _serve_channels(self, request: web.BaseRequest, pod: Object, offered: list[str]) -> web.StreamResponse:
        if offered and V4 not in offered:
            raise PlainFailure(403, "")
        ports = [int(text) for part in request.query.getall("ports", []) for text in part.split(",") if text.isdigit()]
        if not ports:
            raise PlainFailure(400, 'query parameter "port" is required')
        socket = await accept_socket(request, V4 if offered else None)
        streams: dict[int, Pipe] = {}
        tasks = []
        for number, port in enumerate(ports):
            for channel in (2 * number, 2 * number + 1):
                await socket.send_bytes(bytes([channel]) + struct.pack("<H", port))
            streams[2 * number] = Pipe()
            tasks.append(asyncio.ensure_future(self._forward(socket, pod, port, 2 * number, streams[2 * number])))
        try:
            async for message in socket:
                if message.type is not WSMsgType.BINARY or not message.data:
                    continue
                stream = streams.get(message.data[0])
                if stream is not None:
                    with contextlib.suppress(BrokenPipe):
                        await stream.write(message.data[1:])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def _forward(self, socket: web.WebSocketResponse, pod: Object, port: int, channel: int, stream: Pipe) -> None:
        async def write(data: bytes) -> None:
            await socket.send_bytes(bytes([channel]) + data)

        try:
            await self._network.forward(pod, port)(stream.read, write)
        except (ConnectionRefusedError, Silence):
            await socket.send_bytes(bytes([channel + 1]) + _refused(pod, port))
        stream.break_off()
        await socket.close()


def _refused(pod: Object, port: int) -> bytes:
    uid = pod["metadata"]["uid"]
    return (
        f"an error occurred forwarding {port} -> {port}: error forwarding port {port} to pod {uid}, uid : "
        f"failed to execute portforward in network namespace: failed to connect to localhost:{port} inside "
        f'namespace "{uid}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused'
    ).encode()
