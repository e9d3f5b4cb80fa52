"""Who else may answer: other server blocks of the Corefile, and the plugins in front of the kubernetes plugin.

Sources: core/dnsserver/server.go ServeDNS (the server block with the longest zone answers, none: REFUSED). What the
plugins do to which names is read from the Corefile in other_plugins.py; here a question is held against it.
"""

from __future__ import annotations

from kheadless_tui.zone.naming.zones import is_below, zone_of
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.serving.config import Concern, Note, OtherBlock, ZoneConfig
from kheadless_tui.zone.serving.go_regex import go_pattern


def block_for(question: Question, config: ZoneConfig) -> ZoneConfig | OtherBlock | None:
    """The server block that a question comes to: the one whose zone is longest; ``None`` when there is none.

    DS is asked of the parent's side, which is taken to be the shortest zone that is served (the root apart).
    """
    if not config.other_blocks and not config.others:
        return config if not config.server_zones or zone_of(question.name, config.server_zones) else None
    served: dict[str, ZoneConfig | OtherBlock] = {block.zone: block for block in config.other_blocks}
    for block in reversed((config, *config.others)):  # one without the plugin view wins, and stands in front
        served |= dict.fromkeys(block.server_zones, block)
    matching = sorted((zone for zone in served if is_below(question.name, zone)), key=len)
    if not matching:
        return None
    if question.type == "DS":
        return served[next((zone for zone in matching if zone != "."), matching[0])]
    return served[matching[-1]]


def concerns(concern: Concern, question: Question) -> bool:
    """Whether a question is one of those that something in the Corefile is for, however it comes out."""
    name = question.name.lower()
    if concern.types and question.type not in (*concern.types, "ANY"):
        return False
    return name in concern.exactly or (
        any(is_below(name, zone) for zone in concern.below) and _found_in(concern.pattern, name)
    )


def closed_by(question: Question, config: ZoneConfig) -> str:
    """Where the plugin hosts stands that answers a question with SERVFAIL, empty where none does.

    Names of addresses are handed on whatever its options; transfers are answered in front of it.
    """
    hosts, name = config.hosts, question.name.lower()
    if hosts is None or question.type in ("PTR", "AXFR", "IXFR") or name in hosts.names:
        return ""
    if not zone_of(name, hosts.zones) or any(is_below(name, zone) for zone in hosts.through):
        return ""
    return hosts.where


def notes_on(answer: Answer, config: ZoneConfig) -> tuple[Note, ...]:
    """The notes on the Corefile because of which an answer of a server block is not certain."""
    return tuple(
        note
        for note in config.notes
        if note.concern is not None and concerns(note.concern, answer.question) and _comes_out(note.concern, answer)
    )


def _comes_out(concern: Concern, answer: Answer) -> bool:
    match concern.outcome:
        case "found":
            return bool(answer.answer)
        case "empty":
            return not answer.answer
        case "searched":
            return _is_searched(concern, answer)
        case "existing":
            return answer.rcode != "NXDOMAIN"
        case "without-type":
            typed = any(record.type == answer.question.type for record in answer.answer)
            return answer.rcode != "NXDOMAIN" and not typed
    return True


def _is_searched(concern: Concern, answer: Answer) -> bool:
    """Whether autopath changes an answer (autopath.go ServeDNS; measured).

    What fails is tried by other names; the search domain itself, which holds no records, is SERVFAIL; its part of a
    name in the reply is in lower case; an answer with records of other names gets one more alias in front.
    """
    name, low = answer.question.name, answer.question.name.lower()
    is_domain = not answer.answer and low.partition(".")[2] in concern.below
    led = any(record.name.lower() != low for record in answer.answer)
    return answer.rcode != "NOERROR" or name != low or is_domain or led


def _found_in(pattern: str, name: str) -> bool:
    """Whether an expression is found in a name; by one that is not understood nothing can be ruled out."""
    try:
        return go_pattern(pattern).search(name) is not None
    except ValueError:
        return True
