"""What a client does wrong, or in great numbers, is answered and never stops the lab."""

from __future__ import annotations

import asyncio
import json
import ssl
from urllib.parse import urlsplit

import aiohttp
import pytest

from kheadless_tui.lab.api.request.bodies import MAX_BODY
from kheadless_tui.lab.lab import MAX_HEAD, Lab
from kheadless_tui.lab.objects.resources import CONFIG_MAPS
from kheadless_tui.lab.objects.store import HISTORY_BYTES
from tests.lab.conftest import Client

MAPS = "/api/v1/namespaces/tutorial-1/configmaps"
PODS = "/api/v1/namespaces/tutorial-1/pods"
WATCHES = 200


async def connect(lab: Lab) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(lab.server)
    context = ssl.create_default_context(cafile=lab.certificate)
    return await asyncio.open_connection(where.hostname, where.port, ssl=context, limit=4096)


async def still_answers(client: Client) -> None:
    assert (await client.call("GET", "/readyz")).body == b"ok"
    assert len((await client.get(PODS))["items"]) == 3


async def until_watched(lab: Lab, client: Client, count: int) -> None:
    async with asyncio.timeout(30):
        while lab.api_server.open_watches != count:
            await client.call("GET", "/readyz")


async def test_many_watches_are_all_told(lab: Lab, client: Client) -> None:
    version = (await client.get(MAPS))["metadata"]["resourceVersion"]
    connector = aiohttp.TCPConnector(limit=WATCHES, ssl=ssl.create_default_context(cafile=lab.certificate))
    async with aiohttp.ClientSession(connector=connector) as http:
        many = Client(lab, http)
        watches = [asyncio.ensure_future(anext(many.watch(MAPS, resourceVersion=version))) for _ in range(WATCHES)]
        await until_watched(lab, client, WATCHES)
        await client.call("POST", MAPS, {"metadata": {"name": "news"}})
        events = await asyncio.gather(*watches)
    assert {event["object"]["metadata"]["name"] for event in events} == {"news"}
    await still_answers(client)


async def test_a_client_that_never_reads_holds_up_nobody(lab: Lab, client: Client) -> None:
    _, writer = await connect(lab)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    request = f"GET {MAPS}?watch=1 HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {lab.token_of('admin')}\r\n\r\n"
    writer.write(request.encode())
    await until_watched(lab, client, 1)
    text = "x" * 50_000
    for number in range(200):
        item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"n": text + str(number)}}
        lab.apply(item, "tutorial-1")
        await still_answers(client)
    writer.transport.abort()
    await until_watched(lab, client, 0)


async def test_a_body_that_does_not_end_is_cut_off(client: Client) -> None:
    huge = b'{"metadata":{"name":"x"},"data":{"a":"' + b"x" * (MAX_BODY + 1) + b'"}}'
    refused = await client.call("POST", MAPS, huge)
    assert (refused.status, refused.json["reason"]) == (413, "RequestEntityTooLarge")
    await still_answers(client)


@pytest.mark.parametrize("depth", [500, 5000, 100_000])
async def test_objects_in_objects_in_objects(client: Client, depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    body = b'{"metadata":{"name":"x","managedFields":[{"fieldsV1":' + deep + b"}]}}"
    answer = await client.call("POST", MAPS, body)
    assert answer.status in (201, 400)
    await still_answers(client)


@pytest.mark.parametrize("depth", [9_900, 50_000])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
async def test_yaml_in_yaml_in_yaml(client: Client, opening: str, depth: int) -> None:
    body = f"a: {'' if opening != '- ' else chr(10)}{opening * depth}1".encode()
    for whole in (body, body + (b"]" if opening == "[" else b"}") * depth):
        assert (await client.call("POST", MAPS, whole, kind="application/yaml")).status in (400, 422)
        applied = await client.call("PATCH", f"{MAPS}/x?fieldManager=x", whole, kind="application/apply-patch+yaml")
        assert applied.status == 400
    await still_answers(client)


async def test_aliases_of_an_ordinary_document_are_read(client: Client) -> None:
    lines = "".join(f"  k{number}: *text\n" for number in range(500))
    body = f"metadata: {{name: x, annotations: {{a: &text b}}}}\ndata:\n{lines}".encode()
    made = await client.call("POST", MAPS, body, kind="application/yaml")
    assert (made.status, len(made.json["data"]), made.json["data"]["k499"]) == (201, 500, "b")


HEAD = b"Host: lab\r\nAuthorization: Bearer TOKEN\r\n"
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SPDY = b"Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n"
EXEC = f"{PODS}/web-0/exec?command=true&stdout=true".encode()


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"\x16\x03\x01\x00\x00", 400, b"400 Bad Request"),
        (b"GET\r\n", 400, b"400 Bad Request"),
        (b"GET /version\r\n", 400, b"400 Bad Request"),
        (b"GET / HTTP/9.9\r\n", 505, b"505 HTTP Version Not Supported: unsupported protocol version"),
        (b"GET /version HTTP/1.1\r\n", 400, b"400 Bad Request: missing required Host header"),
        (b"POST /api/v1/pods HTTP/1.1\r\nContent-Length: -1\r\n", 400, b"400 Bad Request"),
        (b"GET /" + b"a" * (MAX_HEAD + 1) + b" HTTP/1.1\r\n", 431, b"431 Request Header Fields Too Large"),
        (b"GET /version HTTP/1.0\r\n", 200, b'"gitVersion"'),
        (b"GET /api HTTP/1.0\r\n", 403, b'User \\"system:anonymous\\" cannot get path \\"/api\\"'),
        (b"GET /version HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer x\r\n", 401, b'"Unauthorized"'),
        (b"NONSENSE /version HTTP/1.1\r\n" + HEAD, 405, b'"MethodNotAllowed"'),
        (b"GET " + EXEC + b" HTTP/1.1\r\n" + HEAD, 400, b"Upgrade request required"),
        (b"GET " + EXEC + b" HTTP/1.1\r\n" + HEAD + WEBSOCKET, 101, b"\x01web-0"),
        (b"GET " + EXEC + b" HTTP/1.1\r\n" + HEAD + WEBSOCKET + b"Sec-WebSocket-Protocol: x\r\n", 403, b""),
        (b"POST " + EXEC + b" HTTP/1.1\r\n" + HEAD + SPDY, 400, b"X-Stream-Protocol-Version is required"),
        (
            b"POST " + EXEC + b" HTTP/1.1\r\n" + HEAD + SPDY + b"X-Stream-Protocol-Version: x\r\n",
            403,
            b"client supports [x], server accepts [v4.channel.k8s.io ",
        ),
    ],
)
async def test_requests_written_by_hand(lab: Lab, client: Client, sent: bytes, status: int, said: bytes) -> None:
    """What a real API server answered to these; the version of HTTP in its status lines is another."""
    reader, writer = await connect(lab)
    writer.write(sent.replace(b"TOKEN", lab.token_of("admin").encode()).replace(b"=true&", b"=hostname&", 1) + b"\r\n")
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n\r\n")
        assert int(answer.split()[1]) == status
        body = b""
        while said not in body:
            more = await reader.read(4096)
            assert more, body
            body += more
    writer.close()
    await still_answers(client)


