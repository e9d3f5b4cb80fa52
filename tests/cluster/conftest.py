from __future__ import annotations

import asyncio
import logging
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.session import ClusterSession
from tests.cluster.fake_api import FakeApi, kubeconfig, serving


@dataclass(frozen=True)
class Certificates:
    directory: Path

    @property
    def authority(self) -> str:
        return str(self.directory / "ca.crt")

    def server(self, name: str = "server") -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.directory / f"{name}.crt", self.directory / f"{name}.key")
        context.load_verify_locations(self.authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, certificates for 127.0.0.1 and for api.example only, a client's, and one of another authority.

    The first and the client's can be renewed.
    """
    directory = tmp_path_factory.mktemp("pki")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    def authority(name: str) -> None:
        usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
        key = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", *usage)

    def certificate(name: str, extension: str, signer: str = "ca") -> None:
        (directory / f"{name}.ext").write_text(extension)
        openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=x"
        )
        signed = ["-CA", f"{signer}.crt", "-CAkey", f"{signer}.key", "-CAcreateserial", "-days", "2"]
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *signed, "-extfile", f"{name}.ext")

    authority("ca")
    authority("other")
    certificate("server", "subjectAltName=IP:127.0.0.1")
    certificate("named", "subjectAltName=DNS:api.example")
    certificate("renewed", "subjectAltName=IP:127.0.0.1")
    certificate("client", "extendedKeyUsage=clientAuth")
    certificate("next", "extendedKeyUsage=clientAuth")
    return Certificates(directory)


@pytest_asyncio.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with serving(FakeApi()) as running:
        yield running


Load = Callable[..., Awaitable[Connection]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The connection to a server by a kubeconfig with these parts."""

    async def connection(server: str, **parts: Any) -> Connection:
        timeout = parts.pop("request_timeout", 5.0)
        path = kubeconfig(tmp_path / "config", server, **parts)
        return await asyncio.to_thread(load_connection, kubeconfig=path, request_timeout=timeout)

    return connection


Open = Callable[..., Awaitable[ClusterSession]]


@pytest_asyncio.fixture
async def opened(api: FakeApi, load: Load) -> AsyncIterator[Open]:
    """Sessions on the fake, started, and closed in the end."""
    sessions: list[ClusterSession] = []

    async def session(**options: Any) -> ClusterSession:
        connection = await load(api.url, context=options.pop("context", None))
        made = ClusterSession(connection, **options)
        sessions.append(made)
        await made.start()
        return made

    yield session
    for made in sessions:
        await made.close()


@pytest.fixture(autouse=True)
def nothing_goes_unheard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No task may fail with nobody looking: asyncio tells that only to its log."""
    with caplog.at_level(logging.WARNING, logger="asyncio"):
        yield
    heard = [record.getMessage() for record in caplog.records if "never retrieved" in record.getMessage()]
    assert heard == []
