"""Tokens and certificates that are renewed while a session reads: plug-ins, files, the server's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kheadless_tui.cluster.connecting.credential_plugin import PluginSource
from kheadless_tui.cluster.connecting.credentials import Credentials
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live, Unauthorized
from kheadless_tui.errors import NotAuthenticated
from tests.cluster.checker import equals_a_fresh_list
from tests.cluster.conftest import Certificates, Load
from tests.cluster.fake_api import FakeApi, kubeconfig, service, serving, status, until
from tests.cluster.test_credentials import Plugin
from tests.tui.test_shell_terminal import Terminal

PULSE = Pulse(period=0.2, period_away=0.05, answer_in=0.5)


@asynccontextmanager
async def reading(connection: Any) -> AsyncIterator[ClusterSession]:
    session = ClusterSession(connection, pulse=PULSE)
    await session.start()
    try:
        yield session
    finally:
        await session.close()


async def shows(session: ClusterSession, *names: str) -> None:
    await until(lambda: [item.name for item in session.snapshot.headless_services()] == sorted(names))


async def test_a_token_of_a_plug_in_that_is_renewed(api: FakeApi, load: Load, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, 'status = {"token": f"token-{count}"}')
    api.tokens = {"token-1"}
    api.put("services", service("a"))
    connection = await load(api.url, user=plugin.user())
    async with reading(connection) as session:
        await session.loaded(5)
        await until(lambda: len(api.watches["services"]) == 1)
        states: set[type[object]] = set()
        session.subscribe(lambda: states.add(type(session.link)))
        api.tokens = {"token-2"}
        api.put("services", service("b"))
        api.cut()
        await until(lambda: len(api.watches["services"]) == 1 and plugin.runs == 2)
        await api.emit("services", "ADDED", service("c"))
        api.compacted = api.version
        api.cut()
        await shows(session, "a", "b", "c")
        assert plugin.runs == 2
        assert Unauthorized not in states
        await equals_a_fresh_list(session, connection)


async def test_a_token_file_that_is_replaced(api: FakeApi, load: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good")
    connection = await load(api.url, user={"tokenFile": "token"})
    async with reading(connection) as session:
        await session.loaded(5)
        await until(lambda: len(api.watches["services"]) == 1)
        api.tokens = {"next"}
        (tmp_path / "token").write_text("next")
        api.put("services", service("new"))
        api.compacted = api.version
        api.cut()
        await shows(session, "new")
        await equals_a_fresh_list(session, connection)


async def test_a_token_that_is_not_accepted_from_the_start_until_its_file_is_replaced(
    api: FakeApi, load: Load, tmp_path: Path
) -> None:
    """By itself: nobody presses a key, and the pause after a refusal is half a minute and more."""
    (tmp_path / "token").write_text("bad")
    api.put("services", service("a"))
    async with reading(await load(api.url, user={"tokenFile": "token"})) as session:
        with pytest.raises(NotAuthenticated):
            await session.loaded(5)
        assert isinstance(session.link, Unauthorized)
        (tmp_path / "token").write_text("good")
        await shows(session, "a")
        await until(lambda: isinstance(session.link, Live))


async def test_a_token_that_a_login_writes_into_the_kubeconfig(api: FakeApi, load: Load, tmp_path: Path) -> None:
    api.put("services", service("a"))
    async with reading(await load(api.url, user={"token": "bad"})) as session:
        await until(lambda: isinstance(session.link, Unauthorized))
        config = tmp_path / "config"
        config.write_text("users: [")  # it is being written
        session.retry_now()
        await until(lambda: isinstance(session.link, Unauthorized))
        kubeconfig(config, api.url, user={"token": "good"})
        await shows(session, "a")
        await until(lambda: isinstance(session.link, Live))


async def test_the_terminal_program_stays_until_it_is_let_in(api: FakeApi, load: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("bad")
    api.put("services", service("a"))
    connection = await load(api.url, user={"tokenFile": "token"})
    terminal = Terminal(80, 24, "-m", "kheadless_tui", "--kubeconfig", connection.kubeconfig)
    try:
        assert b"not logged in" in await asyncio.to_thread(terminal.read, 30, b"not logged in")
        (tmp_path / "token").write_text("good")
        os.write(terminal.file, b"\x12")  # ctrl-r
        assert b"live" in await asyncio.to_thread(terminal.read, 30, b"live")
        os.write(terminal.file, b"\x03")
        assert await asyncio.to_thread(terminal.status) == 130
    finally:
        os.close(terminal.file)


async def test_a_login_that_fails_is_not_tried_again_by_who_only_asks_whether_anybody_answers(tmp_path: Path) -> None:
    now = [1000.0]
    plugin = Plugin(tmp_path, 'sys.exit("login expired")')
    entry = plugin.user()["exec"]
    credentials = Credentials(PluginSource.from_config(entry, str(tmp_path / "config"), {}), clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(NotAuthenticated, match="login expired"):
            await credentials.at_hand()
        now[0] += 60
    assert plugin.runs == 1
    with pytest.raises(NotAuthenticated):
        await credentials.current()
    assert plugin.runs == 2


async def test_a_client_certificate_of_a_plug_in_that_is_renewed(
    load: Load, certificates: Certificates, tmp_path: Path
) -> None:
    """The API server sees another certificate after the first one is no longer accepted."""
    shown: list[bool] = []
    folder = str(certificates.directory)
    body = f"""
