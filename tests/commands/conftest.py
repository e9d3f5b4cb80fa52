"""The program as a user runs it, against the lab or against files: words in, output and exit status out."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kheadless_tui.lab.lab import Lab

PROGRAM = Path(sys.executable).with_name("kheadless-tui")


@dataclass
class Done:
    """What a run came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The decoded standard output."""
        return msgspec.json.decode(self.out.encode())

    @property
    def sentence(self) -> str:
        """The one line that tells of an error."""
        lines = [line for line in self.err.splitlines() if line.startswith("kheadless-tui: ")]
        assert len(lines) == 1, self
        assert "Traceback" not in self.err, self
        return lines[0]


Run = Callable[..., Awaitable[Done]]


async def run_program(*words: str, stdin: str = "", timeout: float = 60, **environment: str) -> Done:
    """Run the installed program, without a terminal."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "KUBECONFIG": "", "HOME": "/nonexistent", **environment},
    )
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate(stdin.encode())
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """A lab with the tutorials, fast enough that a pod runs at once."""
    async with Lab.start(world="tutorials", speed=100.0) as running:
        yield running


@pytest.fixture
def run(lab: Lab) -> Run:
    """The program on the lab, as its admin unless KUBECONFIG says otherwise."""

    async def on_lab(*words: str, **settings: str) -> Done:
        return await run_program(*words, **{"KUBECONFIG": lab.kubeconfig, **settings})  # type: ignore[arg-type]

    return on_lab
