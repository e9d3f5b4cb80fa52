"""The predicted held against the observed, record by record. Pure.

The verdicts, one for each predicted record or denial and each answered record, per vantage point, server and transport:

========== =========================================================================================================
match      same name, type and data, in any case; a TTL that a cache has counted down is still a match; a predicted
           denial that was answered with the same rcode
missing    predicted, and the server answers without it (also when it denies the whole name)
extra      answered, and not predicted
wrong      the same name, type and target with other data (SRV weight or port), the one address or name of a record
           set replaced by another, another rcode, or a TTL above the zone's
stale      it differs now and was right before, and comes from a cache: :mod:`kheadless_tui.probe.comparison.staleness`
           tells it from the others when the whole probe is judged
unanswered no reply, or a reply that was cut short (TC) before the record
not asked  the carrier cannot put the question, so that nothing was sent: no word about the server
========== =========================================================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kheadless_tui.probe.comparison.canonical import RecordId, identity, same_name, target
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Answer, PredictedRecord, Question, Record

MATCH, MISSING, EXTRA, WRONG, STALE, UNANSWERED = "match", "missing", "extra", "wrong", "stale", "unanswered"
NOT_ASKED = "not asked"
UNJUDGED = "unjudged"
DIFFERING = (MISSING, EXTRA, WRONG, STALE)
"""The verdicts that make a comparison differ."""

NODATA = "NODATA"
"""Data of the row of a predicted answer without records for a name that exists (rcode NOERROR)."""
NO_REPLY = "(no reply)"
"""Data of the row of a predicted reply that cannot be put on the wire, so that the client gets nothing."""


class Answers(Protocol):
    """The predicted answers to questions, made before or when they are asked for."""

    def get(self, question: Question, /) -> Answer | None:
        """That to one question; ``None`` when there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict."""

    record: Record
    """The predicted record; for ``extra`` the answered one; for a denial its rcode (or NODATA) as data."""
    question: Question
    vantage: str
    server: str
    transport: str
    verdict: str
    detail: str = ""
    """What is behind a verdict other than match, in a few words."""
    observed_ttl: int | None = None
    """Seconds; ``None`` where the record was not answered or the carrier does not tell."""
    pod: str | None = None
    """The pod that the record leads to."""
    ttl_above: bool = False
    """Nothing is wrong but a TTL that is above the predicted one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All verdicts of one probe."""

    rows: tuple[Row, ...]
    verdict: str
    """``match``, ``differs``, ``unanswered`` or ``not asked``: the worst of all rows, a difference being worse than
    silence, and that worse than what was not asked; ``unjudged`` where nothing could be predicted of what came."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many rows have each verdict."""
    unjudged: tuple[Observation, ...] = ()
    """Replies to questions whose answer cannot be predicted: of other zones, or of what was not read."""

    @classmethod
    def of(cls, rows: Sequence[Row], unjudged: Sequence[Observation]) -> Comparison:
        """Count the rows, and say what they come to together."""
        counts = Counter(row.verdict for row in rows)
        silent = any(observation.error and not observation.unasked for observation in unjudged)
        unasked = any(observation.unasked for observation in unjudged)
        verdict = UNJUDGED if unjudged and not rows else MATCH
        return cls(tuple(rows), _overall(counts, silent, unasked) or verdict, dict(counts), tuple(unjudged))

    def without(self, hidden: Callable[[Row], bool]) -> Comparison:
        """The same without some rows."""
        return Comparison.of([row for row in self.rows if not hidden(row)], self.unjudged)


def compare(
    predicted: Sequence[PredictedRecord],
    answers: Answers,
    observations: Sequence[Observation],
    *,
    ttl: int,
    ttl_known: bool,
    pod_of: Callable[[str], str | None] = lambda _: None,
) -> Comparison:
    """Judge every observation by what is predicted now.

    Args:
        predicted: The predicted records: which pod each leads to, and what is expected of a question that has no
            entry in ``answers``.
        answers: The predicted answer to each question that was asked.
        observations: What came back.
        ttl: The zone's TTL in seconds.
        ttl_known: Whether that is sure; if not, TTLs are not judged.
        pod_of: The pod that has an address.
    """
    judge = Judge(predicted, answers, ttl, ttl_known, pod_of)
    return judge.comparison(observations)


def _overall(counts: Counter[str], silent: bool, unasked: bool) -> str:
    if any(counts[verdict] for verdict in DIFFERING):
        return "differs"
    if counts[UNANSWERED] or silent:
        return UNANSWERED
    return NOT_ASKED if counts[NOT_ASKED] or unasked else ""


