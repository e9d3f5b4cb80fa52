"""What the layers say of the Corefile: that it has changed of late, and TTLs that it does not give. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kheadless_tui.probe.comparison.compare import DIFFERING
from kheadless_tui.probe.matrix.layer_servers import Servers, clock, titles
from kheadless_tui.probe.matrix.layers import LayerFinding

if TYPE_CHECKING:
    from kheadless_tui.probe.matrix.layer_findings import Freshness

PROJECTED_WITHIN = 60.0
"""Seconds from a change of a ConfigMap to the file in a pod: the kubelet's sync period (syncFrequency)."""
_BEHIND = ("replica-lags", "all-behind", "server-differs", "asks-elsewhere", "ttl-above")
"""Findings that a Corefile which a server does not run with yet explains."""


def ttl_above(servers: Servers) -> Iterable[LayerFinding]:
    """Records that are as predicted but for a TTL above the predicted one."""
    lines: set[int] = set()
    most, found = 0, []
    for server in servers.all:
        cells = {
            number: cell
            for number in server.lines
            for column in server.columns.values()
            if (cell := servers.matrix.lines[number].cells[column]) is not None
            and cell.ttl_above
            and cell.verdict in DIFFERING
        }
        if cells:
            found.append(server)
            lines |= cells.keys()
            most = max(most, *(cell.observed_ttl or 0 for cell in cells.values()))
    if found:
        yield LayerFinding(
            "ttl-above",
            tuple(server.layer for server in found),
            f"{len(lines)} {'record has' if len(lines) == 1 else 'records have'} a TTL that the zone does not give",
            f"{titles(found)}: {most} s at the most, and nothing else differs in them: the Corefile or a rewrite in it "
            "was changed, and what a cache took before stays there until it has run down",
            "warning",
        )


def with_change(findings: Sequence[LayerFinding], freshness: Freshness, now: float) -> list[LayerFinding]:
    """The findings, with the change of the Corefile in place of those that it explains while it is on its way.

    Args:
        findings: What was found.
        freshness: When the Corefile changed, and when servers notice.
        now: Unix time of the probe.
    """
    behind = [finding for finding in findings if finding.kind in _BEHIND]
    if not behind or not freshness.changed:
        return list(findings)
    if freshness.reload is None:
        why = f"; the Corefile changed at {clock(int(freshness.changed))}, and without the plugin reload it is read at "
        return [
            replace(each, evidence=f"{each.evidence}{why}the start of a server alone") if each in behind else each
            for each in findings
        ]
    ago = max(0, round(now - freshness.changed))
    if ago > freshness.reload + PROJECTED_WITHIN:
        return list(findings)
    change = LayerFinding(
        "corefile-changed",
        tuple(dict.fromkeys(layer for finding in behind for layer in finding.layers)),
        f"the Corefile changed {ago} s ago; servers reload within {freshness.reload:g} s",
        f"by plugin reload, once the file in their pods is new, which takes a minute at the most; until then: "
        f"{'; '.join(finding.evidence for finding in behind)}",
        "warning",
    )
    return [change, *(finding for finding in findings if finding not in behind)]
