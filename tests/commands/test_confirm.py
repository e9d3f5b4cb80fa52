"""The question before a write, on a terminal: what is created stays on the screen, and only y goes on."""

from __future__ import annotations

import asyncio
import os
import pty

import pytest

from kheadless_tui.lab.lab import Lab
from tests.commands.conftest import PROGRAM


@pytest.mark.parametrize(("typed", "status"), [("n", 3), ("", 3), ("yess", 3), ("y", 0), ("YES", 0)])
async def test_only_yes_goes_on(lab: Lab, typed: str, status: int) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "probe", "nginx-headless", "-n", "tutorial-1", "--from", "new",
        stdin=theirs, stdout=asyncio.subprocess.PIPE, stderr=theirs,
        env={**os.environ, "KUBECONFIG": lab.kubeconfig},
    )  # fmt: skip
    os.close(theirs)
    loop = asyncio.get_running_loop()
    shown = b""
    try:
        async with asyncio.timeout(30):
            while b"[y/N]" not in shown:
                shown += await loop.run_in_executor(None, os.read, ours, 4096)
            before = len(lab.all("Pod", "tutorial-1"))
            os.write(ours, f"{typed}\n".encode())
            out, _ = await process.communicate()
    finally:
        os.close(ours)
        if process.returncode is None:
            process.kill()
    text = shown.decode()
    assert "Create a temporary pod in tutorial-1?" in text
    assert len(text.splitlines()) <= 22, "it fits a terminal of 24 rows"
    assert "lines of manifest" in text
    assert before == 3, "nothing is created before the answer"
    assert process.returncode == status
    assert bool(out) == (status == 0)
    await lab.until(lambda: len(lab.all("Pod", "tutorial-1")) == 3)
