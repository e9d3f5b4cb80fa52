"""Sessions on a cluster, and kubectl with objects that are no files."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from tests.both.clusters import Cluster
from tests.cluster.fake_api import until


def kubectl(cluster: Cluster, *words: str, given: str = "") -> str:
    """What it says to these words as the administrator."""
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, *words]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
    return done.stdout


@asynccontextmanager
async def session(kubeconfig: str, *, as_user: str | None = None, **options: Any) -> AsyncIterator[ClusterSession]:
    """Started; nothing needs to be loaded yet."""
    connection = await asyncio.to_thread(load_connection, kubeconfig=kubeconfig, request_timeout=20.0, as_user=as_user)
    made = ClusterSession(connection, **options)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait as long as a real cluster may take."""
    await until(condition, timeout=30)
