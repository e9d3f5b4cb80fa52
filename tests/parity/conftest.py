"""Each test runs on the lab, and on the real cluster when there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.parity.targets import KUBECONFIG, Target, lab_target, real_target

REAL = pytest.param("real", marks=[
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not KUBECONFIG, reason="no cluster: KHEADLESS_E2E_KUBECONFIG is not set"),
])  # fmt: skip


@pytest.fixture(params=["lab", REAL])
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Target]:
    async with lab_target() if request.param == "lab" else real_target() as found:
        yield found
