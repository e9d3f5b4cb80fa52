"""Choosing the zone: which of the zones a name falls under, and the reverse zones that a network stands for.

Sources: plugin/normalize.go Zones.Matches and SplitHostPort, plugin/pkg/cidr. ``10.96.0.0/12`` as a zone stands for the
reverse zones that cover it; a prefix that is not on an octet (for IPv6: a nibble) gives several.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterable

from kheadless_tui.zone.naming.reverse_names import is_reverse


def is_below(name: str, zone: str) -> bool:
    """Whether a name is the zone or lies below it, by whole labels and whatever the case (dns.IsSubDomain)."""
    low, top = name.lower(), zone.lower()
    return top == "." or low == top or low.endswith(f".{top}")


def zone_of(name: str, zones: Iterable[str]) -> str:
    """The longest of the zones that the name falls under, empty when there is none (Zones.Matches)."""
    found = ""
    for zone in zones:
        if len(zone) > len(found) and is_below(name, zone):
            found = zone
    return found


def is_reverse_zone(zone: str) -> bool:
    """Whether a zone holds PTR records: a reverse name, in-addr.arpa or ip6.arpa."""
    return is_reverse(f".{zone}")


def reverse_zones(network: str) -> list[str]:
    """The reverse zones of a network, absolute.

    Raises:
        ValueError: the text is no network.
    """
    if "/" not in network:
        raise ValueError(f"{network!r} is no network")
    whole = ipaddress.ip_network(network, strict=False)
    step = 8 if whole.version == 4 else 4
    prefix = math.ceil(whole.prefixlen / step) * step
    return [_zone(part, step) for part in whole.subnets(new_prefix=prefix)]


def _zone(network: ipaddress.IPv4Network | ipaddress.IPv6Network, step: int) -> str:
    parts = network.network_address.reverse_pointer.split(".")
    hidden = (network.max_prefixlen - network.prefixlen) // step
    return ".".join(parts[hidden:]) + "."
