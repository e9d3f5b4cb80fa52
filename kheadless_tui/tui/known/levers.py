"""What the lab's menu needs of a lab: what breaks something, and mends it. The lab is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Lever(Protocol):
    """One lever as it stands now."""

    @property
    def name(self) -> str:
        """Stable, for :class:`Levers`."""

    @property
    def title(self) -> str:
        """A few words for a menu."""

    @property
    def says(self) -> str:
        """One sentence: what goes wrong, and who is meant to notice."""

    @property
    def choices(self) -> tuple[str, ...]:
        """What it can be pulled on; empty while there is nothing of the kind."""

    @property
    def active(self) -> str | None:
        """The choice that it is pulled on; ``None`` while it is not."""


class Levers(Protocol):
    """All levers of one lab."""

    def entries(self) -> Sequence[Lever]:
        """The levers as they stand now, in the order of a menu."""

    async def pull(self, name: str, choice: str) -> str:
        """Break it; a sentence says what was done. Raises HeadlessError where it cannot be."""

    async def undo(self, name: str) -> str:
        """Mend it; a sentence says what was done. Raises HeadlessError where it cannot be."""


def levers_on(levers: Levers | None) -> int:
    """How many are pulled."""
    return sum(lever.active is not None for lever in levers.entries()) if levers is not None else 0
