"""The rights of the lab's users, and of its lever that takes one away: as on a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.errors import Refused
from kheadless_tui.lab.lab import Lab
from tests.cluster.checker import equals_a_fresh_list
from tests.cluster.fake_api import until

PULSE = Pulse(namespaces=0.1, rights=0.1)

As = Callable[..., Awaitable[ClusterSession]]


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab.start(world="tutorials", speed=200.0) as running:
        yield running


async def connection_of(lab: Lab, user: str) -> Connection:
    return await asyncio.to_thread(load_connection, kubeconfig=lab.kubeconfig_of(user), request_timeout=10.0)


@pytest_asyncio.fixture
async def session_as(lab: Lab) -> AsyncIterator[As]:
    sessions: list[ClusterSession] = []

    async def made(user: str, **options: Any) -> ClusterSession:
        session = ClusterSession(await connection_of(lab, user), pulse=PULSE, **options)
        sessions.append(session)
        await session.start()
        return session

    yield made
    for session in sessions:
        await session.close()


def missing(session: ClusterSession) -> set[str]:
    return {right.words for right in session.missing_rights}


async def test_a_viewer_reads_all_and_may_not_probe(lab: Lab, session_as: As) -> None:
    session = await session_as("viewer")
    await session.loaded(10)
    session.show_pods("tutorial-1")
    await until(lambda: "get pods/exec in namespace tutorial-1" in missing(session))
    assert not any(words.startswith(("list", "watch")) for words in missing(session))
    await until(lambda: isinstance(session.reads.get(("statefulsets", "tutorial-1")), Live))
    await equals_a_fresh_list(session, await connection_of(lab, "viewer"))


async def test_a_user_of_one_namespace(lab: Lab, session_as: As) -> None:
    session = await session_as("namespaced", fallback_namespaces=("team-a",))
    await session.loaded(10)
    assert session.scope.only
    await until(lambda: {"list namespaces in all namespaces"} <= missing(session))
    assert "list services in namespace team-a" not in missing(session)


async def test_nobody_is_told_what_is_missing(session_as: As) -> None:
    session = await session_as("nobody", namespaces=("tutorial-1",))
    with pytest.raises(Refused):
        await session.loaded(10)
    expected = {"list services in namespace tutorial-1", "list endpointslices in namespace tutorial-1"}
    await until(lambda: expected <= missing(session))


async def test_a_right_that_the_lever_takes_and_gives_back(lab: Lab, session_as: As) -> None:
    lab.forbid("list", "endpointslices")
    session = await session_as("admin", namespaces=("tutorial-1",))
    with pytest.raises(Refused, match="may not list endpointslices in namespace tutorial-1"):
        await session.loaded(10)
    await until(lambda: "list endpointslices in namespace tutorial-1" in missing(session))
    assert isinstance(session.reads["endpointslices", "tutorial-1"], Forbidden)
    assert session.snapshot.headless_services("tutorial-1")
    lab.allow_again()
    session.retry_now()
    await until(lambda: isinstance(session.link, Live))
    await until(lambda: session.missing_rights == ())
    await equals_a_fresh_list(session, await connection_of(lab, "admin"))
