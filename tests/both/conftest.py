"""Each test runs on the lab, and on the real cluster when there is one."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.both.clusters import Cluster, LabCluster, Levers, RealCluster, Run
from tests.e2e.conftest import KUBECONFIG, Done, Kubectl

REAL = pytest.param("real", marks=[
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not KUBECONFIG, reason="no cluster: KHEADLESS_E2E_KUBECONFIG is not set"),
])  # fmt: skip


@pytest.fixture(scope="session", params=["lab", REAL])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A running cluster."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl on PATH")
    if request.param == "real":
        yield RealCluster()
        return
    lab = LabCluster()
    try:
        yield lab
    finally:
        lab.close()


@contextmanager
def own_namespace(cluster: Cluster, folder: Path) -> Iterator[Kubectl]:
    """kubectl on a namespace that is removed afterwards."""
    tool = Kubectl(f"both-{uuid.uuid4().hex[:8]}", folder, cluster.kubeconfig)
    tool("create", "namespace", tool.namespace)
    try:
        yield tool
    finally:
        tool("delete", "namespace", tool.namespace, "--wait=false")


@pytest.fixture
def kubectl(cluster: Cluster, tmp_path: Path) -> Iterator[Kubectl]:
    """kubectl on a namespace of this test alone."""
    with own_namespace(cluster, tmp_path) as tool:
        yield tool


@pytest.fixture
def run(cluster: Cluster, kubectl: Kubectl) -> Run:
    """The program, in the test's namespace."""

    def in_namespace(*words: str, **settings: Any) -> Done:
        return cluster.program(words[0], "-n", kubectl.namespace, *words[1:], **settings)

    return in_namespace


@pytest.fixture
def levers(cluster: Cluster) -> Levers:
    """The cluster's levers; the test is skipped where it has none."""
    found = cluster.levers()
    if found is None:
        pytest.skip("no levers: KHEADLESS_E2E_CLUSTER is not set")
    return found
