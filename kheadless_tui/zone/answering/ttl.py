"""TTL: the seconds that the kubernetes plugin gives to each kind of record, and what the cache in front leaves of them.

All records have the option ``ttl`` but those named here; what an alias leads to outside the zone keeps its own.
Sources: plugin/kubernetes/setup.go ParseStanza, kubernetes.go Services, xfr.go Transfer, plugin/backend_lookup.go SOA.
"""

from __future__ import annotations

from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.serving.config import ZoneConfig

MAX_TTL = 3600
"""Seconds; the largest value of the option ``ttl`` (setup.go)."""
VERSION_TTL = 28800
"""Seconds of dns-version (kubernetes.go Services)."""
TRANSFERRED_SERVER_TTL = 0
"""Seconds of the name servers' addresses in a transfer (xfr.go Transfer)."""
_SOA_MAX = 300
"""Seconds (backend_lookup.go SOA)."""


def soa_ttl(config: ZoneConfig) -> int:
    """The TTL of the SOA record; the minimum in its data is not bounded so."""
    return min(config.ttl, _SOA_MAX)


def client_ttl(config: ZoneConfig, ttl: int | None = None, name: str = "") -> int:
    """The TTL of a record alone in its reply as clients get it, in seconds.

    Args:
        config: how the zone is served.
        ttl: the plugin's; without it that of the zone's own records.
        name: of the record; without it the zone's.
    """
    own = config.ttl if ttl is None else ttl
    if config.cache is None or not zone_of(name or config.zone, config.cache.zones):
        return own
    return min(config.cache.success_max, max(config.cache.success_min, own))
