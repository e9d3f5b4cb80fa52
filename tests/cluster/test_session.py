"""The session over the wire: reading, changes, rights, trouble and its end."""

from __future__ import annotations

import asyncio
import gc
import json
import time

import pytest
from aiohttp import web

from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Scope, Unauthorized
from kheadless_tui.errors import ClusterError, NotAuthenticated, NotFound, Refused, Unreachable
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.conftest import Load, Open
from tests.cluster.fake_api import FakeApi, endpoint_slice, forbidden, kept_port, service, serving, status, until

NAMESPACE = {"kind": "Namespace", "metadata": {"name": "shop"}}


def names(session: ClusterSession) -> list[str]:
    return [item.name for item in session.snapshot.services("shop")]


async def test_what_is_there_and_what_changes_is_in_the_snapshot(api: FakeApi, opened: Open) -> None:
    api.put("namespaces", NAMESPACE)
    api.put("services", service("web"))
    api.put("endpointslices", endpoint_slice("web-1", "web", "10.0.0.1"))
    session = await opened()
    calls: list[int] = []
    session.subscribe(lambda: calls.append(session.snapshot.generation))
    await session.loaded(5)
    assert names(session) == ["web"]
    assert session.snapshot.namespaces_known
    assert [one.name for one in session.snapshot.slices_of(ObjectKey("shop", "web"))] == ["web-1"]
    await until(lambda: len(api.watches["services"]) == 1)
    assert isinstance(session.link, Live)
    before = session.snapshot
    await api.emit("services", "ADDED", service("db"))
    await until(lambda: names(session) == ["db", "web"])
    assert before.services("shop")[0].name == "web"
    assert len(before.services("shop")) == 1
    await api.emit("services", "DELETED", service("web"))
    await until(lambda: names(session) == ["db"])
    assert calls
    assert calls == sorted(calls)
    await until(lambda: session.server_version == "v1.34.0-fake")


async def test_an_update_that_changes_nothing_we_keep_makes_no_generation(api: FakeApi, opened: Open) -> None:
    api.put("services", service("web"))
    session = await opened()
    await session.loaded(5)
    await until(lambda: len(api.watches["services"]) == 1)
    held = session.snapshot
    await api.emit("services", "MODIFIED", {**service("web"), "status": {"loadBalancer": {}}})
    await api.emit("services", "MODIFIED", service("web", sessionAffinity="None"))
    await api.emit("namespaces", "ADDED", NAMESPACE)
    await until(lambda: session.snapshot is not held)
    assert session.snapshot.generation == held.generation + 1


async def test_what_a_big_list_holds_is_kept_from_the_garbage_collector_until_the_end(
    api: FakeApi, opened: Open
) -> None:
    before = gc.get_freeze_count()
    api.put("services", *(service(f"s{number:03}") for number in range(600)))
    session = await opened()
    await session.loaded(5)
    assert gc.get_freeze_count() > before
    await session.close()
    assert gc.get_freeze_count() == 0, "or a cluster that is left would stay in memory"


async def test_pages_are_asked_for_one_ahead_and_nothing_is_doubled(api: FakeApi, opened: Open) -> None:
    api.page_limit = 7
    api.put("services", *(service(f"s{number:03}") for number in range(50)))
    session = await opened()
    await session.loaded(5)
    assert names(session) == [f"s{number:03}" for number in range(50)]
    asked = [request.query.get("continue", "0") for request in api.listed("services")]
    assert asked == [str(start) for start in range(0, 50, 7)]
    assert all(request.query["limit"] == "500" for request in api.listed("services"))


