"""Probes in the order in which they were made, a bounded number of them, and what differs between any two. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kheadless_tui.probe.comparison.canonical import RecordId, identity
from kheadless_tui.probe.comparison.compare import Comparison, Row
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question, Record

MOST_PROBES = 50
"""Probes that are kept: a night's work; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Probed:
    """One probe that has ended."""

    number: int
    """Grows with every probe of the program; it stays when older ones are forgotten."""
    started: float
    """Unix time."""
    subject: str
    """What was asked for: ``shop/nginx-headless``, or a name and type."""
    vantage: str
    """Where from, in words."""
    observations: tuple[Observation, ...]
    comparison: Comparison
    generation: int = 0
    """Of the snapshot that it was held against."""
    asked: int = 0
    wanted: int = 0
    """Of a cancelled probe: how many questions were answered of how many; 0 of one that came to its end."""

    @property
    def cut(self) -> str:
        """That it was cancelled, and how far it came, in words; empty when it came to its end."""
        return f"cancelled, {self.asked} of {self.wanted} asked" if self.wanted else ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one server says otherwise of one record in the later of two probes."""

    record: Record
    question: Question
    server: str
    transport: str
    before: str
    """The verdict, ``gone`` when nothing was predicted or answered, or ``not asked``."""
    after: str
    detail: str = ""
    """What is behind it, from the later probe where it says something."""


GONE = "gone"
"""In place of a verdict: the question was asked, and the record neither predicted nor answered."""
NOT_ASKED = "not asked"
"""In place of a verdict: the question was not put to this server over this transport."""


class History:
    """Finished probes, the oldest first."""

    def __init__(self, most: int = MOST_PROBES) -> None:
        self._probes: deque[Probed] = deque(maxlen=most)
        self._last = 0

    def add(
        self,
        subject: str,
        vantage: str,
        observations: Sequence[Observation],
        comparison: Comparison,
        *,
        started: float,
        generation: int = 0,
        cancelled_at: tuple[int, int] = (0, 0),
    ) -> Probed:
        """Keep a probe; the oldest is forgotten when there are too many.

        Args:
            subject: What was asked for.
            vantage: Where from.
            observations: The replies.
            comparison: What was made of them.
            started: Unix time.
            generation: Of the snapshot that it was held against.
            cancelled_at: How many questions were answered of how many, where it was cancelled.
        """
        self._last += 1
        seen = tuple(observations)
        probe = Probed(self._last, started, subject, vantage, seen, comparison, generation, *cancelled_at)
        self._probes.append(probe)
        return probe

    @property
    def probes(self) -> tuple[Probed, ...]:
        """All that are kept, the oldest first."""
        return tuple(self._probes)

    def of(self, subject: str) -> tuple[Probed, ...]:
        """Those of one Service or name, the oldest first."""
        return tuple(probe for probe in self._probes if probe.subject == subject)

    def number(self, number: int) -> Probed | None:
        """The probe with a number; ``None`` when it was forgotten or never was."""
        return next((probe for probe in self._probes if probe.number == number), None)


def difference(before: Probed, after: Probed) -> tuple[Change, ...]:
    """What changed from one probe to another, in the order of the later one; what only the earlier one had comes last.

    Two probes may have asked other questions or other servers: what only one of them asked is told as ``not asked`` in
    the other. A TTL that a cache counts down is no change.
    """
    old, new = _Said(before), _Said(after)
    changes = []
    for key in dict.fromkeys((*new.rows, *old.rows)):
        was, now = old.verdict(key), new.verdict(key)
        row = new.rows.get(key) or old.rows[key]
        other_data = key in old.rows and key in new.rows and _other_data(old.rows[key], new.rows[key])
        if was != now or other_data:
            changes.append(Change(row.record, row.question, row.server, row.transport, was, now, row.detail))
    return tuple(changes)


_Way = tuple[str, str, Question]
_Key = tuple[_Way, RecordId]


class _Said:
    """One probe, by server, transport, question and record."""

    def __init__(self, probe: Probed) -> None:
        self.rows: Mapping[_Key, Row] = {
            ((row.server, row.transport, row.question), identity(row.record)): row for row in probe.comparison.rows
        }
        self._asked = {(seen.server, seen.transport, seen.question) for seen in probe.observations}

    def verdict(self, key: _Key) -> str:
        """The verdict, or why there is none."""
        row = self.rows.get(key)
        if row is not None:
            return row.verdict
        return GONE if key[0] in self._asked else NOT_ASKED


def _other_data(old: Row, new: Row) -> bool:
    """The same record was answered otherwise, in another way than before: a wrong answer that became another one."""
    return old.verdict == "wrong" and old.detail != new.detail
