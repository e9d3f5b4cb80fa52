"""Predicted records as a master file (RFC 1035 section 5), which name servers and their tools can load."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.report.plain import printable
from kheadless_tui.zone.naming.names import fault
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.record import Record
from kheadless_tui.zone.serving.config import ZoneConfig

SOA_TTL_LIMIT = 300
"""Seconds: CoreDNS's SOA has the zone's TTL, but never more (plugin/backend_lookup.go SOA)."""


def master_file(records: Iterable[Record], config: ZoneConfig) -> str:
    """The records below the zone, each on a line with absolute names, after the SOA and NS that a zone must have.

    Records of other zones (PTR) and those that no message can carry are comments: a file holds one zone, and loading
    must not fail. A record that occurs twice is written once.
    """
    zone = config.zone
    unique = list(dict.fromkeys(records))
    inside = [record for record in unique if is_below(record.name, zone) and _sendable(record)]
    outside = [record for record in unique if not is_below(record.name, zone)]
    unsendable = [record for record in unique if is_below(record.name, zone) and not _sendable(record)]
    lines = [f"; {zone} as predicted; how the zone is served: {config.source}", f"$ORIGIN {zone}"]
    lines += _apex(inside, zone, config.ttl)
    lines += [str(record) for record in inside if record.type != "SOA"]
    if unsendable:
        lines.append("; too long for DNS: no answer can carry these")
        lines += [f"; {record}" for record in unsendable]
    if outside:
        lines.append("; records of other zones")
        lines += [f"; {record}" for record in outside]
    return "".join(f"{printable(line)}\n" for line in lines)


def _apex(records: list[Record], zone: str, ttl: int) -> list[str]:
    """The SOA first, as loaders demand, and an NS; a stand-in where the records are only a part of the zone.

    The whole zone without an NS is one whose name servers are not known: then none is made up.
    """
    soas = [str(record) for record in records if record.type == "SOA"]
    whole = bool(soas)
    ttl = min(ttl, SOA_TTL_LIMIT)
    if not soas:
        soas = [
            "; CoreDNS puts the time of its last change in the serial, which cannot be predicted: 0 here",
            f"{zone} {ttl} IN SOA ns.dns.{zone} hostmaster.{zone} 0 7200 1800 86400 {ttl}",
        ]
    if any(record.type == "NS" and record.name.lower() == zone.lower() for record in records):
        return soas
    if whole:
        unknown = "; the NS of the zone is not known: no endpoint of the DNS server's Service is among the objects"
        return [*soas, unknown, f"; {zone} {ttl} IN NS ns.dns.{zone}"]
    stand_in = "; a zone must have an NS; which one CoreDNS gives depends on the Services in front of it"
    return [*soas, stand_in, f"{zone} {ttl} IN NS ns.dns.{zone}"]


def _sendable(record: Record) -> bool:
    names = [record.name]
    if record.type in ("SRV", "PTR", "CNAME", "NS"):
        names.append(record.data.rpartition(" ")[2])
    return not any(fault(name) for name in names)
