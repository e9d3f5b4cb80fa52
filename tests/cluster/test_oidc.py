"""Users of ``auth-provider: oidc``: tokens from an issuer at the wire, kept where kubectl keeps them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import stat
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.connecting.oidc_storage import StoredTokens, with_values
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import InputError, NotAuthenticated
from tests.cluster.conftest import Certificates, Load
from tests.cluster.fake_api import FakeApi, kubeconfig, service, serving, until
from tests.cluster.test_transport import tunnel


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
    rotating: str = ""
    """The one refresh-token that is accepted, until the next is given; empty: any, any number of times."""
    meanwhile: Callable[[], None] | None = None
    """What happens while it answers, once."""
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while nobody gets tokens."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The forms that were sent."""

    def __post_init__(self) -> None:
        self.hanging.set()

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
        await self.hanging.wait()
        if self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None
        if self.rotating and form["refresh_token"] != self.rotating:
            return web.json_response({"error": "invalid_grant"}, status=400)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.rotating = self.rotating and answer["refresh_token"]
        if "error" not in answer:
            answer = {"access_token": "for nobody here", "token_type": "Bearer", **answer}
        return web.json_response(answer, status=400 if "error" in answer else 200)


@asynccontextmanager
async def issuing(
    certificates: Certificates, *answers: dict[str, Any], wants: str = "header", name: str = ""
) -> AsyncIterator[Issuer]:
    issuer = Issuer(answers=list(answers), wants=wants)
    runner = web.ServerRunner(web.Server(issuer.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.server("named" if name else "server")).start()
    issuer.url = f"https://{name or '127.0.0.1'}:{runner.addresses[0][1]}/realm"
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


@pytest.mark.parametrize("socks", [False, True])
async def test_an_issuer_behind_a_proxy(api: FakeApi, certificates: Certificates, tmp_path: Path, socks: bool) -> None:
    if socks:
        pytest.importorskip("aiohttp_socks")
    good = id_token(3600)
    api.tokens = {good}
    async with (
        tunnel(socks=socks) as (proxy, asked),
        issuing(certificates, {"id_token": good}, name="api.example") as issuer,
    ):
        path = kubeconfig(tmp_path / "config", api.url, user=user(issuer, certificates))
        environ = {"HTTPS_PROXY": proxy}
        connection = await asyncio.to_thread(load_connection, kubeconfig=path, environ=environ)
        transport = Transport(connection)
        await transport.call("GET", "/version")
        await transport.close()
        assert set(asked) == {issuer.url.removeprefix("https://").removesuffix("/realm")}


# -- the kubeconfig, which kubectl reads too ---------------------------------------------------------------------------


@dataclass
class Home:
    """A kubeconfig of two users in a file of its own, behind a link, and one with the contexts before it."""

    directory: Path
    issuer: Issuer
    certificates: Certificates
    server: str

    @property
    def users(self) -> Path:
        return self.directory / "real" / "users"

    @property
    def link(self) -> Path:
        return self.directory / "users"

    @property
    def environ(self) -> dict[str, str]:
        return {"KUBECONFIG": f"{self.directory / 'contexts'}:{self.link}", "HOME": str(self.directory)}

    def write(self, token: str = "") -> None:
        cluster = {"server": self.server, "certificate-authority": self.certificates.authority}
        contexts = {
            "current-context": "test",
            "clusters": [{"name": "c", "cluster": cluster}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        }
        (self.directory / "contexts").write_text(yaml.safe_dump(contexts))
        self.users.parent.mkdir()
        config = user(self.issuer, self.certificates, **{"id-token": token or id_token(-5)})
        other = user(self.issuer, self.certificates, **{"id-token": "other", "refresh-token": "r1"})
        text = yaml.safe_dump({"users": [{"name": "other", "user": other}, {"name": "u", "user": config}]})
        self.users.write_text(f"# do not share\n{text}")
        self.users.chmod(0o640)
        self.link.symlink_to("real/users")

    def tokens(self, name: str = "u") -> tuple[str, str]:
        entries = {entry["name"]: entry["user"] for entry in yaml.safe_load(self.users.read_text())["users"]}
        config = entries[name]["auth-provider"]["config"]
        return config["id-token"], config["refresh-token"]

    async def tokens_by_kubectl(self) -> tuple[str, str]:
        raw = json.loads(await self.kubectl("config", "view", "--raw", "-o", "json"))
        config = {entry["name"]: entry["user"] for entry in raw["users"]}["u"]["auth-provider"]["config"]
        return config["id-token"], config["refresh-token"]

    def leave(self, **changed: str) -> None:
        """As kubectl would leave it, after it has renewed the tokens."""
        parsed = yaml.safe_load(self.users.read_text())
        parsed["users"][1]["user"]["auth-provider"]["config"].update(
            {name.replace("_", "-"): value for name, value in changed.items()}
        )
        self.users.write_text(yaml.safe_dump(parsed))

    async def connect(self) -> Connection:
        return await asyncio.to_thread(load_connection, environ=self.environ)

    async def kubectl(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "kubectl", *arguments, env={**os.environ, **self.environ}, stdout=PIPE, stderr=PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0, err.decode()
        return out.decode()


@asynccontextmanager
async def home(
    certificates: Certificates, directory: Path, *answers: dict[str, Any]
) -> AsyncIterator[tuple[Home, FakeApi]]:
    """An API server and an issuer that takes each refresh-token once, both with TLS."""
    async with issuing(certificates, *answers) as issuer, serving(FakeApi(), certificates.server()) as api:
        found = Home(directory, issuer, certificates, api.url)
        found.write()
        yield found, api


async def test_renewed_tokens_are_left_in_the_kubeconfig(certificates: Certificates, tmp_path: Path) -> None:
    good = id_token(3600)
    async with home(certificates, tmp_path, {"id_token": good, "refresh_token": "r2"}) as (kept, api):
        api.tokens = {good}
        before, contexts = kept.users.read_text().splitlines(), (tmp_path / "contexts").read_text()
        connection = await kept.connect()
        transport = Transport(connection)
        await transport.call("GET", "/version")
        await transport.close()
        assert kept.tokens() == (good, "r2")
        assert kept.tokens("other") == ("other", "r1")
        after = kept.users.read_text().splitlines()
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 2
        assert after[0] == "# do not share"
        assert stat.S_IMODE(kept.users.stat().st_mode) == 0o640
        assert kept.link.is_symlink()
        assert [os.listdir(tmp_path / "real"), sorted(os.listdir(tmp_path))] == [
            ["users"],
            ["contexts", "real", "users"],
        ]
        assert (tmp_path / "contexts").read_text() == contexts
        assert connection.warnings == []
        again = Transport(await kept.connect())
        await again.call("GET", "/version")
        await again.close()
        assert len(kept.issuer.asked) == 1


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
async def test_kubectl_goes_on_with_what_we_renewed_and_we_with_what_it_renewed(
    certificates: Certificates, tmp_path: Path
) -> None:
    # The first counts as expired at once, so that kubectl has to renew it.
    tokens = [id_token(5), id_token(3600, "1"), id_token(3600, "2")]
    answers = [{"id_token": token, "refresh_token": f"r{place + 2}"} for place, token in enumerate(tokens)]
    async with home(certificates, tmp_path, *answers) as (kept, api):
        kept.issuer.rotating = "r1"
        api.tokens = {tokens[0]}
        transport = Transport(await kept.connect())
        await transport.call("GET", "/version")
        assert kept.tokens() == (tokens[0], "r2")
        api.tokens = {tokens[1]}
        assert "v1.34.0-fake" in await kept.kubectl("get", "--raw", "/version")
        assert await kept.tokens_by_kubectl() == (tokens[1], "r3") == kept.tokens()
        await transport.call("GET", "/version")
        api.tokens = {tokens[2]}
        await transport.call("GET", "/version")
        await transport.close()
        assert await kept.tokens_by_kubectl() == (tokens[2], "r4") == kept.tokens()
        assert "v1.34.0-fake" in await kept.kubectl("get", "--raw", "/version")
        assert [form["refresh_token"] for form in kept.issuer.asked] == ["r1", "r2", "r3"]


async def test_what_another_program_renewed_is_used(certificates: Certificates, tmp_path: Path) -> None:
    first, second = id_token(3600, "first"), id_token(3600, "second")
    async with home(certificates, tmp_path, {"id_token": first, "refresh_token": "r2"}) as (kept, api):
        api.tokens = {first}
        transport = Transport(await kept.connect())
        await transport.call("GET", "/version")
        kept.leave(id_token=second, refresh_token="r3")
        api.tokens = {second}
        await transport.call("GET", "/version")
        await transport.close()
        assert len(kept.issuer.asked) == 1


async def test_two_programs_renew_at_the_same_moment(certificates: Certificates, tmp_path: Path) -> None:
    good = id_token(3600)
    async with home(certificates, tmp_path, {"id_token": id_token(3600, "late"), "refresh_token": "r9"}) as (kept, api):
        kept.issuer.rotating = "taken by the other"
        kept.issuer.meanwhile = lambda: kept.leave(id_token=good, refresh_token="r2")
        api.tokens = {good}
        transport = Transport(await kept.connect())
        await transport.call("GET", "/version")
        await transport.close()
        assert kept.tokens() == (good, "r2")


@pytest.mark.parametrize("logged_in", [False, True])
async def test_what_else_changed_meanwhile_is_not_lost(
    certificates: Certificates, tmp_path: Path, logged_in: bool
) -> None:
    good = id_token(3600)
    async with home(certificates, tmp_path, {"id_token": good, "refresh_token": "r2"}) as (kept, api):
        changed = {"refresh_token": "r8", "id_token": "new login"} if logged_in else {"client_id": "app"}

        def meanwhile() -> None:
            kept.leave(extra="x", **changed)

        kept.issuer.meanwhile = meanwhile
        api.tokens = {good}
        transport = Transport(await kept.connect())
        await transport.call("GET", "/version")
        await transport.close()
        assert kept.tokens() == (("new login", "r8") if logged_in else (good, "r2"))
        assert "extra: x" in kept.users.read_text()


async def test_a_file_that_another_program_is_writing_is_waited_for(certificates: Certificates, tmp_path: Path) -> None:
    good = id_token(3600)
    async with home(certificates, tmp_path, {"id_token": good, "refresh_token": "r2"}) as (kept, api):
        lock = tmp_path / "users.lock"
        lock.touch()
        api.tokens = {good}
        transport = Transport(await kept.connect())
        asking = asyncio.create_task(transport.call("GET", "/version"))
        await until(lambda: len(kept.issuer.asked) == 1)
        before = kept.tokens()
        kept.leave(extra="x")
        lock.unlink()
        await asking
        await transport.close()
        assert before[1] == "r1"
        assert kept.tokens() == (good, "r2")
        assert "extra: x" in kept.users.read_text()


@pytest.mark.parametrize(
    ("lever", "said"), [("mode", "it is read-only"), ("lock", "users.lock is there"), ("user", "")]
)
async def test_tokens_that_cannot_be_kept_are_told_once_and_used(
    certificates: Certificates, tmp_path: Path, lever: str, said: str
) -> None:
    first, second = id_token(3600, "first"), id_token(3600, "second")
    answers = ({"id_token": first, "refresh_token": "r2"}, {"id_token": second, "refresh_token": "r3"})
    async with home(certificates, tmp_path, *answers) as (kept, api):
        connection = await kept.connect()
        if lever == "mode":
            kept.users.chmod(0o440)
        elif lever == "lock":
            (tmp_path / "users.lock").touch()
        else:
            kept.users.write_text("users: []\n")
        before = kept.users.read_text()
        transport = Transport(connection)
        for token in (first, second):
            api.tokens = {token}
            await transport.call("GET", "/version")
        await transport.close()
        assert [form["refresh_token"] for form in kept.issuer.asked] == ["r1", "r2"]
        assert kept.users.read_text() == before
        assert len(connection.warnings) == 1
        assert f"could not be written to {kept.link}" in connection.warnings[0]
        assert said in connection.warnings[0]
        assert not {first, second, "r1", "r2", "r3"} & set(re.split(r"[\s()]", connection.warnings[0]))
        assert (tmp_path / "users.lock").exists() is (lever == "lock")


async def test_a_command_tells_it_beside_its_data(certificates: Certificates, tmp_path: Path) -> None:
    good = id_token(3600)
    async with home(certificates, tmp_path, {"id_token": good, "refresh_token": "r-secret"}) as (kept, api):
        api.tokens = {good}
        api.put("namespaces", {"kind": "Namespace", "metadata": {"name": "shop"}})
        api.put("services", service("web"))
        kept.users.chmod(0o440)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kheadless_tui", "records", "-n", "shop"),
            env={**os.environ, **kept.environ},
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = (part.decode() for part in await asyncio.wait_for(process.communicate(), 30))
        assert process.returncode == 0, err
        assert err.count("could not be written to") == 1
        assert "could not be written to" not in out
        assert not [secret for secret in (good, "r-secret", "s/1") if secret in out + err]


async def test_an_issuer_is_heard_out_when_nobody_waits_any_more(certificates: Certificates, tmp_path: Path) -> None:
    good = id_token(3600)
    async with home(certificates, tmp_path, {"id_token": good, "refresh_token": "r2"}) as (kept, api):
        kept.issuer.hanging.clear()
        transport = Transport(await kept.connect())
        asking = asyncio.create_task(transport.call("GET", "/version"))
        await until(lambda: len(kept.issuer.asked) == 1)
        asking.cancel()
        await asyncio.wait([asking])
        await transport.close()
        kept.issuer.hanging.set()
        await until(lambda: kept.tokens() == (good, "r2"))
        await until(lambda: not (tmp_path / "users.lock").exists())
        assert api.requests == []


HEAD = "users:\n- name: u\n  user:\n    auth-provider:\n      name: oidc\n      config:\n"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "        id-token: a # old\n        refresh-token: 'b'\n",
            '        id-token: "x.y" # old\n        refresh-token: "r2"\n',
        ),
        (
            "        client-id: app\n        refresh-token: 12\n",
            '        "id-token": "x.y"\n        client-id: app\n        refresh-token: "r2"\n',
        ),
        (
            "        id-token: >-\n          a\n        refresh-token: b\n",
            '        id-token: "x.y"\n        refresh-token: "r2"\n',
        ),
        ("        id-token:\n        refresh-token: b", '        id-token: "x.y"\n        refresh-token: "r2"'),
        ("        {refresh-token: b}\n", '        {"id-token": "x.y", refresh-token: "r2"}\n'),
        (
            "        id-token: a\r\n        refresh-token: b\r\n",
            '        id-token: "x.y"\r\n        refresh-token: "r2"\r\n',
        ),
    ],
)
def test_nothing_but_the_tokens_changes(config: str, expected: str) -> None:
    tail = "- name: 0x1F # kept\nkind: Config\nextra: {at: 2024-01-01, octal: 010}\n"
    values = {"id-token": "x.y", "refresh-token": "r2"}
    tail = "\n" * (not config.endswith("\n")) + tail
    assert with_values(HEAD + config + tail, "u", values) == HEAD + expected + tail


@pytest.mark.parametrize(
    "text",
    [
        "users: [{name: other}]",
        "users: []",
        "",
        "users: [",
        "users: [{name: u, user: {auth-provider: {config: {}}}}]",
        # The same scalar is another user's too.
        f"anchor: &token b\n{HEAD}        refresh-token: *token\n",
        f"base: &base {{config: {{refresh-token: b}}}}\n{HEAD.replace('config:', '<<: *base')}",
    ],
)
def test_what_cannot_be_changed_alone_is_left(text: str) -> None:
    with pytest.raises(InputError):
        with_values(text, "u", {"id-token": "x.y", "refresh-token": "r2"})


def test_tokens_are_not_in_a_repr() -> None:
    assert "secret" not in repr(StoredTokens("secret", "secret"))
