"""Every way in which reading is disturbed, at the wire: afterwards the store equals a fresh list."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from kheadless_tui.cluster.connecting.connection import Connection
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live, Offline, ReadState, Unauthorized
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.checker import equals_a_fresh_list, inconsistencies
from tests.cluster.conftest import Load
from tests.cluster.fake_api import FakeApi, endpoint_slice, service, serving, status, until

PULSE = Pulse(period=0.2, period_away=0.05, answer_in=1.0, namespaces=0.1, rights=0.1)

Disturb = Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]]


class World:
    """A session on a fake API server, and the way past every disturbance."""

    def __init__(self, api: FakeApi, session: ClusterSession, connection: Connection) -> None:
        self.api = api
        self.session = session
        self.connection = connection
        self.seen: list[list[str]] = []
        session.subscribe(lambda: self.seen.append(self.services()))

    def services(self) -> list[str]:
        return [item.name for item in self.session.snapshot.services("shop")]

    async def watched(self) -> None:
        await until(lambda: len(self.api.watches["services"]) == 1 == len(self.api.watches["endpointslices"]))

    async def change(self) -> None:
        """One of each sort of change, that a resumed watch or a new list has to bring."""
        await self.api.emit("services", "ADDED", service("added"))
        await self.api.emit("services", "MODIFIED", service("s1", ports=[{"name": "new", "port": 1}]))
        await self.api.emit("services", "DELETED", service("s2"))
        await self.api.emit("endpointslices", "MODIFIED", endpoint_slice("s1-a", "s1", "10.0.9.9"))

    def unsaid(self, name: str) -> bytes:
        """A Service comes that no watch tells of until it is opened again; gives the line that would have told."""
        item = service(name)
        self.api.put("services", item)
        line = json.dumps({"type": "ADDED", "object": item}).encode() + b"\n"
        self.api.history.append((self.api.version, "services", line))
        return line

    async def right(self) -> None:
        """The disturbance is over."""
        self.api.overrides.clear()
        await equals_a_fresh_list(self.session, self.connection)
        # And it goes on being so: a watch is open that tells of the next change.
        await self.api.emit("services", "ADDED", service("last"))
        await until(lambda: "last" in self.services())
        assert inconsistencies(self.session.snapshot) == []


Make = Callable[..., Awaitable[World]]


@pytest_asyncio.fixture
async def world(api: FakeApi, load: Load) -> AsyncIterator[Make]:
    sessions = []
    api.put("namespaces", {"kind": "Namespace", "metadata": {"name": "shop"}})
    for number in range(7):
        api.put("services", service(f"s{number}"))
        api.put("endpointslices", endpoint_slice(f"s{number}-a", f"s{number}", f"10.0.0.{number}"))

    async def made(**options: Any) -> World:
        connection = await load(api.url)
        session = ClusterSession(connection, pulse=options.pop("pulse", PULSE), **options)
        sessions.append(session)
        await session.start()
        return World(api, session, connection)

    yield made
    for session in sessions:
        await session.close()


async def watching(world: Make) -> World:
    """All is listed, and watched."""
    made = await world()
    # Not loaded(), which ends at a heartbeat that a busy machine answers late.
    await until(lambda: isinstance(made.session.link, Live))
    await made.watched()
    return made


def times(count: int, disturb: Disturb) -> Disturb:
    """The first so many requests only."""
    left = iter(range(count))

    async def some(request: web.BaseRequest) -> web.StreamResponse | None:
        return await disturb(request) if next(left, None) is not None else None

    return some


# -- a list that breaks off --------------------------------------------------------------------------------------


def cut_page(api: FakeApi, part: float, *, reset: bool = False, packed: bool = False) -> Disturb:
    """A page of which only a part comes, by a connection that is then reset, or closed as if nothing were missing."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        body = api.page(request, request.path.rpartition("/")[2], "").body
        assert isinstance(body, bytes)
        body = gzip.compress(body) if packed else body
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"} if packed else {})
        await response.prepare(request)
        await response.write(body[: max(1, int(len(body) * part))])
        if reset:
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


@pytest.mark.parametrize(
    ("part", "reset", "packed"),
    [(0.02, False, False), (0.5, True, False), (0.02, True, True), (0.5, False, True), (0.98, False, True)],
)
async def test_a_page_that_breaks_off(api: FakeApi, world: Make, part: float, reset: bool, packed: bool) -> None:
    api.page_limit = 3
    api.overrides["services"] = times(1, cut_page(api, part, reset=reset, packed=packed))
    api.overrides["endpointslices"] = times(2, cut_page(api, part, reset=reset, packed=packed))
    made = await world()
    await made.session.loaded(10)
    await made.watched()
    await made.right()


