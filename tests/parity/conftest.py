"""Each test runs on the lab, and on the real cluster when there is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.parity.targets import KUBECONFIG, Target, lab_target, make_real_world, real_target, remove_real_world

REAL = pytest.param("real", marks=[
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not KUBECONFIG, reason="no cluster: KHEADLESS_E2E_KUBECONFIG is not set"),
])  # fmt: skip


@pytest.fixture(scope="session")
def real_namespace() -> Iterator[str]:
    """The world on the real cluster, made once and removed afterwards."""
    with ThreadPoolExecutor(1) as apart:  # a loop may be running here already: that of who asks for it first
        namespace = apart.submit(asyncio.run, make_real_world()).result()
        yield namespace
        apart.submit(asyncio.run, remove_real_world(namespace)).result()


@pytest.fixture(params=["lab", REAL])
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Target]:
    if request.param == "real":
        namespace: str = request.getfixturevalue("real_namespace")
        async with real_target(namespace) as found:
            yield found
    else:
        async with lab_target() as found:
            yield found
