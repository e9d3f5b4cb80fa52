"""How fast and how much a probe may ask: a cluster's DNS is shared by all its users, and a probe must not be felt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

MAX_QUESTIONS = 50_000
"""Questions of one probe, over all servers: some 2,000 endpoints at every server over both transports. At the rate
below they take half a minute."""
BURST = 1000.0
"""Questions that may go out at once: those of a Service of a few hundred endpoints."""
RATE = 1500.0
"""Questions a second after that: a small part of what one CoreDNS replica answers on one core (some 20,000)."""


class Pace:
    """Lets questions go at a bounded rate (a token bucket). One for all of a probe, however many servers it asks."""

    def __init__(
        self,
        rate: float = RATE,
        burst: float = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate, self._burst = rate, burst
        self._clock, self._sleep = clock, sleep
        self._left = burst
        self._seen = clock()

    async def turns(self, count: int) -> None:
        """Wait until so many questions may go out; those that wait are served in their order."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate) - count
        self._seen = now
        if self._left < 0:
            await self._sleep(-self._left / self._rate)
