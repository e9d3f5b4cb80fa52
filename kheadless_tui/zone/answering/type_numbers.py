"""Types by number, as RFC 3597 section 5 writes them: on the wire TYPE33 is SRV, and no server can tell them apart.

Numbers of IANA's registry of DNS parameters, as CoreDNS knows them (miekg/dns types.go).
"""

from __future__ import annotations

import re

_NUMBERS = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB",
    28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR", 36: "KX", 37: "CERT", 39: "DNAME", 43: "DS", 44: "SSHFP",
    45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA",
    53: "SMIMEA", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS",
    99: "SPF", 251: "IXFR", 252: "AXFR", 255: "ANY", 256: "URI", 257: "CAA",
}  # fmt: skip
NAMES = frozenset(_NUMBERS.values())
"""Types that have a name here."""
LARGEST = 65535

_BY_NUMBER = re.compile(r"TYPE(\d{1,5})", re.ASCII)


def type_name(text: str) -> str:
    """The usual way to write a type: in capitals, by name where it has one, else as ``TYPE1234``.

    Text that is neither a known name nor a number of 16 bits comes back in capitals; :func:`is_type` tells.
    """
    written = text.upper()
    if written in NAMES:
        return written
    found = _BY_NUMBER.fullmatch(written)
    if found is None or int(found[1]) > LARGEST:
        return written
    number = int(found[1])
    return _NUMBERS.get(number, f"TYPE{number}")


def is_type(text: str) -> bool:
    """Whether a type can be asked for by this text, as :func:`type_name` gives it."""
    found = _BY_NUMBER.fullmatch(text)
    return text in NAMES or (found is not None and int(found[1]) <= LARGEST)
