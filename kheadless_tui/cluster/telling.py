"""Who is told that something has changed: each once, for however many changes a turn of the loop brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Subscribers:
    """Functions that are called in the loop after a change."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._pending = False
        self._closed = False

    def add(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after each change from now on; what is given back ends it."""
        token = object()
        self._callbacks[token] = callback
        return lambda: self._callbacks.pop(token, None) and None

    def tell(self) -> None:
        """Something has changed."""
        if not self._pending and not self._closed:
            self._pending = True
            asyncio.get_running_loop().call_soon(self._tell)

    def close(self) -> None:
        """Tell nobody any more."""
        self._closed = True
        self._callbacks.clear()

    def _tell(self) -> None:
        self._pending = False
        for callback in list(self._callbacks.values()):
            callback()
