"""Long names on a narrow screen: a suffix is said once, and an address stands for its reverse name."""

from __future__ import annotations

import ipaddress

from kheadless_tui.zone.record import Record

_REVERSE4 = ".in-addr.arpa."
_REVERSE6 = ".ip6.arpa."


def below(name: str, suffix: str) -> str:
    """The name as seen from a suffix: ``@`` for the suffix itself, the labels before it, else the whole name.

    Names are compared without regard to case, as DNS does (RFC 4343).
    """
    if not suffix:
        return name
    if name.lower() == suffix.lower():
        return "@"
    if name.lower().endswith("." + suffix.lower()):
        return name[: -len(suffix) - 1]
    return name


def address_of(reverse: str) -> str | None:
    """The address that a reverse name stands for; ``None`` when it is none (RFC 1035 3.5, RFC 3596 2.5)."""
    name = reverse.lower()
    try:
        if name.endswith(_REVERSE4):
            return str(ipaddress.IPv4Address(".".join(reversed(name.removesuffix(_REVERSE4).split(".")))))
        if name.endswith(_REVERSE6):
            nibbles = name.removesuffix(_REVERSE6).split(".")
            if len(nibbles) == 32 and all(len(nibble) == 1 for nibble in nibbles):
                return str(ipaddress.IPv6Address(int("".join(reversed(nibbles)), 16)))
    except ValueError:
        return None
    return None


def owner(record: Record, suffix: str) -> str:
    """The owner name as a row shows it."""
    if record.type == "PTR":
        return address_of(record.name) or record.name
    return below(record.name, suffix)


def data(record: Record, suffix: str) -> str:
    """The data as a row shows it: the target of an SRV, PTR or CNAME from the suffix, all else as it is."""
    if record.type in ("SRV", "PTR", "CNAME", "NS"):
        head, space, target = record.data.rpartition(" ")
        return head + space + below(target, suffix)
    return record.data
