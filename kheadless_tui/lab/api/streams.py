"""pods/exec, pods/portforward and pods/log: what is streamed.

The wire is k8s.io/apiserver's remote command over WebSocket: binary frames whose first byte is the channel (0 stdin, 1
stdout, 2 stderr, 3 the final status, 4 terminal size); version 5 has 255 in front, to close a channel.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

from aiohttp import WSMsgType, web

from kheadless_tui.lab.api.paths import Target
from kheadless_tui.lab.failure import ApiFailure, bad_request, internal_error
from kheadless_tui.lab.pods.network import Network, Silence
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe, Process, no_input
from kheadless_tui.lab.pods.runtime import Runtime
from kheadless_tui.lab.resources import PODS
from kheadless_tui.lab.store import Object, Store

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
STDIN, STDOUT, STDERR, STATUS = 0, 1, 2, 3
CLOSE = 255
_PORT_FORWARD_V4 = "v4.channel.k8s.io"


class Streams:
    """Serves the three subresources.

    Args:
        store: The pods.
        runtime: Their insides.
        network: Where port-forward leads.
    """

    def __init__(self, store: Store, runtime: Runtime, network: Network) -> None:
        self._store = store
        self._runtime = runtime
        self._network = network

    async def handle(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        """One request.

        Raises:
            ApiFailure: before anything is streamed.
        """
        pod = self._store.get(PODS, target.namespace, target.name)
        if target.subresource == "log":
            return web.Response(
                text=self._runtime.log(pod, request.query.get("container", "")), content_type="text/plain"
            )
        if target.subresource == "exec":
            container = self._container(pod, request.query.get("container", ""))
            _check_upgrade(request)
            return await self._exec(request, pod, container)
        _check_upgrade(request)
        return await self._port_forward(request, pod)

    # -- exec --------------------------------------------------------------------------------------------------

    async def _exec(self, request: web.BaseRequest, pod: Object, container: str) -> web.StreamResponse:
        socket = await self._upgrade(request, (V5, V4))
        query = request.query
        argv = tuple(query.getall("command", []))
        wants_input = query.get("stdin", "") in ("1", "true")
        stdin = Pipe()

        async def send(channel: int, data: bytes) -> None:
            if data and not socket.closed:
                try:
                    await socket.send_bytes(bytes([channel]) + data)
                except (ConnectionError, RuntimeError) as error:
                    raise BrokenPipe from error

        reading = asyncio.create_task(_feed(socket, stdin))
        try:
            around = self._runtime.surroundings(pod, container)
            process = Process(
                argv,
                around,
                stdin.read if wants_input else no_input,
                lambda data: send(STDOUT, data),
                lambda data: send(STDERR, data),
                self._runtime.environment(pod, container),
            )
            status = await self._run_until_gone(process, reading)
            await send(STATUS, json.dumps(status).encode())
        except ApiFailure as failure:
            status = failure.status()
            for field in ("kind", "apiVersion"):
                status.pop(field)
            await send(STATUS, json.dumps(status).encode())
        except BrokenPipe:
            pass
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        await socket.close()
        return socket

    async def _run_until_gone(self, process: Process, reading: asyncio.Task[None]) -> dict[str, Any]:
        """Run the program; a client that hangs up ends it."""
        running = asyncio.create_task(self._runtime.run(process))
        try:
            await asyncio.wait((running, reading), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise BrokenPipe
            return _exit_status(await running)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _container(self, pod: Object, wanted: str) -> str:
        spec = pod["spec"]
        names = [
            c["name"] for kind in ("containers", "initContainers", "ephemeralContainers") for c in spec.get(kind) or ()
        ]
        name = pod["metadata"]["name"]
        if wanted:
            if wanted not in names:
                raise bad_request(f"container {wanted} is not valid for pod {name}")
            return wanted
        main = [container["name"] for container in spec["containers"]]
        default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
        if len(main) > 1 and default not in main:
            raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]")
        return str(default) if default in main else str(main[0])

    # -- port-forward ------------------------------------------------------------------------------------------

    async def _port_forward(self, request: web.BaseRequest, pod: Object) -> web.StreamResponse:
        ports = [int(text) for part in request.query.getall("ports", []) for text in part.split(",") if text.isdigit()]
        if not ports:
            raise bad_request('query parameter "ports" is required')
        if pod["status"].get("phase") != "Running":
            raise internal_error(f"pod not running. Current status={pod['status'].get('phase')}")
        socket = await self._upgrade(request, (_PORT_FORWARD_V4,))
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
                    await stream.write(message.data[1:])
        except BrokenPipe:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def _forward(self, socket: web.WebSocketResponse, pod: Object, port: int, channel: int, stream: Pipe) -> None:
        async def write(data: bytes) -> None:
            await socket.send_bytes(bytes([channel]) + data)

        address = pod["status"]["podIP"]
        try:
            await self._network.connect(address, port)(stream.read, write)
        except (ConnectionRefusedError, Silence):
            uid = pod["metadata"]["uid"]
            text = (
                f"an error occurred forwarding {port} -> {port}: error forwarding port {port} to pod {uid}, uid : "
                f"failed to execute portforward in network namespace: failed to connect to localhost:{port} inside "
                f'namespace "{uid}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused'
            )
            await socket.send_bytes(bytes([channel + 1]) + text.encode())
        stream.break_off()
        await socket.close()

    async def _upgrade(self, request: web.BaseRequest, protocols: tuple[str, ...]) -> web.WebSocketResponse:
        offered = [
            item.strip() for item in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if item.strip()
        ]
        if offered and not set(offered) & set(protocols):
            raise ApiFailure(403, "Forbidden", f"unable to upgrade: no sub-protocol of {offered} is served")
        chosen = next((item for item in protocols if item in offered), None)
        socket = web.WebSocketResponse(protocols=(chosen,) if chosen else (), autoping=True, max_msg_size=1 << 20)
        await socket.prepare(request)
        return socket


def _check_upgrade(request: web.BaseRequest) -> None:
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise bad_request("Upgrade request required")


async def _feed(socket: web.WebSocketResponse, stdin: Pipe) -> None:
    """Frames of the client to standard input, until it hangs up."""
    try:
        async for message in socket:
            data = message.data if message.type is WSMsgType.BINARY else b""
            if data[:1] == bytes([STDIN]):
                await stdin.write(data[1:])
            elif data[:2] == bytes([CLOSE, STDIN]):
                stdin.end()
    except BrokenPipe:
        pass
    stdin.end()


def _exit_status(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
