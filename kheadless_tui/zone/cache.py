"""What the cache plugin in front does to the TTLs of a reply; reference section 14.2.

Every reply that passes gets one TTL on all its records: the lowest of the message, within the bounds. That is so in
zones where keeping answers is disabled, too (plugin/cache/cache.go WriteMsg, measured).
"""

from __future__ import annotations

import msgspec

from kheadless_tui.zone.config import CacheBounds, ZoneConfig
from kheadless_tui.zone.record import Answer, Record


def as_passed(answer: Answer, bounds: CacheBounds | None) -> Answer:
    """A reply as it leaves the server, just taken up by the cache; later ones count down from these TTLs."""
    if bounds is None or answer.rcode not in ("NOERROR", "NXDOMAIN") or answer.question.type in ("AXFR", "IXFR"):
        return answer
    records = (*answer.answer, *answer.authority, *answer.additional)
    if not records:
        return answer
    denial = not answer.answer
    low, high = (bounds.denial_min, bounds.denial_max) if denial else (bounds.success_min, bounds.success_max)
    lowest = min(record.ttl for record in records)
    ttl = max(low, min(high, lowest))

    def timed(section: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(msgspec.structs.replace(record, ttl=ttl) for record in section)

    return msgspec.structs.replace(
        answer, answer=timed(answer.answer), authority=timed(answer.authority), additional=timed(answer.additional)
    )


def record_ttl(config: ZoneConfig) -> int:
    """The TTL of the zone's own records as clients get it, in seconds."""
    if config.cache is None:
        return config.ttl
    return max(config.cache.success_min, min(config.cache.success_max, config.ttl))
