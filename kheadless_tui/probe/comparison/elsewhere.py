"""What a cache on the node answers by the word of another server than the cluster's DNS. Pure.

A node-local cache forwards each zone as its own Corefile says, which no API object shows for sure. Where the reverse
zones go elsewhere, the denial of an address carries the SOA of a foreign zone. That is how this cache is set up, and no
word about the Service: such replies cannot be predicted, and so they are not judged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kheadless_tui.probe.comparison.compare import Comparison
from kheadless_tui.probe.matrix.layer_elsewhere import is_reverse_denial
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question


def set_aside(
    comparison: Comparison, observations: Sequence[Observation], caches: Collection[str], freshness: Freshness
) -> Comparison:
    """The comparison without the verdicts on denials of addresses that a cache had from elsewhere.

    Args:
        comparison: The verdicts.
        observations: That they are about.
        caches: Servers that answer for others, as observations name them.
        freshness: Knows the cluster's zones.
    """
    denied = [seen for seen in observations if seen.server in caches and is_reverse_denial(seen)]
    told = {(seen.server, seen.question) for seen in denied if freshness.foreign(seen)}
    if not told:
        return comparison
    # what a carrier that tells no SOA brought is of the zone that the same server named over the other transport
    elsewhere = [
        seen
        for seen in denied
        if (seen.server, seen.question) in told and (freshness.foreign(seen) or "authority" in seen.unknown)
    ]
    ways = {_way(seen.vantage, seen.server, seen.transport, seen.question) for seen in elsewhere}
    rows = [row for row in comparison.rows if _way(row.vantage, row.server, row.transport, row.question) not in ways]
    if len(rows) == len(comparison.rows):
        return comparison
    return Comparison.of(rows, (*comparison.unjudged, *elsewhere))


def _way(vantage: str, server: str, transport: str, question: Question) -> tuple[str, str, str, Question]:
    return vantage, server, transport, question
