"""What every lever is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kheadless_tui.lab.lab import Lab


class Switch(Protocol):
    """One lever: pulled on a choice, undone as a whole."""

    name: str
    title: str
    says: str

    def choices(self) -> tuple[str, ...]:
        """What it can be pulled on now."""

    def active(self) -> str | None:
        """What it is pulled on; ``None`` while nothing is to be undone."""

    def pull(self, choice: str) -> str:
        """Break it; only called while nothing is to be undone. The result says what was done."""

    def undo(self) -> str:
        """Mend it. The result says what was done."""


class Remembering:
    """A lever that only has to remember its choice."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.chosen: str | None = None

    def active(self) -> str | None:
        """The choice that was pulled last and not undone."""
        return self.chosen
