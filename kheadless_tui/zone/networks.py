"""Zones written as networks: ``10.96.0.0/12`` stands for the reverse zones that cover it.

Source: plugin/normalize.go SplitHostPort, plugin/pkg/cidr. A prefix that is not on an octet (for IPv6: a nibble) gives
several zones.
"""

from __future__ import annotations

import ipaddress
import math


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
