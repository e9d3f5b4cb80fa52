"""What the records panel has rows for: each predicted record with what was answered, and what is withheld."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kheadless_tui.model.remembered import remembered
from kheadless_tui.probe.comparison.compare import NO_REPLY
from kheadless_tui.tui.known.probed import record_key
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.names import asked, relative, relative_data
from kheadless_tui.tui.text.verdicts import rank
from kheadless_tui.zone.record import PredictedRecord, Question, Record, WithheldRecord

if TYPE_CHECKING:
    from kheadless_tui.probe.comparison.compare import Row as ComparedRow
    from kheadless_tui.tui.known.probed import ProbeRecord
    from kheadless_tui.tui.known.view import ServiceView

    Records = tuple[PredictedRecord, ...]
    Probes = tuple[ProbeRecord, ...]

NO_POD = "no pod"
SAME = "="
"""What stands for an answer that equals the prediction: data is not written twice."""
RCODES = frozenset({"NXDOMAIN", "NODATA", "NOERROR", "SERVFAIL", "REFUSED", NO_REPLY})
"""What stands in place of data where there is none."""


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One record: predicted, withheld, or answered without having been predicted."""

    id: str
    verdict: str
    """A verdict of the comparison, ``withheld`` or ``not asked``."""
    name: str
    """As seen from the Service."""
    type: str
    data: str
    """As seen from the Service; a response code where the prediction is a denial."""
    pod: str
    """Empty where the record leads to no single pod."""
    question: Question
    """By which it is asked for."""
    ttl: str = ""
    """The TTL that was answered."""
    answered: str = ""
    """``=``, or what was answered instead, or why the record is withheld."""
    record: Record | None = None

    @property
    def is_predicted(self) -> bool:
        """It comes from the objects of the cluster, and not from an answer."""
        return not self.id.startswith((_EXTRA, _BESIDE))


def record_entries(view: ServiceView) -> Sequence[RecordEntry]:
    """The rows of the records panel, in zone order: what exists, what was answered besides, what is withheld."""
    return entries(*entries_of(view))


def entries_of(view: ServiceView) -> tuple[Records, tuple[WithheldRecord, ...], Probes, str]:
    """What :func:`entries` makes the rows of a view from; it is done at once, and the rows may be made in a thread."""
    probes = view.last_probe.finished if view.last_probe else ()
    return view.predicted, view.withheld, probes, view.origin


@remembered
def entries(
    records: Records, withheld: tuple[WithheldRecord, ...], probes: Probes, origin: str
) -> Sequence[RecordEntry]:
    """The rows of a Service.

    Args:
        records: What must exist.
        withheld: What does not, and why.
        probes: The newest first.
        origin: The Service's own name.
    """
    rows, changed = _newest_rows(records, probes)
    verdicts = _worst_by_record(rows)
    made: list[RecordEntry] = []
    for predicted in records:
        record = predicted.record
        pod = predicted.endpoint.pod or NO_POD if predicted.endpoint else ""
        made.append(_entry("", record, pod, verdicts.pop(record_key(record), None), origin))
    # What else was judged is of then: to a question of which something else is right now it says nothing any more. An
    # address that another Service serves too has a reverse name of each, and one question asks for both.
    others = [row for row in verdicts.values() if not _is_of(row.record, changed)]
    for row in others:
        pod = NO_POD if row.record.type in ("A", "AAAA") and row.record.data not in RCODES else ""
        mark = _EXTRA if row.verdict == "extra" else _BESIDE
        made.append(_entry(mark, row.record, row.pod or pod, row, origin))
    if others:
        made = _in_zone_order(made)
    return [*made, *(_withheld(kept, origin) for kept in withheld)]


def _withheld(kept: WithheldRecord, origin: str) -> RecordEntry:
    record = kept.record
    return RecordEntry(
        id=f"withheld/{record.name}/{record.type}/{record.data}",
        verdict="withheld",
        name=relative(record.name, origin),
        type=record.type,
        data=relative_data(record, origin),
        pod=clean(kept.endpoint.pod or NO_POD),
        question=Question(record.name, record.type),
        answered=clean(kept.reason),
        record=record,
    )


