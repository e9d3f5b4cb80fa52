"""What the cache plugin in front does to the TTLs of a reply.

Every reply that passes gets one TTL on all its records: the lowest of the message, within the bounds. That is so in
zones where keeping answers is disabled, too (plugin/cache/cache.go WriteMsg, measured). A kept reply is given with its
names in the case of the question that it was made for, whatever the case of the one that is asked now (measured).
"""

from __future__ import annotations

import msgspec

from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.record import Answer, Record
from kheadless_tui.zone.serving.config import CacheBounds

_UNTYPED_TTL = 5
"""Seconds; taken for the lowest TTL of a transfer's messages (plugin/pkg/dnsutil/ttl.go MinimalDefaultTTL)."""


def as_passed(answer: Answer, bounds: CacheBounds | None) -> Answer:
    """A reply as it leaves the server, just taken up by the cache; later ones count down from these TTLs."""
    if bounds is None or not zone_of(answer.question.name, bounds.zones):
        return answer
    records = (*answer.answer, *answer.authority, *answer.additional)
    if not records:
        return answer
    ttl = _bounded(answer, min(record.ttl for record in records), bounds)

    def timed(section: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(msgspec.structs.replace(record, ttl=ttl) for record in section)

    return msgspec.structs.replace(
        answer, answer=timed(answer.answer), authority=timed(answer.authority), additional=timed(answer.additional)
    )


def _bounded(answer: Answer, lowest: int, bounds: CacheBounds) -> int:
    """The one TTL of a reply; the upper bound wins where it is below the lower one (computeTTL)."""
    if answer.rcode == "SERVFAIL":
        return bounds.server_failure
    if answer.question.type in ("AXFR", "IXFR"):
        lowest = _UNTYPED_TTL
    if answer.answer:
        return min(bounds.success_max, max(bounds.success_min, lowest))
    return min(bounds.denial_max, max(bounds.denial_min, lowest))
