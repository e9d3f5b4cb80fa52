"""Tokens and certificates that are renewed while a session reads: OIDC, plug-ins, token files, the server's own."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kheadless_tui.cluster.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live, Unauthorized
from kheadless_tui.cluster.transport import Transport
from kheadless_tui.errors import InputError, NotAuthenticated
from tests.cluster.checker import equals_a_fresh_list
from tests.cluster.conftest import Certificates, Load
from tests.cluster.fake_api import FakeApi, service, serving, until
from tests.cluster.test_credentials import Plugin

PULSE = Pulse(period=0.2, period_away=0.05, answer_in=0.5)


def id_token(seconds: float, note: str = "") -> str:
    """A JSON Web Token that expires then; nobody here checks its signature."""

    def part(data: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': int(time.time() + seconds), 'note': note})}.c2ln"


@dataclass
class Issuer:
    """An OpenID issuer at the wire."""

    url: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Of the token endpoint; the last one is given again and again."""
    wants: str = "header"
    """Where the client has to show its secret."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The forms that were sent."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/.well-known/openid-configuration"):
            return web.json_response({"issuer": self.url, "token_endpoint": f"{self.url}/token"})
        assert request.path.endswith("/token")
        assert request.method == "POST"
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.asked.append(form)
        basic = "Basic " + base64.b64encode(b"app:s%2F1").decode()
        shown = {
            "header": request.headers.get("Authorization") == basic,
            "form": form.get("client_secret") == "s/1" and form.get("client_id") == "app",
        }
        if not shown[self.wants]:
            return web.json_response({"error": "invalid_client"}, status=401)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.json_response(answer, status=400 if "error" in answer else 200)


@asynccontextmanager
async def issuing(certificates: Certificates, *answers: dict[str, Any], wants: str = "header") -> AsyncIterator[Issuer]:
    issuer = Issuer(answers=list(answers), wants=wants)
    runner = web.ServerRunner(web.Server(issuer.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.server()).start()
    issuer.url = f"https://127.0.0.1:{runner.addresses[0][1]}/realm"
    try:
        yield issuer
    finally:
        await runner.cleanup()


def user(issuer: Issuer, certificates: Certificates, **config: str) -> dict[str, Any]:
    whole = {
        "idp-issuer-url": issuer.url,
        "client-id": "app",
        "client-secret": "s/1",
        "refresh-token": "r1",
        "idp-certificate-authority": certificates.authority,
        **config,
    }
    return {"auth-provider": {"name": "oidc", "config": {key: value for key, value in whole.items() if value}}}


@pytest.mark.parametrize("wants", ["header", "form"])
async def test_an_id_token_that_has_expired_is_renewed_at_the_issuer(
    api: FakeApi, load: Load, certificates: Certificates, wants: str
) -> None:
    first, second = id_token(3600, "first"), id_token(3600, "second")
    answers = ({"id_token": first, "refresh_token": "r2"}, {"id_token": second})
    async with issuing(certificates, *answers, wants=wants) as issuer:
        api.tokens = {first}
        transport = Transport(await load(api.url, user=user(issuer, certificates, **{"id-token": id_token(-5)})))
        await asyncio.gather(*(transport.call("GET", "/version") for _ in range(5)))
        times = 1 if wants == "header" else 2  # the second way is tried after the first
        assert [form["refresh_token"] for form in issuer.asked] == ["r1"] * times
        assert {form["grant_type"] for form in issuer.asked} == {"refresh_token"}
        # The API server no longer accepts it, though it has not expired: a new one, by the refresh-token of before.
        api.tokens = {second}
        await transport.call("GET", "/version")
        assert issuer.asked[-1]["refresh_token"] == "r2"
        await transport.close()


async def test_an_id_token_that_is_good_needs_no_issuer(api: FakeApi, load: Load, certificates: Certificates) -> None:
    good = id_token(3600)
    api.tokens = {good}
    async with issuing(certificates, {}) as issuer:
        transport = Transport(await load(api.url, user=user(issuer, certificates, **{"id-token": good})))
        await transport.call("GET", "/version")
        assert issuer.asked == []
        await transport.close()


async def test_an_issuer_that_gives_nothing_is_quoted(api: FakeApi, load: Load, certificates: Certificates) -> None:
    refusal = {"error": "invalid_grant", "error_description": "Token is not active\x1b[31m"}
    async with issuing(certificates, refusal) as issuer:
        given = user(issuer, certificates, **{"id-token": id_token(-5)})
        transport = Transport(await load(api.url, user=given))
        with pytest.raises(NotAuthenticated, match="gave none: invalid_grant: Token is not active") as caught:
            await transport.call("GET", "/version")
        assert "\x1b" not in str(caught.value)
        assert "id-token of user u has expired" in str(caught.value)
        await transport.close()
        for without, said in (
            ({"refresh-token": ""}, "no refresh-token"),
            ({"idp-certificate-authority": ""}, "is not trusted"),
            ({"idp-issuer-url": "https://127.0.0.1:1"}, "refused the connection"),
            ({"idp-issuer-url": ""}, "idp-issuer-url or client-id is missing"),
        ):
            transport = Transport(await load(api.url, user=user(issuer, certificates, **without)))
            with pytest.raises(NotAuthenticated, match=said):
                await transport.call("GET", "/version")
            await transport.close()
    assert api.requests == []


async def test_something_else_than_an_issuer(api: FakeApi, load: Load, certificates: Certificates) -> None:
    async with serving(FakeApi(tokens=set()), certificates.server()) as other, issuing(certificates, {}) as issuer:
        given = user(issuer, certificates, **{"idp-issuer-url": other.url})
        transport = Transport(await load(api.url, user=given))
        with pytest.raises(NotAuthenticated, match="is no OpenID issuer"):
            await transport.call("GET", "/version")
        await transport.close()


@pytest.mark.parametrize(("name", "hint"), [("gcp", "gke-gcloud-auth-plugin"), ("azure", "kubelogin"), ("x", "oidc")])
async def test_providers_that_kubectl_no_longer_has(load: Load, name: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"has the auth-provider '{name}', which is no longer known") as caught:
        await load("https://127.0.0.1:6443", user={"auth-provider": {"name": name}})
    assert hint in caught.value.hint


# -- while a session reads -----------------------------------------------------------------------------------------


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


async def test_the_servers_own_certificate_is_renewed(load: Load, certificates: Certificates) -> None:
    api = FakeApi()
    api.put("services", service("a"))
    context = certificates.server()
    async with serving(api, context):
        connection = await load(api.url, cluster={"certificate-authority": certificates.authority})
        async with reading(connection) as session:
            await session.loaded(5)
            # As an API server does it: for every connection that is made from now on.
            context.load_cert_chain(certificates.directory / "server.crt", certificates.directory / "server.key")
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
