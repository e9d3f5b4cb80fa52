"""ctrl-c while a probe waits for a server that never answers: what came is printed and judged, and it says so."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.switches.levers import Levers
from tests.commands.conftest import PROGRAM


class Terminal:
    """A terminal that the program's stderr is, without a size of its own."""

    def __init__(self) -> None:
        self._master, self.slave = os.openpty()
        self.shown = ""

    async def until(self, pattern: str) -> None:
        """Read until this was shown."""
        async with asyncio.timeout(60):
            while not re.search(pattern, self.shown):
                self.shown += (await asyncio.to_thread(os.read, self._master, 4096)).decode()

    def close(self) -> None:
        os.close(self._master)
        os.close(self.slave)


@asynccontextmanager
async def program(lab: Lab, *words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Terminal]]:
    """The program on the lab, its stderr on a terminal."""
    terminal = Terminal()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=terminal.slave,
        env={**os.environ, "KUBECONFIG": lab.kubeconfig, "HOME": "/nonexistent"},
    )
    try:
        yield process, terminal
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        terminal.close()


Stopped = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def stopped(lab: Lab) -> Stopped:
    """The document of a probe that ctrl-c ended as soon as this was shown."""

    async def run(shown: str, *words: str) -> dict[str, Any]:
        async with program(lab, "probe", "-n", "tutorial-1", *words, "-o", "json") as (process, terminal):
            await terminal.until(shown)
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(60):
                out, _ = await process.communicate()
            assert process.returncode == 130, terminal.shown
        document: dict[str, Any] = msgspec.json.decode(out)
        assert document["complete"] is False
        return document

    return run


async def hang(lab: Lab) -> None:
    """One replica never answers."""
    levers = Levers(lab)
    choices = next(entry.choices for entry in levers.entries() if entry.name == "hang-replica")
    await levers.pull("hang-replica", choices[0])


async def test_every_server_while_one_is_silent(lab: Lab, stopped: Stopped) -> None:
    await hang(lab)
    document = await stopped(r"\r[1-9]\d* of \d+ questions, ", "nginx-headless", "--servers")
    assert document["answers"]
    assert document["verdict"] != "match", "not every server was heard"


async def test_a_change_that_is_waited_for(stopped: Stopped) -> None:
    document = await stopped("waiting for a change", "nginx-headless", "--converge", "--from", "pod/web-0")
    assert (document["timeline"], document["verdict"]) == (None, "unanswered")