def _is_of(record: Record, questions: Collection[tuple[str, str]]) -> bool:
    return (record.name.lower(), record.type) in questions


def _newest_rows(
    records: Iterable[PredictedRecord], probes: Iterable[ProbeRecord]
) -> tuple[list[ComparedRow], frozenset[tuple[str, str]]]:
    """The rows of the last probe, and of earlier ones for questions that were not asked again since.

    Returns:
        The rows, and name and type of the questions to which another answer is right by now.
    """
    now = {record_key(item.record) for item in records}
    rows: list[ComparedRow] = []
    changed: set[tuple[str, str]] = set()
    for probe in probes:
        assert probe.comparison is not None
        known = {row.question for row in rows}
        newer = [row for row in probe.comparison.rows if row.question not in known]
        asked_now = {(row.question.name.lower(), row.question.type) for row in newer}
        changed |= asked_now & probe.questions_changed(now)
        rows += newer
    return rows, frozenset(changed)


def _worst_by_record(rows: Iterable[ComparedRow]) -> dict[tuple[str, str, str], ComparedRow]:
    """The worst row of each record over all vantage points and servers."""
    worst: dict[tuple[str, str, str], ComparedRow] = {}
    for row in rows:
        key = record_key(row.record)
        if key not in worst or rank(row.verdict) < rank(worst[key].verdict):
            worst[key] = row
    return worst


def _entry(mark: str, record: Record, pod: str, row: ComparedRow | None, origin: str) -> RecordEntry:
    is_denial = record.data in RCODES
    data = record.data if is_denial else relative_data(record, origin)
    answered = ""
    if row is not None:
        answered = SAME if row.verdict == "match" else data if row.verdict == "extra" else _said(row, origin)
    return RecordEntry(
        id=f"{mark}{record.name}/{record.type}/{record.data}",
        verdict=row.verdict if row else "not asked",
        name=asked(record.name, origin),
        type=record.type,
        data="nothing" if row is not None and row.verdict == "extra" else data,
        pod=clean(pod),
        question=Question(record.name, record.type),
        ttl="" if row is None or row.observed_ttl is None else str(row.observed_ttl),
        answered=answered,
        record=record,
    )


def _said(row: ComparedRow, origin: str) -> str:
    """What was answered instead of a record."""
    record, said = row.record, row.detail.removeprefix(ANSWERED)
    if said != row.detail and record.data not in RCODES:
        said = relative_data(Record(record.name, 0, record.type, said), origin)
    if denial := _DENIES.search(said):
        said = denial[1]
    return clean(said)


_DENIES = re.compile(r"\((NXDOMAIN|NODATA)\)$")
"""A comparison's sentence about a denial: the response code in it says as much in one word."""
ANSWERED = "answered "
"""How a comparison's detail begins where other data was answered."""


def _in_zone_order(entries: Sequence[RecordEntry]) -> list[RecordEntry]:
    """Entries that the prediction does not have, moved behind those of their name and type, or else of their name."""
    last_of: dict[tuple[str, str], int] = {}
    for place, entry in enumerate(entries):
        if entry.is_predicted:
            name = entry.question.name.lower()
            last_of[name, entry.type] = last_of[name, ""] = place

    def place_of(numbered: tuple[int, RecordEntry]) -> tuple[int, int]:
        place, entry = numbered
        if entry.is_predicted:
            return place, 0
        name = entry.question.name.lower()
        # A missing AAAA stands behind the addresses that there are, not behind the ports.
        near = last_of.get((name, entry.type), last_of.get((name, "A"), last_of.get((name, ""), len(entries))))
        return near, 1

    return [entry for _, entry in sorted(enumerate(entries), key=place_of)]


_EXTRA, _BESIDE = "extra/", "beside/"
"""How the ids of entries begin that the prediction does not have."""
