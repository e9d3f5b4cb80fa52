"""The SOA record of a zone: at its top, in every negative answer, and at both ends of a transfer.

Source: plugin/backend_lookup.go SOA.
"""

from __future__ import annotations

from kheadless_tui.zone.answering.ttl import soa_ttl
from kheadless_tui.zone.record import Record
from kheadless_tui.zone.serving.config import ZoneConfig

_TIMERS = "7200 1800 86400"
"""Refresh, retry and expire in seconds."""


def soa_record(zone: str, config: ZoneConfig) -> Record:
    """The SOA of a zone; its serial, a Unix time that each server keeps for itself, is given as 0."""
    below = "" if zone == "." else zone
    data = f"ns.dns.{below} hostmaster.{below} 0 {_TIMERS} {config.ttl}"
    return Record(zone, soa_ttl(config), "SOA", data)
