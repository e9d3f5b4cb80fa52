"""A TCP connection to one port of a pod, by port-forward over WebSocket.

Source: sub-protocol ``v4.channel.k8s.io`` (kubelet pkg/cri/streaming/portforward/websocket.go): for the first port,
channel 0 carries data and channel 1 an error; the first frame of each holds the port number in two bytes,
little-endian.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp

from kheadless_tui.cluster.pods.exec_protocol import V4
from kheadless_tui.errors import Unreachable

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

DATA = 0
ERROR = 1


class ForwardProtocol:
    """The channels of one forwarded port, without I/O."""

    def __init__(self) -> None:
        self._announced = {DATA: False, ERROR: False}
        self.error = ""
        """What the kubelet said on the error channel: the connection to the port failed."""

    def receive(self, frame: bytes) -> bytes:
        """Take one WebSocket frame; the data in it, if any."""
        if not frame or frame[0] not in self._announced:
            return b""
        channel, payload = frame[0], frame[1:]
        if not self._announced[channel]:
            self._announced[channel] = True
            payload = payload[2:]
        if channel == ERROR:
            self.error += payload.decode("utf-8", "replace")
            return b""
        return payload

    def data(self, payload: bytes) -> bytes:
        """The frame that carries data to the port."""
        return bytes([DATA]) + payload


class Forward:
    """An open connection; use :func:`open_forward`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, max_bytes: int) -> None:
        self._socket = socket
        self._protocol = ForwardProtocol()
        self._left = max_bytes

    @property
    def error(self) -> str:
        """Why the port could not be reached, as the kubelet says."""
        return self._protocol.error

    async def send(self, data: bytes) -> None:
        """Give bytes to the port.

        Raises:
            Unreachable: the connection is gone.
        """
        try:
            await self._socket.send_bytes(self._protocol.data(data))
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"The port-forward broke: {error}.") from error

    async def receive(self) -> bytes | None:
        """The next bytes; ``None`` at the end, after an error of the port, or when the limit is reached."""
        while not self._protocol.error and self._left > 0:
            try:
                message = await self._socket.receive()
            except (aiohttp.ClientError, OSError):
                return None
            if message.type is not aiohttp.WSMsgType.BINARY:
                return None
            data = self._protocol.receive(bytes(message.data))
            if data:
                self._left -= len(data)
                return data
        return None


@asynccontextmanager
async def open_forward(
    transport: Transport, permit: Permit, namespace: str, pod: str, port: int, *, max_bytes: int
) -> AsyncIterator[Forward]:
    """Connect to a port of a pod.

    Raises:
        NotFound, Refused, Unreachable, ClusterError: the API server's answer to the request.
    """
    del permit  # having one is the check
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/portforward"
    async with transport.websocket(path, [("ports", str(port))], (V4,)) as socket:
        yield Forward(socket, max_bytes)
