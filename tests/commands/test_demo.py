"""The demo's lab: there to be connected to before it is built."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.commands.demo import demo


async def test_the_lab_is_built_when_the_first_client_comes() -> None:
    async with demo() as lab:
        assert lab.levers.entries() == ()
        session = ClusterSession(lab.connection)
        await session.start()
        try:
            await session.loaded(30.0)
            assert len(session.snapshot.headless_services("tutorial-1")) == 1
            assert "drop-udp" in {lever.name for lever in lab.levers.entries()}
            assert (await lab.levers.pull("drop-udp", "everywhere")).endswith(".")
            assert (await lab.levers.undo("drop-udp")).endswith(".")
        finally:
            await session.close()
        folder = Path(lab.connection.kubeconfig).parent
    assert not folder.exists()


async def test_its_connection_is_the_one_of_its_kubeconfig() -> None:
    async with demo() as lab:
        made, read = (
            lab.connection,
            await asyncio.to_thread(load_connection, kubeconfig=lab.connection.kubeconfig, environ=dict(os.environ)),
        )
        for one in ("context", "cluster", "server", "user", "namespace", "proxy_url", "impersonation", "kubeconfig"):
            assert getattr(made, one) == getattr(read, one), one
        assert made.trust.authorities == read.trust.authorities
        assert await made.credentials.current() == await read.credentials.current()
