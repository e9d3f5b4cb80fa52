"""A right that the lab's lever takes away and gives back; rights by Roles are in ``tests/both``."""

from __future__ import annotations

import asyncio

import pytest

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.errors import Refused
from kheadless_tui.lab.lab import Lab
from tests.cluster.checker import equals_a_fresh_list
from tests.cluster.fake_api import until

PULSE = Pulse(namespaces=0.1, rights=0.1)


async def test_a_right_that_the_lever_takes_and_gives_back() -> None:
    async with Lab.start(world="tutorials", speed=200.0) as lab:
        connection = await asyncio.to_thread(load_connection, kubeconfig=lab.kubeconfig, request_timeout=10.0)
        session = ClusterSession(connection, namespaces=("tutorial-1",), pulse=PULSE)
        lab.forbid("list", "endpointslices")
        await session.start()
        try:
            with pytest.raises(Refused, match="may not list endpointslices in namespace tutorial-1"):
                await session.loaded(10)
            expected = "list endpointslices in namespace tutorial-1"
            await until(lambda: expected in {right.words for right in session.missing_rights})
            assert isinstance(session.reads["endpointslices", "tutorial-1"], Forbidden)
            assert session.snapshot.headless_services("tutorial-1")
            lab.allow_again()
            session.retry_now()
            await until(lambda: isinstance(session.link, Live))
            await until(lambda: session.missing_rights == ())
            other = await asyncio.to_thread(load_connection, kubeconfig=lab.kubeconfig, request_timeout=10.0)
            await equals_a_fresh_list(session, other)
        finally:
            await session.close()
