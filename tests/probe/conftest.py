"""The fake API server with pods that can ask DNS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kheadless_tui.cluster.wire.transport import Transport
from tests.probe.fake_api import FakeApi, serving
from tests.probe.fake_pods import Containers


@pytest.fixture
def api() -> FakeApi:
    api = FakeApi()
    api.run = Containers()
    return api


@pytest.fixture
async def transport(api: FakeApi, tmp_path: Path) -> AsyncIterator[Transport]:
    async with serving(api, tmp_path) as transport:
        yield transport
