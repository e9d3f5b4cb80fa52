"""What a shell has started by ``&``: waited for, ended, and gone with the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

MAX_JOBS = 20
"""Of one shell at a time."""
KILLED = 143
"""Exit status of what SIGTERM has ended."""


@dataclass(slots=True)
class Jobs:
    """By process id, in the order in which they were started."""

    running: dict[int, asyncio.Task[int]] = field(default_factory=dict)
    last: int | None = None
    """``$!``."""

    def start(self, work: Coroutine[None, None, int], number: int) -> None:
        """Let it run beside the shell; ``number`` is the process id that it gets if no other job has it."""
        self.last = max(number, 1 + max(self.running, default=0))
        self.running[self.last] = asyncio.ensure_future(work)

    def full(self) -> bool:
        """Whether no more may be started now."""
        return sum(not task.done() for task in self.running.values()) >= MAX_JOBS

    def find(self, word: str) -> int | None:
        """The job of a process id, of ``%1`` or of ``%%``."""
        if word in ("%", "%%", "%+"):
            return self.last if self.last in self.running else None
        digits = word.removeprefix("%")
        if not digits.isdigit():
            return None
        if word != digits:
            numbers = list(self.running)
            return numbers[int(digits) - 1] if 0 < int(digits) <= len(numbers) else None
        return int(digits) if int(digits) in self.running else None

    async def wait(self, number: int) -> int:
        """Its exit status, when it has ended."""
        task = self.running[number]
        await asyncio.wait([task])
        self.running.pop(number, None)
        return KILLED if task.cancelled() else task.result()

    async def wait_for_all(self) -> None:
        """Until none runs."""
        for number in list(self.running):
            await self.wait(number)

    async def wait_for_any(self) -> int | None:
        """The exit status of the first that ends; ``None`` when there is none."""
        if not self.running:
            return None
        done, _ = await asyncio.wait(self.running.values(), return_when=asyncio.FIRST_COMPLETED)
        return await self.wait(next(number for number, task in self.running.items() if task in done))

    def end(self, number: int) -> None:
        """Send it SIGTERM."""
        self.running[number].cancel()

    async def end_all(self) -> None:
        """None outlives the shell: the container's own processes that would, are not played."""
        for task in self.running.values():
            task.cancel()
        await asyncio.gather(*self.running.values(), return_exceptions=True)
        self.running.clear()
