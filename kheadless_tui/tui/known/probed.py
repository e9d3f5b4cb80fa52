"""What has become of the last probe of one Service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.text.ages import clock

if TYPE_CHECKING:
    from kheadless_tui.probe.comparison.compare import Comparison
    from kheadless_tui.probe.comparison.diagnosis import Diagnosis
    from kheadless_tui.probe.comparison.history import Probed
    from kheadless_tui.probe.prober import ProbeResult
    from kheadless_tui.zone.record import Record

RecordKey = tuple[str, str, str]
"""Name, type and data of a record, in small letters."""

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
    predicted: frozenset[RecordKey] = frozenset()
    """The records of the Service that had to exist at that moment."""
    diagnosis: Diagnosis | None = None
    """The same by servers, and what the layers say together."""
    every: bool = False
    """Every server is asked, over UDP and TCP."""
    kept: Probed | None = None
    """What the history keeps of it."""
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

    def questions_changed(self, now: Iterable[RecordKey]) -> frozenset[tuple[str, str]]:
        """Name and type of the questions to which another answer is right now than when this was asked.

        Args:
            now: The records of the Service that must exist now.
        """
        return frozenset((name, type_) for name, type_, _ in self.predicted.symmetric_difference(now))

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
            asked = f" after {self.answered:,} of {self.total:,} answers" if self.total else ""
            return f"cancelled{asked}"
        return f"asked from {self.vantage} at {clock(self.started)}"


def record_key(record: Record) -> RecordKey:
    """What tells a record from others, whatever its TTL."""
    return record.name.lower(), record.type, record.data.lower()
