"""Long work of ours a little at a time, so that keys, signals and replies get their turn between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

TURN = 0.01
"""Seconds of work at a stretch: a key is felt to act at once within some 50 ms, and drawing takes most of that."""

_Item = TypeVar("_Item")


async def in_turns(work: Callable[[_Item], object], items: Iterable[_Item], turn: float = TURN) -> None:
    """Do the work on each item, in order; a cancel is heeded between two of them."""
    until = time.monotonic() + turn
    for item in items:
        work(item)
        if time.monotonic() >= until:
            await asyncio.sleep(0)
            until = time.monotonic() + turn
