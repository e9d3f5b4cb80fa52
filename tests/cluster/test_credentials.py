"""Tokens, certificates and plug-ins, seen from the API server that gets them."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kheadless_tui.cluster.connecting.credential_plugin import PluginSource
from kheadless_tui.cluster.connecting.credentials import Credential, Credentials, TokenFileSource
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import InputError, NotAuthenticated, Refused
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.conftest import Certificates, Load
from tests.cluster.fake_api import FakeApi, forbidden, service, serving, until

PLUGIN = """
import json, os, sys, time
with open({log!r}, "a") as log:
    log.write("run\\n")
count = open({log!r}).read().count("run")
{body}
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""


class Plugin:
    """A credential plug-in, with a log of its runs."""

    def __init__(self, directory: Path, body: str) -> None:
        self.log = directory / "runs"
        self.path = directory / "plugin.py"
        self.path.write_text(PLUGIN.format(log=str(self.log), body=body))

    @property
    def runs(self) -> int:
        return self.log.read_text().count("run") if self.log.exists() else 0

    def user(self, **more: Any) -> dict[str, Any]:
        version = "client.authentication.k8s.io/v1"
        return {"exec": {"apiVersion": version, "command": sys.executable, "args": [str(self.path)], **more}}


async def test_a_plug_in_runs_once_for_many_requests(api: FakeApi, load: Load, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, 'time.sleep(0.1); status = {"token": "good"}')
    transport = Transport(await load(api.url, user=plugin.user()))
    assert plugin.runs == 0
    await asyncio.gather(*(transport.call("GET", "/version") for _ in range(20)))
    assert plugin.runs == 1
    await transport.close()


async def test_401_renews_once_for_all_and_403_never(api: FakeApi, load: Load, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, 'status = {"token": f"token-{count}"}')
    api.tokens = {"token-1"}
    api.overrides["secrets"] = forbidden("secrets")
    transport = Transport(await load(api.url, user=plugin.user()))
    await transport.call("GET", "/version")
    for _ in range(3):
        with pytest.raises(Refused):
            await transport.call("GET", "/api/v1/secrets")
    assert plugin.runs == 1
    api.tokens = {"token-2"}
    await asyncio.gather(*(transport.call("GET", "/version") for _ in range(10)))
    assert plugin.runs == 2
    await transport.close()


async def test_a_token_that_stays_refused_is_not_asked_for_again_and_again(
    api: FakeApi, load: Load, tmp_path: Path
) -> None:
    plugin = Plugin(tmp_path, 'status = {"token": "always the same"}')
    transport = Transport(await load(api.url, user=plugin.user()))
    for _ in range(5):
        with pytest.raises(NotAuthenticated, match="401"):
            await transport.call("GET", "/version")
    assert plugin.runs == 2
    assert len(api.requests) == 5
    await transport.close()


async def test_an_expired_token_is_renewed_before_it_is_used(api: FakeApi, load: Load, tmp_path: Path) -> None:
    body = "expiry = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 3600))\n"
    plugin = Plugin(tmp_path, body + 'status = {"token": "good", "expirationTimestamp": expiry}')
    connection = await load(api.url, user=plugin.user())
    now = time.time()
    credentials = Credentials(connection.credentials._source, clock=lambda: now)
    await credentials.current()
    now += 3500
    await credentials.current()
    assert plugin.runs == 1
    now += 70
    await credentials.current()
    assert plugin.runs == 2


async def test_a_plug_in_that_fails_is_quoted(api: FakeApi, load: Load, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, 'print("first\\n\\x1b[31mtoken expired\\nrun login", file=sys.stderr); sys.exit(3)')
    transport = Transport(await load(api.url, user=plugin.user()))
    results = await asyncio.gather(*(transport.call("GET", "/version") for _ in range(5)), return_exceptions=True)
    for error in results:
        assert isinstance(error, NotAuthenticated)
        assert "failed (exit status 3): first;" in str(error)
        assert str(error).endswith("token expired; run login")
        assert "\x1b" not in str(error)
        assert "plugin.py" in error.hint
    assert plugin.runs == 1
    assert api.requests == []
    await transport.close()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('hello'); sys.exit()", "no ExecCredential in JSON"),
        ("status = {}", "neither a token nor a certificate"),
        ('status = {"clientCertificateData": "x"}', "a certificate without its key"),
        ('status = {"token": "t", "expirationTimestamp": "soon"}', "'soon' is no time"),
        ('status = {"token": "t", "expirationTimestamp": "2001-01-01T00:00:00Z"}', "expired at 2001"),
    ],
)
async def test_a_plug_in_that_gives_nothing_usable(
    api: FakeApi, load: Load, tmp_path: Path, body: str, said: str
) -> None:
    transport = Transport(await load(api.url, user=Plugin(tmp_path, body).user()))
    with pytest.raises(NotAuthenticated, match=said):
        await transport.call("GET", "/version")
    await transport.close()


async def test_a_plug_in_that_is_not_installed(api: FakeApi, load: Load) -> None:
    version = "client.authentication.k8s.io/v1"
    user = {"exec": {"apiVersion": version, "command": "no-such-plugin", "installHint": "get it from example.com"}}
    transport = Transport(await load(api.url, user=user))
    with pytest.raises(NotAuthenticated, match="no-such-plugin cannot be run") as caught:
        await transport.call("GET", "/version")
    assert caught.value.hint == "get it from example.com"
    await transport.close()


