"""What has become of the last probe of one Service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.render.ages import clock

if TYPE_CHECKING:
    from kheadless_tui.probe.compare import Comparison
    from kheadless_tui.probe.prober import ProbeResult

ProbeState = Literal["planning", "confirming", "asking", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """One probe from the key press to its answers. Frozen: each step of it is a new record."""

    key: ObjectKey
    number: int
    """Grows with every probe of the program: answers of different probes are different rows."""
    state: ProbeState
    spec: str
    """The vantage point that was asked for."""
    started: float
    """Unix time."""
    answered: int = 0
    total: int = 0
    """Questions of this probe; 0 while it is planned."""
    vantage: str = ""
    """Where it asks from, once that is settled."""
    doing: str = ""
    """What it does at the moment, in a few words."""
    result: ProbeResult | None = None
    """What came back, when it is done."""
    comparison: Comparison | None = None
    """The result held against the prediction of that moment."""
    subject: str = ""
    """What was asked for when it was not the whole Service."""
    earlier: tuple[ProbeRecord, ...] = ()
    """Finished probes before this one, the newest first, whose answers to other questions are still shown."""
    error: str = ""
    hint: str = ""

    @property
    def finished(self) -> tuple[ProbeRecord, ...]:
        """The probes whose answers are shown, the newest first."""
        return (self, *self.earlier) if self.result is not None and self.comparison is not None else self.earlier

    @property
    def equals(self) -> tuple[str, ...]:
        """The kubectl commands that equal it."""
        return self.result.plan.equals if self.result is not None else ()

    @property
    def running(self) -> bool:
        """Escape can cancel it."""
        return self.state in ("planning", "confirming", "asking")

    @property
    def unanswered(self) -> str:
        """Why nothing is known from DNS, in a few words, while no probe of the Service has answers."""
        if self.state == "failed":
            return f"probe failed at {clock(self.started)}"
        return "being probed" if self.running else f"not probed: {self.progress}"

    @property
    def progress(self) -> str:
        """One line about how it stands."""
        if self.state == "planning":
            return f"looking for a place to ask from ({self.spec})"
        if self.state == "confirming":
            return "waiting for your yes"
        if self.state == "asking":
            return f"{self.doing or 'asking'}: {self.answered} of {self.total} answered"
        if self.state == "failed":
            return self.error
        if self.state == "cancelled":
            asked = f" after {self.answered} of {self.total} answers" if self.answered else ""
            return f"cancelled{asked}"
        return f"asked from {self.vantage} at {clock(self.started)}"
