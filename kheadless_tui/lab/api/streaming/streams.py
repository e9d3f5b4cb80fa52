"""What is streamed to and from a pod: exec, attach, port-forward and log."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiohttp import web

from kheadless_tui.lab.api.request.paths import Target
from kheadless_tui.lab.api.streaming.logs import Logs
from kheadless_tui.lab.api.streaming.port_forward import PortForward
from kheadless_tui.lab.api.streaming.remote_command import Remote, Terminal, accept, exit_status, wants
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure, bad_request
from kheadless_tui.lab.objects.resources import PODS
from kheadless_tui.lab.objects.store import Object, Store
from kheadless_tui.lab.pods.network import Network
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe, Process, Writer, no_input
from kheadless_tui.lab.pods.running.containers import Containers
from kheadless_tui.lab.pods.running.runtime import Runtime

_SHELLS = ("sh", "bash")
INTERRUPTED = 130
"""Exit status of a program that was interrupted."""


class Streams:
    """Serves these subresources.

    Args:
        store: The pods.
        clock: Lab time.
        runtime: Their insides.
        network: Where port-forward leads.
        containers: The programs that one can attach to.
    """

    def __init__(self, store: Store, clock: Clock, runtime: Runtime, network: Network, containers: Containers) -> None:
        self._store = store
        self._runtime = runtime
        self._containers = containers
        self._port_forward = PortForward(network)
        self._logs = Logs(store, clock, runtime, containers)

    async def handle(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        """One request.

        Raises:
            ApiFailure: before anything is streamed.
        """
        try:
            return await self._serve(request, target)
        except BrokenPipe:  # the client has gone before it was taken
            return web.Response()

    async def _serve(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        pod = self._store.get(PODS, target.namespace, target.name)
        if target.subresource == "portforward":
            return await self._port_forward.serve(request, pod)
        container = _container(pod, request.query.get("container", ""))
        if target.subresource == "log":
            return await self._logs.serve(request, pod, container)
        remote = await accept(request)
        if target.subresource == "exec":
            await self._exec(remote, request, pod, container)
        else:
            await self._attach(remote, request, pod, container)
        return remote.response()

    # -- exec --------------------------------------------------------------------------------------------------

    async def _exec(self, remote: Remote, request: web.BaseRequest, pod: Object, container: str) -> None:
        query = request.query
        argv, tty = tuple(query.getall("command", [])), wants(query, "tty")
        stdin, interrupted = remote.stdin, asyncio.Event()
        out, err, typing = remote.out, remote.err, None
        if tty:
            stdin = Pipe()

            async def interrupt() -> None:
                if argv and argv[0].rpartition("/")[2] in _SHELLS:
                    await stdin.write(b"\n")
                else:
                    interrupted.set()

            terminal = Terminal(remote, stdin, interrupt)
            out = err = terminal.out
            typing = asyncio.create_task(terminal.run())
        status: dict[str, Any] = {}
        try:
            process = Process(
                argv,
                self._runtime.surroundings(pod, container),
                stdin.read if wants(query, "stdin") else no_input,
                out,
                err,
                self._runtime.environment(pod, container),
                tty=tty,
            )
            status = exit_status(await self._run(process, remote, interrupted))
        except ApiFailure as failure:
            status = {key: value for key, value in failure.status().items() if key not in ("kind", "apiVersion")}
        except BrokenPipe:
            pass
        finally:
            if typing is not None:
                typing.cancel()
                await asyncio.gather(typing, return_exceptions=True)
            await remote.finish(status)

    async def _run(self, process: Process, remote: Remote, interrupted: asyncio.Event) -> int:
        """Run the program; a client that hangs up ends it.

        Raises:
            BrokenPipe: it has hung up.
        """
        running = asyncio.create_task(self._runtime.run(process))
        others = (asyncio.create_task(remote.gone()), asyncio.create_task(interrupted.wait()))
        try:
            await asyncio.wait((running, *others), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return await running
            if interrupted.is_set():
                return INTERRUPTED
            raise BrokenPipe
        finally:
            for task in (running, *others):
                task.cancel()
            await asyncio.gather(running, *others, return_exceptions=True)

    # -- attach ------------------------------------------------------------------------------------------------

    async def _attach(self, remote: Remote, request: web.BaseRequest, pod: Object, container: str) -> None:
        """Join the client to the container's own program, until one of them goes."""
        main = self._containers.find(pod, container)
        spec = next(item for item in _containers(pod) if item["name"] == container)
        if main is None:  # a server, which reads and writes nothing
            await remote.gone()
            await remote.finish({})
            return
        tasks = []
        out = remote.out
        if main.stdin is not None and wants(request.query, "stdin"):
            keys = main.stdin
            if main.tty:

                async def interrupt() -> None:
                    await keys.write(b"\n")

                terminal = Terminal(remote, keys, interrupt)
                out = terminal.out
                tasks.append(asyncio.create_task(terminal.run()))
            else:
                tasks.append(asyncio.create_task(_pump(remote.stdin, keys, end=bool(spec.get("stdinOnce")))))
        listener = main.listen()
        showing = asyncio.create_task(_show(main.first_sight(), listener, out))
        leaving = asyncio.create_task(remote.gone())
        try:
            await asyncio.wait((showing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            main.leave(listener)
            if spec.get("stdinOnce") and main.stdin is not None and leaving.done():
                main.stdin.end()
            for task in (*tasks, showing, leaving):
                task.cancel()
            await asyncio.gather(*tasks, showing, leaving, return_exceptions=True)
            await remote.finish({"metadata": {}, "status": "Success"})


async def _pump(source: Pipe, target: Pipe, *, end: bool) -> None:
    with contextlib.suppress(BrokenPipe):
        while data := await source.read():
            await target.write(data)
    if end:
        target.end()


async def _show(before: bytes, listener: Pipe, out: Writer) -> None:
    with contextlib.suppress(BrokenPipe):
        await out(before)
        while data := await listener.read():
            await out(data)


def _containers(pod: Object) -> list[Object]:
    spec = pod["spec"]
    return [c for kind in ("containers", "initContainers", "ephemeralContainers") for c in spec.get(kind) or ()]


def _container(pod: Object, wanted: str) -> str:
    """The container that is meant.

    Raises:
        ApiFailure: 400.
    """
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in [container["name"] for container in _containers(pod)]:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    main = [container["name"] for container in pod["spec"]["containers"]]
    default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if len(main) > 1 and default not in main:
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]")
    return str(default) if default in main else str(main[0])
