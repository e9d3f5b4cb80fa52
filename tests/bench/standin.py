"""A stand-in for the API server of a big cluster: it replays recorded objects, framed as kube-apiserver frames them.

    python -m tests.bench.standin [--services N] [--per-namespace N] [--port N]

Prints its URL. It is a process of its own, costs nearly nothing (whole pages are made once), and is no judge of what an
API server takes: of the program under test it shows what is the program's own. Levers: ``/standin/rate?events=N`` sends
so many changes of EndpointSlices a second to whoever watches them, ``/standin/burst?events=N`` so many at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from tests.bench.recorded_world import PAGE, World

FRAME = 2048
"""Bytes of a chunk: Go's net/http writes this much at a time when it does not know the length (seen on 1.34)."""

TICK = 0.01
"""Seconds between the events of a rate."""

ALLOWED = {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}}

RULES = {
    "kind": "SelfSubjectRulesReview",
    "status": {
        "incomplete": False,
        "nonResourceRules": [],
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    },
}

Connection = asyncio.Transport


def framed(body: bytes) -> bytes:
    """A body in chunks."""
    pieces = (body[start : start + FRAME] for start in range(0, len(body), FRAME))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def answer(body: bytes, status: str = "200 OK") -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + framed(body)


class Server:
    """Answers by path; holds the watches of EndpointSlices."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rate = 0
        self._next = 0
        self._watches: set[Connection] = set()
        self._pages: dict[tuple[str, str, int, int], bytes] = {}
        self._lists = {
            "namespaces": world.namespace_list,
            "services": world.service_list,
            "endpointslices": world.slice_list,
        }
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, connection: Connection, method: str, target: str) -> None:
        """Answer a request."""
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        plural = url.path.rpartition("/")[2]
        if url.path.startswith("/standin/"):
            self._pull(plural, int(query["events"]))
            connection.write(answer(b"{}"))
        elif method == "POST":
            review = RULES if plural == "selfsubjectrulesreviews" else ALLOWED
            connection.write(answer(json.dumps(review).encode(), "201 Created"))
        elif url.path == "/version":
            connection.write(answer(b'{"gitVersion":"v1.34.4"}'))
        elif query.get("watch") == "true":
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            if plural == "endpointslices":
                self._watches.add(connection)
        else:
            self._list(connection, url.path, plural, query)

    def _list(self, connection: Connection, path: str, plural: str, query: dict[str, str]) -> None:
        parts = path.split("/")
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts[:-1] else ""
        start, limit = int(query.get("continue", "0")), int(query.get("limit", "1000000"))
        if plural == "pods":
            connection.write(self._pods(namespace, start))
            return
        if plural not in self._lists:
            known = plural in ("statefulsets", "endpoints", "serviceimports")
            missing = b'{"kind":"Status","status":"Failure","reason":"NotFound","code":404}'
            empty = b'{"kind":"List","metadata":{"resourceVersion":"9"},"items":[]}'
            connection.write(answer(empty) if known else answer(missing, "404 Not Found"))
            return
        key = (plural, namespace, start, limit)
        if key not in self._pages:
            items = self._lists[plural]
            if namespace:
                first = self.world.namespaces.index(namespace) * self.world.per_namespace
                items = items[first : first + self.world.per_namespace]
            token = start + limit if start + limit < len(items) else 0
            self._pages[key] = answer(self._page(b",".join(items[start : start + limit]), token))
        connection.write(self._pages[key])

    def _pods(self, namespace: str, start: int) -> bytes:
        key = ("pods", namespace, start, PAGE)
        if key not in self._pages:
            pages = self.world.pod_pages(namespace)
            number = start // PAGE
            token = start + PAGE if number + 1 < len(pages) else 0
            self._pages[key] = answer(self._page(self.world.pods(pages[number]), token))
        return self._pages[key]

    def _page(self, items: bytes, token: int) -> bytes:
        meta = {"resourceVersion": str(self.world.version), **({"continue": str(token)} if token else {})}
        return b'{"kind":"List","apiVersion":"v1","metadata":%s,"items":[%s]}' % (json.dumps(meta).encode(), items)

    # -- events

    def _pull(self, lever: str, events: int) -> None:
        if lever == "burst":
            task = asyncio.create_task(self._burst(events))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self.rate = events

    def _lines(self, count: int) -> bytes:
        """Events, each a chunk of its own, spread over all Services."""
        lines = []
        for _ in range(count):
            self._next += 7919
            line = self.world.slice_event(self._next)
            lines.append(b"%x\r\n%s\r\n" % (len(line), line))
        return b"".join(lines)

    async def _burst(self, events: int) -> None:
        # Made beforehand: what is measured is the one who reads.
        batches = [self._lines(min(200, events - done)) for done in range(0, events, 200)]
        for batch in batches:
            for watch in list(self._watches):
                watch.write(batch)
            while any(watch.get_write_buffer_size() > 2**22 for watch in self._watches):  # noqa: ASYNC110 - theirs to empty
                await asyncio.sleep(0.001)

    async def run_rate(self) -> None:
        """Send the events of the rate, for ever."""
        loop = asyncio.get_running_loop()
        sent, began, rate = 0, loop.time(), 0
        while True:
            await asyncio.sleep(TICK)
            if rate != self.rate:
                sent, began, rate = 0, loop.time(), self.rate
            due = int((loop.time() - began) * rate) - sent
            if due > 0:
                sent += due
                batch = self._lines(due)
                for watch in list(self._watches):
                    watch.write(batch)

    def gone(self, connection: Connection) -> None:
        """A connection was closed."""
        self._watches.discard(connection)


class Http(asyncio.Protocol):
    """HTTP/1.1 as far as a client of the API speaks it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._connection = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.gone(self._connection)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            lines = self._data[:end].decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            length = int(headers.get("content-length", "0"))
            if len(self._data) < end + 4 + length:
                return
            self._data = self._data[end + 4 + length :]
            method, target, _ = lines[0].split(" ", 2)
            self._server.take(self._connection, method, target)


async def serve(world: World, port: int) -> None:
    """Serve for ever."""
    server = Server(world)
    _ = world.service_list, world.slice_list, world.pods(0)
    listening = await asyncio.get_running_loop().create_server(lambda: Http(server), "127.0.0.1", port)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", flush=True)
    await server.run_rate()


@contextlib.contextmanager
def standing_in(services: int = 10_000, per_namespace: int = 500) -> Iterator[StandIn]:
    """A stand-in that runs while the block does."""
    command = [sys.executable, "-m", "tests.bench.standin"]
    command += ["--services", str(services), "--per-namespace", str(per_namespace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield StandIn(process.stdout.readline().strip(), process)
        finally:
            process.terminate()


class StandIn:
    """A stand-in that runs."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.signal = process.send_signal
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "big",
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "big", "context": {"cluster": "c", "user": "u", "namespace": "scale-00"}}],
        }
        self._file = tempfile.NamedTemporaryFile("w", suffix=".json")  # noqa: SIM115 - lives as long as this does
        json.dump(config, self._file)
        self._file.flush()
        self.kubeconfig = str(Path(self._file.name))

    def pull(self, lever: str, events: int) -> None:
        """``rate`` or ``burst``."""
        with urlopen(f"{self.url}/standin/{lever}?events={events}", timeout=10):
            pass


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--per-namespace", type=int, default=500)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(World(options.services, options.per_namespace), options.port))


if __name__ == "__main__":
    main()