pair = [open({folder!r} + "/client." + end).read() for end in ("crt", "key")]
status = {{"clientCertificateData": pair[0], "clientKeyData": pair[1], "token": f"token-{{count}}"}}
"""
    plugin = Plugin(tmp_path, body)
    api = FakeApi(tokens={"token-1"})

    async def note(request: web.BaseRequest) -> None:
        assert request.transport is not None
        shown.append(request.transport.get_extra_info("peercert") not in (None, {}))

    api.overrides["/version"] = note
    async with serving(api, certificates.server()):
        cluster = {"certificate-authority": certificates.authority}
        connection = await load(api.url, user=plugin.user(), cluster=cluster)
        async with reading(connection) as session:
            await session.loaded(5)
            api.tokens = {"token-2"}
            api.put("services", service("new"))
            api.compacted = api.version
            api.cut()
            await shows(session, "new")
            await equals_a_fresh_list(session, connection)
    assert shown
    assert all(shown)
    assert plugin.runs == 2


async def test_a_client_certificate_whose_files_are_replaced(
    load: Load, certificates: Certificates, tmp_path: Path
) -> None:
    """Of the two files one comes before the other, and the API server no longer takes the old certificate."""
    pki = certificates.directory
    accepted = {serial_of(pki / "client.crt")}
    api = FakeApi(tokens=set())

    async def authenticate(request: web.BaseRequest) -> web.Response | None:
        assert request.transport is not None
        shown = request.transport.get_extra_info("peercert") or {}
        return None if shown.get("serialNumber") in accepted else status(401, "Unauthorized", "Unauthorized")

    api.before = authenticate
    api.put("services", service("a"))
    crt, key = tmp_path / "own.crt", tmp_path / "own.key"
    shutil.copy(pki / "client.crt", crt)
    shutil.copy(pki / "client.key", key)
    async with serving(api, certificates.server()):
        user = {"client-certificate": "own.crt", "client-key": "own.key"}
        connection = await load(api.url, user=user, cluster={"certificate-authority": certificates.authority})
        async with reading(connection) as session:
            await session.loaded(5)
            await until(lambda: len(api.watches["services"]) == 1)
            replace(pki / "next.crt", crt)
            api.put("services", service("b"))
            api.compacted = api.version
            api.cut()
            await shows(session, "a", "b")  # with the old pair, as there is no new one yet
            replace(pki / "next.key", key)
            accepted.clear()
            accepted.add(serial_of(pki / "next.crt"))
            api.put("services", service("c"))
            api.compacted = api.version
            api.cut()
            await shows(session, "a", "b", "c")
            await until(lambda: isinstance(session.link, Live))
            await equals_a_fresh_list(session, connection)


def serial_of(path: Path) -> str:
    """The serial number of a certificate, as TLS tells it."""
    told = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", path], check=True, capture_output=True)
    return told.stdout.decode().strip().partition("=")[2]


def replace(source: Path, target: Path) -> None:
    """As whoever renews certificates does it: there is the old file or the new one."""
    new = target.with_suffix(".new")
    shutil.copy(source, new)
    new.replace(target)


async def test_the_servers_own_certificate_is_renewed(load: Load, certificates: Certificates) -> None:
    api = FakeApi()
    api.put("services", service("a"))
    context = certificates.server()
    async with serving(api, context):
        connection = await load(api.url, cluster={"certificate-authority": certificates.authority})
        async with reading(connection) as session:
            await session.loaded(5)
            before = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", api.port))
            # As an API server does it: for every connection that is made from now on.
            context.load_cert_chain(certificates.directory / "renewed.crt", certificates.directory / "renewed.key")
            assert await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", api.port)) != before
            api.cut()
            await until(lambda: len(api.watches["services"]) == 1)
            await api.emit("services", "ADDED", service("b"))
            await shows(session, "a", "b")
            await until(lambda: isinstance(session.link, Live))


async def test_logged_out_and_in_again(api: FakeApi, load: Load, tmp_path: Path) -> None:
    """A plug-in that fails until the user has logged in elsewhere: what is shown stays, and is said to be old."""
    gate = tmp_path / "logged-in"
    body = f'import pathlib\nif count > 1 and not pathlib.Path({str(gate)!r}).exists(): sys.exit("login expired")\n'
    plugin = Plugin(tmp_path, body + 'status = {"token": f"token-{min(count, 2)}"}')
    api.tokens = {"token-1"}
    api.put("services", service("a"))
    connection = await load(api.url, user=plugin.user())
    async with reading(connection) as session:
        await session.loaded(5)
        await until(lambda: len(api.watches["services"]) == 1)
        api.tokens = {"token-2"}
        api.cut()
        await until(lambda: isinstance(session.link, Unauthorized))
        link = session.link
        assert isinstance(link, Unauthorized)
        assert link.whole
        assert "login expired" in link.cause
        await shows(session, "a")
        gate.touch()
        api.put("services", service("b"))
        session.retry_now()
        await shows(session, "a", "b")
        await until(lambda: isinstance(session.link, Live))
