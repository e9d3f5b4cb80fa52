"""A lab for each test, fast enough that everything happens at once, and a plain HTTP client for it."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from kheadless_tui.lab.lab import Lab

SPEED = 200.0
"""A pod is ready after 2 ms; a grace of 30 s takes 150 ms."""


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Requests as one user, by nothing but HTTP."""

    def __init__(self, lab: Lab, http: aiohttp.ClientSession, user: str = "admin") -> None:
        self.lab = lab
        self.http = http
        self.user = user

    def acting_as(self, user: str) -> Client:
        return Client(self.lab, self.http, user)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.lab.token_of(self.user)}"}

    async def call(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", **params: str
    ) -> Reply:
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        data = None if raw is None else io.BytesIO(raw)
        headers = {**self.headers, **({"Content-Type": kind} if data is not None else {})}
        async with self.http.request(method, self.lab.server + path, data=data, headers=headers, params=params) as got:
            return Reply(got.status, dict(got.headers), await got.read())

    async def get(self, path: str, **params: str) -> Any:
        reply = await self.call("GET", path, **params)
        assert reply.status == 200, reply.body
        return reply.json

    async def watch(self, path: str, **params: str) -> AsyncIterator[dict[str, Any]]:
        url = self.lab.server + path
        async with self.http.get(url, headers=self.headers, params={"watch": "1", **params}) as got:
            assert got.status == 200, await got.read()
            async for line in got.content:
                yield json.loads(line)

    async def run(
        self,
        path: str,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        protocols: Sequence[str] = ("v5.channel.k8s.io", "v4.channel.k8s.io"),
        container: str = "",
    ) -> Execution:
        params = [("command", word) for word in argv] + [("stdout", "true"), ("stderr", "true")]
        if stdin is not None:
            params.append(("stdin", "true"))
        if container:
            params.append(("container", container))
        url = f"{self.lab.server}{path}/exec"
        done = Execution("", b"", b"", {})
        async with self.http.ws_connect(url, headers=self.headers, params=params, protocols=protocols) as socket:
            done.protocol = socket.protocol or ""
            if stdin:
                await socket.send_bytes(b"\x00" + stdin)
            if stdin is not None and done.protocol.startswith("v5"):
                await socket.send_bytes(b"\xff\x00")
            async for message in socket:
                channel, data = message.data[0], message.data[1:]
                done.stdout += data if channel == 1 else b""
                done.stderr += data if channel == 2 else b""
                if channel == 3:
                    done.status = json.loads(data)
                    break
        return done


@dataclass
class Execution:
    protocol: str
    stdout: bytes
    stderr: bytes
    status: dict[str, Any]

    @property
    def exit_code(self) -> int:
        if self.status["status"] == "Success":
            return 0
        return int(self.status["details"]["causes"][0]["message"])


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab.start(world="tutorials", speed=SPEED) as running:
        yield running


@pytest.fixture
async def client(lab: Lab) -> AsyncIterator[Client]:
    context = ssl.create_default_context(cafile=lab.certificate)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http:
        yield Client(lab, http)
