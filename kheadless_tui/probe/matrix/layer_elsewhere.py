"""Servers that deny by the word of another zone's server: they do not ask the cluster's DNS. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kheadless_tui.probe.matrix.layer_servers import Asked, Servers, named
from kheadless_tui.probe.matrix.layers import NODE_LOCAL, REPLICA, LayerFinding
from kheadless_tui.probe.observation import Observation

if TYPE_CHECKING:
    from kheadless_tui.probe.matrix.layer_findings import Freshness


def asks_elsewhere(server: Asked, denials: Sequence[Observation], freshness: Freshness, passed_on: str) -> LayerFinding:
    """What is told of one such server.

    Args:
        server: The server.
        denials: Its replies by the word of another zone's server.
        freshness: Which zones are the cluster's.
        passed_on: Who hands these on.
    """
    names = sorted({seen.question.name for seen in denials})
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    zones = " or ".join(freshness.zones[:3])
    title = f"{named(server.layer)} does not ask the cluster's DNS for {names[0]}{more}"
    why = "a forward in its Corefile leads elsewhere"
    if server.layer.kind == REPLICA:
        title = f"{named(server.layer)} does not serve {names[0]}{more}, and asks others"
        why = "the Corefile that it runs with serves another zone, or other namespaces; ctrl-r reads the Corefile again"
    evidence = f"the denial comes from zone {freshness.foreign(denials[0])}, and not from {zones}: {why}{passed_on}"
    return LayerFinding("asks-elsewhere", (server.layer,), title, evidence)


def is_reverse_denial(seen: Observation) -> bool:
    """The reply says that an address has no name."""
    return seen.question.type == "PTR" and not seen.error and not seen.answer


def reverse_elsewhere(servers: Servers, freshness: Freshness) -> Iterable[LayerFinding]:
    """Caches that are set up to ask others for the names of addresses, which says nothing about a Service."""
    for server in servers.of(NODE_LOCAL):
        zones = sorted(
            {zone for seen in server.replies if is_reverse_denial(seen) and (zone := freshness.foreign(seen))}
        )
        if zones:
            asked = {seen.question for seen in server.replies if seen.question.type == "PTR"}
            yield LayerFinding(
                "asks-elsewhere",
                (server.layer,),
                f"{named(server.layer)} does not ask the cluster's DNS for reverse names",
                f"{len(asked)} were asked, and denied by zone {' and '.join(zones)}: a forward in its Corefile leads "
                "elsewhere; these replies are not judged, since they are none of the Service's",
                "info",
            )
