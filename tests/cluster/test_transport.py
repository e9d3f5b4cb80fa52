"""One request on its way: TLS, proxies, headers, bounds, and what is said when it comes to nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import ClusterError, NotFound, Refused, Unreachable
from tests.cluster.conftest import Certificates, Load
from tests.cluster.fake_api import FakeApi, serving, status


@asynccontextmanager
async def transport_to(load: Load, server: str, **parts: Any) -> AsyncIterator[Transport]:
    transport = Transport(await load(server, **parts))
    try:
        yield transport
    finally:
        await transport.close()


async def failure(load: Load, server: str, **parts: Any) -> Unreachable:
    async with transport_to(load, server, **parts) as transport:
        with pytest.raises(Unreachable) as caught:
            await transport.call("GET", "/version")
    said = str(caught.value)
    assert "\n" not in said
    assert not any(word in said for word in ("aiohttp", "Errno", "Client", "ssl.", "Cannot connect", "Traceback"))
    assert caught.value.hint
    return caught.value


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- TLS


async def test_an_authority_and_a_client_certificate(load: Load, certificates: Certificates) -> None:
    shown: list[Any] = []

    async def whoami(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        shown.append(request.transport.get_extra_info("peercert"))
        return web.Response(text="ok")

    pki = certificates.directory
    user = {"client-certificate": str(pki / "client.crt"), "client-key": str(pki / "client.key")}
    async with serving(FakeApi(tokens=set(), overrides={"/whoami": whoami}), certificates.server()) as api:
        cluster = {"certificate-authority": certificates.authority}
        async with transport_to(load, api.url, cluster=cluster, user=user) as transport:
            assert await transport.call("GET", "/whoami") == b"ok"
            async with transport.stream("/whoami", idle_timeout=5) as (code, _, chunks):
                assert code == 200
                assert b"".join([chunk async for chunk in chunks]) == b"ok"
    assert len(shown) == 2
    assert all(one for one in shown)


async def test_an_authority_that_did_not_sign(load: Load, certificates: Certificates) -> None:
    async with serving(FakeApi(), certificates.server()) as api:
        cluster = {"certificate-authority": str(certificates.directory / "other.crt")}
        error = await failure(load, api.url, cluster=cluster)
        assert str(error) == (
            f"the certificate of {api.url} is not trusted: it is not signed by an authority that the kubeconfig trusts"
        )
        assert "certificate-authority" in error.hint
        assert "is not trusted" in str(await failure(load, api.url))
        async with transport_to(load, api.url, cluster={"insecure-skip-tls-verify": True}) as transport:
            await transport.call("GET", "/version")


async def test_a_certificate_for_another_name(load: Load, certificates: Certificates) -> None:
    async with serving(FakeApi(), certificates.server("named")) as api:
        cluster = {"certificate-authority": certificates.authority}
        error = await failure(load, api.url, cluster=cluster)
        assert str(error).endswith("it is for another name")
        assert "tls-server-name" in error.hint
        named = {**cluster, "tls-server-name": "api.example"}
        async with transport_to(load, api.url, cluster=named) as transport:
            await transport.call("GET", "/version")


async def test_tls_where_none_is_spoken(load: Load, api: FakeApi) -> None:
    error = await failure(load, api.url.replace("http:", "https:"))
    assert str(error).endswith("does not speak TLS")


# -- nobody there


async def test_a_closed_port(load: Load, closed_port: int) -> None:
    server = f"https://127.0.0.1:{closed_port}"
    assert str(await failure(load, server)) == f"{server} refused the connection"


async def test_an_unknown_host(load: Load) -> None:
    error = await failure(load, "https://no-such-host.invalid:6443")
    assert str(error) == "the host no-such-host.invalid of https://no-such-host.invalid:6443 is unknown"


async def test_a_server_that_hangs(load: Load, api: FakeApi) -> None:
    api.hanging.clear()
    error = await failure(load, api.url, request_timeout=0.4)
    assert str(error) == f"no answer from {api.url} in 0.4 s"


async def test_a_server_that_breaks_off(load: Load, api: FakeApi) -> None:
    async def reset(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(60)
        raise AssertionError

    api.overrides["/version"] = reset
    assert str(await failure(load, api.url)) == f"{api.url} broke off the connection"


async def test_something_else_at_the_port(load: Load) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp ready\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert str(await failure(load, url)) == f"what answers at {url} is no API server"
    server.close()
    await server.wait_closed()


async def test_a_body_that_is_cut_or_falls_silent(load: Load, api: FakeApi) -> None:
    async def half(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"{")
        if "cut" in request.query:
            assert request.transport is not None
            request.transport.abort()
        await asyncio.sleep(60)
        return answer

    api.overrides["/half"] = half
    async with transport_to(load, api.url) as transport:
        with pytest.raises(Unreachable, match="broke off the connection"):
            await transport.request("GET", "/half", params=[("cut", "")])
        async with transport.stream("/half", idle_timeout=0.3) as (_, __, chunks):
            assert await anext(chunks) == b"{"
            with pytest.raises(Unreachable, match=r"no answer from .* in 0.3 s"):
                await anext(chunks)


# -- answers


async def test_answers_are_told_in_the_servers_words(load: Load, api: FakeApi) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        code = int(request.query["code"])
        return status(code, f"words\n\x1b[2J of {code}")

    api.overrides["/x"] = answer
    expected: dict[int, tuple[type[ClusterError], str]] = {
        403: (Refused, "words [2J of 403"),
        404: (NotFound, "words [2J of 404"),
        409: (ClusterError, f"{api.url} did not accept the request: words [2J of 409"),
        500: (Unreachable, f"{api.url} answered with an error (500: words [2J of 500)"),
    }
    async with transport_to(load, api.url) as transport:
        for code, (kind, words) in expected.items():
            with pytest.raises(ClusterError) as caught:
                await transport.call("GET", "/x", params=[("code", str(code))])
            assert type(caught.value) is kind
            assert str(caught.value) == words
            assert (await transport.request("GET", "/x", params=[("code", str(code))])).status == code


async def test_a_page_of_a_proxy_is_not_shown(load: Load, api: FakeApi) -> None:
    async def page(_: web.BaseRequest) -> web.Response:
        return web.Response(status=502, text="<html><body>Bad gateway" + "x" * 5000)

    api.overrides["/version"] = page
    assert str(await failure(load, api.url)) == f"{api.url} answered with an error (502)"


async def test_a_redirect_is_not_followed(load: Load, api: FakeApi) -> None:
    async def away(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": api.url + "/elsewhere"})

    api.overrides["/version"] = away
    assert "answered with a redirect (302)" in str(await failure(load, api.url))
    assert not api.paths("/elsewhere")


async def test_429_is_waited_out_within_the_time_allowed(load: Load, api: FakeApi) -> None:
    count = 0

    async def busy(_: web.BaseRequest) -> web.Response | None:
        nonlocal count
        count += 1
        return web.Response(status=429, headers={"Retry-After": "1"}) if count == 1 else None

    api.overrides["/version"] = busy
    async with transport_to(load, api.url) as transport:
        await transport.call("GET", "/version")
        assert count == 2
        count = 0
        with pytest.raises(Unreachable, match="too many requests"):
            await transport.call("GET", "/version", timeout=0.5)


async def test_an_answer_without_end_is_given_up(load: Load, api: FakeApi) -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)

    api.overrides["/endless"] = endless
    async with transport_to(load, api.url) as transport:
        with pytest.raises(ClusterError, match="more than 1 MB"):
            await transport.request("GET", "/endless", max_bytes=2**20)


async def test_impersonation_goes_with_every_request(load: Load, api: FakeApi) -> None:
    user = {"token": "good", "as": "jane", "as-groups": ["a", "b"]}
    async with transport_to(load, api.url + "/", user=user) as transport:
        await transport.call("GET", "/version")
    headers = api.requests[0].headers
    assert headers["Impersonate-User"] == "jane"
    assert headers.getall("Impersonate-Group") == ["a", "b"]
    assert headers["User-Agent"].startswith("kheadless-tui/")


async def test_a_server_below_a_path(load: Load, api: FakeApi) -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.raw_path)

    api.overrides["/k8s/c-1/api/v1/x y"] = echo
    async with transport_to(load, api.url + "/k8s/c-1") as transport:
        assert await transport.call("GET", "/api/v1/x%20y", params=[("a", "b c"), ("a", "&")]) == (
            b"/k8s/c-1/api/v1/x%20y?a=b+c&a=%26"
        )


# -- WebSocket


async def test_a_websocket_and_one_that_is_refused(load: Load, api: FakeApi) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=["v4.channel.k8s.io"])
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(message.data)
        return socket

    async def denied(_: web.BaseRequest) -> web.Response:
        return status(403, 'pods "web-0" is forbidden: no exec for you', "Forbidden")

    api.overrides["/exec"] = echo
    api.overrides["/denied"] = denied
    offered = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
    async with transport_to(load, api.url) as transport:
        async with transport.websocket("/exec", [("command", "a"), ("command", "b")], offered) as ws:
            assert ws.protocol == "v4.channel.k8s.io"
            await ws.send_bytes(b"\0hello")
            assert await ws.receive_bytes() == b"\0hello"
        assert api.requests[-1].query.getall("command") == ["a", "b"]
        with pytest.raises(Refused, match="no exec for you"):
            async with transport.websocket("/denied", [], offered):
                raise AssertionError
        api.hanging.clear()
        transport.request_timeout = 0.3
        with pytest.raises(Unreachable, match=r"in 0.3 s"):
            async with transport.websocket("/exec", [], offered):
                raise AssertionError


# -- proxies


@asynccontextmanager
async def tunnel(
    *, socks: bool, refuse: bool = False, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy, HTTP CONNECT or SOCKS 5, that leads every name to 127.0.0.1."""
    asked: list[str] = []
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        if not socks:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            target = head.split()[1]
            writer.write(b"HTTP/1.1 403 no\r\n\r\n" if refuse else b"HTTP/1.1 200 ok\r\n\r\n")
        else:
            await reader.readexactly((await reader.readexactly(2))[1])
            writer.write(b"\5\0")
            _, _, _, sort = await reader.readexactly(4)
            assert sort == 3  # a name, for the proxy to resolve
            name = await reader.readexactly((await reader.readexactly(1))[0])
            port = int.from_bytes(await reader.readexactly(2), "big")
            target = f"{name.decode()}:{port}"
            writer.write(b"\5" + (b"\2" if refuse else b"\0") + b"\0\1\0\0\0\0\0\0")
        asked.append(target)
        host, _, number = target.rpartition(":")
        return host, int(number)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        _, port = await connect(reader, writer)
        if refuse:
            writer.close()
            return
        onward = await asyncio.open_connection("127.0.0.1", port)
        writers.append(onward[1])
        for pair in ((reader, onward[1]), (onward[0], writer)):
            task = asyncio.create_task(pump(*pair))
            tasks.add(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    yield f"{'socks5' if socks else 'https' if context else 'http'}://127.0.0.1:{port}", asked
    server.close()
    for task in tasks:
        task.cancel()
    for writer in writers:
        writer.close()
    await asyncio.gather(*tasks, *(writer.wait_closed() for writer in writers), return_exceptions=True)


@pytest.mark.parametrize("socks", [False, True])
async def test_through_a_proxy(load: Load, certificates: Certificates, socks: bool) -> None:
    if socks:
        pytest.importorskip("aiohttp_socks")
    async with serving(FakeApi(), certificates.server("named")) as api, tunnel(socks=socks) as (proxy, asked):
        cluster = {"certificate-authority": certificates.authority, "proxy-url": proxy}
        async with transport_to(load, f"https://api.example:{api.port}", cluster=cluster) as transport:
            assert json.loads(await transport.call("GET", "/version"))["gitVersion"] == "v1.34.0-fake"
        named = {**cluster, "tls-server-name": "api.example"}
        async with transport_to(load, f"https://by.another.name:{api.port}", cluster=named) as transport:
            await transport.call("GET", "/version")
        assert asked == [f"api.example:{api.port}", f"by.another.name:{api.port}"]


@pytest.mark.parametrize("socks", [False, True])
async def test_a_proxy_that_refuses(load: Load, socks: bool) -> None:
    async with tunnel(socks=socks, refuse=True) as (proxy, _):
        error = await failure(load, "https://api.example:6443", cluster={"proxy-url": proxy})
        assert str(error).startswith(f"the proxy {proxy} did not lead to https://api.example:6443")


async def test_through_a_proxy_that_speaks_tls_itself(load: Load, certificates: Certificates) -> None:
    """TLS within TLS; the proxy's certificate is checked as the server's is, which is what Go's transport does too."""
    outer = certificates.server()
    async with (
        serving(FakeApi(), certificates.server("named")) as api,
        tunnel(socks=False, context=outer) as (
            proxy,
            asked,
        ),
    ):
        cluster = {"certificate-authority": certificates.authority, "proxy-url": proxy}
        async with transport_to(load, f"https://api.example:{api.port}", cluster=cluster) as transport:
            for _ in range(3):
                await transport.call("GET", "/version")
        assert set(asked) == {f"api.example:{api.port}"}


async def test_a_proxy_that_is_not_there(load: Load, closed_port: int) -> None:
    proxy = f"http://user:secret@127.0.0.1:{closed_port}"
    error = await failure(load, "https://api.example:6443", cluster={"proxy-url": proxy})
    assert str(error) == f"the proxy http://127.0.0.1:{closed_port} refused the connection"
    assert error.hint.startswith("check the proxy: ")


def test_strict_verification_is_not_asked_for(certificates: Certificates) -> None:
    from kheadless_tui.cluster.connecting.tls import TrustSettings, client_context  # noqa: PLC0415

    context = client_context(TrustSettings(), None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
