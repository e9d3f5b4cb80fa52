"""The session: what an API server sends, and what its authorizer says."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.errors import ClusterError, NotFound, Refused
from kheadless_tui.model.kinds import SERVICE
from kheadless_tui.model.objects import ObjectKey
from tests.both.clusters import Cluster
from tests.both.sessions import eventually, kubectl, session


def as_user(cluster: Cluster, name: str) -> str:
    """The kubeconfig of a user with few rights."""
    path = cluster.kubeconfig_of(name)
    if not Path(path).exists():
        pytest.skip(f"this cluster has no {path}")
    return path


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"read-{uuid.uuid4().hex[:8]}"
    kubectl(cluster, "create", "namespace", name)
    yield name
    kubectl(cluster, "delete", "namespace", name, "--wait=false")


def manifest(name: str, **spec: Any) -> str:
    spec = {"clusterIP": "None", "selector": {"app": name}, "ports": [{"name": "p", "port": 80}], **spec}
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})


async def test_changes_reach_the_snapshot(cluster: Cluster, namespace: str) -> None:
    async with session(cluster.kubeconfig) as live:
        await live.loaded(20)
        assert live.snapshot.namespaces_known
        assert live.snapshot.namespace_exists(namespace)
        assert live.snapshot.service(ObjectKey("kube-system", "kube-dns")) is not None
        await asyncio.to_thread(kubectl, cluster, "apply", "-n", namespace, "-f", "-", given=manifest("web"))
        key = ObjectKey(namespace, "web")
        await eventually(lambda: live.snapshot.service(key) is not None)
        found = live.snapshot.service(key)
        assert found is not None
        assert found.headless
        assert await live.fetch(SERVICE, key) == found
        await asyncio.to_thread(kubectl, cluster, "delete", "service", "web", "-n", namespace)
        await eventually(lambda: live.snapshot.service(key) is None)
        assert isinstance(live.link, Live)
        assert (live.server_version or "").startswith("v1.")


async def test_one_namespace_and_a_selector(cluster: Cluster, namespace: str) -> None:
    kubectl(cluster, "apply", "-n", namespace, "-f", "-", given=manifest("web"))
    kubectl(cluster, "apply", "-n", namespace, "-f", "-", given=manifest("db"))
    kubectl(cluster, "label", "service", "db", "tier=data", "-n", namespace)
    async with session(cluster.kubeconfig, namespaces=(namespace,), selector="tier=data") as live:
        await live.loaded(20)
        assert [one.name for one in live.snapshot.services(namespace)] == ["db"]
        assert live.snapshot.names("Service", "kube-system") == frozenset()
    with pytest.raises(NotFound, match="there is no namespace 'no-such-namespace'"):
        async with session(cluster.kubeconfig, namespaces=("no-such-namespace",)) as live:
            await live.loaded(20)


async def test_a_wrong_selector_is_told_in_the_servers_words(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="list services"):
        async with session(cluster.kubeconfig, selector="a b c") as live:
            await live.loaded(20)


async def test_pods_of_a_namespace_and_the_corefile(cluster: Cluster) -> None:
    async with session(cluster.kubeconfig) as live:
        await live.loaded(20)
        assert live.snapshot.pods("kube-system") == []
        live.show_pods("kube-system")
        await eventually(lambda: any(pod.name.startswith("coredns") for pod in live.snapshot.pods("kube-system")))
        config = await live.zone_config()
        assert config.zone == "cluster.local."
        assert "kube-system/coredns" in config.source


async def test_a_viewer_sees_everything(cluster: Cluster) -> None:
    async with session(as_user(cluster, "viewer")) as live:
        await live.loaded(20)
        assert live.scope.all
        assert live.snapshot.service(ObjectKey("kube-system", "kube-dns")) is not None


async def test_a_user_of_one_namespace_sees_that_one(cluster: Cluster) -> None:
    async with session(as_user(cluster, "namespaced")) as live:
        await live.loaded(20)
        assert live.scope.only
        assert live.scope.namespaces == (live.connection.namespace,)
        assert isinstance(live.link, Live)
        assert isinstance(live.reads["namespaces", ""], Forbidden)
        assert not live.snapshot.namespaces_known


async def test_a_user_without_rights_is_told_which_one_is_missing(cluster: Cluster) -> None:
    async with session(as_user(cluster, "nobody")) as live:
        with pytest.raises(Refused, match="user nobody may not list services in namespace default"):
            await live.loaded(20)
        assert isinstance(live.link, Forbidden)
