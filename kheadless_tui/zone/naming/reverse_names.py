"""Reverse names: what is asked for the PTR record of an address, there and back (plugin/pkg/dnsutil/reverse.go)."""

from __future__ import annotations

import ipaddress

from kheadless_tui.zone.objects.addresses import canonical

_REVERSE4 = ".in-addr.arpa."
_REVERSE6 = ".ip6.arpa."


def is_reverse(name: str) -> bool:
    """Whether a name lies below in-addr.arpa or ip6.arpa; these two themselves do not (dnsutil.IsReverse)."""
    return name.endswith((_REVERSE4, _REVERSE6))


def reverse_name(address: str) -> str:
    """The name whose PTR record tells what an address is called.

    Raises:
        ValueError: the text is no address.
    """
    found = canonical(address)
    if found is None:
        raise ValueError(f"{address!r} is no address")
    return f"{ipaddress.ip_address(found[1]).reverse_pointer}."


def address_of_reverse(name: str) -> str:
    """The address of a full reverse name in lower case, empty for any other (dnsutil.ExtractAddressFromReverse)."""
    if name.endswith(_REVERSE4):
        found = canonical(".".join(reversed(name.removesuffix(_REVERSE4).split("."))))
        return found[1] if found is not None and found[0] == "A" else ""
    if name.endswith(_REVERSE6):
        digits = list(reversed(name.removesuffix(_REVERSE6).split(".")))
        groups = ["".join(digits[start : start + 4]) for start in range(0, len(digits) // 4 * 4, 4)]
        found = canonical(":".join(groups))
        return found[1] if found is not None else ""
    return ""
