"""A machine that has slept, a clock that was set, connections that are dead without a word."""

from __future__ import annotations

import asyncio
import time

from kheadless_tui.cluster.reading.heartbeat import ASLEEP, Heartbeat, Pulse
from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.reading.readers import Readers
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.state import Live
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.model.kinds import SERVICE
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
    await asyncio.sleep(1.1)  # a shorter watch would be one that fails
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