async def test_the_next_page_is_under_way_while_one_still_arrives(api: FakeApi, opened: Open) -> None:
    second = asyncio.Event()

    async def slowly(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        if "continue" in request.query:
            second.set()
            await answer.write(b'{"metadata":{"resourceVersion":"7"},"items":[]}')
        else:
            await answer.write(b'{"metadata":{"resourceVersion":"7","continue":"next"},"items":[')
            await second.wait()
            await answer.write(json.dumps(service("web")).encode() + b"]}")
        return answer

    api.overrides["services"] = slowly
    session = await opened()
    await session.loaded(5)
    assert names(session) == ["web"]


async def test_nothing_is_compressed_within_the_machine(api: FakeApi, opened: Open) -> None:
    session = await opened()
    await session.loaded(5)
    assert {request.headers["Accept-Encoding"] for request in api.requests} == {"identity"}


async def test_a_watch_that_ends_is_resumed_at_the_last_bookmark(api: FakeApi, opened: Open) -> None:
    session = await opened()
    await session.loaded(5)
    await until(lambda: len(api.watches["services"]) == 1)
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Service", "metadata": {"resourceVersion": "4711"}}}
    api.version = 4711
    await api.send("services", json.dumps(bookmark).encode() + b"\n")
    await asyncio.sleep(1.1)  # a shorter watch would be one that fails
    api.cut()
    await until(lambda: api.watched("services")[-1] == "4711")
    assert len(api.listed("services")) == 1
    assert isinstance(session.link, Live)


async def test_410_in_a_watch_lists_again_and_the_store_is_never_empty(api: FakeApi, opened: Open) -> None:
    api.put("services", service("old"), service("stays"))
    session = await opened()
    await session.loaded(5)
    await until(lambda: len(api.watches["services"]) == 1)
    seen: list[list[str]] = []
    session.subscribe(lambda: seen.append(names(session)))
    api.objects["services"].clear()
    api.put("services", service("new"), service("stays"))
    gone = {
        "kind": "Status",
        "status": "Failure",
        "message": "too old resource version",
        "reason": "Expired",
        "code": 410,
    }
    await api.send("services", json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
    await until(lambda: names(session) == ["new", "stays"])
    assert all(one in (["old", "stays"], ["new", "stays"]) for one in seen)
    assert isinstance(session.reads["services", ""], Live)


async def test_410_between_pages_starts_over(api: FakeApi, opened: Open) -> None:
    api.page_limit = 2
    api.put("services", *(service(f"s{number}") for number in range(5)))
    expired = False

    async def once(request: web.BaseRequest) -> web.Response | None:
        nonlocal expired
        if request.query.get("continue") == "2" and not expired:
            expired = True
            api.objects["services"].pop(("shop", "s0"))
            return status(410, "The provided continue parameter is too old", "Expired")
        return None

    api.overrides["services"] = once
    session = await opened()
    await session.loaded(5)
    assert expired
    assert names(session) == ["s1", "s2", "s3", "s4"]


async def test_a_broken_object_is_counted_and_the_others_are_shown(api: FakeApi, opened: Open) -> None:
    broken = service("broken", ports="none")
    nulls = service("nulls", ports=[None, {"name": None, "port": 80, "protocol": None}], selector=None)
    api.put("services", service("web"), broken, nulls)
    bare = {"metadata": {"name": "bare", "namespace": "shop"}, "addressType": "IPv4", "endpoints": None, "ports": None}
    api.put("endpointslices", bare)
    session = await opened()
    await session.loaded(5)
    assert names(session) == ["nulls", "web"]
    state = session.reads["services", ""]
    assert isinstance(state, Live)
    assert state.undecodable == 1
    await until(lambda: len(api.watches["services"]) == 1)
    await api.emit("services", "MODIFIED", service("broken"))
    await until(lambda: names(session) == ["broken", "nulls", "web"])
    state = session.reads["services", ""]
    assert isinstance(state, Live)
    assert state.undecodable == 0


async def test_a_refusal_of_all_narrows_the_scope(api: FakeApi, opened: Open) -> None:
    api.put("namespaces", NAMESPACE)
    api.put("services", service("web"), service("other", "elsewhere"))
    for resource in ("services", "endpointslices"):
        group = "/apis/discovery.k8s.io/v1" if resource == "endpointslices" else "/api/v1"
        api.overrides[f"{group}/{resource}"] = forbidden(resource)
    session = await opened(context={"namespace": "shop"})
    await session.loaded(5)
    assert session.scope == Scope(("shop",), only=True)
    assert names(session) == ["web"]
    assert session.snapshot.services("elsewhere") == []
    assert isinstance(session.link, Live)


async def test_no_rights_at_all_is_a_refusal_in_words(api: FakeApi, opened: Open) -> None:
    for resource in ("services", "endpointslices", "namespaces"):
        api.overrides[resource] = forbidden(resource)
    session = await opened()
    with pytest.raises(Refused, match="user u may not list services in namespace default"):
        await session.loaded(5)
    assert isinstance(session.link, Forbidden)
    assert session.snapshot.namespaces_known is False
    # Once more, as the authorizer says that it is allowed; then it is a state, and no loop.
    await until(lambda: len(api.paths("/default/services")) == 2)
    await asyncio.sleep(0.3)
    assert len(api.paths("/default/services")) == 2


async def test_list_without_watch_is_read_again_and_again(api: FakeApi, opened: Open) -> None:
    api.overrides["watch services"] = forbidden("services")
    api.put("services", service("web"))
    session = await opened()
    await session.loaded(5)
    await until(lambda: isinstance(session.reads["services", ""], Polled))
    assert names(session) == ["web"]
    api.put("services", service("db"))
    session.retry_now()
    await until(lambda: names(session) == ["db", "web"])


async def test_a_namespace_that_is_not_there(api: FakeApi, opened: Open) -> None:
    api.put("namespaces", NAMESPACE)
    with pytest.raises(NotFound, match="there is no namespace 'nosuch'"):
        await (await opened(namespaces=("nosuch",))).loaded(5)
    session = await opened(namespaces=("shop",))
    await session.loaded(5)
    assert session.snapshot.namespace_exists("shop")
    assert not api.paths("/api/v1/namespaces?")


async def test_credentials_that_are_not_accepted(api: FakeApi, opened: Open) -> None:
    api.tokens = {"another"}
    session = await opened()
    with pytest.raises(NotAuthenticated, match=r"did not accept the credentials of user u \(401"):
        await session.loaded(5)
    assert isinstance(session.link, Unauthorized)
    api.tokens = {"good"}
    session.retry_now()
    await until(lambda: isinstance(session.link, Live))
    await session.loaded(5)


async def test_offline_and_live_again_by_itself(load: Load) -> None:
    api = FakeApi()
    api.put("services", service("web"))
    began = time.time()
    with kept_port() as port:
        async with serving(api, port=port):
            session = ClusterSession(await load(api.url), pulse=Pulse(period_away=0.1))
            await session.start()
            await session.loaded(30)
            await until(lambda: len(api.watches["services"]) == 1)
        try:
            refused = f"http://127.0.0.1:{port} refused the connection"
            await until(lambda: isinstance(session.link, Offline) and session.link.cause == refused, timeout=30)
            link = session.link
            assert isinstance(link, Offline)
            assert began <= link.since <= time.time()
            assert link.next_try > link.since
            assert names(session) == ["web"]  # what was known stays
            api.put("services", service("new"))
            async with serving(api, port=port):
                await until(lambda: isinstance(session.link, Live), timeout=30)
                assert names(session) == ["new", "web"]
                await api.emit("services", "ADDED", service("later"))
                await until(lambda: "later" in names(session))
        finally:
            await session.close()


async def test_a_server_that_falls_silent_is_noticed(api: FakeApi, load: Load) -> None:
    session = ClusterSession(await load(api.url), pulse=Pulse(period=0.2, period_away=0.1, answer_in=0.3))
    await session.start()
    try:
        await session.loaded(5)
        await until(lambda: len(api.watches["services"]) == 1)
        api.hanging.clear()
        await until(lambda: isinstance(session.link, Offline), timeout=3)
        link = session.link
        assert isinstance(link, Offline)
        assert link.cause.startswith(f"no answer from {api.url} in 0.3 s")
        api.hanging.set()
        await until(lambda: isinstance(session.link, Live), timeout=5)
    finally:
        await session.close()


async def test_a_server_that_hangs_from_the_start(api: FakeApi, load: Load) -> None:
    api.hanging.clear()
    session = ClusterSession(await load(api.url, request_timeout=0.5))
    await session.start()
    try:
        with pytest.raises(Unreachable, match=r"no answer from .* in 0.5 s"):
            await session.loaded(0.5)
    finally:
        async with asyncio.timeout(5):  # it does not wait for the answer
            await session.close()


@pytest.mark.parametrize("turns", range(4))
async def test_who_waits_for_it_can_be_cancelled_at_any_moment(api: FakeApi, opened: Open, turns: int) -> None:
    api.hanging.clear()
    session = await opened()
    waiting = asyncio.create_task(session.loaded(1.0))
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled(), "ctrl-c while it starts ends a command"


async def test_too_many_requests_are_waited_out(api: FakeApi, opened: Open) -> None:
    answers = iter([web.Response(status=429, headers={"Retry-After": "200"}, text="slow down"), None])

    async def busy(_: web.BaseRequest) -> web.Response | None:
        return next(answers, None)

    api.overrides["services"] = busy
    session = await opened()
    await until(lambda: isinstance(session.link, Offline))
    link = session.link
    assert isinstance(link, Offline)
    assert link.next_try - link.since >= 200, "as long as the server asks for, and not as our own pauses are"
    session.retry_now()
    await session.loaded(5)


async def test_an_error_of_the_server_is_offline_and_passes(api: FakeApi, opened: Open) -> None:
    answers = iter([status(500, "etcdserver: request timed out"), None])

    async def sick(_: web.BaseRequest) -> web.Response | None:
        return next(answers, None)

    api.overrides["services"] = sick
    session = await opened()
    await until(lambda: isinstance(session.link, Offline))
    assert "etcdserver: request timed out" in session.link.cause  # type: ignore[union-attr]
    await session.loaded(5)
    assert isinstance(session.link, Live)


async def test_a_server_that_stays_sick_is_not_waited_for_without_end(api: FakeApi, opened: Open) -> None:
    async def sick(_: web.BaseRequest) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "0"})

    api.overrides["services"] = sick
    session = await opened()
    with pytest.raises(Unreachable, match="too many requests"):
        await session.loaded(0.5)


