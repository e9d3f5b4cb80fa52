"""One probe, judged whole: the verdicts, the matrix of servers by records, what the layers say, and what was a race."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kheadless_tui.probe.comparison.compare import EXTRA, MATCH, MISSING, NOT_ASKED, STALE, WRONG, Comparison, Row
from kheadless_tui.probe.comparison.elsewhere import set_aside
from kheadless_tui.probe.comparison.settling import Race, latest
from kheadless_tui.probe.matrix.layer_findings import Freshness, read, remaining
from kheadless_tui.probe.matrix.layers import REPLICA, Layer, LayerFinding, Matrix, build
from kheadless_tui.probe.matrix.twins import with_twins
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a probe comes to."""

    comparison: Comparison
    observations: tuple[Observation, ...]
    """The last reply to each question over each way: those that the verdicts are about."""
    matrix: Matrix
    findings: tuple[LayerFinding, ...]
    """What the layers say together, worst first."""
    races: tuple[Race, ...] = ()
    """What differed at first and does not any more."""
    complete: bool = True
    """False when the probe was stopped before its end."""
    lacking: int = 0
    """Outcomes that it was stopped before, of questions by ways."""

    @property
    def verdict(self) -> str:
        """That of the comparison; what was not asked any more is never a match."""
        return NOT_ASKED if self.lacking and self.comparison.verdict == MATCH else self.comparison.verdict

    @property
    def headline(self) -> str:
        """The findings in one sentence, worst first; empty when the layers have nothing to say."""
        grave = [finding.title for finding in self.findings if finding.severity != "info"]
        return ", and ".join(grave[:3]) + (f", and {len(grave) - 3} more" if len(grave) > 3 else "")


def diagnose(
    comparison: Comparison,
    observations: Sequence[Observation],
    servers: Sequence[Server],
    freshness: Freshness,
    *,
    nameservers: Sequence[str] = (),
    races: Sequence[Race] = (),
) -> Diagnosis:
    """Judge one probe whole.

    Args:
        comparison: The verdicts on the last replies.
        observations: All replies, in the order in which they came.
        servers: That were asked, in the order of the layers.
        freshness: The TTLs of replies that come from no cache.
        nameservers: Of the /etc/resolv.conf of the container that was asked from.
        races: What differed at first and does not any more.
    """
    last = latest(observations)
    # how long a reply has been in a cache is told from the very first question of the probe
    began = min((seen.started for seen in observations if seen.started), default=0.0)
    caches = {str(server) for server in servers if server.caches}
    replicas = {str(server) for server in servers if server.role == REPLICA}
    comparison = set_aside(comparison, last, caches, freshness)
    judged = with_twins(last)
    comparison = _with_stale(comparison, judged, freshness, began, caches, replicas)
    matrix = build([Layer.of(server) for server in servers], comparison, last)
    findings = read(matrix, judged, freshness, nameservers=nameservers, began=began)
    return Diagnosis(comparison, tuple(last), matrix, findings, _true(races, comparison))


def _true(races: Sequence[Race], comparison: Comparison) -> tuple[Race, ...]:
    """Races without what kube-dns said in turn, because another server still says it: a replica that lags."""
    odd = {row.question for row in comparison.rows if row.verdict in (MISSING, WRONG, EXTRA, STALE)}
    return tuple(race for race in races if race.row.question not in odd)


def _with_stale(
    comparison: Comparison,
    observations: Sequence[Observation],
    freshness: Freshness,
    began: float,
    caches: Collection[str],
    replicas: Collection[str],
) -> Comparison:
    """The verdicts, with ``stale`` for what a cache has held since before the probe.

    An old denial needs no memory of ours: before its object was there, every name was denied. An old answer is told by
    another server that gives the new one, and so is whatever a cache on the node says, which has bounds of its own.
    Where all replicas keep an old denial, one that a cache on the node has is no younger; and one whose TTL its carrier
    does not tell is the same.
    """
    seen = {(each.vantage, each.server, each.transport, each.question): each for each in observations}
    verdicts: dict[Question, dict[tuple[str, str], set[str]]] = {}
    for row in comparison.rows:
        verdicts.setdefault(row.question, {}).setdefault((row.server, row.transport), set()).add(row.verdict)
    right = {question for question, said in verdicts.items() if {MATCH} in said.values()}

    denials: dict[Question, list[int | None]] = {}
    for (_, server, _, question), reply in seen.items():
        if server in replicas and not reply.error and not reply.answer and reply.ttl_known:
            denials.setdefault(question, []).append(freshness.left(reply, began))
    aged = {question for question, left in denials.items() if None not in left}

    def judged(row: Row) -> Row:
        reply = seen.get((row.vantage, row.server, row.transport, row.question))
        if row.verdict not in (MISSING, WRONG, EXTRA) or reply is None or freshness.foreign(reply):
            return row
        told = right if reply.answer else right | aged
        if row.question not in told and (reply.answer or row.server in caches):
            return row
        if not reply.ttl_known and not reply.answer and row.question in aged:
            return replace(row, verdict=STALE, detail="an old denial, which a replica keeps in its cache")
        left = remaining(reply) if row.server in caches else freshness.left(reply, began)
        if left is None:
            return row
        what = "answer" if reply.answer else "denial"
        return replace(row, verdict=STALE, detail=f"an old {what} from a cache, {left} s of its TTL left")

    return Comparison.of([judged(row) for row in comparison.rows], comparison.unjudged)
