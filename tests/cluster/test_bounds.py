"""What is too much, at the wire: a page of large objects, more objects than are kept, more lists than are read."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from kheadless_tui.cluster.bounds import MAX_LISTS, MAX_PAGE, Allowance, Lines
from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live, Reading, unread_kinds
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.kinds import SERVICE
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.fake_api import FakeApi, kubeconfig, service, serving, until


@asynccontextmanager
async def reading(folder: Path, api: FakeApi, reflector: Reflector) -> AsyncIterator[Store]:
    """A store that a reader of Services fills."""
    transport = Transport(load_connection(kubeconfig=kubeconfig(folder / "config", api.url)))
    store = Store()
    reader = Reader(transport, reflector, lambda change: store.apply(SERVICE, "", change), lambda _: None)
    reader.start()
    try:
        yield store
    finally:
        task = reader.stop()
        await transport.close()
        if task is not None:
            await asyncio.wait([task], timeout=5)


def names(store: Store) -> list[str]:
    return sorted(key.name for _, key in store.snapshot.objects)


async def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(tmp_path: Path) -> None:
    megabyte = "x" * 2**20
    async with serving(FakeApi()) as api:
        for number in range(MAX_PAGE // 2**20 + 6):
            item = service(f"s{number:02d}")
            item["metadata"]["annotations"] = {"large": megabyte}
            api.put("services", item)
        async with reading(tmp_path, api, Reflector(SERVICE, now=time.time())) as store:
            await until(lambda: len(store.snapshot.objects) == len(api.objects["services"]), 60)
            asked = [int(request.query["limit"]) for request in api.listed("services")]
            assert asked[0] == 500
            assert asked[-1] * 2**20 < MAX_PAGE


async def test_more_objects_than_are_kept_are_left_out_and_counted(tmp_path: Path) -> None:
    async with serving(FakeApi()) as api:
        api.put("services", *(service(name) for name in "abcde"))
        reflector = Reflector(SERVICE, now=time.time(), most=3)
        async with reading(tmp_path, api, reflector) as store:
            await until(lambda: bool(api.watches["services"]))
            assert names(store) == ["a", "b", "c"]
            state = reflector.state
            assert isinstance(state, Live)
            assert state.left_out == 2
            assert "Service" in unread_kinds({("services", ""): state}, "shop"), "from an absence nothing follows"

            await api.emit("services", "ADDED", service("f"))
            await until(lambda: isinstance(reflector.state, Live) and reflector.state.left_out == 3)
            await api.emit("services", "DELETED", service("b"))
            await api.emit("services", "MODIFIED", service("e"))
            await until(lambda: names(store) == ["a", "c", "e"])
            assert isinstance(reflector.state, Live)
            assert reflector.state.left_out == 2


def waiting(session: ClusterSession) -> int:
    """Lists that are said to wait for their turn."""
    return sum(isinstance(state, Reading) and state.waiting for state in session.reads.values())


async def test_many_namespaces_are_not_listed_all_at_once(tmp_path: Path) -> None:
    under_way: set[str] = set()
    most, go = 0, asyncio.Event()

    def held(plural: str) -> Callable[[web.BaseRequest], object]:
        async def answer(request: web.BaseRequest) -> None:
            nonlocal most
            under_way.add(request.path)
            most = max(most, len(under_way))
            await go.wait()
            under_way.discard(request.path)

        return answer

    async with serving(FakeApi()) as api:
        spaces = tuple(f"n{number:02d}" for number in range(2 * MAX_LISTS))
        for plural in ("services", "endpointslices"):
            api.overrides[plural] = held(plural)  # type: ignore[assignment]
        for space in spaces:
            api.put("namespaces", {"metadata": {"name": space}})
        connection = load_connection(kubeconfig=kubeconfig(tmp_path / "config", api.url))
        session = ClusterSession(connection, namespaces=spaces)
        await session.start()
        try:
            await until(lambda: len(under_way) == MAX_LISTS)
            await until(
                lambda: waiting(session) >= 2 * len(spaces) - MAX_LISTS
            )  # Services and slices not asked for yet
            go.set()
            await session.loaded(20)
            assert most == MAX_LISTS
            await until(lambda: waiting(session) == 0)
        finally:
            await session.close()


async def test_objects_of_every_shape_are_counted_and_never_fatal(tmp_path: Path) -> None:
    async with serving(FakeApi()) as api:
        large = service("large")
        large["metadata"]["annotations"] = {"large": "x" * 2**20}
        nulls = service("nulls", selector=None, ports=None, unheard_of={"deep": [{"er": None}]})
        nulls["metadata"].update(labels=None, ownerReferences=[None], unknown=[[[]]])
        wrong = service("wrong", ports="eighty")
        mended = service("mended", ports=[None, {"port": 80, "name": None}])
        api.put("services", large, nulls, wrong, mended)
        reflector = Reflector(SERVICE, now=time.time())
        async with reading(tmp_path, api, reflector) as store:
            await until(lambda: bool(api.watches["services"]))
            assert names(store) == ["large", "mended", "nulls"]
            assert isinstance(reflector.state, Live)
            assert reflector.state.undecodable == 1
            worse = json.loads(json.dumps(large))
            worse["spec"]["clusterIPs"] = {"not": "a list"}
            await api.emit("services", "MODIFIED", worse)
            await until(lambda: names(store) == ["mended", "nulls"])
            assert reflector.state.undecodable == 2


def test_lines_are_whole_and_bounded() -> None:
    lines = Lines()
    assert lines.take(b"on") == []
    assert lines.take(b"e\ntwo\nthr") == [b"one", b"two"]
    assert lines.take(b"ee\n") == [b"three"]
    with pytest.raises(ClusterError, match="32 MB"):
        lines.take(b"x" * (2**25 + 1))


def test_an_object_that_was_never_there_takes_no_room() -> None:
    allowance = Allowance(1)
    allowance.forget(ObjectKey("shop", "nobody"))
    assert allowance.admits(ObjectKey("shop", "a"), new=True)
    assert allowance.admits(ObjectKey("shop", "a"), new=False)
    assert not allowance.admits(ObjectKey("shop", "b"), new=True)
    allowance.forget(ObjectKey("shop", "a"))
    assert allowance.admits(ObjectKey("shop", "b"), new=False)
    assert allowance.left_out == 0
