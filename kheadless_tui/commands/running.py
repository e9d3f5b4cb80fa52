"""Running one coroutine to its end, or to a signal: then it is cancelled, cleans up, and the exit status says so."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Interrupted, asked to end, and the terminal gone (a lost SSH session)."""

COLLECT_AFTER = (250_000, 20, 100)
"""Thresholds of the garbage collector, by generation. A cluster's objects hold no cycles, and with Python's own
thresholds the collector walks them again and again while they are read: that doubles the time of a big list."""

COLLECT_LITTLE_AFTER = (10_000, 100, 100)
"""Thresholds for a program that is looked at: a pass over as much as :data:`COLLECT_AFTER` lets come together takes a
tenth of a second and more, in which no key is answered; over this much it takes some milliseconds."""

_T = TypeVar("_T")


def collect_seldom() -> None:
    """Let the garbage collector run as seldom as suits a program that holds a cluster in memory."""
    gc.set_threshold(*COLLECT_AFTER)


def collect_a_little() -> None:
    """Let the collector run for a short time each, and never over what is there now: a cluster that has been read."""
    gc.freeze()
    gc.unfreeze()  # into the oldest generation, without a look at it
    gc.set_threshold(*COLLECT_LITTLE_AFTER)


class Interruption:
    """What a first ctrl-c does to work that has something to show before its end: it is stopped, and not cancelled."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        """Set by the first ctrl-c after :meth:`heed`: the work ends by itself, and shows what it has."""
        self._heeded = False

    def heed(self) -> None:
        """From now on there is something to show; before, ctrl-c cancels at once."""
        self._heeded = True

    def take(self, number: signal.Signals) -> bool:
        """Stop the work by a signal; false where it is to be cancelled: not SIGINT, nothing to show, or the second."""
        if number != signal.SIGINT or not self._heeded or self.stop.is_set():
            return False
        self.stop.set()
        return True

    async def cut(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """The result of some work; ``None`` when it was stopped, and so cancelled, before."""
        self.heed()
        task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            task.cancel()
            await asyncio.wait({task})
        return None if task.cancelled() else task.result()


def run(main: Coroutine[Any, Any, int], interruption: Interruption | None = None) -> int:
    """The coroutine's result, or 128 plus the signal's number when one ended it.

    A signal cancels the coroutine once; what it does to clean up (removing a temporary pod) is not cut off by a second.

    Args:
        main: The work.
        interruption: The work heeds it: a first ctrl-c may stop it, the second cancels.
    """
    collect_seldom()
    received: list[signal.Signals] = []

    async def guarded() -> int:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        cancelled = False

        def end(number: signal.Signals) -> None:
            nonlocal cancelled
            received.append(number)
            if (interruption is None or not interruption.take(number)) and not cancelled:
                cancelled = True
                task.cancel()

        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, end, number)
        return await main

    try:
        status = asyncio.run(guarded())
    except asyncio.CancelledError:
        if not received:
            raise
        return 128 + received[0]
    return 128 + received[0] if received else status
