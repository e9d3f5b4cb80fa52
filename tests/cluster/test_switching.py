"""Another context, another scope, the end: at once, with nothing of the old session left or shown in the new one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from kheadless_tui.cluster.connecting.connection import another_context, load_connection
from kheadless_tui.cluster.connecting.kubeconfig import contexts
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live, Scope
from kheadless_tui.errors import UsageError
from tests.cluster.conftest import Load
from tests.cluster.fake_api import FakeApi, endpoint_slice, service, serving, status, until

PULSE = Pulse(period=0.05, period_away=0.05, answer_in=0.5, namespaces=0.05, rights=0.05)


def config(path: Path, **servers: str) -> str:
    """A kubeconfig with a context for each server, whose namespace is its own name."""
    named = list(servers)
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": named[0],
                "clusters": [{"name": f"c-{name}", "cluster": {"server": servers[name]}} for name in named],
                "users": [{"name": "u", "user": {"token": "good"}}],
                "contexts": [
                    {"name": name, "context": {"cluster": f"c-{name}", "user": "u", "namespace": name}}
                    for name in named
                ],
            }
        )
    )
    return str(path)


@asynccontextmanager
async def cluster_of(*names: str) -> AsyncIterator[FakeApi]:
    api = FakeApi()
    for name in names:
        api.put("namespaces", {"kind": "Namespace", "metadata": {"name": name}})
        api.put("services", service(f"of-{name}", name))
        api.put("endpointslices", endpoint_slice(f"of-{name}-a", f"of-{name}", "10.0.0.1", namespace=name))
    async with serving(api):
        yield api


def shown(session: ClusterSession) -> set[str]:
    return {item.name for item in session.snapshot.headless_services()}


def ours() -> set[asyncio.Task[Any]]:
    """Tasks that a session has started."""
    words = ("read ", "heartbeat", "rights", "namespaces by name", "objects by name", "new connections")
    return {task for task in asyncio.all_tasks() if task.get_name().startswith(words) and not task.done()}


@pytest.fixture
def load_config() -> Any:
    async def load(path: str, context: str | None = None) -> Any:
        return await asyncio.to_thread(load_connection, kubeconfig=path, context=context, request_timeout=5.0)

    return load


async def test_several_clusters_of_one_kubeconfig_one_after_the_other(tmp_path: Path, load_config: Any) -> None:
    async with cluster_of("one", "common") as first, cluster_of("two", "common") as second:
        path = config(tmp_path / "config", one=first.url, two=second.url)
        session = ClusterSession(await load_config(path), pulse=PULSE)
        await session.start()
        for context, expected, left in (("two", "of-two", first), ("one", "of-one", second), ("two", "of-two", first)):
            await session.loaded(5)
            connection = await asyncio.to_thread(another_context, session.connection, context)
            new = session.rescoped(connection=connection)
            heard: list[set[str]] = []
            new.subscribe(lambda heard=heard, new=new: heard.append(shown(new)))  # type: ignore[misc]
            await session.close()
            assert ours() == set()
            await new.start()
            await new.loaded(5)
            assert shown(new) == {expected, "of-common"}
            assert all(names <= {expected, "of-common"} for names in heard)
            assert new.connection.namespace == context
            await until(lambda left=left: left.connected == 0)  # type: ignore[misc]
            session = new
        await session.close()
        await until(lambda: second.connected == 0)
        assert ours() == set()


async def test_a_switch_while_lists_run(tmp_path: Path, load_config: Any) -> None:
    async with cluster_of("one") as first, cluster_of("two") as second:
        path = config(tmp_path / "config", one=first.url, two=second.url)
        gate = asyncio.Event()

        async def slowly(request: web.BaseRequest) -> web.StreamResponse:
            answer = web.StreamResponse()
            await answer.prepare(request)
            await answer.write(b'{"metadata":{"resourceVersion":"7"},"items":[')
            await gate.wait()
            return answer

        first.overrides["services"] = slowly
        session = ClusterSession(await load_config(path), pulse=PULSE)
        await session.start()
        await until(lambda: len(first.listed("services")) == 1 and len(first.watches["endpointslices"]) == 1)
        before, generation = session.snapshot, session.snapshot.generation
        new = session.rescoped(connection=await asyncio.to_thread(another_context, session.connection, "two"))
        await session.close()
        await new.start()
        gate.set()
        await first.emit("endpointslices", "ADDED", endpoint_slice("late", "of-one", "10.0.0.9", namespace="one"))
        await new.loaded(5)
        assert shown(new) == {"of-two"}
        assert session.snapshot is before  # nothing reached the old one either
        assert session.snapshot.generation == generation
        await until(lambda: first.connected == 0)
        await new.close()


async def test_another_scope_of_the_same_cluster(tmp_path: Path, load_config: Any) -> None:
    async with cluster_of("one", "two") as api:
        session = ClusterSession(
            await load_config(config(tmp_path / "config", one=api.url)), pulse=PULSE, readonly=True
        )
        await session.start()
        await session.loaded(5)
        scopes: list[tuple[dict[str, Any], set[str]]] = [
            ({"namespaces": ("two",)}, {"of-two"}),
            ({"namespaces": ("two", "one")}, {"of-one", "of-two"}),
            ({}, {"of-one", "of-two"}),
        ]
        for scope, expected in scopes:
            new = session.rescoped(**scope)
            assert new.readonly
            await session.close()
            await new.start()
            await new.loaded(5)
            assert new.scope == Scope(scope.get("namespaces", ()))
            assert shown(new) == expected
            session = new
        selected = session.rescoped(selector="app=x")
        await session.close()
        await selected.start()
        await selected.loaded(5)
        assert api.listed("services")[-1].query["labelSelector"] == "app=x"
        await selected.close()
        await until(lambda: api.connected == 0)


async def test_what_was_said_of_one_zone_is_not_said_of_another_clusters(tmp_path: Path, load_config: Any) -> None:
    async with cluster_of("one") as first, cluster_of("two") as second:
        path = config(tmp_path / "config", one=first.url, two=second.url)
        session = ClusterSession(await load_config(path), zone="one.example")
        same = session.rescoped(namespaces=("one",))
        other = session.rescoped(connection=await asyncio.to_thread(another_context, session.connection, "two"))
        assert same.zone_instead("why").zone == "one.example."
        assert other.zone_instead("why").zone == "cluster.local."


def test_the_contexts_of_a_kubeconfig(tmp_path: Path) -> None:
    path = config(tmp_path / "config", one="https://1", two="https://2")
    assert [entry.name for entry in contexts(path)] == ["one", "two"]
    assert [(entry.cluster, entry.namespace, entry.current) for entry in contexts(path)] == [
        ("c-one", "one", True),
        ("c-two", "two", False),
    ]
    assert contexts(None, {"KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}) == []
    with pytest.raises(UsageError, match="there is no context 'three'"):
        another_context(load_connection(kubeconfig=path), "three")


@pytest.mark.parametrize("seed", range(12))
async def test_closing_at_any_moment_is_quick_and_leaves_nothing(api: FakeApi, load: Load, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(40):
        api.put("services", service(f"s{number}", f"n{number % 4}"))
    api.page_limit = 5

    async def troubled(_: web.BaseRequest) -> web.StreamResponse | None:
        if chance.random() < 0.2:
            return status(chance.choice((401, 403, 429, 500)), "no")
        if chance.random() < 0.2:
            await asyncio.Event().wait()
        return None

    for name in ("services", "watch services", "endpointslices", "/version"):
        api.overrides[name] = troubled
    session = ClusterSession(await load(api.url), pulse=PULSE)
    await session.start()
    if chance.random() < 0.5:
        session.show_pods("n1")
    for _ in range(chance.randrange(60)):
        await asyncio.sleep(0)
    await asyncio.sleep(chance.random() / 4)  # any moment
    async with asyncio.timeout(2):
        await session.close()
    assert ours() == set()
    await until(lambda: api.connected == 0)
    await session.close()  # a second time does nothing


async def test_a_session_that_was_never_started_closes(api: FakeApi, load: Load) -> None:
    session = ClusterSession(await load(api.url))
    await session.close()
    assert not isinstance(session.link, Live)
    assert session.reads == {}
    assert session.missing_rights == ()