class Judge:
    """What all observations are judged by; of each it keeps what it found, since probes are judged more than once."""

    def __init__(
        self,
        predicted: Sequence[PredictedRecord],
        answers: Answers,
        ttl: int,
        ttl_known: bool,
        pod_of: Callable[[str], str | None],
    ) -> None:
        """As of :func:`compare`."""
        self._answers = answers
        self._ttl = ttl
        self._ttl_known = ttl_known
        self._pod_of = pod_of
        self._pods: dict[RecordId, str] = {}
        self._names: dict[str, str] = {}
        self._expected: dict[tuple[str, str], dict[RecordId, Record]] = {}
        self._known: dict[int, tuple[Observation, list[Row] | None]] = {}
        """By its identity, each observation with what was found of it."""
        for item in predicted:
            key = identity(item.record)
            self._expected.setdefault(key[:2], {})[key] = item.record
            if item.endpoint is not None and item.endpoint.pod:
                self._pods[key] = item.endpoint.pod
                if item.record.type in ("A", "AAAA"):
                    self._names.setdefault(key[0], item.endpoint.pod)

    def comparison(self, observations: Sequence[Observation]) -> Comparison:
        """All verdicts, as of :func:`compare`."""
        rows: list[Row] = []
        unjudged = []
        for observation in observations:
            judged = self.rows(observation)
            if judged is None:
                unjudged.append(observation)
            else:
                rows += judged
        return Comparison.of(rows, unjudged)

    def rows(self, observation: Observation) -> list[Row] | None:
        """The rows of one observation by what is right now; ``None`` when nothing can be predicted for its question."""
        known = self._known.get(id(observation))
        if known is None:
            answer = self._answer(observation.question)
            known = observation, None if answer is None else self._judged(answer, observation)
            self._known[id(observation)] = known
        return known[1]

    def _answer(self, question: Question) -> Answer | None:
        answer = self._answers.get(question)
        if answer is None:
            expected = self._expected.get((same_name(question.name), question.type))
            if not expected:
                return None
            return Answer(question, "NOERROR", answer=tuple(expected.values()))
        return None if answer.unknown or answer.fallthrough else answer

    def _judged(self, answer: Answer, seen: Observation) -> list[Row]:
        if answer.unsendable:
            verdict = MATCH if seen.error else WRONG
            detail = "" if seen.error else "a reply came, although it was predicted to be impossible to send"
            return [self._row(Record(answer.question.name, 0, answer.question.type, NO_REPLY), seen, verdict, detail)]
        expected = {identity(record): record for record in answer.answer}
        if seen.error:
            silent = list(expected.values()) or [self._denial(answer)]
            verdict = NOT_ASKED if seen.unasked else UNANSWERED
            return [self._row(record, seen, verdict, seen.error) for record in silent]
        if not expected:
            return self._judged_denial(answer, seen)
        if seen.rcode not in ("", "NOERROR", "NXDOMAIN"):
            words = f"the server answers {seen.rcode}"
            return [self._row(record, seen, WRONG, words) for record in expected.values()]
        return self._judged_records(answer, expected, seen)

    def _judged_denial(self, answer: Answer, seen: Observation) -> list[Row]:
        denial = self._denial(answer)
        observed = _outcome(seen)
        if "tc" in seen.flags and not seen.answer:
            return [self._row(denial, seen, UNANSWERED, _cut(seen))]
        if seen.answer:
            row = self._row(denial, seen, WRONG, f"answered {len(seen.answer)} records, predicted {denial.data}")
            return [row, *(self._extra(record, seen) for record in seen.answer)]
        if observed and observed != denial.data:
            return [self._row(denial, seen, WRONG, f"answered {observed}, predicted {denial.data}")]
        return [self._row(denial, seen, MATCH, ttl=_remaining(seen))]

    def _judged_records(self, answer: Answer, expected: dict[RecordId, Record], seen: Observation) -> list[Row]:
        observed: dict[RecordId, Record] = {}
        for record in seen.answer:
            observed.setdefault(identity(record), record)
        lost = {key: record for key, record in expected.items() if key not in observed}
        added = {
            key: record
            for key, record in observed.items()
            if key not in expected and not _followed_alias(record, answer)
        }
        pairs = _replaced(lost, added, expected, observed)
        rows = []
        for key, record in expected.items():
            if key in observed:
                rows.append(self._present(record, observed[key], seen))
            elif key in pairs:
                other = observed[pairs[key]]
                ttl = other.ttl if seen.ttl_known else None
                rows.append(self._row(record, seen, WRONG, f"answered {other.data}", ttl=ttl))
            elif "tc" in seen.flags:
                rows.append(self._row(record, seen, UNANSWERED, _cut(seen)))
            else:
                rows.append(self._row(record, seen, MISSING, _why_missing(seen)))
        paired = set(pairs.values())
        return [*rows, *(self._extra(record, seen) for key, record in added.items() if key not in paired)]

    def _present(self, record: Record, observed: Record, seen: Observation) -> Row:
        limit = max(self._ttl, record.ttl)
        if seen.ttl_known and self._ttl_known and observed.ttl > limit:
            words = f"TTL {observed.ttl}, above the zone's {limit}"
            return replace(self._row(record, seen, WRONG, words, ttl=observed.ttl), ttl_above=True)
        return self._row(record, seen, MATCH, ttl=observed.ttl if seen.ttl_known else None)

    def _extra(self, record: Record, seen: Observation) -> Row:
        return self._row(record, seen, EXTRA, "not predicted", ttl=record.ttl if seen.ttl_known else None)

    def _row(self, record: Record, seen: Observation, verdict: str, detail: str = "", ttl: int | None = None) -> Row:
        return Row(
            record,
            seen.question,
            seen.vantage,
            seen.server,
            seen.transport,
            verdict,
            detail,
            ttl,
            self._pod(record),
        )

    def _pod(self, record: Record) -> str | None:
        known = self._pods.get(identity(record))
        if known is not None:
            return known
        if record.type in ("A", "AAAA"):
            return self._pod_of(record.data)
        return self._names.get(target(record))

    def _denial(self, answer: Answer) -> Record:
        """The predicted denial as a record whose data is the rcode; its TTL is that of the SOA sent with it."""
        ttl = next((record.ttl for record in answer.authority if record.type == "SOA"), self._ttl)
        data = NODATA if answer.rcode == "NOERROR" else answer.rcode
        return Record(answer.question.name, ttl, answer.question.type, data)


