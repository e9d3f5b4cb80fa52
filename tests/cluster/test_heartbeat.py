"""A machine that has slept, a clock that was set, connections that are dead without a word."""

from __future__ import annotations

import asyncio
import time

from kheadless_tui.cluster.reading.heartbeat import ASLEEP, Heartbeat, Pulse
from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.reading.readers import Readers
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.state import Live, Offline
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.kinds import ENDPOINT_SLICE, ENDPOINTS, SERVICE
from tests.cluster.conftest import Load
from tests.cluster.fake_api import FakeApi, service, until


async def test_a_wall_clock_that_gains_much_within_a_period_means_that_the_machine_slept(
    api: FakeApi, load: Load
) -> None:
    transport = Transport(await load(api.url))
    gained = 0.0
    woken: list[float] = []
    answered: list[float] = []
    heartbeat = Heartbeat(
        transport,
        last_heard=lambda: float("-inf"),
        answered=lambda _: answered.append(gained),
        silent=lambda _, __: None,
        woken=lambda: woken.append(gained),
        pulse=Pulse(period=0.01),
        wall=lambda: time.monotonic() + gained,
    )
    task = asyncio.create_task(heartbeat.run())
    for step, expected in ((0.0, 0), (ASLEEP / 2, 0), (3600.0, 1), (-7200.0, 1), (3600.0, 2)):
        gained += step
        heard = len(answered)
        await until(lambda heard=heard: len(answered) >= heard + 3)  # type: ignore[misc]
        assert len(woken) == expected
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await transport.close()


async def test_after_a_sleep_the_watch_is_taken_anew_and_nothing_is_said_to_be_wrong(api: FakeApi, load: Load) -> None:
    api.put("services", service("a"))
    transport, tasks, store = Transport(await load(api.url)), Tasks(), Store()
    states: list[object] = []

    def changed(reader: Reader) -> None:
        states.append(type(reader.reflector.state))

    readers = Readers(transport, store, tasks, changed)
    readers.read(SERVICE, "")
    await until(lambda: len(api.watches["services"]) == 1)
    first = next(iter(api.watches["services"]))
    # Of this event the old connection says nothing any more; the new watch begins at the version before it.
    api.watches["services"].clear()
    await api.emit("services", "ADDED", service("meanwhile"))
    states.clear()
    readers.woken()
    await until(lambda: any(watch is not first for watch in api.watches["services"]))
    await until(lambda: [item.name for item in store.snapshot.services("shop")] == ["a", "meanwhile"])
    assert set(states) == {Live}
    assert len(api.listed("services")) == 1
    readers.stop_all()
    await transport.close()
    await tasks.ended(1)


async def test_new_connections_are_taken_and_those_in_use_go_on(api: FakeApi, load: Load) -> None:
    transport = Transport(await load(api.url))

    def port() -> int:
        peer = api.requests[-1].transport
        assert peer is not None
        number: int = peer.get_extra_info("peername")[1]
        return number

    await transport.call("GET", "/version")
    kept = port()
    await transport.call("GET", "/version")
    assert port() == kept
    async with transport.stream("/api/v1/services", [("watch", "true"), ("resourceVersion", "1")], idle_timeout=5) as (
        _,
        __,
        chunks,
    ):
        await until(lambda: len(api.watches["services"]) == 1)
        for _ in range(3):
            await transport.take_new_connections()
        await transport.call("GET", "/version")
        assert port() != kept
        await api.emit("services", "ADDED", service("a"))
        assert b"ADDED" in await anext(aiter(chunks))
    await transport.close()
    await until(lambda: api.connected == 0)


async def test_what_comes_back_comes_back_together(api: FakeApi, load: Load) -> None:
    """After long trouble each list has a pause of its own; the first that is let in ends those of the others."""
    transport, tasks = Transport(await load(api.url)), Tasks()
    readers = Readers(transport, Store(), tasks, lambda _: None)
    kinds = SERVICE, ENDPOINT_SLICE, ENDPOINTS
    for kind in kinds:
        readers.read(kind, "")
    found = [readers.get(kind, "") for kind in kinds]
    states = [each.reflector for each in found if each is not None]
    long = time.time() + 3600
    for each in states[:2]:
        each.refused(ClusterError("no"), 500, "list", long)
    states[2].refused(ClusterError("not now"), 429, "list", long, retry_after=5)
    readers.back()
    await until(lambda: all(isinstance(each.state, Live) for each in states[:2]))
    assert isinstance(states[2].state, Offline), "the server asked us to wait"
    readers.stop_all()
    await transport.close()
    await tasks.ended(1)
