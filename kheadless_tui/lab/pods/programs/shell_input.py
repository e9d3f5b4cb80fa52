"""What the lab's shell reads, and what its programs are left."""

from __future__ import annotations

from dataclasses import dataclass

from kheadless_tui.lab.pods.process import Process


@dataclass(slots=True)
class Input:
    """Standard input by lines, for ``read``; what has been read too far is kept for the next."""

    source: Process
    rest: bytes = b""
    ended: bool = False

    async def read(self) -> bytes:
        """What comes next; empty at the end."""
        if self.rest:
            data, self.rest = self.rest, b""
            return data
        return b"" if self.ended else await self.source.stdin()

    async def line(self) -> tuple[str, bool]:
        """A line and whether it was ended by a newline."""
        while b"\n" not in self.rest and not self.ended:
            data = await self.source.stdin()
            self.ended = not data
            self.rest += data
        line, newline, self.rest = self.rest.partition(b"\n")
        return line.decode("utf-8", "replace"), bool(newline)
