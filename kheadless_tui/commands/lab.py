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
from kheadless_tui.lab.lab import HOST, Lab
from kheadless_tui.lab.levers import Levers
from kheadless_tui.lab.rights import EDITED_NAMESPACE

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
        tell(_told(lab))
        await asyncio.Event().wait()
    return 0


def _told(lab: Lab) -> str:
    """What people need to know of it; scripts read the path on stdout."""
    users = [f"  {user:<11} {lab.kubeconfig_of(user)}  {may}" for user, may in _MAY.items()]
    name = f"nginx-headless.{DEMO_NAMESPACE}.svc.cluster.local"
    return "\n".join(
        (
            "a cluster in a box, until ctrl-c; then nothing of it remains",
            "kubeconfigs:",
            *users,
            f"kube-dns:     {HOST} port {lab.dns_port}, UDP and TCP",
            "try in another shell:",
            f"  export KUBECONFIG={lab.kubeconfig}",
            "  kubectl get services -A",
            f"  kubectl -n {DEMO_NAMESPACE} run -it --rm --image=busybox:1.28 test -- nslookup nginx-headless",
            f"  dig @{HOST} -p {lab.dns_port} {name}",
            f"  kheadless-tui probe -n {DEMO_NAMESPACE} nginx-headless",
        )
    )


_MAY = {
    "admin": "may do everything",
    "viewer": "may read, and exec nowhere",
    "namespaced": f"has namespace {EDITED_NAMESPACE} alone",
    "nobody": "may do nothing",
}


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
