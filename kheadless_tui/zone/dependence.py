"""Which namespaces the answer to a question depends on, so that a command reads only these."""

from __future__ import annotations

from kheadless_tui.zone.answering.apex import is_default_ns
from kheadless_tui.zone.naming.names import absolute, labels
from kheadless_tui.zone.naming.reverse_names import address_of_reverse, is_reverse
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.dns_service import DNS_NAMESPACES
from kheadless_tui.zone.serving.elsewhere import block_for, concerns
from kheadless_tui.zone.serving.rewriting import rewritten


def namespaces_asked(question: Question, config: ZoneConfig) -> frozenset[str] | None:
    """The namespaces that the answer to a question depends on, so that only these need to be read.

    Targets of aliases are not counted: their namespaces are known only once the alias is read (resolve.aliases_asked).

    Returns:
        ``None`` for all namespaces: any Service may hold an address (PTR), any may be in a transfer.
    """
    block = block_for(Question(absolute(question.name), question.type), config)
    if not isinstance(block, ZoneConfig):
        return frozenset()
    question = rewritten(Question(absolute(question.name), question.type), block.rewrites, concerns).question
    name = question.name.lower()
    zone = zone_of(name, block.zones)
    if not zone:
        return frozenset()
    if question.type in ("AXFR", "IXFR"):
        return None
    if is_reverse(name) and address_of_reverse(name):
        return None if question.type == "PTR" else frozenset()
    parts = labels(name)[: len(labels(name)) - len(labels(zone))]
    if (not parts and question.type == "NS") or is_default_ns(name, zone):
        return DNS_NAMESPACES
    if not parts or parts[-1] not in ("svc", "pod") or len(parts) == 1:
        return frozenset()
    return frozenset({parts[-2]})


def serves_pods_verified(config: ZoneConfig) -> bool:
    """Whether any server block answers names of pods by the pods that there are, so that these must be read."""
    return any(block.pods == "verified" for block in (config, *config.others))
