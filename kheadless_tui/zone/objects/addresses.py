"""Addresses as CoreDNS reads and writes them (Go's net.ParseIP and IP.String)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Literal

Family = Literal["A", "AAAA"]
"""The type of the record that holds an address."""

_CACHED = 1 << 16
"""Addresses kept parsed; a cluster asks for the same ones again and again."""


@lru_cache(maxsize=_CACHED)
def canonical(text: str) -> tuple[Family, str] | None:
    """The record type and the canonical text of an address.

    As Go does: octets with leading zeros and zones (``%eth0``) are no address, IPv4 within IPv6 (``::ffff:1.2.3.4``)
    is IPv4.

    Returns:
        ``None`` when the text is no address.
    """
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return "A", str(address)
    if address.ipv4_mapped is not None:
        return "A", str(address.ipv4_mapped)
    return "AAAA", str(address)
