"""Negative answers: NODATA, and for a name that does not exist fallthrough, SERVFAIL or NXDOMAIN, in this order.

All but the one that falls through carry the zone's SOA. Sources: plugin/backend_lookup.go BackendError,
plugin/kubernetes/handler.go ServeDNS.
"""

from __future__ import annotations

from kheadless_tui.zone.answering.query_types import Outcome
from kheadless_tui.zone.answering.soa import soa_record
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.serving.config import ZoneConfig

TRANSFER_REFUSED = "transfer-refused"
"""The rule by which nobody gets a transfer."""
NOT_SYNCED = "not-synced"
"""The rule by which a server whose API caches are not filled yet has no answer."""


def negative_answer(
    asked: Question, outcome: Outcome, zone: str, config: ZoneConfig, *, synced: bool
) -> tuple[Answer, str] | None:
    """The reply to a question that nothing answers.

    Args:
        asked: the question.
        outcome: what came of it.
        zone: as the question writes it.
        config: how the zone is served.
        synced: False for a server whose API caches are not filled yet.

    Returns:
        The reply and the rule that made it; ``None`` when there are records to answer with.
    """
    if outcome.missing == TRANSFER_REFUSED:
        return Answer(asked, "REFUSED", aa=False), outcome.missing
    soa = (soa_record(zone, config),)
    if not outcome.missing:
        nodata = Answer(asked, "NOERROR", authority=soa, unknown=outcome.unknown)
        return None if outcome.answer else (nodata, outcome.empty)
    if any(is_below(asked.name, each) for each in config.fallthrough):
        return Answer(asked, "", aa=False, fallthrough=True), outcome.missing
    if not synced:
        return Answer(asked, "SERVFAIL", authority=soa), NOT_SYNCED
    return Answer(asked, "NXDOMAIN", authority=soa, unknown=outcome.unknown), outcome.missing