async def test_a_later_page_that_breaks_off_takes_nothing_away_that_is_shown(api: FakeApi, world: Make) -> None:
    made = await watching(world)
    api.page_limit = 2
    broken = cut_page(api, 0.5, reset=True)

    async def second(request: web.BaseRequest) -> web.StreamResponse | None:
        return await broken(request) if "continue" in request.query else None

    api.overrides["services"] = times(3, second)
    before = made.services()
    made.seen.clear()
    api.objects["services"].pop(("shop", "s3"))
    api.compacted = api.version + 1
    api.version += 2
    api.cut()
    await until(lambda: "s3" not in made.services(), timeout=20)
    assert all(one in (before, [name for name in before if name != "s3"]) for one in made.seen)
    await made.right()


async def test_a_token_that_expires_between_pages(api: FakeApi, world: Make) -> None:
    api.page_limit = 2

    async def expired(request: web.BaseRequest) -> web.Response | None:
        if request.query.get("continue") == "4":
            await made.change()
            return status(410, "The provided continue parameter is too old", "Expired")
        return None

    holder: list[World] = []
    api.overrides["services"] = times(6, expired)
    made = await world()
    holder.append(made)
    await made.session.loaded(10)
    await made.right()


# -- a watch that breaks off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.0, 0.3, 0.99, 1.0])
async def test_a_watch_reset_within_a_line(api: FakeApi, world: Make, part: float) -> None:
    made = await watching(world)
    line = made.unsaid("cut")
    await api.send("services", line[: int(len(line) * part)])
    api.cut()
    await until(lambda: "cut" in made.services())
    await made.right()


async def test_a_watch_that_ends_properly_within_a_line(api: FakeApi, world: Make) -> None:
    made = await watching(world)
    line = made.unsaid("cut")
    await api.send("services", line[:40])
    await api.end("services")
    await until(lambda: "cut" in made.services())
    await made.right()


async def test_a_proxys_page_within_a_watch(api: FakeApi, world: Make) -> None:
    made = await watching(world)
    line = made.unsaid("before")
    await api.send("services", line + b"<html><body>502 Bad Gateway</body></html>\n")
    await until(lambda: "before" in made.services())
    await made.right()


async def test_events_that_came_while_there_was_no_watch(api: FakeApi, world: Make) -> None:
    made = await watching(world)
    for _ in range(3):
        api.cut()
        await made.change()
        await until(lambda: "added" in made.services() and "s2" not in made.services())
        await api.emit("services", "DELETED", service("added"))
        await api.emit("services", "ADDED", service("s2"))
    await made.right()


@pytest.mark.parametrize("how", ["in the stream", "as the answer"])
async def test_410_in_a_watch(api: FakeApi, world: Make, how: str) -> None:
    made = await watching(world)
    made.seen.clear()
    api.objects["services"].pop(("shop", "s4"))  # of which no event will ever tell
    api.version += 1
    api.compacted = api.version
    if how == "as the answer":
        api.cut()
    else:
        gone = {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old"}
        await api.send("services", json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
    await until(lambda: "s4" not in made.services())
    assert all("s0" in one for one in made.seen)  # never empty in between
    await made.right()


# -- a server in trouble -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("services", 429),
        ("services", 500),
        ("watch services", 429),
        ("watch services", 503),
        ("endpointslices", 502),
        ("watch services", 504),
    ],
)
async def test_errors_of_the_server_pass(api: FakeApi, world: Make, where: str, code: int) -> None:
    async def sick(_: web.BaseRequest) -> web.Response:
        answer = status(code, "not now")
        if code == 429:
            answer.headers["Retry-After"] = "0"
        return answer

    made = await world()
    api.overrides[where] = times(2, sick)
    await until(lambda: len(api.listed("services")) > 0)
    await made.session.loaded(15)
    api.cut()
    await made.change()
    made.session.retry_now()
    await until(lambda: isinstance(made.session.link, Live), timeout=15)
    await made.right()


async def test_a_server_that_is_paused_is_told_and_everything_comes_after_it(api: FakeApi, world: Make) -> None:
    made = await watching(world)
    api.hanging.clear()
    await until(lambda: isinstance(made.session.link, Offline))
    made.unsaid("meanwhile")
    assert "meanwhile" not in made.services()
    assert isinstance(made.session.link, Offline)  # what is shown is said to be of then
    api.hanging.set()
    await until(lambda: isinstance(made.session.link, Live))
    await made.right()


