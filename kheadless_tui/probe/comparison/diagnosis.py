"""One probe, judged whole: the verdicts, the matrix of servers by records, what the layers say, and what was a race."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kheadless_tui.probe.comparison import staleness
from kheadless_tui.probe.comparison.compare import EXTRA, MATCH, MISSING, NOT_ASKED, STALE, WRONG, Comparison
from kheadless_tui.probe.comparison.elsewhere import set_aside
from kheadless_tui.probe.comparison.past import Past
from kheadless_tui.probe.comparison.settling import Race, latest
from kheadless_tui.probe.matrix.layer_findings import Freshness, read
from kheadless_tui.probe.matrix.layers import REPLICA, Layer, LayerFinding, Matrix, build
from kheadless_tui.probe.matrix.twins import with_twins
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server


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
    past: Past | None = None,
) -> Diagnosis:
    """Judge one probe whole.

    Args:
        comparison: The verdicts on the last replies.
        observations: All replies, in the order in which they came.
        servers: That were asked, in the order of the layers.
        freshness: The TTLs of replies that come from no cache.
        nameservers: Of the /etc/resolv.conf of the container that was asked from.
        races: What differed at first and does not any more.
        past: What was predicted when, where it is known.
    """
    last = latest(observations)
    # how long a reply has been in a cache is told from the very first question of the probe
    began = min((seen.started for seen in observations if seen.started), default=0.0)
    caches = {str(server) for server in servers if server.caches}
    replicas = {str(server) for server in servers if server.role == REPLICA}
    comparison = set_aside(comparison, last, caches, freshness)
    judged = with_twins(last)
    if past is not None:
        asides = [seen for seen in observations if seen.aside and not seen.error]
        comparison = staleness.by_time(comparison, judged, asides, past, freshness, caches, replicas)
        judged = staleness.as_fresh(comparison, judged, asides)
    comparison = staleness.by_ttl(comparison, judged, freshness, began, caches, replicas)
    matrix = build([Layer.of(server) for server in servers], comparison, last)
    findings = read(matrix, judged, freshness, nameservers=nameservers, began=began)
    return Diagnosis(comparison, tuple(last), matrix, findings, _true(races, comparison))


def _true(races: Sequence[Race], comparison: Comparison) -> tuple[Race, ...]:
    """Races without what kube-dns said in turn, because another server still says it: a replica that lags."""
    odd = {row.question for row in comparison.rows if row.verdict in (MISSING, WRONG, EXTRA, STALE)}
    return tuple(race for race in races if race.row.question not in odd)
