"""The lab's time: it can run faster than the real one, and be driven forward by hand.

Every delay in the lab is a timer of this clock, so that the order in which things happen depends on lab time alone.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


class Timer:
    """A call that is due at some time; :meth:`cancel` takes it back."""

    __slots__ = ("_call", "due")

    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do not call any more; harmless when it was called already."""
        self._call = None

    def run(self) -> None:
        """Make the call, unless it was taken back."""
        call, self._call = self._call, None
        if call is not None:
            call()


class Clock:
    """Lab time in seconds since the Unix epoch.

    Until :meth:`start` it stands still and only :meth:`advance` moves it; then it follows the real time, ``speed``
    times as fast.
    """

    def __init__(self, *, start: float, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed is a positive number, not {speed}")
        self.speed = speed
        self._base = start
        self._started: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heap: list[tuple[float, int, Timer]] = []
        self._sequence = itertools.count()
        self._handle: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Seconds since the epoch, in lab time."""
        if self._started is None:
            return self._base
        return self._base + (time.monotonic() - self._started) * self.speed

    def timestamp(self) -> str:
        """Now, as the API writes times: whole seconds, UTC."""
        return rfc3339(self.now())

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, after that much lab time; calls that are due together run in the order of asking."""
        timer = Timer(self.now() + max(seconds, 0.0), call)
        heapq.heappush(self._heap, (timer.due, next(self._sequence), timer))
        self._arm()
        return timer

    def advance(self, seconds: float) -> None:
        """Move time forward, running what falls due on the way at its own time.

        Only before :meth:`start`: afterwards time moves by itself.
        """
        if self._started is not None:
            raise RuntimeError("a running clock cannot be advanced")
        end = self._base + seconds
        while self._heap and self._heap[0][0] <= end:
            due, _, timer = heapq.heappop(self._heap)
            self._base = max(self._base, due)
            timer.run()
        self._base = end

    async def drive(self, seconds: float) -> None:
        """Move time forward like :meth:`advance`, letting tasks do at each moment what they waited for.

        For tests and lessons that own the time: nothing happens unless they say so.
        """
        end = self._base + seconds
        await _others()
        while self._heap and self._heap[0][0] <= end:
            self.advance(max(self._heap[0][0] - self._base, 0.0))
            await _others()
        self.advance(end - self._base)
        await _others()

    def start(self) -> None:
        """Let time run; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._arm()

    def stop(self) -> None:
        """Stand still for good; no timer is called any more."""
        self._base = self.now()
        self._started = None
        self._loop = None
        self._heap.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    async def sleep(self, seconds: float) -> None:
        """Wait for that much lab time."""
        over = asyncio.Event()
        timer = self.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    async def limit(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """Do something within that much lab time.

        Raises:
            TimeoutError: it takes longer; it is cancelled then.
        """
        working = asyncio.ensure_future(work)
        over = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait((working, over), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await _others()  # when lab time is fast and the machine slow, what needs no time must not be late
            if not working.done():
                raise TimeoutError
            return await working
        finally:
            over.cancel()
            working.cancel()
            await asyncio.gather(working, over, return_exceptions=True)

    def _arm(self) -> None:
        if self._loop is None:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._heap:
            wait = max(self._heap[0][0] - self.now(), 0.0) / self.speed
            self._handle = self._loop.call_later(wait, self._fire)

    def _fire(self) -> None:
        self._handle = None
        now = self.now()
        try:
            while self._heap and self._heap[0][0] <= now:
                _, _, timer = heapq.heappop(self._heap)
                timer.run()
                if self._loop is None:
                    return
        finally:
            if self._loop is not None:  # one that fails stops no other
                self._arm()


_TURNS = 20
"""Turns of the event loop after which tasks that wait for nothing but each other are done."""


async def _others() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def rfc3339(seconds: float) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(int(seconds), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> float:
    """Seconds since the epoch of a time as the API writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
