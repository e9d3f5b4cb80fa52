"""The tasks that something has started and has to end: none is lost, none fails unheard, ending them is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Holds tasks until they end."""

    def __init__(self) -> None:
        self._held: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Start one, in the running loop."""
        self.keep(asyncio.create_task(work, name=name))

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold one that is running or was cancelled, until it has ended."""
        self._held.add(task)
        task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Ask all to end."""
        for task in self._held:
            task.cancel()

    async def ended(self, timeout: float) -> None:
        """Wait until all have ended, for so many seconds at most."""
        if self._held:
            _, late = await asyncio.wait(set(self._held), timeout=timeout)
            for task in late:
                log.warning("%s has not ended yet", task.get_name())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._held.discard(task)
        with contextlib.suppress(asyncio.CancelledError):
            error = task.exception()
            if error is not None:
                log.error("%s failed", task.get_name(), exc_info=error)
