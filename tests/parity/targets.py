"""The two clusters that must answer alike: the lab, and the real one of KHEADLESS_E2E_KUBECONFIG."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.gate import Gate, Permit, WritePlan
from kheadless_tui.cluster.pods.exec import ExecResult, exec_in
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from tests.parity.normal import Names

KUBECONFIG = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "")
WORLD = Path(__file__).with_name("world.yaml").read_text(encoding="utf-8")
PODS = ("busybox", "tools", "shell-less", "web-0", "web-1")
NAMES = ("web", "web-0.web", "web-1.web", "plain", "closed", "nobody", "both", "elsewhere", "mysql")
"""Names that exist once all is served."""
FIRST_TYPE = 65280
"""Types for private use begin here (RFC 6895 section 3.1)."""
SPEED = 50.0
"""Of the lab: a program that waits 5 s for an answer that does not come is waited for 0.1 s."""
READY_SECONDS = 90.0
_PATHS = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
}


@dataclass
class Target:
    """A cluster with the world of these tests in a namespace of its own."""

    name: str
    kubeconfig: str
    namespace: str
    session: ClusterSession
    names: Names
    permit: Permit

    async def run(self, pod: str, *argv: str, stdin: bytes | None = None) -> ExecResult:
        """Run a program in a pod."""
        return await exec_in(
            self.session.transport, self.permit, self.namespace, pod, None, argv, stdin=stdin, timeout=60.0
        )

    async def get(self, path: str) -> Any:
        """What the API server answers, whatever the status."""
        path, _, query = path.format(ns=self.namespace).partition("?")
        params = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
        response = await self.session.transport.request("GET", path, params=params)  # type: ignore[arg-type]
        return json.loads(response.body)


async def _kubectl(*words: str, stdin: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        "kubectl", "--kubeconfig", KUBECONFIG, *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate(stdin.encode())
    assert process.returncode == 0, error.decode()
    return out.decode()


def _is_ready(pod: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())


async def _permit() -> Permit:
    return await Gate(False, None).permit(WritePlan("run programs in pods", (), needs_confirmation=False))


@asynccontextmanager
async def lab_target() -> AsyncIterator[Target]:
    """The lab, with the world."""
    namespace = f"parity-{uuid.uuid4().hex[:6]}"
    async with Lab.start(world="empty", speed=SPEED) as lab:
        lab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        lab.apply(WORLD, namespace)
        await lab.until(
            lambda: (
                len(lab.all("Pod", namespace)) == len(PODS) and all(_is_ready(pod) for pod in lab.all("Pod", namespace))
            )
        )
        async with _opened("lab", lab.kubeconfig, namespace) as target:
            yield target


async def make_real_world() -> str:
    """Put the world into a namespace of the real cluster, and give its name once all is ready and served."""
    namespace = f"parity-{uuid.uuid4().hex[:6]}"
    await _kubectl("create", "namespace", namespace)
    try:
        await _kubectl("-n", namespace, "apply", "-f", "-", stdin=WORLD)
        await _kubectl("-n", namespace, "rollout", "status", "statefulset/web", f"--timeout={READY_SECONDS:.0f}s")
        await _kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=90s")
        async with real_target(namespace) as target, asyncio.timeout(READY_SECONDS):
            await _served_everywhere(target)
    except BaseException:
        await remove_real_world(namespace)
        raise
    return namespace


async def remove_real_world(namespace: str) -> None:
    """Take the namespace away."""
    await _kubectl("delete", "namespace", namespace, "--wait=false")


@asynccontextmanager
async def real_target(namespace: str) -> AsyncIterator[Target]:
    """The real cluster, with the world in a namespace."""
    async with _opened("real", KUBECONFIG, namespace) as target:
        yield target


async def _served_everywhere(target: Target) -> None:
    """Wait until each DNS server knows all names, without leaving denials of them in its cache.

    A type that was never asked for is a question of its own to the cache: NXDOMAIN until the name is there.
    """
    pods = (await target.get("/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app=kube-dns"))["items"]
    kind = FIRST_TYPE
    for pod in pods:
        for name in NAMES:
            status = ""
            while "NOERROR" not in status:
                kind += 1
                full = f"{name}.{target.namespace}.svc.cluster.local"
                argv = ("dig", f"@{pod['status']['podIP']}", "+noall", "+comments", f"TYPE{kind}", full)
                status = (await target.run("tools", *argv)).stdout.decode()


@asynccontextmanager
async def _opened(name: str, kubeconfig: str, namespace: str) -> AsyncIterator[Target]:
    connection = await asyncio.to_thread(load_connection, kubeconfig=kubeconfig, context=None, request_timeout=10.0)
    session = ClusterSession(connection, namespaces=(namespace,))
    await session.start()
    try:
        await session.loaded(10.0)
        target = Target(name, kubeconfig, namespace, session, Names(namespace), await _permit())
        for kind, path in _PATHS.items():
            for space in (namespace, "kube-system"):
                target.names.learn(kind, (await target.get(path.format(space)))["items"])
        yield target
    finally:
        await session.close()
