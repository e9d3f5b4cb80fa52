"""``lab``: the cluster in a box alone."""

from __future__ import annotations

import argparse
import asyncio

from kheadless_tui.commands import running
from kheadless_tui.commands.demo import DEMO_NAMESPACE
from kheadless_tui.commands.source import tell
from kheadless_tui.lab.door.door import HOST
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.roles import NAMESPACE_OF


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
    "namespaced": f"has namespace {NAMESPACE_OF['namespaced']} alone",
    "nobody": "may do nothing",
}
