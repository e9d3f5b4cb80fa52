"""Sends the cases to an API server: a lab or a real one."""

from __future__ import annotations

import asyncio
import io
import os
import ssl
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.lab.refusals.cases import CASES, NAMESPACE, SETUP, Case, told

AT_ONCE = 8
"""Requests that are under way together."""
GONE = Case("", "DELETE", f"/api/v1/namespaces/{NAMESPACE}")


class Server:
    """An API server, reached with nothing but HTTP."""

    def __init__(self, http: aiohttp.ClientSession, address: str, token: str = "") -> None:
        self._http = http
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def send(self, case: Case) -> dict[str, Any]:
        """The answer to one request, as it is recorded."""
        headers = {**self._headers, "Accept": case.accept}
        data = None
        if case.data is not None:
            headers["Content-Type"] = case.kind
            data = io.BytesIO(case.data)
        url = self._address + case.path
        async with self._http.request(case.method, url, data=data, headers=headers, params=case.query) as got:
            warnings = got.headers.getall("Warning", [])
            body = b"" if got.status < 400 else await got.read()
            return told(got.status, got.headers.get("Content-Type", ""), body, warnings)

    async def answers(self) -> dict[str, dict[str, Any]]:
        """What it answers to every case."""
        await self.remove()
        for case in SETUP:
            answer = await self.send(case)
            if answer["code"] >= 400:
                raise RuntimeError(f"{case.name}: {answer}")
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(case: Case) -> dict[str, Any]:
            async with turns:
                return await self.send(case)

        try:
            answers = await asyncio.gather(*(in_turn(case) for case in CASES))
            return dict(zip((case.name for case in CASES), answers, strict=True))
        finally:
            await self.send(GONE)

    async def remove(self) -> None:
        """Delete the namespace, and wait until it is gone."""
        await self.send(GONE)
        async with asyncio.timeout(60):
            while True:
                if (await self.send(Case("", "GET", GONE.path)))["code"] == 404:
                    return
                await asyncio.sleep(0.1)


@contextmanager
def credentials(kubeconfig: str) -> Iterator[tuple[str, ssl.SSLContext, str]]:
    """Address, TLS and token of the current context of a kubeconfig."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    context = next(c["context"] for c in config["contexts"] if c["name"] == config["current-context"])
    cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == context["cluster"])
    user = next(u["user"] for u in config["users"] if u["name"] == context["user"])
    with tempfile.TemporaryDirectory() as folder:

        def file_of(part: dict[str, Any], field: str) -> str | None:
            if f"{field}-data" not in part:
                return part.get(field)
            path = Path(folder) / field
            path.touch(mode=0o600)
            path.write_bytes(b64decode(part[f"{field}-data"]))
            return str(path)

        tls = ssl.create_default_context(cafile=file_of(cluster, "certificate-authority"))
        certificate = file_of(user, "client-certificate")
        if certificate:
            tls.load_cert_chain(certificate, file_of(user, "client-key"))
        yield cluster["server"], tls, user.get("token", "")


async def real_answers(kubeconfig: str = "") -> dict[str, dict[str, Any]]:
    """What the cluster of a kubeconfig answers."""
    with credentials(kubeconfig or os.environ["KUBECONFIG"]) as (address, tls, token):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as http:
            return await Server(http, address, token).answers()
