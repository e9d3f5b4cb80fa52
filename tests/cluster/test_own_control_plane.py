"""A real API server that is stopped, paused and set back to an older state under a session that reads it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live, Offline
from tests.cluster.checker import equals_a_fresh_list
from tests.cluster.fake_api import until
from tests.soak.control_plane import ControlPlane, programs, started

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not os.environ.get("KHEADLESS_CONTROL_PLANE") or programs() is None,
        reason="KHEADLESS_CONTROL_PLANE names no directory with etcd and kube-apiserver",
    ),
]

PULSE = Pulse(period=1.0, period_away=0.3, answer_in=1.0, namespaces=0.5, rights=0.5)


@pytest_asyncio.fixture
async def plane(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    made = await started(tmp_path)
    yield made
    await asyncio.to_thread(made.down)


async def put(plane: ControlPlane, *names: str) -> None:
    spec = {"clusterIP": "None", "ports": [{"port": 80}]}
    items = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec} for name in names]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    await asyncio.to_thread(plane.kubectl, "apply", "-f", "-", given=manifest)


def names(session: ClusterSession) -> list[str]:
    return [item.name for item in session.snapshot.headless_services()]


async def reading(plane: ControlPlane) -> tuple[ClusterSession, Connection]:
    connection = await asyncio.to_thread(load_connection, kubeconfig=plane.kubeconfig, request_timeout=5.0)
    session = ClusterSession(connection, pulse=PULSE)
    await session.start()
    await session.loaded(20)
    return session, connection


async def test_stopped_paused_and_set_back(plane: ControlPlane) -> None:
    await put(plane, "a")
    await asyncio.to_thread(plane.save)
    session, connection = await reading(plane)
    try:
        await put(plane, *(f"later-{number}" for number in range(30)))
        await until(lambda: len(names(session)) == 31)

        await asyncio.to_thread(plane.stop, "kube-apiserver")
        await until(lambda: isinstance(session.link, Offline))
        assert len(names(session)) == 31  # and said to be of then
        await asyncio.to_thread(plane.start_api)
        await until(lambda: isinstance(session.link, Live), timeout=30)
        await equals_a_fresh_list(session, connection, timeout=30)

        with plane.paused("kube-apiserver"):
            await until(lambda: isinstance(session.link, Offline))
        await until(lambda: isinstance(session.link, Live), timeout=30)
        await put(plane, "after")
        await until(lambda: "after" in names(session), timeout=30)

        # The versions of the older state are lower than ours: a watch would tell nothing until they are not.
        await asyncio.to_thread(plane.set_back)
        await until(lambda: names(session) == ["a"], timeout=40)
        await put(plane, "b")
        await until(lambda: names(session) == ["a", "b"], timeout=30)
        await equals_a_fresh_list(session, connection, timeout=30)
    finally:
        await session.close()


async def test_its_storage_stopped_and_paused(plane: ControlPlane) -> None:
    await put(plane, "a")
    session, connection = await reading(plane)
    try:
        await asyncio.to_thread(plane.stop, "etcd")
        # Without its storage the API server goes on answering for what it holds; nothing can change meanwhile.
        assert names(session) == ["a"]
        await asyncio.to_thread(plane.start_etcd)
        await equals_a_fresh_list(session, connection, timeout=40)
        await put(plane, "b")
        await until(lambda: names(session) == ["a", "b"], timeout=40)
        await equals_a_fresh_list(session, connection, timeout=40)
    finally:
        await session.close()
