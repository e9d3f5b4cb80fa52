"""Running one coroutine to its end, or to a signal: then it is cancelled, cleans up, and the exit status says so."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import Any

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Interrupted, asked to end, and the terminal gone (a lost SSH session)."""

COLLECT_AFTER = (250_000, 20, 100)
"""Thresholds of the garbage collector, by generation. A cluster's objects hold no cycles, and with Python's own
thresholds the collector walks them again and again while they are read: that doubles the time of a big list."""


def collect_seldom() -> None:
    """Let the garbage collector run as seldom as suits a program that holds a cluster in memory."""
    gc.set_threshold(*COLLECT_AFTER)


def run(main: Coroutine[Any, Any, int]) -> int:
    """The coroutine's result, or 128 plus the signal's number when one ended it.

    A signal cancels the coroutine once; what it does to clean up (removing a temporary pod) is not cut off by a second.
    """
    collect_seldom()
    received: list[signal.Signals] = []

    async def guarded() -> int:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()

        def end(number: signal.Signals) -> None:
            if not received:
                received.append(number)
                task.cancel()

        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, end, number)
        return await main

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        if not received:
            raise
        return 128 + received[0]