@pytest.mark.parametrize("back_at", [50, 10_000])
async def test_a_server_that_comes_back_with_an_older_state(load: Load, back_at: int) -> None:
    """A restored backup: behind the version that we hold, or written on past it since. No event ever tells."""
    api = FakeApi()
    for name in ("stays", "lost"):
        api.put("services", service(name))
    first = serving(api)
    await first.__aenter__()
    port, connection = api.port, await load(api.url)
    session = ClusterSession(connection, pulse=PULSE)
    await session.start()
    try:
        await session.loaded(5)
        world = World(api, session, connection)
        await world.watched()
        await first.__aexit__(None, None, None)
        await until(lambda: isinstance(session.link, Offline))
        restored = FakeApi(version=back_at)
        restored.put("services", service("stays"))
        async with serving(restored, port=port):
            await until(lambda: world.services() == ["stays"], timeout=15)
            await World(restored, session, connection).right()
    finally:
        await session.close()


async def test_a_server_set_back_behind_a_way_that_never_broke(api: FakeApi, world: Make) -> None:
    """Several API servers behind one address: one ends our watch in good order, and another one is behind."""
    made = await watching(world)
    api.objects["services"].pop(("shop", "s5"))
    api.version = 40
    for plural in ("services", "endpointslices", "namespaces"):
        await api.end(plural)
    await until(lambda: "s5" not in made.services())
    await made.right()


# -- objects -----------------------------------------------------------------------------------------------------


def uid_of(world: World, key: ObjectKey) -> str:
    found = world.session.snapshot.service(key)
    return found.metadata.uid if found is not None else ""


async def test_a_service_that_is_deleted_and_made_again(api: FakeApi, world: Make) -> None:
    made = await watching(world)
    key = ObjectKey("shop", "s1")
    for uid in ("one", "two"):
        again = service("s1")
        again["metadata"]["uid"] = uid
        await api.emit("services", "DELETED", service("s1"))
        await api.emit("services", "ADDED", again)
        await until(lambda uid=uid: uid_of(made, key) == uid)  # type: ignore[misc]
    # The same while nobody watches: of both events, only a new list can tell, or the history.
    again = service("s1")
    again["metadata"]["uid"] = "three"
    api.put("services", again)
    api.compacted = api.version
    api.cut()
    await until(lambda: uid_of(made, key) == "three")
    assert [item.name for item in made.session.snapshot.slices_of(key)] == ["s1-a"]
    await made.right()


async def test_strange_objects_are_shown_or_counted_and_disturb_no_other(api: FakeApi, world: Make) -> None:
    huge = service("huge")
    huge["metadata"]["annotations"] = {"note": "x" * 2**20}
    nulls = service("nulls", ports=None, selector=None)
    nulls["metadata"]["labels"] = None
    unknown = service("unknown", futureField={"a": [1, None, {"b": 2.5}]})
    unknown["status"] = {"loadBalancer": None, "new": True}
    api.put("services", huge, nulls, unknown)
    empty = endpoint_slice("nulls-a", "nulls")
    empty |= {"endpoints": None, "ports": None}
    api.put("endpointslices", empty)
    wrong = endpoint_slice("wrong", "s1", "10.0.0.1")
    wrong["endpoints"] = {"not": "a list"}
    made = await world()
    await made.session.loaded(10)
    await made.watched()
    await equals_a_fresh_list(made.session, made.connection)
    await api.emit("endpointslices", "ADDED", wrong)
    state = ("endpointslices", "")
    await until(lambda: getattr(made.session.reads[state], "undecodable", 0) == 1)
    assert [item.name for item in made.session.snapshot.slices_of(ObjectKey("shop", "s1"))] == ["s1-a"]
    await api.emit("services", "MODIFIED", huge | {"spec": {"clusterIP": "None", "ports": [{"port": 7}]}})
    await api.emit("endpointslices", "DELETED", wrong)
    await until(lambda: getattr(made.session.reads[state], "undecodable", 1) == 0)
    await made.right()


async def test_changes_while_the_first_lists_run(api: FakeApi, world: Make) -> None:
    gate = asyncio.Event()

    async def slow(_: web.BaseRequest) -> None:
        await gate.wait()

    api.overrides["services"] = slow
    made = await world()
    await until(lambda: len(api.listed("services")) > 0)
    await made.change()
    gate.set()
    await made.session.loaded(5)
    await made.watched()
    await made.right()


@pytest.mark.parametrize(("code", "said"), [(401, Unauthorized), (500, Offline), (403, Forbidden)])
async def test_what_is_asked_for_by_the_user_tells_that_everything_is_refused(
    world: Make, code: int, said: type[ReadState]
) -> None:
    """The watches stay open, and tell nothing."""
    made = await watching(world)

    async def refuse(_: web.BaseRequest) -> web.StreamResponse:
        return status(code, "no", "Forbidden" if code == 403 else "")

    made.api.before = refuse
    made.session.retry_now()
    await until(lambda: isinstance(made.session.link, said))
    made.api.before = None
    made.session.retry_now()
    await made.right()
