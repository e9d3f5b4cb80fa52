"""What a probe keeps of the time while it runs, and what it learns of the time before it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from kheadless_tui.cluster.reading.written import seconds_since_written
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.remembering import Remembering, of_questions, of_service
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.cluster.conftest import Open
from tests.cluster.fake_api import FakeApi, endpoint_slice, forbidden, service, until

WEB = ObjectKey("shop", "web")
NAME = Question("web.shop.svc.cluster.local.", "A")
CONFIG = ZoneConfig()


def addresses(snapshot: Snapshot) -> list[str]:
    return [each for one in snapshot.slices_of(WEB) for point in one.endpoints or () for each in point.addresses or ()]


async def watching(api: FakeApi, opened: Open) -> ClusterSession:
    """A session on a Service with one address, and its watches."""
    api.put("namespaces", {"kind": "Namespace", "metadata": {"name": "shop"}})
    api.put("services", service("web"))
    api.put("endpointslices", endpoint_slice("web-1", "web", "10.0.0.1"))
    session = await opened()
    await session.loaded(5)
    await until(lambda: bool(api.watches["services"] and api.watches["endpointslices"]))
    return session


async def test_each_generation_of_a_service_is_kept_and_no_other(api: FakeApi, opened: Open) -> None:
    session = await watching(api, opened)
    remembering = Remembering(session, of_service(WEB), every=0.0)
    for address in ("10.0.0.2", "10.0.0.3"):
        await api.emit("endpointslices", "MODIFIED", endpoint_slice("web-1", "web", address))
        await until(lambda address=address: addresses(session.snapshot) == [address])  # type: ignore[misc]
    await api.emit("services", "ADDED", service("db"))
    await until(lambda: len(session.snapshot.services("shop")) == 2)
    kept = remembering.generations
    assert [addresses(snapshot) for _, snapshot in kept][:3] == [["10.0.0.1"], ["10.0.0.2"], ["10.0.0.3"]]
    assert kept[-1][1] is session.snapshot, "what is known now comes last"
    assert len(kept) == 4
    assert [at for at, _ in kept] == sorted(at for at, _ in kept)
    remembering.close()
    await api.emit("endpointslices", "MODIFIED", endpoint_slice("web-1", "web", "10.0.0.9"))
    await until(lambda: addresses(session.snapshot) == ["10.0.0.9"])
    assert len(remembering.generations) == 4, "no more is kept"


async def test_a_change_within_the_pause_after_another_is_kept_at_its_end(api: FakeApi, opened: Open) -> None:
    session = await watching(api, opened)
    remembering = Remembering(session, of_questions([NAME], CONFIG), every=0.01)
    for address in ("10.0.0.2", "10.0.0.3"):
        await api.emit("endpointslices", "MODIFIED", endpoint_slice("web-1", "web", address))
    await until(lambda: addresses(remembering._kept[-1][1]) == ["10.0.0.3"])
    past = remembering.past(CONFIG)
    assert past.since <= time.time()
    remembering.close()


def stamped(item: dict[str, object], seconds: float) -> dict[str, object]:
    """An object as it was written so long ago, and made a day before."""

    def text(age: float) -> str:
        return (datetime.now(UTC) - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")

    metadata = {**item["metadata"], "creationTimestamp": text(86_400)}  # type: ignore[dict-item]
    return {
        **item,
        "metadata": {**metadata, "managedFields": [{"manager": "x", "time": text(seconds)}, {"time": None}]},
    }


async def test_the_last_write_is_told_by_the_clock_of_the_api_server(api: FakeApi, opened: Open) -> None:
    api.put("services", stamped(service("web"), 500))
    api.put("endpointslices", stamped(endpoint_slice("web-1", "web", "10.0.0.1"), 200))
    session = await opened()
    await session.loaded(5)
    found = await seconds_since_written(session.transport, WEB)
    assert found is not None
    assert 197 <= found <= 260
    session_of = Remembering(session, of_service(WEB), clock=lambda: 1000.0)
    await session_of.look_back(WEB)
    written = session_of.past(CONFIG).written
    assert written is not None
    assert 740 <= written <= 803
    asked = len(api.requests)
    await session_of.look_back(WEB)
    assert len(api.requests) == asked, "once is enough: what comes later is seen"
    session_of.close()


async def test_who_may_not_read_it_knows_nothing_of_it_and_goes_on(api: FakeApi, opened: Open) -> None:
    session = await opened()
    await session.loaded(5)
    api.before = forbidden("services")
    assert await seconds_since_written(session.transport, WEB) is None
