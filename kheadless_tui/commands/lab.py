"""``lab``: the cluster in a box alone; and the demo's connection to one."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from kheadless_tui.cluster.connection import load_connection
from kheadless_tui.commands import running
from kheadless_tui.commands.source import tell
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.levers import Levers

if TYPE_CHECKING:
    from kheadless_tui.cluster.connection import Connection

DEMO_NAMESPACE = "tutorial-1"
"""Where the demo opens: the plainest of the worlds."""


def run(arguments: argparse.Namespace) -> int:
    """Print the kubeconfig's path on stdout and serve until interrupted."""
    return running.run(_serve())


async def _serve() -> int:
    async with Lab.start(world="demo") as lab:
        print(lab.kubeconfig, flush=True)
        tell(f"serving until ctrl-c; try: kubectl --kubeconfig {lab.kubeconfig} get services -A")
        await asyncio.Event().wait()
    return 0


class Demo(NamedTuple):
    """A running lab, as the terminal program sees it."""

    connection: Connection
    """Made from a kubeconfig, as any program would make it."""
    levers: Levers
    """What the lab's menu pulls."""


@asynccontextmanager
async def demo() -> AsyncIterator[Demo]:
    """A running lab with the tutorials' worlds."""
    async with Lab.start(world="demo") as lab:
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=str(lab.kubeconfig), context=None, request_timeout=10.0
        )
        yield Demo(connection, Levers(lab))


@asynccontextmanager
async def demo_lab() -> AsyncIterator[Connection]:
    """The connection to a running lab alone."""
    async with demo() as running_demo:
        yield running_demo.connection
