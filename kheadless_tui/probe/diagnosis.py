"""One probe, judged whole: the verdicts, the matrix of servers by records, what the layers say, and what was a race."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kheadless_tui.probe.compare import Comparison
from kheadless_tui.probe.layer_findings import Freshness, read
from kheadless_tui.probe.layers import Layer, LayerFinding, Matrix, build
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server
from kheadless_tui.probe.settling import Race, latest


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
    matrix = build([Layer.of(server) for server in servers], comparison, last)
    # how long a reply has been in a cache is told from the very first question of the probe
    began = min((seen.started for seen in observations if seen.started), default=0.0)
    findings = read(matrix, last, freshness, nameservers=nameservers, began=began)
    return Diagnosis(comparison, tuple(last), matrix, findings, tuple(races))