async def test_half_a_request_and_then_silence_holds_up_nobody(lab: Lab, client: Client) -> None:
    halves = [await connect(lab) for _ in range(20)]
    for _, writer in halves:
        writer.write(b"POST " + MAPS.encode() + b" HTTP/1.1\r\nHost: lab\r\nContent-Length: 100\r\n\r\n{")
    await still_answers(client)
    for _, writer in halves:
        writer.transport.abort()
    await still_answers(client)


async def test_a_client_that_waits_to_be_told_to_go_on_is_told(lab: Lab) -> None:
    reader, writer = await connect(lab)
    body = b'{"metadata":{"name":"x"}}'
    head = f"POST {MAPS} HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {lab.token_of('admin')}\r\n"
    head += f"Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201")
    writer.close()


@pytest.mark.parametrize(
    "frame", [b"\x00" * 64, b"\x80\x03\x00\x01\xff\xff\xff\xff", b"\x80\x03\x00\x01\x00\x00\x00\x04abcd"]
)
async def test_spdy_that_is_none_ends_that_connection_alone(lab: Lab, client: Client, frame: bytes) -> None:
    reader, writer = await connect(lab)
    head = (
        f"POST {PODS}/web-0/portforward HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {lab.token_of('admin')}\r\n"
        "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n"
    )
    writer.write(head.encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.write(frame)
    writer.write_eof() if writer.can_write_eof() else writer.close()
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    await still_answers(client)


async def test_nobody_gets_in_without_a_token(lab: Lab, client: Client) -> None:
    assert urlsplit(lab.server).hostname == "127.0.0.1"
    assert len(lab.token_of("admin")) >= 40
    url = f"{lab.server}{PODS}"
    async with client.http.get(url) as got:
        assert (got.status, json.loads(await got.read())["reason"]) == (403, "Forbidden")
    async with client.http.get(url, headers={"Authorization": "Bearer nonsense"}) as got:
        assert got.status == 401


async def test_the_history_of_big_objects_is_short(lab: Lab, client: Client) -> None:
    version = (await client.get(MAPS))["metadata"]["resourceVersion"]
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {}}
    for number in range(3 * HISTORY_BYTES // 1_000_000):
        item["data"] = {"n": f"{number}" + "x" * 1_000_000}
        lab.apply(item, "tutorial-1")
    remembered = lab.store.since(CONFIG_MAPS, lab.store.version - 1)
    assert len(remembered) == 1
    late = await anext(client.watch(MAPS, resourceVersion=version))
    assert (late["type"], late["object"]["code"]) == ("ERROR", 410)


async def test_a_part_of_the_lab_that_fails_stops_no_other(lab: Lab, client: Client) -> None:
    failed = asyncio.Event()

    def fail() -> None:
        failed.set()
        raise RuntimeError("a defect")

    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["exception"]))
    lab.clock.call_later(0.01, fail)
    await failed.wait()
    lab.scale("tutorial-1", "web", 4)
    await lab.until(lambda: len(lab.all("Pod", "tutorial-1")) == 4)
    assert [str(one) for one in heard] == ["a defect"]
