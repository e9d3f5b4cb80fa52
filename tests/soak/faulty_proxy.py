"""A proxy at the wire between a session and an API server, which disturbs what passes as it is told."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import aiohttp
from aiohttp import web

from kheadless_tui.cluster.connecting.connection import Connection
from kheadless_tui.cluster.connecting.credentials import Credential

PAGE = 40
"""Objects of a page instead of the 500 that are asked for: so a list of a small cluster has many, too."""

Kind = Literal["reset", "close", "garbage", "stall", "slow", "status", "expired", "gone"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One disturbance of one answer."""

    kind: Kind
    after: int = 0
    """Bytes of the body that still pass."""
    code: int = 500
    seconds: float = 0.0


Choose = Callable[[web.BaseRequest], Fault | None]


class FaultyProxy:
    """Plain HTTP towards the session; towards the API server whatever the connection says."""

    def __init__(self, upstream: Connection) -> None:
        self.url = ""
        self.choose: Choose = lambda _: None
        """Asked for each request."""
        self.done: Counter[str] = Counter()
        """The faults that came to pass."""
        self.refusing = False
        """Every connection is reset at once, as where nobody listens."""
        self._upstream = upstream
        self._open: set[asyncio.Transport] = set()

    def reset_all(self) -> None:
        """Reset every connection that is open."""
        for transport in list(self._open):
            transport.abort()
        self._open.clear()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            return web.Response(status=500)
        self._open.add(transport)
        if self.refusing:
            transport.abort()
            return web.Response(status=500)
        fault = self.choose(request)
        if fault is not None:
            self.done[fault.kind] += 1
        if fault is not None and fault.kind in ("status", "expired"):
            return _status(410 if fault.kind == "expired" else fault.code)
        credential = await self._upstream.credentials.current()
        headers = {"Accept": "application/json"}
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        body = await request.read() if request.can_read_body else None
        if body is not None:
            headers["Content-Type"] = request.headers.get("Content-Type", "application/json")
        try:
            return await self._forward(request, transport, fault, headers, body, credential)
        except (aiohttp.ClientError, ConnectionError):
            transport.abort()  # what is behind is away: as where nobody listens
            return web.Response(status=500)

    async def _forward(
        self,
        request: web.BaseRequest,
        transport: asyncio.Transport,
        fault: Fault | None,
        headers: dict[str, str],
        body: bytes | None,
        credential: Credential,
    ) -> web.StreamResponse:
        async with self._session.request(
            request.method,
            self._upstream.server + request.path_qs.replace("limit=500", f"limit={PAGE}"),
            headers=headers,
            data=body,
            ssl=self._upstream.ssl_context(credential) or True,
        ) as answer:
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json"})
            await response.prepare(request)
            await _pass_on(answer, response, fault, transport)
            return response

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[FaultyProxy]:
        """Serve until the end."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as self._session:
            runner = web.ServerRunner(web.Server(self.handle, handler_cancellation=True), shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                self.reset_all()
                await runner.cleanup()


async def _pass_on(
    answer: aiohttp.ClientResponse, response: web.StreamResponse, fault: Fault | None, transport: asyncio.Transport
) -> None:
    left = fault.after if fault is not None else 0
    async for chunk in answer.content.iter_any():
        if fault is None or fault.kind == "slow":
            if fault is not None:
                await asyncio.sleep(fault.seconds)
            await response.write(chunk)
            continue
        await response.write(chunk[:left])
        if len(chunk) < left:
            left -= len(chunk)
            continue
        if fault.kind == "reset":
            transport.abort()
            return
        if fault.kind == "garbage":
            await response.write(b"\n<html><body>502 Bad Gateway</body></html>\n")
            return
        if fault.kind == "gone":
            status = {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old"}
            await response.write(b"\n" + json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
            return
        if fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
            transport.abort()
            return
        return  # close, as if nothing were missing


def _status(code: int) -> web.Response:
    reasons = {410: "Expired", 429: "TooManyRequests", 500: "InternalError"}
    body = {
        "kind": "Status",
        "status": "Failure",
        "message": "disturbed",
        "reason": reasons.get(code, ""),
        "code": code,
    }
    return web.json_response(body, status=code, headers={"Retry-After": "1"} if code == 429 else {})