def _cut(seen: Observation) -> str:
    if seen.transport == "tcp" or seen.cut is not None:
        return "the reply was cut short (TC) over TCP too: it does not fit into a message of DNS (64 KiB)"
    return "the reply was cut short (TC): ask over TCP"


def _outcome(seen: Observation) -> str:
    """``NXDOMAIN``, ``NODATA``, ``NOERROR`` (with records) or the rcode; empty when the carrier cannot tell."""
    return NODATA if seen.rcode == "NOERROR" and not seen.answer else seen.rcode


def _remaining(seen: Observation) -> int | None:
    """The lowest TTL of the answer, or of a denial's SOA; ``None`` when there is none or it is not told."""
    if not seen.ttl_known:
        return None
    records = seen.answer or tuple(record for record in seen.authority if record.type == "SOA")
    return min((record.ttl for record in records), default=None)


def _why_missing(seen: Observation) -> str:
    outcome = _outcome(seen)
    if outcome == "NXDOMAIN":
        return "the server denies the name (NXDOMAIN)"
    return "the server answers without any record (NODATA)" if outcome == NODATA else "not in the answer"


def _followed_alias(record: Record, answer: Answer) -> bool:
    """The record belongs to the target of a predicted CNAME, whose own records come from elsewhere."""
    owner = same_name(record.name)
    targets = {target(alias) for alias in answer.answer if alias.type == "CNAME"}
    predicted = {same_name(item.name) for item in answer.answer}
    return bool(targets) and owner != same_name(answer.question.name) and owner not in predicted


def _replaced(
    lost: dict[RecordId, Record],
    added: dict[RecordId, Record],
    expected: dict[RecordId, Record],
    observed: dict[RecordId, Record],
) -> dict[RecordId, RecordId]:
    """Which lost record was answered with other data: an SRV of the same target, or the only record of a set."""
    pairs: dict[RecordId, RecordId] = {}
    for key, record in lost.items():
        for other, candidate in added.items():
            if other in pairs.values() or other[:2] != key[:2]:
                continue
            same_target = record.type == "SRV" and target(record) == target(candidate)
            alone = _size(key, expected) == 1 and _size(key, observed) == 1
            if same_target or alone:
                pairs[key] = other
                break
    return pairs


def _size(key: RecordId, records: dict[RecordId, Record]) -> int:
    return sum(other[:2] == key[:2] for other in records)
