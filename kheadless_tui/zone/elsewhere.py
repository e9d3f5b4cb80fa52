"""Who else may answer: other server blocks of the Corefile, and the plugins in front of the kubernetes plugin.

Sources: core/dnsserver/server.go ServeDNS (the server block with the longest zone answers, none: REFUSED). What the
plugins do to which names is read from the Corefile in other_plugins.py; here a question is held against it.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

from kheadless_tui.zone.config import Concern, Note, OtherBlock, ZoneConfig
from kheadless_tui.zone.names import is_below, zone_of
from kheadless_tui.zone.record import Answer


def other_block(name: str, config: ZoneConfig) -> OtherBlock | None:
    """The server block that answers for a name in place of ours, ``None`` when ours does."""
    ours = zone_of(name, config.server_zones)
    found = None
    for block in config.other_blocks:
        if is_below(name, block.zone) and len(block.zone) > len(found.zone if found else ours):
            found = block
    return found


def is_refused(name: str, config: ZoneConfig) -> bool:
    """Whether no server block at all answers for a name."""
    if not config.server_zones or zone_of(name, config.server_zones):
        return False
    return other_block(name, config) is None


def notes_on(answer: Answer, config: ZoneConfig) -> tuple[Note, ...]:
    """The notes on the Corefile because of which an answer of the cluster's zone is not certain."""
    return tuple(note for note in config.notes if note.concern is not None and _concerns(note.concern, answer))


def _concerns(concern: Concern, answer: Answer) -> bool:
    name = answer.question.name.lower()
    if concern.types and answer.question.type not in (*concern.types, "ANY"):
        return False
    named = name in concern.exactly or (
        any(is_below(name, zone) for zone in concern.below) and _compiled(concern.pattern).search(name) is not None
    )
    return named and _comes_out(concern, answer)


def _comes_out(concern: Concern, answer: Answer) -> bool:
    match concern.outcome:
        case "found":
            return bool(answer.answer)
        case "empty":
            return not answer.answer
        case "NXDOMAIN":
            return answer.rcode == "NXDOMAIN"
    return True


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of Go's syntax; one that is not understood matches all names, as nothing can be ruled out by it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as [[:alpha:]], which Python reads in another way
        try:
            return re.compile(pattern, re.ASCII)
        except (re.error, Warning):
            return re.compile("")
