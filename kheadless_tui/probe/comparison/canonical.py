"""When two records are the same to DNS: names in any case, addresses in any spelling, an SOA whatever its serial."""

from __future__ import annotations

import ipaddress

from kheadless_tui.zone.record import Record

_NAME_TYPES = frozenset({"CNAME", "DNAME", "MX", "NS", "PTR", "SRV"})
_SOA_SERIAL = 2
"""Place of the serial in an SOA's data; CoreDNS makes it of the clock, so that it says nothing about the zone."""


def same_name(name: str) -> str:
    """The form in which names are compared (RFC 4343): ASCII lower case, with the final dot."""
    if name.isascii():
        lowered = name.lower()
        return lowered if lowered.endswith(".") else f"{lowered}."
    lowered = "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in name)
    return lowered if lowered.endswith(".") else f"{lowered}."


def same_data(rdtype: str, data: str) -> str:
    """The form in which the data of two records of a type are compared."""
    if rdtype in ("A", "AAAA"):
        try:
            return str(ipaddress.ip_address(data))
        except ValueError:
            return data
    if rdtype == "SOA":
        fields = same_name(data).split()
        return " ".join(field for place, field in enumerate(fields) if place != _SOA_SERIAL).rstrip(".")
    if rdtype in _NAME_TYPES:
        return same_name(" ".join(data.split()))
    return data


RecordId = tuple[str, str, str]
"""Name, type and data in the form in which they are compared."""


def identity(record: Record) -> RecordId:
    """What makes a record the same record; the TTL does not."""
    return same_name(record.name), record.type, same_data(record.type, record.data)


def target(record: Record) -> str:
    """The name that a record leads to, in the form in which names are compared; empty when it leads to none."""
    if record.type in _NAME_TYPES:
        return same_name(record.data.split()[-1]) if record.data.split() else ""
    return ""
