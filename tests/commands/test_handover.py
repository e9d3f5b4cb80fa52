"""Quitting while something is still to be removed: the prompt is back before the API server answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

from kheadless_tui.lab.lab import Lab
from tests.tui.test_shell_terminal import Terminal

NAMESPACE = "tutorial-1"


async def test_a_pod_is_removed_behind_the_prompt() -> None:
    async with Lab.start(world="tutorials") as lab:
        happened: list[str] = []
        made = asyncio.Event()

        def note(change: Any) -> None:
            if change.resource.kind == "Pod" and change.item["metadata"]["name"].startswith("kheadless-probe"):
                if not happened:
                    lab.hang()
                    made.set()
                happened.append(change.type)

        lab.store.subscribe(note)
        words = ("-n", NAMESPACE, "--from", "new", "nginx-headless")
        opened = Terminal(120, 40, "-m", "kheadless_tui", "--kubeconfig", lab.kubeconfig, *words)
        try:
            await asyncio.to_thread(opened.shows, b"not probed yet")
            os.write(opened.file, b"p")
            await asyncio.to_thread(opened.shows, b"esc cancel ]")
            os.write(opened.file, b"y")
            await made.wait()
            os.write(opened.file, b"\x11")
            assert await asyncio.to_thread(opened.status) == 0
            assert "DELETED" not in happened, "it ended while the API server said nothing"
            lab.go_on()
            await lab.until(lambda: "DELETED" in happened)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(opened.pid, signal.SIGKILL)
            os.close(opened.file)
