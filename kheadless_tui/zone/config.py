"""How the zone is served: the options of CoreDNS's kubernetes plugin that decide which records exist."""

from __future__ import annotations

import msgspec


class ZoneConfig(msgspec.Struct, frozen=True):
    """Options of the kubernetes plugin; the defaults are the plugin's own (plugin/kubernetes/setup.go ParseStanza)."""

    zones: tuple[str, ...] = ("cluster.local.",)
    """The plugin's zones, absolute, lower case, in the order of the Corefile; reverse zones among them."""
    ttl: int = 5
    """Seconds, 0 to 3600."""
    pods: str = "disabled"
    """``disabled``, ``insecure`` or ``verified``."""
    endpoint_pod_names: bool = False
    source: str = "CoreDNS defaults"
    """Where this comes from, as shown to the user: a file, ``ConfigMap kube-system/coredns``, ``CoreDNS defaults``."""
    ttl_known: bool = False
    """False when the source is only the defaults: then an observed TTL is not held against ``ttl``."""

    @property
    def zone(self) -> str:
        """The first zone that is not a reverse zone (plugin/kubernetes/kubernetes.go primaryZone)."""
        for zone in self.zones:
            if not zone.endswith((".in-addr.arpa.", ".ip6.arpa.")) and zone not in ("in-addr.arpa.", "ip6.arpa."):
                return zone
        return self.zones[0] if self.zones else "cluster.local."