async def test_a_slow_list_is_waited_for_as_long_as_it_comes(api: FakeApi, opened: Open) -> None:
    async def slowly(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        body = json.dumps({"metadata": {"resourceVersion": "7"}, "items": [service("web")]}).encode()
        for start in range(0, len(body), 20):
            await answer.write(body[start : start + 20])
            await asyncio.sleep(0.2)
        return answer

    api.overrides["services"] = slowly
    session = await opened()
    await session.loaded(0.1)
    assert names(session) == ["web"]


async def test_pods_are_read_while_they_are_shown(api: FakeApi, opened: Open) -> None:
    api.put("pods", {"metadata": {"name": "web-0", "namespace": "shop"}, "status": {"podIP": "10.0.0.1"}})
    session = await opened()
    await session.loaded(5)
    assert not api.paths("/pods")
    session.show_pods("shop")
    await until(lambda: [pod.name for pod in session.snapshot.pods("shop")] == ["web-0"])
    assert ("pods", "shop") in session.reads
    session.hide_pods("shop")
    session.show_pods("shop")  # back before it was given up
    assert [pod.name for pod in session.snapshot.pods("shop")] == ["web-0"]


@pytest.mark.parametrize("moment", ["hanging", "connecting", "reading", "live", "pausing"])
async def test_closing_is_quick_whatever_is_under_way(api: FakeApi, opened: Open, moment: str) -> None:
    if moment == "hanging":
        api.hanging.clear()
    if moment == "pausing":
        api.overrides["services"] = lambda _: _answer(status(503, "not now"))
    session = await opened()
    if moment == "hanging":
        await until(lambda: len(api.requests) > 2)
    elif moment == "reading":
        await until(lambda: len(api.requests) > 0)
    elif moment == "live":
        await session.loaded(5)
    elif moment == "pausing":
        await until(lambda: isinstance(session.link, Offline))
    before = {task for task in asyncio.all_tasks() if task.get_name().startswith(("read ", "heartbeat"))}
    assert before
    async with asyncio.timeout(5):
        await session.close()
    assert all(task.done() for task in before)


async def _answer(answer: web.Response) -> web.Response:
    return answer


async def test_a_server_whose_url_leads_elsewhere_is_not_taken_for_an_empty_cluster(api: FakeApi, opened: Open) -> None:
    async def elsewhere(_: web.BaseRequest) -> web.Response:
        return web.Response(status=404, text="404 page not found")

    api.before = elsewhere
    for namespaces in ((), ("shop",)):
        session = await opened(namespaces=namespaces)
        with pytest.raises(ClusterError, match=r"^HTTP 404 from .*: is the server's URL \(path\) right\?$") as caught:
            await session.loaded(5)
        assert type(caught.value) is ClusterError, "nothing was looked for by name"
        assert isinstance(session.link, Offline)
        assert session.gone_namespaces == {}
        assert not session.snapshot.namespaces_known


@pytest.mark.parametrize("plain", [True, False])
async def test_a_kind_that_is_served_no_more_has_no_objects_if_the_api_server_says_so(
    api: FakeApi, opened: Open, plain: bool
) -> None:
    async def gone(_: web.BaseRequest) -> web.Response:
        return web.Response(status=404, text="<html>") if plain else status(404, "no such resource", "NotFound")

    api.put("statefulsets", {"kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop"}, "spec": {}})
    session = await opened(namespaces=("shop",))
    session.show_pods("shop")
    await until(lambda: bool(session.snapshot.stateful_sets("shop")))
    await until(lambda: len(api.watches["statefulsets"]) == 1)
    api.overrides["statefulsets"] = api.overrides["watch statefulsets"] = gone
    api.cut()
    if plain:
        await until(lambda: isinstance(session.reads["statefulsets", "shop"], Offline))
    else:
        await until(lambda: session.snapshot.stateful_sets("shop") == [])
        await until(lambda: isinstance(session.reads["statefulsets", "shop"], Live))
    assert bool(session.snapshot.stateful_sets("shop")) is plain


async def test_a_watch_that_is_being_opened_is_asked_for_anew_when_the_user_asks(api: FakeApi, opened: Open) -> None:
    async def hold(_: web.BaseRequest) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    api.overrides["watch services"] = hold
    session = await opened()
    await session.loaded(5)
    await until(lambda: len(api.watched("services")) == 1)
    session.retry_now()
    await until(lambda: len(api.watched("services")) == 2)
