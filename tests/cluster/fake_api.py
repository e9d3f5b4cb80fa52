"""An API server at the wire, for tests: lists in pages, watches, and every way of going wrong on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from tests.cluster.fake_rights import Authorizer, Grant, attributes_of

Object = dict[str, Any]
Override = Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]]


def service(name: str, namespace: str = "shop", **spec: Any) -> Object:
    body = {"clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": name}, **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": body}


def endpoint_slice(name: str, of: str, *addresses: str, namespace: str = "shop") -> Object:
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": of}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
        "ports": [],
    }


def status(code: int, message: str, reason: str = "") -> web.Response:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    return web.json_response(body, status=code)


def forbidden(resource: str) -> Override:
    async def answer(_: web.BaseRequest) -> web.Response:
        return status(403, f'{resource} is forbidden: User "u" cannot list resource', "Forbidden")

    return answer


@dataclass
class FakeApi:
    """State and levers; ``url`` once it runs."""

    port: int = 0
    tls: bool = False
    version: int = 100
    tokens: set[str] = field(default_factory=lambda: {"good"})
    """Bearer tokens that are accepted; empty: anybody."""
    objects: dict[str, dict[tuple[str, str], Object]] = field(default_factory=lambda: defaultdict(dict))
    """By plural."""
    requests: list[web.BaseRequest] = field(default_factory=list)
    before: Override | None = None
    """Answers any request in place of ours, unless it gives ``None``."""
    before_rights: Override | None = None
    """Answers reviews of rights in place of the authorizer, unless it gives ``None``."""
    authorizer: Authorizer = field(default_factory=lambda: Authorizer([Grant("*", "*")]))
    overrides: dict[str, Override] = field(default_factory=dict)
    """By plural, ``watch PLURAL`` or path: answers in place of ours, unless it gives ``None``."""
    page_limit: int = 10_000
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while nobody gets an answer."""
    history: list[tuple[int, str, bytes]] = field(default_factory=list)
    """Events by version and plural, from which a watch is resumed."""
    compacted: int = 0
    """Versions below are too old for a watch (410)."""
    watches: dict[str, set[web.StreamResponse]] = field(default_factory=lambda: defaultdict(set))
    _transports: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.hanging.set()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def paths(self, part: str = "") -> list[str]:
        return [request.path_qs for request in self.requests if part in request.path_qs]

    def watched(self, plural: str) -> list[str]:
        return [request.query["resourceVersion"] for request in self.requests if is_watch_of(request, plural)]

    def listed(self, plural: str) -> list[web.BaseRequest]:
        """The requests for a page of it."""
        found = [request for request in self.requests if request.path.endswith(plural)]
        return [request for request in found if not {"watch", "resourceVersionMatch"} & set(request.query)]

    @property
    def connected(self) -> int:
        """Connections that are open now."""
        return sum(1 for transport in self._transports if not transport.is_closing())

    # -- levers

    def put(self, plural: str, *items: Object) -> None:
        """In place, without an event."""
        for item in items:
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            meta = item["metadata"]
            self.objects[plural][meta.get("namespace", ""), meta["name"]] = item

    async def emit(self, plural: str, type_: str, item: Object) -> None:
        """Change the state and tell the watches."""
        if type_ == "DELETED":
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            self.objects[plural].pop((item["metadata"].get("namespace", ""), item["metadata"]["name"]), None)
        else:
            self.put(plural, item)
        line = json.dumps({"type": type_, "object": item}).encode() + b"\n"
        self.history.append((self.version, plural, line))
        await self.send(plural, line)

    async def send(self, plural: str, data: bytes) -> None:
        for watch in list(self.watches[plural]):
            with contextlib.suppress(ConnectionError, RuntimeError):  # it has ended, or is about to
                await watch.write(data)

    async def end(self, plural: str) -> None:
        """End the watches of a kind in good order, as an API server does after the time that was asked for."""
        for watch in list(self.watches[plural]):
            self.watches[plural].discard(watch)
            await watch.write_eof()

    def cut(self) -> None:
        """Reset every connection."""
        for transport in list(self._transports):
            transport.abort()

    # -- serving

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        if request.transport is not None:
            self._transports.add(request.transport)
        await self.hanging.wait()
        if self.tokens and request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return status(401, "Unauthorized", "Unauthorized")
        for before in (self.before, self.before_rights if "selfsubject" in request.path else None):
            answer = await before(request) if before is not None else None
            if answer is not None:
                return answer
        refused = await self.authorizer.answer(request)
        if refused is not None:
            return refused
        plural = request.path.rpartition("/")[2]
        watching = request.query.get("watch") == "true"
        for name in (request.path, f"watch {plural}" if watching else plural):
            if name in self.overrides:
                answer = await self.overrides[name](request)
                if answer is not None:
                    return answer
        if request.path == "/version":
            return web.json_response({"gitVersion": "v1.34.0-fake"})
        if watching:
            return await self._watch(request, plural)
        parts = request.path.strip("/").split("/")
        wanted = attributes_of(request)
        if wanted is not None and wanted.verb == "get":
            where = "" if wanted.resource == "namespaces" else wanted.namespace
            found = self.objects[wanted.resource].get((where, wanted.name))
            missing = f'{wanted.resource} "{wanted.name}" not found'
            return web.json_response(found) if found else status(404, missing, "NotFound")
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts[:-1] else ""
        return self.page(request, plural, namespace)

    def page(self, request: web.BaseRequest, plural: str, namespace: str) -> web.Response:
        items = [item for (where, _), item in sorted(self.objects[plural].items()) if namespace in ("", where)]
        least = int(request.query.get("resourceVersion", "0"))
        if least > self.version:
            message = f"Timeout: Too large resource version: {least}, current: {self.version}"
            return status(504, message, "Timeout")
        start = int(request.query.get("continue", "0"))
        end = start + min(int(request.query.get("limit", "500")), self.page_limit)
        meta: Object = {"resourceVersion": str(self.version)}
        if end < len(items):
            meta["continue"] = str(end)
        return web.json_response({"kind": "List", "metadata": meta, "items": items[start:end]})

    async def _watch(self, request: web.BaseRequest, plural: str) -> web.StreamResponse:
        since = int(request.query["resourceVersion"])
        if since < self.compacted:
            return status(410, "too old resource version", "Expired")
        answer = web.StreamResponse()
        await answer.prepare(request)
        place = 0
        while place < len(self.history):  # it may grow meanwhile
            version, of, line = self.history[place]
            place += 1
            if of == plural and version > since:
                await answer.write(line)
        self.watches[plural].add(answer)
        try:
            await asyncio.Event().wait()
        finally:
            self.watches[plural].discard(answer)
        return answer


def is_watch_of(request: web.BaseRequest, plural: str) -> bool:
    return request.path.endswith(plural) and "watch" in request.query


@asynccontextmanager
async def serving(api: FakeApi, context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[FakeApi]:
    server = web.Server(api.handle, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context, reuse_port=True)
    await site.start()
    api.port = runner.addresses[0][1]
    api.tls = context is not None
    try:
        yield api
    finally:
        api.hanging.set()
        api.cut()
        await runner.cleanup()


@contextlib.contextmanager
def kept_port() -> Iterator[int]:
    """A port that nobody else is given while a server of ours is away; by this alone nobody listens there."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def kubeconfig(
    path: Path,
    server: str,
    *,
    user: Object | None = None,
    cluster: Object | None = None,
    context: Object | None = None,
) -> str:
    """Write one with a single context; the user has the token that is accepted."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": {"token": "good"} if user is None else user}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", **(context or {})}}],
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return str(path)


async def until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Wait for a condition; the loop turns meanwhile."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            while not condition():  # noqa: ASYNC110 - what is waited for is someone else's state
                await asyncio.sleep(0.005)
    assert condition()