async def test_a_plug_in_that_has_to_have_a_terminal_is_not_run(api: FakeApi, load: Load, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, 'status = {"token": "good"}')
    transport = Transport(await load(api.url, user=plugin.user(interactiveMode="Always")))
    with pytest.raises(NotAuthenticated, match="wants a terminal of its own") as caught:
        await transport.call("GET", "/version")
    await transport.close()
    assert plugin.runs == 0
    assert "set interactiveMode: IfAvailable" in caught.value.hint
    with pytest.raises(InputError, match="interactiveMode 'Sometimes', expected one of Never, IfAvailable, Always"):
        await load(api.url, user=plugin.user(interactiveMode="Sometimes"))


async def test_a_plug_in_is_not_run_beside_a_client_certificate(
    load: Load, certificates: Certificates, tmp_path: Path
) -> None:
    plugin = Plugin(tmp_path, 'status = {"token": "good"}')
    pki = certificates.directory
    pair = {"client-certificate": str(pki / "client.crt"), "client-key": str(pki / "client.key")}
    async with serving(FakeApi(tokens=set()), certificates.server()) as api:
        cluster = {"certificate-authority": certificates.authority}
        transport = Transport(await load(api.url, user={**plugin.user(), **pair}, cluster=cluster))
        await transport.call("GET", "/version")
        await transport.close()
    assert plugin.runs == 0


@pytest.mark.parametrize("mode", ["IfAvailable", "Never"])
async def test_a_plug_in_has_no_terminal_and_is_told_so(api: FakeApi, load: Load, tmp_path: Path, mode: str) -> None:
    body = """
try:
    open("/dev/tty")
    tty = True
except OSError:
    tty = False
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
json.dump({"tty": tty, "stdin": sys.stdin.read(), "info": info, "env": os.environ.get("EXTRA")}, open(LOG, "w"))
status = {"token": "good"}
""".replace("LOG", repr(str(tmp_path / "seen")))
    plugin = Plugin(tmp_path, body)
    user = plugin.user(env=[{"name": "EXTRA", "value": "x"}], provideClusterInfo=True, interactiveMode=mode)
    transport = Transport(await load(api.url, user=user))
    await transport.call("GET", "/version")
    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["tty"] is False
    assert seen["stdin"] == ""
    assert seen["env"] == "x"
    assert seen["info"]["spec"] == {"interactive": False, "cluster": {"server": api.url}}
    await transport.close()


async def test_a_plug_in_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    script = tmp_path / "slow"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\necho visit https://login >&2\nsleep 60\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    source = PluginSource(str(script), timeout=0.5)
    with pytest.raises(NotAuthenticated, match=r"gave nothing in 0 s: visit https://login"):
        await source.obtain()
    await _gone(int((tmp_path / "pid").read_text()))
    (tmp_path / "pid").unlink()
    task = asyncio.create_task(PluginSource(str(script)).obtain())
    await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _gone(int((tmp_path / "pid").read_text()))


async def _gone(pid: int) -> None:
    await until(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_token_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    now = time.time()
    credentials = Credentials(TokenFileSource(str(path)), clock=lambda: now)
    assert (await credentials.current()).authorization == "Bearer one"
    path.write_text("two\n")
    assert (await credentials.current()).authorization == "Bearer one"
    now += 61
    assert (await credentials.current()).authorization == "Bearer two"
    path.write_text("three")
    refused = await credentials.current()
    assert (await credentials.renewed(refused)).authorization == "Bearer three"


async def test_a_rotated_token_file_is_read_on_401(api: FakeApi, load: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good")
    transport = Transport(await load(api.url, user={"tokenFile": "token"}))
    await transport.call("GET", "/version")
    api.tokens = {"rotated"}
    (tmp_path / "token").write_text("rotated")
    await transport.call("GET", "/version")
    (tmp_path / "token").unlink()
    api.tokens = {"more"}
    with pytest.raises(NotAuthenticated, match=r"the token file .* cannot be read: No such file"):
        await transport.call("GET", "/version")
    await transport.close()


async def test_name_and_password(api: FakeApi, load: Load) -> None:
    api.tokens = {"Basic amFuZTpzM2NyM3Q="}
    transport = Transport(await load(api.url, user={"username": "jane", "password": "s3cr3t"}))
    await transport.call("GET", "/version")
    await transport.close()


def test_secrets_are_not_in_a_repr() -> None:
    assert "secret" not in repr(Credential("Bearer secret"))


async def test_a_login_may_take_longer_than_a_request(api: FakeApi, load: Load, tmp_path: Path) -> None:
    """A browser may be open for it: that the API server has not answered yet says nothing of it."""
    api.put("services", service("web"))
    plugin = Plugin(tmp_path, 'time.sleep(1.7); status = {"token": "good"}')
    session = ClusterSession(await load(api.url, user=plugin.user(), request_timeout=0.5))
    told: list[str] = []
    session.subscribe(lambda: told.append(session.waiting_for))
    await session.start()
    await session.loaded(0.5)
    assert session.snapshot.service(ObjectKey("shop", "web")) is not None
    assert session.waiting_for == ""
    assert f"{Path(sys.executable).name} (exec plug-in)" in told
    assert plugin.runs == 1
    await session.close()
