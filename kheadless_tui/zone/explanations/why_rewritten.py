"""What the plugin rewrite did to a question and to its reply, told with the answer (plugin/rewrite)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.record import Answer, Fact, Source, Step
from kheadless_tui.zone.serving.config import RewriteRule, ZoneConfig
from kheadless_tui.zone.serving.rewriting import Rewritten

_EXTENDED = ("BADVERS", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE")
"""Rcodes above 15: a message without an OPT record has no place for them (RFC 6891 section 6.1.3)."""


def told(answer: Answer, found: Answer, way: Rewritten, config: ZoneConfig) -> Answer:
    """An answer with the rules that changed anything in its steps, and with what clients may make of it.

    Args:
        answer: as the client gets it.
        found: as it is behind the rewriting.
        way: what became of the question.
        config: how the zone is served.
    """
    unknown = [answer.unknown]
    if not way.keeps_question:
        asked = way.question.name if way.question.type == answer.question.type else _text(way)
        of_class = "" if way.of_class == "IN" else f" in class {way.of_class}"
        text = f"the reply repeats the question for {asked}{of_class}, by which clients take it for another's"
        unknown.append(f"{text} ({listed(way.done)})")
    if answer.rcode in _EXTENDED and answer.rcode != found.rcode:
        unknown.append(f"who asks without EDNS gets no reply, as only one with EDNS has room for {answer.rcode}")
    parts = list(_parts(answer, found, way))
    corefile = Source("Corefile", ObjectKey("", config.source), "rewrite")
    facts = tuple(Fact(corefile, rule.text) for rules, _ in parts for rule in rules)
    text = " and ".join(f"{listed(rules)} {made}" for rules, made in parts)
    steps = tuple(
        Step(answer.question.name, answer.rcode, f"{text}: {step.why}" if text else step.why, step.rule,
             (*facts, *step.facts))
        for step in answer.steps
    )  # fmt: skip
    return msgspec.structs.replace(answer, unknown="; ".join(filter(None, unknown)), steps=steps)


def listed(rules: Iterable[RewriteRule]) -> str:
    """The rules as they stand in the Corefile, each with its line."""
    return " and ".join(f"{rule.text} ({rule.where})" for rule in rules)


def _parts(answer: Answer, found: Answer, way: Rewritten) -> Iterator[tuple[list[RewriteRule], str]]:
    """The rules that changed something, and what they did."""
    leading = [rule for rule in way.done if rule.changes in ("name", "type")]
    if leading:
        typed = any(rule.changes == "type" for rule in leading)
        yield leading, f"makes it {_text(way) if typed else way.question.name}"
    before = [record.ttl for record in (*found.answer, *found.authority, *found.additional)]
    after = [record.ttl for record in (*answer.answer, *answer.authority, *answer.additional)]
    if before != after:
        times = " and ".join(f"{ttl} s" for ttl in dict.fromkeys(after))
        yield [rule for rule in way.done if rule.changes == "ttl"], f"makes the TTL {times}"
    if found.rcode != answer.rcode:
        yield [rule for rule in way.done if rule.changes == "rcode"], f"makes {answer.rcode} of {found.rcode}"


def _text(way: Rewritten) -> str:
    return f"{way.question.name} {way.question.type}"
