"""The session on a real cluster: what an API server really sends, and what its authorizer really says."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.errors import ClusterError, NotFound, Refused
from kheadless_tui.model.kinds import SERVICE
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.fake_api import until

KUBECONFIG = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not KUBECONFIG, reason="no real cluster: KHEADLESS_E2E_KUBECONFIG is not set"),
]


def kubectl(*arguments: str, given: str = "") -> str:
    command = ["kubectl", "--kubeconfig", KUBECONFIG, *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60).stdout


def as_user(name: str) -> str:
    """The kubeconfig of a user with few rights, beside the admin's."""
    path = Path(KUBECONFIG).with_name(f"{name}.kubeconfig")
    if not path.exists():
        pytest.skip(f"this cluster has no {path.name}")
    return str(path)


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"read-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@asynccontextmanager
async def session(kubeconfig: str = "", **options: Any) -> AsyncIterator[ClusterSession]:
    connection = await asyncio.to_thread(load_connection, kubeconfig=kubeconfig or KUBECONFIG, request_timeout=20.0)
    made = ClusterSession(connection, **options)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


def manifest(name: str, **spec: Any) -> str:
    spec = {"clusterIP": "None", "selector": {"app": name}, "ports": [{"name": "p", "port": 80}], **spec}
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})


async def eventually(condition: Callable[[], bool]) -> None:
    await until(condition, timeout=30)


async def test_changes_reach_the_snapshot(namespace: str) -> None:
    async with session() as live:
        await live.loaded(20)
        assert live.snapshot.namespaces_known
        assert live.snapshot.namespace_exists(namespace)
        assert live.snapshot.service(ObjectKey("kube-system", "kube-dns")) is not None
        await asyncio.to_thread(kubectl, "apply", "-n", namespace, "-f", "-", given=manifest("web"))
        key = ObjectKey(namespace, "web")
        await eventually(lambda: live.snapshot.service(key) is not None)
        found = live.snapshot.service(key)
        assert found is not None
        assert found.headless
        assert await live.fetch(SERVICE, key) == found
        await asyncio.to_thread(kubectl, "delete", "service", "web", "-n", namespace)
        await eventually(lambda: live.snapshot.service(key) is None)
        assert isinstance(live.link, Live)
        assert (live.server_version or "").startswith("v1.")


async def test_one_namespace_and_a_selector(namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", given=manifest("web"))
    kubectl("apply", "-n", namespace, "-f", "-", given=manifest("db"))
    kubectl("label", "service", "db", "tier=data", "-n", namespace)
    async with session(namespaces=(namespace,), selector="tier=data") as live:
        await live.loaded(20)
        assert [one.name for one in live.snapshot.services(namespace)] == ["db"]
        assert live.snapshot.names("Service", "kube-system") == frozenset()
    with pytest.raises(NotFound, match="there is no namespace 'no-such-namespace'"):
        async with session(namespaces=("no-such-namespace",)) as live:
            await live.loaded(20)


async def test_a_wrong_selector_is_told_in_the_servers_words() -> None:
    with pytest.raises(ClusterError, match="list services"):
        async with session(selector="a b c") as live:
            await live.loaded(20)


async def test_pods_of_a_namespace_and_the_corefile() -> None:
    async with session() as live:
        await live.loaded(20)
        assert live.snapshot.pods("kube-system") == []
        live.show_pods("kube-system")
        await eventually(lambda: any(pod.name.startswith("coredns") for pod in live.snapshot.pods("kube-system")))
        config = await live.zone_config()
        assert config.zone == "cluster.local."
        assert "kube-system/coredns" in config.source


async def test_a_viewer_sees_everything() -> None:
    async with session(as_user("viewer")) as live:
        await live.loaded(20)
        assert live.scope.all
        assert live.snapshot.service(ObjectKey("kube-system", "kube-dns")) is not None


async def test_a_user_of_one_namespace_sees_that_one() -> None:
    async with session(as_user("namespaced")) as live:
        await live.loaded(20)
        assert live.scope.only
        assert live.scope.namespaces == (live.connection.namespace,)
        assert isinstance(live.link, Live)
        assert isinstance(live.reads["namespaces", ""], Forbidden)
        assert not live.snapshot.namespaces_known


async def test_a_user_without_rights_is_told_which_one_is_missing() -> None:
    async with session(as_user("nobody")) as live:
        with pytest.raises(Refused, match="user nobody may not list services in namespace default"):
            await live.loaded(20)
        assert isinstance(live.link, Forbidden)
