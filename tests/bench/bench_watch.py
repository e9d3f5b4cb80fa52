"""How many events of a watch a second reach the store: ours, decoding alone, and the official client's typed watch.

    python -m tests.bench.bench_watch [EVENTS]

One watch of the EndpointSlices of 10,000 Services with 10 endpoints each; every event makes one endpoint of another
Service ready or not. The events come from a stand-in as fast as they are read. The line "from memory" is the same work
without HTTP: what the store itself sustains, undisturbed by the stand-in's share of the machine.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable

import msgspec

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.reading.decode import Decoder, path_of
from kheadless_tui.cluster.reading.listwatch import Change, Put
from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.commands.running import collect_seldom
from kheadless_tui.model.kinds import ENDPOINT_SLICE
from kheadless_tui.model.objects import EndpointSlice
from tests.bench.recorded_world import World
from tests.bench.standin import StandIn, standing_in

TYPED = 3_000
"""Events for the typed watch: it needs some seconds for these."""


class Count:
    """How many have come, and when the first and the last of them did."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.seen = 0
        self.began = self.ended = 0.0
        self.cpu = 0.0
        self.done = asyncio.Event()

    def more(self, number: int) -> None:
        """So many more have been taken in."""
        if not self.seen:
            self.began, self.cpu = time.perf_counter(), time.process_time()
        self.seen += number
        if self.seen >= self.wanted and not self.done.is_set():
            self.ended, self.cpu = time.perf_counter(), time.process_time() - self.cpu
            self.done.set()

    def line(self, name: str) -> str:
        """A line of the table."""
        seconds = self.ended - self.began
        return f"{name:<52} {self.seen:>8,} {self.seen / seconds:>11,.0f} {self.cpu / self.seen * 1e6:>8.1f}"


async def ours(stand_in: StandIn, events: int) -> Count:
    """Reader, reflector and store as the program has them; the snapshot is taken five times a second, as it does."""
    connection = await asyncio.to_thread(load_connection, kubeconfig=stand_in.kubeconfig)
    transport = Transport(connection)
    store, count, live = Store(), Count(events), asyncio.Event()

    def apply(change: Change) -> None:
        store.apply(ENDPOINT_SLICE, "", change)
        if isinstance(change, Put) and live.is_set():
            count.more(len(change.objects))

    def changed(reader: Reader) -> None:
        if reader.reflector.watching:
            live.set()

    reader = Reader(transport, Reflector(ENDPOINT_SLICE, now=time.time()), apply, changed)
    reader.start()
    await live.wait()
    await asyncio.to_thread(stand_in.pull, "burst", events)
    while not count.done.is_set():
        assert store.snapshot
        await asyncio.wait([asyncio.ensure_future(count.done.wait())], timeout=0.2)
    reader.stop()
    await transport.close()
    return count


async def decoded(stand_in: StandIn, events: int) -> Count:
    """The same lines by the same HTTP, decoded into the same structs, and thrown away."""
    connection = await asyncio.to_thread(load_connection, kubeconfig=stand_in.kubeconfig)
    transport = Transport(connection)
    count, rest = Count(events), b""
    decoder = msgspec.json.Decoder(msgspec.defstruct("Event", [("type", str), ("object", EndpointSlice)]))
    async with transport.stream(path_of(ENDPOINT_SLICE), (("watch", "true"),), idle_timeout=60) as (_, _, chunks):
        await asyncio.to_thread(stand_in.pull, "burst", events)
        async for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                decoder.decode(line)
            count.more(len(lines))
            if count.done.is_set():
                break
    await transport.close()
    return count


def from_memory(events: int) -> Count:
    """Reflector and store alone, fed with the bytes of a watch, a snapshot after each fifth of a second's worth."""
    world, store, count = World(), Store(), Count(events)
    decoder = Decoder(ENDPOINT_SLICE)
    for start in range(0, world.services, 500):
        items = b",".join(world.slice_list[start : start + 500])
        store.apply(ENDPOINT_SLICE, "", Put(decoder.page(b'{"items":[%s]}' % items).objects))
    reflector = Reflector(ENDPOINT_SLICE, now=0.0)
    reflector.watch_opened(0.0)
    batches = [[world.slice_event(n * 7919) for n in range(at, at + 80)] for at in range(0, events, 80)]
    chunks = [b"".join(batch) for batch in batches]
    count.began, count.cpu = time.perf_counter(), time.process_time()
    for number, chunk in enumerate(chunks):
        for change in reflector.watch_data(chunk, 1.0):
            store.apply(ENDPOINT_SLICE, "", change)
        if number % 100 == 0:
            assert store.snapshot
    count.seen = events
    count.ended, count.cpu = time.perf_counter(), time.process_time() - count.cpu
    return count


def typed(stand_in: StandIn, events: int) -> Count:
    """``kubernetes.watch`` with the generated models."""
    from kubernetes import client, config, watch  # noqa: PLC0415 - takes most of a second

    api = client.DiscoveryV1Api(config.new_client_from_config(stand_in.kubeconfig))
    count = Count(events)
    stream = watch.Watch().stream(api.list_endpoint_slice_for_all_namespaces, resource_version="1")
    threading.Timer(0.5, stand_in.pull, ("burst", events)).start()
    for _ in stream:
        count.more(1)
        if count.done.is_set():
            break
    return count


def main() -> None:
    """Print the table."""
    collect_seldom()
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{'events of a watch':<52} {'events':>8} {'a second':>11} {'CPU us':>8}")
    with standing_in() as stand_in:
        asyncio.run(ours(stand_in, 10_000))
        rows: list[tuple[str, Callable[[], Count]]] = [
            ("floor: lines decoded, nothing kept", lambda: asyncio.run(decoded(stand_in, events))),
            ("ours: in the store, a snapshot 5 times a second", lambda: asyncio.run(ours(stand_in, events))),
            ("ours, from memory", lambda: from_memory(events)),
            ("kubernetes.watch, typed", lambda: typed(stand_in, TYPED)),
        ]
        for name, run in rows:
            print(run().line(name))


if __name__ == "__main__":
    main()
