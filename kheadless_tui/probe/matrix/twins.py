"""The same reply of one server over both transports, where only one of the two carriers tells its TTL. Pure.

BusyBox's nslookup, which asks over UDP, shows neither TTLs nor the SOA of a denial; a whole message over TCP has both.
When a server says the same over both, it says it out of the same cache: what one carrier told holds for the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kheadless_tui.probe.comparison.canonical import RecordId, identity
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question

_Said = tuple[str, str, Question, str, frozenset[RecordId]]


def with_twins(observations: Sequence[Observation]) -> list[Observation]:
    """The replies, those without a TTL with the records and the time of the same reply over the other transport.

    For judging alone: it is not what the carrier told.
    """
    told = {_said(seen): seen for seen in observations if not seen.error and seen.ttl_known}

    def lent(seen: Observation) -> Observation:
        twin = None if seen.error or seen.ttl_known else told.get(_said(seen))
        if twin is None:
            return seen
        return msgspec.structs.replace(
            seen, answer=twin.answer, authority=twin.authority, started=twin.started, ttl_known=True
        )

    return [lent(seen) for seen in observations]


def _said(seen: Observation) -> _Said:
    return seen.vantage, seen.server, seen.question, seen.rcode, frozenset(map(identity, seen.answer))
