"""An API server at the wire for what only a faulty one does: replies cut off, slow creates, failing deletes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.wire.transport import Transport

Exec = Callable[[list[str], web.WebSocketResponse], Any]


class FakeApi:
    """Pods of any namespace: create, get, list, delete, exec; and faults that a test sets."""

    def __init__(self) -> None:
        self.pods: dict[tuple[str, str], dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.created = asyncio.Event()
        self.cut_create = False
        """The pod is made, but the connection breaks before the reply."""
        self.create_delay = 0.0
        self.create_answer: tuple[int, dict[str, Any]] | None = None
        self.failing_deletes = 0
        self.delete_failed = asyncio.Event()
        self.starts_after = 0.0
        self.state: dict[str, Any] = {"running": {}}
        self.may: Callable[[dict[str, str]], bool] = lambda _: True
        self.run: Exec | None = None
        self.requests: list[str] = []
        self.events: list[dict[str, Any]] = [{"type": "Warning", "message": "no network plug-in is ready"}]
        self.slices: list[dict[str, Any]] = []
        """EndpointSlices of every namespace."""
        self.objects: dict[str, dict[str, Any]] = {}
        """Other objects by their path."""

    def app(self) -> web.Application:
        app = web.Application()
        base = "/api/v1/namespaces/{ns}/pods"
        app.router.add_post(base, self._create)
        app.router.add_get(base, self._list)
        app.router.add_get(base + "/{name}", self._get)
        app.router.add_delete(base + "/{name}", self._delete)
        app.router.add_patch(base + "/{name}/ephemeralcontainers", self._get)
        app.router.add_get(base + "/{name}/exec", self._exec)
        app.router.add_get("/api/v1/namespaces/{ns}/events", self._events)
        app.router.add_get("/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices", self._slices)
        app.router.add_get("/{path:api.*}", self._object)
        app.router.add_post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self._review)
        return app

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if self.create_answer is not None:
            code, status = self.create_answer
            return web.json_response({"kind": "Status", "status": "Failure", "code": code, **status}, status=code)
        key = (request.match_info["ns"], body["metadata"]["name"])
        body["metadata"] |= {"uid": f"uid-{len(self.pods)}", "born": time.monotonic()}
        await asyncio.shield(asyncio.ensure_future(self._store(key, body)))  # goes on when the client hangs up
        if self.cut_create:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self._shown(body), status=201)

    async def _store(self, key: tuple[str, str], body: dict[str, Any]) -> None:
        await asyncio.sleep(self.create_delay)
        self.pods[key] = body
        self.created.set()

    def _shown(self, pod: dict[str, Any]) -> dict[str, Any]:
        if "status" in pod:
            return pod
        started = time.monotonic() - pod["metadata"]["born"] >= self.starts_after
        state = self.state if started else {"waiting": {"reason": "ContainerCreating"}}
        statuses = [{"name": item["name"], "state": state} for item in pod["spec"]["containers"]]
        return {**pod, "status": {"phase": "Running" if started else "Pending", "containerStatuses": statuses}}

    async def _get(self, request: web.Request) -> web.Response:
        self.requests.append(f"GET {request.path}")
        pod = self.pods.get((request.match_info["ns"], request.match_info["name"]))
        if pod is None:
            return _missing(request.match_info["name"])
        return web.json_response(self._shown(pod))

    async def _list(self, request: web.Request) -> web.Response:
        items = [self._shown(pod) for (ns, _), pod in self.pods.items() if ns == request.match_info["ns"]]
        return web.json_response({"kind": "PodList", "items": items})

    async def _delete(self, request: web.Request) -> web.Response:
        if self.failing_deletes:
            self.failing_deletes -= 1
            self.delete_failed.set()
            return web.json_response({"kind": "Status", "code": 500, "message": "etcd is away"}, status=500)
        name = request.match_info["name"]
        options = await request.json()
        pod = self.pods.get((request.match_info["ns"], name))
        if pod is None:
            return _missing(name)
        if options.get("preconditions", {}).get("uid") != pod["metadata"]["uid"]:
            return web.json_response({"kind": "Status", "code": 409, "message": "precondition"}, status=409)
        del self.pods[(request.match_info["ns"], name)]
        self.deleted.append(name)
        return web.json_response({"kind": "Status", "status": "Success"})

    async def _slices(self, request: web.Request) -> web.Response:
        wanted = request.query.get("labelSelector", "").partition("=")[2]
        label = "kubernetes.io/service-name"
        items = [item for item in self.slices if item["metadata"]["labels"][label] == wanted]
        return web.json_response({"kind": "EndpointSliceList", "items": items})

    async def _object(self, request: web.Request) -> web.Response:
        found = self.objects.get(request.path)
        return web.json_response(found) if found is not None else _missing(request.path.rpartition("/")[2])

    async def _events(self, _: web.Request) -> web.Response:
        return web.json_response({"items": self.events})

    async def _review(self, request: web.Request) -> web.Response:
        attributes = (await request.json())["spec"]["resourceAttributes"]
        self.requests.append("review " + " ".join(f"{key}={value}" for key, value in sorted(attributes.items())))
        return web.json_response({"status": {"allowed": self.may(attributes)}}, status=201)

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        if (request.match_info["ns"], request.match_info["name"]) not in self.pods:
            return _missing(request.match_info["name"])
        socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io",))
        await socket.prepare(request)
        if self.run is not None:
            await self.run(request.query.getall("command"), socket)
        await socket.close()
        return socket


def _missing(name: str) -> web.Response:
    status = {"kind": "Status", "code": 404, "reason": "NotFound", "message": f'pods "{name}" not found'}
    return web.json_response(status, status=404)


async def finish(socket: web.WebSocketResponse, **status: Any) -> None:
    """End an exec with a Status."""
    await socket.send_bytes(b"\x03" + json.dumps({"status": "Success", **status}).encode())


async def stdin_of(socket: web.WebSocketResponse) -> AsyncIterator[bytes]:
    """What the program is given, until its stdin is closed."""
    async for message in socket:
        if message.type is not WSMsgType.BINARY or message.data[:2] == b"\xff\x00":
            return
        if message.data[:1] == b"\x00":
            yield message.data[1:]


@asynccontextmanager
async def serving(api: FakeApi, folder: Path, request_timeout: float = 5.0) -> AsyncIterator[Transport]:
    """A transport to the fake."""
    server = TestServer(api.app())
    await server.start_server()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "fake",
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "me"}}],
        "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{server.port}"}}],
        "users": [{"name": "me", "user": {"token": "t"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    connection = load_connection(kubeconfig=str(path), context=None, request_timeout=request_timeout)
    transport = Transport(connection)
    try:
        yield transport
    finally:
        await transport.close()
        await server.close()
