"""``kheadless-tui lab`` as a process of its own: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.asyncquery
import dns.message
import pytest


@asynccontextmanager
async def command(temporary: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kheadless_tui", "lab",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_it_says_how_to_use_it_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async with command(tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        kubeconfig = (await process.stdout.readline()).decode().strip()
        (folder,) = names(tmp_path)
        assert kubeconfig == str(tmp_path / folder / "admin.kubeconfig")
        told = b""
        while b"kheadless-tui probe" not in told:
            told += await process.stderr.readline()
        for user in ("viewer", "namespaced", "nobody"):
            assert f"/{user}.kubeconfig" in told.decode()
        port = int(re.findall(r"dig @127\.0\.0\.1 -p (\d+) ", told.decode())[0])
        query = dns.message.make_query("nginx-headless.tutorial-1.svc.cluster.local.", "A")
        reply = await dns.asyncquery.udp(query, "127.0.0.1", port=port, timeout=5)
        assert len(reply.answer[0]) == 3
        process.send_signal(number)
        async with asyncio.timeout(20):
            assert await process.wait() == 128 + number
        assert names(tmp_path) == []
        assert b"Traceback" not in await process.stderr.read()
